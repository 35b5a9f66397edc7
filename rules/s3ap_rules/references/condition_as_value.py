"""S3AP201: a condition's name where a value belongs."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Location, Severity, Template, bad, good, references, rule

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
            yield _finding(template, found.name, f"used as a value by {found.form}", found.at)
    for machine in template.of_type("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"):
        for key, value in machine.properties["DefinitionSubstitutions"].items():
            if value.is_text and value.text in names:
                yield _finding(template, value.text, f"passed as the text of {key}", value.at)


def _finding(template: Template, name: str, how: str, at: Location) -> Finding:
    defined = template.condition_at(name)
    return Finding(
        f"{name} is a condition, {how}; conditions have no value outside Fn::If and Condition",
        at=at,
        related=(defined.noted("the condition"),) if defined else (),
    )
