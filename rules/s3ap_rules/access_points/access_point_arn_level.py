"""S3AP103: an access point is granted on a level that the action does not look at."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from s3ap_lint.api import (
    Access,
    Finding,
    Fix,
    Hole,
    Level,
    Node,
    Role,
    S3Grant,
    Safety,
    Severity,
    Span,
    Target,
    Value,
    bad,
    good,
    guards,
    level_of,
    offer,
    rule,
    s3_outcomes,
)
from s3ap_rules.access_points.access_point_forms import added, on_level
from s3ap_rules.access_points.mispaired_access_point import access_points, is_mispaired
from s3ap_rules.access_points.role_example import role_with


@rule(
    code="S3AP103",
    subject=Role,
    severity=Severity.ERROR,
    since="0.1.0",
    security=4.0,
    examples=[
        bad(
            "objects are read, but only the access point itself is named",
            role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog"  # <- S3AP103
"""),
            fixed=role_with("""
- Effect: Allow
  Action: s3:GetObject
  Resource:
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog"
    - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog/object/*"
"""),
        ),
        bad(
            "the access point is listed, but only its objects are named",
            role_with("""
- Effect: Allow
  Action: [s3:ListBucket, s3:GetObject]
  Resource:
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog/object/*"  # <- S3AP103
"""),
            fixed=role_with("""
- Effect: Allow
  Action: [s3:ListBucket, s3:GetObject]
  Resource:
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog/object/*"
    - !Sub "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog"
"""),
        ),
        bad(
            "only where an optional name is given; the other level would be there no more often",
            """
            Parameters:
              PointName: {Type: String, Default: ""}
            Conditions:
              HasName: !Not [!Equals [!Ref PointName, ""]]
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - Effect: Allow
                            Action: s3:ListBucket
                            Resource:
                              - arn:aws:s3:::plain
                              - !If
                                - HasName
                                - !Sub "arn:aws:s3:*:*:accesspoint/${PointName}/object/*"  # <- S3AP103
                                - !Ref AWS::NoValue
            """,
        ),
        bad(
            "the name of another access point than the alias is of",
            """
            Parameters:
              OutputAlias: {Type: String}
              InputName: {Type: String}
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  Policies:
                    - PolicyName: Read
                      PolicyDocument:
                        Statement:
                          - Effect: Allow
                            Action: s3:ListBucket
                            Resource:
                              - !Sub "arn:aws:s3:::${OutputAlias}"
                              - !Sub "arn:aws:s3:*:*:accesspoint/${InputName}/object/*"  # <- S3AP103
            """,
        ),
        good(
            "mixed actions with both ARNs, and a wildcard that spans the slash",
            role_with("""
- Effect: Allow
  Action: [s3:ListBucket, s3:GetObject]
  Resource:
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog"
    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/catalog/object/*"
- Effect: Allow
  Action: [s3:GetBucketLocation, s3:PutObject]
  Resource: "arn:aws:s3:*:*:accesspoint/reports-*"
"""),
        ),
        good(
            "the other level is granted elsewhere in the role",
            role_with("""
- Effect: Allow
  Action: "s3:Get*"
  Resource: "arn:aws:s3:*:*:accesspoint/catalog"
- Effect: Allow
  Action: s3:GetObject*
  Resource: "arn:aws:s3:*:*:accesspoint/catalog/*"
"""),
        ),
    ],
)
def access_point_arn_level(role: Role) -> Iterator[Finding]:
    """
    An S3 action is granted on an access point, but on the wrong level of its ARN.

    Listing is authorised on `accesspoint/NAME`, objects on `accesspoint/NAME/object/KEY`. A grant on the
    other level matches no request, so every one is denied.

    Name both, or `accesspoint/NAME*`: a `*` spans the slash.
    """
    found = s3_outcomes(role, Target.ALIAS, Target.ACCESS_POINT)
    outcomes = [replace(outcome, answer=_misplaced(outcome.answer)) for outcome in found]
    names = sorted({grant.name for outcome in outcomes for grant in outcome.answer})
    for name in names:
        grants = [grant for o in outcomes for grant in o.answer if grant.name == name]
        verdict = role.template.verdict(outcomes, partial(_concerns, name))
        if verdict is None:
            continue
        actions = list(dict.fromkeys(grant.action for grant in grants))
        places = {grant.leaf.node.span: grant.leaf.at for grant in grants}
        first, *others = (places[span] for span in sorted(places))
        objects = [action for action in actions if level_of(action) is Level.OBJECT]
        wanted = f"accesspoint/{name}/object/*" if objects else f"accesspoint/{name}"
        yield Finding(
            f"{role.id} is granted {', '.join(actions)} on the wrong level of the access point; "
            f"requests are authorised against {wanted}",
            at=first,
            related=(role.at.noted("the role"), *(at.noted("the same") for at in others)),
            severity=None if verdict.in_defaults else Severity.WARNING,
            scenario=verdict.scenario,
            fix=_fix(role, grants),
        )


def _fix(role: Role, grants: list[S3Grant]) -> Fix | None:
    """The same access point on the level that the actions are authorised on, beside the one that is there."""
    pairs: dict[tuple[Span | None, int], tuple[Node, Value]] = {}
    for grant in grants:
        level = level_of(grant.action)
        form = on_level(grant.resource, level)
        if form is None or grant.statement.bundled or not _is_right(grant, role):
            return None
        pairs[grant.leaf.at.span, level.value] = grant.leaf.node, form.value
    return offer("Also grant the level that is looked at", *added(pairs.values(), role.template), safety=Safety.SAFE)


def _is_right(grant: S3Grant, role: Role) -> bool:
    """Whether the access point that is named is the one that is used, and is named in every scenario."""
    if is_mispaired(grant.statement, grant.resource, role):
        return False
    if len({one.name for one in access_points(grant.statement, role)}) > 1:
        return False  # of several, only one would be seen to
    names = [piece.name for piece in grant.resource.name if isinstance(piece, Hole)]
    return not guards(grant.leaf.node) and not any(role.template.space.may_be_empty(name) for name in names)


def _misplaced(grants: tuple[S3Grant, ...]) -> tuple[S3Grant, ...]:
    """What is granted on the wrong level only; where an alias is all there is otherwise, S3AP101 speaks."""
    alone = [g for g in grants if g.resource.target is Target.ALIAS and g.standing.access is Access.NOT_GRANTED]
    by_alias = {grant.action for grant in alone}
    found = [grant for grant in grants if grant.resource.target is Target.ACCESS_POINT]
    wrong = (grant for grant in found if grant.standing.access is Access.WRONG_LEVEL and not _plain(grant))
    return tuple(grant for grant in wrong if grant.action not in by_alias)


def _plain(grant: S3Grant) -> bool:
    """Whether a wildcard action merely also means actions of the other level."""
    return not any(text.lower() == grant.action.lower() for text in grant.statement.actions.texts)


def _concerns(name: str, grants: tuple[S3Grant, ...]) -> bool:
    return any(grant.name == name for grant in grants)
