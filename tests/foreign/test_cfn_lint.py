"""cfn-lint itself on small templates, with configurations it may and may not obey."""

from __future__ import annotations

import glob
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from s3ap_lint.model import Finding, Location, Severity, Span
from s3ap_lint.offers import Engine, EngineUnit
from s3ap_lint.parallel import run
from s3ap_lint.plugins import Manager
from s3ap_lint.source import Source
from s3ap_rules.foreign import cfn_lint
from s3ap_rules.foreign.cfn_lint import ENGINE, configuration_file, listed, short_name

#: W2001 on the parameter; E3012 would be on Timeout, W1020 is on the Sub that needs none.
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

#: I1022: a Sub would do.
JOIN = """\
Outputs:
  Name:
    Value: !Join ["", [a, !Ref Bucket]]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


class Project:
    """A repository in which files are written and templates are checked."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def check(self, text: str = TEMPLATE, path: str = "template.yaml") -> list[Finding]:
        self.write(path, text)
        return self.check_bytes(text.encode(), path)

    def check_bytes(self, data: bytes, path: str = "template.yaml") -> list[Finding]:
        return list(ENGINE.check(EngineUnit(str(self.root), path, data)))

    def codes(self, text: str = TEMPLATE, path: str = "template.yaml") -> list[str]:
        return [finding.code for finding in self.check(text, path)]


def excerpt(text: str, finding: Finding) -> str:
    assert finding.at.span
    return text.encode()[finding.at.span.start : finding.at.span.end].decode()


def test_findings_say_everything(project: Project) -> None:
    start, sub = TEMPLATE.index("Unused"), TEMPLATE.index("BucketName")
    assert [
        Finding(
            "Parameter Unused not used.",
            at=Location("template.yaml", Span(start, start + 6), ("Parameters", "Unused")),
            severity=Severity.WARNING,
            code="W2001",
        ),
        Finding(
            "'Fn::Sub' isn't needed because there are no variables",
            at=Location(
                "template.yaml",
                Span(sub, sub + 10),
                ("Resources", "Bucket", "Properties", "BucketName", "Fn::Sub"),
            ),
            severity=Severity.WARNING,
            code="W1020",
        ),
    ] == project.check()


def test_a_good_template_has_no_findings(project: Project) -> None:
    assert [] == project.check("Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n")


def test_severities_are_cfn_lint_s_levels(project: Project) -> None:
    text = TEMPLATE + "  Broken:\n    Type: AWS::S3::Nothing\n" + JOIN
    project.write(".cfnlintrc", "include_checks: [I]\n")
    levels = {finding.code: finding.severity for finding in project.check(text)}
    assert {
        "W2001": Severity.WARNING,
        "W1020": Severity.WARNING,
        "E3006": Severity.ERROR,
        "I1022": Severity.INFO,
    }.items() <= levels.items()


def test_places_are_bytes_in_a_file_that_counts_characters(project: Project) -> None:
    text = "# 説明\n" + TEMPLATE.replace("  Unused:", '  "未使用": {Type: String}\n  Unused:')
    assert ['"未使用"', "Unused", "BucketName"] == [
        excerpt(text, finding) for finding in project.check(text) if finding.code != "E2003" and finding.code[0] == "W"
    ]


@pytest.mark.parametrize("ending", ["\r\n", "\u2028", "\x85\n"])
def test_places_are_right_whatever_ends_the_lines_before(project: Project, ending: str) -> None:
    text = f"# one{ending}# two\n" + TEMPLATE
    assert ["Unused", "BucketName"] == [excerpt(text, finding) for finding in project.check(text)]


def test_a_byte_order_mark_is_no_column(project: Project) -> None:
    data = b"\xef\xbb\xbf" + TEMPLATE.replace("\n", "\r\n").encode()
    spans = [finding.at.span for finding in project.check_bytes(data)]
    assert [b"Unused", b"BucketName"] == [data[span.start : span.end] for span in spans if span]


