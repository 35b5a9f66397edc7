"""S3AP702: a fault that one of two twins was freed of is still in the other."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, MendedInOne, Severity, TwinReport, bad, good, rule
from s3ap_rules.twins.sentences import placed, sentence
from s3ap_rules.twins.twins_example import DEPLOY, SAM, changed, pair

POINT = '                  - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"\n'
ALIAS = '- !Sub "arn:aws:s3:::${DataAlias}/*"\n'
FOUND = '- !Sub "arn:aws:s3:::${DataAlias}/*"  # <- S3AP101, S3AP702\n'


@rule(
    code="S3AP702",
    subject=TwinReport,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "the access point was granted in one half only",
            pair(deploy=changed(DEPLOY, (POINT, ""), (ALIAS, FOUND))),
        ),
        bad(
            "a variable that the code requires was set in one half only",
            pair(
                sam=changed(
                    SAM,
                    ("          DATA: !Ref DataAlias\n", ""),
                    ("  Reader:\n", "  Reader:  # <- S3AP702\n"),
                )
            )
            | {
                "functions/reader/index.py": """
                    import os


                    def handler(event, context):
                        return os.environ["DATA"]  # <- S3AP302
                    """
            },
        ),
        good(
            "both halves have the fault",
            pair(
                deploy=changed(DEPLOY, (POINT, ""), (ALIAS, FOUND.replace(", S3AP702", ""))),
                sam=changed(SAM, (POINT, ""), (ALIAS, FOUND.replace(", S3AP702", ""))),
            ),
        ),
        good(
            "the other half does without the whole role",
            pair(
                deploy=changed(DEPLOY, (POINT, ""), (ALIAS, FOUND.replace(", S3AP702", ""))),
                sam=SAM.replace("ReaderRole", "OtherRole"),
            ),
        ),
        good(
            "the fault is ignored, with a reason",
            pair(
                deploy=changed(
                    DEPLOY,
                    (POINT, ""),
                    (ALIAS, ALIAS[:-1] + "  # s3ap-lint: ignore[S3AP101] the alias is a bucket's\n"),
                )
            ),
        ),
    ],
)
def fix_in_one_half(report: TwinReport) -> Iterator[Finding]:
    """
    A fault that one of two twins was freed of is still in the other.

    The fix is known and written, and whoever deploys the other template does not have it. Reported where one half has
    a finding of S3AP1xx to S3AP6xx about a resource that is not strict, the other half has none of that family about
    the same resource, and the two differ there in what the finding is about: a grant, a variable, a property, a
    condition. A role counts as the same as the one that SAM makes for its function.

    Carry the difference over; `s3ap-lint sync` does, from the source to the half that is made from it.
    """
    for one in report.mended:
        yield _finding(one, report)


def _finding(one: MendedInOne, report: TwinReport) -> Finding:
    mended, first, found = report.twins.names[1 - one.side], one.differences[0], one.diagnostic
    more = len(one.differences) - 1
    others = f" (and {more} more of the kind)" if more else ""
    fact = sentence(first, report.twins).partition(";")[0]
    return Finding(
        f"{one.id} has {found.code} ({found.name}) here, and {mended} has not: {fact}{others}",
        at=one.at,
        related=(placed(first, 1 - one.side, f"{mended} is right"),),
        fix=report.twins.carried(first, one.side),
    )
