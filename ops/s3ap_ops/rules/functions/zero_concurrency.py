"""S3AP309, live: a function that may not run."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, bad, detects, good
from s3ap_ops.api import LiveFunction

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:  # <- S3AP309
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
    """
UNMARKED = TEMPLATE.replace("  # <- S3AP309", "")
CODE = """
    def handler(event, context):
        return {}
    """


@detects(
    "S3AP309",
    subject=LiveFunction,
    examples=[
        bad(
            "set to 0 while it runs",
            {
                "stack.yaml": """
                Stack: reports
                Resources:
                  Report:
                    Type: AWS::Lambda::Function
                    Facts: {reserved_concurrency: 0}
                """,
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": CODE,
            },
        ),
        good(
            "none reserved",
            {
                "stack.yaml": """
                Stack: reports
                Resources:
                  Report:
                    Type: AWS::Lambda::Function
                    Facts: {reserved_concurrency: null}
                """,
                "template.yaml": UNMARKED,
                "functions/report/handler.py": CODE,
            },
        ),
        good(
            "some reserved, or it could not be read",
            {
                "stack.yaml": """
                Stack: reports
                Resources:
                  Report:
                    Type: AWS::Lambda::Function
                    Facts: {reserved_concurrency: 5}
                  Other:
                    Type: AWS::Lambda::Function
                    Unread: {reserved_concurrency: AccessDeniedException from GetFunctionConcurrency}
                """,
                "template.yaml": UNMARKED,
                "functions/report/handler.py": CODE,
            },
        ),
    ],
)
def zero_concurrency(live: LiveFunction) -> Iterator[Finding]:
    """
    A function that runs may run 0 times at once.

    Whatever its template says, somebody has set its reserved concurrency to 0: Lambda answers every invocation with
    TooManyRequestsException until that is taken back.
    """
    if live.resource.fact("reserved_concurrency") != 0 or "reserved_concurrency" not in live.resource.facts:
        return
    yield Finding(
        f"{live.id} of the stack {live.stack} has a reserved concurrency of 0, so every invocation is throttled",
        at=live.at,
        fix=Fix(
            "Take the 0 back: aws lambda put-function-concurrency, or delete-function-concurrency", (), Safety.MANUAL
        ),
    )
