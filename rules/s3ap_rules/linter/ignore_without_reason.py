"""S3AP904: an ignore that does not say why. The host finds it, once all findings are known."""

from collections.abc import Iterable

from s3ap_lint.api import Directive, Finding, Severity, bad, good, rule


@rule(
    code="S3AP904",
    subject=Directive,
    severity=Severity.WARNING,
    since="0.1.0",
    strict=True,
    examples=[
        bad(
            "in a comment, and in Metadata",
            {
                "template.yaml": """
                    Resources:
                      Topic:
                        Type: AWS::SNS::Topic
                        Properties:
                          DisplayName: 通知
                          DisplayName: 通知  # s3ap-lint: ignore[S3AP901]  # <- S3AP904
                      Queue:
                        Type: AWS::SQS::Queue
                        Metadata:
                          s3ap-lint: {ignore: [S3AP901]}  # <- S3AP904
                        Properties:
                          DelaySeconds: 1
                          DelaySeconds: 1
                    """
            },
        ),
        good(
            "the reason stands behind the brackets, or beside the code",
            """
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: 通知
                  DisplayName: 通知  # s3ap-lint: ignore[S3AP901] the generator writes it twice
              Queue:
                Type: AWS::SQS::Queue
                Metadata:
                  s3ap-lint:
                    ignore:
                      - {code: S3AP901, reason: the generator writes it twice}
                Properties:
                  DelaySeconds: 1
                  DelaySeconds: 1
            """,
        ),
    ],
)
def ignore_without_reason(directive: Directive) -> Iterable[Finding]:
    """
    An ignore does not say why.

    Nobody can tell later whether it was a false alarm, a decision or haste, so it stays for ever, and the
    findings it hides with it.

    Write the reason behind the brackets, `# s3ap-lint: ignore[CODE] reason`, or as `reason:` in Metadata. It is
    shown beside every finding that is silenced.
    """
    return ()  # the host knows, when everything else has been said
