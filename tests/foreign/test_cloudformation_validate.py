"""cloudformation-validate itself on small templates, with configurations that it knows nothing of."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Cli, Write

if not os.environ.get("CI"):
    pytest.importorskip("cloudformation_validate")

from s3ap_lint.model import Finding, Location, Scenario, Severity, Span, Unchecked
from s3ap_lint.offers import EngineUnit
from s3ap_lint.parallel import run
from s3ap_lint.plugins import Manager
from s3ap_lint.registry import load
from s3ap_rules.foreign import cfn_lint, cloudformation_validate
from s3ap_rules.foreign.cloudformation_validate import AS_CFN_LINT, ENGINE, code_of, is_own

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Unused:
    Type: String
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "plain"
"""
TOPIC = "Resources:\n  B:\n    Type: AWS::SNS::Topic\n"


class Project:
    """A repository in which files are written and templates are checked."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def check(self, text: str | bytes = TEMPLATE, path: str = "template.yaml") -> list[Finding | Unchecked]:
        return check_unit(EngineUnit(str(self.root), path, text.encode() if isinstance(text, str) else text))

    def found(self, text: str | bytes = TEMPLATE, path: str = "template.yaml") -> list[Finding]:
        return [one for one in self.check(text, path) if isinstance(one, Finding)]

    def codes(self, text: str | bytes = TEMPLATE, path: str = "template.yaml") -> list[str]:
        return [finding.code for finding in self.found(text, path)]


def check_unit(unit: EngineUnit) -> list[Finding | Unchecked]:
    return list(ENGINE.check(unit))


@pytest.fixture
def repo(tmp_path: Path) -> Project:
    return Project(tmp_path)


def excerpts(text: str, findings: Iterable[Finding]) -> list[str]:
    data = text.encode()
    return [data[at.span.start : at.span.end].decode() for at in (f.at for f in findings) if at.span]


def test_findings_say_everything(repo: Project) -> None:
    start, sub = TEMPLATE.index("Unused"), TEMPLATE.index("BucketName")
    assert [
        Finding(
            "Parameter 'Unused' is not referenced anywhere in the template",
            at=Location("template.yaml", Span(start, start + 6), ("Parameters", "Unused")),
            severity=Severity.WARNING,
            code="W2001",
        ),
        Finding(
            "Fn::Sub isn't needed because there are no variables",
            at=Location(
                "template.yaml",
                Span(sub, sub + 10),
                ("Resources", "Bucket", "Properties", "BucketName", "Fn::Sub"),
            ),
            severity=Severity.WARNING,
            code="W1020",
        ),
    ] == repo.check()


def test_a_good_template_has_no_findings(repo: Project) -> None:
    assert [] == repo.check("Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n")


# -- codes -------------------------------------------------------------------------------------------

SAME = {
    "E0000": "Resources:\n  A: [\n",
    "E1001": "Description: nothing\n",
    "E1003": f"Description: {'x' * 1100}\n{TOPIC}",
    "E1010": f"{TOPIC}    Properties: {{TopicName: !GetAtt Nope.Arn}}\n",
    "E1011": f"{TOPIC}    Properties: {{TopicName: !FindInMap [a, b, c]}}\n",
    "E1019": f"{TOPIC}    Properties: {{TopicName: !Sub '${{Nope}}'}}\n",
    "E1020": f"{TOPIC}    Properties: {{TopicName: !Ref Nope}}\n",
    "E1028": f"Conditions: {{C: !Equals [!Ref 'AWS::Region', b]}}\n{TOPIC}    Properties: {{TopicName: !If [C, a]}}\n",
    "E1030": f"{TOPIC}    Properties: {{TopicName: {{'Fn::Length': [a]}}}}\n",
    "E1701": f"{TOPIC}Rules: {{R: {{Assertions: [{{Assert: a}}]}}}}\n",
    "E2015": f"{TOPIC}    DisplayName: !Ref P\nParameters: {{P: {{Type: String, Default: a, AllowedValues: [b]}}}}\n",
    "E3001": "Resources:\n  B-c: {Type: AWS::SNS::Topic}\n",
    "E3002": f"{TOPIC}    Properties: {{Nonsense: 1}}\n",
    "E3003": "Resources: {A: {Type: AWS::IAM::Role}}\n",
    "E3004": "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: B}\n  B: {Type: AWS::SNS::Topic, DependsOn: A}\n",
    "E3006": "Resources: {A: {Type: AWS::Foo::Bar}}\n",
    "E3030": "Resources: {A: {Type: AWS::S3::Bucket, Properties: {VersioningConfiguration: {Status: Perhaps}}}}\n",
    "E3035": f"{TOPIC}    DeletionPolicy: Perhaps\n    UpdateReplacePolicy: Delete\n",
    "E3036": f"{TOPIC}    UpdateReplacePolicy: Perhaps\n    DeletionPolicy: Delete\n",
    "E6101": f"{TOPIC}Outputs: {{O: {{Value: [a]}}}}\n",
    "E7001": f"{TOPIC}Mappings: {{M: {{a: b}}}}\n",
    "E8003": f"{TOPIC}Conditions: {{C: !Equals [a]}}\n",
    "W8001": f"{TOPIC}Conditions: {{C: !Equals [!Ref 'AWS::Region', b]}}\n",
}


@pytest.mark.parametrize("code", SAME)
def test_cfn_lint_gives_the_same_code(repo: Project, code: str) -> None:
    unit = EngineUnit(str(repo.root), "template.yaml", SAME[code].encode())
    assert code in repo.codes(SAME[code])
    assert code in {finding.code for finding in cfn_lint.ENGINE.check(unit)}


def test_every_code_is_one_of_cfn_lint_s_or_has_to_be_asked_for() -> None:
    theirs = {entry.code for entry in cfn_lint.ENGINE.catalogue()}
    assert set() == {entry.code for entry in ENGINE.catalogue() if not is_own(entry.code)} - theirs
    assert set() == {entry.code for entry in ENGINE.catalogue() if is_own(entry.code)} & theirs - {
        "I4010",
        "W4011",
        "W4012",
    }


def test_no_code_is_taken_for_one_of_pyflakes() -> None:
    assert ("E3012", "E1001", "E3012", "W3010") == tuple(map(code_of, ("F3012", "F0001", "E3012", "W3010")))
    assert [] == [entry.code for entry in ENGINE.catalogue() if not re.fullmatch(r"[EWI]\d{4}", entry.code)]


@pytest.mark.parametrize("rule", ["F1010", "F1020", "F1018", "F3002", "F3003", "W3030", "F3030", "F3031"])
def test_what_a_rule_of_ours_merges_is_merged_whatever_the_letter(rule: str) -> None:
    manager = Manager()
    for name in ("access_points", "functions", "permissions", "references"):
        manager.register(__import__(f"s3ap_rules.{name}", fromlist=["*"]), name)
    assert code_of(rule) in load(manager).merged


def test_the_catalogue_is_its_own() -> None:
    catalogue = {entry.code: entry for entry in ENGINE.catalogue()}
    assert list(catalogue) == sorted(catalogue)
    assert len(catalogue) == len({entry.name for entry in catalogue.values()})
    e3012 = catalogue["E3012"]
    assert Severity.ERROR is e3012.severity
    assert (
        "Check resource properties values; Property type mismatch (F3012 of cloudformation-validate)" == e3012.summary
    )
    assert ("W9013" in catalogue, True) == (is_own("W9013"), is_own("E2504"))
    assert set(AS_CFN_LINT.values()) <= catalogue.keys()


# -- places ------------------------------------------------------------------------------------------


def test_places_are_bytes_whatever_the_file_counts(repo: Project) -> None:
    text = '# 説明\r\nParameters:\r\n  "未使用": {Type: String}\r\n  Unused: {Type: String}\r\n' + TOPIC
    findings = [finding for finding in repo.found(text) if finding.code == "W2001"]
    assert ['"未使用"', "Unused"] == excerpts(text, findings)
    marked = b"\xef\xbb\xbf" + text.encode()
    spans = [finding.at.span for finding in repo.found(marked) if finding.code == "W2001"]
    assert ['"未使用"'.encode(), b"Unused"] == [marked[span.start : span.end] for span in spans if span]


def test_json_templates_have_places_too(repo: Project) -> None:
    text = json.dumps({"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
    assert ['"Unused"'] == excerpts(text, repo.found(text, "template.json"))


def test_a_missing_target_is_told_where_it_is_asked_for(repo: Project) -> None:
    """The engine itself names the resource only."""
    text = f"{TOPIC}    Properties:\n      TopicName: a\n      DisplayName: !GetAtt Nope.Arn\n"
    (finding,) = repo.found(text)
    assert ["!GetAtt Nope.Arn"] == excerpts(text, [finding])
    assert ("Resources", "B", "Properties", "DisplayName") == finding.at.path


# -- what is asked of cfn-lint -----------------------------------------------------------------------

QUIET = "Metadata: {cfn-lint: {config: {ignore_checks: [%s]}}}\n"


def test_the_package_itself_ignores_metadata() -> None:
    """If that changes, reading it here can go."""
    import cloudformation_validate as core

    report = core.CompositeEngine().validate_template(core.TemplateContent(QUIET % "W" + TEMPLATE))
    assert {"W2001", "W1020"} <= {found.rule_id for found in report.diagnostics}


@pytest.mark.parametrize(
    ("ignored", "left"), [("W2001", ["W1020"]), ("W", []), ("W20", ["W1020"]), ("E", ["W2001", "W1020"])]
)
def test_metadata_of_the_template_is_honoured(repo: Project, ignored: str, left: list[str]) -> None:
    assert left == repo.codes(QUIET % ignored + TEMPLATE)


@pytest.mark.parametrize("metadata", ["Metadata:", "Metadata: text", "Metadata: {cfn-lint: []}"])
def test_metadata_of_a_wrong_shape_does_not_stop_the_check(repo: Project, metadata: str) -> None:
    assert {"W2001", "W1020"} <= {*repo.codes(f"{metadata}\n{TEMPLATE}")}


@pytest.mark.parametrize(("ignored", "left"), [("W1020", ["W2001"]), ("W", ["W2001", "W1020"])])
def test_metadata_of_a_resource_is_honoured(repo: Project, ignored: str, left: list[str]) -> None:
    """By the whole code, and for what is found in that resource, as cfn-lint does it."""
    other = "  Other:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Sub 'simple'}\n"
    ignoring = f"{TEMPLATE}    {QUIET % ignored}"
    assert left == repo.codes(ignoring)
    assert [*left, "W1020"] == repo.codes(ignoring + other)
    unit = EngineUnit(str(repo.root), "template.yaml", (ignoring + other).encode())
    assert [*left, "W1020"] == [finding.code for finding in cfn_lint.ENGINE.check(unit)]


def test_a_codes_letter_in_metadata_is_cfn_lint_s(repo: Project) -> None:
    text = f"{TOPIC}    Properties: {{Nonsense: 1}}\n"
    assert ["E3002"] == repo.codes(text)
    assert [] == repo.codes(text + f"    {QUIET % 'E3002'}")


def test_the_nearest_configuration_counts_and_the_template_s_own_settings_replace_it(repo: Project) -> None:
    repo.write(".cfnlintrc", "ignore_checks: [W2001]\n")
    repo.write("a/b/.cfnlintrc.yaml", "ignore_checks: [W1020]\n")
    assert ["W1020"] == repo.codes(path="a/template.yaml")
    assert ["W2001"] == repo.codes(path="a/b/c/template.yaml")
    assert ["W2001"] == repo.codes(QUIET % "W1020" + TEMPLATE)


def test_what_is_mandatory_is_not_ignored(repo: Project) -> None:
    repo.write(".cfnlintrc", "ignore_checks: [W]\nmandatory_checks: [W1020]\n")
    assert ["W1020"] == repo.codes()
    assert ["W1020"] == repo.codes(f"{TEMPLATE}    {QUIET % 'W1020'}")


def test_remarks_and_what_cfn_lint_does_not_have_are_asked_for(repo: Project) -> None:
    text = f"Parameters: {{UserPassword: {{Type: String}}}}\n{TOPIC}    DisplayName: !Ref UserPassword\n"
    assert {"E3001", "W2001"} >= {*repo.codes(text)}
    repo.write(".cfnlintrc", "include_checks: [I, W]\n")
    assert not {"W2509", "I9040"} & {*repo.codes(text)}
    repo.write(".cfnlintrc", "include_checks: [W25, I9040]\n")
    assert {"W2509", "I9040"} == {*repo.codes(text)} - {"E3001", "W2001"}


def test_parameters_and_regions_are_taken(repo: Project) -> None:
    text = """\
