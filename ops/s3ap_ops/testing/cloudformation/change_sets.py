"""Change sets: made, shown, carried out, deleted."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import templates, validation
from s3ap_ops.testing.cloudformation.changes import Preview, is_changed
from s3ap_ops.testing.cloudformation.records import Stack
from s3ap_ops.testing.cloudformation.registry import check_role, operation, page_of, stack_of, tags_of
from s3ap_ops.testing.cloudformation.stacks import Wish
from s3ap_ops.testing.cloudformation.wishes import (
    body_of,
    check_capabilities,
    check_template,
    given_parameters,
    parameters_of,
    refusal,
    template_at,
)
from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

_NOTHING = "The submitted information didn't contain changes. Submit different information to create a change set."
_NO_UPDATES = "No updates are to be performed."
_CONTEXTS = ("BeforeContext", "AfterContext")
_VALUES = ("BeforeValue", "AfterValue")


@dataclass
class ChangeSet:
    """A change set, also after its end. `due` is in virtual seconds."""

    id: str
    name: str
    stack: Stack
    kind: str
    template: dict[str, Any]
    text: str
    parameters: dict[str, Any]
    given: list[dict[str, Any]]
    tags: dict[str, str]
    params: dict[str, Any]
    created: datetime
    due: float
    operation: str
    status: str = "CREATE_PENDING"
    execution: str = "UNAVAILABLE"
    reason: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    run: str = ""  # the id of the operation that carries it out
    parent: str = ""  # of a nested one: the id of the change set that it is part of

    @property
    def wish(self) -> Wish:
        """How the operation is to go if nothing else is said when it begins."""
        config = self.params.get("DeploymentConfig", {})
        on_failure = self.params.get("OnStackFailure", "ROLLBACK")
        if config.get("DisableRollback"):
            on_failure = "DO_NOTHING"
        return Wish(on_failure, config.get("Mode") == "EXPRESS", strict=True)


class ChangeSets:
    """Every change set of a world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.all: dict[str, ChangeSet] = {}

    def of(self, stack: Stack) -> list[ChangeSet]:
        """The change sets of a stack, oldest first."""
        return [found for found in self.all.values() if found.stack is stack]

    def find(self, name: str, stack_name: str | None, region: str) -> ChangeSet:
        """The change set of that ARN, or of that name of a stack. Raises AwsError."""
        if name.startswith("arn:"):
            if name not in self.all:
                raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
            return self.all[name]
        if not stack_name:
            raise refusal("StackName must be specified if ChangeSetName is not specified as an ARN.")
        stack = self._world.stacks.find(stack_name, region)
        if stack is None:
            raise refusal(f"Stack [{stack_name}] does not exist")
        found = next((made for made in reversed(self.of(stack)) if made.name == name), None)
        if found is None:
            raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
        return found

    def outdate(self, stack: Stack) -> None:
        """The stack is changed otherwise; what was planned for it does not hold any more."""
        for made in self.of(stack):
            if made.execution == "AVAILABLE":
                made.execution = "OBSOLETE"

    def tick(self) -> None:
        """Lets what is being made be complete, and what is carried out be over."""
        for made in list(self.all.values()):
            if made.status in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                self._complete(made)
            if made.execution == "EXECUTE_IN_PROGRESS":
                self._close(made)

    def _complete(self, made: ChangeSet) -> None:
        made.status = "CREATE_IN_PROGRESS"
        if self._world.clock.elapsed() < made.due:
            return
        stack, template = made.stack, templates.processed(made.template)
        preview = Preview(self._world, stack, template, made.parameters, made.tags)
        try:
            made.changes = preview.changes()
            if made.params.get("IncludeNestedStacks"):
                made.changes = [change for change in made.changes if self._nest(made, change)]
            changed = is_changed(preview, made.changes)
        except AwsError as error:
            made.status, made.reason = "FAILED", error.message
            return
        if not changed:
            macros = "Transform" in made.template
            made.status, made.reason = "FAILED", _NO_UPDATES if macros else _NOTHING
            return
        if not made.params.get("DisableValidation"):
            made.events = validation.events_of(self._world, stack, made.id, made.operation, made.changes)
        refused = sorted({event["ValidationName"] for event in made.events if event["ValidationFailureMode"] == "FAIL"})
        if refused:
            made.status, made.reason = "FAILED", validation.reason_of(refused)
            return
        made.status, made.execution = "CREATE_COMPLETE", "AVAILABLE"

    def _nest(self, made: ChangeSet, change: dict[str, Any]) -> bool:
        """Whether a change is one: a nested stack that stays gets a change set of its own, and may not change at all.

        One that is new gets none here, unlike on AWS: there is nothing in it that could be lost. Raises AwsError.
        """
        if change["ResourceType"] != "AWS::CloudFormation::Stack" or change["Action"] != "Modify":
            return True
        world, child = self._world, self._world.stacks.all[change["PhysicalResourceId"]]
        given = json.loads(change["AfterContext"])["Properties"]
        text = template_at(world, str(given["TemplateURL"]), child.region)
        template, _ = templates.read(text)
        values = parameters_of(template, {name: str(value) for name, value in given.get("Parameters", {}).items()})
        name = f"{made.name}-{change['LogicalResourceId']}-{world.name()}"
        nested = ChangeSet(
            f"arn:aws:cloudformation:{child.region}:{world.account}:changeSet/{name}/{world.stacks.uuid()}",
            name, child, "UPDATE", template, text, values, [], made.tags, {"IncludeNestedStacks": True},
            world.clock.now(), 0, world.stacks.uuid(), parent=made.id,
        )  # fmt: skip
        self._complete(nested)
        if nested.status == "FAILED" and nested.reason in (_NOTHING, _NO_UPDATES):
            return {detail["Evaluation"] for detail in change["Details"]} != {"Dynamic"}
        self.all[nested.id] = nested
        if nested.status == "FAILED":
            raise refusal(f"Nested change set {nested.id} was not successfully created: Currently in FAILED.")
        nested.execution = "UNAVAILABLE"  # but with its parent
        change["ChangeSetId"] = nested.id
        return True

    def within(self, made: ChangeSet) -> list[ChangeSet]:
        """The change sets nested in one, at any depth."""
        inner = [other for other in self.all.values() if other.parent == made.id]
        return [*inner, *(one for other in inner for one in self.within(other))]

    def _close(self, made: ChangeSet) -> None:
        status = made.stack.status
        if status.endswith("IN_PROGRESS") and not status.endswith("CLEANUP_IN_PROGRESS"):
            if "ROLLBACK" in status or status.startswith("DELETE"):
                made.execution = "EXECUTE_FAILED"
            return
        complete = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        made.execution = "EXECUTE_COMPLETE" if complete else "EXECUTE_FAILED"


