"""S3AP205: what a role may do, written where it says who may be the role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Finding,
    Severity,
    Span,
    Statement,
    Template,
    World,
    bad,
    choose,
    good,
    matches,
    rule,
    statements,
)
from s3ap_rules.references.policy_documents import PolicyDocument, policy_documents

# What a trust policy may allow (IAM user guide, "Actions, resources, and condition keys for AWS STS").
TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
)

Misplaced = dict[Span, tuple[Statement, tuple[str, ...]]]
"""Statements by place, each with its actions that do not belong there; none when only its Resource does not."""


@rule(
    code="S3AP205",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    merges=("E3510", "E3511", "E3512", "E3530"),
    examples=[
        bad(
            "tracing, pasted into the wrong list",
            """
            Resources:
              OcrRole:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Version: "2012-10-17"
                    Statement:
                      - Effect: Allow
                        Principal: {Service: lambda.amazonaws.com}
                        Action: sts:AssumeRole
                      - Sid: XRayTracing  # 追跡  # <- S3AP205
                        Effect: Allow
                        Action: [xray:PutTraceSegments, xray:PutTelemetryRecords]
                        Resource: "*"
            """,
        ),
        bad(
            "in one statement with sts:AssumeRole, and a Resource that names the role itself",
            """
            Resources:
              One:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:  # <- S3AP205
                      Effect: Allow
                      Principal: {Service: lambda.amazonaws.com}
                      Action: [sts:AssumeRole, "logs:*"]
              Two:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - Effect: Allow  # <- S3AP205
                        Principal: {Service: lambda.amazonaws.com}
                        Action: sts:AssumeRole
                        Resource: !Sub "arn:aws:iam::${AWS::AccountId}:role/two"
            """,
        ),
        bad(
            "only with tracing on",
            """
            Parameters:
              Tracing: {Type: String, Default: "no"}
            Conditions:
              Traced: !Equals [!Ref Tracing, "yes"]
            Resources:
              OcrRole:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - Effect: Allow
                        Principal: {Service: lambda.amazonaws.com}
                        Action: sts:AssumeRole
                      - !If
                        - Traced
                        - Effect: Allow  # <- S3AP205
                          Action: xray:PutTraceSegments
                          Resource: "*"
                        - !Ref AWS::NoValue
            """,
        ),
        good(
            "everything that belongs there",
            """
            Parameters:
              TrustedAction: {Type: String}
            Resources:
              Worker:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - Effect: Allow
                        Principal: {Service: pods.eks.amazonaws.com}
                        Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity, sts:SetContext]
                      - Effect: Allow
                        Principal: {Federated: cognito-identity.amazonaws.com}
                        Action: sts:AssumeRoleWithWebIdentity
                      - Effect: Allow
                        Principal: {AWS: !Ref AWS::AccountId}
                        Action: ["sts:*", !Ref TrustedAction]
                      - Effect: Deny
                        Principal: "*"
                        NotAction: sts:AssumeRole
                  Policies:
                    - PolicyName: tracing
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: xray:PutTraceSegments, Resource: "*"}
            """,
        ),
    ],
)
def permission_in_trust_policy(template: Template) -> Iterator[Finding]:
    """
    A trust policy holds what only a permission policy may: another action than assuming the role, or a Resource.

    AssumeRolePolicyDocument says who may assume the role; its resource is the role. IAM refuses anything more
    ("AssumeRole policy may only specify STS AssumeRole actions", "Has prohibited field Resource"), so the role is not
    created, and the permission that was meant would be missing even if it were.

    Move the statement to the role's `Policies`. `sts:TagSession`, `sts:SetSourceIdentity` and `sts:SetContext` belong
    to the trust policy.
    """
    for document in policy_documents(template):
        if document.is_trust_policy:
            yield from _in_trust_policy(template, document)


def _in_trust_policy(template: Template, document: PolicyDocument) -> Iterator[Finding]:
    outcomes = template.outcomes(partial(_misplaced, document))
    for span in sorted({span for outcome in outcomes for span in outcome.answer}):
        verdict = template.verdict(outcomes, partial(_stands_at, span))
        if verdict is None:
            continue
        statement, actions = next(o.answer[span] for o in outcomes if span in o.answer)
        what = f"lists {', '.join(actions)}" if actions else "has a Resource"
        yield Finding(
            f"the trust policy of {document.owner.id} {what}; it may only say who assumes the role, and IAM refuses it",
            at=statement.node.at,
            related=(document.owner.at.noted("the role"),),
            severity=None if verdict.in_defaults else Severity.WARNING,
            scenario=verdict.scenario,
        )


def _misplaced(document: PolicyDocument, world: World) -> Misplaced:
    """The statements of a trust policy that do not belong there, in a world."""
    if not document.exists(world):
        return {}
    out = {}
    for statement in statements(document.node, world):
        actions = tuple(leaf.text for leaf in statement.actions if not leaf.holes and not _is_trust(leaf.text))
        resource = choose(statement.node["Resource"], world) or choose(statement.node["NotResource"], world)
        if actions or resource is not None:
            out[statement.node.span] = (statement, actions)
    return out


def _is_trust(pattern: str) -> bool:
    """Whether an action or pattern covers something that a trust policy may allow."""
    return any(matches(pattern, action) for action in TRUST_ACTIONS)


def _stands_at(span: Span, found: Misplaced) -> bool:
    return span in found
