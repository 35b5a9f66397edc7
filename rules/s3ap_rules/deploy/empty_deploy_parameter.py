"""S3AP707: a deployment gives a parameter as empty, and something that it deploys needs it."""

from collections.abc import Iterator
from posixpath import basename

from s3ap_lint.api import Deployment, Finding, Fix, GivenParameter, Safety, Severity, bad, denied, good, hollow, offer
from s3ap_lint.api import refused, rule
from s3ap_rules.deploy.deploy_example import TEMPLATE, project, samconfig

READER = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Alias:
    Type: String
  AccessPointName:
    Type: String
    Default: ""
  Bucket:
    Type: String
    Default: ""
  Endpoints:
    Type: String
    Default: "false"
    AllowedValues: ["true", "false"]
  RouteTableIds:
    Type: CommaDelimitedList
    Default: ""
  VpcId:
    Type: AWS::EC2::VPC::Id
Conditions:
  HasName: !Not [!Equals [!Ref AccessPointName, ""]]
  HasEndpoints: !Equals [!Ref Endpoints, "true"]
  CreatesBucket: !Equals [!Ref Bucket, ""]
Resources:
  Output:
    Type: AWS::S3::Bucket
    Condition: CreatesBucket
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Condition: HasEndpoints
    Properties:
      ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3"
      VpcId: !Ref VpcId
      RouteTableIds: !Ref RouteTableIds
  Reader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource:
                  - !Sub "arn:aws:s3:::${Alias}/*"
                  - !If
                    - HasName
                    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${AccessPointName}/object/*"
                    - !Ref AWS::NoValue
"""
SWITCHED = (
    READER.replace("Conditions:\n", "Conditions:\n  ByAccessPoint: !Equals [!Ref Mode, ACCESS_POINT]\n")
    .replace("Conditions:", "  Mode:\n    Type: String\n    Default: BUCKET\n    AllowedValues: [BUCKET, ACCESS_POINT]\nConditions:")
    .replace("    Type: AWS::IAM::Role\n", "    Type: AWS::IAM::Role\n    Condition: ByAccessPoint\n")
)
GIVEN = '"Alias=data-ext-s3alias", "VpcId=vpc-1",'
SCRIPT = """
    aws cloudformation deploy --template-file template.yaml --stack-name app --capabilities CAPABILITY_IAM \\
      --parameter-overrides Alias="$ALIAS" VpcId="$VPC" \\
        AccessPointName="${NAME:-}" \\
        AccessPointName2= \\
        Bucket=""
    """.replace("        AccessPointName2= \\\n", "")


@rule(
    code="S3AP707",
    subject=Deployment,
    severity=Severity.WARNING,
    since="0.2.0",
    examples=[
        bad(
            "without the name only the alias is granted, which grants nothing",
            project("samconfig.toml.example", samconfig(GIVEN, '"AccessPointName=",  # <- S3AP707', '"Bucket="'), READER),
        ),
        bad(
            "a switch is on, and what it needs is empty",
            project(
                "samconfig.toml",
                samconfig(GIVEN, '"AccessPointName=data"', ', "Endpoints=true"', ', "RouteTableIds="  # <- S3AP707'),
                READER,
            ),
        ),
        bad(
            "an empty value that the declaration refuses, where its Default would do",
            project(
                "samconfig.toml",
                '[default.deploy.parameters]\nparameter_overrides = "VpcId=vpc-1 LogLevel=\\"\\""  # <- S3AP707\n',
            ),
            fixed={"samconfig.toml": '[default.deploy.parameters]\nparameter_overrides = "VpcId=vpc-1"\n'},
        ),
        bad(
            "needed once a parameter that is left out is switched",
            project("samconfig.toml", samconfig(GIVEN, '"AccessPointName="  # <- S3AP707'), SWITCHED),
        ),
        good(
            "what needs it is switched off here",
            project("samconfig.toml", samconfig(GIVEN, '"Mode=BUCKET", "AccessPointName="'), SWITCHED),
        ),
        good(
            "empty means: make one, or: not this one",
            project("samconfig.toml", samconfig(GIVEN, '"AccessPointName=data"', ', "Bucket="', ', "RouteTableIds="'), READER),
        ),
        good("what only the shell knows", project("deploy.sh", SCRIPT, READER)),
    ],
)
def empty_deploy_parameter(deployment: Deployment) -> Iterator[Finding]:
    """
    A parameter is given as empty, and this deployment needs it.

    Many templates take an empty value for a choice: "make a bucket", "no alarm". It is none where the parameter names the
    S3 access point that a role may use (what is left, its alias, grants nothing), where a feature that is switched on
    takes it as an identifier, or where its declaration refuses it. The first deploys without a word, and every
    request is answered with AccessDenied.

    What is reported holds with the values that this deployment gives. The name of an access point is also reported when
    something needs it that a parameter which is not given would switch on; the finding says which.
    """
    parameters = deployment.template.space.parameters
    for one in deployment.given:
        if not one.is_empty or one.name not in parameters:
            continue
        parameter = parameters[one.name]
        declared = parameter.node.key_at
        reason = refused(parameter)
        if reason:
            yield Finding(
                f"{one.name} is empty, but {reason}; the deployment is refused",
                at=one.at,
                related=(declared.noted("its declaration"),),
                fix=_fix(one, parameter.default, deployment),
            )
            continue
        every = list(denied(deployment, one.name))
        found = [each for each in every if each.scenario is None] or every
        if found:
            who = ", ".join(each.role for each in found)
            actions = ", ".join(sorted({action for each in found for action in each.actions}))
            yield Finding(
                f"{one.name} is empty, and {who} {'is' if len(found) == 1 else 'are'} granted {actions} on the access "
                "point only when it is given; every such request is denied",
                at=one.at,
                related=(declared.noted("its declaration"), *(at.noted("grants nothing then") for e in found for at in e.grants)),
                scenario=found[0].scenario,
                fix=Fix(f"Give {one.name} the name of the access point", (), Safety.MANUAL),
            )
            continue
        needing = next(hollow(deployment, one.name), None)
        if needing is not None:
            yield Finding(
                f"{one.name} is empty, but {needing.resource.id} is switched on and takes it as {needing.name}; "
                "it cannot be created",
                at=one.at,
                related=(needing.at.noted("takes it"), declared.noted("its declaration")),
                fix=Fix(f"Give {one.name} a value, or switch {needing.resource.id} off", (), Safety.MANUAL),
            )


def _fix(one: GivenParameter, default: str | None, deployment: Deployment) -> Fix | None:
    """Leave it out where the template has a Default; a value that must be given nobody can invent."""
    if default is None:
        return Fix(f"Give {one.name} a value", (), Safety.MANUAL)
    return offer(f"Leave {one.name} to its Default in {basename(deployment.template.path)}", one.removal())
