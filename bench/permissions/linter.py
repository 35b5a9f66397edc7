"""What `s3ap-lint permissions --format json` names for each function of a corpus."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any


def output(command: str, corpus: Path) -> str:
    """The JSON that the linter writes about a corpus."""
    arguments = [*shlex.split(command), "permissions", ".", "--format", "json"]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=corpus)
    if not answer.stdout.strip():
        raise RuntimeError(answer.stderr.strip() or "the linter wrote nothing")
    return answer.stdout


def needed(text: str) -> dict[tuple[str, str], frozenset[str]]:
    """The needed actions by (template, function)."""
    read = json.loads(text)
    functions: list[dict[str, Any]] = read["functions"] if isinstance(read, dict) else read
    return {(_inside(each["template"]), each["function"]): _actions(each) for each in functions}


def _inside(template: str) -> str:
    return template.removeprefix("./")


def _actions(function: dict[str, Any]) -> frozenset[str]:
    named: list[Any] = function.get("needed") or []
    return frozenset(each if isinstance(each, str) else each["action"] for each in named)
