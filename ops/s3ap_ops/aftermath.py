"""What a run still owes stacks that are gone: changes that come after a deletion, which only its journal knows, because
a stack that is deleted has no plan any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops import changes
from s3ap_ops.calls import Phase
from s3ap_ops.collect import NO_STACK, described
from s3ap_ops.errors import OpsError
from s3ap_ops.plan import Action, Plan, Refusal
from s3ap_ops.reading import Look, says, told
from s3ap_ops.stack import Json, LiveStack


def with_owed(plan: Plan, records: Iterable[Mapping[str, Json]], types: Iterable[type], look: Look) -> Plan:
    """A plan, and what a run's journal says is still to be done about those of its stacks that are gone.

    A stack that was deployed again since is refused, and so is one whose resource another stack has by now: what has
    the old names may be the new one's. Raises OpsError when CloudFormation does not say.
    """
    owed = _owed(list(records), tuple(types), [stack for stack in plan.stacks if stack.status == "DELETE_COMPLETE"])
    again = {name for name in dict.fromkeys(action.stack for action in owed) if described(name, look) is not None}
    again |= {action.stack for action in owed if _owner(action.change.target, look)}
    refusals = tuple(_refusal(name, [one for one in owed if one.stack == name]) for name in sorted(again))
    kept = tuple(action for action in owed if action.stack not in again)
    return replace(plan, actions=(*plan.actions, *kept), refusals=(*plan.refusals, *refusals))


def _owner(physical_id: str, look: Look) -> str:
    """The stack that has a resource of this name now; empty if none has. Raises OpsError when that cannot be told."""
    client = look.client("cloudformation")
    try:
        found = client.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
    except ClientError as error:
        if says(error, NO_STACK):
            return ""
        raise OpsError(f"CloudFormation does not say whose {physical_id} is: {told(error)}") from None
    except BotoCoreError as error:
        raise OpsError(f"CloudFormation cannot be asked whose {physical_id} is: {error}") from None
    names = [one["StackName"] for one in found if one["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")]
    return names[0] if names else ""


def _refusal(name: str, owed: Sequence[Action]) -> Refusal:
    commands = "; ".join(action.change.describe() for action in owed)
    reason = f"what {name} left, or its name, belongs to a stack that was deployed since"
    return Refusal(name, "", "deployed-again", reason, f"What belongs to the old one, delete by hand: {commands}")


def _owed(records: Sequence[Mapping[str, Json]], types: tuple[type, ...], gone: Sequence[LiveStack]) -> list[Action]:
    """The changes after a deletion that were planned for some stacks; none if the run ended with nothing left.

    All of them, also those on record as done: what exists, only the account can say, and a change that finds nothing
    left to do says so.
    """
    if records and records[-1]["kind"] == "end" and records[-1].get("status") == 0:
        return []
    names = {stack.name for stack in gone}
    planned = [action for record in records if record["kind"] == "plan" for action in record["actions"]]
    owed = {one["does"]: one for one in planned if _is_after(one) and one["stack"] in names}
    ids = {one["id"] for one in owed.values()}
    return [_action(one, ids, types) for one in owed.values()]


def _is_after(action: Mapping[str, Json]) -> bool:
    return bool(action["change"]["phase"] == Phase.AFTER.name)


def _action(one: Mapping[str, Json], ids: set[str], types: tuple[type, ...]) -> Action:
    needs = tuple(id_ for id_ in one["needs"] if id_ in ids)
    after = tuple(id_ for id_ in one["after"] if id_ in ids)
    return Action(one["id"], one["stack"], one["title"], changes.read(one, types), tuple(one["codes"]), after, needs)
