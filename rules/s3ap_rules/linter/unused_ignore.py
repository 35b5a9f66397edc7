"""S3AP903: an ignore that silences nothing. The host finds it, once all findings are known."""

from collections.abc import Iterable

from s3ap_lint.api import Directive, Finding, Severity, bad, good, rule


@rule(
    code="S3AP903",
    subject=Directive,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "what it was for has been mended",
            """
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: 通知  # s3ap-lint: ignore[S3AP901] stood twice  # <- S3AP903
            """,
            fixed="""
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: 通知
            """,
        ),
        bad(
            "one of two codes is still needed, and one names no rule",
            """
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: 通知
                  # s3ap-lint: ignore[unparsable-file, no-such-rule] the generator writes it twice  # <- S3AP903
                  DisplayName: 通知
            """,
            fixed="""
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: 通知
                  # s3ap-lint: ignore[unparsable-file] the generator writes it twice
                  DisplayName: 通知
            """,
        ),
        bad(
            "in Metadata, and written in a way that is not understood",
            """
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Metadata:
                  s3ap-lint:
                    ignore:
                      - {code: S3AP901, reason: stood twice}  # <- S3AP903
                Properties:
                  DisplayName: 通知  # s3ap-lint: disable=S3AP901  # <- S3AP903
            """,
        ),
        good(
            "it silences a finding, or is for another tool",
            {
                "template.yaml": """
                    Resources:
                      Topic:
                        Type: AWS::SNS::Topic
                        Properties:
                          DisplayName: 通知
                          DisplayName: 通知  # s3ap-lint: ignore[S3AP901] the generator writes it twice
                    """,
                "functions/handler.py": """
                    def handler(event, context):
                        return event  # noqa: D103
                    """,
            },
        ),
    ],
)
def unused_ignore(directive: Directive) -> Iterable[Finding]:
    """
    An ignore silences nothing.

    What it was meant for is gone or has never been found there; left in place, it silences the next real finding
    on its line without anybody noticing.

    Only codes that were looked for are judged: under `--select` others may well be needed. An ignore that names a
    code no rule has, or is misspelt (`disable=`, no brackets), is reported too, because its author believes that
    it works. `# noqa` is never judged; it may speak to other tools.
    """
    return ()  # the host knows, when everything else has been said
