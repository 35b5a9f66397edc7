"""Which files are left out: .gitignore files at every level, patterns of the configuration, default folders.

Of two patterns the nearer one wins: the configuration's before any .gitignore, a deeper .gitignore
before a higher one, a later line before an earlier one, and all of them before the default folders.
As in git, nothing below a folder that is left out can be taken back in.
"""

# os.path answers False where pathlib raises
# ruff: noqa: PTH113, PTH118, PTH123

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from s3ap_lint import facts
from s3ap_lint.gitignore import Patterns, parsed

DEFAULT_FOLDERS = frozenset(
    {
        # version control and editors
        ".git", ".hg", ".svn", ".bzr", ".jj", ".idea", ".vscode",
        # what package managers and environments unpack: other people's code
        "node_modules", "bower_components", "site-packages", ".venv", "venv", ".direnv", "__pypackages__", ".eggs",
        # what deployment tools generate from the sources beside it
        ".aws-sam", "cdk.out", ".terraform", ".terragrunt-cache", ".serverless", ".chalice", ".amplify-hosting",
        # caches of tools
        "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".pytype",
        ".ipynb_checkpoints", ".cache", ".s3ap_lint_cache",
    }
)  # fmt: skip
"""Folders left out unless named, or taken back in with `exclude = ["!name/"]`.

`build` and `dist` are not among them: some projects keep templates there, and where they hold
output they stand in .gitignore or carry a mark (see `MARKS`).
"""

MARKS = frozenset({"pyvenv.cfg", "conda-meta", "CACHEDIR.TAG"})
"""A folder that holds one of these is a virtual environment or a cache, whatever it is called."""

_GENERATED = re.compile(r"\.egg-info$|\.dist-info$|\{\{")
"""Folder names of package metadata, and of project skeletons whose files are templates of another kind."""


def default_folder(name: str) -> bool:
    """Whether a folder of this name is left out when nothing is said about it."""
    return name in DEFAULT_FOLDERS or _GENERATED.search(name) is not None


def marked(folder: str, names: Collection[str]) -> bool:
    """Whether a folder with these entries is an environment, a cache or the leftovers of setuptools."""
    if not MARKS.isdisjoint(names):
        return True
    return folder.rpartition("/")[2] == "build" and any(name.startswith("bdist.") for name in names)


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns that hold at one level, the nearest first, each with the length of the path it is not about.

    Paths are relative to the git top level.
    """

    layers: tuple[tuple[int, Patterns], ...] = ()
    excludes: tuple[tuple[int, Patterns], ...] = ()

    def below(self, folder: str, where: str) -> Rules:
        """The same and those of the .gitignore file of a folder, which is read at an OS path."""
        patterns = _read(os.path.join(where, ".gitignore"))
        return replace(self, layers=((_depth(folder), patterns), *self.layers)) if patterns else self

    def drop(self, path: str, name: str, *, is_folder: bool = False) -> bool:
        """Whether an entry of a folder that is not left out itself is left out. `name` is the path's last part."""
        for depth, patterns in (*self.excludes, *self.layers):
            said = patterns.verdict(path[depth:], name, is_folder=is_folder)
            if said is not None:
                return said
        return is_folder and default_folder(name)


def _depth(folder: str) -> int:
    return len(folder) + 1 if folder else 0


def _read(path: str) -> Patterns | None:
    facts.watch(path)
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None
    return parsed(text.removeprefix("\ufeff").split("\n"))


def at_top(top: str, exclude: Iterable[str], root: str) -> Rules:
    """The patterns that hold at the git top level: its exclude file, its .gitignore, the configuration's.

    `root` is the project root relative to the top; the configuration's patterns are relative to it.
    """
    own = ((_depth(root), parsed(exclude)),)
    private = _read(os.path.join(_git_folder(top), "info", "exclude"))
    return Rules(((0, private),) if private else (), own).below("", top)


def _git_folder(top: str) -> str:
    """The folder that git keeps its own files in; a worktree's `.git` is a file that names it."""
    folder = os.path.join(top, ".git")
    facts.watch(folder, content=os.path.isfile(folder))
    if os.path.isfile(folder):
        named = _first_line(folder).removeprefix("gitdir:").strip()
        folder = os.path.join(top, named)
        common = _first_line(os.path.join(folder, "commondir"))
        return os.path.join(folder, common) if common else folder
    return folder


def _first_line(path: str) -> str:
    facts.watch(path)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""
