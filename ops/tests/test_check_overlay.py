"""The template that the rules judge: the local one, with what is live in the place of what is written."""

from __future__ import annotations

import json
from typing import Any

from s3ap_lint.admission import loaded_template
from s3ap_lint.api import Location, Template
from s3ap_lint.config import Config
from s3ap_lint.engine import Session
from s3ap_lint.memory import ROOT, Memory
from s3ap_lint.registry import Registry
from s3ap_ops import snapshot
from s3ap_ops.live_function import HIDDEN
from s3ap_ops.overlay import overlaid, placed

TEMPLATE = """\
Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]
Parameters:
  Limit: {Type: Number, Default: 5, MaxValue: 9}
  Token: {Type: String, NoEcho: true}
Conditions:
  IsPrimary: !Equals [!Ref AWS::Region, eu-central-1]
Globals:
  Function:
    Runtime: python3.13
    Environment: {Variables: {FROM_GLOBALS: "1"}}
Resources:
  Fn::ForEach::Queues:
    - Name
    - [A, B]
    - Queue${Name}: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::Serverless::Function
    Condition: IsPrimary
    Properties:
      CodeUri: work/
      Handler: app.run
      ReservedConcurrentExecutions: !Ref Limit
      Environment: {Variables: {WRITTEN: !Sub "${AWS::StackName}-${Limit}"}}
      Policies: [AWSLambda_FullAccess]
  More:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: more, Roles: [!Ref WorkRole], PolicyDocument: {Statement: []}}
Outputs:
  Where: {Value: !Sub "${AWS::Region}:${AWS::StackName}:${Limit}"}
"""
STACK = """
Stack: jobs
Region: eu-central-1
Parameters: {Limit: "7", Token: "HIDDEN"}
Resources:
  Work:
    Type: AWS::Lambda::Function
    Facts:
      variables: {LIVE: "yes"}
      role:
        name: jobs-WorkRole-X
        boundary: ""
        policies: {Own: {Statement: [{Effect: Deny, Action: "*", Resource: "*"}]}}
  WorkRole: {Type: AWS::IAM::Role, PhysicalId: jobs-WorkRole-X}
""".replace("HIDDEN", HIDDEN)


def local(text: str = TEMPLATE) -> Template:
    """A template of a project that is nowhere but in memory."""
    session = Session(Config(ROOT, ROOT, ROOT), Registry(), Memory({"template.yaml": text.encode()}))
    found = loaded_template(session, "template.yaml")
    assert found is not None
    return found


def over(stack: str = STACK) -> dict[str, Any]:
    """The overlay as data."""
    (live,) = snapshot.read(stack, "stack.yaml")
    found: dict[str, Any] = json.loads(overlaid(local(), live))
    return found


def test_a_function_has_its_live_variables_and_no_others():
    """Those of Globals are gone, too: they are among the live ones, or were taken away."""
    found = over()
    assert {"Variables": {"LIVE": "yes"}} == found["Resources"]["Work"]["Properties"]["Environment"]
    assert {"Runtime": "python3.13"} == found["Globals"]["Function"]


def test_the_role_that_sam_made_has_its_live_policies_and_no_others():
    """It is in the overlay under the logical id that it has in the stack; what gave it policies is not."""
    resources = over()["Resources"]
    assert {"Fn::GetAtt": ["WorkRole", "Arn"]} == resources["Work"]["Properties"]["Role"]
    assert ["Own"] == [one["PolicyName"] for one in resources["WorkRole"]["Properties"]["Policies"]]
    assert "Policies" not in resources["Work"]["Properties"]
    assert "More" not in resources


def test_a_role_of_no_stack_goes_by_its_name():
    """Somebody gave the function another one."""
    resources = over(STACK.replace("PhysicalId: jobs-WorkRole-X", "PhysicalId: another"))["Resources"]
    assert {"Fn::GetAtt": ["jobs-WorkRole-X", "Arn"]} == resources["Work"]["Properties"]["Role"]


def test_there_is_one_scenario_which_is_the_live_one():
    """Parameters have the one value of the stack, pseudo parameters theirs; what is hidden stays open."""
    found = over()
    assert {"Type": "Number", "Default": "7", "AllowedValues": ["7"]} == found["Parameters"]["Limit"]
    assert {"Type": "String", "NoEcho": True} == found["Parameters"]["Token"]
    assert {"Fn::Equals": ["eu-central-1", "eu-central-1"]} == found["Conditions"]["IsPrimary"]
    assert {"Fn::Sub": "eu-central-1:jobs:${Limit}"} == found["Outputs"]["Where"]["Value"]
    assert "Condition" not in found["Resources"]["Work"]


def test_a_loop_is_what_it_stands_for():
    """So that a function that comes of one is found under its logical id."""
    assert {"QueueA", "QueueB", "Work", "WorkRole"} == over()["Resources"].keys()


def test_a_place_of_the_overlay_is_that_of_the_same_thing_in_the_template():
    """Or of the nearest thing around it, where it is not written there."""
    template = local()
    found = placed(Location("template.yaml", path=("Resources", "Work", "Properties", "Role"), note="n"), template)
    assert template.resources["Work"].properties.at.noted("n") == found
    elsewhere = Location("work/app.py", note="n")
    assert elsewhere == placed(elsewhere, template)
