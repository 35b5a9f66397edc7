"""A folder's templates and the Python files beside them, joined only by what is written out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join, normpath

from bench.faults.script import Script
from s3ap_lint.application import runtime_sets
from s3ap_lint.model import Edit
from s3ap_lint.resolution import FUNCTION_TYPES
from s3ap_lint.source import Source, apply
from s3ap_lint.template.document import parse
from s3ap_lint.template.node import Node
from s3ap_lint.template.recognition import is_template
from s3ap_lint.template.template import Resource, Template

LEFT_OUT = frozenset(("tests", "test", "node_modules", ".aws-sam", "__pycache__", "faults", ".venv", "cdk.out"))


@dataclass(frozen=True)
class Function:
    """A function whose handler is a file of the application.

    `root` is the folder that is packaged. `written`: its own template says so; else its twin does.
    """

    resource: Resource
    root: str
    file: str
    entry: str
    written: bool

    @property
    def id(self) -> str:
        return self.resource.id

    @property
    def template(self) -> Template:
        return self.resource.template


@dataclass(frozen=True)
class Variable:
    """A variable that a template sets, and the functions that get it there and require it in their own file."""

    name: str
    node: Node
    readers: tuple[Function, ...]

    @property
    def template(self) -> Template:
        return self.readers[0].template


@dataclass(frozen=True)
class Application:
    """The templates of a folder. Paths are relative to the root."""

    root: Path
    folder: str
    paths: tuple[str, ...]

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None when there is none."""
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """The templates that can be read."""
        found = []
        for path in self.paths:
            source = Source(path, self.read(path) or b"")
            top = parse(source).top
            if top is not None and is_template(top):
                found.append(Template(source, top))
        return tuple(found)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions that Python runs and whose code lies where a template says."""
        found = (self._function(r) for template in self.templates for r in template.of_type(*FUNCTION_TYPES))
        return tuple(function for function in found if function is not None)

    def _function(self, resource: Resource) -> Function | None:
        if not resource.property("Runtime").text.startswith("python"):
            return None
        own = self._root(resource)
        twins = (t.resources[resource.id] for t in self.templates if resource.id in t.resources)
        root = own if own is not None else next((r for twin in twins if (r := self._root(twin)) is not None), None)
        module, _, entry = resource.property("Handler").text.rpartition(".")
        if root is None or not module:
            return None
        file = normpath(join(root, f"{module if '/' in module else module.replace('.', '/')}.py"))
        if not (self.root / file).is_file() or file.startswith(".."):
            return None
        return Function(resource, root, file, entry, own is not None)

    def _root(self, resource: Resource) -> str | None:
        uri = resource.property("CodeUri")
        if not uri.is_text or "://" in uri.text:
            return None
        folder = normpath(join(dirname(resource.template.path), uri.text))
        return folder if (self.root / folder).is_dir() and not folder.startswith("..") else None

    @cached_property
    def python(self) -> tuple[str, ...]:
        """The Python files of the folder, tests excepted."""
        found = (path.relative_to(self.root) for path in (self.root / self.folder).rglob("*.py"))
        return tuple(sorted(path.as_posix() for path in found if not LEFT_OUT & set(path.parts)))

    @cached_property
    def scripts(self) -> dict[str, Script]:
        """Those that parse, and what lies beside the application under the names that are staged into packages."""
        above = self.root.joinpath(self.folder).relative_to(self.root).parents if self.folder else ()
        shared = (path for folder in above for path in (self.root / folder / "shared").glob("*.py"))
        paths = dict.fromkeys((*self.python, *sorted(path.relative_to(self.root).as_posix() for path in shared)))
        return {path: script for path in paths if (script := Script.parse(path, self.read(path))) is not None}

    @cached_property
    def handlers(self) -> dict[str, tuple[Function, ...]]:
        """The files that functions start in, each with these."""
        out: dict[str, tuple[Function, ...]] = {}
        for function in self.functions:
            if function.file in self.scripts:
                out[function.file] = (*out.get(function.file, ()), function)
        return out

    # -- variables -------------------------------------------------------------------------------

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that the templates write out, in functions and in Globals, where a handler needs them."""
        out = []
        for template in self.templates:
            shared = template.top["Globals"]["Function"]["Environment"]
            mine = [f for f in self.functions if f.template is template and f.file in self.scripts]
            given = [(shared, tuple(mine))] + [(f.resource.properties["Environment"], (f,)) for f in mine]
            for environment, functions in given:
                for name, node in environment["Variables"].items():
                    readers = tuple(f for f in functions if self._needs(f, name))
                    if readers and not name.startswith("Fn::"):
                        out.append(Variable(name, node, readers))
        return tuple(out)

    def _needs(self, function: Function, name: str) -> bool:
        return any(read.name == name for read in self.scripts[function.file].reads)

    def doubt(self, variable: Variable) -> str:
        """Why it cannot be told that a function fails without a variable; "" when one does on every event."""
        doubts = [self.doubt_of(reader, variable.name, (variable.node,)) for reader in variable.readers]
        return "" if "" in doubts else doubts[0]

    def doubt_of(self, function: Function, name: str, without: tuple[Node, ...] = ()) -> str:
        """Why a function may do without a variable that it reads, apart from what some nodes set; "" if it cannot."""
        if not function.written:
            return "the code is named by the twin only"
        if name not in self.scripts[function.file].sure_reads(function.entry):
            return "read where not every event comes along"
        if any(script.sets(name) for script in self.scripts.values()):
            return "the code may set it"
        if runtime_sets(name):
            return "the runtime sets it"
        both = (function.resource.properties["Environment"], function.resource.inherited("Environment"))
        if any(node.function or node["Variables"].function for node in both):
            return "the environment is computed"
        if any(node["Variables"][name] and node["Variables"][name] not in without for node in both):
            return "set twice"
        return "the function has a Condition" if function.resource.condition else ""


def changed(template: Template, *edits: Edit | None) -> bytes | None:
    """A template's bytes after edits; None when one of them is, or they are in each other's way."""
    if not edits or any(edit is None for edit in edits):
        return None
    try:
        return apply(template.source.data, [edit for edit in edits if edit is not None])
    except ValueError:
        return None


def line_of(template: Template, node: Node) -> int:
    """The line on which a node's key stands."""
    return template.source.place(node.key_at).line
