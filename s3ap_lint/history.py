"""What git knows: the commit that a change began at, the files that are not what they were there, and their bytes then.

Only git itself is asked, with plumbing that runs nothing which the checked repository could bring along: no external
diff, no text conversion, no file system monitor. Nothing is written, not even the index. (git-diff(1), git-ls-files(1),
git-cat-file(1), git(1): GIT_OPTIONAL_LOCKS, GIT_LITERAL_PATHSPECS.)
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from s3ap_lint.errors import UsageError

FETCH_ALL = "run `git fetch --unshallow`, or give actions/checkout `fetch-depth: 0`"

TARGETS = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
"""Where servers name the branch that a pull request goes to (GitHub Actions, GitLab CI)."""

DEFAULTS = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master")
"""Where the default branch may be found, the most certain first."""

_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=off")
_SETTINGS = {"GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not what it was: its path below the project's root, its object then ("" if it is new)."""

    path: str
    before: str = ""
    there: bool = True


@dataclass(frozen=True)
class Since:
    """All changes since a commit; `ref` is how it was asked for or found."""

    ref: str
    commit: str
    changes: tuple[Change, ...]

    @property
    def short(self) -> str:
        """The commit as people write it."""
        return self.commit[:7]


@dataclass(frozen=True)
class Repository:
    """A git repository by its top folder, and the project's root in it."""

    top: Path
    root: Path

    def since(self, ref: str, env: Mapping[str, str] = os.environ) -> Since:
        """What changed since HEAD left `ref`, or without one the branch that it is to go to; nothing committed needed.

        Files that are not committed or not tracked count, ignored ones do not; a renamed file is one that is gone and
        one that is new. Raises UsageError where git cannot tell, with what to do about it.
        """
        if not (self.top / ".git").exists():
            raise UsageError(f"--changed: {self.top} is not in a git repository, so nothing tells what changed")
        if not self._commit("HEAD"):
            raise UsageError("--changed: there is no commit yet that the files could be compared with")
        named = ref or self._target(env)
        commit = self._merge_base(named, self._commit(named) or self._missing(named, asked=bool(ref)))
        changes = tuple(self._changes(commit))
        if not (ref or changes) and env.get("CI", "").lower() not in ("", "0", "false"):
            raise UsageError(
                f"--changed: HEAD is what {_readable(named)} holds already, so nothing could ever be found; "
                "check all, or name the commit before the push, such as --changed HEAD~1"
            )
        return Since(_readable(named), commit, changes)

    def bytes_of(self, objects: Iterable[str]) -> dict[str, bytes]:
        """The contents of objects, by their ids. Raises UsageError when one cannot be had."""
        wanted = list(dict.fromkeys(objects))
        if not wanted:
            return {}
        out = self.ask("cat-file", "--batch", stdin="".join(f"{one}\n" for one in wanted).encode())
        found: dict[str, bytes] = {}
        at = 0
        for one in wanted:
            end = out.index(b"\n", at)
            words = out[at:end].split()
            if len(words) != 3:
                raise UsageError(f"--changed: git does not have the object {one}; is this clone complete?")
            size = int(words[2])
            found[one] = out[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def had(self, commit: str, paths: Iterable[str]) -> frozenset[str]:
        """Those of some paths below the root that were there at a commit, as files or folders."""
        wanted = {self.from_top(path): path for path in paths}
        if not wanted:
            return frozenset()
        out = self.ask("ls-tree", "-t", "-z", "--name-only", "--full-tree", commit, "--", *wanted)
        return frozenset(wanted[name] for name in _names(out) if name in wanted)

    # -- the commit to compare with ----------------------------------------------------------------

    def _target(self, env: Mapping[str, str]) -> str:
        branch = next((env[name] for name in TARGETS if env.get(name)), "")
        if branch:
            names = (f"refs/remotes/origin/{branch}", branch)
            return next((name for name in names if self._commit(name)), names[0])
        found = next((name for name in DEFAULTS if self._commit(name)), "")
        if not found:
            raise UsageError("--changed: there is no branch main or master to compare with; name one: --changed REF")
        return self.plain("rev-parse", "--symbolic-full-name", found) or found

    def _commit(self, ref: str) -> str:
        return self.plain("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    def _missing(self, ref: str, *, asked: bool) -> str:
        shown = _readable(ref)
        if asked and os.path.lexists(ref):
            raise UsageError(
                f"--changed {ref}: that is no commit but a path; name paths first: s3ap-lint {ref} --changed"
            )
        if asked and not self._is_shallow():
            raise UsageError(f"--changed {ref}: there is no such commit, branch or tag")
        branch = shown.removeprefix("origin/")
        raise UsageError(
            f"--changed: {shown} is not in this clone; run `git fetch origin {branch}:refs/remotes/origin/{branch}`, "
            "or give actions/checkout `fetch-depth: 0`"
        )

    def _merge_base(self, ref: str, commit: str) -> str:
        found = self.plain("merge-base", commit, "HEAD")
        if found:
            return found.splitlines()[0]
        if self._is_shallow():
            raise UsageError(
                f"--changed: this clone does not reach back to where HEAD left {_readable(ref)}; {FETCH_ALL}"
            )
        raise UsageError(f"--changed: HEAD and {_readable(ref)} have no commit in common")

    def _is_shallow(self) -> bool:
        return self.plain("rev-parse", "--is-shallow-repository") == "true"

    # -- what changed ----------------------------------------------------------------------------------

    def _changes(self, commit: str) -> list[Change]:
        found: dict[str, Change] = {}
        options = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")
        parts = _names(self.ask("diff", *options, "--ignore-submodules=all", commit, "--"))
        for head, name in zip(parts[::2], parts[1::2], strict=True):
            _, _, before, _, status = head.split()
            path = self._below_root(name)
            if path is not None:
                old = "" if not before.strip("0") else before
                found[path] = Change(path, old, there=status[0] != "D")
        for name in _names(self.ask("ls-files", "--others", "--exclude-standard", "-z", "--full-name")):
            path = self._below_root(name)
            if path is not None and not name.endswith("/"):  # another repository inside of this one
                known = found.get(path)
                found[path] = Change(path, known.before if known else "")
        return sorted(found.values(), key=lambda change: change.path)

    def _below_root(self, name: str) -> str | None:
        path = self.top / name
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else None

    def from_top(self, path: str) -> str:
        """A path below the root as git has it."""
        return (self.root / path).relative_to(self.top).as_posix()

    # -- asking git ------------------------------------------------------------------------------------

    def plain(self, *arguments: str) -> str:
        """What git prints; nothing where it refuses."""
        done = self._git(arguments)
        return os.fsdecode(done.stdout).strip() if done.returncode == 0 else ""

    def ask(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = self._git(arguments, stdin)
        if done.returncode:
            said = os.fsdecode(done.stderr).strip().splitlines() or ["no reason given"]
            raise UsageError(f"--changed: git {arguments[0]} failed: {said[-1].removeprefix('fatal: ')}")
        return done.stdout

    def _git(self, arguments: tuple[str, ...], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = ["git", "-C", str(self.top), *_QUIET, *arguments]
        try:
            return subprocess.run(
                command, input=stdin, capture_output=True, env={**os.environ, **_SETTINGS}, check=False
            )
        except OSError as error:
            raise UsageError(f"--changed: git cannot be started: {(error.strerror or str(error)).lower()}") from None


def _names(out: bytes) -> list[str]:
    return [os.fsdecode(part) for part in out.split(b"\0") if part]


def _readable(ref: str) -> str:
    return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/")


def last_edits(top: Path, root: Path, paths: Iterable[str]) -> dict[str, int]:
    """When files below the root were last committed, in seconds of Unix time; nothing without git or its history."""
    repository, wanted = Repository(top, root), list(paths)
    if not wanted or not (top / ".git").exists():
        return {}
    options = ("--format=%x00%ct", "--name-only", "--no-renames", "--no-ext-diff", "-z")
    names = {repository.from_top(path): path for path in wanted}
    try:
        out = repository.ask("log", *options, "--", *names)
    except UsageError:
        return {}
    found: dict[str, int] = {}
    moment = 0
    for part in os.fsdecode(out).replace("\n", "\0").split("\0"):
        if part.isdigit():
            moment = int(part)
        elif part in names:
            found.setdefault(names[part], moment)
    return found


def default_branch(top: Path) -> str:
    """The name of the branch that others begin at, as far as git tells; else "main"."""
    if not (top / ".git").exists():
        return "main"
    names = Repository(top, top)
    remote = names.plain("rev-parse", "--abbrev-ref", "origin/HEAD").removeprefix("origin/")
    if remote and remote != "HEAD":
        return remote
    return next((name for name in ("main", "master") if names.plain("rev-parse", "--verify", "--quiet", name)), "main")
