"""What the package of a function holds: its folder, the layers that its template builds, what is staged into them.

`None` stands for packages that are made elsewhere, of which nothing can be told.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import basename, dirname, join
from typing import Protocol

from s3ap_lint import recipes
from s3ap_lint.distributions import Requirements
from s3ap_lint.model import Location, Span
from s3ap_lint.recipes import Recipe
from s3ap_lint.resolution import Code, Tree, within
from s3ap_lint.source import Source
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource

LAYER_TYPES = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")

_WRITTEN = frozenset({"CodeUri", "the template's folder"})
_MANIFESTS = ("Pipfile", "environment.yml", "poetry.lock", "pyproject.toml", "setup.cfg", "setup.py", "uv.lock")
_SCRIPT_FOLDERS = ("", "bin", "build", "ci", "deploy", "hack", "scripts", "tools")
_SCRIPT = re.compile(
    r"(.*\.(bash|bat|cmd|mk|ps1|sh|zsh)|(GNU)?[Mm]akefile.*|[Jj]ustfile|Jenkinsfile|Taskfile\.ya?ml|package\.json"
    r"|Dockerfile.*|buildspec.*\.ya?ml|\.gitlab-ci\.ya?ml|\.gitignore|(build|deploy|package|bundle|publish|setup|tasks|noxfile|update|upload)\w*\.py"
    r"|build|deploy|package|serverless\.ya?ml|cdk\.json)"
)
_BUILDS = re.compile(r".*\.(bash|bat|cmd|mk|ps1|sh|zsh)|(GNU)?[Mm]akefile.*|Dockerfile.*")
_MAKES_PYTHON = re.compile(r"(?i)\b(mkdir|makedirs|md|New-Item)\b[^\n]*\bpython\b")
_DEEPEST = 3
_SEARCHED = ("python", *(f"python/lib/python3.{minor}/site-packages" for minor in range(6, 20)))
"""Where Python looks in a layer."""


class Files(Tree, Protocol):
    """What packaging asks of the project's files."""

    def listdir(self, path: str) -> tuple[str, ...]: ...
    def data(self, path: str) -> object: ...
    def asked_again(self, paths: Iterable[str]) -> None: ...


@dataclass(frozen=True)
class Layer:
    """A layer that the template builds: its folder as it is, or what a recipe copies out of it."""

    resource: Resource
    folder: str
    content: Node
    recipe: Recipe | None = None
    makefile: str = ""

    @property
    def as_it_is(self) -> bool:
        """Whether the folder becomes `/opt` without a build that would give it a folder `python`."""
        return not self.resource.node["Metadata"]["BuildMethod"]

    def lands(self, path: str) -> str:
        """The place in `/opt` of a file that lies where Python does not look; "" for any other."""
        inside = _below(path, self.folder) if self.as_it_is else None
        if inside is None or inside.startswith("python/"):
            return ""
        return f"/opt/{inside.partition('/')[0]}"

    def holds(self, path: str, module: str) -> bool:
        """Whether a file of the project is in the layer under the name of a module."""
        inside = _below(path, self.folder)
        if inside is None:
            return False
        if self.recipe is None or not self.recipe.readable:
            return True
        stem = module.replace(".", "/")
        wanted = f"{stem}/__init__.py" if basename(path) == "__init__.py" else f"{stem}.py"
        landing = self.recipe.landing(inside)
        return bool(landing) and any(join(top, wanted) in landing for top in _SEARCHED)


