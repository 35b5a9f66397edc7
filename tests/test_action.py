"""The GitHub Action, step by step as action.yml has it, in real repositories and on the events of GitHub."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from composite import Done, Runner, environment

import s3ap_lint

if TYPE_CHECKING:
    from conftest import Git, Write

REPOSITORY = Path(__file__).resolve().parent.parent
UPLOAD = "github/codeql-action/upload-sarif"
OURS = {"repository": {"full_name": "acme/library"}}
FROM_US = {"base": {"sha": "0" * 40}, "head": {"repo": {"full_name": "acme/library"}}}
FROM_A_FORK = {"base": {"sha": "0" * 40}, "head": {"repo": {"full_name": "somebody/library"}}}
PUSH = {"event_name": "push", "ref": "refs/heads/main"}
PULL = {"event_name": "pull_request", "ref": "refs/pull/7/merge"}
GONE = {"base": {"sha": "0" * 40}, "head": {"repo": None}}
UNUSED = "import os\n"
ANNOTATION = "::warning file=app.py,line=1,endLine=1,col=8,endColumn=10,title=F401 unused-import::"

PAGE = """\
<h3>s3ap-lint</h3>
<table>
<tr><th></th><th>where</th><th>rule</th><th>finding</th></tr>
<tr><td>warning</td><td><code>app.py:1</code></td><td>F401</td><td>&#x27;os&#x27; imported but unused</td></tr>
</table>
<pre>1 warning in 1 file
"""

Act = Callable[..., Done]


@pytest.fixture
def act(project: Path, tmp_path: Path) -> Act:
    """Run the action: its inputs, the event's name and content, and whether an upload succeeds.

    What pip would install is there already, for these tests are about what is done with it.
    """
    count = iter(range(100))

    def run(
        *,
        github: Mapping[str, str] = PUSH,
        event: Mapping[str, Any] = OURS,
        uploads: bool = True,
        env: Mapping[str, str] | None = None,
        **inputs: str,
    ) -> Done:
        temporary = tmp_path / f"temporary {next(count)}"
        (temporary / "s3ap-lint/bin").mkdir(parents=True)
        (tmp_path / "event.json").write_text(json.dumps(event))
        there = {"python": sys.executable, "version": s3ap_lint.__version__, "cache": str(temporary / "cache")}
        installed = temporary / "installed"
        installed.write_text("".join(f"{name}<<end\n{value}\nend\n" for name, value in there.items()))
        uses = {
            "actions/setup-python": lambda given: {"python-path": str(_stand_in(temporary, installed))},
            "actions/cache/restore": lambda given: {},
            "actions/cache/save": lambda given: {},
            UPLOAD: lambda given: {} if uploads else None,
        }
        runner = Runner(REPOSITORY, project, temporary, environment(tmp_path) | (env or {}), uses)
        told = {"event_path": str(tmp_path / "event.json"), "actor": "somebody", "job": "check", "sha": "f" * 40}
        asked = {"engine": "none", **{name.replace("_", "-"): value for name, value in inputs.items()}}
        return runner(asked, {**told, **github})

    return run


def _stand_in(temporary: Path, installed: Path) -> Path:
    """In the place of the job's Python: says that everything is installed."""
    script = temporary / "python"
    script.write_text(f'#!/bin/sh\ncat "{installed}" >> "$GITHUB_OUTPUT"\n')
    script.chmod(0o755)
    return script


@pytest.fixture
def unused(write: Write, git: Git, project: Path) -> None:
    """A repository with one finding."""
    write({"app.py": UNUSED})
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "Begin")


def annotated(done: Done) -> bool:
    return f"\n{ANNOTATION}" in done.log


def found(done: Done) -> list[str]:
    document = json.loads(Path(done.outputs["sarif-file"]).read_bytes())
    results = document["runs"][0]["results"]
    return [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]


@pytest.mark.usefixtures("unused")
def test_findings_are_uploaded_and_fail_the_job(act: Act, project: Path):
    """As SARIF, under a category of the job's own; log and page of the run have them too, and nothing is annotated."""
    done = act()
    given = done.used[UPLOAD]
    document = json.loads(Path(given["sarif_file"]).read_bytes())
    assert (1, "s3ap-lint/check", str(project)) == (done.status, given["category"], given["checkout_path"])
    assert ["F401"] == [result["ruleId"] for result in document["runs"][0]["results"]]
    assert {"status": "1", "sarif-file": given["sarif_file"]} == done.outputs
    assert "app.py:1:8 warning F401 unused-import" in done.log
    assert not annotated(done)
    assert done.summary.startswith(PAGE)


