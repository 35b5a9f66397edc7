"""S3AP102: the grant hangs on a name that may be left empty."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from s3ap_lint.api import Access, Finding, Role, S3Grant, Severity, Target, Verdict, bad, good, rule, s3_outcomes, way
from s3ap_rules.access_points.role_example import role_with


@rule(
    code="S3AP102",
    subject=Role,
    severity=Severity.WARNING,
    since="0.1.0",
    security=4.0,
    examples=[
        bad(
            "the access point's ARN is added only when its name is given",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # 出力先  # <- S3AP102
    - !If
      - HasOutputName
      - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}/object/*"
      - !Ref AWS::NoValue
"""),
        ),
        bad(
            "the whole list follows the name",
            role_with("""
- Effect: Allow
  Action: s3:ListBucket
  Resource: !If
    - HasOutputName
    - - !Sub "arn:aws:s3:::${OutputAlias}"
      - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}"
    - - !Sub "arn:aws:s3:::${OutputAlias}"  # <- S3AP102
"""),
        ),
        bad(
            "an empty name inside the ARN names nothing",
            role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"  # <- S3AP102
"""),
        ),
        good(
            "a name that must be given",
            role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"
""").replace('OutputName: {Type: String, Default: ""}', "OutputName: {Type: String, MinLength: 1}"),
        ),
        good(
            "the statement is there only with a name: a feature that is switched off",
            role_with("""
- !If
  - HasOutputName
  - Effect: Allow
    Action: s3:GetObject
    Resource: !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"
  - !Ref AWS::NoValue
"""),
        ),
        good(
            "a wildcard grants what the optional name would",
            role_with("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"
    - !If [HasOutputName, !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*", "arn:aws:s3:*:*:accesspoint/*"]
"""),
        ),
    ],
)
def optional_access_point_name(role: Role) -> Iterator[Finding]:
    """
    An S3 access point is granted only when an optional parameter names it.

    The alias beside it grants nothing: IAM recognises an access point by its ARN alone. With the name left
    empty, which is often the default, the stack looks permitted and answers AccessDenied on its first request.

    This is the shape that was long recommended for FSx for ONTAP access points (the alias, and beside it
    `!If [HasS3AccessPointName, <ARN>, !Ref AWS::NoValue]`) and later measured to be wrong. Make the name
    required (no Default, `MinLength: 1`), or grant `accesspoint/*` in the other arm.

    Source: AWS, "Troubleshooting access points" in the FSx for ONTAP user guide.
    """
    found = s3_outcomes(role, Target.ALIAS, Target.ACCESS_POINT)
    outcomes = [replace(outcome, answer=_hanging(outcome.answer)) for outcome in found]
    by_alias = {g.action for o in found for g in o.answer if g.standing.access is Access.NOT_GRANTED}
    hanging = {(g.standing.name, g.action) for outcome in outcomes for g in outcome.answer if g.action not in by_alias}
    groups: dict[tuple[str, Verdict], list[str]] = {}
    for name, action in sorted(hanging):
        verdict = role.template.verdict(outcomes, partial(_hangs_on, name, action))
        if verdict is not None:
            groups.setdefault((name, verdict), []).append(action)
    for (name, verdict), actions in groups.items():
        grants = [g for o in outcomes for g in o.answer if g.standing.name == name and g.action in actions]
        places = {grant.leaf.node.span: grant.leaf.at for grant in grants}
        first, *others = (places[span] for span in sorted(places))
        parameter = role.template.space.parameters[name].node.key_at
        yield Finding(
            f"{role.id} is granted {', '.join(actions)} on the access point only when {name} is given; "
            "without it, every such request is denied",
            at=first,
            related=(
                parameter.noted("the parameter that may be empty"),
                role.at.noted("the role"),
                *(at.noted("the same") for at in others),
                *(user.at.noted("runs under the role") for user in role.users if user.id != role.id),
            ),
            scenario=verdict.scenario,
            flow=(
                *(
                    way(role.template, verdict.scenario, *dict.fromkeys(grant.statement.node for grant in grants))
                    or (parameter.noted(f"{name} may be empty"),)
                ),
                first.noted("then only this is left, and it grants nothing"),
                *(user.at.noted("runs under the role, and is denied") for user in role.users),
            ),
        )


def _hanging(grants: tuple[S3Grant, ...]) -> tuple[S3Grant, ...]:
    """What is granted by alias, or on an access point without a name, and would work with one."""
    return tuple(grant for grant in grants if grant.standing.access is Access.NEEDS_NAME)


def _hangs_on(name: str, action: str, grants: tuple[S3Grant, ...]) -> bool:
    return any(grant.standing.name == name and grant.action == action for grant in grants)