@dataclass(frozen=True)
class Package:
    """The package of one function. `root` is None for code that stands in the template."""

    files: Files
    resource: Resource
    root: str | None
    layers: tuple[Layer, ...] = ()
    _texts: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)

    # -- modules of the project

    def holds(self, path: str, module: str) -> bool:
        """Whether a file of the project is in the package or a layer, under the name of a module."""
        if self.root is not None and _below(path, self.root) is not None:
            return True
        return self.misplacing(path) is None and any(layer.holds(path, module) for layer in self.layers)

    def misplacing(self, path: str) -> Layer | None:
        """The layer that brings a file to a place where Python does not look, and that nothing else may change."""
        if not all(layer.as_it_is for layer in self.layers):
            return None  # the same module may be in another layer
        found = next((layer for layer in self.layers if layer.lands(path)), None)
        return None if found is None or self._reshaped(found.folder) else found

    def misnames(self, path: str, module: str) -> bool:
        """Whether a file of the package is asked for by more of its path than the package keeps."""
        inside = _below(path, self.root) if self.root else None
        if inside is None:
            return False
        stem = f"/{inside}".removesuffix(".py").removesuffix("/__init__")
        return not stem.endswith(f"/{module.replace('.', '/')}")

    def around(self, module: str) -> str:
        """The file of a module by its path from a folder around the package, which is not packaged with it; else ""."""
        top, *rest = module.split(".")
        parts = (self.root or "").split("/")
        for depth in (depth for depth, part in enumerate(parts) if part == top):
            base = join(*parts[: depth + 1], *rest)
            found = next((path for path in (f"{base}.py", f"{base}/__init__.py") if self.files.is_file(path)), "")
            if found and not self._may_bring(top):
                return found
        return ""

    def _may_bring(self, folder: str) -> bool:
        """Whether a folder around the package may be put into it, or be installed."""
        wanted = self._wanted()
        texts = [*self._scripts, *self._pages, *self._scripts_above]
        return (
            not wanted.complete
            or wanted.provide(folder) is True
            or any(self.files.is_file(join(self.root or "", name)) for name in _MANIFESTS)
            or any(self._open(layer) for layer in self.layers)
            or any(recipes.copies(text, folder) or recipes.installs(text) for text in texts)
        )

    def _reshaped(self, folder: str) -> bool:
        """Whether something may give the folder of a layer another shape before it is deployed."""
        at = folder
        while at and at != self._home:
            if any(_BUILDS.fullmatch(name) for name in self._names(at)):
                return True
            at = dirname(at)
        name = basename(folder) if basename(folder) != "python" else basename(dirname(folder))
        scripts = [recipes.uncommented(text) for text in (*self._scripts, *self._scripts_above)]
        if any(name and recipes.mentions(text, name) for text in scripts):
            return True
        return any(_MAKES_PYTHON.search(text) or recipes.copies(text, "python") for text in (*scripts, *self._pages))

    def lacking(self, path: str) -> Layer | None:
        """The layer that is made from a folder with a file, by a recipe that leaves it out."""
        found = (layer for layer in self.layers if layer.recipe and _below(path, layer.folder) is not None)
        return next(found, None)

    def staged(self, top: str) -> bool:
        """Whether some script of the application, or one that names it, may put a package of the project there."""
        if any(recipes.mentions(text, top) for text in self._scripts):
            return True
        if any(recipes.copies(text, top) for text in self._pages):
            return True
        home = basename(self._home)
        beside = basename(dirname(self.root or ""))
        return bool(home) and any(
            recipes.copies(text, top)
            and (
                recipes.mentions(recipes.uncommented(text), home)
                or (bool(beside) and recipes.copies_into_each(text, top, beside))
            )
            for text in self._scripts_above
        )

    @property
    def replaced_later(self) -> bool:
        """Whether some script uploads another package once the stack is deployed."""
        texts = [*self._scripts, *self._scripts_above]
        return any("update_function_code" in text or "update-function-code" in text for text in texts)

    # -- packages from elsewhere

    def installs(self, top: str) -> bool | None:
        """Whether requirements provide a top-level module; None when that cannot be told."""
        answer = self._wanted().provide(top)
        if answer is not False:
            return answer
        if self.root is not None and any(self.files.is_file(join(self.root, name)) for name in _MANIFESTS):
            return None
        if any(self._open(layer) for layer in self.layers):
            return None
        texts = [*self._scripts, *self._pages]
        return None if any(recipes.installs(text) or recipes.mentions(text, top) for text in texts) else False

    def _wanted(self) -> Requirements:
        wanted = Requirements()
        for folder in self._required_in:
            wanted.read(join(folder, "requirements.txt"), self._text)
        return wanted

    @property
    def _required_in(self) -> Iterator[str]:
        """The folders whose requirements count, up to the template's."""
        for layer in self.layers:
            yield from (layer.folder, join(layer.folder, "python"))
        folder = self.root
        while folder is not None:
            yield folder
            if folder == self._home or not folder:
                return
            folder = dirname(folder)

    def _open(self, layer: Layer) -> bool:
        """Whether a layer may hold packages that nothing in the repository names."""
        if layer.recipe is not None:
            return layer.recipe.installs or not layer.recipe.readable
        names = self.files.listdir(layer.folder)
        if any(_BUILDS.fullmatch(name) for name in names):
            return True
        listed = any(self.files.is_file(join(layer.folder, part, "requirements.txt")) for part in ("", "python"))
        return not listed and not self._has_code(layer.folder, _DEEPEST)

    def _has_code(self, folder: str, depth: int) -> bool:
        names = self.files.listdir(folder)
        if any(name.endswith(".py") for name in names):
            return True
        below = (join(folder, name) for name in names if depth and not name.startswith("."))
        return any(self._has_code(path, depth - 1) for path in below if self.files.is_dir(path))

    # -- texts

    @property
    def _home(self) -> str:
        return dirname(self.resource.template.path)

    @property
    def _scripts(self) -> list[str]:
        folders = [join(self._home, folder) for folder in _SCRIPT_FOLDERS]
        folder = self.root
        while folder and folder != self._home:
            folders.append(folder)
            folder = dirname(folder)
        return self._read("scripts", folders, _SCRIPT)

    @property
    def _pages(self) -> list[str]:
        return self._read("pages", [self._home, self.root or self._home], re.compile(r"(?i)readme.*"))

    @property
    def _scripts_above(self) -> list[str]:
        folders, folder = [], self._home
        while folder:
            folder = dirname(folder)
            folders += [join(folder, name) for name in _SCRIPT_FOLDERS]
        return self._read("above", folders, _SCRIPT)

    def _read(self, kind: str, folders: list[str], wanted: re.Pattern[str]) -> list[str]:
        if kind not in self._texts:
            paths = (
                join(folder, name) for folder in dict.fromkeys(map(_plain, folders)) for name in self._names(folder)
            )
            found = (self._text(path) for path in paths if wanted.fullmatch(basename(path)))
            self._texts[kind] = [recipes.others(text) for text in found if text is not None]
        return self._texts[kind]

    def _names(self, folder: str) -> tuple[str, ...]:
        return self.files.listdir(folder) if self.files.is_dir(folder) else ()

    def _text(self, path: str) -> str | None:
        return _text(self.files, path)


