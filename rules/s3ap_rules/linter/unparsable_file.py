"""S3AP901: a template or Python file that cannot be read as what it must be."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Severity, Unparsable, bad, good, rule


@rule(
    code="S3AP901",
    subject=Unparsable,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "an indentation that belongs to nothing",
            """
            AWSTemplateFormatVersion: "2010-09-09"
            Resources:
              Topic:
                Type: AWS::SNS::Topic
               Properties: {DisplayName: 通知}  # <- S3AP901
            """,
        ),
        bad(
            "a key that stands twice: the first one is lost without a word",
            """
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: alerts
              Topic:  # <- S3AP901
                Type: AWS::SNS::Topic
            """,
        ),
        bad(
            "a template that has no resources",
            """
            AWSTemplateFormatVersion: "2010-09-09"  # <- S3AP901
            Description: 通知
            """,
        ),
        bad(
            "Python that does not compile",
            {
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        return {"keys": event["keys"]  # <- S3AP901
                    """
            },
        ),
        good(
            "short forms of functions, anchors, and files that are something else",
            {
                "template.yaml": """
                    Resources:
                      Topic:
                        Type: AWS::SNS::Topic
                        Properties: &properties
                          DisplayName: !Sub "${AWS::StackName}-通知"
                      Other:
                        Type: AWS::SNS::Topic
                        Properties: *properties
                    """,
                "openapi-template.yaml": """
                    openapi: 3.0.1
                    paths: {}
                    """,
                "functions/handler.py": """
                    def handler(event, context):
                        return event
                    """,
            },
        ),
    ],
)
def unparsable_file(incident: Unparsable) -> Iterator[Finding]:
    r"""
    A template or Python file cannot be read as what it must be.

    Nothing in the file is checked, so a run that is otherwise clean says nothing about it, and what
    deploys it fails, or, for a key that stands twice, silently deploys something else.

    A file counts as a template by its content (`Resources` with types, a format version, a transform) or by its
    name (`template.yaml`, `*.template.json`, `*.cfn.yml` …). A file that is meant to be no template, such as
    a skeleton with `{{ placeholders }}`, belongs into `exclude`.
    """
    yield Finding(f"{incident.reason}; {incident.consequence}", at=incident.at, severity=incident.severity)