def test_a_place_of_several_lines_ends_with_the_first(project: Project) -> None:
    """A region of one line is shown beside a change in that line, a bigger one is not."""
    text = """\
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      Tags:
        - Key: a  # 鍵
          Value: b
          Extra: c
      LifecycleConfiguration:
        Rules:
          - {Id: x,
             Status: Perhaps}
"""
    places = {finding.code: excerpt(text, finding) for finding in project.check(text)}
    assert {"E3002": "Extra", "E3030": "Status"}.items() <= places.items()
    assert [] == [place for place in places.values() if "\n" in place or not place]


def test_json_templates_have_places_too(project: Project) -> None:
    text = json.dumps({"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
    assert ['"Unused"'] == [excerpt(text, finding) for finding in project.check(text, "template.json")]


@pytest.mark.parametrize(
    ("data", "message", "span"),
    [
        (b"Resources:\n  A: [\n", "", Span(18, 18)),
        (b"Resources:\n\tA: 1\n", "", Span(11, 12)),
        (b"A: 1\nA: 2\nResources: {}\n", "Duplicate found 'A' (line 1)", Span(0, 1)),
        (b"[1, 2]\n", "Template needs to be an object.", Span(0, 1)),
        (b"Description: \xff\n", "the file is not UTF-8", None),
    ],
)
def test_a_file_that_does_not_parse_is_e0000(project: Project, data: bytes, message: str, span: Span | None) -> None:
    first = project.check_bytes(data)[0]
    assert "E0000" == first.code
    assert Severity.ERROR is first.severity
    assert message in first.message
    assert "template.yaml" == first.at.subject
    if message:
        assert span == first.at.span


def test_e0000_can_be_ignored_like_any_other(project: Project) -> None:
    project.write(".cfnlintrc", "ignore_checks: [E0000]\n")
    assert [] == project.check("A: 1\nA: 2\nResources: {}\n")


@pytest.mark.parametrize(
    "metadata", ["Metadata:", "Metadata: text", "Metadata: {cfn-lint: }", "Metadata: {cfn-lint: []}"]
)
def test_metadata_of_a_wrong_shape_does_not_stop_the_check(project: Project, metadata: str) -> None:
    """cfn-lint itself crashes on it."""
    assert {"W2001", "W1020"} <= {*project.codes(f"{metadata}\n{TEMPLATE}")}


def test_metadata_of_the_template_is_honoured(project: Project) -> None:
    assert ["W1020"] == project.codes(f"Metadata: {{cfn-lint: {{config: {{ignore_checks: [W2001]}}}}}}\n{TEMPLATE}")


def test_metadata_of_a_template_ends_with_it(project: Project) -> None:
    project.codes(f"Metadata: {{cfn-lint: {{config: {{ignore_checks: [W, E]}}}}}}\n{TEMPLATE}")
    assert ["W2001", "W1020"] == project.codes()


def test_metadata_of_a_resource_is_honoured(project: Project) -> None:
    ignoring = TEMPLATE + "    Metadata: {cfn-lint: {config: {ignore_checks: [W1020]}}}\n"
    assert ["W2001"] == project.codes(ignoring)


def test_the_nearest_configuration_counts(project: Project) -> None:
    project.write(".cfnlintrc", "ignore_checks: [W2001]\n")
    project.write("a/b/.cfnlintrc.yaml", "ignore_checks: [W1020]\n")
    assert ["W1020"] == project.codes(path="template.yaml")
    assert ["W1020"] == project.codes(path="a/template.yaml")
    assert ["W2001"] == project.codes(path="a/b/template.yaml")
    assert ["W2001"] == project.codes(path="a/b/c/d/template.yaml")


def test_a_configuration_above_the_root_does_not_count(tmp_path: Path) -> None:
    inner = Project(tmp_path / "inner")
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [W]\n")
    assert ["W2001", "W1020"] == inner.codes()


def test_of_three_names_the_first_counts(tmp_path: Path) -> None:
    for name in (".cfnlintrc.yml", ".cfnlintrc.yaml", ".cfnlintrc"):
        (tmp_path / name).touch()
        assert tmp_path / name == configuration_file(tmp_path, "a/b/template.yaml")


def test_a_configuration_that_changes_is_read_again(project: Project) -> None:
    project.write(".cfnlintrc", "ignore_checks: [W2001]\n")
    assert ["W1020"] == project.codes()
    project.write(".cfnlintrc", "ignore_checks: [W1020]\n")
    assert ["W2001"] == project.codes()


def test_every_key_that_scopes_is_taken(project: Project) -> None:
    project.write(".cfnlintrc", "include_checks: [I]\nignore_checks: [W]\nmandatory_checks: [W1020]\n")
    assert ["W1020", "I1022"] == project.codes(TEMPLATE + JOIN)
    text = """\
Resources:
  Study:
    Type: AWS::CleanRooms::Collaboration
"""
    project.write(".cfnlintrc", "regions: [us-east-1]\n")
    assert "E3006" not in project.codes(text)
    project.write(".cfnlintrc", "regions: [ca-west-1]\n")
    assert "E3006" in project.codes(text)


def test_parameters_are_taken(project: Project) -> None:
    project.write(".cfnlintrc", "ignore_checks: [W]\nparameters: [{Unused: x}]\n")
    assert [] == project.codes()
    project.write(".cfnlintrc", "ignore_checks: [W]\nparameters: [{Other: x}]\n")
    assert ["E2900", "E2900"] == project.codes()


def test_rules_are_configured(project: Project) -> None:
    text = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {FifoTopic: "true"}
"""
    assert [] == project.codes(text)
    project.write(".cfnlintrc", "configure_rules: {E3012: {strict: true}}\n")
    assert ["E3012"] == project.codes(text)
    project.write(".cfnlintrc", "")
    assert [] == project.codes(text)


def test_templates_are_ignored_relative_to_the_configuration(project: Project) -> None:
    project.write("a/.cfnlintrc", "ignore_templates: ['old/**', 'b/*.yaml']\n")
    assert [] == project.codes(path="a/old/deep/er/template.yaml")
    assert [] == project.codes(path="a/b/template.yaml")
    assert ["W2001", "W1020"] == project.codes(path="a/b/c/template.yaml")
    assert ["W2001", "W1020"] == project.codes(path="old/template.yaml")


@pytest.mark.parametrize(
    "line",
    [
        "append_rules: [rules]",
        "custom_rules: custom.txt",
        "override_spec: spec.json",
        "registry_schemas: [schemas]",
        "parameter_files: [parameters.json]",
        "deployment_files: [deploy.yaml]",
        "templates: [nothing/*.yaml]",
        "output_file: out.txt",
        "format: sarif",
        "debug: true",
        "ignore_bad_template: true",
        "include_experimental: true",
        "merge_configs: true",
    ],
)
def test_everything_else_is_not(project: Project, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Some of it would import the checked repository's code, some would write to its folder."""
    project.write("rules/evil.py", "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n")
    project.write("custom.txt", "AWS::S3::Bucket BucketName == other ERROR no\n")
    project.write("spec.json", "{}")
    project.write(".cfnlintrc", f"{line}\n")
    monkeypatch.chdir(project.root)
    assert ["W2001", "W1020"] == project.codes()
    assert not (project.root / "rules" / "ran").exists()
    assert not (project.root / "out.txt").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no_such_key: 1\n", "Invalid configuration key 'no_such_key'"),
        ("ignore_checks: W1001\n", "Invalid type for 'ignore_checks'"),
        ("ignore_checks: [\n", "Error"),
        ("- a\n", "Invalid type for 'root'"),
        ("regions: [nowhere-1]\n", "nowhere-1"),
    ],
)
def test_a_broken_configuration_is_one_finding_at_its_file(project: Project, text: str, message: str) -> None:
    """cfn-lint would not start, either."""
    project.write("a/.cfnlintrc", text)
    (finding,) = project.check(path="a/template.yaml")
    assert ("E0003", Severity.ERROR, Location("a/.cfnlintrc")) == (finding.code, finding.severity, finding.at)
    assert message in finding.message
    assert "\n" not in finding.message
    assert (Location("a/template.yaml", note="not checked by cfn-lint"),) == finding.related


