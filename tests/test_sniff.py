"""Which bytes look like a template, and which names say that they are one."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent

import pytest

from s3ap_lint.sniff import looks_like_template, says_template, worth_a_look

RESOURCES = "Resources:\n  A:\n    Type: AWS::SNS::Topic\n"


def looked(text: str, name: str = "x.yaml") -> bool | None:
    return looks_like_template(name, dedent(text).encode())


@pytest.mark.parametrize(
    "text",
    [
        RESOURCES,
        "AWSTemplateFormatVersion: '2010-09-09'\n",
        "Transform: AWS::Serverless-2016-10-31\n",
        "Transform:\n  - AWS::LanguageExtensions\n",
        f"# comment\n\n---\n{RESOURCES}",
        f"%YAML 1.1\n---\n{RESOURCES}",
        f"\ufeff{RESOURCES}",
        f"\ufeff# comment\n{RESOURCES}",
        RESOURCES.replace("\n", "\r\n"),
        f"\n# comment\n    Description: >\n      indented\n{indent(RESOURCES, '    ')}",
        '"Resources":\n  A: {"Type": "Custom::Thing"}\n',
        "'Resources' :\n  A: {Type: 'Org::Service::Thing::MODULE'}\n",
        "Resources:\n  A:\n    Type:\n      AWS::SNS::Topic\n",
        "{Resources: {A: {Type: AWS::SNS::Topic}}}",
        json.dumps({"Description": "x", "Resources": {"A": {"Type": "AWS::SNS::Topic"}}}),
        json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}, indent="\t"),
        json.dumps({"AWSTemplateFormatVersion": "2010-09-09"}, indent=2),
    ],
)
def test_a_template_looks_like_one_in_every_spelling(text: str):
    assert looks_like_template("x.yaml", text.encode()) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# AWSTemplateFormatVersion: x\n",
        "a: 1\n",
        "resources:\n  Resources:\n    A:\n      Type: AWS::SNS::Topic\n",
        "on: push\njobs:\n  x:\n    run: |\n      AWSTemplateFormatVersion: x\n      Resources:\n",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  t: |\n    Resources:\n      Type: AWS::SNS::Topic\n",
        "MyResources:\n  Type: AWS::SNS::Topic\n",
        "Resources are nice: Type\n",
        "Resources:\n  - a\n",
        json.dumps(["Resources", {"Type": "AWS::SNS::Topic"}]),
        json.dumps({"Comment": "Resources", "StartAt": "A", "States": {"A": {"Type": "Pass", "Resource": "x"}}}),
        json.dumps({"shapes": {"Resources": {"Type": "list"}}}),
    ],
)
def test_other_documents_do_not(text: str):
    assert looks_like_template("x.yaml", text.encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  A:\n    Type: !Ref X\n",
        '{"Resources": {"A": {"Type": "Topic"}}}',
        "{Resources: {A: {Type: Topic}}  # not JSON\n",
        '{"a": ' + "[" * 100_000 + '{"Resources": {"Type": 1',
    ],
)
def test_resources_of_unknown_types_may_be_a_template(text: str):
    assert looks_like_template("x.yaml", text.encode()) in (False, None)


def test_resources_of_unknown_types_are_looked_into():
    assert looked("Resources:\n  A:\n    Type: !Ref X\n") is False


@pytest.mark.parametrize("text", ["", "a: 1\n", "Parameters:\n  A: {Type: String}\n", "\xff\xfe", "{% raw %}\n"])
def test_a_name_that_says_template_is_enough_to_look(text: str):
    assert looked(text, "template-deploy.yaml") is False


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\n",
        "openapi: 3.0.0\n",
        "swagger: '2.0'\n",
        '{"StartAt": "A", "States": {}}',
        "services:\n  web:\n    image: x\n",
        "on:\n  push:\njobs: {}\n",
    ],
)
def test_unless_the_content_plainly_says_something_else(text: str):
    assert looked(text, "template.yaml") is None


SAY_TEMPLATE = """
    template.yaml template.yml template-deploy.yaml Template.YAML a.template a.template.yaml a.template.json a.cfn
    a.cfn.yml cloudformation.yaml my-cloudformation-stack.yml
"""
NEVER = """
    package.json package-lock.json cdk.json tsconfig.json tsconfig.build.json flow.asl.json docker-compose.yml
    compose.override.yaml x.py x.md samconfig.toml .pre-commit-config.yaml
"""


@pytest.mark.parametrize("name", SAY_TEMPLATE.split())
def test_these_names_say_template(name: str):
    assert says_template(name)
    assert worth_a_look(name)


@pytest.mark.parametrize(
    "name", ["mytemplate.yaml", "template.json", "template.py", "values.yaml", "template", "cfn.yaml"]
)
def test_these_names_do_not(name: str):
    assert not says_template(name)


@pytest.mark.parametrize("name", NEVER.split())
def test_these_files_are_not_even_looked_into(name: str):
    assert not worth_a_look(name)


@pytest.mark.parametrize("name", ["a.yaml", "a.YML", "a.json", "stack", "samconfig.yaml"])
def test_of_the_others_the_content_decides(name: str):
    assert worth_a_look(name) == (name != "stack")


def test_our_own_files_are_no_templates():
    root = Path(__file__).parents[1]
    for path in (root / "pyproject.toml", root / ".github/workflows/ci.yml"):
        if path.exists():
            assert looks_like_template(path.name, path.read_bytes()) is None