def test_nothing_found_passes_and_is_uploaded_too(act: Act, write: Write):
    """So that alerts close."""
    write({"app.py": "import os\n\nprint(os.sep)\n"})
    done = act()
    assert (0, "0") == (done.status, done.outputs["status"])
    assert UPLOAD in done.used
    assert "no findings" in done.summary


@pytest.mark.usefixtures("unused")
def test_where_the_token_cannot_upload_findings_are_annotations_and_still_fail(act: Act):
    done = act(github=PULL, event={**OURS, "pull_request": FROM_A_FORK})
    assert (1, False, True) == (done.status, UPLOAD in done.used, annotated(done))
    assert "nothing is uploaded: the token of a pull request from a fork is read-only\n" in done.log
    assert "<code>app.py:1</code>" in done.summary


@pytest.mark.parametrize(
    ("name", "pull", "actor", "reason"),
    [
        ("push", None, "somebody", ""),
        ("schedule", None, "somebody", ""),
        ("merge_group", None, "somebody", ""),
        ("pull_request", FROM_US, "somebody", ""),
        ("pull_request", FROM_A_FORK, "somebody", "the token of a pull request from a fork is read-only"),
        ("pull_request", GONE, "somebody", "the token of a pull request from a fork is read-only"),
        ("push", None, "dependabot[bot]", "the token of a run that Dependabot starts is read-only"),
        (
            "pull_request_target",
            FROM_A_FORK,
            "somebody",
            "results of pull_request_target would count as those of the default branch",
        ),
    ],
)
def test_what_started_a_run_decides_about_the_upload(
    monkeypatch: pytest.MonkeyPatch, name: str, pull: Mapping[str, Any] | None, actor: str, reason: str
):
    monkeypatch.syspath_prepend(REPOSITORY / "action")
    events = importlib.import_module("events")
    assert reason == events.why_no_upload(name, {**OURS, "pull_request": pull}, actor)


@pytest.mark.usefixtures("unused")
def test_an_upload_that_fails_is_replaced_by_annotations(act: Act):
    """A permission is missing, or the repository has no code scanning: it is said, and the findings decide."""
    done = act(uploads=False)
    assert (1, True) == (done.status, annotated(done))
    assert "::warning title=s3ap-lint::SARIF was not uploaded; the job needs the permission" in done.log


@pytest.mark.usefixtures("unused")
def test_an_upload_that_nobody_wants_is_none(act: Act):
    done = act(upload_sarif="false")
    assert (1, False, True) == (done.status, UPLOAD in done.used, annotated(done))


@pytest.mark.usefixtures("unused")
def test_inputs_are_options_of_the_program(act: Act, write: Write):
    """Lists stand one on a line, further options as in a shell; none of it reaches a shell."""
    write({"two words/$(touch evil).py": "import json\n", "two words/';touch evil;'.py": ""})
    done = act(paths="two words\n\n", select="F401,$(touch evil)")
    assert (2, True) == (done.status, "s3ap-lint: --select[1] must be a code" in done.log)
    write({"-rf.py": "import json\n"})
    done = act(paths="two words\n\n-rf.py\n", select="F401", args="--ignore 'F841' -v", fail_on="error")
    assert (0, ["-rf.py", "two%20words/%24%28touch%20evil%29.py"]) == (done.status, found(done))
    assert not list(Path.cwd().glob("evil")) + list(REPOSITORY.glob("evil"))


@pytest.mark.usefixtures("unused")
def test_a_folder_of_the_workspace_is_a_project_with_a_category_of_its_own(act: Act, write: Write, project: Path):
    write({"solutions/uc1/.s3ap-lint.toml": "", "solutions/uc1/app.py": "import json\n"})
    done = act(working_directory="solutions/uc1")
    document = json.loads(Path(done.used[UPLOAD]["sarif_file"]).read_bytes())
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert ("solutions/uc1/app.py", str(project)) == (place, done.used[UPLOAD]["checkout_path"])
    assert "s3ap-lint/check/solutions/uc1" == done.used[UPLOAD]["category"]


