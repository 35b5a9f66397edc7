"""S3AP203: an IAM resource that an empty parameter makes no resource at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from s3ap_lint.api import (
    Filler,
    Finding,
    Fix,
    Leaf,
    Location,
    Node,
    Resource,
    Role,
    Scenario,
    Severity,
    Span,
    Statement,
    Template,
    World,
    bad,
    given_when,
    good,
    guards,
    listed,
    mentioned,
    offer,
    rewrites,
    rule,
    statements,
    way,
)
from s3ap_rules.references.policy_documents import PolicyDocument, has_role, implicit_roles, policy_documents

HEAD = """
    Parameters:
      SecretArn: {Type: String, Default: ""}
      TopicName: {Type: String, Default: ""}
      BucketArn: {Type: String}
      Tell: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
    Conditions:
      HasSecret: !Not [!Equals [!Ref SecretArn, ""]]
      Telling: !Equals [!Ref Tell, "yes"]
    Resources:
      Worker:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {}
          Policies:
            - PolicyName: Access
              PolicyDocument:
                Statement:
    """


def _with(statements: str, head: str = HEAD) -> str:
    """A template whose role has these statements, which are written from the first column on."""
    lines = statements.strip("\n").splitlines()
    return head.rstrip(" ") + "".join(f"{' ' * 18}{line}".rstrip() + "\n" for line in lines)


@dataclass(frozen=True)
class Hollow:
    """A resource that is none in some world: what is granted on it, the parameters it begins with, and what follows."""

    node: Node
    actions: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    rest: str = ""

    @property
    def at(self) -> Location:
        return self.node.at


@rule(
    code="S3AP203",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    merges=("E3510", "W1030", "W1031"),
    examples=[
        bad(
            "a parameter that is empty unless somebody gives it",
            _with("""
- Effect: Allow
  Action: secretsmanager:GetSecretValue
  Resource: !Ref SecretArn  # 認証情報  # <- S3AP203
"""),
        ),
        bad(
            "one of several, and with something behind it",
            _with("""
- Effect: Allow
  Action: [s3:GetObject, s3:ListBucket]
  Resource:
    - !Ref BucketArn
    - !Sub "${SecretArn}/*"  # <- S3AP203
"""),
            fixed=_with("""
- Effect: Allow
  Action: [s3:GetObject, s3:ListBucket]
  Resource:
    - !Ref BucketArn
    - !If [HasSecret, !Sub "${SecretArn}/*", !Ref AWS::NoValue]
"""),
        ),
        bad(
            "all of a statement, beside another",
            _with("""
- Effect: Allow
  Action: s3:ListBucket
  Resource: !Ref BucketArn
- Effect: Allow
  # 認証情報
  Action:
    - 'secretsmanager:GetSecretValue'
  Resource:
    - !Ref SecretArn  # <- S3AP203
"""),
            fixed=_with("""
- Effect: Allow
  Action: s3:ListBucket
  Resource: !Ref BucketArn
- !If
  - HasSecret
  - Effect: Allow
    # 認証情報
    Action:
      - 'secretsmanager:GetSecretValue'
    Resource:
      - !Ref SecretArn
  - !Ref AWS::NoValue
"""),
        ),
        bad(
            "the wrong condition guards it",
            _with("""
- !If
  - Telling
  - Effect: Allow
    Action: secretsmanager:GetSecretValue
    Resource: !Ref SecretArn  # <- S3AP203
  - !Ref AWS::NoValue
"""),
        ),
        bad(
            "nothing is left of the resource",
            _with("""
- Effect: Allow
  Action: secretsmanager:GetSecretValue
  Resource: !If [HasSecret, !Ref SecretArn, ""]  # <- S3AP203
- Effect: Deny
  Action: secretsmanager:DeleteSecret
  Resource:  # <- S3AP203
    - !If [HasSecret, !Ref SecretArn, !Ref AWS::NoValue]
"""),
        ),
        bad(
            "through a policy template of SAM",
            """
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              SecretArn: {Type: String, Default: ""}
            Resources:
              Reader:
                Type: AWS::Serverless::Function
                Properties:
                  InlineCode: "def handler(e, c): pass"
                  Handler: index.handler
                  Runtime: python3.12
                  Policies:
                    - AWSSecretsManagerGetSecretValuePolicy:
                        SecretArn: !Ref SecretArn  # <- S3AP203
            """,
        ),
        good(
            "guarded, in each of the ways there are",
            _with("""
