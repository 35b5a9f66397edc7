"""Which program this is: the code of the linter and its plugins, and what else is installed beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from s3ap_lint import facts
from s3ap_lint.plugins import GROUP

_INSTALLED = ("site-packages", "dist-packages")
_STDLIB = os.path.dirname(os.__file__)


def loose(plugins: Iterable[str]) -> list[str]:
    """The files and folders of loaded code that no installer put there: somebody may be working on it.

    `plugins` are the modules of the plugins. Of a package of theirs all of its files count, of a single file what lies
    beside it, of everything else what is loaded.
    """
    tops = {name.partition(".")[0] for name in (GROUP, *plugins)}
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or _is_installed(file) or file.startswith(_STDLIB + os.sep):
            continue
        top = name.partition(".")[0]
        folders = list(getattr(sys.modules.get(top), "__path__", ()))
        if top in tops:
            found.update(folders or [os.path.dirname(file)])
        else:
            found.add(file)
    return sorted(found)


def sources(plugins: Iterable[str]) -> list[str]:
    """The files and folders whose signatures tell whether the program is what it was.

    What is installed is replaced by whole folders; code that somebody works on is edited in place.
    """
    installed = {os.path.dirname(file) for name in (GROUP, *plugins) if _is_installed(file := _file(name))}
    folders = [here for top in sorted(installed) for here, _, _ in os.walk(top) if "__pycache__" not in here]
    path = [folder for folder in dict.fromkeys(sys.path) if folder and os.path.exists(folder)]
    return [*folders, *path, *(one for part in loose(plugins) for one in _inside(part))]


def identity(parts: Iterable[str]) -> str:
    """What tells this program from all others: the interpreter, all that is installed, and code that is not.

    The same program in another place, installed at another time, is the same. Empty where it cannot be told.
    """
    out = [sys.version]
    for metadata in facts.metadata_folders():
        out += [os.path.basename(metadata), _record(metadata)]
    try:
        out += [f"{path} {facts.signature(os.stat(path))}" for part in parts for path in _inside(part)]
    except OSError:
        return ""
    return facts.digest("\n".join(out).encode("utf-8", "surrogateescape"))


def _inside(part: str) -> Iterator[str]:
    """A file or folder, and all that lies in it but what Python makes of it; links that lead nowhere are nothing."""
    yield part
    for here, folders, names in os.walk(part):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (path for name in sorted([*folders, *names]) if os.path.exists(path := os.path.join(here, name)))


def _file(name: str) -> str:
    return getattr(sys.modules.get(name), "__file__", None) or ""


def _is_installed(file: str) -> bool:
    return not set(_INSTALLED).isdisjoint(file.split(os.sep))


def _record(metadata: str) -> str:
    """The digests of all files of a distribution that offers plugins, as its installer wrote them down."""
    if not facts.offers(metadata, GROUP):
        return ""
    try:
        with open(os.path.join(metadata, "RECORD"), "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    return facts.digest(b"\n".join(line for line in lines if b",sha256=" in line and b"direct_url" not in line))
