"""What stands in a template, worked out with the values of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from s3ap_ops.resolving import UNKNOWN, Resolver
from s3ap_ops.rollout import Rollout
from s3ap_ops.rules.rollouts.endpoint_in_vpc import endpoint_in_vpc
from s3ap_ops.stack import Json

TEMPLATE: dict[str, Json] = {
    "Parameters": {
        "Prefix": {"Type": "String"},
        "Subnets": {"Type": "CommaDelimitedList"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>"},
        "Hidden": {"Type": "String", "NoEcho": True},
        "Endpoints": {"Type": "String", "AllowedValues": ["auto", "true", "false"]},
        "Own": {"Type": "String"},
    },
    "Mappings": {"Sizes": {"ap-northeast-1": {"Name": "large"}}},
    "Conditions": {
        "Has": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Prefix"}, ""]}]},
        "Hides": {"Fn::Equals": [{"Ref": "Hidden"}, "x"]},
        "Both": {"Fn::And": [{"Condition": "Has"}, {"Condition": "Hides"}]},
        "Either": {"Fn::Or": [{"Condition": "Has"}, {"Condition": "Hides"}]},
        "Neither": {"Fn::And": [{"Fn::Not": [{"Condition": "Has"}]}, {"Condition": "Hides"}]},
        "Circle": {"Condition": "Circle"},
        "Endpoint": {
            "Fn::And": [
                {"Fn::Equals": [{"Ref": "Endpoints"}, "true"]},
                {"Fn::Equals": [{"Ref": "Own"}, ""]},
            ]
        },
    },
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "${Prefix}-out"}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
        "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Condition": "Endpoint"},
    },
}
VALUES = {
    "Prefix": "uc1",
    "Subnets": "a, b",
    "Image": "/aws/image",
    "Hidden": "****",
    "Endpoints": "true",
    "Own": "",
}
PSEUDO = {"AWS::Region": "ap-northeast-1", "AWS::AccountId": "123456789012"}


def resolver(values: Mapping[str, str] = VALUES) -> Resolver:
    return Resolver(TEMPLATE, values, PSEUDO, {"vpc": "vpc-1"})


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ("uc1", {"Ref": "Prefix"}),
        ("uc1-123456789012", {"Fn::Sub": "${Prefix}-${AWS::AccountId}"}),
        ("uc1-${x}", {"Fn::Sub": "${Prefix}-${!x}"}),
        ("b-uc1", {"Fn::Sub": ["${A}-${Prefix}", {"A": {"Fn::Select": ["1", {"Ref": "Subnets"}]}}]}),
        ("a/b", {"Fn::Join": ["/", {"Ref": "Subnets"}]}),
        ("true-1", {"Fn::Join": ["-", [True, 1, {"Ref": "AWS::NoValue"}]]}),
        ("large", {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "Name"]}),
        ("vpc-1", {"Fn::ImportValue": "vpc"}),
        ("uc1-out", {"Ref": "Bucket"}),
        ("uc1", {"Fn::If": ["Has", {"Ref": "Prefix"}, "none"]}),
        (None, {"Fn::If": ["Has", {"Ref": "AWS::NoValue"}, "none"]}),
        ({"A": "uc1"}, {"A": {"Ref": "Prefix"}, "B": {"Ref": "AWS::NoValue"}}),
    ],
)
def test_what_can_be_told(expected: Json, written: Json) -> None:
    assert expected == resolver().value(written)


@pytest.mark.parametrize(
    "written",
    [
        {"Ref": "Image"},
        {"Ref": "Hidden"},
        {"Ref": "Nothing"},
        {"Ref": "Queue"},
        {"Fn::GetAtt": "Bucket.Arn"},
        {"Fn::Sub": "${Bucket.Arn}"},
        {"Fn::Sub": "${Hidden}-x"},
        {"Fn::Join": ["-", ["a", {"Ref": "Hidden"}]]},
        {"Fn::If": ["Hides", "a", "b"]},
        {"Fn::ImportValue": "subnet"},
        {"Fn::FindInMap": ["Sizes", "eu-west-1", "Name"]},
        {"Fn::Select": [5, {"Ref": "Subnets"}]},
        {"Fn::Transform": {"Name": "x"}},
        "{{resolve:ssm:/name}}",
        ["a", {"Ref": "Hidden"}],
    ],
)
def test_what_cannot_be_told_is_said_to_be_unknown(written: Json) -> None:
    assert UNKNOWN is resolver().value(written)


@pytest.mark.parametrize(
    ("expected", "condition"),
    [
        (True, "Has"),
        (None, "Hides"),
        (None, "Both"),
        (True, "Either"),
        (False, "Neither"),
        (None, "Circle"),
        (None, "No"),
    ],
)
def test_a_condition_holds_or_not_or_cannot_be_told(expected: bool | None, condition: str) -> None:
    assert expected is resolver().holds(condition)


def test_the_items_of_a_list_that_can_be_told_are_told() -> None:
    assert ("uc1", "b") == resolver().texts([{"Ref": "Prefix"}, {"Ref": "Hidden"}, "b"])


def test_a_name_that_makes_itself_is_unknown() -> None:
    circle = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Bucket"}}}}
    assert {} == _rollout({**TEMPLATE, "Resources": circle}).names


def test_the_switch_of_a_resource_is_a_value_that_its_parameter_may_have() -> None:
    assert ("Endpoints", "auto") == _rollout(TEMPLATE).switch("Endpoint")
    assert None is _rollout(TEMPLATE).switch("Bucket")


def _rollout(template: Mapping[str, Json]) -> Rollout:
    return Rollout("uc1", "ap-northeast-1", "123456789012", "template.yaml", template, VALUES)


def test_a_switch_says_what_else_it_leaves_out() -> None:
    """Switching off the endpoint that is there must not take away one that nothing stands in for."""
    endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Condition": "Endpoint"}
    gateway = {"ServiceName": "s3", "VpcId": "vpc-1", "RouteTableIds": ["rtb-1"]}
    resources = {"Gateway": {**endpoint, "Properties": gateway}, "Logs": endpoint}
    there = {"id": "vpce-1", "service": "s3", "vpc_id": "vpc-1", "kind": "Gateway", "route_table_ids": ["rtb-1"]}
    asked = replace(_rollout({**TEMPLATE, "Resources": resources}), facts={"endpoints": [there]})
    (found,) = endpoint_in_vpc.detectors[0](asked, {})
    assert found.fix is not None
    assert (
        "Give Endpoints=auto (which leaves out Logs, too, and nothing stands in for that), and use vpce-1"
        == found.fix.title
    )