def test_an_unknown_region_in_the_template_is_the_template_s(project: Project) -> None:
    text = f"Metadata: {{cfn-lint: {{config: {{regions: [nowhere-1]}}}}}}\n{TEMPLATE}"
    (finding,) = project.check(text)
    assert ("E0003", Location("template.yaml")) == (finding.code, finding.at)


def test_nested_templates_and_sizes_are_looked_up_beside_the_template(project: Project) -> None:
    """cfn-lint does neither for a template that it is given without its path."""
    project.write("a/nested/inner.yaml", "Parameters: {Name: {Type: String}}\nResources: {}\n")
    nested = """\
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: nested/inner.yaml
      Parameters: {Other: x}
"""
    assert "E3043" in project.codes(nested, "a/template.yaml")
    assert "E1002" in project.codes(TEMPLATE + "#" * 1_100_000, "big.yaml")


def test_findings_cross_a_process_boundary(project: Project) -> None:
    findings = project.check()
    assert findings == pickle.loads(pickle.dumps(findings))
    assert {str} == {type(step) for finding in findings for step in finding.at.path}


def check_unit(unit: EngineUnit) -> list[Finding]:
    return list(ENGINE.check(unit))


def test_a_worker_gives_the_same_findings(project: Project) -> None:
    unit = EngineUnit(str(project.root), "template.yaml", TEMPLATE.encode())
    assert [check_unit(unit)] * 3 == run([unit] * 3, check_unit, jobs=2, timeout=60, preload=ENGINE.preload)


