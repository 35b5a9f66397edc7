"""What a change of templates means: two files, and two states of a real repository."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, Git, Ran, Repository, Write
from hypothesis import given
from hypothesis import strategies as st

from s3ap_lint.compare import run as comparing
from s3ap_lint.compare.account import Account
from s3ap_lint.compare.change import Change, Comparisons, Effect
from s3ap_lint.config import Config
from s3ap_lint.difference.comparison import Views
from s3ap_lint.examples import as_json, commented, with_crlf
from s3ap_lint.render import compare as text
from s3ap_lint.render import compare_markdown as markdown
from s3ap_lint.shapes import shapes
from s3ap_lint.source import Source
from s3ap_lint.statemachine import definitions
from s3ap_lint.template import document
from s3ap_lint.template.template import Template

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
TEMPLATES = [*sorted((FIXTURES / "library").glob("*/template*.yaml")), FIXTURES / "payments/template.yaml"]

TRUST = "{Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}"
BEFORE = f"""\
Parameters:
  Timeout: {{Type: Number, Default: 300}}
  Prod: {{Type: String, Default: "false", AllowedValues: ["true", "false"]}}
  Old: {{Type: String, Default: x}}
Conditions:
  IsProd: !Equals [!Ref Prod, "true"]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {{TableName: results, BillingMode: PAY_PER_REQUEST}}
  Kept:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {TRUST}
      Policies:
        - PolicyName: a
          PolicyDocument:
            Statement: [{{Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: !Sub "${{Kept.Arn}}/*"}}]
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {{ZipFile: "a\\nb\\n"}}
      Timeout: 300
      MemorySize: !If [IsProd, 1024, 256]
      Environment: {{Variables: {{A: "1", B: "2"}}}}
Outputs:
  Name: {{Value: !Ref Table}}
"""
AFTER = f"""\
Parameters:
  Timeout: {{Type: Number, Default: 300}}
  Prod: {{Type: String, Default: "false", AllowedValues: ["true", "false"]}}
  Bucket: {{Type: String}}
  Audit: {{Type: String, Default: "no", AllowedValues: ["yes", "no"]}}
