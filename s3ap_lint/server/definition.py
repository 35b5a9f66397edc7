"""Go to: from a template to the code it deploys, from code to the template, and from a name to what it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lsprotocol import types

from s3ap_lint.application import Application
from s3ap_lint.function import Function
from s3ap_lint.model import Location
from s3ap_lint.server import cursor
from s3ap_lint.server.documents import Document
from s3ap_lint.server.places import Read, range_at, uri_of
from s3ap_lint.template.references import references
from s3ap_lint.template.template import Template


def definitions(
    document: Document, buffers: Mapping[str, bytes], offset: int, read: Read, encoding: str
) -> list[types.Location]:
    """Where what stands at a byte offset of a document is defined, or has its other half."""
    project = document.project
    application = project.application(document.path, buffers)
    if application is None:
        return []
    template = cursor.template_of(application, document.path)
    if template is not None:
        found = _from_template(application, template, offset)
    else:
        found = _from_code(application, document.path, offset)
    places = []
    for at in dict.fromkeys(found):
        source = read(at.subject)
        if source is not None:
            start, end = (at.span.start, at.span.end) if at.span is not None else (0, 0)
            place = types.Location(uri_of(project.config.root / at.subject), range_at(source, start, end, encoding))
            places += [place] if place not in places else []
    return places


def _from_template(application: Application, template: Template, offset: int) -> Iterator[Location]:
    node = cursor.node_at(template.top, offset)
    function = cursor.function_of(application, node)
    for reference in references(template):
        named = list(_named(template, reference.name)) if cursor.is_at(reference.at, template.path, offset) else []
        if named:
            yield from named
            return
    parent = node.parent
    if cursor.is_condition(node) and node.text in template.space.conditions:
        yield template.space.conditions[node.text].key_at
        return
    if function is None:
        return
    variable = cursor.variable_at(node)
    if variable is not None:
        yield from (read.at for read in function.environment_reads() if read.name == variable.key)
    elif node.key in ("Handler", "CodeUri", "Code", "S3Key") or parent is template.top["Resources"]:
        yield from _handler(function)


def _named(template: Template, name: str) -> Iterator[Location]:
    """Where a parameter, a resource or a condition is defined."""
    for section in ("Parameters", "Resources", "Conditions"):
        node = template.top[section][name]
        if node:
            yield node.key_at
            return
    generated = template.generated.get(name)
    if generated is not None:
        yield generated.at


def _handler(function: Function) -> Iterator[Location]:
    yield from cursor.handler_places(function)


def _from_code(application: Application, path: str, offset: int) -> Iterator[Location]:
    for function, found in cursor.reads_at(application, path, offset):
        node = function.variables.get(found.name)
        yield node.key_at if node is not None else function.at
    for function in cursor.handlers_at(application, path, offset):
        handler = function.resource.property("Handler")
        yield handler.at if handler else function.at
