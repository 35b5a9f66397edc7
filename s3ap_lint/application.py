"""The joined view: templates, the functions they deploy, the code that runs, the roles and the environment.

An application is a folder with its templates (twins share functions and code). What could not be
joined stays visible: `Function.unjoined` says why, and the report counts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname, join

from s3ap_lint import data
from s3ap_lint.function import Function
from s3ap_lint.iam import Role, roles
from s3ap_lint.model import Location
from s3ap_lint.project import Project
from s3ap_lint.python.closure import Closure
from s3ap_lint.resolution import CODE_FOLDERS, FUNCTION_TYPES, Code, within
from s3ap_lint.statemachine import Definition, Task, definitions
from s3ap_lint.template.references import mentioned
from s3ap_lint.template.template import Resource, Template

STATE_MACHINE_TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")


@dataclass(eq=False)
class StateMachine:
    """One state machine resource, joined to the functions it runs and the role it runs under."""

    resource: Resource
    application: Application

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
    def definition_path(self) -> str | None:
        """The file of the definition, relative to the root; None when it stands in the template or in a bucket."""
        uri = self.resource.property("DefinitionUri").text
        return within(dirname(self.template.path), uri) if uri and not uri.startswith("s3://") else None

    @cached_property
    def definitions(self) -> tuple[Definition, ...] | None:
        """What it may be defined as, one for each arm of an `!If`; None when that cannot be read."""
        return definitions(self.resource, self.definition_path, self.application.project.read)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions of the same template that the definition or its substitutions name."""
        top = self.resource.properties
        nodes = [top[key] for key in ("DefinitionString", "Definition", "DefinitionSubstitutions")]
        names = {found.name for node in nodes if node for found in mentioned(node, self.template)}
        own = (f for f in self.application.functions if f.template is self.template)
        return tuple(function for function in own if function.id in names)

    @property
    def role(self) -> Role | None:
        """The role it runs under, when it is one of this template."""
        return self.application.role_of(self.resource, "RoleArn") or self.application.role_of(self.resource, "Role")


class Application:
    """One folder's templates and everything they deploy."""

    def __init__(self, folder: str, templates: tuple[Template, ...], project: Project) -> None:
        self.folder = folder
        self.templates = templates
        self.project = project
        self._closures = project.closures if project.closures is not None else {}

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions that Python runs, of every template, in order."""
        found = (Function(r, self) for template in self.templates for r in template.of_type(*FUNCTION_TYPES))
        return tuple(function for function in found if function.is_python)

    @cached_property
    def code_folders(self) -> tuple[str, ...]:
        """The names of the folders that hold the code of one function each, by convention."""
        tree = self.project.tree
        homes = [join(self.folder, name) for name in CODE_FOLDERS]
        return tuple(
            name
            for home in homes
            for name in tree.listdir(home)
            if tree.is_dir(join(home, name)) and name[0] not in "._"
        )

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        """The roles of every template, in order."""
        return tuple(role for template in self.templates for role in roles(template))

    @cached_property
    def state_machines(self) -> tuple[StateMachine, ...]:
        """The state machines of every template, in order."""
        return tuple(StateMachine(r, self) for t in self.templates for r in t.of_type(*STATE_MACHINE_TYPES))

    def tasks_of(self, function: Function) -> tuple[Task, ...]:
        """The states of a function's template that run it."""
        return tuple(self._tasks.get((function.template.path, function.id), ()))

    @cached_property
    def _tasks(self) -> dict[tuple[str, str], list[Task]]:
        """The states that run each function, by template and logical id."""
        found: dict[tuple[str, str], list[Task]] = {}
        for machine in self.state_machines:
            for task in (task for one in machine.definitions or () for task in one.tasks):
                for name in task.functions:
                    found.setdefault((machine.template.path, name), []).append(task)
        return found

    def closure_of(self, code: Code, search: tuple[str, ...]) -> Closure:
        """The closure of code that lies in a file of its own; twins have one between them."""
        known = self._closures.setdefault((code.module, code.entry), [])
        found = next((closure for closure in known if closure.serves(search)), None)
        if found is None:
            load, shelf = self.project.load, self.project.shelf
            found = Closure(code.module, code.entry, search=search, load=load, shelf=shelf)
            known.append(found)
        return found

    def role_of(self, resource: Resource, name: str) -> Role | None:
        """The role that a property names by Ref or GetAtt, or the one that SAM makes; None for any other."""
        node = resource.property(name)
        found = node.function
        wanted = resource.id if not node else ""
        if found is not None and found[0] in {"Ref", "Fn::GetAtt"}:
            wanted = found[1].text.partition(".")[0] or found[1][0].text
        return self._roles.get((resource.template.path, wanted))

    @cached_property
    def _roles(self) -> dict[tuple[str, str], Role]:
        """The roles by template and logical id; of two with one id, the first."""
        return {(role.template.path, role.id): role for role in reversed(self.roles)}

    def subjects(self, first: str = "", *, others: bool = False) -> Iterator[object]:
        """Everything that rules look at, once each.

        `first`: only itself and what is in the template at that path, if it is one of its own; `others`: the rest then.
        """
        if not others:
            yield self
        known = [template for template in self.templates if not template.unknown_macros]
        asked = {t.path for t in known if not first or all(first != one.path for one in self.templates)}
        asked = asked or {t.path for t in known if (t.path == first) is not others}
        yield from (template for template in known if template.path in asked)
        yield from (role for role in self.roles if role.template.path in asked)
        yield from (function for function in self.functions if function.template.path in asked)
        yield from (machine for machine in self.state_machines if machine.template.path in asked)


def runtime_sets(variable: str) -> bool:
    """Whether the Lambda runtime sets a variable itself (data/lambda_runtime.json names the sources)."""
    facts = data.load("lambda_runtime")
    return variable in facts["environment"] or variable.startswith(tuple(facts["prefixes"]))
