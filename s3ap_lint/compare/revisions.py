"""Which two states of a repository are compared, and which files are not the same in them.

(gitrevisions(7), git-diff(1): "--raw", "-M"; git-rev-parse(1).)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from s3ap_lint.compare.moments import Commit, Moment, Now
from s3ap_lint.errors import UsageError
from s3ap_lint.history import FETCH_ALL, GITLINK, Repository
from s3ap_lint.workspace import Unreadable, Workspace

ALIKE = 0.5
"""The part of the lines of a new file that were those of one that is gone, from which on it is the same, as in git."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is not the same: its path before ("" for a new one) and after ("" for one that is gone)."""

    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The files that are not the same in two states, and the repositories inside that were not looked into."""

    files: tuple[FileChange, ...]
    inner: tuple[str, ...] = ()


def repository_at(top: Path, root: Path) -> Repository:
    """The repository of a project. Raises UsageError when there is none."""
    if not (top / ".git").exists():
        raise UsageError(
            f"compare: {top} is not in a git repository; to compare two files, name both: s3ap-lint compare OLD NEW"
        )
    found = Repository(top, root, asked_by="compare")
    found.ask("rev-parse", "--git-dir")
    return found


def states(text: str, repository: Repository, workspace: Workspace) -> tuple[Commit, Moment]:
    """What `REV`, `REV..REV2` or `REV...REV2` asks to compare. Raises UsageError when git does not know one.

    A single one is compared with the work tree; with three dots, the first is where both began to differ.
    """
    parts = re.fullmatch(r"(.*?)(\.{2,3})(.*)", text)
    if parts is None:
        return Commit(repository, _commit(text, repository), text), Now(repository, workspace)
    names = parts[1] or "HEAD", parts[3] or "HEAD"
    one, other = (_commit(name, repository) for name in names)
    if parts[2] == "..":
        return Commit(repository, one, names[0]), Commit(repository, other, names[1])
    base = repository.plain("merge-base", one, other).partition("\n")[0]
    if not base:
        hint = f"; {FETCH_ALL}" if repository.is_shallow() else ""
        raise UsageError(f"compare {text}: {names[0]} and {names[1]} have no commit in common{hint}")
    return Commit(repository, base, f"{names[0]} ({base[:7]})"), Commit(repository, other, names[1])


def _commit(name: str, repository: Repository) -> str:
    found = repository.commit_of(name)
    if found:
        return found
    if repository.is_shallow():
        raise UsageError(f"compare {name}: this clone has no such commit; {FETCH_ALL}")
    if not repository.commit_of("HEAD"):
        raise UsageError(f"compare {name}: there is no commit yet that the files could be compared with")
    raise UsageError(f"compare {name}: there is no such commit, branch or tag, and no such file")


def changed(repository: Repository, one: Commit, other: Moment) -> Changed:
    """The files below the root that are not the same, renamed ones as git finds them. Raises UsageError."""
    commits = [one.commit, *([other.commit] if isinstance(other, Commit) else [])]
    options = ("--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none")
    done = repository.plain_bytes("diff", "-M", *options, *commits, "--")
    if done is None:  # git cannot read all that it would look into for renamed files, or for files that were touched
        command = ("diff-index",) if len(commits) == 1 else ("diff-tree", "-r")
        done = repository.ask(*command, "--no-renames", *options, *commits, "--")
    files, inner = _told(done, repository)
    if isinstance(other, Now):
        files = _with_new(files, one, other)
    return Changed(
        tuple(sorted(files, key=lambda change: (change.now or change.was, change.was))), tuple(sorted(inner))
    )


def _told(out: bytes, repository: Repository) -> tuple[list[FileChange], set[str]]:
    files: list[FileChange] = []
    inner: set[str] = set()
    parts = iter(part.decode("utf-8", "surrogateescape") for part in out.split(b"\0") if part)
    for head in parts:
        mode, now, _, _, status = head.removeprefix(":").split()
        names = [next(parts) for _ in range(2 if status[0] in "RC" else 1)]
        before, after = (repository.below_root(name) or "" for name in (names[0], names[-1]))
        if GITLINK in (mode, now):
            inner.add(after or before)
            continue
        change = FileChange("" if status[0] in "AC" else before, "" if status[0] == "D" else after)
        files += [change] if change.was or change.now else []
    return files, inner - {""}


def _with_new(files: list[FileChange], one: Commit, other: Now) -> list[FileChange]:
    """The same with files that git does not follow yet, each joined with the one that it was, if there is one."""
    known = {change.now for change in files}
    new = [path for path in other.names if path not in known and not one.is_file(path)]
    gone = [change.was for change in files if not change.now]
    joined = dict(_renamed(gone, new, one, other)) if new and gone else {}
    kept = [change for change in files if change.now or change.was not in joined.values()]
    return [*kept, *(FileChange(joined.get(path, ""), path) for path in new)]


def _renamed(gone: Iterable[str], new: Iterable[str], one: Commit, other: Now) -> Iterator[tuple[str, str]]:
    """(new, gone) for each new file that has most lines of one that is gone."""
    left = {path: _lines(one.data(path)) for path in gone}
    for path in new:
        lines = _lines(other.data(path))
        ranked = sorted(((_alike(lines, known), was) for was, known in left.items()), reverse=True)
        if ranked and ranked[0][0] >= ALIKE:
            del left[ranked[0][1]]
            yield path, ranked[0][1]


def _lines(data: bytes | Unreadable) -> Counter[bytes]:
    return Counter(line.strip() for line in data.splitlines() if line.strip()) if isinstance(data, bytes) else Counter()


def _alike(one: Counter[bytes], other: Counter[bytes]) -> float:
    most = max(one.total(), other.total())
    return (one & other).total() / most if most else 0.0
