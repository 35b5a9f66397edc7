"""S3AP840: local code that cannot be packaged."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Severity, bad, good, rule
from s3ap_ops.api import Packing

HANDLER = "from shared import names\n\n\ndef handler(event, context):\n    return names.first()\n"


@rule(
    code="S3AP840",
    subject=Packing,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a folder without a module that its handler imports",
            {
                "template.yaml": """
                Transform: AWS::Serverless-2016-10-31
                Resources:
                  Report:
                    Type: AWS::Serverless::Function
                    Properties:
                      CodeUri: report/  # <- S3AP840
                      Handler: app.handler
                      Runtime: python3.12
                """,
                "report/app.py": HANDLER,
            },
        ),
        bad(
            "a folder that nobody has built",
            {
                "template.yaml": """
                Resources:
                  Report:
                    Type: AWS::Lambda::Function
                    Properties:
                      Code: build/report  # <- S3AP840
                      Handler: app.handler
                      Runtime: python3.12
                """
            },
        ),
        good(
            "a folder with everything in it, and code that lies in S3",
            {
                "template.yaml": """
                Transform: AWS::Serverless-2016-10-31
                Resources:
                  Report:
                    Type: AWS::Serverless::Function
                    Properties: {CodeUri: report/, Handler: app.handler, Runtime: python3.12}
                  Other:
                    Type: AWS::Serverless::Function
                    Properties: {CodeUri: s3://code/other.zip, Handler: app.handler, Runtime: python3.12}
                """,
                "report/app.py": HANDLER,
                "report/shared/__init__.py": "",
                "report/shared/names.py": "def first():\n    return 1\n",
            },
        ),
    ],
)
def unpackaged_code(packing: Packing) -> Iterator[Finding]:
    """
    Code or a file of the project, which the template deploys, cannot be packaged.

    `s3ap-ops deploy` packs the local code that a template names, with what it imports. Where something is missing, or
    has to be built first, the archive would fail in Lambda at the first request, so none is made. Nothing is built
    here: run `sam build`, and name its folder with `--built`.
    """
    for problem in packing.problems:
        about = f"{problem.logical_id}: " if problem.logical_id else ""
        yield Finding(f"{about}{problem.message}", at=problem.at)
