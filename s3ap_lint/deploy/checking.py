"""Deploy inputs checked one by one, each deployment beside the template that it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from posixpath import basename, dirname

from s3ap_lint.collector import Collector
from s3ap_lint.deploy import choice, reading
from s3ap_lint.deploy.model import Deployment, Terms
from s3ap_lint.deploy.recognition import Kind, kind_of
from s3ap_lint.model import Location, Unchecked
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.recognition import is_template
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Unreadable, Workspace


@dataclass
class Deployed:
    """The templates that deploy inputs are looked at with; those that are at hand, and others when they are named."""

    workspace: Workspace
    source: Callable[[str], Source | None]
    at_hand: Mapping[str, Template] = field(default_factory=dict)
    loaded: dict[str, Template | None] = field(default_factory=dict)

    def check(self, path: str, report: Collector) -> None:
        """Run the rules for one deploy input and for each deployment in it."""
        source = self.workspace.read(path)
        if isinstance(source, Unreadable):
            report.unchecked.append(source.unchecked("deploy input"))
            return
        kind = kind_of(basename(path), source.data)
        try:
            found = reading.read(source, kind, self.source) if kind is not None else None
        except reading.Broken as error:
            report.unreadable("deploy input", Location(path, error.span), error.reason)
            return
        if found is None:
            return
        report.direct(found.directives)
        report.run(found.subject)
        for terms in found.terms:
            where = choice.chosen(path, terms, self.workspace)
            terms = self._with_configuration(terms, where)
            template = self._template(where) if where is not None else None
            if template is None:
                _unknown(terms, found.subject.kind, source, report)
            elif not template.unknown_macros:
                report.run(Deployment(source, terms, template))

    def _with_configuration(self, terms: Terms, template: str | None) -> Terms:
        """What a command of SAM says beside a configuration, which may give the other parameters."""
        if terms.beside or terms.by != "sam deploy" or template is None:
            return terms
        names = self.workspace.listdir(dirname(template))
        return replace(terms, complete=False) if any(name.startswith("samconfig") for name in names) else terms

    def _template(self, path: str) -> Template | None:
        if path in self.at_hand:
            return self.at_hand[path]
        if path not in self.loaded:
            source = self.source(path)
            top = document.parse(source).top if source is not None else None
            is_one = source is not None and top is not None and is_template(top)
            self.loaded[path] = Template(source, top) if is_one and source is not None and top is not None else None
        return self.loaded[path]


def _unknown(terms: Terms, kind: Kind, source: Source, report: Collector) -> None:
    """Say that a deployment could not be compared with its template; guides are full of commands that cannot."""
    if kind in (Kind.SAMCONFIG, Kind.SHELL) and terms.given:
        line = source.place(terms.at).line
        reason = "which template it is of cannot be told"
        report.unchecked.append(Unchecked(source.path, f"deployment by {terms.by}", reason, line))
