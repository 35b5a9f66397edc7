"""Where the code of a deployed function lives in the repository.

The order, the most certain first: the configured code map; `CodeUri`; inline `ZipFile`; the twin
template's function of the same logical id; a `Handler` path with folders in it; the name of the
package (`S3Key`) among the application's code folders; the logical id in snake case. The last two go by
the spelling of a name, and say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename, dirname, join, normpath
from typing import Protocol

from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template

CODE_FOLDERS = ("functions", "lambdas", "lambda", "src")


class Tree(Protocol):
    """What resolution asks of the project's files. Paths are POSIX, relative to the root."""

    def is_file(self, path: str) -> bool: ...
    def is_dir(self, path: str) -> bool: ...
    def listdir(self, path: str) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Code:
    """The code of one function: `module` is the handler's file, `entry` the name in it.

    `root` is the folder that is packaged, `layers` the folders of layers written in the template.
    `by_name`: joined by the spelling of a name only. `external_layers`: some layer is not in the repository.
    `inline` is the ZipFile node when the code stands in the template.
    """

    module: str
    entry: str
    root: str
    how: str
    layers: tuple[str, ...] = ()
    external_layers: bool = False
    by_name: bool = False
    inline: Node | None = None


@dataclass(frozen=True)
class Unjoined:
    """A function whose code could not be found, and why.

    `lacks` is set where the template leads to a place in the repository and nothing is there: "folder" for the folder
    it names, "file" for the handler's file in `folder`. What a build makes is not missed.
    """

    reason: str
    lacks: str = ""
    folder: str = ""


def within(folder: str, path: str) -> str | None:
    """A path relative to a folder, as one relative to the root; None when it leaves the root."""
    if path.startswith("/") or "://" in path:
        return None
    joined = normpath(join(folder, path))
    return None if joined == ".." or joined.startswith("../") else "" if joined == "." else joined


def resolve(function: Resource, twins: Iterable[Template], tree: Tree, code_map: Mapping[str, str]) -> Code | Unjoined:
    """The code of a function resource, or why it cannot be found."""
    handler = function.property("Handler").text
    if not handler:
        return Unjoined("no Handler" if not function.property("Handler") else "its Handler is computed")
    module, _, entry = handler.rpartition(".")
    found: _Place | Unjoined | None = _mapped(function, code_map, tree, module)
    if found is None:
        found = _written(function, tree, module)
    if isinstance(found, Unjoined) or (isinstance(found, _Place) and found.inline is not None):
        return found if isinstance(found, Unjoined) else _code(function, found, entry, tree)
    if found is None:
        found = _in_twin(function, twins, tree, module) or _by_spelling(function, tree, module)
    if found is None:
        return Unjoined(_why_not(function))
    return _code(function, found, entry, tree)


@dataclass(frozen=True)
class _Place:
    module: str
    root: str
    how: str
    by_name: bool = False
    inline: Node | None = None


def _code(function: Resource, place: _Place, entry: str, tree: Tree) -> Code:
    folders, external = layers(function, tree)
    return Code(place.module, entry, place.root, place.how, folders, external, place.by_name, place.inline)


def _in(root: str, module: str, tree: Tree) -> str | None:
    """The handler's file below a package folder."""
    path = within(root, module if "/" in module else module.replace(".", "/"))
    if path is None:
        return None
    for candidate in (f"{path}.py", f"{path}/__init__.py"):
        if tree.is_file(candidate):
            return candidate
    return None


def _mapped(function: Resource, code_map: Mapping[str, str], tree: Tree, module: str) -> _Place | None:
    names = {function.id, code_key(function)} - {""}
    for pattern, folder in code_map.items():
        if any(fnmatchcase(name, pattern) for name in names) and (path := _in(folder, module, tree)):
            return _Place(path, folder, "the code map")
    return None


def code_key(function: Resource) -> str:
    """The S3 key of a function's package, as written or as its parameter's default has it; else ""."""
    for node in (function.properties["Code"]["S3Key"], function.properties["CodeUri"]["Key"]):
        given = function.template.space.parameters.get(node["Ref"].text)
        text = node.text or node["Fn::Sub"].text or (given.default or "" if given else "")
        if text:
            return text.partition("?")[0]
    uri = function.property("CodeUri").text
    return uri.split("/", 3)[-1] if uri.startswith("s3://") else ""


def _written(function: Resource, tree: Tree, module: str) -> _Place | Unjoined | None:
    """What CodeUri or ZipFile says itself; None where the code is only a key in a bucket."""
    inline = function.properties["InlineCode"] or function.properties["Code"]["ZipFile"]
    if inline:
        return _Place(function.template.path, "", "inline code", inline=inline)
    node = function.property("CodeUri") or function.properties["Code"]
    if not node and function.type == "AWS::Serverless::Function":
        folder: str | None = dirname(function.template.path)
    elif node.is_text and not node.text.startswith("s3://"):
        folder = within(dirname(function.template.path), node.text)
        if folder is None:
            return Unjoined(f"its code {node.text!r} lies outside the project")
    else:
        return None
    if folder and folder.endswith(".py") and tree.is_file(folder):  # CodeUri may name the one file
        folder = dirname(folder) if basename(folder) == f"{basename(module)}.py" else folder
    path = _in(folder or "", module, tree)
    if path is not None:
        return _Place(path, folder or "", "CodeUri" if node else "the template's folder")
    if not node:
        return None
    if not tree.is_dir(folder or "."):
        lacks = "" if is_build_product(folder or "") or tree.is_file(folder or "") else "folder"
        return Unjoined(f"its code {node.text!r} is not in the repository", lacks, folder or "")
    reason = f"{node.text!r} has no file for the handler {module!r}"
    has_code = any(name.endswith(".py") for name in tree.listdir(folder or "."))
    return Unjoined(reason, "file" if has_code or not is_build_product(folder or "") else "", folder or "")


