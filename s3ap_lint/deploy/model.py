"""The nouns: what is given to a deployment, the deployment, and the file that it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from s3ap_lint.deploy.recognition import Kind, is_example
from s3ap_lint.model import Edit, Location, Span
from s3ap_lint.source import Source
from s3ap_lint.template.template import Template


def _stays() -> Edit | None:
    return None


@dataclass(frozen=True)
class Given:
    """One parameter that a deployment gives; `value` is None where it cannot be told, as of a variable.

    `removal` makes the edit that takes it away, or None.
    """

    name: str
    value: str | None
    at: Location
    name_span: Span
    value_span: Span
    removal: Callable[[], Edit | None] = field(default=_stays, compare=False)

    @property
    def is_empty(self) -> bool:
        return self.value == ""


@dataclass(frozen=True)
class Capability:
    """One capability that a deployment acknowledges."""

    name: str
    span: Span


@dataclass(frozen=True)
class Terms:
    """What one command, section or file says, before anybody knows of the template.

    `template` is the file as it is written, "" for the default one, None where it cannot be told; paths are relative
    to the file if `beside`, else to `folder` below wherever the command is run (None after a `cd` that cannot be
    followed). `complete`: nothing else can give a parameter. `capabilities` is None where they cannot be told. `creates`: it is meant for a
    stack that is not there yet.
    """

    at: Location
    by: str
    given: tuple[Given, ...] = ()
    complete: bool = True
    capabilities: tuple[Capability, ...] | None = None
    template: str | None = ""
    folder: str | None = ""
    beside: bool = False
    creates: bool = True
    values_from: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Deployment:
    """What is given to one deployment of one template."""

    source: Source
    terms: Terms
    template: Template

    @property
    def path(self) -> str:
        """The path of the file that it is written in, relative to the project root."""
        return self.source.path

    @property
    def id(self) -> str:
        return self.terms.by

    @property
    def at(self) -> Location:
        """The section's header, the command, or the beginning of the file."""
        return self.terms.at

    @property
    def by(self) -> str:
        """What carries it out: "sam deploy", "aws cloudformation create-stack" …, or "a parameter file"."""
        return self.terms.by

    @property
    def given(self) -> tuple[Given, ...]:
        """The parameters that are given, in order."""
        return self.terms.given

    @property
    def names(self) -> frozenset[str]:
        """The names of the parameters that are given."""
        return frozenset(one.name for one in self.given)

    @property
    def capabilities(self) -> tuple[Capability, ...] | None:
        """What is acknowledged; None where that cannot be told."""
        return self.terms.capabilities

    @property
    def is_complete(self) -> bool:
        """Whether a parameter can be given nowhere else."""
        return self.terms.complete

    @property
    def is_direct(self) -> bool:
        """Whether CloudFormation is called without a change set."""
        return self.by in {"aws cloudformation create-stack", "aws cloudformation update-stack"}

    @property
    def may_change_only(self) -> bool:
        """Whether it may be about a stack that is there, which keeps the values that are not given."""
        return not self.terms.creates

    @property
    def drops_unknown(self) -> bool:
        """Whether a parameter that the template does not declare is left out without a word.

        `sam deploy` and `aws cloudformation deploy` send a value for each parameter of the template, and only for
        those (merge_parameters in both); the operations of CloudFormation itself answer with an error.
        """
        return self.by in {"sam deploy", "aws cloudformation deploy"}

    @cached_property
    def values(self) -> Mapping[str, str | None]:
        """Each parameter with the value that it has in this deployment; None where that cannot be told."""
        found = {name: p.default for name, p in self.template.space.parameters.items()}
        if not self.terms.complete:
            found = dict.fromkeys(found)
        return {**found, **{one.name: one.value for one in self.given}}


@dataclass(frozen=True)
class Literal:
    """A text that a deploy input uses as a value, and where it stands."""

    text: str
    at: Location


@dataclass(frozen=True, eq=False)
class DeployInput:
    """A file that says what stacks are deployed with: its literal values, and the deployments in it."""

    source: Source
    kind: Kind
    literals: tuple[Literal, ...] = ()

    @property
    def path(self) -> str:
        """The path of the file, relative to the project root."""
        return self.source.path

    @property
    def at(self) -> Location:
        return Location(self.source.path)

    @property
    def is_example(self) -> bool:
        """Whether it is to be copied and filled in first."""
        return is_example(self.source.path)
