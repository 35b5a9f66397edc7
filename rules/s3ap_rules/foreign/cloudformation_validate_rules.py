"""cloudformation-validate itself, its engine made, and the way a template goes through it.

Importing this module is what takes the time; a process that has it can be forked at no cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cloudformation_validate as core

from s3ap_lint.model import Finding, Location, Scenario, Severity, Span, Unchecked
from s3ap_lint.offers import EngineUnit
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_rules.foreign.cfn_lint import configuration_file, ignored
from s3ap_rules.foreign.cfnlintrc import Settings, of_file, of_resources, of_template
from s3ap_rules.foreign.cloudformation_validate import SEVERITIES, code_of, is_own
from s3ap_rules.foreign.cloudformation_validate_doubts import Doubts, nearest

_ENGINE: Any = core.CompositeEngine()
RULES = tuple((str(rule.id), str(rule.severity.name), str(rule.description)) for rule in _ENGINE.list_rules())

_UNREAD, _EXHAUSTED = "F1101", "W9052"
_SECTIONS = {
    "RESOURCE": "Resources",
    "PARAMETER": "Parameters",
    "OUTPUT": "Outputs",
    "MAPPING": "Mappings",
    "RULE": "Rules",
    "CONDITION": "Conditions",
}
_TOLD = re.compile(r" at ((?:Resources|Outputs|Metadata)/\S+)$")
_TOKEN = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,{}\[\]]+?(?=:?[\s,}\]]|:?$)|.?""")


def check(unit: EngineUnit) -> list[Finding | Unchecked]:
    """What is found in one template under the settings that its repository has for it, and what was not looked at."""
    root = Path(unit.root)
    file = configuration_file(root, unit.path)
    try:
        settings = of_file(file.name, file.read_bytes()) if file else Settings()
    except (OSError, ValueError) as error:
        return [_misconfigured(unit, file, str(error))]
    if file and ignored(root / unit.path, file.parent, settings.left_out):
        return []
    return list(dict.fromkeys(_checked(Source(unit.path, unit.data), settings)))


def _misconfigured(unit: EngineUnit, file: Path | None, message: str) -> Finding:
    at = Location(file.relative_to(unit.root).as_posix() if file else unit.path)
    related = (Location(unit.path, note="not checked by cfn-validate"),)
    return Finding(_one_line(message), at, related, severity=Severity.ERROR, code="E0003")


def _checked(source: Source, settings: Settings) -> Iterator[Finding | Unchecked]:
    silenced: Mapping[str, frozenset[str]] = {}
    top = document.parse(source).top if b"cfn-lint" in source.data else None  # parsing costs as much as checking
    if top is not None:
        settings, silenced = of_template(settings, top), of_resources(top)
    lines, findings = _Lines(source), []
    for report in _reports(source, settings):
        if report.status.name == "ERROR":
            yield from _unreadable(source, lines, report, settings)
            return
        if report.status.name == "ANALYSIS_INCOMPLETE":
            yield Unchecked(source.path, "template", _limits(report))
        for found in report.diagnostics:
            code = _code(found)
            if found.rule_id != _EXHAUSTED and settings.wants(code) and (not is_own(code) or settings.names(code)):
                findings.append(_finding(source, lines, found, code))
    doubtful = Doubts(source)
    findings = [one for one in findings if not _is_silenced(one, silenced) or settings.insists(one.code)]
    findings = [one for one in findings if not doubtful(one)]
    yield from sorted(findings, key=lambda f: (f.at.span or Span(0, 0), f.code, f.message, f.at.path))


def _code(found: Any) -> str:
    """The code of a finding; cfn-lint tells Ref from GetAtt, and knows what SAM only ignores."""
    if found.rule_id == "F1020" and found.message.startswith("Fn::GetAtt"):
        return "E1010"
    if found.rule_id == "E3001" and "invalid property" in found.message and _is_serverless(found.entity):
        return "W3001"
    return code_of(found.rule_id)


def _is_serverless(entity: Any) -> bool:
    return str(getattr(entity, "resource_type", "")).startswith("AWS::Serverless::")


def _reports(source: Source, settings: Settings) -> Iterator[Any]:
    """A report for each region and each set of parameters that is asked for."""
    plain = all(code.startswith(("E", "W")) for code in settings.included)
    template = core.TemplateContent(source.data[source.start :], source.path)  # it takes a byte order mark for text
    for region in settings.regions or (None,):
        for parameters in settings.parameters or ({},):
            yield _ENGINE.validate_template(
                template,
                core.ValidateConfig(
                    detail_level=core.DetailLevel.STANDARD,
                    severity_level=core.Severity.WARN if plain else core.Severity.INFO,
                    parameter_overrides=dict(parameters),
                    pseudo_parameter_overrides=core.PseudoParameterOverrides(region=region),
                ),
            )


