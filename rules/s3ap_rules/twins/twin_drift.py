"""S3AP701: two templates that must mean the same do not."""

from collections.abc import Iterator
from dataclasses import replace

from s3ap_lint.api import Difference, Finding, Group, Severity, Told, Twins, bad, good, rule
from s3ap_rules.twins.sentences import PLURAL, brief, lacking, placed, sentence
from s3ap_rules.twins.twins_example import DEPLOY, SAM, changed, pair

COMMAND = "s3ap-lint sync"
ADVICE = "to settle them: say in the setting pairs which half is the source, as s3ap-lint init does"
TELLS = """\
              - Effect: Allow
                Action: sns:Publish
                Resource: "*"
  Reader:
"""
PAIRS = {"pairs": [{"source": "template-deploy.yaml", "generated": "template.yaml"}]}


@rule(
    code="S3AP701",
    subject=Twins,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a permission and a variable that were added to one half only",
            pair(
                deploy=changed(DEPLOY, ("  Reader:\n", TELLS)),
                sam=changed(
                    SAM,
                    ("      Policies:\n", "      Policies:  # <- S3AP701\n"),
                    ("        Variables:\n", "        Variables:  # <- S3AP701\n"),
                    ("\n          RETENTION: !Ref Retention", ""),
                ),
            ),
            fixed=pair(deploy=changed(DEPLOY, ("  Reader:\n", TELLS)), sam=changed(SAM, ("  Reader:\n", TELLS))),
            options=PAIRS,
        ),
        bad(
            "a parameter, a condition and a bucket that only the half has which is made from the other",
            pair(
                deploy=changed(
                    DEPLOY,
                    ("Parameters:\n", "Parameters:  # <- S3AP701\n"),
                    ("  Retention: {Type: Number, Default: 30}\n", ""),
                    ("Conditions:\n", "Conditions:  # <- S3AP701\n"),
                    ("  KeepsLong: !Equals [!Ref Retention, 365]\n", "  Never: !Equals [a, b]\n"),
                    ("Resources:\n", "Resources:  # <- S3AP701\n"),
                    ("\n  Archive:\n    Type: AWS::S3::Bucket\n    Condition: KeepsLong", ""),
                    ("!Ref Retention\n", "30\n"),
                ),
                sam=changed(
                    SAM,
                    ("Conditions:\n", "Conditions:  # <- S3AP701\n"),
                    ("RETENTION: !Ref Retention", "RETENTION: !Ref Retention  # <- S3AP701"),
                ),
            ),
            options=PAIRS,
        ),
        bad(
            "another default, and another value in one scenario only",
            pair(
                sam=changed(
                    SAM,
                    ("{Type: Number, Default: 30}", "{Type: Number, Default: 90}  # <- S3AP701"),
                    ("Timeout: 300", "Timeout: !If [KeepsLong, 900, 300]  # <- S3AP701"),
                )
            ),
            options=PAIRS,
        ),
        bad(
            "the same without a setting: two templates that look like twins, under strict rules",
            pair(sam=changed(SAM, ("Timeout: 300", "Timeout: 60  # 収集  # <- S3AP701"))),
        ),
        good(
            "what each needs for itself: packages, the transform, where code lies, the order of things",
            pair(
                sam=changed(
                    SAM,
                    (
                        "          DATA: !Ref DataAlias\n          RETENTION: !Ref Retention\n",
                        '          RETENTION: !Sub "${Retention}"\n          DATA: !Join ["", [!Ref DataAlias]]\n',
                    ),
                    ("Timeout: 300", 'Timeout: "300"'),
                )
            ),
            options=PAIRS,
        ),
        good(
            "templates of two applications in one folder",
            {"template.yaml": SAM, "template-alarms.yaml": DEPLOY.replace("Reader", "Alarms")},
        ),
    ],
)
def twin_drift(twins: Twins) -> Iterator[Finding]:
    """
    Two templates that must mean the same differ in what they deploy.

    An application that is kept as a SAM template and as a plain one is mended in one of them, and whoever deploys the
    other has the fault. Each thing that is not the same is a finding of its own, whatever way it is written:
    parameters and their defaults, conditions, resources, variables, permissions one action and resource at a time,
    states of state machines, properties, outputs. It stands in the half that lacks it; where both have it, in the half
    that is made from the other. What has to differ is no drift: the transform, buckets and keys of packages, `Code`
    and `CodeUri`, the folder in a handler's name, layers that one half has built, how tags are written.

    Which templates are pairs, the setting `pairs` says: `{source = "template-deploy.yaml", generated =
    "template.yaml"}` is a pair in each folder that has both, a path with a slash is that file (`./template.yaml` the
    one at the root). A comment at the top of one half that it is generated from the other, whose name it says, counts
    as well. Two templates that merely look like twins are compared under strict rules only. A setting that no template
    is meant by, and a half that is not there, are told as unchecked.

    `s3ap-lint sync` carries the source over to the other half. A difference that is wanted can be ignored where it
    stands, with the reason.
    """
    for difference in twins.differences:
        side = lacking(difference)
        yield Finding(
            sentence(difference, twins) + _taken(twins),
            at=placed(difference, side),
            related=(placed(difference, 1 - side, _there(difference, twins, side)),),
            scenario=difference.verdict.scenario,
            group=_group(difference, twins),
            fix=twins.carried(difference),
        )


def _there(difference: Difference, twins: Twins, side: int) -> str:
    """What the other half says."""
    said = difference.said[1 - side]
    if not said or not difference.one or not difference.other:
        return f"{twins.names[1 - side]} has it"
    return f"{said} in {twins.names[1 - side]}"


def _taken(twins: Twins) -> str:
    """That nobody said that it is a pair."""
    if twins.pair.told is not Told.LIKENESS:
        return ""
    return f" ({twins.names[0]} and {twins.names[1]} are taken for twins)"


def _group(difference: Difference, twins: Twins) -> Group:
    """All differences of a pair are told together."""
    path, source = twins.pair.generated.path, twins.names[0]
    found = Group(path, "", PLURAL[difference.kind], brief(difference, twins), difference.kind.rank)
    if twins.pair.told is Told.LIKENESS:
        title = f"does not mean the same as {source}, and is taken for its twin"
        return replace(found, title=title, advice=ADVICE)
    return replace(found, title=f"does not mean the same as {source}, from which it is made", command=COMMAND)
