"""The imports of a handler that nothing in its package provides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from posixpath import basename, dirname, normpath

from s3ap_lint import distributions
from s3ap_lint.model import Location
from s3ap_lint.packaging import Files, Package, recipe_at
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.graph import Node
from s3ap_lint.python.needed import Circumstances, Needed, circumstances, needed, relied_on

_ELSEWHERE = ("/mnt", "/tmp")  # folders that are filled while the function runs
_GENERATED = ("_pb2", "_pb2_grpc", "_version", "version")


@dataclass(frozen=True)
class MissingImport:
    """An import that fails when it is made.

    `name` is the shortest part of the module's name that is not there. `found` is the file of the project that has it
    (""): the package leaves it out; `left_out` is the recipe of the layer that should hold it. `expected`: the code
    says what to do without it. `lands`: where its layer puts it, and Python does not look. `around`: it is asked for by
    its path from a folder around the package. `relative`: there is no package that it could start from.
    """

    name: str
    at: Location
    on_import: bool
    found: str = ""
    expected: bool = False
    relative: bool = False
    left_out: Location | None = None
    lands: str = ""
    around: bool = False

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


def missing_imports(
    closure: Closure, package: Package, runtime: str, placed: Callable[[Location], Location]
) -> Iterator[MissingImport]:
    """What is missing, in the order in which it is met; nothing where sys.path is changed beyond recognition."""
    search = _Search(closure, package, runtime)
    if not search.readable or runtime.startswith("python2"):
        return
    for one in needed(closure.reach()):
        found = search.missing(one)
        if found is not None:
            yield replace(found, at=placed(found.at))


class _Search:
    def __init__(self, closure: Closure, package: Package, runtime: str) -> None:
        self.closure = closure
        self.package = package
        self.python = distributions.version_of(runtime)
        self._installed: dict[str, bool | None] = {}
        self._staged: dict[str, bool] = {}
        self._sure = relied_on(closure)

    @property
    def files(self) -> Files:
        return self.package.files

    @cached_property
    def _folders(self) -> list[str | None]:
        """The folders that the code adds to sys.path."""
        return [change.folder for module in self.closure.modules for change in module.path_changes]

    @cached_property
    def _looks_into_opt(self) -> bool:
        return any(folder is not None and normpath(folder) == "/opt" for folder in self._folders)

    @property
    def readable(self) -> bool:
        """Whether every folder that is searched for modules is known."""
        return not any(folder is None or folder.startswith(_ELSEWHERE) for folder in self._folders)

    def missing(self, one: Needed) -> MissingImport | None:
        """What an import lacks, if it fails for certain."""
        if one.node not in self._sure or not self._packaged(one.node):
            return None  # the module itself is not there, which is said where it is imported
        module = one.node.module
        met = circumstances(module, one.imported) if module is not None else Circumstances()
        if met.versions:
            return None
        if not one.name:
            return self._relative(one, met)
        if self._given(one.top):
            return None
        for run in one.target.runs:
            if not self._packaged(run):
                return self._left_out(one, run, met)
        if one.target.node is None and not one.target.missing.startswith("."):
            return self._nowhere(one, met)
        return None

    def _relative(self, one: Needed, met: Circumstances) -> MissingImport | None:
        if met.answered or met.optional or one.node is not self.closure.root or self.package.root is None:
            return None
        return MissingImport(one.target.missing, one.imported.at, one.on_import, relative=True)

    def _given(self, top: str) -> bool:
        """Whether a module comes with Lambda, in a version of Python that the rule on versions does not look at."""
        if distributions.in_runtime(top) or (top == "cfnresponse" and self.package.root is None):
            return True
        span = distributions.lifetime(top)
        newer = span is not None and self.python is not None and self.python < span[0]
        return newer or distributions.in_standard_library(top, self.python)

    def _packaged(self, node: Node) -> bool:
        """Whether a module is in the package, or put there by something that can only be guessed at."""
        if not node.path or node.path == self.closure.entry:
            return True
        if self.package.misnames(node.path, node.found.name):
            return not self._around(node.found.name)
        if self._looks_into_opt and self.package.misplacing(node.path) is not None:
            return True
        return self.package.holds(node.path, node.found.name) or self._is_staged(node.found.name.partition(".")[0])

    def _around(self, module: str) -> str:
        """The file of a module that is asked for by its path from a folder around the package."""
        return "" if self._folders else self.package.around(module)

    def _is_staged(self, top: str) -> bool:
        if top not in self._staged:
            self._staged[top] = self.package.staged(top)
        return self._staged[top]

    def _provided(self, top: str) -> bool:
        """Whether a package from elsewhere is, or may be, installed."""
        if top not in self._installed:
            self._installed[top] = self.package.installs(top)
        return self._installed[top] is not False

    def _left_out(self, one: Needed, run: Node, met: Circumstances) -> MissingImport | None:
        """A module of the project that the package leaves out."""
        if self._is_test(one.node.path) or self.package.installs(one.top):
            return None
        layer = self.package.lacking(run.path)
        recipe = recipe_at(layer, self.files) if layer is not None else None
        misplacing = self.package.misplacing(run.path)
        return MissingImport(
            run.found.name,
            one.imported.at,
            one.on_import,
            run.path,
            met.expected or met.optional,
            left_out=recipe if misplacing is None else misplacing.content.at,
            lands="" if misplacing is None else misplacing.lands(run.path),
            around=self.package.misnames(run.path, run.found.name),
        )

    def _nowhere(self, one: Needed, met: Circumstances) -> MissingImport | None:
        """A module that is nowhere in the project."""
        if met.answered or met.optional or met.tested or self._is_test(one.node.path):
            return None
        name = one.target.missing
        if "." in name:
            parent = self.closure.finder.find(name.rpartition(".")[0])
            if parent is None or parent.file is None or name.endswith(_GENERATED) or self._extends(parent.file):
                return None
            return MissingImport(name, one.imported.at, one.on_import)
        around = self._around(one.imported.module)
        if around:
            return MissingImport(name, one.imported.at, one.on_import, around, around=True)
        if self._provided(one.top) or self._is_staged(one.top):
            return None
        return MissingImport(name, one.imported.at, one.on_import)

    def _extends(self, path: str) -> bool:
        """Whether a package looks for its modules in other places as well."""
        node = next((node for node in self.closure.nodes if node.path == path), None)
        return node is None or node.module is None or b"__path__" in node.module.source.data

    @staticmethod
    def _is_test(path: str) -> bool:
        return basename(path) == "conftest.py" or basename(dirname(path)) in {"test", "tests"}
