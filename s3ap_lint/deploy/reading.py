"""A deploy input as it is read: its values, what each deployment in it says, and what silences findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath

from s3ap_lint.deploy import markdown, parameter_file, samconfig, shell_values
from s3ap_lint.deploy.commands import deployments
from s3ap_lint.deploy.model import DeployInput, Given, Terms
from s3ap_lint.deploy.recognition import Kind
from s3ap_lint.deploy.samconfig import Broken
from s3ap_lint.deploy.shell import Command, parse
from s3ap_lint.directives import Directives, guide_directives, template_directives
from s3ap_lint.model import Span
from s3ap_lint.source import Source
from s3ap_lint.template import document

__all__ = ["Broken", "Read", "read"]

Reader = Callable[[str], Source | None]


@dataclass(frozen=True)
class Read:
    """One deploy input: the subject, what its deployments say, and its directives."""

    subject: DeployInput
    terms: tuple[Terms, ...]
    directives: Directives


def read(source: Source, kind: Kind, other: Reader) -> Read | None:
    """What a deploy input says; None for a file that is none after all. `other` reads files that it names.

    Raises Broken for a file that cannot be read as what it must be.
    """
    if kind is Kind.SAMCONFIG:
        return _samconfig(source)
    if kind is Kind.PARAMETERS:
        return _parameters(source)
    return _script(source, other) if kind is Kind.SHELL else _guide(source, other)


def _samconfig(source: Source) -> Read:
    samconfig.check(source)
    subject = DeployInput(source, Kind.SAMCONFIG, samconfig.literals(source))
    return Read(subject, samconfig.terms(source), template_directives(source, samconfig.texts(source)))


def _parameters(source: Source) -> Read | None:
    parsed = document.parse(source)
    if parsed.top is None:
        first = next((problem for problem in parsed.problems if problem.fatal), None)
        raise Broken(first.message if first else "not JSON", first.span if first else None)
    if not parameter_file.is_parameter_file(parsed.top):
        return None
    subject = DeployInput(source, Kind.PARAMETERS, parameter_file.literals(source, parsed.top))
    return Read(subject, (parameter_file.terms(source, parsed.top),), Directives(source.path))


def _script(source: Source, other: Reader) -> Read:
    commands = parse(source.text)
    subject = DeployInput(source, Kind.SHELL, shell_values.values(source, commands))
    terms = tuple(_with_files(one, source, other) for one in deployments(source, commands))
    return Read(subject, terms, template_directives(source, _quoted(source, commands)))


def _guide(source: Source, other: Reader) -> Read:
    found: list[Terms] = []
    for block in markdown.fences(source.text):
        if block.is_shell:
            found += deployments(source, parse(source.text, block.start, block.end))
    terms = tuple(_with_files(one, source, other) for one in found)
    return Read(DeployInput(source, Kind.MARKDOWN), terms, guide_directives(source, markdown.comments(source)))


def _quoted(source: Source, commands: list[Command]) -> list[Span]:
    """The words in which a `#` is text."""
    words = [word for command in commands for word in command.words]
    words = [word for word in words if "#" in source.text[word.start : word.end]]
    return [Span(source.byte_offset(word.start), source.byte_offset(word.end)) for word in words]


def _with_files(terms: Terms, source: Source, other: Reader) -> Terms:
    """The same with what parameter files give that the command names."""
    given: list[Given] = list(terms.given)
    complete = terms.complete
    for name in terms.values_from:
        found = _from_file(name, source, other)
        complete = complete and found is not None
        given += found or ()
    return replace(terms, given=tuple(given), complete=complete) if terms.values_from else terms


def _from_file(name: str, source: Source, other: Reader) -> tuple[Given, ...] | None:
    folder = dirname(source.path)
    for above in dict.fromkeys((folder, dirname(folder), "")):
        file = other(normpath(join(above, name)))
        top = document.parse(file).top if file is not None else None
        if file is not None and top is not None and parameter_file.is_parameter_file(top):
            return parameter_file.given(file, top)
    return None
