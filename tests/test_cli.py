"""What a person sees: exit statuses, output, and how the program behaves among pipes, terminals and signals."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import s3ap_lint

if TYPE_CHECKING:
    from conftest import Cli, Git, Write

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Ledger: {Type: String, Default: "yes", AllowedValues: ["yes", "no"]}
Conditions:
  KeepsLedger: !Equals [!Ref Ledger, "yes"]
Resources:
  Book:
    Type: AWS::SNS::Topic
    Condition: KeepsLedger
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: reader/
      Handler: handler.handler
      Runtime: python3.12
      Environment:
        Variables: {入力: a}  # s3ap-lint: ignore[S3AP201] まだ使う
Outputs:
  台帳: {Description: "台帳の場所", Value: !Ref Book}
"""
READER = '''\
import json
import os


def handler(event, context):
    """出力先は環境変数から"""
    return "出力", os.environ["OUTPUT"]
'''
APPLICATION = {
    "template.yaml": TEMPLATE,
    "reader/handler.py": READER,
    "tools/stage.py": "import json\n",
    "tools/keep.py": "import json  # noqa: F401\n",
}
CLEAN = {"template.yaml": 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n'}
WARNING = {"unused.py": "import os\n"}
FOREIGN = {"README.md": "# Notes\n", "notes/todo.txt": "nothing\n"}

PLUGIN = '''\
"""A rule that {what}."""

import os
import time
from pathlib import Path

from s3ap_lint.api import PythonFile, Severity, hookimpl, rule


@rule(code="ACME001", subject=PythonFile, severity=Severity.ERROR, since="1.0.0", examples=())
def acme_rule(file):
    """A rule of a test."""
    {body}
    return ()


@hookimpl
def s3ap_rules():
    return [acme_rule]
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a plugin outside of the project, whose rule runs some statement."""

    def write_plugin(body: str) -> Path:
        path = tmp_path / "acme_plugin.py"
        path.write_text(PLUGIN.format(what="runs a statement", body=body), encoding="utf-8")
        return path

    return write_plugin


# -- exit status 0 and 1 -----------------------------------------------------------------------------


def test_nothing_found_is_0(cli: Cli, write: Write):
    write(CLEAN)
    assert (0, "") == (cli.lint("--format", "concise").status, cli.lint("--format", "concise").out)


def test_a_warning_is_1(cli: Cli, write: Write):
    write(WARNING)
    assert 1 == cli.lint().status


@pytest.mark.parametrize(("least", "status"), [("info", 1), ("warning", 1), ("error", 0)])
def test_fail_on_is_the_least_severity_that_fails(cli: Cli, write: Write, least: str, status: int):
    """The finding is shown all the same."""
    write(WARNING)
    ran = cli.lint("--fail-on", least, "--format", "concise")
    assert (status, "unused.py:1:8: F401 'os' imported but unused\n") == (ran.status, ran.out)


def test_fail_on_of_the_configuration_gives_way_to_the_command_line(cli: Cli, write: Write):
    write({**WARNING, ".s3ap-lint.toml": 'fail-on = "error"\n'})
    assert (0, 1) == (cli.lint().status, cli.lint("--fail-on", "warning").status)


def test_exit_zero_turns_1_into_0(cli: Cli, write: Write):
    write(APPLICATION)
    assert (1, 0) == (cli.lint().status, cli.lint("--exit-zero").status)


def test_allow_empty_makes_only_foreign_files_no_failure(cli: Cli, write: Write):
    write(FOREIGN)
    ran = cli.lint("--allow-empty", "--format", "concise", "README.md", "notes/todo.txt")
    assert (0, "", "") == (ran.status, ran.out, ran.err)


def test_a_foreign_file_among_ours_is_no_failure(cli: Cli, write: Write):
    write({**FOREIGN, **CLEAN})
    assert 0 == cli.lint("README.md", "template.yaml").status


# -- exit status 2: the job could not be done --------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere.yaml"], "there is no such file or folder: nowhere.yaml", id="a missing file"),
        pytest.param(["gone/"], "there is no such file or folder: gone/", id="a missing folder"),
        pytest.param(
            ["template.yaml", "nowhere.yaml"],
            "there is no such file or folder: nowhere.yaml",
            id="one missing among others",
        ),
        pytest.param(["x/*.yaml"], "nothing that is not ignored matches x/*.yaml", id="a glob without a match"),
        pytest.param(
            ["*.yaml", "**/*.cfn"],
            "nothing that is not ignored matches **/*.cfn",
            id="a glob without a match while another matches",
        ),
        pytest.param(["--bogus"], "unrecognized arguments: --bogus; see `s3ap-lint --help`", id="an unknown option"),
        pytest.param(
            ["--format"],
            "argument --format: expected one argument; see `s3ap-lint --help`",
            id="an option without its value",
        ),
        pytest.param(
            ["--format", "yaml"],
            "there is no format 'yaml'; there are text, concise, json, sarif, github, gitlab, junit",
            id="an unknown format",
        ),
        pytest.param(
            ["--fail-on", "never"],
            "argument --fail-on: invalid choice: 'never' (choose from 'error', 'warning', 'info'); "
            "see `s3ap-lint --help`",
            id="an unknown severity",
        ),
        pytest.param(
            ["--jobs", "many"],
            "argument --jobs: invalid int value: 'many'; see `s3ap-lint --help`",
            id="no number",
        ),
        pytest.param(
            ["--jobs", "-1"], "--jobs must be an integer, 0 or more, not -1 (an integer)", id="a negative number"
        ),
        pytest.param(
            ["--engine-timeout", "0"],
            "--engine-timeout must be a number of seconds above 0, not 0.0 (a number)",
            id="no time at all",
        ),
        pytest.param(
            ["--select", "S3AP999"], "there is no rule 'S3AP999'; did you mean 'S3AP906'?", id="an unknown code"
        ),
        pytest.param(
            ["--ignore", "unset-variabel"],
            "there is no rule 'unset-variabel'; did you mean 'unset-variable'?",
            id="a misspelt name",
        ),
        pytest.param(["--config", "gone.toml"], "--config gone.toml: there is no such file", id="no such settings"),
        pytest.param(
            ["--output", "gone/report.txt"],
            "--output gone/report.txt: no such file or directory",
            id="output into a folder that is missing",
        ),
        pytest.param(["--output", "."], "--output .: is a directory", id="output into a folder's place"),
        pytest.param(
            ["-"],
            "- reads standard input; say with --stdin-filename which file it is",
            id="standard input without a name",
        ),
        pytest.param(
            ["--stdin-filename", "template.yaml"],
            "--stdin-filename goes with the path -, which reads standard input",
            id="a name without standard input",
        ),
    ],
)
def test_what_cannot_be_used_is_2_and_says_why_on_one_line(cli: Cli, write: Write, arguments: list[str], message: str):
    """Even where everything else could be checked."""
    write(CLEAN)
    for options in ([], ["--exit-zero"]):
        ran = cli.lint(*options, *arguments)
        assert (2, "", f"s3ap-lint: {message}\n") == (ran.status, ran.out, ran.err)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            'required-version = ">=9"',
            f".s3ap-lint.toml: required-version is >=9, but this is s3ap-lint {s3ap_lint.__version__}",
            id="another version is required",
        ),
        pytest.param(
            'slect = ["F"]', ".s3ap-lint.toml: there is no setting 'slect'; is 'select' meant?", id="an unknown key"
        ),
        pytest.param(
            'select = ["unset-varable"]',
            "there is no rule 'unset-varable'; did you mean 'unset-variable'?",
            id="an unknown rule",
        ),
        pytest.param("select = [", ".s3ap-lint.toml:1: not TOML: invalid value", id="no TOML"),
        pytest.param(
            'plugin-path = ["acme.py"]',
            ".s3ap-lint.toml: plugin-path would run code of the project being checked; "
            "name the file with --config .s3ap-lint.toml to trust it, or give --plugin-path",
            id="a plugin of the checked project",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_2(cli: Cli, write: Write, settings: str, message: str):
    write({**CLEAN, ".s3ap-lint.toml": f"{settings}\n"})
    ran = cli.lint("--exit-zero")
    assert (2, "", f"s3ap-lint: {message}\n") == (ran.status, ran.out, ran.err)


def test_a_folder_with_nothing_to_check_is_2(cli: Cli, write: Write):
    """Also with --allow-empty, which is about files, and while another folder can be checked."""
    write({**FOREIGN, "app/template.yaml": CLEAN["template.yaml"]})
    for arguments in (["notes"], ["--allow-empty", "notes"], ["--exit-zero", "notes", "app"]):
        ran = cli.lint("--format", "concise", *arguments)
        expected = "notes:1:1: S3AP906 nothing to check in notes: no template and no Python file\n"
        assert (2, expected, "") == (ran.status, ran.out, ran.err)


def test_only_foreign_files_are_2(cli: Cli, write: Write):
    write(FOREIGN)
    ran = cli.lint("--format", "concise", "README.md", "notes/*.txt")
    assert 2 == ran.status
    assert (
        "README.md:1:1: S3AP906 none of the named files is a template or Python file: README.md; notes/*.txt\n"
        == ran.out
    )


def test_a_state_machine_that_no_template_names_is_2(cli: Cli, write: Write):
    """Nothing was checked; a hook hands over whatever changed."""
    write({**CLEAN, "day.asl.json": '{"StartAt": "A", "States": {}}'})
    ran = cli.lint("--format", "concise", "day.asl.json")
    because = "not one of the files could be checked: no template names day.asl.json as its DefinitionUri"
    assert (2, f"day.asl.json:1:1: S3AP906 {because}\n") == (ran.status, ran.out)
    assert 0 == cli.lint("--allow-empty", "day.asl.json").status


def test_what_stands_behind_two_dashes_is_a_path(cli: Cli, write: Write):
    write({"-x.py": "import os\n", "--exit-zero": "", "--config=gone.py": "import re\n"})
    ran = cli.lint("--format", "concise", "--allow-empty", "--", "-x.py", "--config=gone.py")
    assert [
        "--config=gone.py:1:8: F401 're' imported but unused",
        "-x.py:1:8: F401 'os' imported but unused",
    ] == ran.out.splitlines()
    assert (1, "") == (ran.status, ran.err)
    refused = cli("explain", "S3AP101", "--", "x")
    assert (2, "s3ap-lint: explain takes no paths behind --\n") == (refused.status, refused.err)


def test_counts_that_are_required_are_not_asked_of_the_files_of_a_commit(cli: Cli, write: Write):
    """A hook says so with --allow-empty. Whoever lists files for a gate, or names a folder, is held to them."""
    write({**CLEAN, "x.py": "", ".s3ap-lint.toml": '[require]\ntemplates = 9\nrules = ["S3AP101"]\n'})
    statuses = [cli.lint(*paths).status for paths in (["--allow-empty", "x.py"], ["x.py"], ["--allow-empty", "."])]
    assert [0, 2, 2] == statuses
    assert 2 == cli.lint("--allow-empty", "--ignore", "S3AP1", "x.py").status


def test_a_requirement_that_is_not_met_is_2_even_without_findings(cli: Cli, write: Write):
    settings = '[require]\nfunctions_joined = 1\ntemplates = 1\nrules = ["S3AP101", "unset-variable"]\n'
    write({**CLEAN, ".s3ap-lint.toml": settings})
    ran = cli.lint("--ignore", "S3AP1", "--exit-zero", "--format", "concise")
    assert (2, "") == (ran.status, ran.out)
    assert [
        "s3ap-lint: require: functions_joined = 1, but this run saw 0; is something not found, or ignored?",
        "s3ap-lint: require: the rule S3AP101 did not run; it is not selected, or its plugin is disabled",
    ] == ran.err.splitlines()


def test_a_requirement_that_is_met_is_not_mentioned(cli: Cli, write: Write):
    settings = '[require]\nfunctions = 1\nfunctions_joined = 1\ntemplates = 1\nmodules = 3\nrules = ["S3AP101"]\n'
    write({**APPLICATION, ".s3ap-lint.toml": settings})
    ran = cli.lint("--exit-zero")
    assert (0, "") == (ran.status, ran.err)


def test_a_rule_that_crashes_is_2_and_the_rest_is_reported(cli: Cli, write: Write, plugin: Callable[[str], Path]):
    write(WARNING)
    path = plugin('raise KeyError("missing")')
    for options in ([], ["--select", "F401,ACME001"], ["--exit-zero", "--fail-on", "error"]):
        ran = cli.lint("--plugin-path", path, "--format", "concise", *options)
        assert (2, "") == (ran.status, ran.err)
        assert [
            "unused.py:1:1: S3AP902 ACME001 crashed on unused.py: KeyError: 'missing' (acme_plugin.py:13)",
            "unused.py:1:8: F401 'os' imported but unused",
        ] == ran.out.splitlines()


def test_a_plugin_that_does_not_import_is_2(cli: Cli, write: Write, tmp_path: Path):
    write(CLEAN)
    (tmp_path / "broken_plugin.py").write_text("import nothing_of_that_name\n")
    ran = cli.lint("--plugin-path", tmp_path / "broken_plugin.py")
    assert (2, "") == (ran.status, ran.out)
    assert (
        "s3ap-lint: plugin 'broken_plugin' does not import "
        "(ModuleNotFoundError: No module named 'nothing_of_that_name'); "
        "repair or reinstall it, or run with --no-plugin broken_plugin\n"
    ) == ran.err


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_json_and_sarif_are_printed_on_2_as_well(cli: Cli, write: Write, plugin: Callable[[str], Path], form: str):
    """For a crash, an empty folder and a requirement that is not met; what reads them needs a document."""
    write({**WARNING, **FOREIGN, "strict.toml": "[require]\ntemplates = 1\n"})
    runs = [
        cli.lint("--format", form, "--plugin-path", plugin('raise KeyError("missing")')),
        cli.lint("--format", form, "notes"),
        cli.lint("--format", form, "--config", "strict.toml"),
    ]
    assert [2, 2, 2] == [ran.status for ran in runs]
    found = [_codes(json.loads(ran.out)) for ran in runs]
    assert [{"S3AP902", "F401"}, {"S3AP906"}, {"F401"}] == found


def _codes(document: dict) -> set[str]:
    if "runs" in document:
        return {result["ruleId"] for run in document["runs"] for result in run["results"]}
    return {finding["code"] for finding in document["findings"]}


# -- what is printed ---------------------------------------------------------------------------------


def versions(*engines: str) -> str:
    """The line of a summary that names the versions."""
    named = [f"{engine} {importlib.metadata.version(engine)}" for engine in engines]
    return f"s3ap-lint {s3ap_lint.__version__} with {' and '.join(named)}\n"


def test_text_explains_each_cause_once_with_its_line_and_ends_with_a_summary(cli: Cli, write: Write):
    """Carets stand under what is meant, also behind Japanese text, which is two columns wide."""
    write(APPLICATION)
    ran = cli.lint()
    assert ran.err == ""
    assert (
        """\
reader/handler.py:1:8 warning F401 unused-import
  'json' imported but unused
     1 | import json
       |        ^^^^
  fix: Remove the import
  the same in 1 more place:
    tools/stage.py:1:8

reader/handler.py:7:18 error S3AP302 unset-variable
  OUTPUT is required here, but Reader does not set it, so the events that come this way fail
     7 |     return "出力", os.environ["OUTPUT"]
       |                    ^^^^^^^^^^^^^^^^^^^^
  template.yaml:11:3: Reader runs this

template.yaml:18:29 warning S3AP903 unused-ignore
  S3AP201 is ignored here, but not found; the next real finding would go unseen
    18 |         Variables: {入力: a}  # s3ap-lint: ignore[S3AP201] まだ使う
       |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  fix: Remove the unused ignore

template.yaml:20:42 warning S3AP202 unguarded-reference
  the output 台帳 refers to Book, which exists only when KeepsLedger is true; \
CloudFormation refuses the template otherwise
    20 |   台帳: {Description: "台帳の場所", Value: !Ref Book}
       |                                                 ^^^^
  when KeepsLedger is false: Ledger is 'no'
  template.yaml:8:3: Book has the condition KeepsLedger
  fix: Give the output the condition

1 error and 4 warnings in 3 files, 1 suppressed
fixable: 4 with --fix
checked 1 template, 3 Python files, 1 application; joined 1 of 1 function to their code
"""
        + versions("pyflakes")
        + "help: s3ap-lint explain F401\n"
    ) == ran.out


def test_concise_is_one_line_for_each_finding(cli: Cli, write: Write):
    write(APPLICATION)
    assert [
        "reader/handler.py:1:8: F401 'json' imported but unused",
        "reader/handler.py:7:18: S3AP302 OUTPUT is required here, but Reader does not set it, "
        "so the events that come this way fail",
        "template.yaml:18:29: S3AP903 S3AP201 is ignored here, but not found; the next real finding would go unseen",
        "template.yaml:20:42: S3AP202 the output 台帳 refers to Book, which exists only when KeepsLedger is true; "
        "CloudFormation refuses the template otherwise, when KeepsLedger is false: Ledger is 'no'",
        "tools/stage.py:1:8: F401 'json' imported but unused",
    ] == cli.listed()


def test_github_is_one_annotation_for_each_finding(cli: Cli, write: Write, git: Git):
    """Paths are relative to the git top level, wherever the program is started."""
    git(write(APPLICATION), "init", "--quiet")
    ran = cli.lint("--format", "github", "handler.py", "../tools", cwd="reader")
    assert [
        "::warning file=reader/handler.py,line=1,endLine=1,col=8,endColumn=12,title=F401 unused-import::"
        "'json' imported but unused",
        "::error file=reader/handler.py,line=7,endLine=7,col=18,endColumn=38,title=S3AP302 unset-variable::"
        "OUTPUT is required here, but Reader does not set it, so the events that come this way fail",
        "::warning file=tools/stage.py,line=1,endLine=1,col=8,endColumn=12,title=F401 unused-import::"
        "'json' imported but unused",
    ] == ran.out.splitlines()


def test_quiet_leaves_the_findings(cli: Cli, write: Write):
    write(WARNING)
    assert (
        "unused.py:1:8 warning F401 unused-import\n  'os' imported but unused\n     1 | import os\n       |        ^^\n"
        "  fix: Remove the import\n"
    ) == cli.lint("-q").out


def test_quiet_without_findings_is_silence(cli: Cli, write: Write):
    write(CLEAN)
    assert "" == cli.lint("--quiet").out


def test_verbose_lists_what_is_suppressed_and_what_could_not_be_checked(cli: Cli, write: Write):
    template = APPLICATION["template.yaml"].replace("CodeUri: reader/", "CodeUri: s3://bucket/reader.zip")
    write({"app.template": template, "keep.py": "import json  # s3ap-lint: ignore[F401] 後で使う\n"})
    assert [
        "2 warnings in 1 file, 1 suppressed",
        "  suppressed: keep.py:1:8 F401 unused-import: 後で使う",
        "fixable: 2 with --fix",
        "checked 1 template, 1 Python file, 1 application; joined 0 of 1 function to their code",
        "could not check 1 thing:",
        "  app.template:11: code of Reader: no folder is named after its package 'reader.zip'",
        versions("pyflakes").rstrip(),
        "help: s3ap-lint explain S3AP903",
    ] == cli.lint("-v").out.splitlines()[-8:]


def test_output_goes_to_a_file_instead(cli: Cli, write: Write):
    """The same bytes that would have been printed, in UTF-8."""
    project = write(APPLICATION)
    printed = cli.lint("--format", "concise")
    written = cli.lint("--format", "concise", "--output", "報告.txt")
    assert (1, "", "") == (written.status, written.out, written.err)
    assert printed.out.encode() == (project / "報告.txt").read_bytes()


def test_statistics_are_on_standard_error_only(cli: Cli, write: Write):
    """The most frequent code first; the output itself stays the same bytes."""
    write({**APPLICATION, "README.md": ""})
    plain, counted = cli.lint(), cli.lint("--statistics")
    assert plain.out == counted.out
    lines = counted.err.splitlines()
    assert [
        "2  F401     [*]  unused-import",
        "1  S3AP202  [*]  unguarded-reference",
        "1  S3AP302  [ ]  unset-variable",
        "1  S3AP903  [*]  unused-ignore",
        "[*] fixed by --fix, [?] by --fix --unsafe-fixes; for some of these at least",
    ] == lines[:-1]
    assert re.fullmatch(r"4 files in \d+\.\d\d s, 5 results of earlier runs used again", lines[-1])


def test_statistics_of_json_are_in_its_stats(cli: Cli, write: Write):
    """Standard error stays empty: what reads the document has them."""
    write(APPLICATION)
    first, again = (cli.lint("--statistics", "--format", "json") for _ in range(2))
    assert ("", "") == (first.err, again.err)
    stats = [json.loads(ran.out)["stats"] for ran in (first, again)]
    assert [0, 5] == [one["cache_hits"] for one in stats]
    assert all(isinstance(one["elapsed_ms"], int) and one["elapsed_ms"] > 0 for one in stats)
    assert json.loads(cli.lint("--format", "json").out)["stats"].keys() == stats[0].keys() - {
        "cache_hits",
        "elapsed_ms",
    }


def test_version_names_the_engines(cli: Cli):
    names = ("cfn-lint", "cloudformation-validate", "pyflakes")
    cfn_lint, fast, pyflakes = (importlib.metadata.version(name) for name in names)
    ran = cli("--version")
    engines = f"cfn-lint {cfn_lint}, cloudformation-validate {fast}, pyflakes {pyflakes}"
    expected = f"s3ap-lint {s3ap_lint.__version__} ({engines})\n"
    assert (0, expected, "") == (ran.status, ran.out, ran.err)
    assert (
        f"s3ap-lint {s3ap_lint.__version__} (pyflakes {pyflakes})\n" == cli("--no-plugin", "cfn-lint", "--version").out
    )


def test_help_names_the_commands_and_the_exit_statuses(cli: Cli):
    ran = cli("--help")
    assert (0, "") == (ran.status, ran.err)
    for command in ("check", "init [PATH]", "explain CODE", "rules", "selftest", "config show", "new FAMILY/NAME"):
        assert f"\n  {command} " in ran.out
    status = "0 nothing at or above --fail-on, 1 findings (with --diff: changes), 2 the job could not be done"
    assert ran.out.endswith(f"\nexit status: {status}\n")


def test_the_module_is_the_program(cli: Cli, write: Write):
    write(WARNING)
    command = [str(Path(cli.command()[0]).with_name("python")), "-m", "s3ap_lint", "--engine", "none", "-q"]
    done = subprocess.run(command, cwd=cli.folder, env=cli.environment(), capture_output=True, check=False)
    assert (1, cli.lint("-q").out) == (done.returncode, done.stdout.decode())


# -- other commands ----------------------------------------------------------------------------------


def test_rules_lists_every_rule_with_its_severity(cli: Cli):
    ran = cli("rules")
    assert (0, "") == (ran.status, ran.err)
    line = next(line for line in ran.out.splitlines() if "S3AP302" in line)
    assert ["S3AP302", "unset-variable", "error", "on"] == line.split()[:4]


def test_rules_as_json_is_a_list_with_what_the_contract_names(cli: Cli):
    entries = json.loads(cli("rules", "--format", "json").out)
    assert {"code", "name", "severity", "strict", "fixable", "plugin", "summary"} <= entries[0].keys()
    by_code = {entry["code"]: entry for entry in entries}
    assert {"S3AP101", "S3AP201", "S3AP202", "S3AP302", "S3AP901", "S3AP903", "F401", "E3012"} <= by_code.keys()
    unset = by_code["S3AP302"]
    assert ("unset-variable", "error", "functions") == (unset["name"], unset["severity"], unset["plugin"])


@pytest.mark.parametrize("name", ["S3AP302", "unset-variable"])
def test_explain_prints_a_rules_page(cli: Cli, name: str):
    ran = cli("explain", name)
    assert (0, "") == (ran.status, ran.err)
    assert ran.out.startswith("S3AP302 unset-variable\n")
    assert "KeyError" in ran.out


def test_explain_knows_the_codes_of_the_engines(cli: Cli):
    assert cli("explain", "F401").out.startswith("F401 unused-import\n")


def test_explain_of_an_unknown_code_is_2(cli: Cli):
    ran = cli("explain", "S3AP888")
    assert (2, "") == (ran.status, ran.out)
    assert ran.err.startswith("s3ap-lint: there is no rule 'S3AP888'")


def test_config_show_is_settings_that_can_be_used_as_they_are(cli: Cli, write: Write):
    """The command line counts; what is shown, written to a file, is shown again."""
    project = write({".s3ap-lint.toml": 'ignore = ["F401"]\n[require]\ntemplates = 0\n'})
    shown = cli("config", "show", "--select", "S3AP1")
    assert (0, "") == (shown.status, shown.err)
    assert "# configuration file: .s3ap-lint.toml\n" == shown.out.splitlines(keepends=True)[0]
    (project / ".s3ap-lint.toml").write_text(shown.out, encoding="utf-8")
    assert shown.out == cli("config", "show").out


def test_selftest_passes_and_fails_where_a_rule_cannot_fire(cli: Cli, write: Write):
    """An ignore for every path leaves a rule selected that can report nothing."""
    assert 0 == cli("selftest").status
    write({".s3ap-lint.toml": '[per-path]\n"**" = {ignore = ["S3AP302"]}\n'})
    ran = cli("selftest")
    assert 2 == ran.status
    assert "S3AP302" in next(line for line in ran.out.splitlines() if not line.startswith(("fires", "not asked")))


@pytest.mark.parametrize("command", ["check", "rules", "explain", "config", "selftest", "new"])
def test_every_command_has_help(cli: Cli, command: str):
    ran = cli(command, "--help")
    assert (0, "") == (ran.status, ran.err)
    assert ran.out.startswith("usage: s3ap-lint")


# -- which findings a PATH shows ---------------------------------------------------------------------

TWO_APPLICATIONS = {
    "one/template.yaml": TEMPLATE.replace("reader/", "../shared/reader/"),
    "two/template.yaml": TEMPLATE.replace("reader/", "../shared/reader/").replace("Reader", "Second"),
    "three/template.yaml": TEMPLATE.replace("Reader", "Third"),
    "three/reader/handler.py": READER,
    "shared/reader/handler.py": READER,
}


def test_a_handler_alone_brings_in_the_applications_that_use_it(cli: Cli, write: Write):
    """One finding names both functions that run it; what else is wrong in their templates is not shown."""
    write(TWO_APPLICATIONS)
    ran = cli.lint("-q", "shared/reader/handler.py")
    assert (
        """\
shared/reader/handler.py:1:8 warning F401 unused-import
  'json' imported but unused
     1 | import json
       |        ^^^^
  fix: Remove the import

shared/reader/handler.py:7:18 error S3AP302 unset-variable
  OUTPUT is required here, but Reader does not set it, so the events that come this way fail \
(and 1 more like it: see the related places)
     7 |     return "出力", os.environ["OUTPUT"]
       |                    ^^^^^^^^^^^^^^^^^^^^
  one/template.yaml:11:3: Reader runs this
  two/template.yaml:11:3: Second runs this
"""
        == ran.out
    )


def test_a_finding_is_shown_when_a_related_place_lies_in_the_path(cli: Cli, write: Write):
    """The variable that a template does not set is read elsewhere; unused names elsewhere are not its business."""
    write(TWO_APPLICATIONS)
    found = [line.split(" ", 2)[:2] for line in cli.listed("one/template.yaml")]
    assert [
        ["one/template.yaml:18:29:", "S3AP903"],
        ["one/template.yaml:20:42:", "S3AP202"],
        ["shared/reader/handler.py:7:18:", "S3AP302"],
    ] == found


def test_a_folder_shows_what_lies_in_it(cli: Cli, write: Write):
    write(TWO_APPLICATIONS)
    assert {"three/template.yaml", "three/reader/handler.py"} == {line.split(":")[0] for line in cli.listed("three")}


def test_a_path_seen_from_a_subfolder_is_relative_to_it(cli: Cli, write: Write, git: Git):
    """The project is that of the git repository, so what lies beside the folder is still joined."""
    git(write(TWO_APPLICATIONS), "init", "--quiet")
    assert {
        ("template.yaml:18:29:", "S3AP903"),
        ("template.yaml:20:42:", "S3AP202"),
        ("../shared/reader/handler.py:7:18:", "S3AP302"),
    } == {tuple(line.split(" ", 2)[:2]) for line in cli.listed(cwd="one")}


def test_nothing_checked_is_told_by_the_path_as_seen_from_a_subfolder(cli: Cli, write: Write, git: Git):
    git(write({**FOREIGN, "app/x.py": ""}), "init", "--quiet")
    ran = cli.lint("--format", "concise", "../notes", cwd="app")
    assert "../notes:1:1: S3AP906 nothing to check in ../notes: no template and no Python file\n" == ran.out
    ran = cli.lint("--format", "github", "../notes", cwd="app")
    assert ran.out.startswith("::error file=notes,line=1,")


def test_a_named_file_is_checked_although_git_ignores_it(cli: Cli, write: Write, git: Git):
    git(write({".gitignore": "generated/\n", "generated/x.py": "import os\n", "kept.py": ""}), "init", "--quiet")
    assert [] == cli.listed()
    assert ["generated/x.py:1:8: F401 'os' imported but unused"] == cli.listed("generated/x.py")


def test_the_schema_engine_sees_only_templates_in_the_path(cli: Cli, write: Write):
    """A fault that only cfn-lint knows: a property that no topic has."""
    template = CLEAN["template.yaml"].replace("AWS::SNS::Topic}", "AWS::SNS::Topic, Properties: {Colour: red}}")
    write({"one/template.yaml": template, "two/template.yaml": template, "two/x.py": ""})
    assert ["two/template.yaml"] == _places(cli("--format", "concise", "two"))
    assert [] == _places(cli("--format", "concise", "two/x.py"))


def _places(ran: object) -> list[str]:
    return sorted({line.split(":")[0] for line in ran.out.splitlines()})  # type: ignore[attr-defined]


# -- standard input ----------------------------------------------------------------------------------


def test_standard_input_takes_the_place_of_the_file_it_is_named_after(cli: Cli, write: Write):
    """The buffer is joined to the templates of the project, the file on the disk is not read."""
    write(APPLICATION)
    buffer = READER.replace("import json\n", "").replace("OUTPUT", "RESULT")
    found = cli.listed("--stdin-filename", "reader/handler.py", "-", stdin=buffer)
    assert [
        "reader/handler.py:6:18: S3AP302 RESULT is required here, but Reader does not set it, "
        "so the events that come this way fail"
    ] == found


def test_standard_input_may_be_a_template(cli: Cli, write: Write):
    write(APPLICATION)
    buffer = TEMPLATE.replace("入力: a", "OUTPUT: a")
    found = cli.listed("--stdin-filename", "template.yaml", "-", stdin=buffer)
    assert ["S3AP903", "S3AP202"] == [line.split(" ")[1] for line in found]


def test_standard_input_may_be_a_file_that_does_not_exist_and_stand_among_others(cli: Cli, write: Write):
    write(WARNING)
    found = cli.listed("unused.py", "-", "--stdin-filename", "new/file.py", stdin="import json\n")
    assert ["new/file.py:1:8: F401 'json' imported but unused", "unused.py:1:8: F401 'os' imported but unused"] == found


# -- names and encodings -----------------------------------------------------------------------------


def test_names_may_have_spaces_and_japanese(cli: Cli, write: Write):
    write({"案件 一/template その一.yaml": "AWSTemplateFormatVersion: [", "案件 一/関数.py": "import os\n"})
    expected = ["案件 一/template その一.yaml:", "案件 一/関数.py:1:8: F401 'os' imported but unused"]
    for paths in ([], ["案件 一"], ["案件 一/template その一.yaml", "案件 一/関数.py"], ["案件*/*"]):
        found = cli.listed(*paths)
        assert [True, True] == [line.startswith(start) for line, start in zip(found, expected, strict=True)]


def test_output_is_utf_8_whatever_the_locale(cli: Cli, write: Write):
    write(APPLICATION)
    usual = cli.lint()
    other = {"LANG": "C", "LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}
    assert (usual.status, usual.out) == (cli.lint(env=other).status, cli.lint(env=other).out)


# -- terminals ---------------------------------------------------------------------------------------


def on_terminal(
    cli: Cli, *arguments: str | Path, env: Mapping[str, str] | None = None, both: bool = False
) -> tuple[int, str, str]:
    """Run it with a terminal as standard output, or with `both` standard error too; status, output, and the rest."""
    ours, theirs = pty.openpty()
    other, piped = os.pipe()
    try:
        process = subprocess.Popen(
            cli.command(*arguments),
            cwd=cli.folder,
            env=cli.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=piped if both else theirs,
            stderr=theirs if both else piped,
        )
    finally:
        os.close(theirs)
        os.close(piped)
    terminal, pipe = _all_of(ours), _all_of(other)
    return process.wait(), terminal.replace("\r\n", "\n"), pipe


def _all_of(handle: int) -> str:
    """Everything that comes until the other side closes, which a terminal tells with an error."""
    data = b""
    try:
        while more := os.read(handle, 65536):
            data += more
    except OSError:
        pass
    finally:
        os.close(handle)
    return data.decode("utf-8")


def test_a_terminal_gets_colours_and_a_pipe_none(cli: Cli, write: Write):
    write(WARNING)
    status, shown, _ = on_terminal(cli, "--engine", "none", "-q")
    assert 1 == status
    assert "\x1b[1;33mwarning\x1b[0m" in shown
    assert "\x1b" not in cli.lint("-q").out
    assert cli.lint("-q").out == re.sub(r"\x1b\[[\d;]*m", "", shown)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "dumb"}], ids=str)
def test_who_wants_no_colours_gets_none(cli: Cli, write: Write, env: dict[str, str]):
    write(WARNING)
    assert "\x1b" not in on_terminal(cli, "--engine", "none", env=env)[1]


def test_the_option_color_wins(cli: Cli, write: Write):
    write(WARNING)
    assert "\x1b[" in cli.lint("--color", "always", env={"NO_COLOR": "1"}).out
    assert "\x1b" not in on_terminal(cli, "--engine", "none", "--color", "never")[1]


def test_a_long_run_shows_how_far_it_is_on_a_terminal_and_leaves_no_trace(
    cli: Cli, write: Write, plugin: Callable[[str], Path]
):
    """Twelve tasks' worth of files, each a fifth of a second: the line is drawn over and erased at the end."""
    write({f"module_{number:02}.py": "" for number in range(36)})
    arguments = ("--engine", "none", "--jobs", "1", "--plugin-path", plugin("time.sleep(0.05)"))
    status, shown, printed = on_terminal(cli, *arguments, both=True)
    assert 0 == status
    assert re.fullmatch(r"(\r\x1b\[Kchecking \d+/3)+\r\x1b\[K", shown), shown
    assert printed.startswith("no findings\n")


def test_a_pipe_is_told_nothing_of_how_far_a_run_is(cli: Cli, write: Write, plugin: Callable[[str], Path]):
    write({f"module_{number:02}.py": "" for number in range(36)})
    ran = cli.lint("--jobs", "1", "--plugin-path", plugin("time.sleep(0.05)"))
    assert (0, "") == (ran.status, ran.err)


def test_a_short_run_shows_nothing_on_the_way(cli: Cli, write: Write):
    write(WARNING)
    assert "" == on_terminal(cli, "--engine", "none", both=True)[1]


# -- pipes and signals -------------------------------------------------------------------------------


def test_a_reader_that_has_seen_enough_is_no_failure_of_ours(cli: Cli, write: Write):
    """As with `| head -1`: no traceback, nothing on standard error."""
    unused = "".join(f"import module_{number}\n" for number in range(200))
    write({f"module_{number:03}.py": unused for number in range(40)})
    process = subprocess.Popen(
        cli.command("--engine", "none", "--format", "concise"),
        cwd=cli.folder,
        env=cli.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    first = process.stdout.readline()
    process.stdout.close()
    assert b"module_000.py:1:8: F401 'module_0' imported but unused\n" == first
    assert b"" == process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=20) in (141, -signal.SIGPIPE)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("whom", ["the terminal's processes", "the program alone"])
def test_ctrl_c_ends_it_with_one_line_and_leaves_no_process(
    cli: Cli, write: Write, plugin: Callable[[str], Path], tmp_path: Path, jobs: str, whom: str
):
    """A terminal sends the signal to every process of the job, `kill -INT` to one."""
    write({f"module_{number:02}.py": "" for number in range(36)})
    started = tmp_path / "started"
    body = f"Path({str(started)!r}).touch(); time.sleep(60)"
    process = subprocess.Popen(
        cli.command("--engine", "none", "--jobs", jobs, "--plugin-path", plugin(body)),
        cwd=cli.folder,
        env=cli.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _wait_until(started.exists)
        (os.kill if whom == "the program alone" else os.killpg)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (130, b"", b"s3ap-lint: interrupted\n") == (process.returncode, out, err)
        _wait_until(lambda: not _alive(process.pid))
    finally:
        if _alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def _alive(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
