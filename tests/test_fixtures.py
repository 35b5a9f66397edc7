"""What the program says about fixtures/library is what stands in each application's expected.txt.

`python tests/test_fixtures.py --update` rewrites these files after a change that was meant; their comments stay.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cli

LIBRARY = Path(__file__).resolve().parent.parent / "fixtures/library"
APPLICATIONS = sorted(path.parent.name for path in LIBRARY.glob("*/expected.txt"))
GROUPS = ("error", "warning", "info", "suppressed")


def told(document: dict[str, Any], *, headings: bool = True) -> str:
    """A report as expected.txt holds it: the lines of `--format concise` by severity, then what is suppressed."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for finding in document["findings"]:
        scenario = finding["scenario"]
        lines[finding["severity"]].append(_line(finding) + (f", {scenario['text']}" if scenario else ""))
    for finding in document["suppressed"]:
        reason = finding["reason"]
        lines["suppressed"].append(_line(finding) + (f" -- {reason}" if reason else ""))
    blocks = [([f"[{name}]"] if headings else []) + lines[name] for name in GROUPS if lines[name]]
    return "".join(f"{line}\n" for block in blocks for line in block)


def _line(finding: dict[str, Any]) -> str:
    return f"{finding['path']}:{finding['line']}:{finding['column']}: {finding['code']} {finding['message']}"


def expected(application: str) -> str:
    """What stands in an application's file, without comments."""
    return "".join(line for line in _stored(application) if not line.startswith("#"))


def _stored(application: str) -> list[str]:
    return (LIBRARY / application / "expected.txt").read_text(encoding="utf-8").splitlines(keepends=True)


def lines(*groups: str) -> list[str]:
    """The lines of some groups in all files, once each and sorted."""
    found = set()
    for application in APPLICATIONS:
        group = ""
        for line in expected(application).splitlines():
            if line.startswith("["):
                group = line.strip("[]")
            elif group in groups:
                found.add(line)
    return sorted(found)


def update() -> None:
    """Write what the program says now into every expected.txt."""
    program = Path(sysconfig.get_path("scripts"), "s3ap-lint")
    for application in APPLICATIONS:
        command = [program, "--engine", "none", "--format", "json", application]
        done = subprocess.run(command, cwd=LIBRARY, capture_output=True, check=False)
        comments = "".join(line for line in _stored(application) if line.startswith("#"))
        text = comments + told(json.loads(done.stdout))
        (LIBRARY / application / "expected.txt").write_text(text, encoding="utf-8", newline="")


@pytest.mark.parametrize("application", APPLICATIONS)
def test_an_application_is_told_what_stands_beside_it(cli: Cli, library: Path, application: str):
    """Findings with their severities, places and scenarios, and what is suppressed for which reason."""
    ran = cli.lint("--format", "json", application, cwd=library)
    assert (expected(application), "") == (told(json.loads(ran.out)), ran.err)
    assert bool(json.loads(ran.out)["findings"]) == ran.status


def test_there_is_a_file_of_expectations_for_every_application():
    """A folder with a template is an application."""
    assert APPLICATIONS == sorted({path.parent.name for path in LIBRARY.glob("*/template*")})


def test_one_run_over_the_library_says_what_the_runs_over_its_applications_say(cli: Cli, library: Path):
    """The same lines in the order of their places, and nothing about the files between the applications."""
    found = cli.listed(cwd=library)
    assert lines("error", "warning", "info") == sorted(found)
    assert sorted(found, key=_place) == found


def _place(line: str) -> tuple[str, int, int]:
    path, number, column, _ = line.split(":", 3)
    return path, int(number), int(column)


def test_every_kind_of_finding_is_expected_somewhere():
    """A library without a fault for a rule says nothing about that rule."""
    text = "".join(map(expected, APPLICATIONS))
    codes = {"S3AP101", "S3AP201", "S3AP202", "S3AP302", "S3AP903", "F401", "F541", "F821", "F841"}
    assert codes == {code for code in codes if f": {code} " in text}


