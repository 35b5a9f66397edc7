"""S3AP841: an alias and a name that are given together, of two access points."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.deploying.pairs import name_in, pairs
from s3ap_ops.rollout import Rollout

GIVEN = """
    Stack: uc1-demo{mark}
    Parameters:
      S3AccessPointAlias: {alias}
      S3AccessPointName: {name}
    Template:
      Parameters:
        S3AccessPointAlias: {{Type: String}}
        S3AccessPointName: {{Type: String, Default: ""}}
    Facts: {facts}
    """
MARK = "  # <- S3AP841"
INPUT, OUTPUT = "input-abcdefghij-ext-s3alias", "output-abcdefghij-ext-s3alias"


def _given(alias: str, name: str, facts: str, mark: str = "") -> dict[str, str]:
    return {"rollout.yaml": GIVEN.format(alias=alias, name=name, facts=facts, mark=mark)}


@rule(
    code="S3AP841",
    subject=Rollout,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "the alias of one access point, the name of another",
            _given(
                INPUT,
                "output",
                f"{{access_points: {{output: {{alias: {OUTPUT}}}}}, aliases: {{{INPUT}: input, {OUTPUT}: output}}}}",
                MARK,
            ),
        ),
        bad(
            "a name that is none's, beside an alias that is another's",
            _given(INPUT, "inptu", f"{{access_points: {{inptu: null}}, aliases: {{{INPUT}: input}}}}", MARK),
        ),
        bad(
            "neither is known in this account and region",
            _given(INPUT, "input", "{access_points: {input: null}, aliases: {}}", MARK),
        ),
        bad(
            "an ARN that says another name",
            _given("arn:aws:s3:ap-northeast-1:123456789012:accesspoint/output", "input", "{}", MARK),
        ),
        bad(
            "the output's own pair is the wrong one",
            {
                "rollout.yaml": f"""
                Stack: uc1-demo  # <- S3AP841
                Parameters:
                  S3AccessPointAlias: {INPUT}
                  S3AccessPointName: input
                  OutputS3AccessPointAlias: {OUTPUT}
                  OutputS3AccessPointName: input
                Template: {{}}
                Facts:
                  access_points: {{input: {{alias: {INPUT}}}}}
                  aliases: {{{INPUT}: input, {OUTPUT}: output}}
                """
            },
        ),
        good("they belong together", _given(INPUT, "input", f"{{access_points: {{input: {{alias: {INPUT}}}}}}}")),
        good("no name is given", _given(INPUT, '""', "{}")),
        good("it could not be read", _given(INPUT, "other", "{}")),
        good(
            "the template makes the access point itself",
            {
                "rollout.yaml": f"""
                Stack: uc1-demo
                Parameters: {{S3AccessPointAlias: {INPUT}, S3AccessPointName: output}}
                Template:
                  Parameters:
                    S3AccessPointName: {{Type: String}}
                  Resources:
                    Point:
                      Type: AWS::S3::AccessPoint
                      Properties: {{Name: !Ref S3AccessPointName, Bucket: data}}
                Facts: {{access_points: {{output: null}}, aliases: {{{INPUT}: input}}}}
                """
            },
        ),
    ],
)
def mismatched_access_point(rollout: Rollout) -> Iterator[Finding]:
    """
    The alias and the name that are given to a deployment belong to two access points.

    The code sends its requests to the alias, and the policies grant by the name, so every request is denied: IAM
    authorises against the ARN of the access point, which has the name in it. Nothing of that shows while the stack is
    deployed. Which parameters belong together is told by what they call themselves; which name an alias has, by FSx and
    S3 Control. An access point of another account or region is found by neither, so that is only a warning.
    """
    for alias, name in pairs(rollout):
        yield from _about(alias, name, rollout)


def _about(alias: str, name: str, rollout: Rollout) -> Iterator[Finding]:
    given, called = rollout.values[alias], rollout.values[name]
    known = rollout.fact("access_points", {})
    own = name_in(given)
    if own:
        if own != called:
            yield _finding(rollout, f"{alias} is the access point {own}, but {name} is {called}", f"Give {name}={own}")
        return
    if called not in known:
        return
    theirs = None if known[called] is None else known[called].get("alias", "")
    if theirs in (given, ""):
        return
    owner = rollout.fact("aliases", {}).get(given, "")
    mend = f"Give {name}={owner}" if owner else f"Give {alias} and {name} of the same access point"
    if theirs is not None:
        whose = f", which is the alias of {owner}" if owner else ""
        yield _finding(rollout, f"{name} is {called}, whose alias is {theirs}, and {alias} is {given}{whose}", mend)
        return
    said = f"{name} is {called}, but this account has no such access point in {rollout.region}"
    if owner:
        yield _finding(rollout, f"{said}, and {alias} is the alias of {owner}", mend)
        return
    yield _finding(rollout, said, mend, Severity.WARNING)


def _finding(rollout: Rollout, said: str, mend: str, severity: Severity | None = None) -> Finding:
    return Finding(
        f"{said}; what is granted by the name does not reach what is called by the alias",
        at=rollout.at,
        severity=severity,
        fix=Fix(mend, (), Safety.MANUAL),
    )
