"""What AWS's own translator makes of SAM says the same as SAM, but for what SAM alone can say.

tests/sam/translated.json is what it made of tests/sam/source.yaml; `python tests/test_difference_sam.py` makes it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from differences import found

sys.path.insert(0, str(REPOSITORY))  # the bench is no part of the package

from bench.twins import oracle
from s3ap_lint.difference.plain import PLAIN_TYPES, RENAMED, Plain

FOLDER = Path(__file__).parent / "sam"
SOURCE, TRANSLATED = FOLDER / "source.yaml", FOLDER / "translated.json"


def maybe(value: Any) -> Any:
    return {"Fn::If": ["C", value, {"Ref": "AWS::NoValue"}]}


def differences(text: str, made: str) -> list[str]:
    return [
        f"{reason}: {difference.name}: {difference.said[0] or '–'} | {difference.said[1] or '–'}"
        for reason, difference in oracle.compared("source.yaml", text, made)
    ]


def test_what_sam_makes_says_the_same_but_for_what_only_sam_can_say() -> None:
    assert [
        "SAM's own: Policies: Allowed.Policies: AWSLambdaBasicExecutionRole | –",
        "SAM's own: Events: Allowed.Events: {Hourly: …} | –",
        "SAM makes a role: Allowed.Role: – | ${AllowedRole.Arn}",
    ] == sorted(differences(SOURCE.read_text(), TRANSLATED.read_text()), key=lambda line: line.startswith("SAM makes"))


def test_what_stands_in_an_arm_that_is_never_deployed_is_no_difference() -> None:
    """The worker is only there when IsLive is true."""
    text, made = SOURCE.read_text(), TRANSLATED.read_text()
    assert differences(text, made) == differences(text.replace("[IsLive, live, other]", "[IsLive, live, none]"), made)


def test_globals_are_what_they_give_to_each_resource() -> None:
    """Mappings key by key, lists one behind the other, and the resource's own word last."""
    globals_ = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.12
    Timeout: 30
    Layers: [arn:one]
    Environment: {Variables: {A: "1", B: "1"}}
    VpcConfig: {SubnetIds: [subnet-1]}
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Layers: [arn:two]
      Environment: {Variables: {B: "2"}}
      VpcConfig: {SubnetIds: !If [C, [subnet-2], [subnet-3]]}
"""
    own = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Timeout: 60
      Layers: [arn:one, arn:two]
      Environment: {Variables: {A: "1", B: "2"}}
      VpcConfig: {SubnetIds: !If [C, [subnet-2], [subnet-3]]}
"""
    assert [] == found(globals_, own, by_name=True)
    assert ["property One.Layers: – | [arn:one]"] == found(globals_.replace("Layers: [arn:one]", "Layers: []"), own)


