"""The resources of boto3: what their methods call, and what they lead to.

Facts are from the table that tools/generate_sdk_resources.py makes of boto3's own models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from s3ap_lint import data
from s3ap_lint.python.worth import UNTOLD, Made, Record, Worth

Arguments = Callable[[], tuple[list[Worth], Record]]
"""The positional arguments of a call and its keywords, if anybody asks."""

MORE = frozenset({"all", "filter", "limit", "page_size", "pages"})
"""The methods of a collection that list it."""

TRANSFERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Bucket", "copy"): ("CopySource", "Key"),
    ("Bucket", "download_file"): ("Key", "Filename"),
    ("Bucket", "download_fileobj"): ("Key", "Fileobj"),
    ("Bucket", "upload_file"): ("Filename", "Key", "ExtraArgs"),
    ("Bucket", "upload_fileobj"): ("Fileobj", "Key", "ExtraArgs"),
    ("Object", "copy"): ("CopySource",),
    ("Object", "download_file"): ("Filename",),
    ("Object", "download_fileobj"): ("Fileobj",),
    ("Object", "upload_file"): ("Filename", "ExtraArgs"),
    ("Object", "upload_fileobj"): ("Fileobj", "ExtraArgs"),
}
"""The positional arguments of what boto3 adds to resources of S3 (boto3/s3/inject.py)."""

_ITEM = "()"
"""Under which name a collection keeps what its items are."""

_MEMBERS = {"Bucket": {"Bucket": "Name"}, "Object": {"Bucket": "BucketName", "Key": "Key"}}


def waits_for(service: str, waiter: str) -> str:
    """The operation that a waiter calls; "" for one that is not known."""
    found: str = data.load("sdk_resources")["waiters"].get(service, {}).get(waiter, "")
    return found


@cache
def method_names() -> frozenset[str]:
    """What the methods of resources are called that call something."""
    types = [facts for types in data.load("sdk_resources")["resources"].values() for facts in types.values()]
    sections = (facts.get(section, ()) for facts in types for section in ("actions", "batch", "waits"))
    return frozenset(name for names in sections for name in names) | {"batch_writer", "load", "reload"}


def _facts(made: Made) -> Mapping[str, Any]:
    found: Mapping[str, Any] = data.load("sdk_resources")["resources"].get(made.service, {}).get(made.type, {})
    return found


@cache
def _spelled(name: str) -> str:
    """An identifier as an attribute."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def attribute_of(made: Made, name: str) -> Worth:
    """What an attribute of a resource is worth."""
    if name == "meta":
        return Made("meta", made.service, keywords=made.keywords, session=made.session)
    facts = _facts(made)
    if name in facts.get("many", ()):
        operation, members, *rest = facts["many"][name]
        kind, origins = rest or ("", {})
        known = _filled(made, members)
        items = {target: made.known.get(origin, UNTOLD) for target, origin in origins.items()}
        of = Made("resource", made.service, keywords=made.keywords, session=made.session, type=kind, known=items)
        return Made("collection", made.service, operation, made.keywords, made.session, kind, known | {_ITEM: of})
    if name in facts.get("has", ()):
        kind, origins = facts["has"][name]
        if "()" not in origins.values():
            return _resource(made, kind, {target: made.known.get(one, UNTOLD) for target, one in origins.items()})
    for identifier in facts.get("identifiers", ()):
        if _spelled(identifier) == name:
            return made.known.get(identifier, UNTOLD)
    return UNTOLD


def _resource(made: Made, kind: str, known: Mapping[str, Worth]) -> Made:
    return Made("resource", made.service, keywords=made.keywords, session=made.session, type=kind, known=known)


def _filled(made: Made, members: Mapping[str, str]) -> dict[str, Worth]:
    return {member: made.known.get(identifier, UNTOLD) for member, identifier in members.items()}


def result_of(made: Made, name: str, arguments: Arguments) -> Worth:
    """What calling a method of a resource gives: another resource, or nothing that is followed."""
    facts = _facts(made)
    given = facts.get("has", {}).get(name) or facts.get("actions", {}).get(name, ())[2:]
    if not given:
        return UNTOLD
    kind, origins = given
    positional, keywords = arguments()
    known: dict[str, Worth] = {}
    for target, origin in origins.items():
        if origin == "()":
            value = keywords.items.get(_spelled(target), UNTOLD)
            known[target] = positional.pop(0) if positional else value
        elif origin.startswith("="):
            known[target] = keywords.items.get(origin[1:], UNTOLD)
        else:
            known[target] = made.known.get(origin, UNTOLD)
    return _resource(made, kind, known)


def called(made: Made, name: str) -> list[tuple[str, Mapping[str, Worth]]]:
    """The operations that a method of a resource or collection calls, with the members that it fills in."""
    if made.kind in ("collection", "collected"):
        return _called_for_all(made, name)
    facts = _facts(made)
    found = facts.get("actions", {}).get(name) or facts.get("waits", {}).get(name)
    if found is None and name in ("load", "reload"):
        found = facts.get("load") or None
    if found is not None:
        return [(found[0], _filled(made, found[1]))]
    if made.service == "s3" and (made.type, name) in TRANSFERS:
        return [(name, _filled(made, _MEMBERS[made.type]))]
    if (made.service, made.type, name) == ("dynamodb", "Table", "batch_writer"):
        return [("batch_write_item", _filled(made, {"RequestItems[keys]": "Name"}))]
    return []


def _called_for_all(made: Made, name: str) -> list[tuple[str, Mapping[str, Worth]]]:
    members: Mapping[str, Worth] = {member: value for member, value in made.known.items() if member != _ITEM}
    listed = [(made.operation, members)] if made.kind == "collection" else []
    batch = _facts(made).get("batch", {}).get(name)
    item = item_of(made)
    if batch is not None and isinstance(item, Made):
        return [*listed, (batch[0], _filled(item, batch[1]))]
    return listed if name in MORE else []


def item_of(made: Made) -> Worth:
    """What a loop over a collection gives, or over what a method hands back."""
    return made if made.kind == "resource" else made.known.get(_ITEM, UNTOLD)