def test_templates_leave_nothing_behind(project: Project) -> None:
    """Rules keep state; the order of templates must not matter."""
    texts = [TEMPLATE, "Transform: AWS::Serverless-2016-10-31\n" + TEMPLATE, "Resources: {}\n", "Resources: []\n"]
    forwards = [project.check(text) for text in texts]
    backwards = [project.check(text) for text in reversed(texts)]
    assert forwards == backwards[::-1]


def test_the_engine_says_what_it_is() -> None:
    assert ("cfn-lint", "template") == (ENGINE.name, ENGINE.kind)
    assert re.match(r"1\.\d+", ENGINE.version)
    engine: Engine = ENGINE
    manager = Manager()
    manager.register(cfn_lint, "cfn-lint")
    assert [("cfn-lint", engine)] == manager.call("s3ap_engines")


def test_every_rule_is_in_the_catalogue() -> None:
    catalogue = {entry.code: entry for entry in ENGINE.catalogue()}
    assert {"E0000", "E0002", "E0003", "E3012", "W1001", "W2001", "I3042"} <= catalogue.keys()
    assert list(catalogue) == sorted(catalogue)
    assert len(catalogue) == len({entry.name for entry in catalogue.values()})
    w2001 = catalogue["W2001"]
    assert ("parameters", Severity.WARNING) == (w2001.name, w2001.severity)
    assert "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md#W2001" == w2001.help_uri
    for entry in catalogue.values():
        assert re.fullmatch(r"[EWI]\d{4}", entry.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name)
        assert entry.summary
        assert entry.summary == " ".join(entry.summary.split())


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("resource-properties-values", "Check resource properties values"),
        ("eol-lambda-function-runtimes", "Check if EOL Lambda Function Runtimes are used"),
        ("ref-getatt-resource-available-conditions", "Ref/GetAtt to resource that is available when conditions apply"),
        ("valid", "valid"),
    ],
)
def test_names_are_the_telling_words(name: str, description: str) -> None:
    assert name == short_name(description)


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b/c.yaml", "a/**", True),
        ("a/b/c.yaml", "**/*.yaml", True),
        ("c.yaml", "**/*.yaml", True),
        ("a/b/c.yaml", "a/**/c.yaml", True),
        ("a/c.yaml", "a/**/c.yaml", True),
        ("a/b/c.yaml", "a/*.yaml", False),
        ("a/b/c.yaml", "./a/b/[a-c].yaml", True),
        ("a/b/c.yaml", "b/c.yaml", False),
        ("a/.b/c.yaml", "a/**", False),
        ("a/.b/c.yaml", "a/.b/*", True),
        ("a/.c.yaml", "a/*", False),
    ],
)
def test_patterns_list_what_glob_lists(tmp_path: Path, path: str, pattern: str, expected: bool) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert expected is listed(PurePosixPath(path), pattern)
    found = glob.glob(pattern, root_dir=tmp_path, recursive=True)  # noqa: PTH207 - what cfn-lint calls
    assert expected is (path in {str(PurePosixPath(name)) for name in found})