@pytest.mark.usefixtures("unused")
@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"args": "--format=text"}, "args: --format=text is set by this action"),
        ({"args": "'"}, "args cannot be split like a command line: no closing quotation"),
        ({"args": "-qv"}, "args: -qv is set by this action"),
        ({"args": "--version"}, "args: with --version nothing is checked"),
        ({"args": "--strict --help"}, "args: with --help nothing is checked"),
        ({"args": "-vh"}, "args: with -vh nothing is checked"),
        ({"working_directory": "../.."}, "working-directory: ../.. is not below the workspace"),
        ({"working_directory": "/etc"}, "working-directory: /etc is not below the workspace"),
        ({"upload_sarif": "maybe"}, "upload-sarif is true or false, not 'maybe'"),
        ({"working_directory": "nowhere"}, "working-directory: nowhere is no folder of the workspace"),
    ],
)
def test_inputs_that_cannot_be_used_fail_with_one_line(act: Act, inputs: Mapping[str, str], message: str):
    done = act(**inputs)
    assert (2, f"::error title=s3ap-lint::{message}\n", "2") == (done.status, done.log, done.outputs["status"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "the event EVENT is no JSON"),
        (b"", "the event EVENT is no JSON"),
        (b"\xff\xfe\x00", "the event EVENT is no JSON"),
        (b"[]", "the event EVENT is no JSON object"),
        (b"{}", "the event has no pull_request.base.sha; is it of another server than GitHub?"),
        (None, "the event EVENT cannot be read: no such file or directory"),
    ],
    ids=["broken", "empty", "binary", "a list", "of something else", "absent"],
)
def test_an_event_that_is_none_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, message: str
):
    path = tmp_path / "event.json"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(path))
    monkeypatch.syspath_prepend(REPOSITORY / "action")
    runner, events = importlib.import_module("runner"), importlib.import_module("events")
    with pytest.raises(runner.Refused, match=f"^{re.escape(message.replace('EVENT', str(path)))}$"):
        events.base("pull_request", runner.event(), [])


@pytest.mark.parametrize(("step", "variable"), [("install", "RUNNER_TEMP"), ("annotate", "ANNOTATIONS")])
def test_a_variable_that_nobody_set_is_one_line(step: str, variable: str):
    env = {name: value for name, value in os.environ.items() if name not in ("RUNNER_TEMP", "ANNOTATIONS")}
    command = [sys.executable, "-I", str(REPOSITORY / "action"), step]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    told = f"::error title=s3ap-lint::{variable} is not set; the runner, or an earlier step of this action, sets it\n"
    assert (2, told, "") == (ran.returncode, ran.stdout, ran.stderr)


def test_a_checkout_with_nothing_to_check_fails(act: Act):
    """And nothing is uploaded: alerts would close."""
    done = act()
    assert (2, False) == (done.status, UPLOAD in done.used)
    assert "S3AP906" in done.summary


def test_what_a_file_says_is_no_command_to_the_runner(act: Act, write: Write):
    """Text of the log stands between a word that nobody can guess, told to stop looking for commands, and that word."""
    write({"##[set-output name=status]0.py": "import os  # ::set-output name=status::0\n"})
    done = act()
    lines = done.log.splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    assert (1, 32, f"::{word}::") == (done.status, len(word), lines[-1])
    assert 2 == len([line for line in lines[1:-1] if "set-output" in line])


def test_what_a_file_is_called_is_no_markup_of_the_page(act: Act, write: Write):
    write({"<img src=x>`|.py": "import os\n"})
    assert "<td><code>&lt;img src=x&gt;`|.py:1</code></td>" in act().summary


@pytest.mark.usefixtures("unused")
def test_modules_of_the_checkout_are_not_imported(act: Act, write: Write, project: Path):
    """Not even where PYTHONPATH asks for it."""
    write(dict.fromkeys(("json.py", "yaml.py", "s3ap_lint/__init__.py", "sitecustomize.py"), "raise SystemExit(0)\n"))
    done = act(env={"PYTHONPATH": str(project)})
    assert (1, ["app.py"]) == (done.status, found(done))


# -- installing -----------------------------------------------------------------------------------


def test_it_is_installed_beside_the_python_of_the_job(tmp_path: Path):
    """From a shelf that holds one small wheel of its name, with the real pip."""
    shelf, output = tmp_path / "shelf", tmp_path / "output"
    shelf.mkdir()
    with zipfile.ZipFile(shelf / "s3ap_lint-9.9-py3-none-any.whl", "w") as wheel:
        about = "s3ap_lint-9.9.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: s3ap-lint\nVersion: 9.9\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    env = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output), "INPUT_VERSION": "9.9"}
    env |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf)}
    command = [sys.executable, "-I", REPOSITORY / "action", "install"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout), done.stderr
    told = dict(re.findall(r"(?m)^(\w+)<<\w+\n(.*)$", output.read_text()))
    python = tmp_path / "s3ap-lint/bin/python"
    assert {"python": str(python), "version": "9.9", "cache": str(tmp_path / "s3ap-lint-cache")} == told
    missing = subprocess.run(command, env={**env, "INPUT_VERSION": "8"}, capture_output=True, text=True, check=False)
    assert (2, True) == (missing.returncode, "s3ap-lint==8 cannot be installed" in missing.stdout)