Conditions:
  IsProd: !Equals [!Ref Prod, "true"]
  Audits: !Equals [!Ref Audit, "yes"]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {{TableName: outcomes, BillingMode: PAY_PER_REQUEST}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {TRUST}
      Policies:
        - PolicyName: a
          PolicyDocument:
            Statement: [{{Effect: Allow, Action: [s3:GetObject], Resource: !Sub "arn:aws:s3:::${{Bucket}}/*"}}]
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {{ZipFile: "a\\nc\\n"}}
      Timeout: !Ref Timeout
      MemorySize: !If [IsProd, 2048, 512]
      Environment: {{Variables: {{A: "1", C: "3"}}}}
  Trail:
    Type: AWS::SQS::Queue
    Condition: Audits
  AuditRole:
    Type: AWS::IAM::Role
    Condition: Audits
    Properties:
      AssumeRolePolicyDocument: {TRUST}
      Policies:
        - PolicyName: a
          PolicyDocument: {{Statement: [{{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Trail.Arn}}]}}
Outputs:
  Name: {{Value: !Ref Table}}
  Count: {{Value: "1"}}
"""


def files(before: str, after: str, folder: Path, *, only_default: bool = False) -> Comparisons:
    """The comparison of two texts as two files."""
    for name, content in (("before.yaml", before), ("after.yaml", after)):
        (folder / name).write_text(content, encoding="utf-8")
    config = Config(root=folder, cwd=folder, top=folder)
    return comparing.two_files(folder / "before.yaml", folder / "after.yaml", config, only_default=only_default)[0]


def told(before: str, after: str, folder: Path, **how: Any) -> list[str]:
    """What the text says of two templates, without the name of the file and the summary."""
    return text.render(files(before, after, folder, **how), str, False).splitlines()[1:-2]


def resources(body: str, head: str = "") -> str:
    """A template of some resources, and perhaps more in front of them."""
    return f"{head}Resources:\n{body}"


# -- what is told ----------------------------------------------------------------------------------


def test_the_default_deployment_comes_first_then_the_others_by_scenario(tmp_path: Path):
    expected = """\
  parameters
    ! Old removed (deployments that give it are refused)
    ! Bucket: String, required (has no Default: deployments that do not give it stop working)
    + Audit: String, default no, one of yes, no
  in the default deployment
    ! Table AWS::DynamoDB::Table is replaced (its data is lost): TableName results → outcomes
    ! Kept AWS::S3::Bucket is removed (it is kept, outside of the stack)
    + Role may s3:GetObject on arn:aws:s3:::${Bucket}/*
    - Role may s3:GetObject, s3:PutObject on ${Kept.Arn}/*
    ~ Reader.Code.ZipFile: 1 of 2 lines are new, 1 gone
    - Reader variable B, which was 2
    + Reader variable C: 3
    ~ Reader.MemorySize: 256 → 512
    + output Count: 1
  only when Audit is 'yes'
    + AWS::IAM::Role: AuditRole
    + AWS::SQS::Queue: Trail
    + AuditRole may sqs:SendMessage on ${Trail.Arn}
    + AuditRole.AssumeRolePolicyDocument allows sts:AssumeRole for Service lambda.amazonaws.com
  only when Prod is 'true'
    ~ Reader.MemorySize: 1024 → 2048
  only when Timeout is not '300'
    ~ Reader.Timeout: 300 → ${Timeout}
"""
    assert expected.splitlines() == told(BEFORE, AFTER, tmp_path)


def test_only_the_default_deployment_where_nothing_else_is_asked_for(tmp_path: Path):
    lines = told(BEFORE, AFTER, tmp_path, only_default=True)
    assert ["  parameters", "  in the default deployment"] == [line for line in lines if line[2] != " "]
    assert not any("Audit" in line for line in lines)


def test_a_feature_that_is_off_by_default_changes_nothing_there(tmp_path: Path):
    after = BEFORE.replace(
        "  Old: {Type: String, Default: x}\n", '  Old: {Type: String, Default: x}\n  On: {Type: String, Default: ""}\n'
    )
    after = after.replace("Conditions:\n", 'Conditions:\n  IsOn: !Not [!Equals [!Ref On, ""]]\n')
    after = after.replace("  Kept:\n", "  Queue: {Type: AWS::SQS::Queue, Condition: IsOn}\n  Kept:\n")
    assert [
        "  parameters",
        "    + On: String, default ''",
        "  in the default deployment: unchanged",
        "  only when On is not empty",
        "    + AWS::SQS::Queue: Queue",
    ] == told(BEFORE, after, tmp_path)
    assert () == files(BEFORE, after, tmp_path).changed_defaults


def test_a_value_that_becomes_a_parameter_with_this_default_is_the_same(tmp_path: Path):
    after = BEFORE.replace("Timeout: 300\n", "Timeout: !Ref Timeout\n")
    assert () == files(BEFORE, after, tmp_path, only_default=True).templates


def test_another_default_is_told_with_all_that_it_changes(tmp_path: Path):
    before = BEFORE.replace("Timeout: 300\n", "Timeout: !Ref Timeout\n")
    after = before.replace("Number, Default: 300", "Number, Default: 60")
    assert [
        "  parameters",
        "    ~ Timeout.Default: 300 → 60",
        "  in the default deployment",
        "    ~ Reader.Timeout: 300 → 60",
    ] == told(before, after, tmp_path)


def test_another_default_that_nothing_uses_changes_no_deployment(tmp_path: Path):
    after = BEFORE.replace("Default: x}", "Default: y}")
    assert ["  parameters", "    ~ Old.Default: x → y", "  in the default deployment: unchanged"] == told(
        BEFORE, after, tmp_path
    )


def test_another_default_of_a_list_is_another_list(tmp_path: Path):
    head = "Parameters:\n  Names: {Type: CommaDelimitedList, Default: 'a,b'}\n"
    body = "  Group: {Type: AWS::RDS::DBSubnetGroup, Properties: {SubnetIds: !Ref Names}}\n"
    after = head.replace("a,b", "a,c")
    assert [
        "  parameters",
        "    ~ Names.Default: a,b → a,c",
        "  in the default deployment",
        "    ~ Group.SubnetIds: no longer b; also c",
    ] == told(resources(body, head), resources(body, after), tmp_path)


def test_a_number_in_a_state_that_becomes_a_parameter_with_this_default_is_the_same(tmp_path: Path):
    head = "Parameters:\n  Most: {Type: Number, Default: 10}\n"
    body = (
        "  Flow:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: !Sub |\n"
        '        {"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 10, "End": true}}}\n'
    )
    after = body.replace("10", "${Most}")
    assert [
        "  in the default deployment: unchanged",
        "  only when Most is not '10'",
        "    ~ Flow state Each: MaxConcurrency 10 → ${Most}",
    ] == told(resources(body, head), resources(after, head), tmp_path)


def test_a_grant_on_what_is_empty_by_default_is_told_once(tmp_path: Path):
    head = """\
Parameters:
  Secret: {Type: String, Default: ""}
Conditions:
  HasSecret: !Not [!Equals [!Ref Secret, ""]]
"""
    statement = "{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Secret}"
    role = "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + TRUST + "\n"
    role += f"      Policies: [{{PolicyName: a, PolicyDocument: {{Statement: [{statement}]}}}}]\n"
    after = role.replace(statement, f"!If [HasSecret, {statement}, !Ref AWS::NoValue]")
    assert [
        "  in the default deployment",
        "    - Role may secretsmanager:GetSecretValue on ''",
    ] == told(resources(role, head), resources(after, head), tmp_path)


def test_a_required_parameter_that_gets_a_default_stays_what_was_given(tmp_path: Path):
    body = "  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}\n"
    required, optional = "Parameters:\n  Name: {Type: String}\n", "Parameters:\n  Name: {Type: String, Default: x}\n"
    assert [
        "  parameters",
        "    + Name.Default: x",
        "  in the default deployment: unchanged",
    ] == told(resources(body, required), resources(body, optional), tmp_path)
    assert [
        "  parameters",
        "    ! Name.Default: no longer x (has no Default any more: new deployments must give it)",
    ] == told(resources(body, optional), resources(body, required), tmp_path)


def test_what_holds_for_several_values_of_one_parameter_names_the_fewest(tmp_path: Path):
    head = """\
Parameters:
  Mode: {Type: String, Default: a, AllowedValues: [a, b, c]}
Conditions:
  Plain: !Equals [!Ref Mode, a]
"""
    body = "  Topic: {Type: AWS::SNS::Topic}\n"
    extra = body + "  Queue: {Type: AWS::SQS::Queue, Condition: Rich}\n"
    after = head + "  Rich: !Not [!Condition Plain]\n"
    assert [
        "  in the default deployment: unchanged",
        "  only when Mode is not 'a'",
        "    + AWS::SQS::Queue: Queue",
    ] == told(resources(body, head), resources(extra, after), tmp_path)
    after = head + "  Rich: !Or [!Equals [!Ref Mode, b], !Equals [!Ref Mode, c]]\n"
    five = [text.replace("a, b, c]", "a, b, c, d, e]") for text in (head, after)]
    assert "  only when Mode is 'b' or 'c'" in told(resources(body, five[0]), resources(extra, five[1]), tmp_path)


def test_what_holds_in_several_ways_names_one_of_them(tmp_path: Path):
    head = """\
Parameters:
  A: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
  B: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
Conditions:
  Any: !Or [!Equals [!Ref A, "yes"], !Equals [!Ref B, "yes"]]
"""
    body = "  Topic: {Type: AWS::SNS::Topic}\n"
    queue = "  Q: {Type: AWS::SQS::Queue, Condition: Any}\n"
    lines = told(resources(body, head), resources(body + queue, head), tmp_path)
    assert ["  elsewhere, such as when B is 'yes'", "    + AWS::SQS::Queue: Q"] == lines[1:]


@pytest.mark.parametrize(
    ("policy", "told_of_it"),
    [
        ("", "its data is lost"),
        ("    UpdateReplacePolicy: Retain\n", "it is kept, outside of the stack"),
        ("    UpdateReplacePolicy: Snapshot\n", "a snapshot is kept"),
    ],
)
def test_the_data_of_what_is_replaced_is_accounted_for(policy: str, told_of_it: str, tmp_path: Path):
    body = (
        f"  Disk:\n    Type: AWS::FSx::FileSystem\n{policy}    Properties: {{FileSystemType: ONTAP, SubnetIds: [a]}}\n"
    )
    assert [
        "  in the default deployment",
        f"    ! Disk AWS::FSx::FileSystem is replaced ({told_of_it}): SubnetIds no longer a; also b",
    ] == told(resources(body), resources(body.replace("[a]", "[b]")), tmp_path)


def test_what_may_be_replaced_and_what_is_refused_is_a_danger(tmp_path: Path):
    body = "  T: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: a, KeyType: HASH}]}}\n"
    after = body.replace("AttributeName: a", "AttributeName: b")
    danger = "    ! T AWS::DynamoDB::Table may be replaced (its data is lost): KeySchema"
    lines = told(resources(body), resources(after), tmp_path)
    assert [f"{danger}.{key}" for key in "ab"] == [line[: len(danger) + 2] for line in lines[1:]]
    other = "  T: {Type: AWS::SQS::Queue}\n"
    refused = "    ! T changes its type, which CloudFormation refuses: AWS::DynamoDB::Table → AWS::SQS::Queue"
    assert refused in told(resources(body), resources(other), tmp_path)


def test_the_same_for_several_resources_is_told_once(tmp_path: Path):
    body = "".join(f"  F{n}: {{Type: AWS::Lambda::Function, Properties: {{Runtime: python3.12}}}}\n" for n in range(10))
    (line,) = told(resources(body), resources(body.replace("3.12", "3.13")), tmp_path)[1:2]
    assert "    ~ F0, F1, F2, F3, F4, F5, F6, F7 and 2 more Runtime: python3.12 → python3.13" == line


# -- SAM ---------------------------------------------------------------------------------------------

RAW = f"""\
  Role:
    Type: AWS::IAM::Role
    Properties: {{AssumeRolePolicyDocument: {TRUST}}}
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {{ZipFile: "a"}}
      TracingConfig: {{Mode: Active}}
      Tags: [{{Key: Owner, Value: me}}]
"""
SAM = RAW.replace("AWS::Lambda::Function", "AWS::Serverless::Function").replace('Code: {ZipFile: "a"}', "InlineCode: a")
SAM = SAM.replace("TracingConfig: {Mode: Active}", "Tracing: Active").replace(
    "Tags: [{Key: Owner, Value: me}]", "Tags: {Owner: me}"
)
TRANSFORM = "Transform: AWS::Serverless-2016-10-31\n"


def test_a_function_that_is_written_in_sams_words_is_the_same(tmp_path: Path):
    assert () == files(resources(RAW), resources(SAM, TRANSFORM), tmp_path).templates


def test_what_sam_makes_besides_is_new(tmp_path: Path):
    event = '      Events: {Day: {Type: Schedule, Properties: {Schedule: "rate(1 day)"}}}\n'
    assert [
        "  in the default deployment",
        "    + Reader.Events: {Day: {Type: Schedule, Properties: {Schedule: rate(1 day)}}} (SAM makes resources of it)",
    ] == told(resources(SAM, TRANSFORM), resources(SAM + event, TRANSFORM), tmp_path)


def test_a_role_that_sam_makes_is_told_with_what_it_may(tmp_path: Path):
    own = SAM.replace("      Role: !GetAtt Role.Arn\n", "      Policies: [{SQSSendMessagePolicy: {QueueName: q}}]\n")
    lines = told(resources(SAM, TRANSFORM), resources(own, TRANSFORM), tmp_path)
    assert "    + AWS::IAM::Role: ReaderRole" in lines
    assert "    + Reader may do what {SQSSendMessagePolicy: {QueueName: q}} allows" in lines
    more = own.replace("SQSSendMessagePolicy", "SQSPollerPolicy")
    marks = {line[4] for line in told(resources(own, TRANSFORM), resources(more, TRANSFORM), tmp_path)[1:]}
    assert {"+", "-"} == marks - {" "}


# -- what is no change -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_same_template_in_other_words_is_no_change(path: Path):
    """Itself, in JSON, with other line endings, with comments, its resources in another order."""
    data = path.read_bytes()
    files_of = {"template.yaml": data}
    data_of = document.parse(Source("t.yaml", data)).top
    assert data_of is not None
    whole = data_of.data()
    turned = {**whole, "Resources": dict(reversed(whole["Resources"].items())), "Description": "another"}
    others = [
        data,
        as_json(data),
        with_crlf(files_of)["template.yaml"],
        commented(files_of)["template.yaml"],
        json.dumps(turned).encode(),
    ]
    assert [()] * len(others) == [changes(data, other) for other in others]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_way_back_swaps_what_is_new_and_what_is_gone(path: Path):
    """Parameters aside: one that must be given now, or is gone, matters in one direction only."""
    data = path.read_bytes()
    for shape in shapes(data, limit=12, seed=path.parent.name):
        if _template(shape.data) is not None:
            there, back = changes(data, shape.data), changes(shape.data, data)
            assert _counted(there) == _counted(back, swapped=True), shape.what


SWAPPED = {Effect.ADDED: Effect.REMOVED, Effect.REMOVED: Effect.ADDED, Effect.CHANGED: Effect.CHANGED}


def _counted(found: tuple[Change, ...], *, swapped: bool = False) -> Counter[tuple[str, str, Effect, bool]]:
    return Counter(
        (one.kind, one.name, SWAPPED[one.effect] if swapped else one.effect, one.when.default)
        for one in found
        if one.kind != "parameter"
    )


def _template(data: bytes) -> Template | None:
    source = Source("t.json" if data.startswith(b"{") else "t.yaml", data)
    top = document.parse(source).top
    return Template(source, top) if top is not None and top["Resources"].is_mapping else None


def changes(before: bytes, after: bytes) -> tuple[Change, ...]:
    one, other = _template(before), _template(after)
    assert one is not None
    assert other is not None
    views = Views(lambda machine: definitions(machine, None, lambda path: None))
    account = Account(one, other, views, lambda side, path: None)
    return account.changes()


# -- what cannot be judged ---------------------------------------------------------------------------


def test_what_a_macro_makes_of_another_text_cannot_be_told(tmp_path: Path):
    body = "  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}\n"
    before, after = (resources(one, "Transform: MyMacro\n") for one in (body, body.replace("a}}", "b}}")))
    found = files(before, after, tmp_path)
    assert ["what MyMacro makes of it cannot be told"] == [entry.reason for entry in found.unjudged]
    assert () == files(before, "# a comment\n" + before, tmp_path).unjudged


def test_a_loop_that_is_not_written_out_cannot_be_told(tmp_path: Path):
    head = "Transform: AWS::LanguageExtensions\nParameters:\n  Names: {Type: CommaDelimitedList}\n"
    body = "  Fn::ForEach::Each: [N, !Ref Names, {'T${N}': {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}}]\n"
    body += "  Topic: {Type: AWS::SNS::Topic}\n"
    found = files(resources(body, head), resources(body.replace("DisplayName: a", "DisplayName: b"), head), tmp_path)
    assert ["its collection is not written out"] == [entry.reason for entry in found.unjudged]


# -- formats -----------------------------------------------------------------------------------------


def test_markdown_folds_away_what_is_long_and_shows_every_text_as_it_is(tmp_path: Path):
    body = "  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: '<b>|@me_[x](y) `z`'}}\n"
    page = markdown.render(files(resources(body), resources(body.replace("<b>", "<i>*")), tmp_path), str, False)
    assert (
        """\
## What the templates mean once deployed

from before.yaml to after.yaml: 1 of 1 template changed in meaning; the default deployment changed in 1

### `after.yaml`

**In the default deployment**

- ✏️ T.DisplayName: \\<b\\>\\|@\u200bme\\_\\[x\\](y) \\`z\\` → \\<i\\>\\*\\|@\u200bme\\_\\[x\\](y) \\`z\\`
"""
        == page
    )
    folded = markdown.render(files(BEFORE, AFTER, tmp_path), str, False)
    assert "<details><summary>only when Audit is 'yes': 4 changes</summary>" in folded


def test_colours_are_for_terminals(tmp_path: Path):
    found = files(BEFORE, AFTER, tmp_path)
    assert "\x1b[" in text.render(found, str, True)
    assert "\x1b[" not in text.render(found, str, False)


@given(st.text())
def test_no_text_ends_a_line_of_markdown(value: str):
    assert "\n" not in markdown.escaped(value)


# -- a repository ------------------------------------------------------------------------------------


class Project(Repository):
    """A repository with some templates."""

    def compare(self, *arguments: str, **how: Any) -> Ran:
        return self.cli("compare", *arguments, **how)


MACHINE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: flow.asl.json, Role: arn}
  Worker:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code/, Handler: app.handler, Runtime: python3.12, Role: arn}
"""
FLOW = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 5, "End": true}}}\n'
SIMPLE = "Resources:\n  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}\n"


@pytest.fixture
def repo(write: Write, git: Git, cli: Cli) -> Project:
    folder = write(
        {
            "one/template.yaml": SIMPLE,
            "two/template.yaml": MACHINE,
            "two/flow.asl.json": FLOW,
            "two/code/app.py": "def handler(event, context):\n    return 1\n",
            "notes.md": "",
        }
    )
    git(folder, "init", "--quiet", "--initial-branch=main")
    made = Project(folder, git, cli)
    made.commit()
    return made


def test_nothing_changed_is_an_answer(repo: Project):
    assert Ran(0, "nothing changed from HEAD to the work tree: 2 templates looked at\n", "") == repo.compare("HEAD")


def test_a_template_is_compared_as_it_is_now_and_what_only_moved_is_not(repo: Project):
    repo.write("one/template.yaml", SIMPLE.replace("DisplayName: a", "DisplayName: b"))
    repo.git("mv", "two/template.yaml", "two/app.yaml")
    assert Ran(
        0,
        """\
one/template.yaml
  in the default deployment
    ~ Topic.DisplayName: a → b

two/app.yaml renamed from two/template.yaml

from HEAD to the work tree: 1 of 2 templates changed in meaning, 1 renamed; the default deployment changed in 1
""",
        "",
    ) == repo.compare("HEAD")


def test_a_file_that_git_does_not_follow_yet_is_found_by_what_is_in_it(repo: Project):
    (repo.folder / "two/template.yaml").rename(repo.folder / "two/other.yaml")
    repo.write("new/template.yaml", SIMPLE)
    (repo.folder / "one/template.yaml").unlink()
    repo.write("three/template.yaml", SIMPLE + "  Queue: {Type: AWS::SQS::Queue}\n")
    out = repo.compare("HEAD", "--require-unchanged", "default").out
    assert "two/other.yaml renamed from two/template.yaml" in out
    assert "three/template.yaml new template, 2 resources" in out
    assert "new/template.yaml renamed from one/template.yaml" in out


def test_a_deleted_template_is_no_default_deployment_any_more(repo: Project):
    repo.git("rm", "--quiet", "one/template.yaml")
    ran = repo.compare("HEAD", "--require-unchanged", "default")
    assert (1, "s3ap-lint: the default deployment changes: one/template.yaml\n") == (ran.status, ran.err)
    assert ran.out.startswith("one/template.yaml deleted template, 1 resource\n")


def test_the_definition_of_a_state_machine_is_read_at_the_same_revision(repo: Project):
    """The template's own file is as it was."""
    repo.write("two/flow.asl.json", FLOW.replace("5", "9"))
    repo.commit()
    assert Ran(
        0,
        """\
two/template.yaml
  in the default deployment
    ~ Flow state Wait: Seconds 5 → 9

from HEAD~1 to HEAD: 1 of 2 templates changed in meaning; the default deployment changed in 1
""",
        "",
    ) == repo.compare("HEAD~1..HEAD")


def test_a_definition_that_cannot_be_read_proves_nothing(repo: Project):
    repo.write("two/flow.asl.json", "{")
    ran = repo.compare("HEAD", "--require-unchanged", "default")
    assert (2, "s3ap-lint: 1 thing could not be compared, so that nothing is proven\n") == (ran.status, ran.err)
    assert "two/flow.asl.json cannot be read as a definition at the work tree" in " ".join(ran.out.split())


def test_other_code_is_counted_and_changes_no_default_deployment(repo: Project):
    repo.write("two/code/app.py", "def handler(event, context):\n    return 2\n")
    assert Ran(
        0,
        """\
other code only, which compare does not look into
  two/template.yaml: 1 function

from HEAD to the work tree: 0 of 2 templates changed in meaning, 1 with other code only; no default deployment changed
""",
        "",
    ) == repo.compare("HEAD", "--require-unchanged", "default")


def test_with_three_dots_only_the_branch_counts(repo: Project):
    repo.git("switch", "--quiet", "--create", "branch")
    repo.write("one/template.yaml", SIMPLE.replace("DisplayName: a", "DisplayName: b"))
    repo.commit()
    repo.git("switch", "--quiet", "main")
    repo.write("two/template.yaml", MACHINE.replace("Role: arn}\n  Worker", "Role: other}\n  Worker"))
    repo.commit()
    assert "two/template.yaml" in repo.compare("main..branch").out
    found = repo.compare("main...branch").out
    assert "one/template.yaml" in found
    assert "two/template.yaml" not in found


def test_a_path_narrows_it_down_and_need_not_be_there_any_more(repo: Project):
    shutil.rmtree(repo.folder / "one")
    repo.write("two/template.yaml", MACHINE.replace("Role: arn}\n  Worker", "Role: other}\n  Worker"))
    assert "one/template.yaml deleted" in repo.compare("HEAD", "one").out
    assert "one" not in repo.compare("HEAD", "two").out
    assert "two" not in repo.compare("HEAD", "--exclude", "two/").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "compare: name a revision to compare with, or two files: s3ap-lint compare HEAD"),
        (["nosuch"], "compare nosuch: there is no such commit, branch or tag, and no such file"),
        (["HEAD..nosuch"], "compare nosuch: there is no such commit, branch or tag, and no such file"),
        (["HEAD", "nosuch"], "compare: there is no nosuch, neither at HEAD nor at the work tree"),
        (["HEAD", "notes.md"], "compare: there is no template to compare at HEAD and the work tree"),
        (["one"], "compare: one is a folder; name a revision first: s3ap-lint compare HEAD one"),
        (["notes.md"], "compare: notes.md is a file; it needs a second file: s3ap-lint compare OLD NEW"),
        (["one/template.yaml", "notes.md"], "compare: notes.md is no template"),
        (["one/template.yaml", "two"], "compare: there is no file two to compare one/template.yaml with"),
    ],
)
def test_what_cannot_be_compared_is_one_line(arguments: list[str], said: str, repo: Project):
    assert Ran(2, "", f"s3ap-lint: {said}\n") == repo.compare(*arguments)


def test_two_files_need_no_repository(cli: Cli, write: Write):
    write({"old.yaml": SIMPLE, "new.yaml": SIMPLE.replace("DisplayName: a", "DisplayName: b")})
    ran = cli("compare", "old.yaml", "new.yaml", "--exit-code")
    assert (1, "") == (ran.status, ran.err)
    assert "    ~ Topic.DisplayName: a → b" in ran.out.splitlines()
    assert 2 == cli("compare", "HEAD").status


def test_a_template_that_does_not_parse_on_one_side_is_told_and_proves_nothing(repo: Project):
    repo.write("one/template.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: [\n")
    ran = repo.compare("HEAD", "--require-unchanged", "default")
    assert 2 == ran.status
    assert "could not compare one/template.yaml, template at the work tree" in ran.out
    assert 0 == repo.compare("HEAD").status  # another template was looked at
    assert 2 == repo.compare("HEAD", "one").status


def test_content_that_git_does_not_have_is_told(repo: Project):
    """As in a partial clone that cannot ask where it came from."""
    oid = repo.git("rev-parse", "HEAD:one/template.yaml").strip()
    repo.write("one/template.yaml", SIMPLE.replace("DisplayName: a", "DisplayName: b"))
    (repo.folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    ran = repo.compare("HEAD", "--require-unchanged", "default")
    assert 2 == ran.status
    assert "template at HEAD: git does not have its content; is this clone complete?" in ran.out


def test_json_has_every_change_with_its_places(repo: Project):
    repo.write("one/template.yaml", "# moved\n" + SIMPLE.replace("DisplayName: a", "DisplayName: b"))
    report = json.loads(repo.compare("HEAD", "--format", "json", cwd="one").out)
    assert {
        "version": 1,
        "before": "HEAD",
        "after": "the work tree",
        "scenario": "all",
        "default_unchanged": False,
        "looked": 1,
        "templates": [
            {
                "path": "template.yaml",
                "was": "template.yaml",
                "state": "changed",
                "default_unchanged": False,
                "resources": 0,
                "code": [],
                "files": [],
                "changes": [
                    {
                        "kind": "property",
                        "name": "Topic.DisplayName",
                        "effect": "changed",
                        "type": "AWS::SNS::Topic",
                        "before": "a",
                        "after": "b",
                        "default": True,
                        "scenario": None,
                        "fate": "",
                        "data": "",
                        "note": "",
                        "places": [
                            {"path": "template.yaml", "line": 2, "column": 47},
                            {"path": "template.yaml", "line": 3, "column": 47},
                        ],
                    }
                ],
                "unjudged": [],
            }
        ],
        "unread": [],
    } == report


def test_no_account_id_is_printed(repo: Project):
    arn = "arn:aws:iam::987612345678:role/x"
    repo.write("two/template.yaml", MACHINE.replace("Role: arn}\n  Worker", f"Role: '{arn}'}}\n  Worker"))
    for form in ("text", "json", "markdown"):
        out = repo.compare("HEAD", "--format", form).out
        assert "role/x" in out
        assert "987612345678" not in out
