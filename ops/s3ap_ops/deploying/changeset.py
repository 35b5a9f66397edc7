"""A change set: made, waited for, read as data with those nested in it, and taken away when it is not carried out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from s3ap_ops import interrupts
from s3ap_ops.calls import command_line
from s3ap_ops.collect import NESTED, described
from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.reading import Look, says, told
from s3ap_ops.stack import Json
from s3ap_ops.watching import Patience
from s3ap_ops.wording import reason, value

EMPTY = ("didn't contain changes", "No updates are to be performed")
"""What CloudFormation says of a change set without a change."""

OURS = "s3ap-ops-"
"""How the names of our change sets begin."""

GONE = ("ChangeSetNotFound", "ValidationError:does not exist")
"""What CloudFormation says when a change set, or its stack, is not there."""

LOOKS = 20
"""How often it is looked whether nested change sets are deleted."""

_ARN = re.compile(r"arn:[\w-]+:cloudformation:[^\s:]+:\d{12}:changeSet/\S+?(?=[\s,.]*(?:\s|$))")


@dataclass(frozen=True)
class Value:
    """A property that changes: its path, such as "/Properties/TableName", and what it is before and after, "" for
    nothing. Values that may be secrets are not shown."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """What happens to one resource. `replacement` is "True", "False", "Conditional" or "" as CloudFormation says it.

    `logical_id` of a resource in a nested stack has the nested stack's before a slash. `policy` is what becomes of the
    old one ("Delete", "Retain", "Snapshot", "ReplaceAndDelete" …; empty if unsaid); `causes` are the properties that
    change, with what the change comes from, `values` what they change from and to. `unread`: why it is not known what
    changes in a nested stack, or "".
    """

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    policy: str = ""
    scope: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    unread: str = ""
    values: tuple[Value, ...] = ()

    @property
    def loses(self) -> bool:
        """Whether the resource that is there may go. Of "Dynamic" CloudFormation cannot tell."""
        may_go = self.action in ("Remove", "Dynamic") or self.replacement in ("True", "Conditional")
        return may_go or bool(self.unread)


@dataclass(frozen=True)
class ChangeSet:
    """A change set that was made. `is_empty`: it would change nothing. `failed`: why it cannot be carried out, or "".

    `creates`: it is of a stack that is in REVIEW_IN_PROGRESS until it is carried out. `nests`: it has others in it.
    """

    id: str
    stack_id: str
    changes: tuple[Change, ...] = ()
    is_empty: bool = False
    failed: str = ""
    creates: bool = False
    nests: bool = False


def make(params: Mapping[str, Json], look: Look, hands: Hands, patience: Patience) -> ChangeSet:
    """Make a change set and wait until it can be read; whatever keeps it from being returned, none is left behind.

    Raises OpsError when CloudFormation does not take it.
    """
    given = {**params, "ClientToken": params["ChangeSetName"]}  # a request that is sent again makes no second one
    creates, nests = params["ChangeSetType"] == "CREATE", bool(params["IncludeNestedStacks"])
    maybe = ChangeSet(params["ChangeSetName"], params["StackName"], creates=creates, nests=nests)
    try:
        with hands.allowing("cloudformation", "create_change_set", given):
            answer = hands.client("cloudformation").create_change_set(**given)
        maybe = ChangeSet(answer["Id"], answer["StackId"], creates=creates, nests=nests)
        return _seen(maybe, look, patience)
    except ClientError as error:
        said = f"CloudFormation refuses the change set: {told(error)}"
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            said += _left_of(maybe, look, hands)
        raise OpsError(said) from None
    except (BotoCoreError, ResponseParserError) as error:
        said = f"CloudFormation does not answer: {str(error)[:200]}{_left_of(maybe, look, hands)}"
        raise OpsError(said) from None
    except KeyboardInterrupt:
        left = _left_of(maybe, look, hands)
        raise KeyboardInterrupt(left.lstrip("; ")) from None
    except BaseException:
        _left_of(maybe, look, hands)
        raise


def _left_of(maybe: ChangeSet, look: Look, hands: Hands) -> str:
    """Take away what may have been made; what is left of it, as the end of a sentence."""
    try:
        take_away(maybe, look, hands)
    except OpsError as error:
        return f"; {error}"
    return ""


# -- reading


def _seen(made: ChangeSet, look: Look, patience: Patience) -> ChangeSet:
    """A change set as it is once it is ready, or has failed."""
    while True:
        try:
            found = _described(made.id, made.stack_id, look)
        except (ClientError, BotoCoreError) as error:
            return _failed(made, f"it cannot be looked at: {_said(error)}")
        if not found["Status"].endswith(("_IN_PROGRESS", "_PENDING")):
            break
        if patience.is_over or patience.is_stopped:
            return _failed(made, "it was not ready in time")
        patience.pause(patience.poll)
    if found["Status"] == "FAILED":
        why = found.get("StatusReason", "")
        if any(text in why for text in EMPTY):
            return ChangeSet(made.id, made.stack_id, is_empty=True, creates=made.creates, nests=made.nests)
        return _failed(made, _why(why, look) or "CloudFormation gives no reason")
    try:
        changes = tuple(_changes(found, made, look))
    except (ClientError, BotoCoreError) as error:
        return _failed(made, f"its changes cannot be read: {_said(error)}")
    return ChangeSet(made.id, made.stack_id, changes, creates=made.creates, nests=made.nests)


def _failed(made: ChangeSet, why: str) -> ChangeSet:
    return ChangeSet(made.id, made.stack_id, failed=why, creates=made.creates, nests=made.nests)


def _said(error: ClientError | BotoCoreError) -> str:
    return told(error) if isinstance(error, ClientError) else str(error)


def _why(text: str, look: Look) -> str:
    """Why a change set failed, with the reasons of those nested in it that it names."""
    said = [reason(text)]
    for arn in dict.fromkeys(_ARN.findall(text)):
        try:
            found = _described(arn, "", look)
        except (ClientError, BotoCoreError):
            continue
        said.append(f"{found.get('StackName', arn)}: {reason(found.get('StatusReason', ''))}")
    return "; ".join(filter(None, said))


def _described(id_: str, stack_id: str, look: Look, token: str = "") -> Mapping[str, Json]:
    client = look.client("cloudformation")
    asked: dict[str, Json] = {"ChangeSetName": id_}
    asked |= {"StackName": stack_id} if stack_id else {}
    asked |= {"NextToken": token} if token else {}
    known = client.meta.service_model.operation_model("DescribeChangeSet").input_shape.members
    asked |= {"IncludePropertyValues": True} if "IncludePropertyValues" in known else {}
    found: Mapping[str, Json] = client.describe_change_set(**asked)
    return found


def _changes(first: Mapping[str, Json], made: ChangeSet, look: Look, inside: str = "") -> Iterator[Change]:
    """The changes of a change set, and behind each of a nested stack those in it."""
    page = first
    while True:
        for one in page.get("Changes", ()):
            if "ResourceChange" in one:
                yield from _change(one["ResourceChange"], made, look, inside)
        if not page.get("NextToken"):
            return
        page = _described(first.get("ChangeSetId", made.id), "", look, page["NextToken"])


def _change(found: Mapping[str, Json], made: ChangeSet, look: Look, inside: str) -> Iterator[Change]:
    nested, unread, within = found.get("ChangeSetId", ""), "", []
    logical_id = inside + found["LogicalResourceId"]
    if nested:
        try:
            within = list(_changes(_described(nested, "", look), made, look, f"{logical_id}/"))
        except (ClientError, BotoCoreError) as error:
            unread = _said(error)
    elif found["ResourceType"] == NESTED and found["Action"] == "Modify":
        unread = "CloudFormation does not say what changes in it"
    yield Change(
        action=found["Action"],
        logical_id=logical_id,
        type=found["ResourceType"],
        physical_id=found.get("PhysicalResourceId", "") or "",
        replacement=found.get("Replacement", "") or "",
        policy=found.get("PolicyAction", "") or "",
        scope=tuple(found.get("Scope", ())),
        causes=tuple(dict.fromkeys(_cause(one) for one in found.get("Details", ()))),
        unread=unread,
        values=tuple(dict.fromkeys(filter(None, map(_value, found.get("Details", ()))))),
    )
    yield from within


def _cause(detail: Mapping[str, Json]) -> str:
    target = detail.get("Target", {})
    what = target.get("Name") or target.get("Attribute", "")
    entity = detail.get("CausingEntity", "")
    return f"{what} (by {entity})" if entity else str(what)


def _value(detail: Mapping[str, Json]) -> Value | None:
    """What a property changes from and to; None where CloudFormation does not say."""
    target = detail.get("Target", {})
    path, sides = target.get("Path", ""), [target.get(key) for key in ("BeforeValue", "AfterValue")]
    if not path or sides == [None, None]:
        return None
    before, after = ("" if one is None else value(path, str(one)) for one in sides)
    return Value(path, before, after)


# -- what becomes of it


def carry_out(found: ChangeSet, params: Mapping[str, Json], hands: Hands) -> None:
    """Have CloudFormation carry a change set out. Raises OpsError when it refuses, or does not answer."""
    _made("execute_change_set", {"ChangeSetName": found.id, "StackName": found.stack_id, **params}, hands)


def has_begun(found: ChangeSet, token: str, look: Look) -> bool | None:
    """Whether CloudFormation carries a change set out by the request with a token; None when that cannot be told."""
    try:
        rows = look.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=found.stack_id)
        if any(row.get("ClientRequestToken") == token for row in rows):
            return True
        execution = _described(found.id, found.stack_id, look).get("ExecutionStatus", "")
    except ClientError as error:
        return False if _is_gone(error) else None
    except BotoCoreError:
        return None
    return False if execution in ("AVAILABLE", "UNAVAILABLE", "OBSOLETE") else None


def take_away(found: ChangeSet, look: Look, hands: Hands, *, poll: float = 0.0) -> None:
    """Remove a change set that is not carried out, those nested in it, and the empty stack that it made.

    A stack that something else has happened to stays. `poll` are the seconds between two looks whether the empty stack
    is gone, so that the next deployment does not meet it; 0 means not to wait. Raises OpsError, saying what is left,
    when it cannot be done.
    """
    params = {"ChangeSetName": found.id, "StackName": found.stack_id}
    is_going = False
    with interrupts.ignored():
        try:
            _made("delete_change_set", params, hands, GONE)
            if found.nests:
                _await_end(found, look)
            if found.creates and _is_empty_review(found, look):
                _made("delete_stack", {"StackName": found.stack_id}, hands)
                is_going = True
        except OpsError as error:
            by_hand = command_line("cloudformation", "delete_change_set", params)
            raise OpsError(f"the change set {found.id} may still be there ({error}): {by_hand}") from None
    if is_going and poll:
        _await_deletion(found, look, poll)


def _await_end(found: ChangeSet, look: Look) -> None:
    """Return when a change set with others in it is deleted, which takes CloudFormation a moment."""
    patience = Patience(poll=1.0)
    for _ in range(LOOKS):
        try:
            if _described(found.id, found.stack_id, look)["Status"] == "DELETE_FAILED":
                raise OpsError("CloudFormation could not delete it")
        except ClientError as error:
            if _is_gone(error):
                return
            raise OpsError(told(error)) from None
        except BotoCoreError as error:
            raise OpsError(str(error)) from None
        patience.pause(patience.poll)


def _await_deletion(found: ChangeSet, look: Look, poll: float) -> None:
    """Return when an empty stack is deleted, or when that has taken too long."""
    patience = Patience(poll=min(poll, 1.0))
    for _ in range(LOOKS):
        stack = described(found.stack_id, look)
        if stack is None or stack["StackStatus"] != "DELETE_IN_PROGRESS":
            return
        patience.pause(patience.poll)


def _is_empty_review(found: ChangeSet, look: Look) -> bool:
    """Whether a stack is nothing but a name that waits for a change set, and nobody else's change set is there."""
    stack = described(found.stack_id, look)
    if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
        return False
    name = found.id.split("/")[1] if "/" in found.id else found.id
    try:
        others = look.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack["StackId"])
    except (ClientError, BotoCoreError):
        return False
    return all(one["ChangeSetName"] == name for one in others)


def _made(operation: str, params: Mapping[str, Json], hands: Hands, gone: Sequence[str] = ()) -> None:
    """Make a request. Raises OpsError when it is refused, unless the error is one of `gone`, or has no answer."""
    try:
        with hands.allowing("cloudformation", operation, params):
            getattr(hands.client("cloudformation"), operation)(**params)
    except ClientError as error:
        if not any(says(error, code) for code in gone):
            raise OpsError(told(error)) from None
    except BotoCoreError as error:
        raise OpsError(f"CloudFormation does not answer: {error}") from None


def _is_gone(error: ClientError) -> bool:
    return any(says(error, code) for code in GONE)


def stale(stack_id: str, look: Look) -> Sequence[ChangeSet]:
    """The change sets of a stack that this program made and nobody carried out."""
    found = look.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack_id)
    ours = (one for one in found if one["ChangeSetName"].startswith(OURS))
    return [
        ChangeSet(one["ChangeSetId"], stack_id, nests=bool(one.get("IncludeNestedStacks")))
        for one in ours
        if one.get("ExecutionStatus") in ("AVAILABLE", "UNAVAILABLE", "OBSOLETE")
        and not str(one.get("Status", "")).startswith("DELETE")
    ]