@pytest.mark.parametrize(
    ("version", "engine", "wanted"),
    [
        ("", "", str(REPOSITORY)),
        ("", "cfn-validate", f"{REPOSITORY}[fast]"),
        ("0.1.0", "none", "s3ap-lint==0.1.0"),
        (">=0.1, <0.2", "cfn-validate", "s3ap-lint[fast]>=0.1, <0.2"),
    ],
)
def test_a_version_is_what_pip_is_asked_for(monkeypatch: pytest.MonkeyPatch, version: str, engine: str, wanted: str):
    monkeypatch.syspath_prepend(REPOSITORY / "action")
    assert wanted == importlib.import_module("install").requirement(version, engine)


@pytest.mark.parametrize("version", ["latest", "--index-url=x", "@ https://example.org/x.whl", "1;x", "1 evil"])
def test_what_is_no_version_is_refused(monkeypatch: pytest.MonkeyPatch, version: str):
    monkeypatch.syspath_prepend(REPOSITORY / "action")
    install = importlib.import_module("install")
    with pytest.raises(install.Refused, match="version is a version such as"):
        install.requirement(version, "")


# -- only changed lines ---------------------------------------------------------------------------


@pytest.fixture
def pulled(unused: None, write: Write, git: Git, project: Path) -> dict[str, str]:
    """The merge that GitHub makes for a pull request, checked out, with one old finding and a new one."""
    git(project, "checkout", "--quiet", "-b", "work")
    write({"new.py": "import json\n"})
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "Add")
    git(project, "checkout", "--quiet", "main")
    write({"late.py": "import re\n"})
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "Meanwhile")
    git(project, "checkout", "--quiet", "--detach")
    git(project, "merge", "--quiet", "--no-ff", "-m", "Merge", "work")
    return {**PULL, "sha": git(project, "rev-parse", "HEAD").strip()}


def test_only_what_a_pull_request_changes_is_reported_if_asked(act: Act, pulled: dict[str, str]):
    """Not what main did meanwhile, either: the event knows an older main than the merge does."""
    event = {**OURS, "pull_request": FROM_US}
    assert ["app.py", "late.py", "new.py"] == found(act(github=pulled, event=event))
    done = act(github=pulled, event=event, changed_only="true")
    assert (1, ["new.py"]) == (done.status, found(done))


def test_a_pull_request_that_adds_no_finding_passes(act: Act, pulled: dict[str, str], git: Git, project: Path):
    git(project, "rm", "--quiet", "new.py")
    git(project, "commit", "--quiet", "--amend", "-m", "Merge")
    github = {**pulled, "sha": git(project, "rev-parse", "HEAD").strip()}
    done = act(github=github, event={**OURS, "pull_request": FROM_US}, changed_only="true")
    assert (0, []) == (done.status, found(done))


def test_a_branch_that_was_checked_out_itself_is_compared_with_the_base(
    act: Act, pulled: dict[str, str], git: Git, project: Path
):
    """Its last commit may be a merge too, but none that GitHub made."""
    base = git(project, "rev-parse", "main").strip()
    git(project, "checkout", "--quiet", "work")
    git(project, "merge", "--quiet", "--no-ff", "-m", "Merge main", "main")
    event = {**OURS, "pull_request": {**FROM_US, "base": {"sha": base}}}
    assert ["new.py"] == found(act(github=pulled, event=event, changed_only="true"))


def test_a_push_is_reported_in_full(act: Act, pulled: dict[str, str]):
    done = act(changed_only="true")
    assert ["app.py", "late.py", "new.py"] == found(done)
    assert "changed-only: everything is reported, for this is no pull request but a push\n" in done.log


def test_a_checkout_without_the_commit_before_is_told_how_to_have_it(
    act: Act, pulled: dict[str, str], git: Git, project: Path, tmp_path: Path
):
    """What actions/checkout makes of a pull request when nothing else is asked for, and with what the message says."""
    event = {**OURS, "pull_request": FROM_US}
    project.rename(tmp_path / "origin")
    for depth, status in ((1, 2), (2, 1)):
        git(tmp_path, "clone", "--quiet", f"--depth={depth}", (tmp_path / "origin").as_uri(), "project")
        done = act(github=pulled, event=event, changed_only="true")
        assert status == done.status
        told = "::error title=s3ap-lint::changed-only: the commit before is not in the checkout; "
        assert (f"{told}give actions/checkout fetch-depth: 2\n" in done.log) == (depth == 1)
        project.rename(tmp_path / f"of depth {depth}")
