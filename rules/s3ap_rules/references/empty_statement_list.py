"""S3AP204: a policy of which nothing may be left."""

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Finding,
    Fix,
    Node,
    Severity,
    Template,
    World,
    bad,
    edits,
    good,
    listed,
    offer,
    rewrites,
    rule,
    way,
)
from s3ap_rules.references.mentions import is_mentioned
from s3ap_rules.references.policy_documents import PolicyDocument, policy_documents

HEAD = """
    Parameters:
      Summary: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
      Alerts: {Type: String, Default: "yes", AllowedValues: ["yes", "no"]}
    Conditions:
      WithSummary: !Equals [!Ref Summary, "yes"]
      WithAlerts: !Equals [!Ref Alerts, "yes"]
      WithNothing: !And [!Not [!Condition WithSummary], !Not [!Condition WithAlerts]]
    """

SUMMARISE = "{Effect: Allow, Action: bedrock:InvokeModel, Resource: '*'}"
PUBLISH = "{Effect: Allow, Action: sns:Publish, Resource: '*'}"


@rule(
    code="S3AP204",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    merges=("E3510", "E3530"),
    examples=[
        bad(
            "the only statement of a SAM function goes with a feature",
            "    Transform: AWS::Serverless-2016-10-31"
            + HEAD
            + f"""
    Resources:
      Analyze:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(e, c): pass"
          Handler: index.handler
          Runtime: python3.12
          Policies:
            - Version: "2012-10-17"
              Statement:  # 要約  # <- S3AP204
                - !If [WithSummary, {SUMMARISE}, !Ref AWS::NoValue]
    """,
            fixed="    Transform: AWS::Serverless-2016-10-31"
            + HEAD
            + f"""
    Resources:
      Analyze:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(e, c): pass"
          Handler: index.handler
          Runtime: python3.12
          Policies:
            - !If
              - WithSummary
              - Version: "2012-10-17"
                Statement:  # 要約
                  - {SUMMARISE}
              - !Ref AWS::NoValue
    """,
        ),
        bad(
            "all statements of a policy resource go with one feature",
            HEAD
            + f"""
    Resources:
      Access:
        Type: AWS::IAM::Policy
        Properties:
          PolicyName: access
          Roles: [worker]
          PolicyDocument:
            Statement:  # <- S3AP204
              - !If [WithSummary, {SUMMARISE}, !Ref AWS::NoValue]
              - !If [WithSummary, {PUBLISH}, !Ref AWS::NoValue]
    """,
            fixed=HEAD
            + f"""
    Resources:
      Access:
        Type: AWS::IAM::Policy
        Condition: WithSummary
        Properties:
          PolicyName: access
          Roles: [worker]
          PolicyDocument:
            Statement:
              - {SUMMARISE}
              - {PUBLISH}
    """,
        ),
        bad(
            "two statements, and a way to switch off both",
            HEAD
            + f"""
    Resources:
      Access:
        Type: AWS::IAM::Policy
        Properties:
          PolicyName: access
          Roles: [worker]
          PolicyDocument:
            Statement:  # <- S3AP204
              - !If [WithSummary, {SUMMARISE}, !Ref AWS::NoValue]
              - !If [WithAlerts, {PUBLISH}, !Ref AWS::NoValue]
    """,
        ),
        bad(
            "a list that is empty, or not there",
            HEAD
            + f"""
    Resources:
      Worker:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement: []  # <- S3AP204
          Policies:
            - PolicyName: Access
              PolicyDocument:
                Statement: !If [WithSummary, [{SUMMARISE}], !Ref AWS::NoValue]  # <- S3AP204
    """,
        ),
        good(
            "one statement is always there",
            HEAD
            + f"""
    Resources:
      Access:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument:
            Statement:
              - !If [WithSummary, {SUMMARISE}, !Ref AWS::NoValue]
              - !If [WithAlerts, {PUBLISH}, !Ref AWS::NoValue]
              - !If [WithNothing, {PUBLISH}, !Ref AWS::NoValue]
    """,
        ),
        good(
            "the policy goes with its statements",
            HEAD
            + f"""
    Resources:
      Worker:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {{}}
          Policies:
            - !If
              - WithSummary
              - PolicyName: Access
                PolicyDocument:
                  Statement:
                    - !If [WithSummary, {SUMMARISE}, !Ref AWS::NoValue]
              - !Ref AWS::NoValue
      Alerting:
        Type: AWS::IAM::Policy
        Condition: WithAlerts
        Properties:
          PolicyName: alerting
          Roles: [!Ref Worker]
          PolicyDocument:
            Statement: [!If [WithAlerts, {PUBLISH}, !Ref AWS::NoValue]]
    """,
        ),
        good(
            "SAM ignores the Policies of a function with a Role",
            "    Transform: AWS::Serverless-2016-10-31"
            + HEAD
            + f"""
    Resources:
      Analyze:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(e, c): pass"
          Handler: index.handler
          Runtime: python3.12
          Role: arn:aws:iam::123456789012:role/analyze
          Policies:
            - Statement:
                - !If [WithSummary, {SUMMARISE}, !Ref AWS::NoValue]
    """,
        ),
        good(
            "the statement of a firewall",
            """
            Resources:
              Firewall:
                Type: AWS::WAFv2::WebACL
                Properties:
                  Rules:
                    - {Name: all, Priority: 0, Statement: [], Version: "2012-10-17"}
            """,
        ),
    ],
)
def empty_statement_list(template: Template) -> Iterator[Finding]:
    """
    Every statement of a policy may be removed at once.

    IAM refuses a policy without statements ("Syntax errors in policy"), so the stack rolls back as soon as somebody
    switches off the features that the statements belong to.

    Put the `!If` around the whole policy, give the policy resource a Condition, or keep one statement outside.
    """
    for document in policy_documents(template):
        if document.owner.type == "AWS::EC2::VPCEndpoint":
            continue  # what an endpoint's policy without statements means was not measured
        outcomes = template.outcomes(partial(_has_none, document))
        verdict = template.verdict(outcomes, bool)
        if verdict is None:
            continue
        which = "trust policy" if document.is_trust_policy else "policy"
        fact = "has no statement" if verdict.always else "may be left without any statement"
        yield Finding(
            f"a {which} of {document.owner.id} {fact}; such a policy is refused, and the stack rolls back",
            at=document.node["Statement"].key_at,
            related=(document.owner.at.noted("the resource with the policy"),),
            severity=None if verdict.in_defaults else Severity.WARNING,
            scenario=verdict.scenario,
            flow=way(template, verdict.scenario, document.node["Statement"]),
            fix=_fix(template, document),
        )