def _unreadable(source: Source, lines: _Lines, report: Any, settings: Settings) -> Iterator[Finding | Unchecked]:
    """An error for what nobody can read; its parser refuses more YAML than CloudFormation's."""
    found = report.diagnostics[0]
    if document.parse(source).top is not None:
        yield Unchecked(source.path, "template", f"cfn-validate: {_one_line(found.message)}", found.start_line or 0)
    elif settings.wants(code := code_of(_UNREAD)):
        yield _finding(source, lines, found, code)


def _limits(report: Any) -> str:
    reached = "; ".join(entry.description.rstrip(".") for entry in report.metadata.budget_exhaustions or ())
    return f"cfn-validate may have missed something: {reached or 'a limit was reached'}"


def _finding(source: Source, lines: _Lines, found: Any, code: str) -> Finding:
    path, span = _path(found), lines.span(found.start_line, found.start_column)
    if found.property_path is None and "references non-existent" in found.message:
        path, span = _reference(source, path, found.message) or (path, span)
    elif span is None and (told := _TOLD.search(found.message)):
        path = tuple(re.split(r"[./]", told[1]))
        span = _span_of(source, path)
    return Finding(
        _one_line(found.message),
        Location(source.path, span, path),
        severity=Severity.WARNING if code == "W3001" else SEVERITIES[found.severity.name],
        scenario=_scenario(found.condition_scenario),
        code=code,
    )


def _path(found: Any) -> tuple[str, ...]:
    """The structural path: its own are relative to a resource, or begin with the section."""
    steps = tuple(re.split(r"[./]", found.property_path)) if found.property_path else ()
    entity = found.entity
    if entity is None or (entity.entity_type.name != "RESOURCE" and steps):
        return steps
    section = _SECTIONS.get(entity.entity_type.name)
    if section is None or steps[:2] == (section, entity.logical_id):
        return steps
    return (section, entity.logical_id, *steps)


def _reference(source: Source, path: tuple[str, ...], message: str) -> tuple[tuple[str, ...], Span] | None:
    """Where a resource refers to what is not there; it names the resource only."""
    top, quoted = document.parse(source).top, re.search(r"'([^']+)'", message)
    if top is None or quoted is None or len(path) < 2:
        return None
    for node in top[path[0]][path[1]].walk():
        if node.function is not None and _target(node.function) == quoted[1]:
            return node.path, node.span
    return None


def _span_of(source: Source, path: tuple[str, ...]) -> Span | None:
    top = document.parse(source).top
    return nearest(top, path).at.span if top is not None else None


def _target(function: tuple[str, Node]) -> str:
    name, argument = function
    if name not in ("Ref", "Fn::GetAtt"):
        return ""
    return argument[0].text if argument.is_sequence else argument.text.partition(".")[0]


def _scenario(conditions: Mapping[str, bool] | None) -> Scenario | None:
    if not conditions:
        return None
    truths = tuple(sorted(conditions.items()))
    words = " and ".join(f"{name} is {str(value).lower()}" for name, value in truths)
    return Scenario(f"when {words}", truths)


def _is_silenced(finding: Finding, silenced: Mapping[str, frozenset[str]]) -> bool:
    path = finding.at.path
    return len(path) > 1 and path[0] == "Resources" and finding.code in silenced.get(path[1], ())


def _one_line(message: str) -> str:
    return re.sub(r"\s*\n\s*", " ", message).strip()


class _Lines:
    """Lines as it counts them: a carriage return ends one, too. Its columns are code points."""

    def __init__(self, source: Source) -> None:
        self._data = source.data
        self._starts = [source.start, *(found.end() for found in re.finditer(rb"\r\n|[\n\r]", source.data))]

    def span(self, line: int | None, column: int | None) -> Span | None:
        """The bytes of the word that begins at a place. Of its own ends some count bytes, some leave out quotes."""
        if not line or not column or line > len(self._starts):
            return None
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self._data)
        text = self._data[start:end].decode("utf-8", "replace").rstrip("\r\n")
        word = _TOKEN.match(text, column - 1)
        at = start + len(text[: column - 1].encode("utf-8"))
        return Span(at, at + len(word[0].encode("utf-8")) if word else at)