Parameters: {Status: {Type: String}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {VersioningConfiguration: {Status: !Ref Status}}
"""
    assert [] == repo.codes(text)
    repo.write(".cfnlintrc", "parameters: [{Status: Enabled}, {Status: Perhaps}]\n")
    assert 1 == len(repo.codes(text))
    rooms = "Resources:\n  Study:\n    Type: AWS::CleanRooms::Collaboration\n"
    repo.write(".cfnlintrc", "regions: [us-east-1]\n")
    assert "E3006" not in repo.codes(rooms)
    repo.write(".cfnlintrc", "regions: [us-east-1, ca-west-1]\n")
    assert "E3006" in repo.codes(rooms)


def test_templates_are_ignored_relative_to_the_configuration(repo: Project) -> None:
    repo.write("a/.cfnlintrc", "ignore_templates: ['old/**', 'b/*.yaml']\n")
    assert [] == repo.codes(path="a/old/deep/er/template.yaml")
    assert [] == repo.codes(path="a/b/template.yaml")
    assert ["W2001", "W1020"] == repo.codes(path="a/b/c/template.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ignore_checks: W1001\n", "ignore_checks must be a list of texts, not 'W1001'"),
        ("ignore_checks: [\n", "did not find expected node content"),
        ("- a\n", "it is no mapping"),
        ("parameters: [a]\n", "parameters must be a list of mappings, not ['a']"),
    ],
)
def test_a_broken_configuration_is_one_finding_at_its_file(repo: Project, text: str, message: str) -> None:
    repo.write("a/.cfnlintrc", text)
    (finding,) = repo.found(path="a/template.yaml")
    assert ("E0003", Severity.ERROR, Location("a/.cfnlintrc")) == (finding.code, finding.severity, finding.at)
    assert message in finding.message
    assert (Location("a/template.yaml", note="not checked by cfn-validate"),) == finding.related


# -- what it cannot look at --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"Resources:\n  A: [\n", b"Resources:\n\tA: 1\n", b"[1, 2", b"Description: \xff\n"], ids=repr
)
def test_a_file_that_does_not_parse_is_e0000(repo: Project, data: bytes) -> None:
    assert ["E0000"] == repo.codes(data)
    repo.write(".cfnlintrc", "ignore_checks: [E0000]\n")
    assert [] == repo.check(data)


def test_what_only_its_parser_refuses_is_not_checked_and_no_fault(repo: Project) -> None:
    text = f'{TOPIC}    Properties:\n      DisplayName: "two\n  lines"\n'
    (gap,) = repo.check(text)
    assert isinstance(gap, Unchecked)
    assert ("template.yaml", "template", 5) == (gap.path, gap.what, gap.line)
    assert gap.reason.startswith("cfn-validate: YAML parse error")


TASK = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: task
          Image: image
          Environment:
"""


def test_a_limit_that_it_reaches_is_told(repo: Project) -> None:
    """Fourteen conditions in one list are more scenarios than it looks at."""
    names = [f"P{number}" for number in range(14)]
    parameters = "".join(f"  {name}: {{Type: String}}\n" for name in names)
    conditions = "".join(f"  C{name}: !Equals [!Ref {name}, a]\n" for name in names)
    items = "".join(
        f"            - !If [C{name}, {{Name: {name}, Value: !Ref {name}}}, !Ref 'AWS::NoValue']\n" for name in names
    )
    found = repo.check(f"Parameters:\n{parameters}Conditions:\n{conditions}{TASK}{items}")
    (gap,) = (one for one in found if isinstance(one, Unchecked))
    assert ("template.yaml", "template", 0) == (gap.path, gap.what, gap.line)
    assert gap.reason.startswith("cfn-validate may have missed something: ")


# -- what it is wrong about --------------------------------------------------------------------------

NAMED = """\
Parameters: {Name: {Type: String, Default: ""}}
Conditions: {HasName: !Not [!Equals [!Ref Name, ""]]}
Resources:
  Group:
    Type: AWS::Athena::WorkGroup
    Properties: {Name: !If [HasName, !Ref Name, other]}
"""
SECRET = """\
Parameters: {AdminPasswordSecretArn: {Type: String}}
Resources:
  Database:
    Type: AWS::RDS::DBCluster
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      Engine: aurora-mysql
      MasterUsername: admin
      MasterUserPassword: !Sub "{{resolve:secretsmanager:${AdminPasswordSecretArn}:SecretString:password}}"
"""
EITHER = """\
Parameters: {Given: {Type: String, Default: ""}}
Conditions: {Creates: !Equals [!Ref Given, ""]}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Condition: Creates}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Name: {Value: !If [Creates, !Ref Bucket, !Ref Given]}
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Description: for everyone
    Properties: {StageName: prod}
Outputs:
  Stage: {Value: !Ref Api.Stage}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(NAMED, [], id="a default where the condition says that there is another value"),
        pytest.param(SECRET, [], id="the name of a secret for a password"),
        pytest.param(EITHER, [], id="an output under the condition of its resource"),
        pytest.param(SAM, ["W3001"], id="what SAM generates, and what it only ignores"),
    ],
)
def test_what_it_is_always_wrong_about_is_not_told(repo: Project, text: str, expected: list[str]) -> None:
    assert expected == repo.codes(text)


def test_the_same_is_told_where_it_is_right(repo: Project) -> None:
    other = NAMED.replace('Default: ""', "Default: //").replace('!Ref Name, ""', "!Ref Name, x")
    (finding,) = repo.found(other)
    assert ("W1030", Scenario("when HasName is true", (("HasName", True),))) == (finding.code, finding.scenario)
    assert ["W1001"] == repo.codes(EITHER.replace("!If [Creates, !Ref Bucket, !Ref Given]", "!Ref Bucket"))
    assert ["E6101"] == repo.codes(SAM.replace("Api.Stage", "Nope").replace("    Description: for everyone\n", ""))


# -- processes ---------------------------------------------------------------------------------------


def python(program: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*map(str, paths), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_is_imported_before_it_is_needed() -> None:
    program = """
import sys
from s3ap_rules.foreign.cloudformation_validate import ENGINE, s3ap_engines
s3ap_engines(), ENGINE.name, ENGINE.kind, ENGINE.version, ENGINE.missing
print([name for name in sys.modules if name.split(".")[0] in ("cloudformation_validate", "cfnlint", "yaml")])
"""
    assert "[]\n" == python(program).stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_it_starts_no_thread_so_that_a_process_that_has_it_can_be_forked() -> None:
    program = f"""
import os
from s3ap_lint.offers import EngineUnit
from s3ap_rules.foreign.cloudformation_validate_rules import check
check(EngineUnit("/nowhere", "template.yaml", {TEMPLATE!r}.encode()))
print(len(os.listdir("/proc/self/task")))
"""
    assert "1\n" == python(program).stdout


def test_a_worker_gives_the_same_findings(repo: Project) -> None:
    unit = EngineUnit(str(repo.root), "template.yaml", TEMPLATE.encode())
    assert [check_unit(unit)] * 3 == run([unit] * 3, check_unit, jobs=2, timeout=60, preload=ENGINE.preload)


def test_cfn_lint_is_not_imported_with_it(write: Write, project: Path) -> None:
    """Which takes a second; the engine has a word for each of its codes."""
    files = {f"{code}/template.yaml": text for code, text in SAME.items()}
    broken = {"a/.cfnlintrc": "- a\n", "a/template.yaml": TEMPLATE}
    write({"template.yaml": TEMPLATE, "sam/template.yaml": SAM, **broken, **files})
    program = """
import sys
from s3ap_lint.cli import main
main(["--engine", "cfn-validate", "--jobs", "1", "--exit-zero", "--format", "sarif", "--output", "out.sarif"])
print([name for name in sys.modules if name.split(".")[0] == "cfnlint"])
"""
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("[]\n", "") == (done.stdout, done.stderr)


FAKE = """
import os
from enum import Enum
from types import SimpleNamespace

class DetailLevel(Enum):
    STANDARD = 1

class Severity(Enum):
    WARN = 1

def ValidateConfig(**said):
    return said

PseudoParameterOverrides = ValidateConfig

def TemplateContent(content, name):
    return content

class CompositeEngine:
    def list_rules(self):
        return []

    def validate_template(self, template, config):
        if b"ABORT" in template:
            os.abort()
        if b"RAISE" in template:
            raise RuntimeError("no rules")
        return SimpleNamespace(status=SimpleNamespace(name="OK"), diagnostics=[])
"""


def test_a_crash_costs_its_own_template_only(cli: Cli, write: Write, tmp_path: Path) -> None:
    (tmp_path / "fake/cloudformation_validate").mkdir(parents=True)
    (tmp_path / "fake/cloudformation_validate/__init__.py").write_text(FAKE)
    write({f"{word.lower()}/template.yaml": f"# {word}\n{TOPIC}" for word in ("ABORT", "RAISE", "FINE")})
    ran = cli("--engine", "cfn-validate", "--format", "concise", env={"PYTHONPATH": str(tmp_path / "fake")})
    assert (
        2,
        [
            "abort/template.yaml:1:1: S3AP902 cfn-validate: the process that checked it died (exit status -6)",
            "raise/template.yaml:1:1: S3AP902 cfn-validate: checking it failed: RuntimeError: no rules",
        ],
    ) == (ran.status, ran.out.splitlines())


# -- the command line --------------------------------------------------------------------------------

MISSING = """
from importlib.machinery import PathFinder

found = PathFinder.find_spec

def find_spec(name, path=None, target=None):
    return None if name == "cloudformation_validate" else found(name, path, target)

PathFinder.find_spec = find_spec
"""


@pytest.fixture
def without(tmp_path: Path) -> dict[str, str]:
    """An environment in which the package is not installed."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without/sitecustomize.py").write_text(MISSING)
    return {"PYTHONPATH": str(tmp_path / "without")}


