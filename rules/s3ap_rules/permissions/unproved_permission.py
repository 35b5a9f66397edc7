"""S3AP409: whether the role grants what a call needs cannot be told."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Lack, Severity, bad, good, permissions_of, rule

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      ArchiveBucket: {Type: String}
      ReportBucket: {Type: String}
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
          Environment: {Variables: {BUCKET: !Ref ReportBucket}}
          Policies:
            - Statement:
                - Effect: Allow
                  Action: s3:PutObject
                  Resource: RESOURCE
    """
HANDLER = """
    import os

    import boto3

    def handler(event, context):
        boto3.client("s3").put_object(Bucket=BUCKET, Key="report.json", Body=b"{}")
    """


def project(resource: str, bucket: str) -> dict[str, str]:
    """A handler that writes to a bucket, and what its function may write to."""
    return {
        "template.yaml": TEMPLATE.replace("RESOURCE", resource),
        "functions/report/handler.py": HANDLER.replace("BUCKET", bucket),
    }


MARKED = "- Effect: Allow  # <- S3AP409"


def marked(files: dict[str, str]) -> dict[str, str]:
    """The same, with the statement marked."""
    return {path: text.replace("- Effect: Allow", MARKED) for path, text in files.items()}


@rule(
    code="S3AP409",
    subject=Function,
    severity=Severity.INFO,
    strict=True,
    since="0.1.0",
    examples=[
        bad(
            "the bucket comes with the event",
            marked(project('!Sub "arn:aws:s3:::${ReportBucket}/*"', 'event["bucket"]')),
        ),
        bad(
            "another parameter than the one that is granted, which may have the same value",
            marked(project('!Sub "arn:aws:s3:::${ArchiveBucket}/*"', 'os.environ["BUCKET"]')),
        ),
        good("the bucket that is granted", project('!Sub "arn:aws:s3:::${ReportBucket}/*"', 'os.environ["BUCKET"]')),
        good("every bucket is granted", project('"*"', 'event["bucket"]')),
    ],
)
def unproved_permission(function: Function) -> Iterator[Finding]:
    """
    A call needs an action that the role grants on some resources, and whether this is one of them cannot be told.

    The bucket, table or queue comes from the event or from a parameter that the policy does not name, or a Condition or
    a policy that cannot be read decides. Nothing is wrong for sure; this is where a reviewer has to look. Where the
    role certainly does not grant it, missing-permission speaks.
    """
    for doubt in permissions_of(function).doubts():
        yield _finding(function, doubt)


def _finding(function: Function, doubt: Lack) -> Finding:
    first, *others = doubt.permissions
    call, nearest, role = first.needed.call, first.nearest, first.grants.role
    on = f" on {first.target}" if first.is_known else ""
    name = "its role" if role.is_implicit else role.id
    return Finding(
        f"{function.id} calls {call.service}.{call.operation} ({call.at.subject}), which needs {doubt.action}{on}; "
        f"whether {name} grants that cannot be told",
        at=role.at if nearest is None else nearest.node.at,
        related=(
            call.at.noted(f"calls {call.operation}"),
            *(one.needed.at.noted("also needs it") for one in others),
            function.at.noted("the function"),
        ),
        scenario=doubt.verdict.scenario,
    )
