"""What an application may ask of the files around it, and a Python file as a subject of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import dirname

from s3ap_lint.model import Location
from s3ap_lint.packaging import Files
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.imports import Shelf
from s3ap_lint.python.interpolation import Inserted, inserted
from s3ap_lint.python.module import Module
from s3ap_lint.python.patches import MissingPatch, missing_patches
from s3ap_lint.python.sinks import Sinks
from s3ap_lint.source import Source


@dataclass(frozen=True)
class Project:
    """What an application may ask of the project around it.

    `load` gives a module's facts, `read` the bytes of another file; None when there is none that can be read.
    `runtimes` counts the runtimes that the templates of the whole project name. `closures` are those of handlers that
    are there already, and where new ones are left; None: every application makes its own.
    """

    tree: Files
    load: Callable[[str], Module | None]
    read: Callable[[str], Source | None] = lambda path: None
    code_map: Mapping[str, str] = field(default_factory=dict)
    runtimes: Callable[[], Mapping[str, int]] = dict
    closures: dict[tuple[str, str], list[Closure]] | None = None

    @cached_property
    def shelf(self) -> Shelf:
        """Where modules may lie."""
        return Shelf(self.tree.is_file, self.tree.is_dir, self.tree.asked_again)


@dataclass(frozen=True)
class PythonFile:
    """A Python file as a subject of its own: its facts, whoever runs it.

    `vendored` files are somebody else's package that was checked in.
    """

    module: Module
    project: Project | None = None
    vendored: bool = False

    @property
    def path(self) -> str:
        """The path of the file, relative to the project root."""
        return self.module.path

    @cached_property
    def missing_patches(self) -> tuple[MissingPatch, ...]:
        """The names that it replaces, as tests do, and that the project's modules do not have."""
        project = self.project
        if project is None:
            return ()
        tree = project.tree
        return tuple(missing_patches(self.module, load=project.load, shelf=project.shelf, exists=tree.is_file))

    @property
    def handlers(self) -> tuple[str, ...]:
        """The names of the functions that look like handlers: they take (event, context)."""
        found = [(name, scope) for name, scopes in self.module.scope.children.items() for scope in scopes]
        return tuple(name for name, one in found if one.kind == "function" and one.parameters == ("event", "context"))

    def alone(self, handler: str) -> Closure:
        """The closure of a handler, as far as this file alone tells; imports lead out of it."""
        path = self.module.path
        return Closure(
            path,
            handler,
            search=(dirname(path),),
            load=lambda one: self.module if one == path else None,
            shelf=Shelf(path.__eq__, lambda one: False),
        )

    def inserted(self, sinks: Sinks) -> tuple[tuple[Inserted, Location], ...]:
        """The values of an event that are formatted into the text that a sink runs, each with the call."""
        if not self.module.says_any(sinks):
            return ()
        return tuple(found for name in self.handlers for found in inserted(self.alone(name), sinks))
