"""S3AP110: an alias that grants nothing, beside the ARN that does."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial

from s3ap_lint.api import (
    Access,
    Finding,
    Fix,
    Node,
    Reference,
    Role,
    S3Grant,
    Severity,
    Span,
    Target,
    Template,
    bad,
    edits,
    good,
    mentioned,
    offer,
    references,
    rule,
    s3_outcomes,
)
from s3ap_rules.access_points.mispaired_access_point import access_points, is_mispaired
from s3ap_rules.access_points.role_example import role_with


@rule(
    code="S3AP110",
    subject=Role,
    severity=Severity.WARNING,
    since="0.1.0",
    strict=True,
    examples=[
        bad(
            "alias and ARN side by side",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:::${OutputAlias}/*"  # <- S3AP110
    - !Sub "arn:aws:s3:*:*:accesspoint/${AWS::StackName}/object/*"
- Effect: Deny
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
"""),
            fixed=role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource:
    - !Sub "arn:aws:s3:*:*:accesspoint/${AWS::StackName}/object/*"
- Effect: Deny
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
"""),
        ),
        good(
            "the ARN alone, and an alias that is all there is",
            role_with("""
- Effect: Allow
  Action: [s3:PutObject]
  Resource: !Sub "arn:aws:s3:*:*:accesspoint/${AWS::StackName}/object/*"
- Effect: Allow
  Action: s3:GetObject
  Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"
"""),
        ),
    ],
)
def inert_alias_grant(role: Role) -> Iterator[Finding]:
    """
    An alias of an access point stands among the resources of a grant that works without it.

    IAM does not recognise it, so it grants nothing; whoever copies the statement may take the wrong one of the two.

    Remove the alias. It belongs into `Bucket=`, not into a policy.
    """
    outcomes = [replace(o, answer=_inert(o.answer)) for o in s3_outcomes(role, Target.ALIAS)]
    spans = sorted({grant.leaf.node.span for outcome in outcomes for grant in outcome.answer})
    for span in spans:
        grants = [g for o in outcomes for g in o.answer if g.leaf.node.span == span]
        verdict = role.template.verdict(outcomes, partial(_stands_at, span))
        if verdict is None or not verdict.always:
            continue
        yield Finding(
            f"{grants[0].name} is an alias, which grants nothing; the access point ARN in {role.id} already does",
            at=grants[0].leaf.at,
            related=(role.at.noted("the role"),),
            fix=None if _hides(grants[0], role) else _fix(grants[0].leaf.node, spans, role.template),
        )


def _hides(grant: S3Grant, role: Role) -> bool:
    """Whether the alias is all that shows that another access point is meant than the one that is named."""
    return any(is_mispaired(grant.statement, one, role) for one in access_points(grant.statement, role))


def _fix(node: Node, inert: Collection[Span], template: Template) -> Fix | None:
    """The list without the alias, if something that is none is left of it in every scenario."""
    listed = node.parent
    if listed is None or not listed.is_sequence or listed.key.startswith("Fn::"):
        return None
    if any(_is_last_mention(found, template) for found in mentioned(node, template)):
        return None  # a parameter that nothing uses is the next question
    others = [item for item in listed if item.span not in inert and _is_there(item)]
    return offer("Remove the alias", edits.remove(node, template.source)) if others else None


def _is_last_mention(found: Reference, template: Template) -> bool:
    return all(other.at == found.at for other in references(template) if other.name == found.name)


def _is_there(item: Node) -> bool:
    """Whether an item of a list is there in every scenario, as one or the other."""
    return all(arm["Ref"].text != "AWS::NoValue" and not arm["Fn::If"] for arm in list(item["Fn::If"])[1:])


def _stands_at(span: Span, grants: tuple[S3Grant, ...]) -> bool:
    return any(grant.leaf.node.span == span for grant in grants)


def _inert(grants: tuple[S3Grant, ...]) -> tuple[S3Grant, ...]:
    return tuple(grant for grant in grants if grant.standing.access is Access.WORKS)
