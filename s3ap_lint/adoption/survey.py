"""What can be found out about a project without asking: its templates, functions, twins, code and shared packages."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from posixpath import dirname

from s3ap_lint.adoption.code_places import CodePlace, places
from s3ap_lint.adoption.twins import FoundPair, pairs
from s3ap_lint.application import Application
from s3ap_lint.config import Config
from s3ap_lint.discovery import discover
from s3ap_lint.engine import Session
from s3ap_lint.errors import UsageError
from s3ap_lint.function import Function
from s3ap_lint.history import last_edits
from s3ap_lint.resolution import code_key
from s3ap_lint.tasks import registry_for
from s3ap_lint.workspace import Workspace

SHARED = 2
"""Applications that import from a folder outside of them before it counts as shared."""


@dataclass(frozen=True)
class Survey:
    """A project as it was found.

    `joined` counts functions joined without the code map that is proposed, `lost` by reason those that are not even
    with it; `shared` are folders by how many applications import from them; `paths` those of the templates.
    """

    templates: int = 0
    modules: int = 0
    applications: int = 0
    functions: int = 0
    joined: int = 0
    pairs: tuple[FoundPair, ...] = ()
    code_map: tuple[CodePlace, ...] = ()
    shared: tuple[tuple[str, int], ...] = ()
    lost: tuple[tuple[str, int], ...] = ()
    paths: frozenset[str] = frozenset()


def survey(config: Config) -> Survey:
    """Look at everything below the root. Raises UsageError when there is nothing to check."""
    workspace = Workspace(config.root)
    found = discover([config.root], workspace, cwd=config.root, top=config.top, exclude=config.exclude)
    if found.empty:
        raise UsageError(f"there is no template and no Python file in {config.root}; nothing was written")
    session = Session(config, registry_for(config), workspace)
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for candidate in found.templates:
        folders[dirname(candidate.path)].append(candidate.path)
    applications = [session.application(folder, paths)[0] for folder, paths in sorted(folders.items())]
    applications = [application for application in applications if application.templates]
    templates = [template for application in applications for template in application.templates]
    functions = [function for application in applications for function in application.functions]
    twins = pairs(templates, last_edits(config.top, config.root, [template.path for template in templates]))
    mapped = places(functions, found.python, session.module)
    known = {place.pattern for place in mapped}
    lost = [one for one in functions if not one.joined and known.isdisjoint((one.id, code_key(one.resource)))]
    return Survey(
        templates=len(templates),
        modules=len(found.python),
        applications=len(applications),
        functions=len(functions),
        joined=sum(function.joined for function in functions),
        pairs=tuple(twins),
        code_map=tuple(mapped),
        shared=tuple(_shared(applications)),
        lost=tuple(Counter(map(_why, lost)).most_common()),
        paths=frozenset(template.path for template in templates),
    )


def _why(function: Function) -> str:
    return str(getattr(function.code, "reason", ""))


def _shared(applications: list[Application]) -> list[tuple[str, int]]:
    """The folders that several applications import from, outside of each, by how many do."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for application in applications:
        closures = (function.closure for function in application.functions)
        for path in {path for closure in closures if closure is not None for path in closure.paths}:
            folder = _outside(path, application.folder)
            if folder:
                users[folder].add(application.folder)
    counts = [(folder, len(by)) for folder, by in users.items() if len(by) >= SHARED]
    return sorted(counts, key=lambda one: (-one[1], one[0]))


def _outside(path: str, home: str) -> str:
    """The topmost folder that holds a file and not an application; nothing for a file of the application."""
    parts, own = path.split("/")[:-1], home.split("/") if home else []
    same = 0
    while same < min(len(parts), len(own)) and parts[same] == own[same]:
        same += 1
    return "/".join(parts[: same + 1]) if same < len(own) and same < len(parts) else ""