@pytest.mark.parametrize(
    ("sam", "raw", "expected"),
    [
        ({"Tracing": "Active"}, {"TracingConfig": {"Mode": "Active"}}, []),
        ({"Tracing": "Active"}, {}, ["property It.TracingConfig: {Mode: Active} | –"]),
        ({"Tracing": "Disabled"}, {}, []),
        ({"Tracing": maybe("Active")}, {"TracingConfig": maybe({"Mode": "Active"})}, []),
        (
            {"Tracing": maybe("Active")},
            {"TracingConfig": {"Mode": "Active"}},
            ["property It.TracingConfig.Mode: !If [C, Active, !Ref AWS::NoValue] | Active · when C is false"],
        ),
        ({"InlineCode": "a", "CodeUri": "."}, {"Code": {"ZipFile": "a"}}, []),
        ({"InlineCode": "a"}, {"Code": {"ZipFile": "b"}}, ["code It.Code.ZipFile: a | b"]),
        (
            {"Tags": {"a": "1", "b": maybe("2")}},
            {"Tags": [{"Key": "a", "Value": "1"}, maybe({"Key": "b", "Value": "2"})]},
            [],
        ),
        ({"Layers": ["one", "two"]}, {"Layers": ["two", "one"]}, ["property It.Layers: [one, two] | [two, one]"]),
    ],
    ids=str,
)
def test_a_function_in_the_words_of_either(sam: Any, raw: Any, expected: list[str]) -> None:
    conditions = {"Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}}}
    one = {**conditions, "Resources": {"It": {"Type": "AWS::Serverless::Function", "Properties": sam}}}
    other = {**conditions, "Resources": {"It": {"Type": "AWS::Lambda::Function", "Properties": raw}}}
    assert expected == [line.partition(": AWS::Region")[0] for line in found(one, other, by_name=True)]


def test_what_becomes_of_the_versions_of_a_layer() -> None:
    def layer(kind: str, properties: Any, **attributes: Any) -> Any:
        return {"Resources": {"It": {"Type": kind, "Properties": properties, **attributes}}}

    sam, raw = "AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"
    chosen = {"Ref": "Kept"}
    assert [] == found(layer(sam, {}), layer(raw, {}, DeletionPolicy="Retain"))
    assert [] == found(
        layer(sam, {"RetentionPolicy": "delete"}), layer(raw, {"LayerName": "It"}, DeletionPolicy="Delete")
    )
    assert [] == found(layer(sam, {"RetentionPolicy": chosen}), layer(raw, {}, DeletionPolicy=chosen))
    assert ["resource It.DeletionPolicy: Retain | –"] == found(layer(sam, {}), layer(raw, {}))


def test_a_definition_is_the_same_as_a_mapping_and_as_a_text() -> None:
    """With variables of the template and of the machine, in JSON and in YAML."""
    mapping = """\
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionSubstitutions: {Worker: !GetAtt Worker.Arn}
      Definition:
        StartAt: Work
        States:
          Work: {Type: Task, Resource: "${Worker}", TimeoutSeconds: 30, Parameters: {b: !Ref Bucket}, End: true}
"""
    text = """\
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub
        - |
          {"States": {"Work": {"End": true, "Type": "Task", "Resource": "${Worker.Arn}",
            "TimeoutSeconds": ${Seconds}, "Parameters": {"b": "${Bucket}"}}}, "StartAt": "Work"}
        - {Seconds: 30}
"""
    joined = """\
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Join
        - ""
        - - '{"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "'
          - !GetAtt Worker.Arn
          - '", "TimeoutSeconds": 30, "Parameters": {"b": "'
          - !Ref Bucket
          - '"}, "End": true}}}'
"""
    assert ([], [], []) == (found(mapping, text), found(text, joined), found(joined, mapping))
    assert ["state Machine.Work: Parameters.b ${Bucket} | Parameters.b ${Other}"] == found(
        mapping, joined.replace("!Ref Bucket", "!Ref Other")
    )


CHANGED = [
    ("Timeout: 30", "Timeout: 31", "Timeout"),
    ("Tracing: Active", "Tracing: PassThrough", "TracingConfig.Mode"),
    ("cost.center: \"42\"", "cost.center: \"43\"", "Tags.cost.center"),
    ("stage: !If [IsLive, live, other]", "stage: !If [IsLive, hot, other]", "Tags.stage"),
    ("TargetArn: !GetAtt Queue.Arn", "TargetArn: !GetAtt Role.Arn", "DeadLetterConfig.TargetArn"),
    ("s3://packages/worker.zip?versionId=3", "s3://packages/worker.zip?versionId=4", "Code.S3ObjectVersion"),
    ("s3://packages/shared.zip", "s3://packages/other.zip", "Content.S3Key"),
    ("RetentionPolicy: Delete", "RetentionPolicy: Retain", "DeletionPolicy"),
    ("return event", "return None", "Code.ZipFile"),
    ("image:1", "image:2", "Code.ImageUri"),
    ("${AWS::StackName}-machine", "${AWS::StackName}-other", "StateMachineName"),
    ("Type: EXPRESS", "Type: STANDARD", "StateMachineType"),
    ("Level: ERROR", "Level: ALL", "LoggingConfiguration.Level"),
    ("Tracing: {Enabled: true}", "Tracing: {Enabled: false}", "TracingConfiguration.Enabled"),
    ("TimeoutSeconds: 30", "TimeoutSeconds: 31", "Work"),
    ("literal: !Sub \"${!kept}\"", "literal: !Sub \"${!lost}\"", "Work"),
    ("Worker: !GetAtt Worker.Arn", "Worker: !GetAtt Bare.Arn", "Work"),
    ("s3://packages/filed.json", "s3://packages/other.json", "DefinitionS3Location"),
    ("Name: day, Type: Number", "Name: day, Type: String", "AttributeDefinitions.day.AttributeType"),
    ("ReadCapacityUnits: 5", "ReadCapacityUnits: 6", "ProvisionedThroughput.ReadCapacityUnits"),
    ("SSEEnabled: true", "SSEEnabled: false", "SSESpecification.SSEEnabled"),
    ("Architectures: [arm64]", "Architectures: [x86_64]", "Architectures"),
    ("layer:other:1", "layer:other:2", "Layers"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "name"), CHANGED, ids=[name for _, _, name in CHANGED])
def test_what_is_changed_in_sam_is_the_difference_under_its_name_in_cloudformation(
    old: str, new: str, name: str
) -> None:
    text, made = SOURCE.read_text(), TRANSLATED.read_text()
    assert text.count(old) >= 1
    before = set(differences(text, made))
    more = [line for line in differences(text.replace(old, new), made) if line not in before]
    assert more and all(line.split(": ")[1].partition(".")[2] == name for line in more), more


def test_the_oracle_is_what_the_translator_makes_today() -> None:
    pytest.importorskip("samtranslator")
    assert oracle.translated(SOURCE.read_text()) == TRANSLATED.read_text().rstrip("\n")


def test_every_renamed_property_is_one_that_sam_knows() -> None:
    """And none is told under SAM's name."""
    text = SOURCE.read_text()
    for resource in oracle.template("source.yaml", text).resources.values():
        if resource.type in PLAIN_TYPES:
            plain = Plain(resource)
            assert plain.properties.keys().isdisjoint(
                name for name in RENAMED.get(resource.type, {}) if name not in plain.written or name == "Tracing"
            )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    TRANSLATED.write_text(oracle.translated(SOURCE.read_text()) + "\n")
