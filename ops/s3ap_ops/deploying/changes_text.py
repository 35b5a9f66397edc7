"""A change set for people: what is made, changed, replaced and removed, and what is lost with that."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_ops.deploying.changeset import Change, ChangeSet
from s3ap_ops.render.plan_text import clean
from s3ap_ops.wording import count, listed

MOST = 6
"""So many properties of one change are shown."""

WORDS = {"Add": "+ make", "Modify": "~ change", "Remove": "- remove", "Import": "< import", "Dynamic": "? decide later"}


def render(found: ChangeSet) -> str:
    """A line for each change, those that lose something first, and a sum."""
    ordered = sorted(found.changes, key=lambda one: (not one.loses, one.action, one.logical_id))
    lines = [line for change in ordered for line in (_line(change), *_values(change))]
    return "\n".join(clean(line) for line in (*lines, *_sum(found))) + "\n"


def _values(change: Change) -> Iterator[str]:
    """What the properties of a change are before and after."""
    for one in change.values[:MOST]:
        yield f"                   {one.path}: {one.before or 'nothing'} -> {one.after or 'nothing'}"
    if len(change.values) > MOST:
        yield f"                   and {len(change.values) - MOST} more"


def _line(change: Change) -> str:
    word = WORDS.get(change.action, change.action)
    if change.action == "Modify" and change.replacement in ("True", "Conditional"):
        word = "! replace" if change.replacement == "True" else "! may replace"
    causes = f": {listed(list(change.causes), 4)}" if change.causes else ""
    policy = f" [the old one: {change.policy}]" if change.policy and change.loses else ""
    called = f" {change.physical_id}" if change.physical_id and change.loses else ""
    return f"  {word:<14} {change.logical_id} ({change.type}){called}{causes}{policy}"


def _sum(found: ChangeSet) -> Iterator[str]:
    actions = [one.action for one in found.changes]
    replaced = sum(1 for one in found.changes if one.action == "Modify" and one.replacement == "True")
    parts = [f"{actions.count('Add')} to make", f"{actions.count('Modify') - replaced} to change"]
    parts += [f"{replaced} to replace", f"{actions.count('Remove')} to remove"]
    yield f"{count(len(actions), 'change')}: {', '.join(parts)}"
