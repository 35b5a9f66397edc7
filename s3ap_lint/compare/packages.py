"""Which functions have other code than they had, and which other deployed files are not what they were.

Neither is looked into: this tells that there is something to look at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from s3ap_lint.application import STATE_MACHINE_TYPES, Application
from s3ap_lint.budget import GaveUp
from s3ap_lint.compare.moments import Moment
from s3ap_lint.function import Function
from s3ap_lint.project import Project
from s3ap_lint.python.module import Module, parse
from s3ap_lint.resolution import FUNCTION_TYPES, Code, within
from s3ap_lint.source import Source
from s3ap_lint.template.template import Template

LEFT_TO_OTHERS = (*FUNCTION_TYPES, *STATE_MACHINE_TYPES)
"""Types whose files are code, or are compared themselves."""

UPLOADED = (
    "BodyS3Location", "ContentUri", "Content", "DefinitionS3Location", "DefinitionUri", "Location", "SchemaUri",
    "TemplateURL",
)  # fmt: skip
"""Properties that name local files for `sam package` and `aws cloudformation package` to upload."""


@dataclass
class Packages:
    """What the templates of a moment deploy besides themselves, held against the files that changed."""

    moment: Moment
    code_map: Mapping[str, str]
    changed: Collection[str]

    def functions(self, templates: Iterable[Template]) -> dict[str, tuple[str, ...]]:
        """By the path of the template, the functions whose code changed."""
        folders: defaultdict[str, list[Template]] = defaultdict(list)
        for template in templates:
            folders[dirname(template.path)].append(template)
        out: defaultdict[str, list[str]] = defaultdict(list)
        for folder, found in sorted(folders.items()):
            application = Application(folder, tuple(found), self._project)
            for template in found:
                for resource in template.of_type(*FUNCTION_TYPES):
                    if self._changed(Function(resource, application)):
                        out[template.path].append(resource.id)
        return {path: tuple(names) for path, names in out.items()}

    def concerned(self, paths: Iterable[str]) -> Iterator[str]:
        """Those of some templates that may deploy what changed: by where it lies, and by who says its name."""
        homes = sorted({dirname(path) for path in paths})
        outside = {path for path in self.changed if not any(_is_below(path, home) for home in homes if home)}
        words = self._words(path for path in outside if path.endswith(".py"))
        self.moment.fetch(path for path in self._python if any(_is_below(path, home) for home in homes))
        for path in paths:
            home = dirname(path)
            data = self.moment.data(path)
            upward = isinstance(data, bytes) and b"../" in data
            if any(_is_below(one, home) for one in self.changed) or (upward and outside) or self._says(home, words):
                yield path

    def _words(self, changed: Iterable[str]) -> frozenset[bytes]:
        """What somebody writes who imports a module, or one that imports it."""
        return frozenset(_word(path) for path in changed)

    def _says(self, home: str, words: Collection[bytes]) -> bool:
        if not words:
            return False
        for path in self._python:
            data = self.moment.data(path) if _is_below(path, home) else b""
            if isinstance(data, bytes) and any(word in data for word in words):
                return True
        return False

    def files(self, template: Template) -> Iterator[tuple[str, str]]:
        """(logical id, path) for other files that changed and that a resource of a template uploads."""
        for resource in template.resources.values():
            if resource.type in LEFT_TO_OTHERS:
                continue
            for name in UPLOADED:
                path = within(dirname(template.path), resource.property(name).text or "s3://")
                yield from ((resource.id, one) for one in sorted(self._below(path)))

    def _below(self, path: str | None) -> list[str]:
        """The files that changed at or below a path."""
        if not path:
            return []
        return [one for one in self.changed if one == path or one.startswith(f"{path}/")]

    def _changed(self, function: Function) -> bool:
        code = function.code
        if not isinstance(code, Code):
            uri = function.resource.property("CodeUri").text
            return bool(self._below(within(dirname(function.template.path), uri))) if uri else False
        if code.inline is not None:
            return False  # it stands in the template
        root = code.root if code.root != dirname(function.template.path) else ""
        if self._below(root) or any(self._below(folder) for folder in code.layers) or code.module in self.changed:
            return True
        return self._imports(function) if self._modules else False

    def _imports(self, function: Function) -> bool:
        try:
            return function.closure is not None and not self._modules.isdisjoint(function.closure.paths)
        except (GaveUp, RecursionError):
            return False

    @property
    def _python(self) -> list[str]:
        return [path for path in self.moment.names if path.endswith(".py")]

    @property
    def _modules(self) -> frozenset[str]:
        return frozenset(path for path in self.changed if path.endswith(".py"))

    @property
    def _project(self) -> Project:
        known: dict[str, Module | None] = {}

        def load(path: str) -> Module | None:
            if path not in known:
                source = self.moment.read(path) if self.moment.is_file(path) else None
                known[path] = parse(source) if isinstance(source, Source) else None
            return known[path]

        if self._known_project is None:
            self._known_project = Project(self.moment, load, _reader(self.moment), dict(self.code_map))
        return self._known_project

    _known_project: Project | None = None


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _word(path: str) -> bytes:
    name = basename(path).removesuffix(".py")
    return (basename(dirname(path)) if name == "__init__" else name).encode()


def _reader(moment: Moment) -> Callable[[str], Source | None]:
    """What gives the files of a moment; None for one that is not there or cannot be read."""

    def read(path: str) -> Source | None:
        found = moment.read(path) if moment.is_file(path) else None
        return found if isinstance(found, Source) else None

    return read
