"""What somebody in a hurry gives to a deployment: wrong files, wrong names, wrong places. Each is one line, and nothing
is deployed; nothing that was given is left out in silence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployments import ROLE, STAGE, TEMPLATE, change_sets, deploy, operations, project, tables, write

from s3ap_ops.cli import main
from s3ap_ops.testing import World

CODE = f"""\
Resources:
{ROLE}  Report:
    Type: AWS::Lambda::Function
    Properties: {{Role: !GetAtt Role.Arn, Code: report, Handler: app.handler, Runtime: python3.12}}
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch) as world:
        yield world


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said, which is one line."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    "text",
    (
        '[{"ParameterKey": "Stage", "ParameterValue": "prod"}]',
        '{"Parameters": {"Stage": "prod"}, "Tags": {"a": "b"}}',
        '{"Parameters": [{"ParameterKey": "Stage", "ParameterValue": "prod"}]}',
        '["Stage=prod"]',
        '{"Stage": "prod"}',
        "Stage: prod\n",
        "- Stage=prod\n",
        "\ufeff" + '{"Stage": "prod"}',
    ),
    ids=("AWS CLI", "CodePipeline", "rain", "pairs", "names", "YAML", "YAML pairs", "byte order mark"),
)
def test_every_form_of_a_parameter_file_is_understood(world: World, text: str) -> None:
    write("params.json", text)
    assert 0 == deploy("--yes", "--params", "params.json")
    assert ["history-prod"] == tables(world)


def test_numbers_and_truths_are_their_text(world: World) -> None:
    write("template.yaml", TEMPLATE.replace("Default: dev", "Default: dev}\n  Number: {Type: String").replace(
        "history-${Stage}", "history-${Stage}-${Number}"))  # fmt: skip
    write("params.json", '{"Stage": true, "Number": 012}'.replace("012", "12"))
    assert 0 == deploy("--yes", "--params", "params.json")
    assert ["history-true-12"] == tables(world)


