"""The parameters of a deployment, from a file and from the command line, as the linter's own Deployment sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s3ap_lint.api import Deployment, GivenParameter, Location, Span, Template
from s3ap_lint.deploy import parameter_file
from s3ap_lint.deploy.model import Capability, Terms
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_ops.errors import OpsError
from s3ap_ops.identity import refuse_placeholders

BY = "s3ap-ops deploy"
COMMAND_LINE = "the command line"
FORMS = "write ParameterKey and ParameterValue, names with values, or NAME=VALUE"


@dataclass(frozen=True)
class Inputs:
    """What is given to a deployment. `values` are the parameters with their values, `kept` those that keep what they
    have."""

    source: Source
    given: tuple[GivenParameter, ...]
    kept: frozenset[str] = frozenset()

    @property
    def values(self) -> dict[str, str]:
        """The parameters that get a value."""
        return {one.name: one.value for one in self.given if one.value is not None}

    def deployment(self, template: Template, capabilities: Sequence[str], *, exists: bool) -> Deployment:
        """The deployment of a template, for rules. Of a stack that exists the parameters that are not given keep their
        values."""
        acknowledged = tuple(Capability(name, Span(0, 0)) for name in capabilities)
        terms = Terms(
            Location(self.source.path),
            BY,
            self.given,
            complete=not exists,
            capabilities=acknowledged,
            creates=not exists,
        )
        return Deployment(self.source, terms, template)


def read(file: str | None, pairs: Sequence[str], root: Path) -> Inputs:
    """The inputs from a parameter file (JSON or YAML, in the forms of the AWS CLI) and NAME=VALUE pairs, which win.

    Raises OpsError for a file that is none, a pair that is none, and a value that nobody filled in.
    """
    source, found, kept = _of_file(file, root) if file else (Source(COMMAND_LINE, b""), (), frozenset[str]())
    own = [_pair(text) for text in pairs]
    for given in (found, own):
        twice = sorted(name for name, number in Counter(one.name for one in given).items() if number > 1)
        if twice:
            where = f"--params {file}" if given is found else "--param"
            raise OpsError(f"{where} gives {twice[0]} twice; which of the values is meant?")
    names = {one.name for one in own}
    refuse_placeholders([one.value or "" for one in (*found, *own)])
    return Inputs(source, (*(one for one in found if one.name not in names), *own), kept - names)


def _of_file(file: str, root: Path) -> tuple[Source, tuple[GivenParameter, ...], frozenset[str]]:
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OpsError(f"--params {file} cannot be read: {error.strerror}") from None
    inside = path.resolve()
    name = inside.relative_to(root).as_posix() if inside.is_relative_to(root) else file
    source = Source(name, data)
    if not data.strip():
        raise OpsError(f"--params {file} is empty; write the parameters into it, or leave it out")
    top = document.parse(source).top
    if top is None:
        raise OpsError(f"--params {file} is no parameter file: it is neither JSON nor YAML")
    for wrong in _faults(top):
        raise OpsError(f"--params {file} is no parameter file: {wrong}; {FORMS}")
    return (source, *_given(source, top))


def _given(source: Source, top: Node) -> tuple[tuple[GivenParameter, ...], frozenset[str]]:
    """What a document gives, and the names of what it leaves as it is."""
    inner = _inner(top)
    if not inner.is_mapping and any(one.is_scalar for one in inner):
        return tuple(_paired(source, one) for one in inner), frozenset()
    if top.is_mapping and "Parameters" not in top:
        return tuple(_plain(source, top)), frozenset()
    kept = {entry["ParameterKey"].text for entry in inner if _is_kept(entry)}
    return tuple(one for one in parameter_file.given(source, top) if one.name not in kept), frozenset(kept)


def _inner(top: Node) -> Node:
    """What holds the parameters: the document, or what stands below `Parameters` as CodePipeline has it."""
    return top["Parameters"] if top.is_mapping and "Parameters" in top else top


def _is_kept(entry: Node) -> bool:
    return entry["UsePreviousValue"].text == "true"


def _faults(top: Node) -> Iterator[str]:
    """Why a document gives no parameters, or not all that stand in it: nothing of it may be left out in silence."""
    inner = _inner(top)
    if not inner.is_mapping and not inner.is_sequence:
        yield "it holds a single value"
    for name, value in inner.items():
        if not value.is_text:
            yield f"{name} has no value that is a text or a number (of a list, write the items with commas in one text)"
    for number, entry in enumerate(inner, 1):
        if entry.is_scalar and not entry.text.partition("=")[1]:
            yield f"its item {number} is no NAME=VALUE"
        elif not entry.is_scalar and not entry["ParameterKey"].text:
            yield f"its item {number} has no ParameterKey"
        elif not entry.is_scalar and not _is_kept(entry) and not entry["ParameterValue"].is_text:
            yield f"{entry['ParameterKey'].text} has no ParameterValue that is a text or a number"


def _paired(source: Source, node: Node) -> GivenParameter:
    """A parameter that is written NAME=VALUE."""
    name, _, value = node.text.partition("=")
    return GivenParameter(name, value, Location(source.path, node.span, node.path), node.span, node.span)


def _plain(source: Source, top: Node) -> list[GivenParameter]:
    found = []
    for name, node in top.items():
        key = node.key_span or node.span
        found.append(GivenParameter(name, node.text, Location(source.path, key, node.path), key, node.span))
    return found


def _pair(text: str) -> GivenParameter:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise OpsError(f"--param {text}: write it like --param VpcId=vpc-0123456789abcdef0")
    return GivenParameter(name, value, Location(COMMAND_LINE), Span(0, 0), Span(0, 0))


def with_defaults(inputs: Inputs, template: Template) -> dict[str, str]:
    """Every parameter of a template with the value that a new stack would get, as far as that is known."""
    defaults = {name: one.default for name, one in template.space.parameters.items() if one.default is not None}
    return {**defaults, **inputs.values}


def narrowed(inputs: Inputs, template: Template) -> Inputs:
    """The inputs that a template has parameters for."""
    declared = template.space.parameters
    return replace(inputs, given=tuple(one for one in inputs.given if one.name in declared))
