"""Changes of grants for people: who may do what on what, what is the same otherwise said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from s3ap_lint.compare.change import Change, Effect
from s3ap_lint.render.wording import count, listed

ACTIONS_SHOWN = 12


@dataclass(frozen=True)
class Terms:
    """All of a grant but who has it and for which action."""

    effect: Effect
    resource: str
    denial: str
    principal: str
    condition: str


def sentences(changes: Iterable[Change], names: int) -> Iterator[tuple[Effect, str]]:
    """One sentence for all actions and all holders that have the same terms, new ones first."""
    actions: dict[tuple[str, Terms], list[str]] = {}
    for change in sorted(changes, key=lambda one: one.effect is Effect.REMOVED):
        data = change.before if change.effect is Effect.REMOVED else change.after
        said = {key: str(value) for key, value in data.items()} if isinstance(data, dict) else {}
        get = said.get
        terms = Terms(change.effect, get("resource", ""), get("effect", ""), get("principal", ""), get("condition", ""))
        holder = change.name.partition(": ")[0]
        actions.setdefault((holder, terms), []).append(get("action", ""))
    holders: dict[tuple[tuple[str, ...], Terms], list[str]] = {}
    for (holder, terms), found in actions.items():
        holders.setdefault((tuple(found), terms), []).append(holder)
    for (shared, terms), who in sorted(
        holders.items(), key=lambda item: (item[0][1].effect is Effect.REMOVED, item[1], item[0][1].resource)
    ):
        yield terms.effect, _sentence(_who(who, names), shared, terms, several=len(who) > 1)


def _sentence(who: str, actions: tuple[str, ...], terms: Terms, *, several: bool) -> str:
    more = f" and {count(len(actions) - ACTIONS_SHOWN, 'more action')}" if len(actions) > ACTIONS_SHOWN else ""
    what = ", ".join(actions[:ACTIONS_SHOWN]) + more
    where = f" on {terms.resource}" if terms.resource else ""
    under = f" if {terms.condition}" if terms.condition else ""
    under = f": {terms.condition}" if terms.effect is Effect.CHANGED else under
    if terms.principal:
        verb = "denies" if terms.denial else "allows"
        return f"{who} {verb} {what}{where} for {terms.principal}{under}"
    verb = ("are denied" if several else "is denied") if terms.denial else "may"
    verb += " do" if what.startswith("what ") else ""
    return f"{who} {verb} {what}{where}{under}"


def _who(names: list[str], most: int) -> str:
    return listed(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"