def _plain(folder: str) -> str:
    return "" if folder in ("", ".") else posixpath.normpath(folder)


def _text(files: Files, path: str) -> str | None:
    data = files.data(path) if files.is_file(path) else None
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else None


def _below(path: str, folder: str) -> str | None:
    """A path relative to a folder that holds it."""
    if not folder:
        return path
    return path[len(folder) + 1 :] if path.startswith(f"{folder}/") else None


def package_of(function: Resource, code: Code, files: Files) -> Package | None:
    """The package of a function, when the repository says what is in it."""
    if code.inline is None and code.how not in _WRITTEN:
        return None
    method = function.node["Metadata"]["BuildMethod"].text
    if (method and not method.startswith("python")) or function.property("FileSystemConfigs"):
        return None
    if any("PYTHONPATH" in places["Variables"] for places in _both(function, "Environment")):
        return None
    layers = []
    for node in _both(function, "Layers"):
        for named in _named(node):
            layer = _layer(function, named, files)
            if layer is None:
                return None
            layers.append(layer)
    return Package(files, function, None if code.inline is not None else code.root, tuple(layers))


def _both(function: Resource, name: str) -> Iterator[Node]:
    yield from (node for node in (function.inherited(name), function.properties[name]) if node)


def _named(node: Node) -> Iterator[Node]:
    """The layers of a list, whatever the scenario."""
    if node.is_sequence:
        for one in node:
            yield from _named(one)
        return
    found = node.function
    if found is not None and found[0] == "Fn::If":
        yield from _named(found[1][1])
        yield from _named(found[1][2])
    elif found is None or found[1].text != "AWS::NoValue":
        yield node


def _layer(function: Resource, node: Node, files: Files) -> Layer | None:
    """A layer that the template builds from a folder of the project."""
    found = node.function
    if found is None or found[0] not in {"Ref", "Fn::GetAtt", "Fn::Sub"}:
        return None
    name = (found[1].text or found[1][0].text).removeprefix("${").removesuffix("}").partition(".")[0]
    resource = function.template.resources.get(name)
    if resource is None or resource.type not in LAYER_TYPES:
        return None
    return layer_of(resource, files)


def layer_of(resource: Resource, files: Files) -> Layer | None:
    """What the template builds a layer from; None where that is no folder of the project, or cannot be told."""
    content = resource.property("ContentUri") or resource.properties["Content"]
    folder = within(dirname(resource.template.path), content.text) if content.is_text else None
    if folder is None or not files.is_dir(folder):
        return None
    if resource.node["Metadata"]["BuildMethod"].text != "makefile":
        return Layer(resource, folder, content)
    for makefile in ("Makefile", "makefile", "GNUmakefile"):
        text = _text(files, join(folder, makefile))
        recipe = recipes.recipe(text, f"build-{resource.id}") if text is not None else None
        if recipe is not None:
            return Layer(resource, folder, content, recipe, join(folder, makefile))
    return None


def recipe_at(layer: Layer, files: Files) -> Location:
    """The place of the recipe that makes a layer."""
    data = files.data(layer.makefile)
    if layer.recipe is None or not isinstance(data, bytes):
        return layer.resource.at
    source = Source(layer.makefile, data)
    start = source.line_start(layer.recipe.line)
    return Location(layer.makefile, Span(start, start + len(source.line_text(layer.recipe.line).split(":")[0])))
