"""What a template calls something."""

import re

import pytest

from s3ap_ops.intent import entries, unmatched, worded
from s3ap_ops.stack import Json, LiveResource, LiveStack

ACCOUNT, REGION = "123456789012", "ap-northeast-1"


def resource(logical: str, physical: str = "") -> LiveResource:
    return LiveResource("uc1-demo", "id", REGION, ACCOUNT, logical, "AWS::IAM::Role", physical)


STACK = LiveStack(
    "uc1-demo",
    "id",
    REGION,
    ACCOUNT,
    parameters={"Prefix": "uc1"},
    resources=(resource("Role", "uc1-role"), resource("Inner/Role", "inner-role")),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plain", "plain"),
        ("uc1-demo-x", {"Fn::Sub": "${AWS::StackName}-x"}),
        ("uc1-x", {"Fn::Sub": "${Prefix}-x"}),
        ("a-b", {"Fn::Sub": ["${First}-${Second}", {"First": "a", "Second": "b"}]}),
        ("${Kept}", {"Fn::Sub": "${!Kept}"}),
        ("uc1-role", {"Ref": "Role"}),
        ("arn:aws-cn:x", {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, "x"]]}),
        ("second", {"Fn::If": ["Condition", "first", "second"]}),
        ("whatever", {"Fn::ImportValue": "Other"}),
        ("uc1-queue-x", {"Fn::Sub": "${Queue.QueueName}-x"}),
    ],
)
def test_a_name_is_told_from_what_the_template_says(name: str, value: Json) -> None:
    assert re.fullmatch(worded(value, STACK, resource("Role")), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plainer", "plain"),
        ("a+b", "aab"),
        ("uc2-x", {"Fn::Sub": "${Prefix}-x"}),
        ("third", {"Fn::If": ["Condition", "first", "second"]}),
        ("uc1-queue-y", {"Fn::Sub": "${Queue.QueueName}-x"}),
    ],
)
def test_another_name_is_not_taken_for_it(name: str, value: Json) -> None:
    assert [name] == unmatched([name], [value], STACK, resource("Role"))


def test_a_nested_stack_refers_to_its_own_resources_and_its_name_is_not_known() -> None:
    nested = resource("Inner/Policy")
    assert "inner\\-role" == worded({"Ref": "Role"}, STACK, nested)
    assert ".*\\-x" == worded({"Fn::Sub": "${AWS::StackName}-x"}, STACK, nested)


def test_conditions_in_a_list_and_around_it_give_the_items_of_both_branches() -> None:
    listed = {"Fn::If": ["A", ["x", {"Fn::If": ["B", "y", {"Ref": "AWS::NoValue"}]}], {"Ref": "AWS::NoValue"}]}
    assert ["x", "y"] == entries(listed)


def test_a_computed_list_is_one_item_of_which_nothing_is_known() -> None:
    assert [{"Fn::ImportValue": "Policies"}] == entries({"Fn::ImportValue": "Policies"})
