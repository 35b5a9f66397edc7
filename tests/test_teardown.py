"""Fixes of teardown hazards that must not be offered: an example shows what a fix makes, not that there is none."""

from __future__ import annotations

from functools import cache
from textwrap import dedent

import pytest

from s3ap_lint import memory
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import Registry, load
from s3ap_lint.render import RENDERERS

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
HANDLER = "def handler(event, context):\n    return event\n"
CREATES = """
    import boto3

    def handler(event, context):
        boto3.client("logs").create_log_group(logGroupName=event["group"])
    """
TEMPLATE = """
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {Statement: []}
          ManagedPolicyArns: []
          Policies:
            - PolicyName: Logs
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: [logs:CreateLogGroup, logs:PutLogEvents]
                    Resource: "*"
      Log:
        Type: AWS::Logs::LogGroup
        Properties: {LogGroupName: /aws/lambda/intake}
      Intake:
        Type: AWS::Lambda::Function
        Properties:
          FunctionName: intake
          Runtime: python3.12
          Handler: handler.handler
          Role: !GetAtt Role.Arn
          Code: functions/intake/
    """
OTHER = """
      Other:
        Type: AWS::Lambda::Function
        Properties: {FunctionName: other, Runtime: nodejs22.x, Handler: index.handler, Role: !GetAtt Role.Arn}
    """
LENT = """
      Project:
        Type: AWS::CodeBuild::Project
        Properties: {ServiceRole: !GetAtt Role.Arn}
    """


@cache
def registry() -> Registry:
    return load(make_manager(), RENDERERS)


def found(template: str, code: str, handler: str = HANDLER) -> list[Diagnostic]:
    """The findings of one rule on an application of one function."""
    files = {"template.yaml": template, "functions/intake/handler.py": handler}
    config = Config(memory.ROOT, memory.ROOT, memory.ROOT, engine="none", jobs=1, select=(code,))
    encoded = {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}
    return list(memory.check(encoded, config, registry()).findings)


def test_the_action_goes_where_nothing_else_grants_or_needs_it():
    (finding,) = found(TEMPLATE, "S3AP615")
    assert finding.fix is not None
    assert "Take logs:CreateLogGroup away" == finding.fix.title


@pytest.mark.parametrize(
    ("template", "handler"),
    [
        pytest.param(TEMPLATE + OTHER, HANDLER, id="a function without a log group has the role"),
        pytest.param(TEMPLATE + LENT, HANDLER, id="something else has the role"),
        pytest.param(
            TEMPLATE.replace("[]\n          Policies", f"[{BASIC}]\n          Policies"), HANDLER, id="a policy"
        ),
        pytest.param(TEMPLATE.replace("[logs:CreateLogGroup", '["logs:Create*"'), HANDLER, id="a wildcard"),
        pytest.param(
            TEMPLATE,
            CREATES,
            id="the code creates log groups",
        ),
    ],
)
def test_the_action_stays_where_somebody_may_need_it_or_it_would_not_help(template: str, handler: str):
    """The finding stands, and a person decides."""
    (finding,) = found(template, "S3AP615", handler)
    assert finding.fix is None


def test_every_place_that_grants_it_is_told():
    (finding,) = found(TEMPLATE.replace("[]\n          Policies", f"[{BASIC}]\n          Policies"), "S3AP615")
    assert ["the log group", "grants it as well"] == [place.message for place in finding.related]
