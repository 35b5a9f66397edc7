"""Which program this is: the code of the linter and its plugins, and what else is installed beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from s3ap_lint import facts
from s3ap_lint.plugins import GROUP

_INSTALLED = ("site-packages", "dist-packages")


def packages(modules: Iterable[str]) -> list[str]:
    """The folders, or files, of the linter and the modules of its plugins: what is at the top of each one's name."""
    names = {module.partition(".")[0] for module in (GROUP, *modules)}
    found = {file for name in names if (file := getattr(sys.modules.get(name), "__file__", None))}
    return sorted(os.path.dirname(file) if os.path.basename(file) == "__init__.py" else file for file in found)


def sources(parts: Iterable[str]) -> list[str]:
    """The files and folders whose signatures tell whether code is what it was.

    What is installed is replaced by whole folders; code that somebody works on is edited in place.
    """
    installed = [folder for folder in dict.fromkeys(sys.path) if os.path.basename(folder) in _INSTALLED]
    folders = [folder for folder in installed if os.path.isdir(folder)]
    return [*(path for part in parts for path in _sources(part)), *folders]


def _sources(part: str) -> Iterator[str]:
    if not os.path.isdir(part):
        yield part
        return
    for here, folders, names in os.walk(part):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield here
        if not _is_installed(part):
            yield from (os.path.join(here, name) for name in sorted(names) if name.endswith((".py", ".json")))


def identity(parts: Iterable[str]) -> str:
    """What tells this program from all others: the interpreter, all that is installed, and code that is not.

    The same program in another place, installed at another time, is the same.
    """
    out = [sys.version]
    for folder in dict.fromkeys(sys.path):
        for name in sorted(_names(folder)):
            if name.endswith((".dist-info", ".egg-info")):
                out += [name, _record(os.path.join(folder, name))]
    loose = [part for part in parts if not _is_installed(part)]
    out += [f"{path} {facts.signature(os.stat(path))}" for part in loose for path in _sources(part)]
    return facts.digest("\n".join(out).encode("utf-8", "surrogateescape"))


def _is_installed(part: str) -> bool:
    return not set(_INSTALLED).isdisjoint(part.split(os.sep))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


def _record(metadata: str) -> str:
    """The digests of all files of a distribution that offers plugins, as its installer wrote them down."""
    try:
        with open(os.path.join(metadata, "entry_points.txt"), encoding="utf-8") as file:
            if f"[{GROUP}]" not in file.read():
                return ""
        with open(os.path.join(metadata, "RECORD"), "rb") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return facts.digest(b"\n".join(line for line in lines if b",sha256=" in line and b"direct_url" not in line))
