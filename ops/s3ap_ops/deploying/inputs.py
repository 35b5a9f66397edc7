"""The parameters of a deployment, from a file and from the command line, as the linter's own Deployment sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s3ap_lint.api import Deployment, GivenParameter, Location, Span, Template
from s3ap_lint.deploy import parameter_file
from s3ap_lint.deploy.model import Capability, Terms
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_ops.errors import OpsError
from s3ap_ops.identity import refuse_placeholders

BY = "s3ap-ops deploy"
COMMAND_LINE = "the command line"


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
    top = document.parse(source).top
    if top is None or (data.strip() and not parameter_file.is_parameter_file(top) and not _is_plain(top)):
        raise OpsError(
            f"--params {file} is no parameter file; write ParameterKey and ParameterValue, or names with values"
        )
    if _is_plain(top):
        return source, tuple(_plain(source, top)), frozenset()
    given = parameter_file.given(source, top)
    kept = {entry["ParameterKey"].text for entry in top if entry["UsePreviousValue"].text == "true"}
    return source, tuple(one for one in given if one.name not in kept), frozenset(kept)


def _is_plain(top: object) -> bool:
    """Whether a document is nothing but names with values."""
    items = top.items() if getattr(top, "is_mapping", False) else ()  # type: ignore[attr-defined]
    pairs = list(items)
    return bool(pairs) and all(node.is_scalar for _, node in pairs)


def _plain(source: Source, top: object) -> list[GivenParameter]:
    return [
        GivenParameter(
            name, node.text, Location(source.path, node.span, node.path), node.key_span or node.span, node.span
        )
        for name, node in top.items()  # type: ignore[attr-defined]
    ]


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