def _fix(template: Template, document: PolicyDocument) -> Fix | None:
    """The policy behind the condition that all of its statements have in common, instead of each of them."""
    statements = document.node["Statement"]
    guard = _common(statements)
    if guard is None or document.is_trust_policy:
        return None
    condition, truth = guard
    bare = [rewrites.unwrap(item, template.source, item["Fn::If"][1 if truth else 2]) for item in statements]
    edited = [edit for edit in bare if edit is not None]
    policy = document.node if document.node.key != "PolicyDocument" else document.node.parent
    listed = policy.parent if policy is not None else None
    if len(edited) < len(bare) or policy is None:
        return None
    if listed is not None and listed.is_sequence and listed.key == "Policies":
        title = f"Leave the policy out when {condition} is {'false' if truth else 'true'}"
        return offer(title, rewrites.wrap_edited(policy, template.source, edited, condition, truth))
    owner = document.owner
    if policy is not owner.properties or owner.condition or not truth or is_mentioned(owner.id, template):
        return None
    edit = edits.insert_after(owner.node, template.source, "Type", "Condition", condition)
    return offer(f"Give {owner.id} the condition", edit, *edited)


def _common(statements: Node) -> tuple[str, bool] | None:
    """The condition that decides about every statement of a list, and the truth it needs; None if there is none."""
    found = set[tuple[str, bool]]()
    for item in statements:
        arms = item["Fn::If"]
        absent = [arm["Ref"].text == "AWS::NoValue" for arm in (arms[1], arms[2])]
        if len(arms) != 3 or absent[0] == absent[1] or "Effect" not in arms[1 if absent[1] else 2]:
            return None
        found.add((arms[0].text, absent[1]))
    return found.pop() if len(found) == 1 else None


def _has_none(document: PolicyDocument, world: World) -> bool:
    return document.exists(world) and not listed(document.node["Statement"], world)
