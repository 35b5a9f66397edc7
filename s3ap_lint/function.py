"""A function resource, joined to the code it runs, the variables it is given and the role it runs under."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from posixpath import basename, dirname
from typing import Protocol

from s3ap_lint.distributions import library, version_of
from s3ap_lint.iam import Role
from s3ap_lint.inline import in_template, inline_module
from s3ap_lint.missing import MissingImport, missing_imports
from s3ap_lint.model import Location
from s3ap_lint.packaging import Files, Package, package_of
from s3ap_lint.project import Project
from s3ap_lint.python.attributes import UnknownAttribute
from s3ap_lint.python.calls import Calls, SdkCall
from s3ap_lint.python.closure import Closure
from s3ap_lint.python.imports import Finder
from s3ap_lint.python.interpolation import Inserted, inserted
from s3ap_lint.python.module import Module, parse
from s3ap_lint.python.reach import ReachedRead
from s3ap_lint.python.returns import Returned
from s3ap_lint.python.signature import Signature, handler_signature
from s3ap_lint.python.sinks import Sinks
from s3ap_lint.python.versions import Newer, newer_than
from s3ap_lint.resolution import Code, Unjoined, layers, module_in, resolve
from s3ap_lint.statemachine import Task
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import World
from s3ap_lint.variables import (
    Environment,
    Variables,
    environment_of,
    names_every_variable,
    variables_anywhere,
    variables_of,
)


class Home(Protocol):
    """What a function asks of the application that deploys it."""

    @property
    def templates(self) -> tuple[Template, ...]: ...
    @property
    def project(self) -> Project: ...
    @property
    def functions(self) -> tuple[Function, ...]: ...
    def closure_of(self, code: Code, search: tuple[str, ...]) -> Closure: ...
    def role_of(self, resource: Resource, name: str) -> Role | None: ...
    def tasks_of(self, function: Function) -> tuple[Task, ...]: ...


def is_image(resource: Resource) -> bool:
    """Whether a function is a container image."""
    return resource.property("PackageType").text == "Image" or bool(resource.properties["ImageUri"])


@dataclass(eq=False)
class Function:
    """One function resource, joined to the code it runs."""

    resource: Resource
    application: Home

    @property
    def id(self) -> str:
        return self.resource.id

    @property
    def template(self) -> Template:
        return self.resource.template

    @property
    def at(self) -> Location:
        return self.resource.at

    @property
    def handler(self) -> str:
        return self.resource.property("Handler").text

    @cached_property
    def runtime(self) -> str:
        """The runtime as written, or the default of the parameter that gives it; "" when it cannot be told."""
        node = self.resource.property("Runtime")
        found = node.function
        if found is not None and found[0] == "Ref":
            parameter = self.template.space.parameters.get(found[1].text)
            return parameter.default or "" if parameter else ""
        return node.text

    @cached_property
    def is_python(self) -> bool:
        """Whether Lambda runs this with Python; container images are not looked into."""
        if is_image(self.resource):
            return False
        return self.runtime.startswith("python") or (not self.runtime and isinstance(self.code, Code))

    @cached_property
    def code(self) -> Code | Unjoined:
        """Where its code lies, or why that cannot be told."""
        project = self.application.project
        return resolve(self.resource, self.application.templates, project.tree, project.code_map)

    @property
    def joined(self) -> bool:
        """Whether its code was found, and can be read as far as the template goes."""
        return isinstance(self.code, Code) and not (self.is_inline and self.closure is None)

    @property
    def guess(self) -> str:
        """By the spelling of which name the code was found; "" when something in the template says where it is."""
        return self.code.how if isinstance(self.code, Code) and self.code.by_name else ""

    @cached_property
    def missing_code(self) -> Unjoined | None:
        """What the template leads to and is not there; None when it is there, is made by a build, or cannot be told."""
        code = self.code
        if not isinstance(code, Unjoined) or not code.lacks or self.built_by_hand or self.started_elsewhere:
            return None
        module = self.handler.rpartition(".")[0]
        tree = self.application.project.tree
        folders, external = layers(self.resource, tree)
        if code.lacks == "folder":
            return code
        if external or any(module_in(folder, module, tree) for folder in folders):
            return None
        parts = module.replace("/", ".").split(".")
        installed = len(parts) > 1 and not tree.is_dir(f"{code.folder}/{parts[0]}".lstrip("/"))
        if installed and any(_installs_packages(folder, tree) for folder in (code.folder, *folders)):
            return None  # the handler may be one of a package
        return code

    def modules_in(self, folder: str) -> tuple[str, ...]:
        """The modules of a folder by name, and those of its packages that have the handler's last name."""
        tree = self.application.project.tree
        names = tree.listdir(folder or ".")
        last = self.handler.rpartition(".")[0].replace("/", ".").rpartition(".")[2]
        inner = (f"{name}.{last}" for name in names if tree.is_file(f"{folder}/{name}/{last}.py".lstrip("/")))
        return (*(name[:-3] for name in names if name.endswith(".py") and name != "__init__.py"), *inner)

    @property
    def entry_candidates(self) -> tuple[str, ...]:
        """The functions of the handler's module that take an event and a context."""
        module = self.closure.root.module if self.closure is not None else None
        scopes = module.scope.children.items() if module is not None else ()
        return tuple(
            name for name, found in scopes if any(s.kind == "function" and len(s.parameters) >= 2 for s in found)
        )

    @property
    def is_inline(self) -> bool:
        """Whether its code stands in the template."""
        return isinstance(self.code, Code) and self.code.inline is not None

    @cached_property
    def is_placeholder(self) -> bool:
        """Whether its code stands in the template until something else takes its place."""
        module = self.inline
        if module is None:
            return False
        tree = self.application.project.tree
        return b"placeholder" in module.source.data.lower() or Package(tree, self.resource, None, ()).replaced_later

    @property
    def runs_named_module(self) -> bool:
        """Whether the code that was found is the module that the Handler names, not what a twin runs instead of it."""
        code = self.code
        if not isinstance(code, Code) or code.inline is not None:
            return isinstance(code, Code)
        named = self.handler.rpartition(".")[0].replace("/", ".").rpartition(".")[2]
        return basename(code.module.removesuffix("/__init__.py").removesuffix(".py")) == named

    @property
    def built_by_hand(self) -> bool:
        """Whether a makefile of its own puts together what is deployed."""
        return self.resource.node["Metadata"]["BuildMethod"].text == "makefile"

    @property
    def started_elsewhere(self) -> bool:
        """Whether something else than the runtime may load the handler, or from somewhere else."""
        own, inherited = self.resource.properties["Environment"], self.resource.inherited("Environment")
        return any(node.key in _LOADERS for top in (own, inherited) for node in top.walk())

    @cached_property
    def closure(self) -> Closure | None:
        """Everything the handler imports and reaches; None when the code is not joined or does not parse."""
        code = self.code
        if not isinstance(code, Code):
            return None
        if code.inline is None:
            return self.application.closure_of(code, self.search_path)
        source = inline_module(self.template.source, code.inline)
        if source is None:
            return None
        project, inline = self.application.project, parse(source)
        return Closure(
            code.module,
            code.entry,
            search=self.search_path,
            load=lambda path: inline if path == code.module else project.load(path),
            shelf=project.shelf,
            placed=self.placed,
        )

    def environment_reads(self, environment: Mapping[str, str | None] | None = None) -> tuple[ReachedRead, ...]:
        """The variables that are read on import or in code that the handler reaches, in an environment.

        `environment` maps the variables that are set to their values, None where these cannot be told;
        without it, in some environment.
        """
        reads = self.closure.environment_reads(environment) if self.closure is not None else ()
        if not self.is_inline:
            return reads

        def places(found: Iterable[Location]) -> tuple[Location, ...]:
            return tuple(self.placed(at) for at in found)

        return tuple(replace(r, at=self.placed(r.at), related=places(r.related), via=places(r.via)) for r in reads)

    @cached_property
    def missing_imports(self) -> tuple[MissingImport, ...]:
        """The imports it makes of modules that nothing provides; empty where the package is made elsewhere."""
        code, closure = self.code, self.closure
        if not isinstance(code, Code) or closure is None:
            return ()
        package = package_of(self.resource, code, self.application.project.tree)
        return () if package is None else tuple(missing_imports(closure, package, self.runtime, self.placed))

    @cached_property
    def unknown_attributes(self) -> tuple[UnknownAttribute, ...]:
        """What its code asks of the project's own modules, classes and instances, and they certainly do not have."""
        found = self.closure.unknown_attributes if self.closure is not None else ()
        return tuple(replace(one, at=self.placed(one.at), defined=self.placed(one.defined)) for one in found)

    @cached_property
    def signature(self) -> Signature | None:
        """How its handler takes what Lambda hands it; None when that cannot be told."""
        if self.closure is None or "." not in self.handler:
            return None
        found = handler_signature(self.closure.reach())
        return None if found is None else replace(found, at=self.placed(found.at))

    @cached_property
    def newer_than_runtime(self) -> tuple[Newer, ...]:
        """What its code needs a later version of Python for than the one it runs on."""
        python = version_of(self.runtime)
        if python is None or self.closure is None:
            return ()
        found = newer_than(self.closure.reach(), python, library())
        return tuple(replace(one, at=self.placed(one.at)) for one in found)

    @property
    def inline(self) -> Module | None:
        """The module that stands in the template itself, if it does; `placed` says where a place in it is."""
        return self.closure.root.module if self.is_inline and self.closure is not None else None

    def placed(self, at: Location) -> Location:
        """A place in the code for the reader: code that stands in the template is placed there."""
        code = self.code
        if not isinstance(code, Code) or code.inline is None or at.subject != code.module:
            return at
        return in_template(at, self.template.source, code.inline)

    def returned(self) -> tuple[Returned, ...]:
        """What its handler may hand back, decorators of the project included."""
        return self.closure.returned if self.closure is not None else ()

    def inserted(self, sinks: Sinks) -> tuple[tuple[Inserted, Location], ...]:
        """The values of the event that are formatted into the text that a sink runs, each with the call."""
        return tuple(inserted(self.closure, sinks)) if self.closure is not None else ()

    def importable(self, module: str) -> str:
        """The path of the file that `import module` runs here; "" when it leads out of the project."""
        closure = self.closure
        if closure is None:
            return ""
        found = Finder((*self.search_path, *closure.added_folders), self.application.project.shelf).find(module)
        return found.file or "" if found is not None else ""

    def sdk_calls(
        self, operations: Collection[str] | None = None, environment: Mapping[str, str | None] | None = None
    ) -> tuple[SdkCall, ...]:
        """The calls of AWS SDK operations in code that the handler reaches, in an environment or in some.

        Without `operations`, of all.
        """
        calls = self._calls(environment)
        if calls is None:
            return ()
        return calls.all() if operations is None else calls.of(operations)

    def untold_calls(self, environment: Mapping[str, str | None] | None = None) -> tuple[Location, ...]:
        """Where it calls something of the AWS SDK of which cannot be told what."""
        calls = self._calls(environment)
        return calls.untold if calls is not None else ()

    @cached_property
    def switches(self) -> frozenset[str]:
        """The variables that decide about what of its code runs."""
        return self.closure.reach().asked if self.closure is not None else frozenset()

    @property
    def unknown_methods(self) -> bool:
        """Whether a client is asked for a method that no service has: one that is newer, or does not exist."""
        calls = self._calls(None)
        return calls is not None and calls.unknown_methods

    def _calls(self, environment: Mapping[str, str | None] | None) -> Calls | None:
        return self.closure.calls(environment) if self.closure is not None else None

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The states of state machines of this template that run it."""
        return self.application.tasks_of(self)

    @property
    def role(self) -> Role | None:
        """The role it runs under, when it is one of this template."""
        return self.application.role_of(self.resource, "Role")

    @cached_property
    def search_path(self) -> tuple[str, ...]:
        """Folders that imports are looked up in: the package, its layers, then what a build may stage from above."""
        code = self.code
        if not isinstance(code, Code):
            return ()
        above, folder = [], code.root
        while folder:
            folder = dirname(folder)
            above.append(folder)
        return tuple(dict.fromkeys((code.root, *code.layers, *above)))

    @cached_property
    def variables(self) -> Mapping[str, Node]:
        """The variables that the template sets in any scenario, each where it is first written."""
        return variables_anywhere(self.resource)

    @cached_property
    def names_every_variable(self) -> bool:
        """Whether no variable can be hidden in something computed."""
        return names_every_variable(self.resource)

    @cached_property
    def reads_by_name(self) -> bool:
        """Whether every variable that its code may read is named in modules that were read to their end.

        Not when the environment is passed on whole, to a program or to a package that may read any, or when a name is
        computed.
        """
        closure, code = self.closure, self.code
        if closure is None or not isinstance(code, Code) or code.external_layers or self.started_elsewhere:
            return False
        if not closure.complete or closure.env_escapes or self.is_placeholder:
            return False
        tree = self.application.project.tree
        if any("extensions" in tree.listdir(folder or ".") for folder in code.layers):
            return False  # an extension is a program of its own
        tops = {imported.top for module in closure.modules for imported in module.imports if not imported.level}
        if tops & _PROGRAMS or {missing.top for missing in closure.unresolved} - QUIET_PACKAGES:
            return False
        return all(read.name for read in self.environment_reads())

    def environment(self, world: World) -> Environment:
        """The variables that the template sets in a world, Globals included."""
        return environment_of(self.variables_in(world), world)

    def variables_in(self, world: World) -> Variables:
        """The same, each decided when it is asked for, so that a question branches on what it needs only."""
        known = world.memo.get((variables_of, self.resource))
        if not isinstance(known, Variables):
            known = variables_of(self.resource, world, self.variables.keys())
            world.memo[variables_of, self.resource] = known
        return known


_LOADERS = frozenset({"AWS_LAMBDA_EXEC_WRAPPER", "PYTHONPATH", "PYTHONSTARTUP"})


_PROGRAMS = frozenset({"multiprocessing", "subprocess"})
"""Modules that start programs, which inherit the environment."""

QUIET_PACKAGES = frozenset(
    {*sys.stdlib_module_names, "PIL", "attr", "attrs", "aws_lambda_powertools", "aws_xray_sdk", "boto3", "botocore"}
    | {"bs4", "certifi", "cfnresponse", "chardet", "crhelper", "cryptography", "dateutil", "docx", "faker", "fastavro"}
    | {"jinja2", "jmespath", "jsonschema", "jwt", "lxml", "markdown", "numpy", "openpyxl", "orjson", "pandas", "pptx"}
    | {"pyarrow", "pydantic", "pydicom", "pypdf", "PyPDF2", "pytz", "requests", "s3transfer", "simplejson", "six"}
    | {"tenacity", "typing_extensions", "ujson", "urllib3", "xmltodict", "yaml"}
)
"""Packages that read no variable of a project: the runtime's, and such as only work on what they are given."""


def _installs_packages(folder: str, tree: Files) -> bool:
    """Whether a build installs packages into a folder."""
    names = ("requirements.txt", "pyproject.toml", "setup.py", "Pipfile")
    return any(tree.is_file(f"{folder}/{name}".lstrip("/")) for name in names)
