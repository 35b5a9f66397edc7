"""S3AP843: a name that a resource is to get, and that something else has."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.naming import NAMINGS
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json

GOING = "scheduled for deletion"

ROLLOUT = """
    Stack: uc1-demo
    Template:
      Resources:
        Held:{mark}
          Type: {type}
          Properties: {{{property}: !Sub "${{AWS::StackName}}-x"}}
    Facts:
      taken: {{{taken}}}
    """


def _rollout(type_: str, taken: str, *, mark: bool = True) -> dict[str, str]:
    marked = "  # <- S3AP843" if mark else ""
    text = ROLLOUT.format(type=type_, property=NAMINGS[type_].property, taken=taken, mark=marked)
    return {"rollout.yaml": text}


@rule(
    code="S3AP843",
    subject=Rollout,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a table that an earlier stack has retained",
            _rollout("AWS::DynamoDB::Table", "Held: {name: uc1-demo-x, id: uc1-demo-x}"),
        ),
        bad(
            "a bucket of another account",
            _rollout("AWS::S3::Bucket", "Held: {name: uc1-demo-x, id: uc1-demo-x, where: another account}"),
        ),
        bad(
            "a secret that is kept until its recovery window has passed",
            _rollout(
                "AWS::SecretsManager::Secret", "Held: {name: uc1-demo-x, id: uc1-demo-x, state: scheduled for deletion}"
            ),
        ),
        bad(
            "a function of another stack",
            _rollout("AWS::Lambda::Function", "Held: {name: uc1-demo-x, id: uc1-demo-x, stack: uc2-demo, stack_id: b}"),
        ),
        bad(
            "a table that is still being deleted",
            _rollout("AWS::DynamoDB::Table", "Held: {name: uc1-demo-x, id: uc1-demo-x, state: DELETING}"),
        ),
        bad(
            "the same stack has it under another logical id",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template:
                  Resources:
                    Renamed:  # <- S3AP843
                      Type: AWS::Logs::LogGroup
                      Properties: {LogGroupName: /aws/lambda/report}
                Existing:
                  Stack: uc1-demo
                  Id: a
                  Resources:
                    Old: {Type: "AWS::Logs::LogGroup", PhysicalId: /aws/lambda/report}
                Facts:
                  taken: {Renamed: {name: /aws/lambda/report, id: /aws/lambda/report, stack: uc1-demo, stack_id: a}}
                """
            },
        ),
        good("nothing has it", _rollout("AWS::DynamoDB::Table", "", mark=False)),
        good(
            "a resource that this deployment leaves out",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Parameters: {Bucket: mine}
                Template:
                  Parameters: {Bucket: {Type: String}}
                  Conditions: {MakesBucket: !Equals [!Ref Bucket, ""]}
                  Resources:
                    Output:
                      Type: AWS::S3::Bucket
                      Condition: MakesBucket
                      Properties: {BucketName: output}
                Facts: {taken: {Output: {name: output, id: output}}}
                """
            },
        ),
    ],
)
def name_still_held(rollout: Rollout) -> Iterator[Finding]:
    """
    A resource is to get a name that something else has.

    CloudFormation takes over nothing that is there, so it fails, and the stack is rolled back. Mostly it is what an
    earlier stack of the same name has left behind: a table or bucket that it retained, a log group that a function
    made again, a secret whose recovery window has not passed. Names of buckets are taken in all accounts of the world.
    What the stack itself has under the same logical id is updated, and not reported. A resource whose condition or
    name cannot be told is not looked at.
    """
    for logical_id, taken in rollout.fact("taken", {}).items():
        if rollout.names.get(logical_id) == taken["name"]:
            yield _finding(logical_id, taken, rollout)


def _finding(logical_id: str, taken: Mapping[str, Json], rollout: Rollout) -> Finding:
    noun = NAMINGS[rollout.type_of(logical_id)].noun
    return Finding(
        f"{logical_id} is to be called {taken['name']}, but {_what(noun, taken, rollout)}, so it cannot be made",
        at=rollout.place(logical_id),
        fix=Fix(_mend(logical_id, taken, rollout), (), Safety.MANUAL),
    )


def _what(noun: str, taken: Mapping[str, Json], rollout: Rollout) -> str:
    """What has the name, as a clause."""
    if taken.get("where"):
        return f"a {noun} in {taken['where']} has that name"
    if taken.get("state") == GOING:
        return f"a {noun} that is {GOING} keeps that name"
    if taken.get("state") == "DELETING":
        return f"a {noun} of that name is still being deleted"
    if _is_own(taken, rollout):
        return f"this stack has a {noun} of that name under another logical id"
    if taken.get("stack"):
        return f"a {noun} of the stack {taken['stack']} has that name"
    return f"there is a {noun} of that name, which no stack has"


def _mend(logical_id: str, taken: Mapping[str, Json], rollout: Rollout) -> str:
    """What to do about it."""
    delete = _delete(logical_id, taken, rollout)
    if taken.get("where"):
        return "Choose another name"
    if taken.get("state") == GOING:
        restore = f"aws secretsmanager restore-secret --secret-id {shlex.quote(str(taken['id']))}"
        return f"Delete it for good ({delete}), or restore it ({restore}) and import it"
    if taken.get("state") == "DELETING":
        return "Wait until it is gone"
    if _is_own(taken, rollout):
        return f"Keep its logical id, or deploy once without {logical_id}"
    if taken.get("stack"):
        return f"Choose another name, or tear that stack down: s3ap-ops clean {taken['stack']}"
    into = "aws cloudformation create-change-set --change-set-type IMPORT"
    return f"Import it into the stack ({into}), or, if nobody needs it, delete it ({delete})"


def _delete(logical_id: str, taken: Mapping[str, Json], rollout: Rollout) -> str:
    command = NAMINGS[rollout.type_of(logical_id)].delete
    return command.replace("{account}", rollout.account).replace("{}", shlex.quote(str(taken["id"])))


def _is_own(taken: Mapping[str, Json], rollout: Rollout) -> bool:
    return rollout.existing is not None and taken.get("stack_id") == rollout.existing.id
