"""What must not pass as an unchanged default deployment, or be shown as something else: each once did."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Git, Write

from s3ap_lint.compare import run as comparing
from s3ap_lint.compare.change import Comparisons
from s3ap_lint.compare.deltas import deltas
from s3ap_lint.config import load
from s3ap_lint.render import compare_markdown as markdown

SAM = "Transform: AWS::Serverless-2016-10-31\n"
QUEUE = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: %s}}}\n"
HELD = "Resources: {Q: {Type: AWS::EC2::Instance, Metadata: {'AWS::CloudFormation::Init': %s}}}\n"
INCLUDED = (
    "Resources: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: %s}}, Q: {Type: AWS::SQS::Queue}}\n"
)
COMPUTED = "Parameters: {P: {Type: String, Default: M}}\nMappings: {M: {x: {b: %s}}}\n" + QUEUE
CONNECTED = SAM + "Resources: {Q: {Type: AWS::SQS::Queue, Connectors: {A: {Properties: {Permissions: [%s]}}}}}\n"
IMPLICIT = (
    SAM
    + "Globals: {Api: {Auth: {ApiKeyRequired: %s}}}\n"
    + "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src, Events: {A: {Type: Api}}}}}\n"
)
ALLOW = "{Effect: Allow, Action: %s, Resource: '*'}"
MADE_ROLE = (
    SAM
    + "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src}}\n"
    + "  P: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref FRole], "
    + f"PolicyDocument: {{Statement: [{ALLOW}]}}}}}}\n"
)
OTHERS_TOO = (
    "Resources:\n  R: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Statement: ["
    + "{Effect: Allow, Action: [s3:GetObject, '*'], Resource: '*'}]}}]}}\n"
    + "  P: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref R], Users: [bob], "
    + f"PolicyDocument: {{Statement: [{ALLOW}]}}}}}}\n"
)
LANGUAGE = (
    "Resources: {R: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Version: '%s', Statement: ["
    + "{Effect: Allow, Action: a:b, Resource: 'arn:aws:s3:::b/${aws:username}'}]}}]}}}\n"
)
PLAIN = LANGUAGE.replace("${aws:username}", "c")
PARAMETER = "Parameters: {P: {%s}}\n" + QUEUE % 1
RULE = "Parameters: {P: {Type: String}}\nRules: {R: {Assertions: [{Assert: %s}]}}\n" + QUEUE % 1


def compared(before: str, after: str, folder: Path) -> Comparisons:
    for name, text in (("before.yaml", before), ("after.yaml", after)):
        (folder / name).write_text(text, encoding="utf-8")
    return comparing.two_files(folder / "before.yaml", folder / "after.yaml", load((), cwd=folder))[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            COMPUTED % (1, "!FindInMap [!Ref P, x, b]"), COMPUTED % (2, "!FindInMap [!Ref P, x, b]"), id="table"
        ),
        pytest.param(HELD % "{a: {command: x}}", HELD % "{a: {command: y}}", id="what a machine is set up by"),
        pytest.param(INCLUDED % "s3://b/a", INCLUDED % "s3://b/b", id="included resources"),
        pytest.param("Hooks: {H: {Type: A}}\n" + QUEUE % 1, "Hooks: {H: {Type: B}}\n" + QUEUE % 1, id="other section"),
        pytest.param(CONNECTED % "Read", CONNECTED % "Write", id="connector"),
        pytest.param(IMPLICIT % "true", IMPLICIT % "false", id="an API that SAM makes"),
        pytest.param(MADE_ROLE % "s3:GetObject", MADE_ROLE % "s3:*", id="policy of a role that SAM makes"),
        pytest.param(OTHERS_TOO % "s3:GetObject", OTHERS_TOO % "'*'", id="policy that others have too"),
        pytest.param(LANGUAGE % "2008-10-17", LANGUAGE % "2012-10-17", id="variables of a policy"),
        pytest.param(QUEUE % 1, PARAMETER % "Type: String, Default: z, AllowedValues: [a]", id="Default not allowed"),
        pytest.param(
            PARAMETER % "Type: Number, Default: 5", PARAMETER % "Type: Number, Default: 5, MaxValue: 3", id="too high"
        ),
        pytest.param(PARAMETER % "Type: String, Default: a", PARAMETER % "Type: Number, Default: a", id="no number"),
        pytest.param(RULE % "!Equals [a, a]", RULE % "!Equals [!Ref P, a]", id="rule about a required parameter"),
        pytest.param(RULE % "!Equals [a, a]", RULE % "!Equals [!Ref 'AWS::Region', a]", id="rule about the region"),
    ],
)
def test_it_changes_the_default_deployment(before: str, after: str, tmp_path: Path):
    report = compared(before, after, tmp_path)
    assert [len(report.changed_defaults), report.unjudged] == [1, ()]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            PARAMETER % "Type: String, Default: a",
            PARAMETER % r"Type: String, Default: a, AllowedPattern: '\p{Digit}+'",
            "whether its AllowedPattern admits the Default cannot be told",
        ),
        (
            RULE % "!Equals [a, a]",
            RULE % "{'Fn::EachMemberEquals': [{'Fn::ValueOf': [P, Tags.x]}, y]}",
            "what it asks about is not in the template",
        ),
    ],
)
def test_what_cannot_be_told_proves_nothing(before: str, after: str, said: str, tmp_path: Path):
    assert [one.reason for one in compared(before, after, tmp_path).unjudged] == [said]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (QUEUE % 1, PARAMETER % "Type: CommaDelimitedList, Default: 'a, b', AllowedValues: [a, b]"),
        (PLAIN % "2008-10-17", PLAIN % "2012-10-17"),
        (RULE % "!Equals [a, a]", RULE % "!Equals [b, b]"),
    ],
)
def test_it_changes_no_default_deployment(before: str, after: str, tmp_path: Path):
    report = compared(before, after, tmp_path)
    assert [report.changed_defaults, report.unjudged] == [(), ()]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("a", "a ", '"a" → "a "'),
        ("x" * 200 + "a", "x" * 200 + "b", f'"{"x" * 20}a" → "{"x" * 20}b", from character 181 on'),
    ],
)
def test_texts_that_begin_alike_are_shown_where_they_part(before: str, after: str, said: str):
    assert [str(one) for one in deltas(before, after)] == [said]


def test_markdown_makes_no_link_of_a_text():
    assert markdown.escaped("www.example.com") == "www\u200b.example.com"


def since_head(folder: Path) -> Comparisons:
    return comparing.revisions("HEAD", (), load((), cwd=folder))


def test_a_setting_that_comes_with_a_change_does_not_hide_it(git: Git, write: Write):
    folder = write({"template.yaml": QUEUE % 1})
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    write({"template.yaml": QUEUE % 2, ".s3ap-lint.toml": 'exclude = ["template.yaml"]\n'})
    assert [one.path for one in since_head(folder).changed_defaults] == ["template.yaml"]
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    write({"template.yaml": QUEUE % 3, "other.yaml": QUEUE % 1})
    assert since_head(folder).changed_defaults == ()


def test_a_link_is_compared_by_what_it_leads_to(git: Git, write: Write):
    folder = write({"real.txt": QUEUE % 1})
    (folder / "template.yaml").symlink_to("real.txt")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    write({"real.txt": QUEUE % 2})
    assert [one.path for one in since_head(folder).changed_defaults] == ["template.yaml"]
    git(folder, "commit", "-qam", "second")
    between = comparing.revisions("HEAD~1..HEAD", (), load((), cwd=folder))
    assert [one.path for one in between.changed_defaults] == ["template.yaml"]


def test_a_nested_template_by_another_name_proves_nothing(git: Git, write: Write):
    parent = "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested.txt}}}\n"
    folder = write({"template.yaml": parent, "nested.txt": QUEUE % 1})
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    write({"nested.txt": QUEUE % 2})
    assert [one.reason for one in since_head(folder).unjudged] == ["nested.txt changed, which is not looked into"]


def test_a_template_that_is_renamed_out_of_sight_proves_nothing(git: Git, write: Write):
    folder = write({"template.yaml": QUEUE % 1, "other.yaml": QUEUE % 2})
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    git(folder, "mv", "template.yaml", "template.txt")
    assert [one.path for one in since_head(folder).unjudged] == ["template.txt"]
