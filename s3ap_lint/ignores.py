"""The directives that templates and the modules of a run bring along."""

from __future__ import annotations

from s3ap_lint.directives import Directives, MetadataIgnore, python_directives, template_directives
from s3ap_lint.model import Span
from s3ap_lint.source import Source
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Workspace


def of_template(template: Template) -> Directives:
    """Those in the comments of a template, and in the Metadata of it and its resources."""
    scopes: list[tuple[Node, Span | None]] = [(template.top, None)]
    scopes += [(r.node, Span((r.at.span or r.node.span).start, r.node.span.end)) for r in template.resources.values()]
    metadata = [
        MetadataIgnore(entry["code"].text or entry.text, entry["reason"].text, scope, entry.span)
        for node, scope in scopes
        for entry in node["Metadata"]["s3ap-lint"]["ignore"]
    ]
    scalars = (node.span for node in template.top.walk() if node.is_scalar and node.style)
    return template_directives(template.source, scalars, metadata)


class ModuleDirectives:
    """Those in modules that rules may report in although nobody asked about them; read once, as several run them."""

    def __init__(self, workspace: Workspace, *, noqa: bool) -> None:
        self._workspace = workspace
        self._noqa = noqa
        self._found: dict[str, Directives] = {}

    def of(self, path: str) -> Directives | None:
        """The directives of a module; None when it cannot be read."""
        source = self._workspace.read(path)
        if not isinstance(source, Source):
            return None
        if path not in self._found:
            self._found[path] = python_directives(source, noqa=self._noqa)
        return self._found[path]

    def forget(self) -> None:
        """Let go of all that was read."""
        self._found.clear()
