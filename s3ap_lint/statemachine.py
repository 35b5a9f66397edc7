"""The definition of a state machine: its states, wherever they are written, and what its Tasks run.

A definition stands in the template (as a text in JSON or YAML, or as a mapping) or in a file of its own. Every node
knows its place there; `Definition.placed` says where that is for the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from s3ap_lint.inline import in_template
from s3ap_lint.model import Location
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.template.references import mentioned
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import is_no_value

_VARIABLE = re.compile(r"\$\{!?([^{}]+)\}")
_BARE = re.compile(r'("(?:\\.|[^"\\])*(?:"|\Z))|\$\{[^{}"]*\}', re.DOTALL)
_INVOKE = re.compile(r":states:::(?:aws-sdk:)?lambda:invoke(?P<rest>\b.*)?$")


@dataclass(frozen=True, eq=False)
class State:
    """One state, also of a Map or a Parallel inside."""

    name: str
    node: Node
    definition: Definition

    @property
    def type(self) -> str:
        return self.node["Type"].text

    @property
    def at(self) -> Location:
        """The place of its name."""
        return self.definition.placed(self.node.key_at)


@dataclass(frozen=True, eq=False)
class Task:
    """A state that runs Lambda functions, one of them in each way to deploy; `functions` are their logical ids.

    A task that `waits` goes on when a token is sent back; what a `detached` function returns goes nowhere.
    """

    state: State
    functions: frozenset[str]
    waits: bool = False
    detached: bool = False


@dataclass(eq=False)
class Definition:
    """One text of a definition. `substitutions` are what `${…}` in it stands for, besides the template's own names."""

    top: Node
    template: Template
    holder: Node | None = None
    substitutions: Mapping[str, Node] = field(default_factory=dict)

    def placed(self, at: Location) -> Location:
        """A place in the definition for the reader."""
        return in_template(at, self.template.source, self.holder) if self.holder is not None else at

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Every state, those of Maps and Parallels behind the one that holds them."""
        return tuple(self._states(self.top))

    def _states(self, machine: Node) -> Iterator[State]:
        for name, node in machine["States"].items():
            yield State(name, node, self)
            for inner in (node["ItemProcessor"], node["Iterator"], *node["Branches"]):
                yield from self._states(inner)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The states that run functions of the template."""
        found = (self._task(state) for state in self.states if state.type == "Task")
        return tuple(task for task in found if task.functions)

    def _task(self, state: State) -> Task:
        resource = state.node["Resource"]
        invoke = _INVOKE.search(_text(resource))
        if invoke is None:
            return Task(state, self._functions(resource))
        given = state.node["Parameters"] or state.node["Arguments"]
        waits = "waitForTaskToken" in (invoke["rest"] or "")
        detached = given["InvocationType"].text not in ("", "RequestResponse")
        return Task(state, self._functions(given["FunctionName"]), waits, detached)

    def _functions(self, node: Node) -> frozenset[str]:
        """The logical ids of the functions that a value names."""
        names = {found.name for found in mentioned(node, self.template)}
        if node.is_text:
            for match in _VARIABLE.finditer(node.text):
                names |= self._meant(match[1].strip())
            names |= self._called(node.text)
        return frozenset(name for one in names for name in self._behind(one))

    def _meant(self, variable: str) -> set[str]:
        value = self.substitutions.get(variable)
        if value is None:
            return {variable.partition(".")[0]}
        return {found.name for found in mentioned(value, self.template)} or self._called(value.text)

    def _called(self, text: str) -> set[str]:
        """The function whose FunctionName a text holds, as it is written in the template."""
        name = text.rpartition(":function:")[2]
        return {id_ for id_, written in _function_names(self.template).items() if written == name}

    def _behind(self, name: str) -> set[str]:
        """A function itself, or the one that an alias or a version is of."""
        resource = self.template.resources.get(name)
        if resource is None:
            return set()
        if resource.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            return {found.name for found in mentioned(resource.properties["FunctionName"], self.template)}
        return {name} if resource.type.endswith("::Function") else set()

    def mentions(self, word: str) -> bool:
        """Whether a word stands anywhere but in a comment."""
        return any(
            node.key != "Comment" and (word in node.key or word in node.text)
            for node in self.top.walk()
            if node is not self.top
        )


