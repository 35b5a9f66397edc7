"""What a run still owes stacks that are gone, or half gone: changes that come after a deletion, which only its journal
knows, because nothing is planned any more about what is deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops import changes
from s3ap_ops.calls import DeleteStack, Phase
from s3ap_ops.collect import NO_STACK, described
from s3ap_ops.errors import OpsError
from s3ap_ops.plan import Action, Plan, Refusal
from s3ap_ops.reading import Look, says, told
from s3ap_ops.stack import Json


def with_owed(plan: Plan, records: Iterable[Mapping[str, Json]], types: Iterable[type], look: Look) -> Plan:
    """A plan, and what a run's journal says is still to be done after the deletion of its stacks.

    Of a stack that is going, a new plan does not know what was deleted with it already. Of one that is gone it knows
    nothing: one that was deployed again since is refused, and so is one whose resource another stack has by now,
    because what has the old names may be the new one's. Raises OpsError when CloudFormation does not say.
    """
    deletions = {action.stack: action.id for action in plan.actions if isinstance(action.change, DeleteStack)}
    gone = {stack.name for stack in plan.stacks if stack.status == "DELETE_COMPLETE"}
    planned = {action.change.describe() for action in plan.actions}
    owed = _owed(list(records), tuple(types), gone | set(deletions), planned)
    again = {name for name in dict.fromkeys(one.stack for one in owed) if name in gone and described(name, look)}
    again |= {one.stack for one in owed if _owner(one.change.target, look) not in ("", one.stack)}
    refusals = tuple(_refusal(name, [one for one in owed if one.stack == name]) for name in sorted(again))
    kept = _after([one for one in owed if one.stack not in again], plan, deletions)
    return replace(plan, actions=(*plan.actions, *kept), refusals=(*plan.refusals, *refusals))


def _after(owed: Sequence[Action], plan: Plan, deletions: Mapping[str, str]) -> Iterator[Action]:
    """Owed actions with ids that no other action has, each after its stack's deletion and after those before it with
    the same target."""
    latest: dict[tuple[str, str], str] = {}
    number = Counter(action.stack for action in plan.actions)
    for one in owed:
        number[one.stack] += 1
        id_, place = f"{one.stack}/{number[one.stack]:03}", (one.stack, one.change.target)
        needs = [deletions[one.stack]] if one.stack in deletions else []
        needs += [latest[place]] if place in latest else []
        latest[place] = id_
        yield replace(one, id=id_, needs=tuple(needs), after=())


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


def _owed(
    records: Sequence[Mapping[str, Json]], types: tuple[type, ...], stacks: Collection[str], planned: Collection[str]
) -> list[Action]:
    """The changes after a deletion that were planned for some stacks, less those that are planned now; none if the run
    ended with nothing left.

    All of them, also those on record as done: what exists, only the account can say, and a change that finds nothing
    left to do says so.
    """
    if records and records[-1]["kind"] == "end" and records[-1].get("status") == 0:
        return []
    before = [action for record in records if record["kind"] == "plan" for action in record["actions"]]
    owed = {one["does"]: one for one in before if _is_after(one) and one["stack"] in stacks}
    return [_action(one, types) for does, one in owed.items() if does not in planned]


def _is_after(action: Mapping[str, Json]) -> bool:
    return bool(action["change"]["phase"] == Phase.AFTER.name)


def _action(one: Mapping[str, Json], types: tuple[type, ...]) -> Action:
    return Action(one["id"], one["stack"], one["title"], changes.read(one, types), tuple(one["codes"]))
