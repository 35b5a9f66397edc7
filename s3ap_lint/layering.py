"""Which layer of a template would bring a function what it imports and does not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from posixpath import join

from s3ap_lint.distributions import Requirements
from s3ap_lint.function import Function
from s3ap_lint.missing import MissingImport, missing_imports
from s3ap_lint.packaging import LAYER_TYPES, Files, Layer, layer_of, package_of
from s3ap_lint.python.closure import Closure
from s3ap_lint.resolution import Code
from s3ap_lint.template.template import Resource


def layers_bringing(function: Function, missing: MissingImport) -> Iterator[Resource]:
    """The layers of the template that certainly hold a missing module and leave nothing of it out."""
    code = function.code
    if not isinstance(code, Code) or code.inline is not None or missing.relative or missing.around:
        return
    tree = function.application.project.tree
    for resource in function.template.of_type(*LAYER_TYPES):
        layer = layer_of(resource, tree)
        if layer is not None and _has(function, layer, missing) and _is_enough(function, code, layer, missing.top):
            yield resource


def _has(function: Function, layer: Layer, missing: MissingImport) -> bool:
    """Whether a layer shows that it holds a module."""
    files = function.application.project.tree
    if layer.recipe is not None:
        return bool(missing.found) and layer.recipe.readable and layer.holds(missing.found, missing.name)
    folders = [join(layer.folder, "python")] if layer.as_it_is else [join(layer.folder, "python"), layer.folder]
    if any(files.is_dir(join(one, missing.top)) or files.is_file(join(one, f"{missing.top}.py")) for one in folders):
        return True
    wanted = Requirements()
    path = join(layer.folder, "requirements.txt")
    return not layer.as_it_is and wanted.read(path, partial(_text, files)) and wanted.provide(missing.top) is True


def _text(files: Files, path: str) -> str | None:
    data = files.data(path) if files.is_file(path) else None
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else None


def _is_enough(function: Function, code: Code, layer: Layer, top: str) -> bool:
    """Whether with the layer nothing of a package is missing any more, and nothing else either."""
    project = function.application.project
    package = package_of(function.resource, code, project.tree)
    if package is None:
        return False
    folders = [path for path in (join(layer.folder, "python"), layer.folder) if project.tree.is_dir(path or ".")]
    search = tuple(dict.fromkeys((code.root, *code.layers, *folders, *function.search_path)))
    closure = Closure(code.module, code.entry, search=search, load=project.load, shelf=project.shelf)
    with_it = replace(package, layers=(*package.layers, layer))
    left = {one.top for one in missing_imports(closure, with_it, function.runtime, function.placed)}
    return top not in left and left <= {one.top for one in function.missing_imports}
