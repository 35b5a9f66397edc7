"""What git knows: the commit that a change began at, the files that are not what they were there, and their bytes then.

Only git itself is asked, with plumbing that runs nothing which the checked repository could bring along: no external
diff, no text conversion, no file system monitor. Nothing is written, not even the index. (git-diff(1), git-ls-files(1),
git-cat-file(1), git(1): GIT_OPTIONAL_LOCKS, GIT_LITERAL_PATHSPECS.)
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s3ap_lint.errors import UsageError

FETCH_ALL = "run `git fetch --unshallow`, or give actions/checkout `fetch-depth: 0`"

TARGETS = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
"""Where servers name the branch that a pull request goes to (GitHub Actions, GitLab CI)."""

DEFAULTS = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master")
"""Where the default branch may be found, the most certain first."""

GITLINK = "160000"
"""The mode of an entry that is a commit of another repository (git-update-index(1))."""

_OF_ONE_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
"""Variables that git sets for its hooks, and that are untrue in a repository inside of the first one."""

_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=off")
_SETTINGS = {"GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


Difference = tuple[str, tuple[str, str], str, bool]
"""Name from the top, modes then and now, object then ("" if there was none), and whether it is there now."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not what it was: its path below the project's root, its object then ("" if it is new).

    `store` is the repository that has the object, if that is one inside of the project's.
    """

    path: str
    before: str = ""
    there: bool = True
    store: Path | None = None


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
    """A git repository by its top folder, and the project's root in it; `asked_by` begins what it refuses to say."""

    top: Path
    root: Path
    inner: bool = False
    asked_by: str = "--changed"

    def since(self, ref: str, env: Mapping[str, str] = os.environ) -> Since:
        """What changed since HEAD left `ref`, or without one the branch that it is to go to; nothing committed needed.

        Files that are not committed or not tracked count, ignored ones do not; a renamed file is one that is gone and
        one that is new. In a submodule counts what is not what it was at the commit that was recorded then; in another
        repository, or where that commit is not to be had, every file.
        Raises UsageError where git cannot tell, with what to do about it.
        """
        if not (self.top / ".git").exists():
            raise UsageError(f"--changed: {self.top} is not in a git repository, so nothing tells what changed")
        self.ask("rev-parse", "--git-dir")
        if not self.commit_of("HEAD"):
            raise UsageError("--changed: there is no commit yet that the files could be compared with")
        named = ref or self._target(env)
        commit = self._merge_base(named, self.commit_of(named) or self._missing(named, asked=bool(ref)))
        changes = tuple(self._changes(commit))
        if not (ref or changes) and env.get("CI", "").lower() not in ("", "0", "false"):
            raise UsageError(
                f"--changed: HEAD is what {_readable(named)} holds already, so nothing could ever be found; "
                "check all, or name the commit before the push, such as --changed HEAD~1"
            )
        return Since(_readable(named), commit, changes)

    def bytes_of(self, changes: Iterable[Change]) -> dict[str, bytes]:
        """What changed files were, by their objects; new ones were nothing. Raises UsageError when one is not there."""
        stores: dict[Path | None, dict[str, None]] = {}
        for change in changes:
            if change.before:
                stores.setdefault(change.store, {})[change.before] = None
        found: dict[str, bytes] = {}
        for store, wanted in stores.items():
            repository = self if store is None else Repository(store, self.root, inner=True)
            found |= repository._objects(wanted)
        return found

    def _objects(self, wanted: Iterable[str]) -> dict[str, bytes]:
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

    def objects(self, wanted: Sequence[str]) -> dict[str, bytes | None]:
        """What some objects hold; None for those that git does not have, and cannot get in a partial clone."""
        found: dict[str, bytes | None] = {}
        left, offline = list(wanted), False
        while left:
            lines = "".join(f"{one}\n" for one in left).encode()
            out = self._git(("cat-file", "--batch"), lines, {"GIT_NO_LAZY_FETCH": "1"} if offline else {}).stdout
            told = _contents(out, left)
            if not told:  # it stopped at the first one
                told = {left[0]: None}
            found |= told
            left, offline = [one for one in left if one not in found], True
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
            return next((name for name in names if self.commit_of(name)), names[0])
        found = next((name for name in DEFAULTS if self.commit_of(name)), "")
        if not found:
            raise UsageError("--changed: there is no branch main or master to compare with; name one: --changed REF")
        return self.plain("rev-parse", "--symbolic-full-name", found) or found

    def commit_of(self, ref: str) -> str:
        """The hash of the commit that a name means; "" if it means none."""
        return self.plain("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    def _missing(self, ref: str, *, asked: bool) -> str:
        shown = _readable(ref)
        if asked and os.path.lexists(ref):
            raise UsageError(
                f"--changed {ref}: that is no commit but a path; name paths first: s3ap-lint {ref} --changed"
            )
        if asked and not self.is_shallow():
            raise UsageError(f"--changed {ref}: there is no such commit, branch or tag")
        if asked and re.search(r"[~^@]|^(HEAD|[0-9a-f]{7,64})$", ref):
            raise UsageError(f"--changed {ref}: this clone does not reach back so far; {FETCH_ALL}")
        branch = shown.removeprefix("origin/")
        raise UsageError(
            f"--changed: {shown} is not in this clone; run `git fetch origin {branch}:refs/remotes/origin/{branch}`, "
            "or give actions/checkout `fetch-depth: 0`"
        )

    def _merge_base(self, ref: str, commit: str) -> str:
        found = self.plain("merge-base", commit, "HEAD")
        if found:
            return found.splitlines()[0]
        if self.is_shallow():
            raise UsageError(
                f"--changed: this clone does not reach back to where HEAD left {_readable(ref)}; {FETCH_ALL}"
            )
        raise UsageError(f"--changed: HEAD and {_readable(ref)} have no commit in common")

    def is_shallow(self) -> bool:
        """Whether the clone does not reach back to the first commit."""
        return self.plain("rev-parse", "--is-shallow-repository") == "true"

    # -- what changed ----------------------------------------------------------------------------------

    def _changes(self, commit: str) -> list[Change]:
        found: dict[str, Change] = {}
        store = self.top if self.inner else None
        differences = self.differences(commit)
        for name, modes, before, there in differences:
            path = self.below_root(name)
            if GITLINK not in modes and path is not None:
                found[path] = Change(path, before, there, store if before else None)
        untracked = _names(self.ask("ls-files", "--others", "--exclude-standard", "-z", "--full-name"))
        for name in untracked:
            path = self.below_root(name)
            if path is not None and not name.endswith("/"):
                known = found.get(path)
                found[path] = replace(known, there=True) if known else Change(path)
        found |= {change.path: change for change in self.inside(differences, untracked)}
        return sorted(found.values(), key=lambda change: change.path)

    def differences(self, commit: str) -> list[Difference]:
        """All that differs from a commit, but for what is not tracked. Raises UsageError."""
        options = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")
        parts = _names(self.ask("diff", *options, "--ignore-submodules=none", commit, "--"))
        out = []
        for head, name in zip(parts[::2], parts[1::2], strict=True):
            mode, now, before, _, status = head.removeprefix(":").split()
            out.append((name, (mode, now), before if before.strip("0") else "", status[0] != "D"))
        return out

    def inside(self, differences: Iterable[Difference], untracked: Iterable[str]) -> list[Change]:
        """What changed in submodules and in other repositories inside of this one. Raises UsageError."""
        found: list[Change] = []
        for name, (mode, now), before, there in differences:
            if GITLINK in (mode, now):
                path = self.below_root(name)
                found += [Change(path, there=False)] if path is not None and not there else []
                found += self._of_inner(name, before if mode == GITLINK else "") if there else []
        for name in untracked:
            if name.endswith("/"):
                found += self._of_inner(name.rstrip("/"))
        return found

    def _of_inner(self, name: str, commit: str = "") -> list[Change]:
        """What is not what it was at a commit of a repository inside; all it has where that is not to be had."""
        inner = Repository(self.top / name, self.root, inner=True)
        if not (inner.top / ".git").exists():
            return []  # a submodule that nobody fetched: there is nothing to read
        if commit and inner.commit_of(commit):
            return inner._changes(commit)
        found: list[Change] = []
        for one in _names(inner.ask("ls-files", "--cached", "--others", "--exclude-standard", "-z")):
            path, file = inner.below_root(one), inner.top / one
            if file.is_dir() and not file.is_symlink():
                found += inner._of_inner(one.rstrip("/"))
            elif path is not None and os.path.lexists(file):
                found.append(Change(path))
        return found

    def below_root(self, name: str) -> str | None:
        """A path as git has it, relative to the project's root; None for one outside."""
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

    def plain_bytes(self, *arguments: str) -> bytes | None:
        """What git prints, as it is; None where it refuses."""
        done = self._git(arguments)
        return done.stdout if done.returncode == 0 else None

    def ask(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = self._git(arguments, stdin)
        if done.returncode:
            said = os.fsdecode(done.stderr).strip().splitlines() or ["no reason given"]
            if distrusted(said):
                raise UsageError(f"{self.asked_by}: {distrusted(said)}")
            raise UsageError(f"{self.asked_by}: git {arguments[0]} failed: {said[-1].removeprefix('fatal: ')}")
        return done.stdout

    def _git(
        self, arguments: tuple[str, ...], stdin: bytes = b"", settings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "-C", str(self.top), *_QUIET, *arguments]
        left_out = _OF_ONE_REPOSITORY if self.inner else ()
        env = {name: value for name, value in os.environ.items() if name not in left_out}
        env |= {**_SETTINGS, **(settings or {})}
        try:
            return subprocess.run(command, input=stdin, capture_output=True, env=env, check=False)
        except OSError as error:
            raise UsageError(
                f"{self.asked_by}: git cannot be started: {(error.strerror or str(error)).lower()}"
            ) from None


def _contents(out: bytes, wanted: Iterable[str]) -> dict[str, bytes | None]:
    """What `git cat-file --batch` answered, as far as it came."""
    found: dict[str, bytes | None] = {}
    at = 0
    for one in wanted:
        end = out.find(b"\n", at)
        words = out[at:end].split() if end >= 0 else []
        if len(words) == 2:
            found[one], at = None, end + 1
            continue
        if len(words) != 3 or len(out) < end + 1 + int(words[2]):
            break
        size = int(words[2])
        found[one], at = out[end + 1 : end + 1 + size], end + 1 + size + 1
    return found


def distrusted(said: Sequence[str]) -> str:
    """What git said of a repository of somebody else, and what to do about it; "" if it said something else."""
    line = next((line for line in said if "dubious ownership" in line), "")
    if not line:
        return ""
    advice = next((line.strip() for line in said if "safe.directory" in line), "")
    line = line.removeprefix("fatal: ")
    return f"git says: {line}; if you trust it, run `{advice or 'git config --global --add safe.directory FOLDER'}`"


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
    """The name of the branch that others begin at, as far as git tells: else that of HEAD, else "main"."""
    if not (top / ".git").exists():
        return "main"
    names = Repository(top, top)
    remote = names.plain("rev-parse", "--abbrev-ref", "origin/HEAD").removeprefix("origin/")
    if remote and remote != "HEAD":
        return remote
    known = (name for name in ("main", "master") if names.plain("rev-parse", "--verify", "--quiet", name))
    return next(known, names.plain("symbolic-ref", "--quiet", "--short", "HEAD") or "main")
