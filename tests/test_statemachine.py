"""Which functions the Tasks of a state machine run, however its definition is written."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from s3ap_lint.application import Application
from s3ap_lint.project import Project
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.template import Template

FUNCTIONS = """
Transform: AWS::Serverless-2016-10-31
Resources:
  First:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: a.handler, FunctionName: !Sub "${AWS::StackName}-first"}
  Second:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: b.handler}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Second, FunctionVersion: "1", Name: live}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
"""

NESTED = """
{
  "States": {
    "Each": {"Type": "Map", "MaxConcurrency": ${Many}, "ItemProcessor": {"States": {
      "Inner": {"Type": "Task", "Resource": "${First.Arn}"}
    }}},
    "Both": {"Type": "Parallel", "Branches": [
      {"States": {"Left": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                           "Parameters": {"FunctionName": "${Second}"}}}},
      {"States": {"Right": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}}}
    ]}
  }
}
"""


class _Nothing:
    def is_file(self, path: str) -> bool:
        return False

    def is_dir(self, path: str) -> bool:
        return False


def tasks(properties: str, files: dict[str, str] | None = None) -> dict[str, set[str]]:
    """The functions that each Task may run, by the name of the state."""
    text = FUNCTIONS + indent(dedent(properties), "      ")
    source = Source("app/template.yaml", text.encode())
    top = document.parse(source).top
    assert top is not None

    def read(path: str) -> Source | None:
        return Source(path, files[path].encode()) if files and path in files else None

    project = Project(_Nothing(), lambda path: None, read)
    machine = Application("app", (Template(source, top),), project).state_machines[0]
    return {task.state.name: set(task.functions) for one in machine.definitions or () for task in one.tasks}


@pytest.mark.parametrize(
    "properties",
    [
        "DefinitionString: !Sub |" + indent(NESTED, "  "),
        "DefinitionString: !Sub\n  - |" + indent(NESTED.replace("First.Arn", "Arn"), "    ")
        + "\n  - {Arn: !GetAtt First.Arn}",
        "DefinitionString: !If\n  - Wide\n  - !Ref AWS::NoValue\n  - !Sub |" + indent(NESTED, "    "),
    ],
)  # fmt: skip
def test_maps_and_parallels_are_looked_into(properties: str) -> None:
    assert {"Inner": {"First"}, "Left": {"Second"}} == tasks(properties)


def test_a_mapping_with_functions_of_the_template() -> None:
    found = tasks(
        """
        Definition:
          States:
            One: {Type: Task, Resource: !GetAtt First.Arn}
            Two: {Type: Task, Resource: !Ref Live}
            Three: {Type: Task, Resource: !If [Wide, !GetAtt First.Arn, !GetAtt Second.Arn]}
            Four: {Type: Task, Resource: "${Arn}"}
        DefinitionSubstitutions: {Arn: !GetAtt Second.Arn}
        """
    )
    assert {"One": {"First"}, "Two": {"Second"}, "Three": {"First", "Second"}, "Four": {"Second"}} == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("machine.asl.json", '{"States": {"One": {"Type": "Task", "Resource": "${Arn}"}}}'),
        ("machine.asl.yaml", "States:\n  One:\n    Type: Task\n    Resource: ${Arn}\n"),
    ],
)
def test_a_file_with_substitutions(name: str, text: str) -> None:
    properties = f"DefinitionUri: {name}\nDefinitionSubstitutions: {{Arn: !GetAtt First.Arn}}"
    assert {"One": {"First"}} == tasks(properties, {f"app/{name}": text})


def test_a_function_by_its_name() -> None:
    arn = "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-first"
    definition = f'{{"States": {{"One": {{"Type": "Task", "Resource": "{arn}"}}}}}}'
    assert {"One": {"First"}} == tasks(f"DefinitionString: !Sub '{definition}'")


def test_a_text_in_pieces() -> None:
    found = tasks(
        """
        DefinitionString: !Join
          - ""
          - - '{"States": {"One": {"Type": "Task", "Resource": "'
            - !GetAtt First.Arn
            - '"}}}'
        """
    )
    assert {"One": {"First"}} == found


@pytest.mark.parametrize(
    "properties",
    ["DefinitionUri: s3://bucket/key", "DefinitionString: '{'", "DefinitionUri: gone.json", "Definition: [1]"],
)
def test_what_cannot_be_read_has_no_tasks(properties: str) -> None:
    assert {} == tasks(properties)