@operation
def create_change_set(world: "World", call: Call) -> dict[str, Any]:
    """A change set that is being made; of a new stack too, in review."""
    params, kind = call.params, call.params.get("ChangeSetType", "UPDATE")
    if kind == "IMPORT":
        raise AwsError("NotImplemented", "change sets that import are not simulated", 501)
    check_role(world, params.get("RoleARN"))
    stack = world.stacks.find(params["StackName"], call.region)
    _check_stack(world, stack, kind, params)
    old = stack if kind == "UPDATE" else None
    previous = old.text if old is not None and params.get("UsePreviousTemplate") else None
    text = previous or body_of(world, call) or ""
    template, _ = templates.read(text)
    check_template(template)
    check_capabilities(template, params.get("Capabilities", []), reviewed=True)
    values = parameters_of(template, given_parameters(call, old))
    tags = tags_of(call)
    if stack is not None:
        same = next((made for made in world.change_sets.of(stack) if made.name == params["ChangeSetName"]), None)
        if same is not None and params.get("ClientToken") and same.params == params:
            return {"Id": same.id, "StackId": stack.id}
        if same is not None:
            raise AwsError("AlreadyExistsException", f"ChangeSet {params['ChangeSetName']} already exists")
    if stack is None:
        stack = world.stacks.review(params["StackName"], call.region, tags or {}, params.get("RoleARN"))
    made = ChangeSet(
        f"arn:aws:cloudformation:{call.region}:{world.account}:changeSet/{params['ChangeSetName']}/{world.stacks.uuid()}",
        params["ChangeSetName"], stack, kind, template, text, values, params.get("Parameters", []),
        stack.tags if tags is None else tags, params, world.clock.now(), world.clock.elapsed() + world.pace.change_set,
        world.stacks.uuid(),
    )  # fmt: skip
    world.change_sets.all[made.id] = made
    return {"Id": made.id, "StackId": stack.id}


def _check_stack(world: "World", stack: Stack | None, kind: str, params: dict[str, Any]) -> None:
    name = params["StackName"]
    if kind == "UPDATE":
        if stack is None or stack.status == "DELETE_COMPLETE":
            raise refusal(f"Stack [{name}] does not exist")
        if stack.status == "REVIEW_IN_PROGRESS":
            raise refusal(f"Stack:{stack.id} is in REVIEW_IN_PROGRESS state and can not be updated.")
        world.stacks.check_updatable(stack)
    elif stack is not None and stack.status != "REVIEW_IN_PROGRESS":
        change_set = params["ChangeSetName"]
        raise refusal(f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}].")


def _found(world: "World", call: Call) -> ChangeSet:
    return world.change_sets.find(call.params["ChangeSetName"], call.params.get("StackName"), call.region)


