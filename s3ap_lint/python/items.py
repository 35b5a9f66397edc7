"""Items of dictionaries, lists and collections of resources."""

from __future__ import annotations

from s3ap_lint.python import resources
from s3ap_lint.python.worth import UNTOLD, Made, Record, Text, Worth, either


def written(value: Worth) -> str:
    """A text that is written out, or ""."""
    return value.piece if isinstance(value, Text) and isinstance(value.piece, str) else ""


def item(value: Worth, key: str) -> Worth:
    """The item of a key."""
    if isinstance(value, Made):
        return resources.item_of(value)
    if not isinstance(value, Record):
        return UNTOLD
    return value.items.get(key) or either(list(value.others))


def any_item(value: Worth) -> Worth:
    """Whichever item."""
    if isinstance(value, Made):
        return resources.item_of(value)
    return either([*value.items.values(), *value.others]) if isinstance(value, Record) else UNTOLD


def pairs(value: Worth) -> Worth:
    """What `.items()` gives."""
    if not isinstance(value, Record):
        return UNTOLD
    return Record(
        {}, complete=False, others=tuple(Record({"1": one}) for one in (*value.items.values(), *value.others))
    )