def python(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_is_imported_before_it_is_needed() -> None:
    program = """
import sys
from s3ap_rules.foreign.cfn_lint import ENGINE, s3ap_engines
s3ap_engines(), ENGINE.name, ENGINE.kind, ENGINE.version
print([name for name in sys.modules if name.split(".")[0] in ("cfnlint", "sympy", "networkx", "yaml")])
"""
    assert "[]\n" == python(program).stdout


PROGRAM = """
import builtins, os, socket, sys
from pathlib import Path

def forbidden(*arguments, **keywords):
    raise AssertionError(f"{arguments}")

socket.socket.connect = forbidden
socket.getaddrinfo = forbidden
real_open = builtins.open

def reading(file, mode="r", *arguments, **keywords):
    if set(mode) & set("wax+"):
        raise AssertionError(f"writes {file}")
    return real_open(file, mode, *arguments, **keywords)

builtins.open = reading
from s3ap_lint.offers import EngineUnit
from s3ap_rules.foreign.cfn_lint import ENGINE
sys.argv = ["s3ap-lint", "--no-such-option", "template.yaml"]
for path in PATHS:
    data = Path(path).read_bytes()
    findings = ENGINE.check(EngineUnit(str(Path(path).parent), Path(path).name, data))
    print([finding.code for finding in findings])
"""


def test_home_environment_and_working_directory_have_no_say(tmp_path: Path) -> None:
    """And nothing is printed, written or fetched; not even for a template that cfn-lint cannot read."""
    home, elsewhere, project = tmp_path / "home", tmp_path / "elsewhere", tmp_path / "project"
    for folder in (home, elsewhere, project):
        folder.mkdir()
    for folder in (home, elsewhere):
        (folder / ".cfnlintrc").write_text("ignore_checks: [W]\n")
    cache = home / ".cache" / "aws" / "cfn-lint" / "schemas"
    (cache / "providers").mkdir(parents=True)
    (cache / "providers" / "us-east-1.json").write_text("{}")
    (cache / "version.json").write_text('{"schema_date": "2999-01-01"}')
    (project / "a.yaml").write_text(TEMPLATE)
    (project / "b.yaml").write_text('Resources:\n  "\\q": 1\n')
    paths = [str(project / "a.yaml"), str(project / "b.yaml")]
    program = f"PATHS = {paths!r}\nimport os\nos.chdir({str(elsewhere)!r})\n{PROGRAM}"
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "AWS_REGION": "nowhere-1"}
    done = python(program, AWS_DEFAULT_REGION="nowhere-2", **environment)
    assert ("['W2001', 'W1020']\n['E0000']\n", "", 0) == (done.stdout, done.stderr, done.returncode)


def rows(findings: Sequence[Finding], source: Source) -> list[tuple[str, int, int, str]]:
    places = [(finding, source.place(finding.at)) for finding in findings]
    return sorted((f.code, place.line, place.column, f.message) for f, place in places)


def test_the_command_line_says_the_same(project: Project) -> None:
    """With a configuration that both of them find."""
    text = (
        TEMPLATE
        + """\
      Tags: [{Key: a}]
      Nonsense: 1
  Function:
    Type: AWS::Lambda::Function
    Condition: Missing
    Properties:
      Runtime: python3.6
      Role: !GetAtt Nobody.Arn
      Code: {ZipFile: "日本語 ${x}"}
      Description: !Sub "${Undefined}"
"""
    )
    project.write(".cfnlintrc", "include_checks: [I]\nregions: [ap-northeast-1]\nignore_checks: [W1020]\n")
    ours = rows(project.check(text), Source("template.yaml", text.encode()))
    program = (
        "import sys; from cfnlint.runner import main; sys.argv = ['cfn-lint', '-f', 'json', 'template.yaml']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project.root, capture_output=True, text=True, check=False
    )
    theirs: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(ours) >= 8
    assert ours == sorted(
        (m["Rule"]["Id"], m["Location"]["Start"]["LineNumber"], m["Location"]["Start"]["ColumnNumber"], m["Message"])
        for m in theirs
    )
