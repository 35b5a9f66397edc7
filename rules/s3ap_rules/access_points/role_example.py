"""The template that the examples of this family share: one role, and the statements they are about."""

PARAMETERS = """
    Parameters:
      OutputAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
      OutputName: {Type: String, Default: ""}
      Mode: {Type: String, Default: volume, AllowedValues: [volume, bucket]}
    Conditions:
      HasOutputName: !Not [!Equals [!Ref OutputName, ""]]
      ToVolume: !Equals [!Ref Mode, volume]
    Resources:
      Worker:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {}
          Policies:
            - PolicyName: Access
              PolicyDocument:
                Statement:
    """


def role_with(statements: str) -> str:
    """A template whose role has these statements, which are written from the first column on."""
    lines = statements.strip("\n").splitlines()
    return PARAMETERS.rstrip(" ") + "".join(f"{' ' * 18}{line}".rstrip() + "\n" for line in lines)
