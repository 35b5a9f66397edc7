"""A list of findings that are known and not yet mended, so that a gate can be switched on today.

An entry is kept by what a finding says of what, not by its line: moving it, reformatting the file, reordering a list
and renaming the file keep it. A baseline only shrinks: an entry whose finding is gone fails the run until
`baseline update` removes it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s3ap_lint.diagnostic import Diagnostic, Place
from s3ap_lint.errors import ConfigError
from s3ap_lint.model import Severity

VERSION = 1
NEVER = frozenset({"S3AP902", "S3AP906"})  # what keeps a run from being a check at all is never accepted


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Some findings of one code that say the same: where, of what, and how many of them there are."""

    path: str
    code: str
    what: str
    count: int = 1

    @property
    def key(self) -> tuple[str, str, str]:
        """What a finding must agree in."""
        return (self.path, self.code, self.what)


def what(diagnostic: Diagnostic) -> str:
    """What a finding is about, without its place among its neighbours: a path without indices, or a line's text."""
    if diagnostic.logical_path:
        return "/".join(part for part in diagnostic.logical_path.split("/") if not part.isdigit())
    return " ".join(diagnostic.place.excerpt.split())


def entries(diagnostics: Iterable[Diagnostic]) -> list[Entry]:
    """The entries that accept these findings, sorted."""
    counts = Counter((d.place.path, d.code, what(d)) for d in diagnostics if d.code not in NEVER)
    return sorted(Entry(path, code, about, count) for (path, code, about), count in counts.items())


def dumps(found: Sequence[Entry]) -> str:
    """The file's text: JSON with an entry a line, so that a change of it is read as what it is."""
    lines = [line(entry) for entry in found]
    body = ",\n    ".join(lines)
    return f'{{\n  "version": {VERSION},\n  "entries": [' + (f"\n    {body}\n  " if lines else "") + "]\n}\n"


def line(entry: Entry) -> str:
    """An entry as it stands in the file, on one line."""
    fields = {"path": entry.path, "code": entry.code, "what": entry.what, "count": entry.count}
    return json.dumps(fields, ensure_ascii=False)


def load(path: Path) -> list[Entry]:
    """The entries of a file. Raises ConfigError, on one line, for a file that is missing or is none."""
    try:
        return loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"--baseline {path}: there is no such file; `s3ap-lint baseline write {path}` makes it"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"--baseline {path}: {_why_not(error)}") from None


def loads(text: str) -> list[Entry]:
    """The entries in a file's text. Raises ValueError for one that is no baseline."""
    data: Any = json.loads(text)
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("entries"), list):
        raise _NoBaselineError(f"not a baseline of version {VERSION}; write it again with `baseline write`")
    try:
        return [_entry(item) for item in data["entries"]]
    except (KeyError, TypeError, ValueError):
        raise _NoBaselineError("an entry lacks path, code, what or count") from None


class _NoBaselineError(ValueError):
    """What is wrong with JSON that is no baseline."""


def _why_not(error: Exception) -> str:
    said = str(error).splitlines()[0]
    return said if isinstance(error, _NoBaselineError) else f"not a baseline: {said}"


def _entry(item: dict[str, Any]) -> Entry:
    entry = Entry(item["path"], item["code"], item["what"], item.get("count", 1))
    if not all(isinstance(text, str) for text in entry.key) or not isinstance(entry.count, int) or entry.count < 1:
        raise ValueError(item)
    return entry


@dataclass(frozen=True)
class Applied:
    """Findings that are new, findings that the baseline accepts, and entries with how many of theirs are gone."""

    new: tuple[Diagnostic, ...]
    accepted: tuple[Diagnostic, ...]
    gone: tuple[tuple[Entry, int], ...]


def apply(
    diagnostics: Iterable[Diagnostic], known: Sequence[Entry], judged: Callable[[Entry], bool] = lambda entry: True
) -> Applied:
    """Accept the findings that the entries know. `judged`: whether an entry's finding was looked for in this run."""
    left: Counter[tuple[str, str, str]] = Counter()
    for entry in known:
        left[entry.key] += entry.count
    new, accepted = [], []
    for diagnostic in diagnostics:
        key = (diagnostic.place.path, diagnostic.code, what(diagnostic))
        if left[key] > 0:
            left[key] -= 1
            accepted.append(replace(diagnostic, reason="baseline"))
        else:
            new.append(diagnostic)
    moved: defaultdict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    there = {diagnostic.place.path for diagnostic in (*new, *accepted)}
    for key, count in left.items():
        if count > 0 and key[0] not in there:  # nothing is found in that file any more: it may have another name now
            moved[key[1:]] += [key] * count
    still_new = []
    for diagnostic in new:
        waiting = moved.get((diagnostic.code, what(diagnostic)))
        if waiting:
            left[waiting.pop()] -= 1
            accepted.append(replace(diagnostic, reason="baseline"))
        else:
            still_new.append(diagnostic)
    gone = tuple((entry, left[entry.key]) for entry in sorted(known) if left[entry.key] > 0 and judged(entry))
    return Applied(tuple(still_new), tuple(accepted), gone)


def complaint(entry: Entry, count: int, file: str) -> Diagnostic:
    """The finding that an entry of the baseline, a file relative to the root, accepts nothing any more."""
    times = f" {count} times" if count > 1 else ""
    return Diagnostic(
        "S3AP903",
        "unused-ignore",
        Severity.WARNING,
        f"the baseline accepts {entry.code} in {entry.path}{times}, but it is gone; "
        "`s3ap-lint baseline update` takes it off the list",
        Place(file),
        logical_path=f"{entry.path}/{entry.code}/{entry.what}",
    )