def _summary(world: "World", made: ChangeSet) -> dict[str, Any]:
    return {
        "ChangeSetName": made.name,
        "ChangeSetId": made.id,
        "StackId": made.stack.id,
        "StackName": made.stack.name,
        "Description": made.params.get("Description"),
        "CreationTime": made.created,
        "ExecutionStatus": made.execution,
        "Status": made.status,
        "StatusReason": made.reason or None,
        "IncludeNestedStacks": made.params.get("IncludeNestedStacks", False),
        "ParentChangeSetId": made.parent or None,
        "RootChangeSetId": _root(world, made),
    }


def _root(world: "World", made: ChangeSet) -> str | None:
    while made.parent and made.parent in world.change_sets.all:
        made = world.change_sets.all[made.parent]
    return made.id if made.params.get("IncludeNestedStacks") else None


@operation
def describe_change_set(world: "World", call: Call) -> dict[str, Any]:
    """A change set with a page of its changes. Then a poll's time passes while it is being made."""
    made = _found(world, call)
    page, token = page_of(world, made.changes, call)
    whole = bool(call.params.get("IncludePropertyValues"))
    told = {
        **_summary(world, made),
        "Parameters": made.given,
        "Capabilities": made.params.get("Capabilities", []),
        "Tags": [{"Key": key, "Value": value} for key, value in made.tags.items()],
        "NotificationARNs": made.params.get("NotificationARNs", []),
        "OnStackFailure": made.params.get("OnStackFailure"),
        "DeploymentConfig": made.params.get("DeploymentConfig"),
        "Changes": [{"Type": "Resource", "ResourceChange": change if whole else _short(change)} for change in page],
        "NextToken": token,
    }
    if made.status in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
        world.clock.advance(world.pace.poll)
    return told


def _short(change: dict[str, Any]) -> dict[str, Any]:
    """A change without the values before and after."""
    details = [
        {**detail, "Target": {name: item for name, item in detail["Target"].items() if name not in _VALUES}}
        for detail in change["Details"]
    ]
    return {name: item for name, item in change.items() if name not in _CONTEXTS} | {"Details": details}


@operation
def list_change_sets(world: "World", call: Call) -> dict[str, Any]:
    """The change sets of a stack."""
    stack = stack_of(world, call, "Stack [{}] does not exist")
    page, token = page_of(world, [_summary(world, made) for made in world.change_sets.of(stack)], call)
    return {"Summaries": page, "NextToken": token}


@operation
def execute_change_set(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the stack is under way, and its other change sets are gone."""
    made, params = _found(world, call), call.params
    token = params.get("ClientRequestToken", "")
    if token and token == made.stack.token and made.run:
        return {}  # asked a second time
    if made.execution != "AVAILABLE":
        status = made.status if made.execution == "UNAVAILABLE" else made.execution
        text = f"ChangeSet [{made.id}] cannot be executed in its current status of [{status}]"
        raise AwsError("InvalidChangeSetStatus", text)
    wish = made.wish
    if params.get("DisableRollback"):
        wish = Wish("DO_NOTHING", wish.express, strict=True)
    if params.get("RetainExceptOnCreate"):
        wish = Wish(wish.on_failure, wish.express, new_go=True, strict=True)
    stack = made.stack
    stack.unseen, stack.shown = world.lag, stack.status
    if made.kind == "CREATE":
        world.stacks.make_reviewed(stack, made.text, made.parameters, made.tags, token, wish)
    else:
        given = {name: value for name, value in made.parameters.items() if value is not None}
        world.stacks.update(stack, made.text, given, made.tags, token, wish)
    stack.role_arn = made.params.get("RoleARN", stack.role_arn)
    stack.capabilities = made.params.get("Capabilities", stack.capabilities)
    made.execution, made.run = "EXECUTE_IN_PROGRESS", stack.operations[-1][1]
    others = [other for other in world.change_sets.of(stack) if other is not made]
    for other in [*world.change_sets.within(made), *others]:
        world.change_sets.all.pop(other.id, None)
    return {}


@operation
def delete_change_set(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the change set is gone. One that is not there is no error; the stack in review stays."""
    try:
        made = _found(world, call)
    except AwsError as error:
        if error.code != "ChangeSetNotFound":
            raise
        return {}
    if made.execution == "EXECUTE_IN_PROGRESS":
        text = f"ChangeSet [{made.id}] cannot be deleted in its current status of [{made.execution}]"
        raise AwsError("InvalidChangeSetStatus", text)
    if made.parent in world.change_sets.all:
        raise AwsError("InvalidChangeSetStatus", f"ChangeSet [{made.id}] is nested; delete the root change set")
    for one in [made, *world.change_sets.within(made)]:
        del world.change_sets.all[one.id]
    return {}
