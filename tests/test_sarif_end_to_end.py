"""The SARIF of a whole run: what GitHub and other viewers receive when the fixture library is checked."""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import subprocess
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema.protocols import Validator

import s3ap_lint
from s3ap_lint.fingerprint import line_hashes

if TYPE_CHECKING:
    from conftest import Cli, Git, Write

pytestmark = pytest.mark.xdist_group("SARIF of the library")


@pytest.fixture(scope="module")
def produced(library: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What one run writes, with the schema engine, over the library inside of a git repository."""
    top = tmp_path_factory.mktemp("repository")
    shutil.copytree(library, top / "solutions/library")
    subprocess.run(["git", "init", "--quiet"], cwd=top, check=True)
    command = [Path(sysconfig.get_path("scripts"), "s3ap-lint"), "--format", "sarif", "--output", "out.sarif"]
    done = subprocess.run([*command, "solutions/library"], cwd=top, capture_output=True, check=False)
    assert (1, b"", b"") == (done.returncode, done.stdout, done.stderr)
    return (top / "out.sarif").read_bytes()


@pytest.fixture(scope="module")
def run(produced: bytes) -> dict[str, Any]:
    """The only run of the file."""
    (only,) = json.loads(produced)["runs"]
    assert isinstance(only, dict)
    return only


def test_it_is_sarif(produced: bytes, sarif_schema: Validator):
    """By the official schema, in ASCII, with a newline at the end."""
    assert [] == [
        f"{list(error.absolute_path)}: {error.message}" for error in sarif_schema.iter_errors(json.loads(produced))
    ]
    assert produced.isascii()
    assert produced.endswith(b"}\n")


LIBRARY = os.environ.get("S3AP_REFERENCE_LIBRARY", "")
on_linux_x64 = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the validator is a program for Linux on x64"
)


def objections(package: Path, file: Path) -> tuple[int, list[str]]:
    """The validator's exit status, and its errors and warnings by the rules of SARIF and of GitHub."""
    program = package / "Sarif.Multitool"
    program.chmod(0o755)
    command = [program, "validate", file.name, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    env = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, cwd=file.parent, env=env, capture_output=True, text=True, check=False)
    assert "1 files scanned" in done.stdout, done.stdout
    return done.returncode, [line for line in done.stdout.splitlines() if ": error " in line or ": warning " in line]


@on_linux_x64
def test_microsofts_validator_has_no_objection(produced: bytes, sarif_multitool: Path, tmp_path: Path):
    (tmp_path / "library.sarif").write_bytes(produced)
    assert (0, []) == objections(sarif_multitool, tmp_path / "library.sarif")


@on_linux_x64
@pytest.mark.skipif(not LIBRARY, reason="S3AP_REFERENCE_LIBRARY names no snapshot of the library")
def test_nor_has_it_for_the_whole_reference_library(
    cli: Cli, git: Git, project: Path, sarif_multitool: Path, sarif_schema: Validator
):
    """Every template and Python file of its newest commit, with the schema engine."""
    archive = subprocess.run(
        ["git", "-C", LIBRARY, "archive", "HEAD", "*.py", "*.yaml", "*.toml"], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(project, filter="data")
    git(project, "init", "--quiet")
    ran = cli("--format", "sarif", "--output", "whole.sarif", timeout=600)
    document = json.loads((project / "whole.sarif").read_bytes())
    assert (1, "") == (ran.status, ran.err)
    assert len(document["runs"][0]["results"]) > 1000
    assert [] == list(sarif_schema.iter_errors(document))
    assert (0, []) == objections(sarif_multitool, project / "whole.sarif")


def test_every_selected_rule_is_described_whether_it_found_something_or_not(cli: Cli, run: dict[str, Any]):
    """So that an alert closes when its finding is gone; of the engines' codes only those that were found."""
    described = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    selected = {
        rule["code"]
        for rule in json.loads(cli("rules", "--format", "json").out)
        if rule["code"].startswith("S3AP") and not rule["strict"]
    }
    found = {result["ruleId"] for result in run["results"]}
    assert sorted(described) == described
    assert selected | found == set(described)
    assert {"S3AP906"} <= selected - found


def test_every_result_points_at_its_rule_and_into_the_repository(run: dict[str, Any]):
    """URIs are relative to the git top level, wherever in it the project lies."""
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == [rules[r["ruleIndex"]]["id"] for r in run["results"]]
    uris = set(_uris(run["results"]))
    assert len(uris) > 10
    assert [] == sorted(uri for uri in uris if not uri.startswith("solutions/library/"))
    assert {"%SRCROOT%"} == {
        place["physicalLocation"]["artifactLocation"]["uriBaseId"]
        for result in run["results"]
        for place in result["locations"]
    }


def _uris(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "uri" in value:
            yield value["uri"]
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _uris(inner)


def test_results_are_those_of_the_other_formats(cli: Cli, library: Path, run: dict[str, Any]):
    """Place by place; JSON counts columns in code points, SARIF in UTF-16 units, which are the same in this library."""
    report = json.loads(cli("--format", "json", cwd=library).out)
    expected = [(f["code"], f"solutions/library/{f['path']}", f["line"], f["column"]) for f in report["findings"]]
    found = []
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        found.append((result["ruleId"], place["artifactLocation"]["uri"], region["startLine"], region["startColumn"]))
    assert expected == found
    assert {"error": 0, "warning": 1, "note": 2}.keys() >= {result["level"] for result in run["results"]}


def test_fingerprints_are_githubs_own(library: Path, run: dict[str, Any]):
    """Its upload action computes the same hash from the file, and would warn about another one."""
    seen: set[tuple[str, str]] = set()
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        uri, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
        data = (library / uri.removeprefix("solutions/library/")).read_bytes()
        given = result["partialFingerprints"]["primaryLocationLineHash"]
        assert line_hashes(data, [line])[line].partition(":")[0] == given.partition(":")[0]
        own = (result["ruleId"], result["partialFingerprints"]["s3apLint/v1"])
        assert own not in seen
        seen.add(own)
    assert len(seen) == len(run["results"])


def test_suppressed_findings_are_there_on_request_only(cli: Cli, library: Path, run: dict[str, Any]):
    """GitHub would open an alert for each."""
    assert not any("suppressions" in result for result in run["results"])
    (asked,) = json.loads(cli.lint("--format", "sarif", "--sarif-suppressed", cwd=library).out)["runs"]
    suppressed = [result for result in asked["results"] if "suppressions" in result]
    assert 3 == len(suppressed)
    assert {"inSource"} == {entry["kind"] for result in suppressed for entry in result["suppressions"]}


def test_the_run_says_who_made_it_and_that_it_was_done(run: dict[str, Any]):
    driver = run["tool"]["driver"]
    assert ("s3ap-lint", s3ap_lint.__version__) == (driver["name"], driver["semanticVersion"])
    assert ["cfn-lint", "pyflakes"] == [extension["name"] for extension in run["tool"]["extensions"]]
    assert [True] == [invocation["executionSuccessful"] for invocation in run["invocations"]]


def test_two_runs_write_the_same_bytes(cli: Cli, library: Path):
    """Also where the second uses nothing of the first, and another number of processes."""
    first, second = (cli("--format", "sarif", cwd=library).out for _ in range(2))
    alone = cli("--format", "sarif", "--no-cache", "--jobs", "1", cwd=library).out
    assert first == second == alone


def test_names_that_are_no_uri_are_escaped(cli: Cli, write: Write, git: Git, sarif_schema: Validator):
    """A space, a percent sign, a question mark, Japanese."""
    git(write({"案件 100%/何?.py": "import os\n"}), "init", "--quiet")
    document = json.loads(cli.lint("--format", "sarif").out)
    assert [] == list(sarif_schema.iter_errors(document))
    assert {"%E6%A1%88%E4%BB%B6%20100%25/%E4%BD%95%3F.py"} == set(_uris(document["runs"][0]["results"]))


def test_a_crash_is_no_successful_run(cli: Cli, write: Write, tmp_path: Path, sarif_schema: Validator):
    """GitHub then refuses the upload, instead of closing every alert of the rule that crashed."""
    write({"good.py": "import os\n"})
    (tmp_path / "acme.py").write_text(
        "from s3ap_lint.api import PythonFile, Severity, hookimpl, rule\n\n\n"
        "@rule(code='ACME001', subject=PythonFile, severity=Severity.ERROR, since='1.0.0', examples=())\n"
        "def acme_rule(file):\n    '''A rule of a test.'''\n    raise KeyError('missing')\n\n\n"
        "@hookimpl\ndef s3ap_rules():\n    return [acme_rule]\n"
    )
    ran = cli.lint("--format", "sarif", "--plugin-path", tmp_path / "acme.py")
    document = json.loads(ran.out)
    assert (2, []) == (ran.status, list(sarif_schema.iter_errors(document)))
    (only,) = document["runs"]
    assert [False] == [invocation["executionSuccessful"] for invocation in only["invocations"]]
    assert {"F401", "S3AP902"} == {result["ruleId"] for result in only["results"]}
