"""How a deployment ends: every way to fail has a status that is not zero, and what to do next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deployments import STAGE, TEMPLATE, TOPIC, change_sets, deploy, operations, project, status, tables, write

from s3ap_ops.testing import Fault, World

REFUSED = "Resource handler returned message: no (Service: Sns, Status Code: 400)"
KEPT = TEMPLATE.replace("DeletionPolicy: Delete", "DeletionPolicy: Retain")
NOBODY = """\
  Nobody:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}
"""
QUEUE = "  Letters: {Type: AWS::SQS::Queue, Properties: {QueueName: letters}}\n"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with project(tmp_path, monkeypatch) as world:
        yield world


def said(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return " ".join(f"{found.out} {found.err}".split())


def failing(world: World, logical: str = "Topic", *verbs: str) -> None:
    """CloudFormation cannot make a resource, or do something else with it."""
    for verb in verbs or ("create",):
        world.refusals[logical, verb] = REFUSED


# -- a first creation


def test_a_creation_that_fails_is_rolled_back_and_says_why(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    failing(world)
    assert 1 == deploy("--yes")
    out = said(capsys)
    assert "what failed first: Topic of uc1 (AWS::SNS::Topic): no what to do next" in out
    assert "docs/runbooks/deploy.md#failed-creation" in out
    assert ("ROLLBACK_COMPLETE", []) == (status(world), tables(world))


def test_what_was_made_stays_on_request(world: World) -> None:
    write("template.yaml", TEMPLATE.replace(TOPIC, "  Topic: {Type: AWS::SNS::Topic, DependsOn: History}\n"))
    failing(world)
    assert 1 == deploy("--yes", "--on-failure", "keep")
    assert ("CREATE_FAILED", ["history-dev"]) == (status(world), tables(world))


def test_a_stack_that_failed_goes_on_request(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    failing(world)
    assert 1 == deploy("--yes", "--on-failure", "delete")
    out = said(capsys)
    assert "uc1: DELETE_COMPLETE what failed first: Topic of uc1 (AWS::SNS::Topic): no" in out
    assert ("", []) == (status(world), tables(world))


# -- an update


def test_an_update_that_fails_is_taken_back(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--yes")
    failing(world, "Letters")
    write("template.yaml", TEMPLATE + QUEUE)
    assert 1 == deploy("--yes")
    out = said(capsys)
    assert "uc1: UPDATE_ROLLBACK_COMPLETE what failed first: Letters of uc1 (AWS::SQS::Queue): no" in out
    assert "docs/runbooks/deploy.md#failed-update" in out


def test_an_update_that_fails_may_stay_and_is_mended_by_the_next(world: World) -> None:
    assert 0 == deploy("--yes")
    failing(world, "Letters")
    write("template.yaml", TEMPLATE + QUEUE)
    assert 1 == deploy("--yes", "--on-failure", "keep")
    assert "UPDATE_FAILED" == status(world)
    world.refusals.clear()
    assert 0 == deploy("--yes")
    assert "UPDATE_COMPLETE" == status(world)


def test_a_stack_that_is_there_is_never_deleted_for_a_failure(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == deploy("--yes")
    world.forget()
    assert 2 == deploy("--yes", "--on-failure", "delete")
    assert "this one would go with all it holds" in said(capsys)
    assert [] == operations(world)


def stuck(world: World) -> None:
    """An update that fails, and whose rollback fails, too."""
    write("template.yaml", f"{STAGE}Resources:\n  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: a}}}}\n")
    assert 0 == deploy("--yes")
    failing(world, "Topic", "rollback")
    failing(world, "Letters")
    text = f"{STAGE}Resources:\n  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: b}}}}\n{QUEUE}"
    write("template.yaml", text.replace("Type: AWS::SQS::Queue", "Type: AWS::SQS::Queue, DependsOn: Topic"))


WAY = (
    "mend what it failed on, then aws cloudformation continue-update-rollback --stack-name uc1; or, to go on without "
    "Topic, aws cloudformation continue-update-rollback --stack-name uc1 --resources-to-skip Topic"
)


def test_a_rollback_that_fails_names_what_can_be_left_out(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    stuck(world)
    assert 1 == deploy("--yes")
    assert WAY in said(capsys)
    world.forget()
    assert 3 == deploy("--yes")
    out = said(capsys)
    assert WAY in out
    assert "docs/runbooks/deploy.md#stuck-stack" in out
    assert [] == operations(world)
    world.client("cloudformation").continue_update_rollback(StackName="uc1", ResourcesToSkip=["Topic"])
    world.clock.advance(120)
    world.refusals.clear()
    assert 0 == deploy("--yes")


def test_what_the_cleanup_leaves_behind_is_not_a_success(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudFormation calls it UPDATE_COMPLETE; a topic is there that no stack has."""
    write("template.yaml", TEMPLATE + QUEUE)
    assert 0 == deploy("--yes")
    failing(world, "Letters", "delete")
    write("template.yaml", TEMPLATE)
    assert 1 == deploy("--yes", "--accept", "S3AP846")
    out = said(capsys)
    assert "uc1: UPDATE_COMPLETE deployed, but not all of the old could be deleted" in out
    assert "Letters of uc1 (AWS::SQS::Queue): no" in out
    assert "docs/runbooks/deploy.md#failed-cleanup" in out


