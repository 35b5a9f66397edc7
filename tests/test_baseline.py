"""A baseline accepts what is known, wherever it moves, and only shrinks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = """\
Parameters:
  InputAlias: {Type: String}
  OutputAlias: {Type: String}
Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: Read
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: s3:GetObject, Resource: !Sub "arn:aws:s3:::${InputAlias}/*"}
              - {Effect: Allow, Action: s3:PutObject, Resource: !Sub "arn:aws:s3:::${OutputAlias}/*"}
"""


def lint(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and the output of the program in a folder."""
    command = [sys.executable, "-m", "s3ap_lint", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def check(folder: Path) -> tuple[int, str]:
    return lint(folder, "--engine", "none", "--format", "concise", "--baseline", "known.json")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two findings, both accepted."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / ".s3ap-lint.toml").write_text("")
    assert (0, "known.json: 2 findings accepted\n") == lint(
        tmp_path, "baseline", "write", "known.json", "--engine", "none"
    )
    return tmp_path


def test_what_is_known_does_not_fail_a_run(project: Path) -> None:
    """And what comes new does, alone."""
    assert (0, "") == check(project)
    more = TEMPLATE.replace("Reader:", "Other:").split("Resources:\n")[1]
    (project / "template.yaml").write_text(TEMPLATE + more)
    status, text = check(project)
    assert 1 == status
    assert ["Other is granted s3:GetObject", "Other is granted s3:PutObject"] == [
        line.split("S3AP101 ")[1].split(" on ")[0] for line in text.splitlines()
    ]


@pytest.mark.parametrize(
    "moved",
    [
        "# a comment\n\n" + TEMPLATE,
        TEMPLATE.replace("\n", "\r\n"),
        TEMPLATE.replace("{Effect: Allow, Action: s3:GetObject, ", "{Action: s3:GetObject, Effect: Allow, "),
        TEMPLATE.replace(
            "            Statement:\n",
            "            Statement:\n              - {Effect: Deny, Action: '*', Resource: '*'}\n",
        ),
    ],
    ids=["lines", "endings", "format", "neighbours"],
)
def test_moving_and_reformatting_keep_an_entry(project: Path, moved: str) -> None:
    """An entry says what of what, not where."""
    (project / "template.yaml").write_bytes(moved.encode())
    assert (0, "") == check(project)


def test_renaming_a_file_keeps_its_entries(project: Path) -> None:
    """Nothing is found under the old name any more, and the same under another."""
    (project / "deep").mkdir()
    (project / "template.yaml").rename(project / "deep" / "template-deploy.yaml")
    assert (0, "") == check(project)


def test_an_entry_whose_finding_is_mended_fails_until_it_is_taken_off(project: Path) -> None:
    """So a baseline only shrinks, and never hides the same fault when it comes back."""
    fixed = TEMPLATE.replace('!Sub "arn:aws:s3:::${OutputAlias}/*"', '"arn:aws:s3:*:*:accesspoint/*"')
    (project / "template.yaml").write_text(fixed)
    status, text = check(project)
    assert (1, 1) == (status, text.count("S3AP903"))
    assert (0, "known.json: 1 findings accepted, 1 taken off the list\n") == lint(
        project, "baseline", "update", "known.json", "--engine", "none"
    )
    assert (0, "") == check(project)
    (project / "template.yaml").write_text(TEMPLATE)
    assert 1 == check(project)[0]


def test_so_does_one_of_a_rule_that_also_looks_at_accounts(project: Path) -> None:
    """What the files say is whole without what an account says."""
    unset = """\
Resources:
  Reader:
    Type: AWS::Lambda::Function
    Properties: {Handler: app.handler, Role: !Ref AWS::StackId, Code: src, Runtime: python3.12}
"""
    handler = 'import os\n\nTABLE = os.environ["TABLE"]\n\n\ndef handler(event, context):\n    return TABLE\n'
    (project / "template.yaml").write_text(unset)
    (project / "src").mkdir()
    (project / "src/app.py").write_text(handler)
    assert (0, "known.json: 1 findings accepted (2 before)\n") == lint(
        project, "baseline", "write", "known.json", "--engine", "none", "--select", "S3AP302"
    )
    assert "S3AP302" in (project / "known.json").read_text()
    (project / "src/app.py").write_text(handler.replace('os.environ["TABLE"]', 'os.environ.get("TABLE")'))
    status, text = lint(
        project, "--engine", "none", "--select", "S3AP302,S3AP903", "--format", "concise", "--baseline", "known.json"
    )
    assert (1, 1) == (status, text.count("S3AP903")), text


def test_update_accepts_nothing_new(project: Path) -> None:
    """New findings are for people to look at."""
    more = TEMPLATE.replace("Reader:", "Other:").split("Resources:\n")[1]
    (project / "template.yaml").write_text(TEMPLATE + more)
    lint(project, "baseline", "update", "known.json", "--engine", "none")
    assert 1 == check(project)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file; `s3ap-lint baseline write"),
        ("{", "not a baseline"),
        ("[]", "not a baseline of version 1"),
        (json.dumps({"version": 1, "entries": [{"path": "a"}]}), "an entry lacks path, code, what or count"),
    ],
)
def test_a_broken_baseline_is_one_clear_line(project: Path, text: str | None, said: str) -> None:
    """And never an empty one."""
    (project / "known.json").unlink()
    if text is not None:
        (project / "known.json").write_text(text)
    status, out = check(project)
    assert 2 == status
    assert said in out
    assert 1 == out.count("\n")
