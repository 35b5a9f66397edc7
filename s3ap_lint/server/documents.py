"""The documents that an editor has open, each in the project it belongs to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lsprotocol import types

from s3ap_lint import config as configs
from s3ap_lint import roots
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.errors import S3apLintError
from s3ap_lint.server.places import path_of
from s3ap_lint.server.project import Project

SETTINGS = (".s3ap-lint.toml", "s3ap-lint.toml", "pyproject.toml")
"""Files whose change may be one of the configuration."""


@dataclass
class Document:
    """One open document.

    `version` is the client's, `data` the text in UTF-8; `checked` is the version last checked, `told` the one last
    published. `findings` are those shown, `shown` the same in the protocol's words.
    """

    uri: str
    path: str
    project: Project
    version: int
    data: bytes
    checked: int | None = None
    told: int | None = None
    findings: tuple[Diagnostic, ...] = ()
    shown: list[types.Diagnostic] = field(default_factory=list)


Say = Callable[[str], object]
"""Tell the person at the editor something that is to be put right."""


class Documents:
    """Open documents and the projects of their folders. `overrides` and `settings` are what the editor says."""

    def __init__(self, say: Say) -> None:
        self.open: dict[str, Document] = {}
        self.folders: list[Path] = []
        self.turn = 0
        """Counts whatever may make a check's answer another one."""
        self.overrides: dict[str, Any] = {}
        self.settings: Path | None = None
        self._say = say
        self._projects: dict[Path, Project | None] = {}
        self._said: set[Path | str] = set()
        """Folders and faults that a person was told of, once."""

    def opened(self, uri: str, version: int, data: bytes) -> Document | None:
        """A document that is open from now on; None when it is no file, or its project cannot be used."""
        path = path_of(uri)
        project = self._project(path) if path is not None and not path.is_dir() else None
        if path is None or project is None:
            return None
        root = project.config.root
        real = path.parent.resolve() / path.name
        if not real.is_relative_to(root):
            return None
        document = Document(uri, real.relative_to(root).as_posix(), project, version, data)
        project.met(document.path)
        self.open[uri] = document
        return document

    def closed(self, uri: str) -> Document | None:
        """The document, which is open no longer."""
        return self.open.pop(uri, None)

    def at(self, project: Project, path: str) -> Document | None:
        """The open document of a file of a project."""
        return next((d for d in self.open.values() if d.project is project and d.path == path), None)

    def beside(self, document: Document) -> Iterator[Document]:
        """The other documents of its project."""
        return (d for d in self.open.values() if d.project is document.project and d is not document)

    def buffers(self, project: Project) -> dict[str, bytes]:
        """What takes the place of files of a project."""
        return {d.path: d.data for d in self.open.values() if d.project is project}

    def reload(self, texts: Iterable[tuple[str, int, bytes]]) -> list[Document]:
        """Read all configuration again; the documents, of URIs, versions and texts, in their projects as they are."""
        self._projects.clear()
        self._said.clear()
        before = dict(self.open)
        self.open.clear()
        found = [document for text in texts if (document := self.opened(*text)) is not None]
        for document in found:
            if document.uri in before:
                document.told, document.shown = before[document.uri].told, before[document.uri].shown
        return found

    def fault(self, error: Exception) -> None:
        """Say that a check went wrong by a fault of ours; where is on standard error."""
        logging.getLogger(__name__).error("a check failed", exc_info=error)
        if repr(error) in self._said:
            return
        self._said.add(repr(error))
        self._say(f"s3ap-lint: {type(error).__name__}: {error}; this is a fault of s3ap-lint, its output shows where")

    def _project(self, path: Path) -> Project | None:
        folder = path.parent.resolve()
        if self._projects.get(folder) is None:  # what could not be used may have been mended
            self._projects[folder] = self._loaded(path, folder)
        return self._projects[folder]

    def _loaded(self, path: Path, folder: Path) -> Project | None:
        above = [root for root in self.folders if folder.is_relative_to(root)]
        cwd = max(above, key=lambda root: len(root.parts), default=folder)
        try:
            config = configs.load([path], explicit=self.settings, cwd=cwd, overrides=self.overrides)
            config = replace(config, cwd=config.root)  # the same project, whoever asks
            known = (p for p in self._projects.values() if p is not None and p.config == config)
            loose = not above and config.file is None and roots.git_top(folder) is None
            found = next(known, None) or Project(config, loose)
            self._said.discard(folder)
            return found
        except S3apLintError as error:
            if folder not in self._said:
                self._said.add(folder)
                self._say(f"s3ap-lint: {error}")
        return None