# -- made anew


def test_a_stack_whose_creation_failed_is_refused_until_it_is_to_be_made_anew(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(world)
    assert 1 == deploy("--yes")
    world.refusals.clear()
    assert 3 == deploy("--yes")
    assert "uc1 is in ROLLBACK_COMPLETE: its creation failed, and it takes no update; add --recreate" in said(capsys)
    assert 0 == deploy("--yes", "--recreate")
    assert ("CREATE_COMPLETE", ["history-dev"]) == (status(world), tables(world))


def test_what_was_kept_is_torn_down_and_made_anew(world: World) -> None:
    """Its names are free by then, so they are nobody's."""
    failing(world)
    assert 1 == deploy("--yes", "--on-failure", "keep")
    world.refusals.clear()
    assert 0 == deploy("--yes", "--recreate")
    assert ("CREATE_COMPLETE", ["history-dev"]) == (status(world), tables(world))


def test_data_that_would_be_retained_stops_it_before_anything_is_deleted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The teardown leaves the table, and then its name is taken."""
    write("template.yaml", KEPT.replace(TOPIC, "  Topic: {Type: AWS::SNS::Topic, DependsOn: History}\n"))
    failing(world)
    assert 1 == deploy("--yes", "--on-failure", "keep")
    world.refusals.clear()
    world.forget()
    assert 3 == deploy("--yes", "--recreate")
    out = said(capsys)
    assert "S3AP843 name-still-held: History" in out
    assert ("CREATE_FAILED", ["history-dev"], []) == (status(world), tables(world), operations(world))


def test_a_teardown_that_is_refused_deploys_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    failing(world)
    assert 1 == deploy("--yes", "--on-failure", "keep")
    world.refusals.clear()
    world.client("cloudformation").update_termination_protection(StackName="uc1", EnableTerminationProtection=True)
    world.forget()
    assert 3 == deploy("--yes", "--recreate")
    assert "termination" in said(capsys)
    assert ("CREATE_FAILED", []) == (status(world), operations(world))


def test_parameters_of_a_failed_creation_are_not_kept(world: World) -> None:
    failing(world)
    assert 1 == deploy("--yes", "--param", "Stage=prod", "--on-failure", "keep")
    world.refusals.clear()
    assert 0 == deploy("--yes", "--recreate")
    assert ["history-dev"] == tables(world)


def test_a_stack_in_review_is_made(world: World) -> None:
    """Somebody else's change set stays until ours is carried out."""
    other = {"ChangeSetName": "theirs", "ChangeSetType": "CREATE", "TemplateBody": TEMPLATE}
    world.client("cloudformation").create_change_set(StackName="uc1", **other)
    world.clock.advance(10)
    assert 0 == deploy("--change-set-only")
    assert ("REVIEW_IN_PROGRESS", ["theirs"]) == (status(world), change_sets(world))
    assert 0 == deploy("--yes")
    assert "CREATE_COMPLETE" == status(world)


# -- nothing to change


def test_nothing_to_change_is_a_success_however_cloudformation_says_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for head in ("", "Transform: AWS::Serverless-2016-10-31\n"):
        write("template.yaml", head + TEMPLATE)
        stack = f"uc{len(head)}"
        assert 0 == deploy("--yes", "--param", f"Stage={stack}", stack=stack)
        capsys.readouterr()
        assert 0 == deploy("--yes", stack=stack)
        assert f"{stack}: nothing to change" in said(capsys)
        assert [] == change_sets(world, stack)


# -- afterwards


def test_a_smoke_test_decides_with(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    write("template.yaml", f"{TEMPLATE}Outputs: {{Table: {{Value: !Ref History}}}}\n")
    smoke = ("--smoke-test", """sh -c 'echo "$STACK_NAME has $OUTPUT_Table"; test "$OUTPUT_Table" = history-dev'""")
    assert 0 == deploy("--yes", *smoke)
    out = capfd.readouterr().out
    assert "uc1 has history-dev" in out
    assert "uc1: the smoke test passes" in out
    assert 1 == deploy("--yes", "--param", "Stage=prod", "--accept", "S3AP846", *smoke)
    assert "uc1: the smoke test fails with status 1; it stays deployed" in capfd.readouterr().out


# -- for programs


def report() -> dict[str, Any]:
    found = json.loads(Path("report.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_report_says_what_changed_and_came_of_it(world: World) -> None:
    write("template.yaml", f"{TEMPLATE}Outputs: {{Table: {{Value: !Ref History}}}}\n")
    assert 0 == deploy("--yes")
    assert 0 == deploy("--yes", "-o", "report.json", "--param", "Stage=prod", "--accept", "S3AP846")
    found = report()
    assert {
        "version": 1,
        "stack": "uc1",
        "region": world.region,
        "template": "template.yaml",
        "sha256": hashlib.sha256(Path("template.yaml").read_bytes()).hexdigest(),
        "outcome": "deployed",
        "status": "UPDATE_COMPLETE",
        "failed_first": {},
        "changes": [
            {
                "action": "Modify",
                "logical_id": "History",
                "type": "AWS::DynamoDB::Table",
                "physical_id": "history-dev",
                "replacement": "True",
                "policy_action": "ReplaceAndDelete",
                "scope": ["Properties"],
                "causes": ["TableName (by Stage)"],
                "values": [{"path": "/Properties/TableName", "before": "history-dev", "after": "history-prod"}],
            }
        ],
        "outputs": {"Table": "history-prod"},
    } == found["deployment"]
    assert [("S3AP846", 5)] == [(one["code"], one["line"]) for one in found["findings"]]


def test_a_report_is_written_of_what_was_refused_or_failed(world: World) -> None:
    assert 3 == deploy("-o", "report.json")
    assert (
        "nobody can be asked here; if the change set is what you want, add --yes" == report()["deployment"]["outcome"]
    )
    failing(world)
    assert 1 == deploy("--yes", "-o", "report.json")
    said = report()["deployment"]
    assert ("failed", "ROLLBACK_COMPLETE") == (said["outcome"], said["status"])
    assert {"stack": "uc1", "logical_id": "Topic", "type": "AWS::SNS::Topic", "why": "no"} == said["failed_first"]


def test_code_scanning_finds_what_is_lost_at_its_line(world: World) -> None:
    assert 0 == deploy("--yes")
    assert 3 == deploy("--yes", "-o", "report.json", "--format", "sarif", "--param", "Stage=prod")
    (run,) = report()["runs"]
    (result,) = run["results"]
    where = result["locations"][0]["physicalLocation"]
    assert ("S3AP846", "template.yaml", 5) == (
        result["ruleId"], where["artifactLocation"]["uri"], where["region"]["startLine"],
    )  # fmt: skip


# -- all ways to fail


@dataclass(frozen=True)
class Way:
    """A way to fail. `before` happens to a stack that is there, or to an account without one if `first`."""

    name: str
    status: int
    says: str
    before: Callable[[World], object] = lambda world: None
    options: tuple[str, ...] = ("--yes",)
    template: str = TEMPLATE + QUEUE
    first: bool = False

    def __str__(self) -> str:
        return self.name


def fault(operation: str, kind: Any, **more: Any) -> Callable[[World], object]:
    service = more.pop("service", "cloudformation")
    return lambda world: world.fail(Fault(service, operation, kind=kind, times=more.pop("times", None), **more))


def busy(world: World) -> None:
    world.pace.poll = 0
    world.client("cloudformation").update_stack(StackName="uc1", TemplateBody=TEMPLATE.replace("Topic:", "Other:"))


def deleting(world: World) -> None:
    world.pace.poll = 0
    world.client("cloudformation").delete_stack(StackName="uc1")


def slow(world: World) -> None:
    world.pace.update = 10**9


def blinded(world: World) -> None:
    """From the execution on, CloudFormation says nothing any more; only then it is asked by the stack's id."""
    fault("DescribeStackEvents", "access-denied")(world)
    fault("DescribeStacks", "access-denied", key="arn:")(world)


WAYS = (
    Way("a template with a fault", 3, "#failing-findings", template=TEMPLATE + NOBODY),
    Way("a template that is none", 2, "is no template", template="- 1\n"),
    Way("an unknown parameter", 3, "#failing-findings", options=("--yes", "--param", "Nobody=1")),
    Way("a missing parameter", 3, "#failing-findings", first=True, options=("--yes", "--fail-on", "warning"),
        template=TEMPLATE.replace(", Default: dev", "")),
    Way("a placeholder", 2, "placeholder", options=("--yes", "--param", "Stage=<STAGE>")),
    Way("a parameter file that is not there", 2, "cannot be read", options=("--yes", "--params", "no.json")),
    Way("a stack that is being changed", 3, "#stuck-stack", before=busy),
    Way("a stack that is being deleted", 3, "#stuck-stack", before=deleting),
    Way("nobody to ask", 3, "nobody can be asked", options=()),
    Way("a name that is taken", 1, "UPDATE_ROLLBACK_COMPLETE",
        before=lambda world: world.client("sqs").create_queue(QueueName="letters")),
    Way("a change set that is refused", 2, "refuses the change set", before=fault("CreateChangeSet", "access-denied")),
    Way("a change set without an answer", 2, "does not answer", before=fault("CreateChangeSet", "timeout")),
    Way("a change set that is throttled", 2, "Throttling", before=fault("CreateChangeSet", "throttle")),
    Way("a change set that cannot be read", 1, "cannot be looked at",
        before=fault("DescribeChangeSet", "access-denied")),
    Way("an execution that is refused", 1, "is not carried out", before=fault("ExecuteChangeSet", "access-denied")),
    Way("an execution that is throttled", 1, "is not carried out", before=fault("ExecuteChangeSet", "throttle")),
    Way("an execution that is not answered", 1, "is not carried out", before=fault("ExecuteChangeSet", "timeout")),
    Way("an execution of which nothing can be seen", 4, "nothing can be seen of it any more",
        before=blinded, options=("--yes", "--smoke-test", "true")),
    Way("a deadline", 4, "CloudFormation goes on", before=slow, options=("--yes", "--deadline", "0.01")),
    Way("a failure in it", 1, "what failed first", before=lambda world: failing(world, "Letters")),
    Way("a creation that fails", 1, "ROLLBACK_COMPLETE", first=True, before=lambda world: failing(world)),
    Way("no bucket for local code", 2, "--bucket", template="Transform: AWS::Serverless-2016-10-31\nResources:\n"
        "  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: f/, Handler: a.h, Runtime: python3.12}}\n"),
    Way("a smoke test that fails", 1, "fails with status 1", options=("--yes", "--smoke-test", "false")),
    Way("a smoke test that is none", 2, "cannot be run", options=("--yes", "--smoke-test", "no-such-program")),
    Way("a smoke test without words", 2, "is empty", options=("--yes", "--smoke-test", "")),
    Way("a report that cannot be written", 2, "no/report.json cannot be written", options=("-o", "no/report.json")),
    Way("a code that no rule has", 2, "there is no such code", options=("--yes", "--accept", "S3AP84")),
    Way("a name that no stack can have", 2, "is no stack's name"),
    Way("another account", 3, "these credentials are for", options=("--yes", "--account", "111122223333")),
    Way("who may not say who they are", 2, "does not say who you are",
        before=fault("GetCallerIdentity", "access-denied", service="sts")),
    Way("a stack that cannot be looked at", 2, "does not say what", before=fault("DescribeStacks", "access-denied")),
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_whatever_fails_the_status_is_not_zero(world: World, capsys: pytest.CaptureFixture[str], way: Way) -> None:
    """And no change set of ours is left that somebody could carry out."""
    if not way.first:
        assert 0 == deploy("--yes")
    write("f/a.py", "def h(event, context): ...\n")
    write("template.yaml", way.template)
    way.before(world)
    capsys.readouterr()
    assert way.status == deploy(*way.options, stack="uc/1" if "can have" in way.name else "uc1")
    assert way.says in said(capsys)
    world.faults.clear()
    assert [] == (change_sets(world) if status(world) else [])