@pytest.mark.parametrize(
    ("text", "said"),
    (
        ("", "is empty"),
        ("  \n", "is empty"),
        ("[", "it is neither JSON nor YAML"),
        ("5", "it holds a single value"),
        ('{"Stage": null}', "Stage has no value that is a text or a number"),
        ('{"Stage": ["a", "b"]}', "of a list, write the items with commas in one text"),
        ('{"Parameters": {"Stage": {"a": 1}}}', "Stage has no value that is a text or a number"),
        ('[{"ParameterKey": "Stage"}]', "Stage has no ParameterValue that is a text or a number"),
        ('[{"ParameterName": "Stage", "ParameterValue": "prod"}]', "its item 1 has no ParameterKey"),
        ('[{"ParameterKey": "Stage", "ParameterValue": "a"}, "Stage"]', "its item 2 is no NAME=VALUE"),
    ),
)
def test_a_file_that_gives_less_than_stands_in_it_is_none(
    world: World, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    write("params.json", text)
    assert 2 == deploy("--yes", "--params", "params.json")
    assert said in one_line(capsys)
    assert [] == operations(world)


def test_an_empty_list_is_no_parameters(world: World) -> None:
    for text in ("[]", "{}", '{"Parameters": {}}'):
        write("params.json", text)
        assert 0 == deploy("--change-set-only", "--params", "params.json")


def test_the_parameters_of_another_template_are_found(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    write("params.json", '{"VpcId": "vpc-1"}')
    assert 3 == deploy("--yes", "--params", "params.json")
    found = capsys.readouterr()
    assert "params.json:1:2 error S3AP705 unknown-deploy-parameter" in found.out
    assert [] == operations(world)


@pytest.mark.parametrize(
    ("more", "said"),
    (
        ({"stack": "fsxn/uc1"}, "'fsxn/uc1' is no stack's name or id; a name has letters, digits and hyphens"),
        ({"stack": ""}, "an empty name is no stack's name or id"),
        ({"stack": "arn:aws:cloudformation:us-east-1:123456789012:stack/uc1/1"}, "this is 123456789012"),
        ({"stack": "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/uc1/1"}, "is not there any more"),
        ({"template": "no.yaml"}, "no.yaml is no template, or cannot be read"),
        ({"template": "../outside.yaml"}, "lies outside the project"),
        ({"options": ("--bucket", "s3://artifacts")}, "--bucket s3://artifacts: give the bucket's name alone"),
        ({"options": ("--built", ".aws-sam/build")}, ".aws-sam/build is no folder of the project"),
        ({"options": ("--stack-tag", "team")}, "--stack-tag team: write it like --stack-tag team=storage"),
        ({"options": ("--params", ".")}, "--params . cannot be read: Is a directory"),
        ({"options": ("--param", "Stage")}, "--param Stage: write it like"),
        ({"options": ("--region", "us east")}, "us east"),
        ({"options": ("--profile", "nobody")}, "nobody"),
    ),
)
def test_what_cannot_be_meant_is_one_line(
    world: World, capsys: pytest.CaptureFixture[str], more: dict[str, Any], said: str
) -> None:
    write("../outside.yaml", TEMPLATE)
    given = {key: value for key, value in more.items() if key != "options"}
    assert 2 == deploy("--yes", *more.get("options", ()), **given)
    assert said in one_line(capsys)
    assert [] == operations(world)


def test_without_credentials_nothing_is_tried(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert 2 == deploy("--yes")
    assert "Unable to locate credentials; `aws sts get-caller-identity` must work first" in one_line(capsys)
    assert [] == world.requests


def test_without_a_region_none_is_guessed(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    assert 2 == deploy("--yes")
    assert "no region was given; add --region, or set AWS_REGION" in one_line(capsys)


def test_a_bucket_of_another_region_is_found_before_lambda_does(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.client("s3", "eu-west-1").create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    write("template.yaml", CODE)
    write("report/app.py", "def handler(event, context): ...\n")
    assert 2 == deploy("--yes", "--bucket", "elsewhere")
    assert f"--bucket elsewhere lies in eu-west-1, and code has to lie in {world.region}" in one_line(capsys)
    assert [] == operations(world)


def test_a_nested_stack_is_deployed_with_its_root(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.templates["https://code.s3.amazonaws.com/inner.template"] = TEMPLATE
    nested = (
        "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://code.s3.amazonaws.com/inner.template}}"
    )
    world.deploy("outer", f"{STAGE}Resources:\n  Data: {nested}\n")
    child = world.stack(world.stack("outer").resources["Data"]).name
    assert 2 == deploy("--yes", stack=child)
    assert f"{child} is nested in outer; deploy that" in one_line(capsys)


@pytest.mark.parametrize("name", ("template.yaml", "params.json", "report/app.py"))
def test_a_report_takes_the_place_of_nothing_else(world: World, capsys: pytest.CaptureFixture[str], name: str) -> None:
    write("params.json", '{"Stage": "prod"}')
    write("report/app.py", "def handler(event, context): ...\n")
    before = Path(name).read_bytes()
    for command in (["deploy", "uc1", "template.yaml", "--yes"], ["plan", "uc1"], ["plan", "uc1", "--format", "json"]):
        assert 2 == main([*command, "-o", name])
        assert f"{name} is there already, and s3ap-ops has not written it" in one_line(capsys)
    assert (before, []) == (Path(name).read_bytes(), operations(world))


def test_a_report_takes_the_place_of_the_last_one(world: World) -> None:
    assert [0, 0] == [deploy("--yes", "-o", "deploy.json"), deploy("--yes", "-o", "deploy.json")]
    assert '"outcome": "nothing to change"' in Path("deploy.json").read_text("utf-8")


@pytest.mark.parametrize(
    "given", (("--params", "params.json"), ("--param", "Stage=dev", "--param", "Stage=test")), ids=("file", "options")
)
def test_of_two_values_nobody_chooses(world: World, capsys: pytest.CaptureFixture[str], given: tuple[str, ...]) -> None:
    twice = [{"ParameterKey": "Stage", "ParameterValue": value} for value in ("dev", "prod")]
    write("params.json", json.dumps(twice))
    assert 2 == deploy("--yes", *given)
    assert "Stage twice; which of the values is meant?" in one_line(capsys)


def test_who_only_looks_takes_away_no_change_set_of_somebody_else(world: World) -> None:
    world.deploy("uc1", TEMPLATE)
    theirs = "s3ap-ops-20261122-000000-abcdef"
    text = TEMPLATE.replace("AWS::SNS::Topic}", "AWS::SNS::Topic, Properties: {DisplayName: reports}}")
    world.client("cloudformation").create_change_set(StackName="uc1", ChangeSetName=theirs, TemplateBody=text)
    assert 0 == deploy("--change-set-only")
    assert theirs in change_sets(world)


def test_a_run_that_is_repeated_is_held_to_the_same_smoke_test(world: World) -> None:
    assert [1, 1] == [deploy("--yes", "--smoke-test", "false") for _ in range(2)]
    assert 0 == deploy("--yes", "--smoke-test", "true")


def test_a_closed_output_is_no_fault(world: World) -> None:
    command = f'exec "{sys.executable}" -m s3ap_ops deploy uc1 template.yaml --yes --poll 0.05 >&- 2>&-'
    assert 0 == subprocess.run(["sh", "-c", command], check=False).returncode
    assert "CREATE_COMPLETE" == world.stack("uc1").status
