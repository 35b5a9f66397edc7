"""S3AP845: a name that is too long, or none, once the parameters are put in."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.naming import NAMINGS
from s3ap_ops.rollout import Rollout

ROLLOUT = """
    Stack: {stack}
    Template:
      Resources:
        Bucket:{mark}
          Type: AWS::S3::Bucket
          Properties:
            BucketName: !Sub "${{AWS::StackName}}-athena-results-${{AWS::AccountId}}"
    """
LONG = "fsxn-legal-compliance-audit-production"


@rule(
    code="S3AP845",
    subject=Rollout,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a stack with a long name",
            {"rollout.yaml": ROLLOUT.format(stack=LONG, mark="  # <- S3AP845")},
        ),
        bad(
            "a stack with capital letters, and a bucket called after it",
            {"rollout.yaml": ROLLOUT.format(stack="UC1-Demo", mark="  # <- S3AP845")},
        ),
        bad(
            "a role and a function",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Parameters: {Prefix: a-prefix-that-somebody-made-as-long-as-this-one-here}
                Template:
                  Parameters: {Prefix: {Type: String}}
                  Resources:
                    Role:  # <- S3AP845
                      Type: AWS::IAM::Role
                      Properties: {RoleName: !Join ["-", [!Ref Prefix, execution, role]]}
                    Function:  # <- S3AP845
                      Type: AWS::Lambda::Function
                      Properties: {FunctionName: !Sub "${Prefix}-${AWS::Region}"}
                    Short:
                      Type: AWS::Lambda::Function
                      Properties: {FunctionName: !Ref Prefix}
                """
            },
        ),
        good("as long as it may be", {"rollout.yaml": ROLLOUT.format(stack="fsxn-legal-compliance-audit-eu", mark="")}),
        good(
            "an old bucket of the stack, of a time when more was allowed",
            {
                "rollout.yaml": ROLLOUT.format(stack="UC1-Demo", mark="")
                + """
    Existing:
      Stack: UC1-Demo
      Resources:
        Bucket: {Type: "AWS::S3::Bucket", PhysicalId: UC1-Demo-athena-results-123456789012}
    """
            },
        ),
        good(
            "a name that cannot be told, and one of a resource that may be left out",
            {
                "rollout.yaml": f"""
                Stack: {LONG}
                Template:
                  Parameters: {{Name: {{Type: String}}}}
                  Conditions: {{Named: !Equals [!Ref Name, x]}}
                  Resources:
                    Unknown:
                      Type: AWS::S3::Bucket
                      Properties: {{BucketName: !Sub "${{Name}}-${{AWS::StackName}}-${{AWS::StackName}}"}}
                    Perhaps:
                      Type: AWS::S3::Bucket
                      Condition: Named
                      Properties: {{BucketName: !Sub "${{AWS::StackName}}-${{AWS::StackName}}"}}
                """
            },
        ),
    ],
)
def overlong_name(rollout: Rollout) -> Iterator[Finding]:
    """
    A name is longer than AWS allows, or has characters that it does not, once the parameters are put in.

    A template that makes names of the stack's name, the account and the region fits until somebody gives a longer
    name. CloudFormation does not count before it begins: the resource is refused by its service, and the stack is
    rolled back. Names that CloudFormation makes up itself always fit.
    """
    for logical_id, name in rollout.names.items():
        naming = NAMINGS[rollout.type_of(logical_id)]
        wrong = naming.wrong(name)
        if wrong and not rollout.has(logical_id):
            yield Finding(
                f"{name}, as {logical_id} is to be called, {wrong}; it cannot be made",
                at=rollout.place(logical_id),
                fix=Fix(f"Give other values for what {naming.property} is made of", (), Safety.MANUAL),
            )
