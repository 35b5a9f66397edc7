"""S3AP201: a condition's name where a value belongs."""

import re
from collections.abc import Iterator

from s3ap_lint.api import (
    Finding,
    Fix,
    Location,
    Node,
    Reference,
    Severity,
    Template,
    Value,
    bad,
    edits,
    good,
    if_,
    offer,
    references,
    rule,
    sub,
    value_of,
)

_VARIABLE = re.compile(r"\$\{\s*(\w+)\s*\}")
TITLE = "Write the condition's value with Fn::If"

HEAD = """
    Parameters:
      Stage: {Type: String, Default: dev}
    Conditions:
      IsProd: !Equals [!Ref Stage, prod]
    """


@rule(
    code="S3AP201",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    merges=("E1010", "E1019", "E1020", "E3030", "E3031", "W8001"),
    examples=[
        bad(
            "in Ref and in Sub",
            HEAD
            + """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Sub "alerts-${IsProd}"  # 通知先  # <- S3AP201
          DisplayName: !Ref IsProd  # <- S3AP201
    """,
            fixed=HEAD
            + """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Sub ["alerts-${IsProd}", {IsProd: !If [IsProd, "true", "false"]}]  # 通知先
          DisplayName: !If [IsProd, "true", "false"]
    """,
        ),
        bad(
            "as a substitution of a state machine",
            HEAD
            + """
    Resources:
      Flow:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: flow.asl.json
          DefinitionSubstitutions:
            Notify: IsProd  # <- S3AP201
    """,
            fixed=HEAD
            + """
    Resources:
      Flow:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: flow.asl.json
          DefinitionSubstitutions:
            Notify: !If [IsProd, "true", "false"]
    """,
        ),
        bad(
            "as a function where its name is enough",
            HEAD
            + """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Condition: !Ref IsProd  # <- S3AP201
    """,
            fixed=HEAD
            + """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Condition: IsProd
    """,
        ),
        good(
            "in the places of a condition, and in If",
            HEAD
            + """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Condition: IsProd
        Properties:
          TopicName: !If [IsProd, alerts, !Ref AWS::NoValue]
          DisplayName: !Sub ["${IsProd}", {IsProd: "yes"}]
    Outputs:
      Name:
        Condition: IsProd
        Value: !GetAtt Topic.TopicName
    """,
        ),
        good(
            "a parameter or resource of the same name",
            """
            Parameters:
              Encrypt: {Type: String, Default: "false"}
            Conditions:
              Encrypt: !Equals [!Ref Encrypt, "true"]
            Resources:
              Topic:
                Type: AWS::SNS::Topic
                Properties:
                  DisplayName: !Ref Encrypt
            """,
        ),
    ],
)
def condition_as_value(template: Template) -> Iterator[Finding]:
    """
    The name of a condition stands where a value belongs.

    A condition is true or false only in `Condition:` and `Fn::If`. `Ref`, `Fn::Sub` and `Fn::GetAtt`
    look the name up among parameters and resources, do not find it, and the change set is refused; as a
    literal substitution of a state machine it arrives as the text of its name, which is never false.

    Write `!If [TheCondition, "true", "false"]` for a value that follows a condition.
    """
    names = set(template.space.conditions) - set(template.space.parameters) - set(template.resources)
    names -= set(template.generated)
    for found in references(template):
        if found.name in names:
            fix = _fix(found, names, template)
            yield _finding(template, found.name, f"used as a value by {found.form}", found.at, fix)
    for machine in template.of_type("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"):
        for key, value in machine.properties["DefinitionSubstitutions"].items():
            if value.is_text and value.text in names:
                fix = offer(TITLE, edits.replace(value, template.source, _as_text(value.text)))
                yield _finding(template, value.text, f"passed as the text of {key}", value.at, fix)


def _fix(found: Reference, names: set[str], template: Template) -> Fix | None:
    """`true` or `false` in place of the name; in a place that takes a condition, its name alone."""
    source, node = template.source, found.node
    if found.form == "Ref" and node.key == "Condition" and len(node.path) == 3:
        return offer("Name the condition", edits.replace(node, source, found.name))
    if found.section == "Conditions" or found.form == "Fn::GetAtt":
        return None  # Fn::If has no place there, and no attribute has a right answer
    if found.form == "Ref":
        return offer(TITLE, edits.replace(node, source, _as_text(found.name)))
    argument = node["Fn::Sub"]
    return offer(TITLE, edits.replace(node, source, _substituted(argument, names)))


def _substituted(argument: Node, names: set[str]) -> Value:
    """An `Fn::Sub` that gives the conditions in its text a value."""
    text = argument.text or argument[0].text
    given: dict[str, Value] = {key: value_of(value) for key, value in argument[1].items()}
    used = [
        name for name in sorted(names) if re.search(rf"\$\{{\s*{re.escape(name)}\s*\}}", text) and name not in given
    ]
    return sub(text, {**given, **{name: _as_text(name) for name in used}})


def _as_text(condition: str) -> Value:
    return if_(condition, "true", "false")


def _finding(template: Template, name: str, how: str, at: Location, fix: Fix | None) -> Finding:
    defined = template.condition_at(name)
    return Finding(
        f"{name} is a condition, {how}; conditions have no value outside Fn::If and Condition",
        at=at,
        related=(defined.noted("the condition"),) if defined else (),
        fix=fix,
    )
