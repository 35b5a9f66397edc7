"""What an operation of the AWS SDK needs: IAM actions, and the resources they are authorised on.

From a table made of AWS's Service Authorization Reference and botocore's models (tools/README.md). A service takes a
line of it, and only the lines of services that are asked for are read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Need:
    """One IAM action that an operation needs.

    `resources` are patterns of ARNs: a grant on any of them will do. `("*",)`: the action takes no resource.
    `()`: not known.

    - `${Partition}`, `${Region}` and `${Account}` are the caller's.
    - `${Member}` is a member of the operation's input, spelled like boto3's keyword. A pattern with a member that the
      call does not give says nothing about that call; where none is left, the resource is not known.
    - `${A.B}` is a member of a member, `${A[]}` each item of a list, `${A[keys]}` each key of a mapping. Each item and
      key needs a grant.
    - A pattern that begins with a member (`${TopicArn}`) is for a value that is an ARN, or for a queue's URL; one that
      begins with `arn:` is for a value that is none. Services that take both have both.
    - `*` is what the input does not tell: text that is not known, not a wildcard.
    """

    action: str
    """In IAM's own spelling: `s3:GetObject`."""
    resources: tuple[str, ...]
    when: str = ""
    """Needed only when this member is given; a path as in `resources`."""
    certain: bool = True
    """False: needed only in circumstances that the call does not tell."""
    unless: str = ""
    """Not needed when this member is given."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a client: what it needs."""

    service: str
    """As boto3 calls the client: `s3`, `logs`, `stepfunctions`."""
    name: str
    """As Python spells it: `head_object`, `upload_file`."""
    needs: tuple[Need, ...]
    """Empty: it needs no permission."""
    positional: tuple[str, ...]
    """The names of positional arguments; only methods that are no single operation have them."""


def operation(service: str, name: str) -> Operation | None:
    """The operation called `name` of a service; None where it is not known what it needs."""
    known = _service(service)
    if known is None:
        return None
    if name == "generate_presigned_url":  # needs what the operation needs that it names
        return Operation(service, name, (), ("ClientMethod", "Params", "ExpiresIn", "HttpMethod"))
    if name not in known.operations:
        return None
    return _operation(service, name)


@cache
def operation_names() -> frozenset[str]:
    """Every name that an operation of any service has in Python."""
    return frozenset(name for line in _lines("names").values() for name in json.loads(line).split())


@dataclass(frozen=True, slots=True)
class _Service:
    patterns: list[str]
    needs: list[Any]
    operations: dict[str, str]
    positional: dict[str, list[str]]


@cache
def _operation(service: str, name: str) -> Operation:
    known = _service(service)
    assert known is not None
    needs = tuple(_need(known, int(number), name) for number in known.operations[name].split())
    return Operation(service, name, needs, tuple(known.positional.get(name, ())))


def _need(known: _Service, number: int, name: str) -> Need:
    action, resources, when, unless, certain = known.needs[number] + ["", "", 1][len(known.needs[number]) - 2 :]
    if ":" not in action:  # called like the operation
        action = f"{action}:{''.join(part.capitalize() for part in name.split('_'))}"
    return Need(action, tuple(known.patterns[at] for at in resources), when, bool(certain), unless)


@cache
def _service(service: str) -> _Service | None:
    line = _lines("services").get(service)
    if line is None:
        return None
    facts = json.loads(line)
    operations = {name: needs for needs, names in facts["operations"].items() for name in names.split()}
    patterns = [facts["start"] + text[1:] if text[0] == "~" else text for text in facts["patterns"]]
    return _Service(patterns, facts["needs"], operations, facts.get("positional", {}))


@cache
def _lines(section: str) -> dict[str, str]:
    """The lines of a section of the table, unread, by their keys."""
    text = files("s3ap_lint.data").joinpath("sdk_actions.json").read_text(encoding="utf-8")
    start = text.index(f'\n"{section}":{{\n') + len(section) + 6
    lines = text[start : text.index("\n}", start)].split("\n")
    return {key[1:-1]: value.removesuffix(",") for key, _, value in (line.partition(":") for line in lines)}
