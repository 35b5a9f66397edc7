"""What goes into the archive of one function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import basename, join

from s3ap_lint.budget import GaveUp
from s3ap_lint.function import Function
from s3ap_lint.packaging import package_of
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.graph import Node
from s3ap_lint.resolution import Code
from s3ap_lint.workspace import Workspace
from s3ap_ops.packaging.archive import Payload
from s3ap_ops.packaging.folders import Gathered
from s3ap_ops.packaging.imports import Lacking, is_below, lacking, own_folder, stage
from s3ap_ops.packaging.vendored import not_vendored

_ARCHIVES = (".zip", ".jar")


@dataclass
class Pack:
    """What a function or layer becomes, or why that cannot be said; `payload` is None then."""

    payload: Payload | None = None
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, gathered: Gathered, more: tuple[str, ...] = ()) -> Pack:
        """An archive of what was gathered."""
        problems = [*gathered.problems, *more]
        if not gathered.entries and not problems:
            problems = ["its folder holds no file; an archive of nothing cannot be deployed"]
        return cls(None if problems else Payload(tuple(gathered.entries.values())), problems)


def folder(path: str, workspace: Workspace) -> Pack:
    """A folder as it is; a file as the one file of an archive, unless it is an archive itself."""
    gathered = Gathered(workspace)
    if workspace.is_dir(path or "."):
        gathered.folder(path)
    else:
        gathered.file(path, basename(path))
        if path.endswith(_ARCHIVES) and not gathered.problems:
            return Pack(Payload(tuple(gathered.entries.values()), archive=False))
    return Pack.of(gathered)


def written(function: Function, path: str, workspace: Workspace) -> Pack:
    """The folder that the template names, as it is, when nothing has to be built and no import fails."""
    unbuilt = tuple(_unbuilt(function, path, workspace))
    packed = folder(path, workspace)
    if unbuilt or packed.payload is None or not packed.payload.archive:
        return Pack(None, [*packed.problems, *unbuilt]) if unbuilt else packed
    problems = list(_handler(function, packed.payload.names, workspace))
    problems += _imports(function, packed.payload.names, workspace)
    return Pack(None, problems) if problems else packed


def joined(function: Function, code: Code, workspace: Workspace) -> Pack:
    """The handler's folder, with every module that it imports from elsewhere in the project."""
    unbuilt = tuple(_unbuilt(function, code.root, workspace))
    gathered = Gathered(workspace)
    own = own_folder(code)
    gathered.folder(own, own[len(code.root) :].strip("/"))
    try:
        closure = function.closure
        if closure is not None:
            stage(closure, function, code, gathered)
    except (GaveUp, RecursionError) as error:
        return Pack(None, [f"its imports cannot be followed: {error}; package it by hand"])
    names = frozenset(gathered.entries)
    more = (*unbuilt, *_handler(function, names, workspace), *_imports(function, names, workspace))
    return Pack.of(gathered, more)


def built(function: Function, path: str, workspace: Workspace) -> Pack:
    """What a build made of a function, if it was made from the code that is there now."""
    packed = folder(path, workspace)
    code = function.code
    if packed.payload is None or not isinstance(code, Code) or code.inline is not None or function.closure is None:
        return packed
    for module in function.closure.paths:
        inside = module[len(code.root) :].strip("/")
        there = workspace.data(join(path, inside)) if is_below(module, code.root) else None
        if isinstance(there, bytes) and there != workspace.data(module):
            return Pack(None, [f"{join(path, inside)} is not {module} as it is now; build again"])
    names = packed.payload.names
    problems = list(_handler(function, names, workspace))
    return Pack(None, problems) if problems else packed


def _unbuilt(function: Function, path: str, workspace: Workspace) -> Iterator[str]:
    """What a build would have to do first."""
    method = function.resource.node["Metadata"]["BuildMethod"].text
    if method:
        yield f"it is built by {method!r}, and nothing is built here; run `sam build` and name its folder"
    lacks = not_vendored(path, workspace) if workspace.is_dir(path or ".") else ()
    if "?" in lacks:
        yield (
            f"{join(path, 'requirements.txt')} has lines that cannot be read, and nothing is installed here; "
            "run `sam build` and name its folder"
        )
    elif lacks:
        yield (
            f"{join(path, 'requirements.txt')} asks for {', '.join(lacks)}, which no folder beside it holds, and "
            "nothing is installed here; run `sam build` and name its folder"
        )


def _handler(function: Function, names: frozenset[str], workspace: Workspace) -> Iterator[str]:
    """That the archive lacks the module that Lambda is told to load."""
    if not function.runtime.startswith("python") or function.started_elsewhere:
        return
    module = function.handler.rpartition(".")[0]
    stem = module.replace(".", "/")
    if not module or f"{stem}.py" in names or f"{stem}/__init__.py" in names:
        return
    if function.resource.property("Layers"):
        return  # a layer may have it
    yield f"Handler {function.handler!r}: there is no {stem}.py in the archive; Lambda could not load it"


def _imports(function: Function, names: frozenset[str], workspace: Workspace) -> Iterator[str]:
    """The imports that fail in Lambda."""
    closure, code = function.closure, function.code
    if closure is None or not isinstance(code, Code):
        return
    broken = next((node for node in closure.nodes if node.module is None or node.module.error is not None), None)
    if broken is not None:
        yield f"{broken.path} cannot be read as Python; what it imports cannot be told"
        return
    try:
        for one in _lacking(function, closure, code, names, workspace):
            where = f"; {one.found} is not in the archive" if one.found else "; nothing in the archive or Lambda has it"
            yield f"Handler {function.handler!r}: {one.place} imports {one.name}{where}"
    except (GaveUp, RecursionError) as error:
        yield f"its imports cannot be followed: {error}; package it by hand"


def _lacking(
    function: Function, closure: Closure, code: Code, names: frozenset[str], workspace: Workspace
) -> Iterator[Lacking]:
    if not (function.resource.property("Layers") or function.resource.inherited("Layers")):
        yield from lacking(closure, function, names, lambda node: False)
        return
    package = package_of(function.resource, _as_written(code), workspace)
    if package is None:
        return  # a layer from elsewhere may have it
    found = package.layers

    def layered(node: Node) -> bool:
        return any(layer.holds(node.path, node.found.name) for layer in found)

    if not any(layer.resource.node["Metadata"]["BuildMethod"] for layer in found):
        yield from lacking(closure, function, names, layered)
        return
    for one in lacking(closure, function, names, layered):  # a build may install what is nowhere in the project
        if one.found:
            yield one


def _as_written(code: Code) -> Code:
    """The code as if the template named its folder: what its layers bring does not depend on how it was found."""
    return Code(code.module, code.entry, code.root, "CodeUri", code.layers, code.external_layers)
