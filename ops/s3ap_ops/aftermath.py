"""What a run still owes stacks that are gone: changes that come after a deletion, which only its journal knows, because
a stack that is deleted has no plan any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from s3ap_ops import changes
from s3ap_ops.calls import Phase
from s3ap_ops.collect import described
from s3ap_ops.plan import Action, Plan, Refusal
from s3ap_ops.reading import Look
from s3ap_ops.stack import Json, LiveStack


def with_owed(plan: Plan, records: Iterable[Mapping[str, Json]], types: Iterable[type], look: Look) -> Plan:
    """A plan, and what a run's journal says is still to be done about those of its stacks that are gone.

    A stack that was deployed again since is refused: what has the old names may be the new stack's. Raises OpsError
    when CloudFormation does not say.
    """
    owed = _owed(list(records), tuple(types), [stack for stack in plan.stacks if stack.status == "DELETE_COMPLETE"])
    again = {name for name in dict.fromkeys(action.stack for action in owed) if described(name, look) is not None}
    refusals = tuple(_refusal(name, [one for one in owed if one.stack == name]) for name in sorted(again))
    kept = tuple(action for action in owed if action.stack not in again)
    return replace(plan, actions=(*plan.actions, *kept), refusals=(*plan.refusals, *refusals))


def _refusal(name: str, owed: Sequence[Action]) -> Refusal:
    commands = "; ".join(action.change.describe() for action in owed)
    reason = f"{name} was deployed again after it was deleted, so what is left of the old one cannot be told apart"
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
