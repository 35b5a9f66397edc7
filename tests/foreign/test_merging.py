"""What cfn-lint and a rule here say of one thing is said once, in the words of the rule."""

from __future__ import annotations

import json

import pytest
from conftest import Cli, Write

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Name: {Type: String, Default: ""}
Conditions:
  HasName: !Not [!Equals [!Ref Name, ""]]
  HasOther: !Equals [!Ref Name, other]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Ref HasName
  Queue:
    Type: AWS::SQS::Queue
    Condition: HasOther
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
          - {Effect: Allow, Action: s3:GetObject, Resource: "*"}
Outputs:
  Url:
    Value: !Ref Queue
"""


@pytest.mark.parametrize(
    ("ignored", "codes"),
    [
        ("S3AP903", {"S3AP201", "S3AP202", "S3AP205"}),
        ("S3AP201", {"S3AP202", "S3AP205", "W8001", "E1020"}),
        ("S3AP202", {"S3AP201", "S3AP205", "W1001"}),
        ("S3AP205", {"S3AP201", "S3AP202", "E3530"}),
    ],
)
def test_where_the_rule_is_left_out_the_engine_speaks(write: Write, cli: Cli, ignored: str, codes: set[str]) -> None:
    write({"template.yaml": TEMPLATE})
    ran = cli("--format", "json", "--exit-zero", "--ignore", ignored, "template.yaml")
    assert codes == {finding["code"] for finding in json.loads(ran.out)["findings"]}