@pytest.mark.parametrize("arguments", [["."], ["rules"], ["explain", "E3012"], ["selftest"]])
@pytest.mark.parametrize("chosen", ["option", "file"])
def test_chosen_and_not_installed_says_what_to_do(
    cli: Cli, write: Write, without: dict[str, str], arguments: list[str], chosen: str
) -> None:
    if chosen == "option" and arguments != ["."]:
        pytest.skip("only a check has the option")
    if chosen == "file":
        write({".s3ap-lint.toml": 'engine = "cfn-validate"\n'})
    write({"template.yaml": TEMPLATE})
    ran = cli(*arguments, *(["--engine", "cfn-validate"] if chosen == "option" else []), env=without)
    said = "s3ap-lint: the engine cfn-validate is not installed; pip install 's3ap-lint[fast]'\n"
    assert (2, "", said) == (ran.status, ran.out, ran.err)


@pytest.mark.parametrize("arguments", [["--version"], ["rules"], ["--engine", "cfn-lint", "--format", "json"]])
def test_not_chosen_it_makes_no_difference(
    cli: Cli, write: Write, without: dict[str, str], arguments: list[str]
) -> None:
    write({"template.yaml": TEMPLATE})
    assert cli(*arguments) == cli(*arguments, env=without)
    assert "cfn-validate" not in cli(*arguments).out


