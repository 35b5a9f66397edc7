"""One walk below a folder: the files that ignore rules leave, and what could not be looked at."""

# os.path and os.scandir: this is the inner loop over thousands of entries
# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from s3ap_lint import ignorefiles
from s3ap_lint.files import MISSING, OUTSIDE, SPECIAL, said
from s3ap_lint.ignorefiles import Rules
from s3ap_lint.model import Unchecked
from s3ap_lint.workspace import Workspace, printable


@dataclass(frozen=True, slots=True)
class Walked:
    """Files by path, links to files with what they lead to, and problems by path."""

    files: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Unchecked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ground:
    """What walks of one run share: the files, the git top level, and the ignore rules that hold there.

    `prefix` is the project root relative to the top, with a slash at its end unless it is empty.
    """

    workspace: Workspace
    top: str
    prefix: str
    rules: Rules

    def rules_in(self, folder: str) -> Rules:
        """The rules for the entries of a folder that was named, without the folder's own .gitignore."""
        full = (self.prefix + folder).rstrip("/")
        rules = self.rules
        parts = full.split("/") if full else []
        for i in range(1, len(parts)):
            above = "/".join(parts[:i])
            rules = rules.below(above, os.path.join(self.top, above))
        return rules


def walk(ground: Ground, folder: str, wanted: Callable[[str], bool]) -> Walked:
    """The files below a folder whose names are wanted. Links to folders are not followed."""
    out = Walked()
    root, prefix = str(ground.workspace.root), ground.prefix
    stack = [(folder, ground.rules_in(folder))]
    while stack:
        here, rules = stack.pop()
        where = os.path.join(root, here)
        try:
            with os.scandir(where) as entries:
                listing = {entry.name: entry for entry in entries}
        except FileNotFoundError:
            continue  # it went away, or exists in an editor only
        except OSError as error:
            ground.workspace.note_listed(here, refused=True)
            out.problems[here] = Unchecked(here or ".", "folder", said(error).replace("read", "listed"))
            continue
        ground.workspace.note_listed(here)
        if here != folder and ignorefiles.marked(here, listing):
            continue
        if ".gitignore" in listing and prefix + here:
            rules = rules.below((prefix + here).rstrip("/"), where)
        below = f"{here}/" if here else ""
        for name, entry in listing.items():
            path = below + name
            if entry.is_dir(follow_symlinks=False):
                if not rules.drop(prefix + path, name, is_folder=True):
                    if printable(name):
                        stack.append((path, rules))
                    else:
                        out.problems[path] = unnameable(path, "folder")
            elif wanted(name) and not rules.drop(prefix + path, name):
                _take(out, ground.workspace, path, entry)
    _take_buffers(out, ground, folder, wanted)
    return out


def _take(out: Walked, workspace: Workspace, path: str, entry: os.DirEntry[str]) -> None:
    if not printable(path):
        out.problems[path] = unnameable(path, "file")
    elif entry.is_file(follow_symlinks=False):
        out.files.append(path)
    elif not entry.is_symlink():
        out.problems[path] = Unchecked(path, "file", SPECIAL)
    elif (real := workspace.inside(path)) is None:
        out.problems[path] = Unchecked(path, "file", OUTSIDE)
    elif workspace.is_file(real):
        out.links[path] = real
    elif not workspace.is_dir(real):
        out.problems[path] = Unchecked(path, "file", MISSING)


def unnameable(path: str, what: str) -> Unchecked:
    """A file or folder that no report can name, with the bytes of its name that are not UTF-8 written out."""
    name = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Unchecked(name, what, "has a name that is not UTF-8")


def _take_buffers(out: Walked, ground: Ground, folder: str, wanted: Callable[[str], bool]) -> None:
    """Add files that exist in an editor only, where the same rules leave them."""
    known = {*out.files, *out.links}
    below = f"{folder}/" if folder else ""
    for path in ground.workspace.overlay:
        if not path.startswith(below) or path in known or not wanted(path.rpartition("/")[2]):
            continue
        if not left_out(ground, folder, path):
            out.files.append(path)


def left_out(ground: Ground, folder: str, path: str) -> bool:
    """Whether a walk of a folder would not come to a path below it."""
    rules = ground.rules_in(folder)
    parts = path[len(folder) :].strip("/").split("/")
    here = folder
    for i, name in enumerate(parts):
        full = (ground.prefix + here).rstrip("/")
        if full:
            rules = rules.below(full, os.path.join(ground.top, full))
        here = f"{here}/{name}" if here else name
        if rules.drop(ground.prefix + here, name, is_folder=i < len(parts) - 1):
            return True
    return False
