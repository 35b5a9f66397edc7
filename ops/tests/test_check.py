"""`check`: the payment service in an account, whole and with the faults of a published experiment in it.

The experiment injects them by API while the service runs: it takes a variable away, sets a reserved concurrency of 0,
and takes a permission out of a role's policy.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from s3ap_ops import arguments, cli
from s3ap_ops.reading import Look, Notes
from s3ap_ops.running import noted
from s3ap_ops.testing import Fault, World

Capsys = pytest.CaptureFixture[str]
PAYMENTS = Path(__file__).resolve().parents[2] / "fixtures/payments"
SECRET = "EUR,CHF,a-secret-7f3a"


BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
WRITES_LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One account for all tests; each takes its faults back."""
    with World(region="eu-central-1") as opened:
        opened.deploy("payments", (PAYMENTS / "template.yaml").read_text("utf-8"))
        basic = opened.backend("iam").managed_policies[BASIC]  # the world's own document would allow everything
        basic.versions[0].document = json.dumps({"Version": "2012-10-17", "Statement": [WRITES_LOGS]})
        yield opened


@pytest.fixture
def project(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service as the working directory, outside of any git repository."""
    copy = shutil.copytree(PAYMENTS, tmp_path / "payments", ignore=shutil.ignore_patterns("faults"))
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(copy)
    return copy


def checked(capsys: Capsys, *words: str) -> tuple[int, str, str]:
    """The exit status of the command, its output, and what it says beside."""
    status = cli.main(["check", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def told(capsys: Capsys, *words: str) -> tuple[int, list[str], list[dict[str, Any]]]:
    """The exit status, the codes and messages of the findings, and what was not checked."""
    status, out, _ = checked(capsys, *words, "--format", "json")
    report = json.loads(out)
    return status, [f"{one['code']} {one['message']}" for one in report["findings"]], report["unchecked"]


def without_variable(world: World) -> None:
    """Take TABLE_NAME away from the function that authorizes."""
    _variables(world, {"CURRENCIES": SECRET})


def throttled(world: World) -> None:
    """Let the function that tells a payment's state run 0 times at once."""
    world.aws("lambda").put_function_concurrency(
        FunctionName=physical(world, "StatusFunction"), ReservedConcurrentExecutions=0
    )


def without_permission(world: World) -> None:
    """Take dynamodb:UpdateItem out of the policy of the role that captures."""
    _policy(world, lambda statements: [one for one in statements if one["Action"] != "dynamodb:UpdateItem"])


def restored(world: World) -> None:
    """Put back all that the faults took."""
    _variables(world, {"CURRENCIES": SECRET, "TABLE_NAME": "payments-payments"})
    world.aws("lambda").delete_function_concurrency(FunctionName=physical(world, "StatusFunction"))
    _policy(world, lambda _: WHOLE)
    iam, role = world.aws("iam"), physical(world, "CaptureRole")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if name != "Capture":
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        if "::aws:" not in policy["PolicyArn"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


UNSET = (
    "S3AP302 AuthorizeFunction of the stack payments runs without TABLE_NAME, which its code requires, "
    "so every event fails at import"
)
THROTTLED = (
    "S3AP309 StatusFunction of the stack payments has a reserved concurrency of 0, so every invocation is throttled"
)
DENIED = (
    "S3AP401 CaptureFunction of the stack payments calls dynamodb.update_item, "
    "and CaptureRole does not grant dynamodb:UpdateItem now, so the call is denied"
)
FAULTS = {
    "unset": (without_variable, UNSET),
    "throttled": (throttled, THROTTLED),
    "denied": (without_permission, DENIED),
}

WHOLE: list[dict[str, Any]] = []
"""The statements of the role that captures, as deployed."""


@cache
def physical(world: World, logical: str) -> str:
    """What a resource of the stack is called."""
    found = world.aws("cloudformation").describe_stack_resource(StackName="payments", LogicalResourceId=logical)
    name: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return name


def _variables(world: World, variables: dict[str, str]) -> None:
    name = physical(world, "AuthorizeFunction")
    world.aws("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def _policy(world: World, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    iam, role = world.aws("iam"), physical(world, "CaptureRole")
    document = iam.get_role_policy(RoleName=role, PolicyName="Capture")["PolicyDocument"]
    document["Statement"] = change(document["Statement"])
    iam.put_role_policy(RoleName=role, PolicyName="Capture", PolicyDocument=json.dumps(document))


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    """The stack is whole before each test, and no request of a check changes anything."""
    if not WHOLE:
        iam, role = world.aws("iam"), physical(world, "CaptureRole")
        WHOLE[:] = iam.get_role_policy(RoleName=role, PolicyName="Capture")["PolicyDocument"]["Statement"]
        restored(world)
    world.forget()
    yield
    assert [request.operation for request in world.writes] == []
    world.faults.clear()
    restored(world)


def test_the_three_faults_are_named_in_one_run(world: World, project: Path, capsys: Capsys) -> None:
    """Each once, and nothing else."""
    for inject, _ in FAULTS.values():
        inject(world)
    assert told(capsys, "payments") == (1, [UNSET, DENIED, THROTTLED], [])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_alone_is_all_that_is_named(fault: str, world: World, project: Path, capsys: Capsys) -> None:
    inject, message = FAULTS[fault]
    inject(world)
    assert (1, [message], []) == told(capsys, "payments")


def test_a_restored_stack_is_silent(world: World, project: Path, capsys: Capsys) -> None:
    """And says what it was checked against, and how much of it."""
    for inject, _ in FAULTS.values():
        inject(world)
    restored(world)
    status, out, err = checked(capsys, "payments")
    assert status == 0
    assert out.startswith("no findings\nchecked 1 template, 6 Python files, 1 application; joined 3 of 3 functions")
    assert err == "s3ap-ops: payments is checked against template.yaml: its text is what was deployed\n"


def test_findings_stand_at_the_function_and_point_to_its_code(world: World, project: Path, capsys: Capsys) -> None:
    without_variable(world)
    _, out, _ = checked(capsys, "payments", "--format", "json")
    (finding,) = json.loads(out)["findings"]
    lines = (project / "template.yaml").read_text("utf-8").splitlines()
    assert finding["path"] == "template.yaml"
    assert lines[finding["line"] - 1] == "  AuthorizeFunction:"
    assert [(one["path"], one["line"]) for one in finding["related"]] == [("functions/authorize/handler.py", 11)]


def test_a_deny_that_was_added_is_named(world: World, project: Path, capsys: Capsys) -> None:
    """Under a name of its own, beside the policy that still grants everything."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}]}
    world.aws("iam").put_role_policy(
        RoleName=physical(world, "CaptureRole"), PolicyName="Fault", PolicyDocument=json.dumps(document)
    )
    assert (1, [DENIED.replace("does not grant dynamodb:UpdateItem", "denies dynamodb:UpdateItem")], []) == told(
        capsys, "payments"
    )


def test_a_permission_that_a_managed_policy_gives_is_granted(world: World, project: Path, capsys: Capsys) -> None:
    """Attached while the inline one lacks it."""
    iam = world.aws("iam")
    statement = {"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    arn = iam.create_policy(PolicyName="more", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=physical(world, "CaptureRole"), PolicyArn=arn)
    without_permission(world)
    assert told(capsys, "payments") == (0, [], [])


@pytest.mark.parametrize("format_", arguments.FORMATS)
def test_no_value_of_a_variable_is_told(format_: str, world: World, project: Path, capsys: Capsys) -> None:
    """In no format, with every fault there is."""
    for inject, _ in FAULTS.values():
        inject(world)
    _, out, err = checked(capsys, "payments", "--format", format_)
    assert "a-secret" not in out + err


def test_a_role_that_cannot_be_read_is_not_judged(world: World, project: Path, capsys: Capsys) -> None:
    """The run says so; what else is known is told all the same."""
    for inject, _ in FAULTS.values():
        inject(world)
    world.fail(Fault("iam", "GetRolePolicy", "access-denied", times=None, key=physical(world, "CaptureRole")))
    status, findings, unchecked = told(capsys, "payments")
    assert (status, findings) == (1, [UNSET, THROTTLED])
    assert [one["what"] for one in unchecked] == ["role of CaptureFunction of the stack payments"]
    assert "AccessDenied" in unchecked[0]["reason"]


def test_a_gate_that_checked_nothing_fails(world: World, project: Path, capsys: Capsys) -> None:
    """Nothing of any function can be read, so that silence would say too much."""
    world.fail(Fault("lambda", None, "access-denied", times=None))
    status, findings, unchecked = told(capsys, "payments")
    assert (status, findings, len(unchecked)) == (2, [], 3)


def test_the_template_that_is_most_like_what_was_deployed_is_taken(world: World, project: Path, capsys: Capsys) -> None:
    """Of those with the same resources; here each of the others has a fault in it, and none is what was deployed."""
    shutil.copytree(PAYMENTS / "faults", project / "faults")
    text = (project / "template.yaml").read_text("utf-8")
    (project / "template.yaml").write_text(text.replace("MemorySize: 512", "MemorySize: 256"), "utf-8")
    status, _, err = checked(capsys, "payments")
    assert (
        status,
        err,
    ) == (0, "s3ap-ops: payments is checked against template.yaml: it has 11 of the stack's 11 resources\n")


def test_two_templates_that_are_equally_like_it_are_named(world: World, project: Path, capsys: Capsys) -> None:
    """Nothing is checked, until one of them is chosen."""
    without_variable(world)
    shutil.copytree(project, project / "copy", ignore=shutil.ignore_patterns("copy"))
    status, out, err = checked(capsys, "payments")
    assert (status, out) == (2, "")
    assert "payments may be made of copy/template.yaml and template.yaml, which are equally like it" in err
    status, findings, _ = told(capsys, "payments", "--template", "copy/template.yaml")
    assert (status, findings) == (1, [UNSET])


def test_a_project_without_its_template_is_said(
    world: World, project: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder below, nothing is like the stack."""
    monkeypatch.chdir(project / "functions")
    status, out, err = checked(capsys, "payments")
    assert (status, out) == (2, "")
    assert "no template below this folder has the functions of payments" in err


def test_a_stack_that_is_not_there_does_not_hide_what_the_others_have(
    world: World, project: Path, capsys: Capsys
) -> None:
    """A finding is 1; without one, what could not be looked at is 2."""
    status, _, err = checked(capsys, "payments", "elsewhere")
    assert status == 2
    assert "there is no stack elsewhere in eu-central-1 of this account; is it in another region?" in err
    throttled(world)
    assert checked(capsys, "payments", "elsewhere")[0] == 1


def test_a_stack_without_functions_has_nothing_to_check(world: World, project: Path, capsys: Capsys) -> None:
    world.deploy("queues", {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    status, out, err = checked(capsys, "queues")
    assert (status, out, err) == (2, "", "s3ap-ops: queues has no functions, so there is nothing to check in it\n")


def test_the_functions_of_a_nested_stack_are_checked(world: World, project: Path, capsys: Capsys) -> None:
    """Against a template of their own."""
    inner = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}
  Late:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: index.run, Role: !GetAtt Role.Arn, Code: {ZipFile: "WRITTEN"}}
"""
    inner = inner.replace("WRITTEN", "import os\\nX = os.environ['LATE']\\ndef run(event, context):\\n    return X\\n")
    (project / "inner").mkdir()
    (project / "inner/template.yaml").write_text(inner, "utf-8")
    url = "https://s3.eu-central-1.amazonaws.com/packages/inner.yaml"
    world.templates[url] = inner
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    world.deploy("outer", {"Resources": {"Inner": nested}})
    status, findings, _ = told(capsys, "outer")
    assert status == 1
    assert findings[0].startswith("S3AP302 Late of the stack outer-Inner-")


def test_variables_whose_key_may_not_be_used_are_not_known(world: World, project: Path) -> None:
    """Lambda then answers without them, which does not mean that there are none."""
    look = Look(boto3.session.Session("testing", "testing", region_name=world.region), world.account, world.region)
    failure = {"ErrorCode": "AccessDeniedException", "Message": "the key may not be used"}
    note = Notes()
    with Stubber(look.client("lambda")) as answers:
        answers.add_response("get_function_configuration", {"Role": "role/r", "Environment": {"Error": failure}})
        answers.add_response("get_function_concurrency", {})
        noted(look, "authorize", note)
    assert "variables" not in note.facts
    assert note.unread["variables"] == "AccessDeniedException: the key may not be used"
