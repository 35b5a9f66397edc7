"""What the language server keeps between edits changes nothing of what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_language_server import GRANTED, HANDLER, TEMPLATE

from s3ap_lint import config as configs
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.server.project import Project, Stage
from s3ap_lint.template import conditions

SHARED = 'import os\n\n\ndef target():\n    return os.environ["TARGET"]\n'
CALLS = HANDLER.replace("import boto3", "import boto3\nfrom shared.target import target").replace(
    'os.environ["TARGET"]', "target()"
)
MACHINE = """\
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: day.asl.json
      DefinitionSubstitutions: {Writer: !GetAtt Writer.Arn}
      Policies: [LambdaInvokePolicy: {FunctionName: !Ref Writer}]
"""
DAY = '{"StartAt": "One", "States": {"One": {"Type": "Task", "Resource": "${Writer}", "End": true}}}\n'
RAW = (
    GRANTED.replace("Keeps", "Holds")
    .replace("Transform: AWS::Serverless-2016-10-31\n", "")
    .replace("AWS::Serverless::Function", "AWS::Lambda::Function")
    .replace("CodeUri: writer", "Code: {S3Bucket: packages, S3Key: seven.zip}")
)
OTHER = HANDLER.replace("put_object", "get_object").replace(', Body=b""', "")
TEXTS = {
    "app/template.yaml": (
        TEMPLATE,
        GRANTED + MACHINE,
        TEMPLATE.replace("TARGET:", "GOAL:"),
        GRANTED.replace("CodeUri: writer", "CodeUri: other"),
        "Resources: [",
    ),
    "app/template-deploy.yaml": (RAW, TEMPLATE, RAW.replace("TARGET:", "GOAL:"), "a: 1\n"),
    "app/writer/handler.py": (HANDLER, CALLS, HANDLER.replace("TARGET", "GOAL"), "import json\n" + HANDLER, "def (\n"),
    "app/other/handler.py": (OTHER, OTHER.replace("TARGET", "GOAL")),
    "app/day.asl.json": (DAY, DAY.replace("One", "Two", 1), DAY.replace("${Writer}", "${Reader}"), "{"),
    "shared/target.py": (SHARED, SHARED.replace("TARGET", "GOAL"), "missing\n"),
    "shared/__init__.py": ("",),
    "app/.cfnlintrc": ("ignore_checks: [W]\n",),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["disk", "buffer", "close", "remove"]),
        st.sampled_from(sorted(TEXTS)),
        st.integers(0, 4),
        st.sampled_from([path for path in sorted(TEXTS) if path != "app/.cfnlintrc"]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with an application, its twin and shared code."""
    (tmp_path / ".s3ap-lint.toml").write_text('engine = "none"\n')
    return tmp_path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_edits_it_says_what_a_server_says_that_has_just_started(folder: Path, steps: list) -> None:
    """Files change on disk and in the editor, come and go; each step is checked from some document."""
    for path, texts in TEXTS.items():
        _put(folder / path, texts[0])
    project, buffers = _project(folder), dict[str, bytes]()
    for what, path, which, asked in steps:
        text = TEXTS[path][which % len(TEXTS[path])]
        if what == "disk":
            _put(folder / path, text)
        elif what == "buffer":
            buffers[path] = text.encode()
        elif what == "close":
            buffers.pop(path, None)
        elif (folder / path).exists():
            (folder / path).unlink()
        project.files_changed()
        assert _said(_project(folder), asked, buffers) == _said(project, asked, buffers), (what, path)


def test_what_is_kept_does_not_use_up_its_budget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template's scenarios are counted for one run; its twin is edited many times meanwhile."""
    monkeypatch.setattr(conditions, "MOST_WORLDS", 60)
    for path, texts in TEXTS.items():
        _put(folder / path, texts[0])
    _put(folder / "app/template-deploy.yaml", TEMPLATE.replace("TARGET:", "GOAL:"))
    project, seen = _project(folder), set()
    for turn in range(40):
        buffers = {"app/template.yaml": f"{TEMPLATE}# {turn % 7}\n".encode()}
        project.check("app/template.yaml", buffers, lambda: None, lambda stage: None)
        seen.add(tuple(finding.code for finding in _said(project, "app/template-deploy.yaml", buffers)))
    assert seen == {("S3AP101", "S3AP702", "S3AP302")}


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _project(folder: Path) -> Project:
    return Project(configs.load([folder / "app"], cwd=folder))


def _said(project: Project, path: str, buffers: dict[str, bytes]) -> tuple[Diagnostic, ...]:
    stages: list[Stage] = []
    project.check(path, buffers, lambda: None, stages.append, everywhere=True)
    assert stages[-1].final
    return stages[-1].report.findings
