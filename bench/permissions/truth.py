"""The truth as records: which IAM actions a handler needs, and where its code says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What Lambda itself does with the function's role (log, network interfaces, traces): in no code, so never scored.
OF_THE_PLATFORM = frozenset(
    {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One handler: the actions its calls are authorised by, and those that are neither right nor wrong to name."""

    corpus: str
    handler: str
    function: str
    template: str
    needed: frozenset[str]
    unscored: frozenset[str]
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """What tells this function from every other one."""
        return f"{self.corpus}/{self.template}:{self.function}"

    @property
    def file(self) -> str:
        """The handler's file, inside the corpus."""
        return self.handler.rpartition(":")[0]


def read(path: Path) -> list[Entry]:
    """The entries of a truth file, one JSON object a line."""
    return [_entry(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _entry(record: dict[str, Any]) -> Entry:
    return Entry(
        corpus=record["corpus"],
        handler=record["handler"],
        function=record["function"],
        template=record["template"],
        needed=frozenset(record["needed"]),
        unscored=frozenset(record["dependent"]) - frozenset(record["needed"]) | OF_THE_PLATFORM,
        files=tuple(record["files"]),
    )
