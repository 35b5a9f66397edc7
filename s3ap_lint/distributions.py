"""What can be imported in Lambda without being in the package: requirements, the runtime, the standard library."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from posixpath import dirname, join, normpath

from s3ap_lint import data
from s3ap_lint.python.newer import Version
from s3ap_lint.python.versions import Library

PERHAPS = frozenset(
    {"_distutils_hack", "aws_durable_execution_sdk_python", "awscrt", "docutils", "pip", "pkg_resources", "setuptools"}
    | {"unzip_requirements", "wheel"}
)
"""What some runtimes have and others have not, and nobody promises."""

_NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?")


def normal(name: str) -> str:
    """The name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def version_of(runtime: str) -> Version | None:
    """The version of Python 3 in the name of a runtime; None for any other."""
    found = re.fullmatch(r"python(3)\.(\d+)", runtime)
    return (int(found[1]), int(found[2])) if found else None


def version(text: str) -> Version:
    """A version as the tables write it."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def lifetime(module: str) -> tuple[Version, Version | None] | None:
    """The first version of Python that has a module of the standard library, and the last if it is gone."""
    span = data.load("python_stdlib")["modules"].get(module)
    if span is None:
        return None
    return version(span[0]), version(span[1]) if span[1] else None


@cache
def library() -> Library:
    """The standard library by version."""
    table = data.load("python_stdlib")
    return Library(
        {module: version(first) for module, (first, _) in table["modules"].items()},
        {module: {name: version(text) for name, text in names.items()} for module, names in table["names"].items()},
    )


def in_standard_library(top: str, python: Version | None) -> bool:
    """Whether a version of Python has a top-level module; without a version, whether any has."""
    span = lifetime(top)
    if span is None:
        return top in sys.stdlib_module_names
    first, last = span
    return python is None or (first <= python and (last is None or python <= last))


def in_runtime(top: str) -> bool:
    """Whether the Lambda runtime brings a top-level module, or may."""
    return top in PERHAPS or top in data.load("lambda_runtime")["packages"]


class Requirements:
    """The distributions that requirements files ask for; not `complete` when a line cannot be read."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.complete = True

    def read(self, path: str, load: Callable[[str], str | None], depth: int = 3) -> bool:
        """Add a requirements file, and those it names; whether there is one."""
        text = load(path)
        if text is None:
            return False
        for line in re.sub(r"\\\r?\n", " ", text).splitlines():
            self._line(re.split(r"(?:^|\s)#", line)[0].strip(), path, load, depth)
        return True

    def _line(self, line: str, path: str, load: Callable[[str], str | None], depth: int) -> None:
        if not line or line.startswith(("--hash", "-i ", "--index-url", "--extra-index-url", "--find-links")):
            return
        other = re.match(r"(?:-r|--requirement)[\s=]+(\S+)", line)
        if other:
            self.complete &= depth > 0 and self.read(normpath(join(dirname(path), other[1])), load, depth - 1)
            return
        found = _NAME.match(line)
        if found is None or line.startswith((".", "/")) or "://" in line.partition("@")[0]:
            self.complete = False
            return
        self.complete &= not found[2]  # an extra may bring anything
        self.names.add(normal(found[1]))

    def provide(self, top: str) -> bool | None:
        """Whether installing them makes a top-level module importable; None when that cannot be told."""
        table = data.load("python_packages")
        called = {normal(top), *table["imports"].get(top, ())}
        brought = [table["brings"].get(name) for name in self.names]
        if self.names & called or any(top in found for found in brought if found is not None):
            return True
        namespace = table["imports"].get(top) == []
        return None if namespace or not self.complete or None in brought else False
