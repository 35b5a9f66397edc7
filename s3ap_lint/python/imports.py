"""From the name of a module to the files that Python would run, in a list of folders."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Exists = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """A module or package: the file that runs (None for a namespace package) and where its submodules are."""

    name: str
    file: str | None
    folders: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The package that relative imports of the module start from."""
        return self.name if self.folders else self.name.rpartition(".")[0]


class Shelf:
    """What folders hold under a module's name, remembered for all the finders of a project.

    `again` is told the paths that a remembered answer was about, for the record of what rests on them.
    """

    def __init__(self, exists: Exists, is_dir: Exists, again: Callable[[Iterable[str]], None] | None = None) -> None:
        self._exists = exists
        self._is_dir = is_dir
        self._again = again
        self._known: dict[tuple[str, str], tuple[tuple[str, str], tuple[str, ...]]] = {}

    def forget(self) -> None:
        """Ask again from now on."""
        self._known.clear()

    def at(self, folder: str, name: str) -> tuple[str, str]:
        """(file, folder) of a module or package in a folder; "" for what there is not."""
        key = (folder, name)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._look(posixpath.normpath(posixpath.join(folder, name)))
        elif self._again is not None:
            self._again(known[1])
        return known[0]

    def _look(self, base: str) -> tuple[tuple[str, str], tuple[str, ...]]:
        """The answer, and the paths that were asked about: the folder first, for mostly there is none."""
        package, module = f"{base}/__init__.py", f"{base}.py"
        if not self._is_dir(base):
            return (module if self._exists(module) else "", ""), (base, module)
        if self._exists(package):
            return (package, base), (base, package)
        asked = (base, package, module)
        return ((module, "") if self._exists(module) else ("", base)), asked


class Finder:
    """Looks modules up as Python does, and remembers the answers."""

    def __init__(self, search: tuple[str, ...], shelf: Shelf) -> None:
        self.search = search
        self.shelf = shelf
        self._known: dict[str, Found | None] = {}

    def extend(self, folder: str) -> None:
        """One more folder; what was not found before may be found now."""
        self.search = (*self.search, folder)
        self._known = {name: found for name, found in self._known.items() if found is not None}

    def find(self, name: str) -> Found | None:
        """The module of an absolute dotted name."""
        if name not in self._known:
            self._known[name] = self._look(name)
        return self._known[name]

    def _look(self, name: str) -> Found | None:
        parent, _, last = name.rpartition(".")
        if not last:
            return None
        if not parent:
            found = self._in(self.search, last, last)
            if found is not None and found.file is None and last in sys.stdlib_module_names:
                return None  # a real module wins over a folder without __init__.py, wherever it is
            return found
        package = self.find(parent)
        return None if package is None else self._in(package.folders, last, name)

    def _in(self, folders: tuple[str, ...], last: str, name: str) -> Found | None:
        portions = []
        for folder in folders:
            file, base = self.shelf.at(folder, last)
            if file:
                return Found(name, file, (base,) if base else ())
            if base:
                portions.append(base)
        return Found(name, None, tuple(portions)) if portions else None

    def missing(self, name: str) -> str:
        """The shortest beginning of a dotted name that is not found."""
        parts = name.split(".")
        for end in range(1, len(parts)):
            if self.find(".".join(parts[:end])) is None:
                return ".".join(parts[:end])
        return name


def absolute(module: str, level: int, package: str) -> str | None:
    """The absolute name of a relative import; None when it goes beyond the top-level package."""
    if not level:
        return module
    parts = package.split(".") if package else []
    if level > len(parts):
        return None
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, module] if module else base)


def name_of(path: str, folder: str) -> str:
    """The dotted name under which Lambda imports a file of the folder that is its root."""
    below = f"{posixpath.normpath(folder)}/" if folder and folder != "." else ""
    inside = path.removeprefix(below)
    stem = inside.removesuffix(".py").removesuffix("/__init__")
    return stem.replace("/", ".") if path.startswith(below) else posixpath.basename(stem)


def above(folder: str) -> Iterator[str]:
    """A folder and those around it, up to the root."""
    yield folder
    while folder:
        folder = posixpath.dirname(folder)
        yield folder
