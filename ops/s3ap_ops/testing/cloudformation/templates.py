"""A template's text as plain data, with SAM's resource types turned into CloudFormation's."""

import copy
import json
from typing import Any

import yaml

from s3ap_ops.testing.replies import AwsError

_SHORT = ("Ref", "Condition")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in _SHORT else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)
# a date stays the text that it is in AWSTemplateFormatVersion
_Loader.yaml_implicit_resolvers = {
    key: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for key, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(template: dict[str, Any] | str) -> tuple[dict[str, Any], str]:
    """The template as data, and its text. Raises AwsError when it is none."""
    if isinstance(template, dict):
        return copy.deepcopy(template), json.dumps(template)
    try:
        found = yaml.load(template, _Loader)
    except yaml.YAMLError as error:
        raise AwsError("ValidationError", f"Template format error: {error}") from error
    if not isinstance(found, dict):
        raise AwsError("ValidationError", "Template format error: unsupported structure.")
    if not found.get("Resources"):
        raise AwsError("ValidationError", "Template format error: At least one Resources member must be defined.")
    return found, template


def processed(template: dict[str, Any]) -> dict[str, Any]:
    """The template after its transform: SAM's types as the CloudFormation types that they become."""
    if "AWS::Serverless" not in str(template.get("Transform", "")):
        return template
    found = copy.deepcopy(template)
    shared = found.get("Globals", {}).get("Function", {})
    for logical, resource in list(found["Resources"].items()):
        kind = resource.get("Type", "")
        properties = resource.setdefault("Properties", {})
        if kind == "AWS::Serverless::Function":
            resource["Properties"] = properties = shared | properties
            resource["Type"] = "AWS::Lambda::Function"
            if "Role" not in properties:
                found["Resources"][f"{logical}Role"] = _role("lambda.amazonaws.com")
                properties["Role"] = {"Fn::GetAtt": [f"{logical}Role", "Arn"]}
            properties.pop("CodeUri", None)
            properties["Code"] = {"ZipFile": "def handler(event, context): pass"}
            _events(found, logical, properties.pop("Events", {}))
        elif kind == "AWS::Serverless::StateMachine":
            resource["Type"] = "AWS::StepFunctions::StateMachine"
            if "Role" not in properties:
                found["Resources"][f"{logical}Role"] = _role("states.amazonaws.com")
            properties["RoleArn"] = properties.pop("Role", {"Fn::GetAtt": [f"{logical}Role", "Arn"]})
            properties["DefinitionString"] = json.dumps(
                properties.pop("Definition", {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}})
            )
            properties["StateMachineName"] = properties.pop("Name", None)
            properties.pop("Events", None)
        elif kind == "AWS::Serverless::LayerVersion":
            resource["Type"] = "AWS::Lambda::LayerVersion"
        elif kind == "AWS::Serverless::SimpleTable":
            resource["Type"] = "AWS::DynamoDB::Table"
    return found


def _role(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}},
    }


def _events(template: dict[str, Any], function: str, events: dict[str, Any]) -> None:
    for name, event in events.items():
        if event.get("Type") == "Schedule":
            expression = event.get("Properties", {}).get("Schedule", "rate(1 day)")
            target = {"Arn": {"Fn::GetAtt": [function, "Arn"]}, "Id": name}
            template["Resources"][f"{function}{name}"] = {
                "Type": "AWS::Events::Rule",
                "Properties": {"ScheduleExpression": expression, "Targets": [target]},
            }
