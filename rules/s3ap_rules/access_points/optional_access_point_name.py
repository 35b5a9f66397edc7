"""S3AP102: the grant hangs on a name that may be left empty."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from s3ap_lint.api import (
    Access,
    Edit,
    Finding,
    Fix,
    Node,
    Role,
    S3Grant,
    Severity,
    Target,
    Template,
    Value,
    Verdict,
    bad,
    edits,
    given_when,
    good,
    guards,
    if_,
    offer,
    ref,
    rule,
    s3_outcomes,
    value_of,
    way,
)
from s3ap_rules.access_points.access_point_forms import any_name, slot_beside
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
            fixed=role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # 出力先
    - !If
      - HasOutputName
      - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}/object/*"
      - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
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
            fixed=role_with("""
- Effect: Allow
  Action: s3:ListBucket
  Resource: !If
    - HasOutputName
    - - !Sub "arn:aws:s3:::${OutputAlias}"
      - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}"
    - - !Sub "arn:aws:s3:::${OutputAlias}"
      - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"
"""),
        ),
        bad(
            "an empty name inside the ARN names nothing",
            role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"  # <- S3AP102
"""),
            fixed=role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !If
    - HasOutputName
    - !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"
    - !Sub "arn:${AWS::Partition}:s3:*:*:accesspoint/*/object/*"
"""),
        ),
        bad(
            "the name is one of two, and the other statement has none at all",
            role_with("""
- !If
  - HasOutputName
  - Effect: Allow
    Action: s3:GetObject
    Resource: !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"
  - Effect: Allow
    Action: s3:GetObject
    Resource:
      - !Sub "arn:aws:s3:::${OutputAlias}/*"  # <- S3AP102
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub  # <- S3AP102
      - "arn:aws:s3:*:*:accesspoint/${Name}/object/*"
      - Name: !If [ToVolume, !Ref OutputName, results]
"""),
            fixed=role_with("""
- !If
  - HasOutputName
  - Effect: Allow
    Action: s3:GetObject
    Resource: !Sub "arn:aws:s3:*:*:accesspoint/${OutputName}/object/*"
  - Effect: Allow
    Action: s3:GetObject
    Resource:
      - !Sub "arn:aws:s3:::${OutputAlias}/*"
      - !Sub "arn:${AWS::Partition}:s3:*:*:accesspoint/*/object/*"
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub
      - "arn:aws:s3:*:*:accesspoint/${Name}/object/*"
      - Name: !If [ToVolume, !If [HasOutputName, !Ref OutputName, "*"], results]
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
            fix=_fix(role, name, [g for o in found for g in o.answer if g.action in actions]),
            flow=(
                *(
                    way(role.template, verdict.scenario, *dict.fromkeys(grant.statement.node for grant in grants))
                    or (parameter.noted(f"{name} may be empty"),)
                ),
                first.noted("then only this is left, and it grants nothing"),
                *(user.at.noted("runs under the role, and is denied") for user in role.users),
            ),
        )


def _fix(role: Role, name: str, grants: list[S3Grant]) -> Fix | None:
    """Any access point where the name is empty, in each place that has the access point of that name."""
    guard = given_when(name, role.template)
    found = [g for g in grants if g.resource.target is Target.ACCESS_POINT and _is_called(name, g)]
    if guard is None:
        return None
    wanted: dict[int, tuple[Node, list[Value]]] = {}
    changes: list[Edit | None] = []
    leaves = {grant.leaf.node.span: grant.leaf for grant in found}
    for leaf in (leaves[span] for span in sorted(leaves)):
        value, arm = any_name(leaf), _other_arm(leaf.node, guard)
        if value is None:
            return None
        if arm is None:
            changes.append(_otherwise(leaf.node, name, guard, value, role.template))
        elif not any(_lies_in(arm, other.node) for other in leaves.values()):  # those have a way of their own
            values = wanted.setdefault(id(arm), (arm, []))[1]
            values += [value] if value not in values else []
    changes += [_filled(arm, values, role.template) for arm, values in wanted.values()]
    return offer(f"Grant every access point when {name} is empty", *changes)


def _is_called(name: str, grant: S3Grant) -> bool:
    only = grant.resource.name[0] if len(grant.resource.name) == 1 else ""
    return not isinstance(only, str) and only.name == name


def _other_arm(node: Node, guard: tuple[str, bool]) -> Node | None:
    """What is taken without a name, of the innermost `!If` that goes by the name: resources, or a statement's."""
    while node.parent is not None and node.key != "Statement":
        parent = node.parent
        if parent.key == "Fn::If" and parent[0].text == guard[0] and node.key == ("1" if guard[1] else "2"):
            arm = parent[2 if guard[1] else 1]
            return arm["Resource"] if "Effect" in arm else arm
        node = parent
    return None


def _filled(arm: Node, values: list[Value], template: Template) -> Edit | None:
    """An arm with resources in it: with those of its list, or in place of nothing or of a text."""
    if not arm or slot_beside(arm) is None:
        return None
    if arm.is_sequence:
        return edits.append(arm, template.source, *values)
    slot = slot_beside(arm)
    in_list = slot is not None and slot.node.is_sequence
    new = values if arm["Ref"].text == "AWS::NoValue" else [value_of(arm), *values]
    if len(new) > 1 and in_list:
        return None  # a list would stand in a list
    return edits.replace(arm, template.source, new[0] if len(new) == 1 else new)


def _lies_in(outer: Node, node: Node) -> bool:
    return outer.span.start <= node.span.start and node.span.end <= outer.span.end


def _otherwise(node: Node, name: str, guard: tuple[str, bool], value: Value, template: Template) -> Edit | None:
    """A resource that is there only with a name, and any access point otherwise."""
    condition, truth = guard
    if guard in guards(node):
        return None
    absent = (condition, not truth) in guards(node)
    argument = node["Fn::Sub"]
    named = [inner for inner in argument[1].walk() if inner["Ref"].text == name]
    if len(named) == 1 and f"${{{name}}}" not in argument[0].text:
        told: Value = if_(condition, ref(name), "*") if truth else if_(condition, "*", ref(name))
        return edits.replace(named[0], template.source, "*" if absent else told)
    whole = value_of(node)
    told = if_(condition, whole, value) if truth else if_(condition, value, whole)
    return edits.replace(node, template.source, value if absent else told)


def _hanging(grants: tuple[S3Grant, ...]) -> tuple[S3Grant, ...]:
    """What is granted by alias, or on an access point without a name, and would work with one."""
    return tuple(grant for grant in grants if grant.standing.access is Access.NEEDS_NAME)


def _hangs_on(name: str, action: str, grants: tuple[S3Grant, ...]) -> bool:
    return any(grant.standing.name == name and grant.action == action for grant in grants)
