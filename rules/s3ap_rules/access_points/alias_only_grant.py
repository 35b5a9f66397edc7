"""S3AP101: a role reaches an S3 access point by its alias only."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from s3ap_lint.api import (
    Access,
    Edit,
    Finding,
    Fix,
    Level,
    Role,
    S3Grant,
    Safety,
    Severity,
    Span,
    Target,
    Value,
    bad,
    edits,
    good,
    level_of,
    offer,
    rule,
    s3_outcomes,
    way,
)
from s3ap_rules.access_points.access_point_forms import added, beside_alias
from s3ap_rules.access_points.role_example import role_with

WRITES = """
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # 出力先  # <- S3AP101
"""
WRITES_FIXED = (
    WRITES
    + """\
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
"""
)
LISTS = """
- Effect: Allow
  Action: s3:ListBucket
  Resource: !Join ["", ["arn:aws:s3:::", !Ref OutputAlias]]  # <- S3AP101
"""
LISTS_FIXED = """
- Effect: Allow
  Action: s3:ListBucket
  Resource:  # <- S3AP101
    - !Join ["", ["arn:aws:s3:::", !Ref OutputAlias]]
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"
"""


@rule(
    code="S3AP101",
    subject=Role,
    severity=Severity.ERROR,
    since="0.1.0",
    security=5.0,
    examples=[
        bad(
            "writes granted by alias",
            role_with(WRITES),
            fixed=role_with(WRITES_FIXED),
        ),
        bad(
            "reads too, and through a list joined together",
            role_with(LISTS),
            fixed=role_with(LISTS_FIXED),
        ),
        bad(
            "one arm of an If lacks the access point, and no name decides it",
            role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !If
    - ToVolume
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # <- S3AP101
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${AWS::StackName}/object/*"
"""),
        ),
        bad(
            "the alias hides in a two-argument Sub",
            role_with("""
- Effect: Allow
  Action: s3:PutObject
  Resource:
    - !Sub  # <- S3AP101
      - "arn:${AWS::Partition}:s3:::${Where}/*"
      - Where: !If [ToVolume, !Ref OutputAlias, !Ref OutputAlias]
"""),
        ),
        good(
            "alias and access point ARN",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*/object/*"
"""),
        ),
        good(
            "the access point is granted in another statement of the role",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
- Effect: Allow
  Action: "s3:Put*"
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${AWS::StackName}-*"
"""),
        ),
        good(
            "only an optional name decides: that is optional-access-point-name",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"
    - !If
      - HasOutputName
      - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${OutputName}/object/*"
      - !Ref AWS::NoValue
"""),
        ),
        good(
            "a plain bucket, a wildcard, and an ARN that a parameter holds",
            """
            Parameters:
              ResultsBucket: {Type: String}
              AccessPointAlias: {Type: String}
              AccessPointArn: {Type: String}
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${ResultsBucket}/*"}
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${AccessPointAlias}/*"}
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "${AccessPointArn}/object/*"}
                          - {Effect: Allow, Action: "s3:ListBucket", Resource: !Sub "arn:aws:s3:::${AccessPointAlias}"}
                          - {Effect: Allow, Action: "s3:List*", Resource: "*"}
            """,
        ),
        good(
            "the access point's own policy admits the role",
            """
            Parameters:
              InputAlias: {Type: String}
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "s3:GetObject", Resource: !Sub "arn:aws:s3:::${InputAlias}/*"}
              Point:
                Type: AWS::S3::AccessPoint
                Properties:
                  Bucket: example
                  Policy:
                    Statement:
                      - {Effect: Allow, Action: "s3:*", Resource: "*", Principal: {AWS: !GetAtt Reader.Arn}}
            """,
        ),
    ],
)
def alias_only_grant(role: Role) -> Iterator[Finding]:
    """
    Access to an S3 access point is granted by its alias only.

    IAM does not recognise `arn:aws:s3:::<alias>` for an access point: the alias is an address
    (what goes into `Bucket=`), not a name that policies are matched against. Only
    `arn:aws:s3:<region>:<account>:accesspoint/<name>` authorises listing, and
    `…:accesspoint/<name>/object/*` objects. The stack deploys cleanly, looks permitted, and
    answers AccessDenied on its first request.

    Every policy of the role is read, in every scenario in which the template can be deployed: a
    grant on the access point anywhere in the role, or in a policy of the access point itself, is
    enough. Where only an optional name decides whether the grant is there, S3AP102 speaks instead.

    Source: AWS, "Troubleshooting access points" in the FSx for ONTAP user guide.
    """
    outcomes = [replace(o, answer=_denied(o.answer)) for o in s3_outcomes(role, Target.ALIAS)]
    grants = [grant for outcome in outcomes for grant in outcome.answer]
    alone = {grant.action for grant in grants if grant.standing.access is Access.NOT_GRANTED}
    for aliases in _groups(grant for grant in grants if grant.action in alone):
        concerned = [grant for grant in grants if grant.name in aliases and grant.action in alone]
        actions = list(dict.fromkeys(grant.action for grant in concerned))
        verdict = role.template.verdict(outcomes, partial(_concerns, aliases, alone))
        if verdict is None:
            continue
        places = {grant.leaf.node.span: grant.leaf.at for grant in concerned}
        first, *others = (places[span] for span in sorted(places))
        yield Finding(
            f"{role.id} is granted {', '.join(actions)} on {' or '.join(sorted(aliases))} by alias only, "
            f"which IAM ignores; every request is denied unless {_form(actions)} is granted too",
            at=first,
            related=(
                role.at.noted("the role"),
                *(at.noted("the same alias") for at in others),
                *(user.at.noted("runs under the role") for user in role.users if user.id != role.id),
            ),
            severity=None if verdict.in_defaults else Severity.WARNING,
            scenario=verdict.scenario,
            fix=_fix(role, concerned, grants, alone),
            flow=(
                *way(role.template, verdict.scenario, *dict.fromkeys(grant.statement.node for grant in concerned)),
                first.noted("the grant is by alias only"),
                *(user.at.noted("runs under the role, and is denied") for user in role.users),
            ),
        )


def _fix(role: Role, concerned: Iterable[S3Grant], grants: Iterable[S3Grant], alone: set[str]) -> Fix | None:
    """The access points beside the aliases, in every statement that is concerned, and for every alias in it.

    One alias alone would not do: the first access point in a statement makes the others look granted.
    """
    statements = {grant.statement.node.span for grant in concerned}
    meant = {
        (grant.leaf.node.span, level_of(grant.action).value, grant.leaf.pieces, grant.action): grant
        for grant in grants
        if grant.statement.node.span in statements and grant.action in alone
    }
    pairs, sure = list[tuple[S3Grant, Value]](), True
    for grant in (meant[key] for key in sorted(meant, key=lambda key: key[:2])):
        form = beside_alias(grant.resource, level_of(grant.action), role.template)
        if form is None:
            return None
        pairs.append((grant, form.value))
        sure = sure and form.sure
    written = [(grant.leaf.node, value) for grant, value in pairs if not grant.statement.bundled]
    bundled = [(grant, value) for grant, value in pairs if grant.statement.bundled]
    changes = [*added(written, role.template), *_beside_bundles(role, bundled)]
    if sure and not bundled:
        return offer("Also grant the access point ARN", *changes, safety=Safety.SAFE)
    return offer("Also grant the access point ARN" if sure else "Also grant all access points of the account", *changes)


def _beside_bundles(role: Role, pairs: list[tuple[S3Grant, Value]]) -> list[Edit | None]:
    """A policy beside the policy templates of SAM, which take one bucket only."""
    if not pairs:
        return []
    policies = pairs[0][0].statement.node.parent
    policies = policies.parent if policies is not None else None
    if policies is None or policies.key != "Policies" or not policies.is_sequence:
        return [None]
    statement = {
        "Effect": "Allow",
        "Action": list(dict.fromkeys(grant.action for grant, _ in pairs)),
        "Resource": [value for index, (_, value) in enumerate(pairs) if value not in [v for _, v in pairs[:index]]],
    }
    document: Value = {"Version": "2012-10-17", "Statement": [statement]}
    return [edits.append(policies, role.template.source, document)]


def _denied(grants: tuple[S3Grant, ...]) -> tuple[S3Grant, ...]:
    """What the role is granted on aliases and on no access point of the right level, whoever is named."""
    denied = (Access.NOT_GRANTED, Access.WRONG_LEVEL)
    return tuple(grant for grant in grants if grant.standing.access in denied)


def _form(actions: Iterable[str]) -> str:
    """The resource that authorises the actions."""
    levels = {level_of(action) for action in actions}
    forms = [("accesspoint/NAME", Level.BUCKET), ("accesspoint/NAME/object/*", Level.OBJECT)]
    return " and ".join(form for form, level in forms if level in levels)


def _concerns(aliases: set[str], actions: set[str], grants: tuple[S3Grant, ...]) -> bool:
    return any(grant.name in aliases and grant.action in actions for grant in grants)


def _groups(grants: Iterable[S3Grant]) -> list[set[str]]:
    """The aliases that are reported together, because one resource is the one or the other."""
    found: list[tuple[set[str], set[Span]]] = []
    for grant in grants:
        aliases, spans = {grant.name}, {grant.leaf.node.span}
        apart = []
        for group in found:
            if group[0] & aliases or group[1] & spans:
                aliases |= group[0]
                spans |= group[1]
            else:
                apart.append(group)
        found = [*apart, (aliases, spans)]
    return [aliases for aliases, _ in sorted(found, key=lambda group: min(group[1]))]
