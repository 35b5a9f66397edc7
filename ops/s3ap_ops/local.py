"""The project below the working directory: its configuration, its rules and its templates, as the linter sees them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from posixpath import dirname

from s3ap_lint import config as configs
from s3ap_lint.admission import loaded_template
from s3ap_lint.api import Template
from s3ap_lint.application import Application
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Paths
from s3ap_lint.discovery import discover
from s3ap_lint.engine import Session
from s3ap_lint.registry import Registry
from s3ap_lint.roots import absolute
from s3ap_lint.tasks import registry_for
from s3ap_lint.workspace import Workspace
from s3ap_ops.errors import OpsError


class LocalProject:
    """A project and what it deploys. `select` are the codes of the rules that will be asked; `here` is a folder of it,
    the working directory if nothing is said."""

    def __init__(self, select: tuple[str, ...] = (), here: Path | None = None) -> None:
        here = here or Path.cwd()
        said = {"select": list(select), "engine": "none", "jobs": 1}
        self.config: Config = configs.load([here], cwd=here, overrides=said)
        self.registry: Registry = registry_for(self.config)
        self.files = partial(Workspace, self.config.root)
        workspace = self.files({})
        config = self.config
        found = discover([here], workspace, cwd=config.cwd, top=config.top, exclude=config.exclude)
        self.paths = [candidate.path for candidate in found.templates]
        self._session = Session(config, self.registry, workspace)

    @property
    def workspace(self) -> Workspace:
        """Its files, as they were when they were first asked for."""
        return self._session.workspace

    def loaded(self, path: str) -> Template | None:
        """The template at a path of the project; None where there is none that can be read."""
        return loaded_template(self._session, path)

    def application(self, template: Template) -> Application:
        """The application that a template belongs to: all templates of its folder, and what they deploy."""
        home = dirname(template.path)
        others = [path for path in self.paths if dirname(path) == home and path != template.path]
        twins = [loaded_template(self._session, path) for path in others]
        return Application(home, (template, *(twin for twin in twins if twin is not None)), self._session.project)

    @property
    def report_paths(self) -> Paths:
        """What the paths of a report are relative to."""
        return Paths(str(self.config.root), str(self.config.cwd), str(self.config.top))

    def templates(self) -> Iterator[Template]:
        """Its templates, in order of path."""
        for path in self.paths:
            template = loaded_template(self._session, path)
            if template is not None:
                yield template

    def folder(self, text: str) -> str:
        """The path of a folder that somebody named, below the project. Raises OpsError when there is none."""
        place = absolute(text, self.config.cwd)
        if not place.is_dir() or not place.is_relative_to(self.config.root):
            raise OpsError(f"{text} is no folder of the project {self.config.root}")
        return place.relative_to(self.config.root).as_posix()

    def template(self, text: str) -> Template:
        """The template at a path that somebody named. Raises OpsError when there is none, or it lies outside."""
        place = absolute(text, self.config.cwd)
        if not place.is_relative_to(self.config.root):
            raise OpsError(f"{text} lies outside the project {self.config.root}")
        template = loaded_template(self._session, place.relative_to(self.config.root).as_posix())
        if template is None:
            raise OpsError(f"{text} is no template, or cannot be read")
        return template