- !If
  - HasSecret
  - Effect: Allow
    Action: secretsmanager:GetSecretValue
    Resource: !Ref SecretArn
  - !Ref AWS::NoValue
- Effect: Allow
  Action: secretsmanager:GetSecretValue
  Resource: !If [HasSecret, !Ref SecretArn, !Sub "arn:aws:secretsmanager:*:${AWS::AccountId}:secret:x-*"]
- Effect: Allow
  Action: secretsmanager:DescribeSecret
  Resource:
    - !Ref BucketArn
    - !If [HasSecret, !Ref SecretArn, !Ref AWS::NoValue]
"""),
        ),
        good(
            "a name inside an ARN: without it the statement names nothing, and is accepted",
            _with("""
- Effect: Allow
  Action: sns:Publish
  Resource: !Sub "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:${TopicName}*"
"""),
        ),
        good(
            "the declaration refuses the empty Default, so a value must be given",
            _with("""
- Effect: Allow
  Action: secretsmanager:GetSecretValue
  Resource: !Ref SecretArn
""").replace(
                'SecretArn: {Type: String, Default: ""',
                'SecretArn: {Type: String, Default: "", AllowedPattern: "arn:.+"',
            ),
        ),
        good(
            "a rule of the template wants it wherever the statement is",
            _with(
                """
- !If
  - Telling
  - Effect: Allow
    Action: secretsmanager:GetSecretValue
    Resource: !Ref SecretArn
  - !Ref AWS::NoValue
