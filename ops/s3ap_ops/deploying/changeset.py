"""A change set: made, waited for, read as data, and taken away again when it is not carried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.reading import Look, told
from s3ap_ops.stack import Json
from s3ap_ops.watching import Patience
from s3ap_ops.wording import reason

EMPTY = ("didn't contain changes", "No updates are to be performed")
"""What CloudFormation says of a change set without a change."""


@dataclass(frozen=True)
class Change:
    """What happens to one resource. `replacement` is "True", "False", "Conditional" or "" as CloudFormation says it.

    `policy` is what becomes of the old one ("Delete", "Retain", "Snapshot", "ReplaceAndDelete" …; empty if unsaid);
    `causes` are the properties that change, with what the change comes from.
    """

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    policy: str = ""
    scope: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

    @property
    def loses(self) -> bool:
        """Whether the resource that is there may go."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")


@dataclass(frozen=True)
class ChangeSet:
    """A change set that was made. `is_empty`: it would change nothing. `failed`: why it cannot be carried out, or "".

    `creates`: there was no stack, so it made one in REVIEW_IN_PROGRESS.
    """

    id: str
    stack_id: str
    changes: tuple[Change, ...] = ()
    is_empty: bool = False
    failed: str = ""
    creates: bool = False


def make(params: Mapping[str, Json], look: Look, hands: Hands, patience: Patience) -> ChangeSet:
    """Make a change set and wait until it can be read. Raises OpsError when CloudFormation does not take it."""
    try:
        with hands.allowing("cloudformation", "create_change_set", params):
            answer = hands.client("cloudformation").create_change_set(**params)
    except ClientError as error:
        raise OpsError(f"CloudFormation refuses the change set: {told(error)}") from None
    except BotoCoreError as error:
        raise OpsError(f"CloudFormation does not answer: {error}") from None
    return _seen(answer["Id"], answer["StackId"], params["ChangeSetType"] == "CREATE", look, patience)


def _seen(id_: str, stack_id: str, creates: bool, look: Look, patience: Patience) -> ChangeSet:
    while True:
        try:
            found = look.client("cloudformation").describe_change_set(ChangeSetName=id_, StackName=stack_id)
        except (ClientError, BotoCoreError) as error:
            why = told(error) if isinstance(error, ClientError) else str(error)
            return ChangeSet(id_, stack_id, failed=f"it cannot be looked at: {why}", creates=creates)
        if not found["Status"].endswith(("_IN_PROGRESS", "_PENDING")):
            break
        if patience.is_over or patience.is_stopped:
            return ChangeSet(id_, stack_id, failed="it was not ready in time", creates=creates)
        patience.pause(patience.poll)
    why = reason(found.get("StatusReason", ""))
    if found["Status"] == "FAILED":
        empty = any(text in found.get("StatusReason", "") for text in EMPTY)
        return ChangeSet(
            id_,
            stack_id,
            is_empty=empty,
            failed="" if empty else why or "CloudFormation gives no reason",
            creates=creates,
        )
    changes = tuple(
        _change(one["ResourceChange"]) for one in _all(found, id_, stack_id, look) if "ResourceChange" in one
    )
    return ChangeSet(id_, stack_id, changes, creates=creates)


def _all(first: Mapping[str, Json], id_: str, stack_id: str, look: Look) -> Iterator[Mapping[str, Json]]:
    page = first
    while True:
        yield from page.get("Changes", ())
        if not page.get("NextToken"):
            return
        page = look.client("cloudformation").describe_change_set(
            ChangeSetName=id_, StackName=stack_id, NextToken=page["NextToken"]
        )


def _change(found: Mapping[str, Json]) -> Change:
    return Change(
        action=found["Action"],
        logical_id=found["LogicalResourceId"],
        type=found["ResourceType"],
        physical_id=found.get("PhysicalResourceId", "") or "",
        replacement=found.get("Replacement", "") or "",
        policy=found.get("PolicyAction", "") or "",
        scope=tuple(found.get("Scope", ())),
        causes=tuple(dict.fromkeys(_cause(one) for one in found.get("Details", ()))),
    )


def _cause(detail: Mapping[str, Json]) -> str:
    target = detail.get("Target", {})
    what = target.get("Name") or target.get("Attribute", "")
    entity = detail.get("CausingEntity", "")
    return f"{what} (by {entity})" if entity else str(what)


def carry_out(found: ChangeSet, params: Mapping[str, Json], hands: Hands) -> None:
    """Have CloudFormation carry a change set out. Raises OpsError when it refuses."""
    given = {"ChangeSetName": found.id, "StackName": found.stack_id, **params}
    _made("execute_change_set", given, hands)


def take_away(found: ChangeSet, hands: Hands) -> None:
    """Remove a change set that is not carried out, and the empty stack that it made. Raises OpsError when it cannot
    be."""
    _made("delete_change_set", {"ChangeSetName": found.id, "StackName": found.stack_id}, hands)
    if found.creates:
        _made("delete_stack", {"StackName": found.stack_id}, hands)


def _made(operation: str, params: Mapping[str, Json], hands: Hands) -> None:
    try:
        with hands.allowing("cloudformation", operation, params):
            getattr(hands.client("cloudformation"), operation)(**params)
    except ClientError as error:
        raise OpsError(told(error)) from None
    except BotoCoreError as error:
        raise OpsError(f"CloudFormation does not answer: {error}") from None


def stale(stack_id: str, look: Look) -> Sequence[str]:
    """The ids of change sets of a stack that this program made and nobody carried out."""
    found = look.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack_id)
    ours = (one for one in found if one["ChangeSetName"].startswith("s3ap-ops-"))
    return [one["ChangeSetId"] for one in ours if one.get("ExecutionStatus") in ("AVAILABLE", "UNAVAILABLE")]