def test_a_run_with_it(cli: Cli, write: Write) -> None:
    """Findings of ours stand beside its own, which can be ignored and selected like cfn-lint's."""
    write({"template.yaml": f"{TEMPLATE}      Nonsense: 1  # s3ap-lint: ignore[E3002] to show that it can be\n"})
    ran = cli("--engine", "cfn-validate", "--format", "concise")
    assert (
        1,
        "template.yaml:3:3: W2001 Parameter 'Unused' is not referenced anywhere in the template\n"
        "template.yaml:9:7: W1020 Fn::Sub isn't needed because there are no variables\n",
        "",
    ) == (ran.status, ran.out, ran.err)
    selected = cli("--engine", "cfn-validate", "--format", "json", "--select", "W20,E3")
    report: dict[str, Any] = json.loads(selected.out)
    assert [("W2001", "parameters", "Parameters/Unused")] == [
        (one["code"], one["name"], one["logical_path"]) for one in report["findings"]
    ]
    assert ["E3002"] == [one["code"] for one in report["suppressed"]]


def test_it_answers_for_its_codes(cli: Cli, write: Write) -> None:
    write({".s3ap-lint.toml": 'engine = "cfn-validate"\n'})
    version = ENGINE.version
    assert f"from cfn-validate {version}" in cli("explain", "E3012").out
    assert f"from cfn-validate {version}" in cli("explain", "W9013").out
    (line,) = (line for line in cli("rules").out.splitlines() if line.startswith("  cfn-validate"))
    assert re.fullmatch(
        rf"  cfn-validate {re.escape(version)}: \d+ codes about templates, E0000 to W9054; \d+ on", line
    )
    assert "fires        E3012     cfn-validate" in cli("selftest", timeout=300).out