""",
                """
    Rules:
      TellingNeedsSecret:
        RuleCondition: !Equals [!Ref Tell, "yes"]
        Assertions:
          - Assert: !Not [!Equals [!Ref SecretArn, ""]]
    """.rstrip(" ")
                + HEAD.lstrip("\n"),
            ),
        ),
        good(
            "SAM ignores the Policies of a function with a Role",
            """
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              SecretArn: {Type: String, Default: ""}
            Resources:
              Reader:
                Type: AWS::Serverless::Function
                Properties:
                  InlineCode: "def handler(e, c): pass"
                  Handler: index.handler
                  Runtime: python3.12
                  Role: arn:aws:iam::123456789012:role/reader
                  Policies:
                    - Statement:
                        - {Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref SecretArn}
                    - AWSSecretsManagerGetSecretValuePolicy:
                        SecretArn: !Ref SecretArn
            """,
        ),
    ],
)
def empty_resource_parameter(template: Template) -> Iterator[Finding]:
    """
    The Resource of a policy statement is a parameter that may be empty.

    A resource is an ARN or `*`. IAM refuses anything else (`Resource  must be in ARN format or "*"`), and a
    statement that is left without any (`Policy statement must contain resources`), so the stack rolls back, often on
    the first deployment with nothing but defaults.

    A parameter counts as possibly empty when its Default or one of its AllowedValues is "", or a condition compares it
    with "". Guard the statement: `!If [HasSecret, {Effect: ...}, !Ref AWS::NoValue]`, and see that another one is left.
    """
    for document in policy_documents(template):
        if not document.is_trust_policy:
            yield from _findings(template, document.owner, partial(_in_document, document))
    for role in implicit_roles(template):
        yield from _findings(template, role.owner, partial(_in_policy_templates, role))


def _findings(template: Template, owner: Resource, question: Callable[[World], frozenset[Hollow]]) -> Iterator[Finding]:
    outcomes = template.outcomes(question)
    found = {hollow.at.span: hollow for outcome in outcomes for hollow in outcome.answer}
    for span in sorted(span for span in found if span):
        verdict = template.verdict(outcomes, partial(_any_at, span))
        if verdict is None:
            continue
        hollow = found[span]
        declared = [template.space.parameters[name].node for name in hollow.parameters]
        yield Finding(
            f"{_said(hollow, owner, verdict.always)}; a policy whose resource is no ARN is refused, "
            "and the stack rolls back",
            at=hollow.at,
            related=(
                *((node["Default"] or node).key_at.noted("the parameter that may be empty") for node in declared),
                owner.at.noted("the resource with the policy"),
            ),
            severity=None if verdict.in_defaults else Severity.WARNING,
            scenario=verdict.scenario,
            flow=_flow(template, verdict.scenario, hollow),
            fix=_fix(template, hollow),
        )


def _fix(template: Template, hollow: Hollow) -> Fix | None:
    """The resource, or all of its statement, behind the condition that its parameter is given."""
    guard = given_when(hollow.parameters[0], template) if len(hollow.parameters) == 1 else None
    listed = hollow.node.parent
    if guard is None or listed is None or guard in guards(hollow.node):
        return None
    title = f"Leave it out when {hollow.parameters[0]} is empty"
    if listed.key == "Resource" and _others(listed, hollow.node, template):
        return offer(title, rewrites.wrap(hollow.node, template.source, *guard))
    whole = hollow.node
    while whole.parent is not None and whole.parent.key not in ("Statement", "Policies"):
        whole = whole.parent
    listed = whole.parent
    if listed is None or not listed.is_sequence or "NotResource" in whole:
        return None
    if listed.key == "Statement" and not _others(listed, whole, template):
        return None
    return offer(title, rewrites.wrap(whole, template.source, *guard))


def _others(items: Node, item: Node, template: Template) -> bool:
    """Whether a list has another item that is always there: no `!If`, and nothing that may be empty."""
    if not items.is_sequence:
        return False
    space = template.space
    others = [other for other in items if other is not item and not other["Fn::If"]]
    return any(not any(space.may_be_empty(found.name) for found in mentioned(other, template)) for other in others)


def _flow(template: Template, scenario: Scenario | None, hollow: Hollow) -> tuple[Location, ...]:
    steps = way(template, scenario, hollow.node)
    return (*steps, hollow.at.noted("so this is no ARN")) if steps else ()


def _said(hollow: Hollow, owner: Resource, always: bool) -> str:
    which = f"the resource of {', '.join(hollow.actions) or 'a statement'} in {owner.id}"
    if not hollow.parameters:
        return f"{which} {'is' if always else 'may be'} empty"
    verb = "begins with" if hollow.rest else "is"
    return f"{which} {verb} {' and '.join(hollow.parameters)}, which may be empty"


def _any_at(span: Span, hollows: frozenset[Hollow]) -> bool:
    return any(hollow.at.span == span for hollow in hollows)


def _in_document(document: PolicyDocument, world: World) -> frozenset[Hollow]:
    if not document.exists(world):
        return frozenset()
    return frozenset(h for statement in statements(document.node, world) for h in _in_statement(statement, world))


def _in_policy_templates(role: Role, world: World) -> frozenset[Hollow]:
    """The same in the policy templates of a SAM function, whose statements stand in SAM's tables."""
    if not role.exists(world) or has_role(role.owner, world):
        return frozenset()
    from_tables = (s for s in role.policies(world).statements if "Effect" not in s.node)
    return frozenset(hollow for s in from_tables for leaf in s.resources for hollow in _hollow(leaf, s, world))


def _in_statement(statement: Statement, world: World) -> Iterator[Hollow]:
    for name, leaves in (("Resource", statement.resources), ("NotResource", statement.not_resources)):
        node = statement.node[name]
        if not len(leaves) and node and not listed(node, world):
            yield Hollow(node, statement.actions.texts)
        for leaf in leaves:
            yield from _hollow(leaf, statement, world)


def _hollow(leaf: Leaf, statement: Statement, world: World) -> Iterator[Hollow]:
    """The leaf, if the text that it becomes is no ARN because parameters at its beginning are empty, or it is empty."""
    empty: list[str] = []
    rest = ""
    for piece in leaf.pieces:
        if isinstance(piece, str):
            rest = piece
        elif piece.filler is Filler.PARAMETER and _is_empty(piece.name, world):
            empty.append(piece.name)
            continue
        else:
            return
        if rest:
            break
    if rest.startswith(("arn", "*")) or (rest and not empty):
        return
    yield Hollow(leaf.node, statement.actions.texts, tuple(dict.fromkeys(empty)), rest)


def _is_empty(name: str, world: World) -> bool:
    """Whether a parameter is empty here, and its declaration lets it be."""
    parameter = world.space.parameters[name]
    if parameter.from_ssm or not parameter.admits("") or not world.space.may_be_empty(name):
        return False
    return world.is_empty(name)
