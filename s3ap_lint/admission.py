"""Which candidates are templates, and what is said of those that are none, or broken."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import basename

from s3ap_lint.collector import Collector, Surroundings
from s3ap_lint.incidents import Unparsable
from s3ap_lint.model import Location, Severity, Unchecked
from s3ap_lint.sniff import says_template
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.template.recognition import is_other_known_document, is_template, why_not
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Unreadable


def admitted(paths: Iterable[str], named: Iterable[str], report: Collector) -> tuple[Template, ...]:
    """The templates among some files. `named` ones must be: of them it is told why they are not."""
    must = frozenset(named)
    found = (_template(path, path in must, report) for path in paths)
    return tuple(template for template in found if template is not None)


def loaded_template(session: Surroundings, path: str) -> Template | None:
    """A template of the project that is looked at only beside another one; None where there is none at the path."""
    source = session.workspace.read(path) if session.workspace.is_file(path) else None
    if not isinstance(source, Source):
        return None
    kept = session.kept
    known = kept.templates.get(path) if kept is not None else None
    if known is not None and known.source is source:
        return known
    top = document.parse(source).top
    if top is None or not is_template(top):
        return None
    template = Template(source, top)
    if kept is not None:
        kept.templates[path] = template
    return template


def is_collection(source: Source) -> bool:
    """Whether a file that is no template is a collection to copy from, without anything to deploy."""
    top = document.parse(source).top
    return top is not None and _is_collection(top)


def _is_collection(top: Node) -> bool:
    return top.is_mapping and not top["Resources"]


def _template(path: str, named: bool, report: Collector) -> Template | None:
    source = report.session.workspace.read(path)
    if isinstance(source, Unreadable):
        if named and not source.missing:
            report.unreadable("template", Location(path), source.reason)
        else:
            report.unchecked.append(source.unchecked("template"))
        return None
    kept = report.session.kept
    known = kept.templates.get(path) if kept is not None else None
    if known is not None and known.source is source:
        return known
    parsed = document.parse(source)
    top = parsed.top
    if top is not None and not is_template(top):
        if named and not is_other_known_document(top):
            # A collection of parameters to copy from is no deployable template, but no broken one either.
            report.unreadable("template", top.at, why_not(top), Severity.WARNING if _is_collection(top) else None)
        elif says_template(basename(path)) and not is_other_known_document(top):
            report.unchecked.append(Unchecked(path, "template", why_not(top)))
        return None
    for problem in parsed.problems:
        if top is not None or named or _says_template(source):
            at = Location(path, problem.span)
            if problem.fatal:
                report.unreadable("template", at, problem.message)
            else:
                report.run(Unparsable(at, problem.message, "the earlier one is ignored"))
    template = Template(source, top) if top is not None else None
    if kept is not None and template is not None and not parsed.problems:  # problems are told each time
        kept.templates[path] = template
    return template


def _says_template(source: Source) -> bool:
    """Whether a file that does not parse says that it is a template."""
    return b"AWSTemplateFormatVersion" in source.data or b"AWS::Serverless-2016-10-31" in source.data
