"""Small projects in memory, and readable forms of what is found in them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from textwrap import dedent

from s3ap_lint.python.closure import Closure
from s3ap_lint.python.imports import Shelf
from s3ap_lint.python.module import Module, parse
from s3ap_lint.python.scope import EnvRead
from s3ap_lint.source import Source


def module(code: str, path: str = "handler.py") -> Module:
    """The module of some indented code."""
    return parse(Source(path, dedent(code).encode()))


def described(read: EnvRead) -> str:
    """A read in one line: X required in f, tested."""
    name = read.name or (f"<{read.parameter}>" if read.parameter else ".".join(read.foreign) or "?")
    words = [name, "required" if read.required else "optional"]
    words += [f"in {read.scope}"] if read.scope else []
    words += ["conditional"] if read.conditional else []
    words += [f"({read.guard})"] if read.guard else []
    return " ".join(words)


def reads(code: str) -> list[str]:
    """The reads of some code, after `import os`."""
    return [described(read) for read in module("import os\n" + dedent(code)).env_reads]


def closure(
    files: Mapping[str, str],
    entry: str = "handler.py",
    search: tuple[str, ...] = (".",),
    known: Mapping[str, Module] | None = None,
) -> Closure:
    """The closure of the function `handler` in some files; modules that are `known` are shared with others."""
    sources = {path: Source(path, dedent(code).encode()) for path, code in files.items()}
    modules = known or {}
    folders = {folder for path in sources for folder in _folders(path)}
    return Closure(
        entry,
        "handler",
        search=search,
        load=lambda path: modules.get(path) or (parse(sources[path]) if path in sources else None),
        shelf=Shelf(sources.__contains__, folders.__contains__),
    )


def _folders(path: str) -> list[str]:
    folder = posixpath.dirname(path)
    return [folder, *_folders(folder)] if folder else []


def required(files: Mapping[str, str] | str, environment: Mapping[str, str | None] | None = None) -> list[str]:
    """What a handler certainly requires: one line for each read that fails when its variable is not set."""
    project = closure({"handler.py": files} if isinstance(files, str) else files)
    certain = [read for read in project.environment_reads(environment) if read.required and read.certain]
    return [f"{read.name} when …" if read.conditional else read.name for read in certain]


def touched(files: Mapping[str, str] | str) -> list[str]:
    """Every read that happens, in one line each, with why it may not matter."""
    project = closure({"handler.py": files} if isinstance(files, str) else files)
    found = []
    for read in project.environment_reads():
        words = [read.name or "?", "required" if read.required else "optional"]
        words += ["conditional"] if read.conditional else []
        words += [f"({read.guard})"] if read.guard else []
        found.append(" ".join(words))
    return found
