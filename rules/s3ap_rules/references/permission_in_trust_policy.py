"""S3AP205: what a role may do, written where it says who may be the role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Finding,
    Fix,
    Node,
    Resource,
    Safety,
    Severity,
    Span,
    Statement,
    Template,
    Value,
    World,
    bad,
    choose,
    edits,
    good,
    guards,
    matches,
    offer,
    rewrites,
    rule,
    statements,
    value_of,
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

TITLE = "Move the statement to the role's Policies"

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
                        Action:
                          - xray:PutTraceSegments
                          - xray:PutTelemetryRecords
                        Resource: "*"
            """,
            fixed="""
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
                  Policies:
                    - PolicyName: XRayTracing
                      PolicyDocument:
                        Version: "2012-10-17"
                        Statement:
                          - Sid: XRayTracing
                            Effect: Allow
                            Action:
                              - xray:PutTraceSegments
                              - xray:PutTelemetryRecords
                            Resource: "*"
            """,
        ),
        bad(
            "above the policy that it belongs to",
            """
            Resources:
              OcrRole:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                    - Effect: Allow
                      Principal: {Service: lambda.amazonaws.com}
                      Action: sts:AssumeRole
                    - Effect: Allow  # <- S3AP205
                      Action:
                        - 'xray:PutTraceSegments'  # 追跡
                      Resource: "*"
                  Policies:
                    - PolicyName: Access
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "logs:PutLogEvents", Resource: "arn:aws:logs:*:*:log-group:ocr:*"}
            """,
            fixed="""
            Resources:
              OcrRole:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                    - Effect: Allow
                      Principal: {Service: lambda.amazonaws.com}
                      Action: sts:AssumeRole
                  Policies:
                    - PolicyName: Access
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "logs:PutLogEvents", Resource: "arn:aws:logs:*:*:log-group:ocr:*"}
                          - Effect: Allow
                            Action:
                              - 'xray:PutTraceSegments'  # 追跡
                            Resource: "*"
            """,
        ),
        bad(
            "a Resource beside the principal",
            """
            Resources:
              Worker:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - Effect: Allow  # <- S3AP205
                        Principal: {Service: lambda.amazonaws.com}
                        Action: sts:AssumeRole
                        Resource: "*"
            """,
            fixed="""
            Resources:
              Worker:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - Effect: Allow
                        Principal: {Service: lambda.amazonaws.com}
                        Action: sts:AssumeRole
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
            fix=_fix(document, statement.node, actions),
        )


def _fix(document: PolicyDocument, statement: Node, actions: tuple[str, ...]) -> Fix | None:
    """A permission goes to the role's own policies; a statement that is about trust loses its Resource."""
    source = document.owner.template.source
    if not actions and (statement["Principal"] or statement["NotPrincipal"]):
        surplus = [edits.remove(statement[key], source) for key in ("Resource", "NotResource") if key in statement]
        return offer("Remove the Resource", *surplus, safety=Safety.SAFE) if len(surplus) == 1 else None
    if not _is_permission(statement, actions) or not _leaves_some(statement):
        return None
    to = _permissions(document.owner)
    if to is not None:
        moved = rewrites.move(statement, to, source)
        return offer(TITLE, *moved) if moved is not None else None
    name = statement["Sid"].text or "Permissions"
    policy: Value = {
        "PolicyName": name,
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [value_of(statement)]},
    }
    properties = document.owner.properties
    if any(item["PolicyName"].text == name for item in properties["Policies"]):
        return None
    if properties["Policies"].is_sequence:
        return offer(TITLE, edits.remove(statement, source), edits.append(properties["Policies"], source, policy))
    if properties["Policies"]:
        return None
    return offer(TITLE, edits.remove(statement, source), edits.set(properties, source, "Policies", [policy]))


def _is_permission(statement: Node, actions: tuple[str, ...]) -> bool:
    """Whether a statement is nothing but a permission: it can stand in another policy as it is."""
    own = statement["Action"]
    written = [own.text] if own.is_text else [item.text for item in own]
    trusting = any(_is_trust(text) for text in written) and actions != ()
    return bool(statement["Resource"]) and not statement["Principal"] and all(written) and not trusting


def _leaves_some(statement: Node) -> bool:
    """Whether something is left of the list that a statement is taken out of, in every scenario."""
    listed = statement.parent
    if listed is None or not listed.is_sequence or listed.key != "Statement":
        return False
    return any(item is not statement and item["Effect"] and item["Principal"] for item in listed)


def _permissions(role: Resource) -> Node | None:
    """The statements of the role's own policy, if it has one that is always there, and one only."""
    policies = list(role.properties["Policies"])
    statements = policies[0]["PolicyDocument"]["Statement"] if len(policies) == 1 else None
    return statements if statements is not None and statements.is_sequence and not guards(statements) else None


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
