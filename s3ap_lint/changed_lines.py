"""Which lines differ from another commit, as git tells it, and the findings that lie on them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from s3ap_lint.diagnostic import Diagnostic, Place, Report
from s3ap_lint.errors import UsageError
from s3ap_lint.gate import WORTHLESS
from s3ap_lint.history import FETCH_ALL, Repository, distrusted
from s3ap_lint.render.wording import relative_to

Ranges = dict[str, list[tuple[int, int]]]
"""First and last changed line, by path from the git top level; lines of today."""

WHOLE_FILE = (1, 2**31)

# A user's settings must not change what is read here, and what .gitattributes calls binary has lines all the same.
_DIFF = (
    "diff",
    "--unified=0",
    "--inter-hunk-context=0",
    "--text",
    "--no-renames",
    "--ignore-submodules",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def only(report: Report, ref: str) -> tuple[Report, int]:
    """The report without the findings that no changed line has to do with, and how many those were.

    A finding stays when its place, a related place or a step that leads to it lies on a changed line, for what is
    changed on one side of a joint is often found on the other. That a run is worth nothing stays always.
    Raises UsageError when git cannot say what has changed since `ref` and HEAD parted.
    """
    changed = since(ref, Path(report.paths.top))
    seen = relative_to(report.paths.top, report.paths.root)
    kept = tuple(d for d in report.findings if d.code in WORTHLESS or _touches(d, changed, seen))
    return replace(report, findings=kept), len(report.findings) - len(kept)


def _touches(finding: Diagnostic, changed: Ranges, seen: Callable[[str], str]) -> bool:
    places = (finding.place, *finding.related, *finding.flow)
    return any(_meets(place, changed.get(seen(place.path), ())) for place in places)


def _meets(place: Place, ranges: list[tuple[int, int]] | tuple[()]) -> bool:
    return any(first <= place.end_line and place.line <= last for first, last in ranges)


def since(ref: str, top: Path) -> Ranges:
    """What is changed, added or not yet in git, against the commit at which `ref` and HEAD parted.

    Where lines were only removed, the lines around them count. Of what changed in submodules, and in repositories
    inside of this one, every line does. Raises UsageError.
    """
    _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", failing=_unknown(ref))
    parted = _git(top, "merge-base", ref, "HEAD", failing=_no_base(ref)).decode("ascii").strip()
    patch = _git(top, *_DIFF, parted, "--", failing=f"git cannot compare with {parted}")
    changed: Ranges = {}
    for path, lines in _changes(patch):
        changed.setdefault(path, []).append(lines)
    untracked = _git(top, "ls-files", "--others", "--exclude-standard", "-z", failing="git cannot list the new files")
    new = [_text(name) for name in untracked.split(b"\0") if name]
    repository = Repository(top, top)
    inner = [change.path for change in repository.inside(repository.differences(parted), new)]
    return changed | {name: [WHOLE_FILE] for name in (*new, *inner)}


def _changes(patch: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Path and range of each hunk. Hunks are counted through: an added line may look like a header."""
    path, left = "", 0
    for line in patch.split(b"\n"):
        if left and line[:1] in (b"+", b"-"):
            left -= 1
            continue
        if line.startswith(b"+++ "):
            path = _path(line[4:])
        hunk = _HUNK.match(line)
        if hunk:
            removed, start, added = (int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1))
            left = removed + added
            if path:
                yield path, (start, start + added - 1) if added else (start, start + 1)


def _path(written: bytes) -> str:
    """The path behind `+++ `, "" for a file that is gone; git quotes like C, and ends a name with spaces by a tab."""
    if written.startswith(b'"'):
        written = ast.literal_eval(f"b{written.decode('ascii')}")
    name = written.removesuffix(b"\t")
    return _text(name.removeprefix(b"b/")) if name.startswith(b"b/") else ""


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _unknown(ref: str) -> str:
    return f"--changed-lines: git knows no commit {ref!r} here; in a shallow clone, {FETCH_ALL}"


def _no_base(ref: str) -> str:
    return f"--changed-lines: {ref!r} and HEAD have no commit in common; in a shallow clone, {FETCH_ALL}"


def _git(top: Path, *arguments: str, failing: str) -> bytes:
    command = ["git", "-c", "core.quotePath=true", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(command, cwd=top, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"--changed-lines needs git, which cannot be started: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if distrusted(said):
            raise UsageError(f"--changed-lines: {distrusted(said)}")
        raise UsageError(failing + (f" ({said[0]})" if said else ""))
    return done.stdout
