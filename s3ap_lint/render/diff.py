"""Changes of files as a unified diff that `git apply` and `patch -p1` accept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping

from s3ap_lint.render.paint import colored

NO_NEWLINE = "\\ No newline at end of file\n"
_COLORS = {"---": "1", "+++": "1", "@@ ": "36", "-": "31", "+": "32"}


def diff(
    before: Mapping[str, bytes | None], after: Mapping[str, bytes], seen: Callable[[str], str], *, color: bool = False
) -> str:
    """What changes in files, by path; `before` is None for a new one.

    `seen` is how a path reads from where the patch is to be applied.

    Line endings stay as they are, so the text must be written without translating them.
    """
    return "".join(
        _painted(line, color) for path in sorted(after) for line in _of(before[path], after[path], seen(path))
    )


def _of(before: bytes | None, after: bytes, name: str) -> Iterator[str]:
    """No `diff --git` line: git then takes the path relative to where it is run."""
    old, new = ((data or b"").decode("utf-8").split("\n") for data in (before, after))
    from_file = "/dev/null" if before is None else _name(f"a/{name}")  # git makes a file only of nothing
    for line in difflib.unified_diff(_lines(old), _lines(new), from_file, _name(f"b/{name}")):
        yield line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}"


def _lines(parts: list[str]) -> list[str]:
    """Lines with their ends; only a line feed ends one, as git sees it."""
    *whole, last = parts
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def _name(path: str) -> str:
    """A file's name as git writes it: quoted when it holds what would end it, with a tab behind one with blanks."""
    if re.search(r'[\x00-\x1f"\\\x7f]', path):
        escaped = re.sub(r'[\x00-\x1f"\\\x7f]', lambda found: f"\\{ord(found[0]):03o}", path)
        return f'"{escaped}"'
    return f"{path}\t" if " " in path else path


def _painted(line: str, color: bool) -> str:
    if not color:
        return line
    start = next((start for start in _COLORS if line.startswith(start)), "")
    return colored(_COLORS[start], line.rstrip("\n")) + "\n" if start else line