def test_merging_is_the_same_as_with_cfn_lint(cli: Cli, write: Write) -> None:
    text = (
        (REPOSITORY / "tests/foreign/test_merging.py")
        .read_text()
        .partition('TEMPLATE = """\\\n')[2]
        .partition('"""')[0]
    )
    write({"template.yaml": text})

    def codes(*arguments: str) -> set[str]:
        ran = cli("--engine", "cfn-validate", "--format", "json", "--exit-zero", *arguments, "template.yaml")
        return {finding["code"] for finding in json.loads(ran.out)["findings"]}

    assert {"S3AP201", "S3AP202", "S3AP205"} == codes()
    assert {"S3AP202", "S3AP205", "E1020", "W8001"} >= codes("--ignore", "S3AP201") > {"S3AP202", "S3AP205"}
    assert {"S3AP201", "S3AP205", "W1001"} == codes("--ignore", "S3AP202")
    assert {"S3AP201", "S3AP202", "E3530"} == codes("--ignore", "S3AP205")


def test_an_engine_that_nobody_knows_is_an_error(cli: Cli, write: Write) -> None:
    write({".s3ap-lint.toml": 'engine = "cfn-validat"\n', "template.yaml": TEMPLATE})
    ran = cli(".")
    assert (2, "s3ap-lint: there is no engine 'cfn-validat'; did you mean 'cfn-validate'?\n") == (ran.status, ran.err)


def test_the_engine_says_what_it_is() -> None:
    assert ("cfn-validate", "template", "") == (ENGINE.name, ENGINE.kind, ENGINE.missing)
    manager = Manager()
    manager.register(cloudformation_validate, "cfn-validate")
    assert [("cfn-validate", ENGINE)] == manager.call("s3ap_engines")
