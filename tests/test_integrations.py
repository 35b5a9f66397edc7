"""What the states of a definition need, however it is written."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from s3ap_lint.integrations import wanted
from s3ap_lint.source import Source
from s3ap_lint.statemachine import definitions
from s3ap_lint.template import document
from s3ap_lint.template.template import Template
from s3ap_lint.template.worlds import World

HEAD = """
Resources:
  Work: {Type: AWS::Lambda::Function}
  Orders: {Type: AWS::DynamoDB::Table}
  Jobs: {Type: AWS::SQS::Queue}
  Pull: {Type: AWS::IAM::Role}
  Containers: {Type: AWS::ECS::TaskDefinition, Properties: {ExecutionRoleArn: !GetAtt Pull.Arn}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
"""


def needs(properties: str) -> list[tuple[str, str]]:
    """The actions that the definition needs, each with its resources."""
    source = Source("template.yaml", (HEAD + indent(dedent(properties), "      ")).encode())
    top = document.parse(source).top
    assert top is not None
    template = Template(source, top)
    (definition,) = definitions(template.resources["Machine"], None, lambda path: None) or ()
    found = wanted(definition, "Machine", World(template.space, {}))
    return [(one.action, " | ".join("".join(map(str, pieces)) for pieces in one.resources)) for one in found]


def task(resource: str, parameters: str, key: str = "Parameters") -> str:
    return f"""
        Definition:
          StartAt: Do
          States:
            Do: {{Type: Task, Resource: {resource}, {key}: {parameters}, End: true}}
        """


CALLER = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"


@pytest.mark.parametrize(
    ("resource", "parameters", "expected"),
    [
        ("!GetAtt Work.Arn", "{}", [("lambda:InvokeFunction", "${Work.Arn}")]),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "{FunctionName: !Ref Work}",
            [("lambda:InvokeFunction", f"{CALLER % 'lambda'}function:${{Work}} | ${{Work}}")],
        ),
        (
            "arn:aws:states:::dynamodb:updateItem",
            "{TableName: !Ref Orders}",
            [("dynamodb:UpdateItem", f"{CALLER % 'dynamodb'}table/${{Orders}} | ${{Orders}}")],
        ),
        (
            "arn:aws:states:::sqs:sendMessage",
            "{QueueUrl: !Ref Jobs}",
            [("sqs:SendMessage", "${Jobs}")],
        ),
        ("arn:aws:states:::lambda:invoke", '{"FunctionName.$": $.name}', [("lambda:InvokeFunction", "")]),
        ("arn:aws:states:::aws-sdk:rekognition:detectLabels", "{}", [("rekognition:DetectLabels", "*")]),
        ("arn:aws:states:::aws-sdk:unheardof:doIt", "{}", []),
        ("arn:aws:states:::activity:approve", "{}", []),
    ],
)
def test_a_task_needs_what_it_calls(resource: str, parameters: str, expected: list[tuple[str, str]]) -> None:
    """On the resource that it names, where it names one."""
    assert expected == needs(task(resource, parameters))


def test_an_expression_names_nothing_before_it_runs() -> None:
    found = needs(task("arn:aws:states:::lambda:invoke", '{FunctionName: "{% $name %}"}', "Arguments"))
    assert [("lambda:InvokeFunction", "")] == found


def test_a_task_with_credentials_is_run_by_another_role() -> None:
    properties = task("!GetAtt Work.Arn", "{}").replace("Type: Task,", "Type: Task, Credentials: {RoleArn: other},")
    assert [] == needs(properties)


def test_waiting_for_a_job_needs_more() -> None:
    found = dict(needs(task("arn:aws:states:::states:startExecution.sync:2", "{StateMachineArn: !Ref Machine}")))
    assert "${Machine}" == found["states:StartExecution"]
    assert {"states:DescribeExecution", "states:StopExecution"} < set(found)
    assert found["events:PutRule"].endswith(":rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")


def test_running_a_container_hands_on_its_roles() -> None:
    found = needs(task("arn:aws:states:::ecs:runTask", "{TaskDefinition: !Ref Containers, Cluster: default}"))
    assert ("iam:PassRole", "${Pull.Arn}") in found


def test_a_distributed_map_starts_its_own_state_machine_and_reads_its_items() -> None:
    properties = """
        DefinitionSubstitutions: {Table: !Ref Orders}
        DefinitionString: |
          {"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true,
            "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k.csv"}},
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Put", "States": {
              "Put": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem",
                      "Parameters": {"TableName": "${Table}"}, "End": true}}}}}}
        """
    assert [
        ("states:StartExecution", "${Machine}"),
        ("s3:GetObject", "arn:${AWS::Partition}:s3:::b/k.csv"),
        ("dynamodb:PutItem", f"{CALLER % 'dynamodb'}table/${{Orders}} | ${{Orders}}"),
    ] == needs(properties)