def definitions(
    resource: Resource, file: str | None, read: Callable[[str], Source | None]
) -> tuple[Definition, ...] | None:
    """The definitions that a state machine may have, one for each arm of an `!If`; None when one cannot be read."""
    if file is not None:
        return _definitions(resource, file, read)
    memo, key = resource.template.memo, (definitions, resource.id)
    if key not in memo:
        memo[key] = _definitions(resource, None, read)
    return cast("tuple[Definition, ...] | None", memo[key])


def _definitions(
    resource: Resource, file: str | None, read: Callable[[str], Source | None]
) -> tuple[Definition, ...] | None:
    top = resource.properties
    substitutions = dict(top["DefinitionSubstitutions"].items())
    arms = [arm for key in ("DefinitionString", "Definition") for arm in _arms(top[key])]
    found = [_written(node, resource.template, substitutions) for node in arms]
    if file is not None:
        source = read(file)
        parsed = _parsed(source) if source is not None else None
        found.append(Definition(parsed, resource.template, None, substitutions) if parsed is not None else None)
    if not found or not all(found):
        return None
    return tuple(one for one in found if one is not None)


def _written(node: Node, template: Template, substitutions: Mapping[str, Node]) -> Definition | None:
    """A definition that stands in the template."""
    function = node.function
    if node.is_mapping and function is None:
        return Definition(node, template, None, substitutions)
    holder, text = node, node.text
    if function is not None and function[0] == "Fn::Sub":
        argument = function[1]
        holder = argument if argument.is_text else argument[0]
        text = holder.text
        substitutions = {**substitutions, **dict(argument[1].items())}
    elif function is not None and function[0] == "Fn::Join":
        text = function[1][0].text.join(map(_text, function[1][1]))
    if not text:
        return None
    parsed = _parsed(Source(template.path, text.encode("utf-8", "replace")))
    return Definition(parsed, template, holder, substitutions) if parsed is not None else None


def _parsed(source: Source) -> Node | None:
    """The nodes of a definition; a bare `${…}` in JSON counts as a number, of which it is the raw text."""
    try:
        text = source.text
    except UnicodeDecodeError:
        return None
    written = text.encode("utf-8")
    if text.lstrip().startswith("{"):
        text = _BARE.sub(lambda match: match[1] or "0".ljust(len(match[0].encode())), text)
    path = source.path if not source.path.endswith(".json") else f"{source.path}.asl"
    top = document.parse(Source(path, text.encode("utf-8"))).top
    if top is None or not top["States"].is_mapping:
        return None
    for node in top.walk():
        node.subject = source.path
        if node.is_scalar and written.startswith(b"${", node.span.start):
            node.raw = written[node.span.start : written.find(b"}", node.span.start) + 1].decode("utf-8")
    return top


def _arms(node: Node) -> list[Node]:
    """What a value may be, by every outer `!If`."""
    function = node.function
    if function is not None and function[0] == "Fn::If":
        return [one for arm in (function[1][1], function[1][2]) for one in _arms(arm)]
    return [node] if node and not is_no_value(node) else []


def _text(node: Node) -> str:
    """A text, with what is only known at deployment written as in `Fn::Sub`."""
    function = node.function
    if function is None:
        return node.text
    name, argument = function
    if name == "Fn::Sub":
        return argument.text or argument[0].text
    if name == "Ref":
        return f"${{{argument.text}}}"
    if name == "Fn::GetAtt":
        return f"${{{argument.text or '.'.join(item.text for item in argument)}}}"
    return "${…}"


def _function_names(template: Template) -> Mapping[str, str]:
    """The FunctionName of each function that has one, as it is written."""
    known = template.memo.get(_function_names)
    if not isinstance(known, dict):
        functions = template.of_type("AWS::Serverless::Function", "AWS::Lambda::Function")
        known = {one.id: _text(one.property("FunctionName")) for one in functions if one.property("FunctionName")}
        template.memo[_function_names] = known
    return known