_PRODUCT_FOLDERS = frozenset(
    {".aws-sam", ".build", ".dist", ".serverless", "artifact", "artifacts", "asset", "assets", "bin", "build", "builds"}
    | {"built", "bundle", "bundles", "cdk.out", "deploy", "deployment", "dist", "generated", "out", "output", "package"}
    | {"packaged", "packages", "publish", "release", "staging", "target", "tmp", "zip", "zips"}
)
"""Folders that builds write into, by convention."""


def is_build_product(path: str) -> bool:
    """Whether a path names something that is made before it is deployed, or a text to be replaced by a path."""
    parts = path.lower().split("/")
    archive = re.search(r"\.(zip|jar|war|tar|tgz|gz|whl)$", path)
    return bool(archive or _PRODUCT_FOLDERS.intersection(parts) or re.search(r"[<>{}$*%]", path))


def _in_twin(function: Resource, twins: Iterable[Template], tree: Tree, module: str) -> _Place | None:
    for twin in twins:
        other = twin.resources.get(function.id)
        if twin is function.template or other is None or other.type not in FUNCTION_TYPES:
            continue
        place = _written(other, tree, other.property("Handler").text.rpartition(".")[0])
        if isinstance(place, _Place) and place.inline is None:
            own = _in(place.root, module, tree) or place.module
            return _Place(own, place.root, f"the twin template {basename(twin.path)}")
    return None


FUNCTION_TYPES = ("AWS::Lambda::Function", "AWS::Serverless::Function")


def _by_spelling(function: Resource, tree: Tree, module: str) -> _Place | None:
    home = dirname(function.template.path)
    if "/" in module and (path := _in(home, module, tree)):
        return _Place(path, home, "the Handler's path")
    for folder in _ancestors(home):
        if "/" in module and (path := _in(folder, module, tree)):
            return _Place(path, folder, "the Handler's path")
    for name, how in _names(function, basename(home)):
        for folder in (home, dirname(home)):
            for code in (*CODE_FOLDERS, ""):
                root = normpath(join(folder, code, name))
                if tree.is_dir(root) and (path := _in(root, basename(module), tree)):
                    return _Place(path, root, how, by_name=True)
    return None


def _names(function: Resource, application: str) -> Iterator[tuple[str, str]]:
    """Folder names that a function's package or logical id suggests."""
    key = re.sub(r"\$\{[^{}]*\}", "", code_key(function))
    stem = re.sub(r"\.zip$", "", basename(key))
    if stem:
        bare = stem.removeprefix(f"{application}-").removeprefix(f"{application}_").strip("-_")
        for name in dict.fromkeys((bare, stem)):
            yield name.replace("-", "_"), "the name of its package"
            yield name, "the name of its package"
        parts = stem.split("-")
        for at in range(1, len(parts)):
            yield "_".join(parts[at:]), "the name of its package"
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", function.id).lower()
    for suffix in ("", "_function", "_lambda", "_lambda_function", "_handler"):
        if snake.endswith(suffix):
            yield snake.removesuffix(suffix), "its logical id"
            yield snake.removesuffix(suffix).replace("_", "-"), "its logical id"


def _ancestors(folder: str) -> Iterator[str]:
    while folder:
        folder = dirname(folder)
        yield folder


def _why_not(function: Resource) -> str:
    key = code_key(function)
    if key:
        return f"no folder is named after its package {key!r}"
    if function.property("CodeUri") or function.properties["Code"]:
        return "its code is given by a computed value"
    return "it names no code"


def module_in(folder: str, module: str, tree: Tree) -> str | None:
    """The file that a handler's module is, in a folder that Python looks into; None when it is not there."""
    return _in(folder, module, tree)


def layers(function: Resource, tree: Tree) -> tuple[tuple[str, ...], bool]:
    """The folders of the layers that the template itself builds, and whether others are named."""
    folders: list[str] = []
    external = False
    for node in function.property("Layers").walk():
        found = node.function
        if found is None:
            external |= node.is_text and node.text.startswith("arn:")
            continue
        if found[0] not in {"Ref", "Fn::GetAtt"}:
            continue
        resource = function.template.resources.get(found[1].text.split(".", 1)[0])
        content = _content(resource) if resource is not None else None
        folder = within(dirname(function.template.path), content) if content else None
        if folder is None:
            external = True
            continue
        folders += [path for path in (join(folder, "python"), folder) if tree.is_dir(path or ".")]
    return tuple(folders), external


def _content(layer: Resource) -> str | None:
    node = layer.properties["ContentUri"] or layer.properties["Content"]
    return node.text if node.is_text and not node.text.startswith("s3://") else None