def test_the_clean_application_is_clean_and_joined(cli: Cli, library: Path):
    """Also under cfn-lint with its remarks, and under the strict rules; every function is joined to its code.

    It shows aliases beside the ARNs that authorise, so the one rule that wants them gone is left out. Its halves write
    roles in two ways, one of them with variables in Globals: nobody said that these are to be the same.
    """
    assert "" == expected("invoice-archive")
    strictly = ("--strict", "--ignore", "S3AP110,S3AP701", "--fail-on", "info", "--format", "json")
    ran = cli(*strictly, "invoice-archive", cwd=library)
    report = json.loads(ran.out)
    assert (0, [], [], []) == (ran.status, report["findings"], report["suppressed"], report["unchecked"])
    assert report["stats"]["functions"] == report["stats"]["functions_joined"] >= 6


# -- with cfn-lint: its words depend on the version that is installed, so codes and paths are compared ---------


@pytest.fixture(scope="module")
def findings(library: Path) -> dict[str, list[dict[str, Any]]]:
    """What is found with the schema engine: `all` of it, and `theirs` where the rules that say the same are ignored."""
    program = Path(sysconfig.get_path("scripts"), "s3ap-lint")
    out = {}
    for name, options in (("all", []), ("theirs", ["--ignore", "S3AP2"])):
        command = [program, "--format", "json", *options]
        done = subprocess.run(command, cwd=library, capture_output=True, check=False)
        assert (1, b"") == (done.returncode, done.stderr)
        out[name] = json.loads(done.stdout)["findings"]
    return out


def _from_cfn_lint(finding: dict[str, Any]) -> bool:
    return finding["code"][0] in "EWI"


@pytest.mark.xdist_group("library with cfn-lint")
def test_our_findings_are_the_same_with_cfn_lint(findings: dict[str, list[dict[str, Any]]]):
    """Every line of every expected.txt is there, and besides them only what has a code of cfn-lint."""
    ours = [finding for finding in findings["all"] if not _from_cfn_lint(finding)]
    assert lines("error", "warning") == sorted(told({"findings": ours, "suppressed": []}, headings=False).splitlines())


@pytest.mark.xdist_group("library with cfn-lint")
def test_of_two_findings_that_say_the_same_ours_stays(findings: dict[str, list[dict[str, Any]]]):
    """A condition used as a value is theirs as E1019 and E1020, a reference to what may not exist as W1001."""
    assert [] == [finding for finding in findings["all"] if _from_cfn_lint(finding)]


@pytest.mark.xdist_group("library with cfn-lint")
def test_where_ours_is_left_out_theirs_comes_back(findings: dict[str, list[dict[str, Any]]]):
    """On the same resources and outputs."""
    found = [finding for finding in findings["theirs"] if _from_cfn_lint(finding)]
    assert [
        "claim-photos/template.yaml W1001 Outputs/LedgerArn",
        "contract-review/template-deploy.yaml W1001 Resources/ReviewStateMachine",
        "radio-playlist/template.yaml E1020 Resources/NightlyStateMachine",
        "radio-playlist/template.yaml W1001 Outputs/CutJinglesFunction",
        "radio-playlist/template.yaml W1001 Resources/NightlyStateMachine",
        "recipe-archive/template-deploy.json W1001 Outputs/LabelFunction",
        "seismic-index/template-deploy.yaml E1019 Resources/PublishCatalogFunction",
        "seismic-index/template-deploy.yaml E1020 Resources/PublishCatalogFunction",
    ] == sorted({_subject(finding) for finding in found if finding["code"] not in ("E3030", "E3031")})


def _subject(finding: dict[str, Any]) -> str:
    return f"{finding['path']} {finding['code']} {'/'.join(finding['logical_path'].split('/')[:2])}"


if __name__ == "__main__":
    assert ["--update"] == sys.argv[1:], "the only option is --update"
    update()
