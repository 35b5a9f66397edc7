"""The page of one rule: what it finds, an example with its finding and its fix, and how to silence it.

It is the same page on a terminal and in the documentation; only the dress differs.
"""

from __future__ import annotations

import difflib
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from s3ap_lint import memory, toml
from s3ap_lint.examples import dedented, read
from s3ap_lint.model import Rule
from s3ap_lint.offers import Catalogued, RenderOptions
from s3ap_lint.properties import Trial
from s3ap_lint.registry import Registry
from s3ap_lint.render import text

CONTEXT = 4
"""How many lines are shown before the place where a good example begins to differ from the bad one."""


@dataclass(frozen=True)
class Prose:
    """Paragraphs, as Markdown that also reads well as it is."""

    text: str


@dataclass(frozen=True)
class Code:
    """Something to be shown letter by letter."""

    text: str
    language: str = "text"


Block = Prose | Code


@dataclass(frozen=True)
class Part:
    """A heading and what stands below it; the first part's heading is the page's."""

    heading: str
    blocks: tuple[Block, ...]


def of_rule(rule: Rule, registry: Registry) -> list[Part]:
    """The page of a rule."""
    alone = memory.without_engines(registry)
    trials = [Trial(rule, example, alone) for example in rule.examples]
    bad = [trial for trial in trials if trial.example.bad]
    good = [trial for trial in trials if not trial.example.bad]
    parts = [Part(f"{rule.code} {rule.name}", (Prose(_facts(rule, registry)), Prose(rule.doc.strip())))]
    if bad:
        parts.append(Part("Example", tuple(_bad(bad[0]))))
    if len(bad) > 1:
        parts.append(Part("Also reported", (Prose(_listed(trial.example.title for trial in bad[1:])),)))
    if good:
        above = bad[0].marked.files if bad else {}
        parts.append(Part("Not reported", tuple(block for trial in good for block in _good(trial, above))))
    if rule.live_examples:
        parts.append(Part("In an account", tuple(_live(rule))))
    if rule.options:
        parts.append(Part("Options", tuple(_options(rule))))
    if rule.merges:
        parts.append(Part("Other tools", (Prose(_merges(rule)),)))
    if rule.detectors and not rule.is_live_only:  # what the host says about a run has no line to stand on
        parts.append(Part("Silencing it", tuple(_silencing(rule.code))))
    return parts


def of_foreign(entry: Catalogued, engine: str, registry: Registry) -> list[Part]:
    """The page of a code that a foreign linter gives; it has documentation of its own."""
    facts = f"{entry.severity.value} · from {engine} {registry.engines[engine].version}"
    blocks: list[Block] = [Prose(facts), Prose(entry.summary)]
    if entry.help_uri:
        blocks.append(Prose(f"{engine} documents it at {entry.help_uri}"))
    for code in registry.merged.get(entry.code, ()):
        ours = registry.rules[code]
        blocks.append(Prose(f"Where {code} {ours.name} says the same of the same place, only that is reported."))
    return [Part(f"{entry.code} {entry.name}", tuple(blocks)), Part("Silencing it", tuple(_silencing(entry.code)))]


def as_text(parts: Iterable[Part]) -> str:
    """A page for a terminal."""
    lines: list[str] = []
    for part in parts:
        if lines:
            lines += [f"{part.heading}:", ""]
        else:
            lines += [part.heading, "=" * len(part.heading), ""]
        for block in part.blocks:
            lines += [_indented(block.text) if isinstance(block, Code) else block.text, ""]
    return "\n".join(lines)


def as_markdown(parts: Iterable[Part]) -> str:
    """A page for the documentation."""
    lines: list[str] = []
    for part in parts:
        lines += [f"{'##' if lines else '#'} {part.heading}", ""]
        for block in part.blocks:
            if isinstance(block, Code):
                fence = "````" if "```" in block.text else "```"
                lines += [f"{fence}{block.language}", block.text, fence, ""]
            else:
                lines += [block.text, ""]
    return "\n".join(lines)


def _facts(rule: Rule, registry: Registry) -> str:
    facts = [rule.severity.value]
    if rule.security is not None:
        facts.append(f"security {rule.security:g}")
    if rule.strict:
        facts.append("strict: off until `--strict` or `--select`")
    if rule.fixable:
        facts.append("has fixes")
    if rule.code in registry.owners:
        facts.append(f"plugin {registry.owners[rule.code]}")
    return " · ".join([*facts, f"since {rule.since}"])


def _bad(trial: Trial) -> Iterator[Block]:
    yield Prose(_sentence(trial.example.title))
    yield from _shown(trial)
    report = trial.look(trial.marked.files)
    own = replace(report, findings=tuple(f for f in report.findings if f.code == trial.rule.code))
    rendered = text.render(own, {trial.rule.code: trial.rule}, RenderOptions(quiet=True))
    yield Prose("This is reported:")
    yield Code(rendered.rstrip("\n"))
    if trial.fixed is None:
        return
    titles = [finding.fix.title for finding in own.findings if finding.fix]
    yield Prose(f"The fix ({'; '.join(dict.fromkeys(titles))}):")
    yield Code("\n".join(_diff(trial.marked.files, trial.fixed)), "diff")


def _good(trial: Trial, above: Mapping[str, bytes]) -> Iterator[Block]:
    yield Prose(_sentence(trial.example.title))
    yield from _shown(trial, above)


def _shown(trial: Trial, above: Mapping[str, bytes] | None = None) -> Iterator[Block]:
    """The files of an example without their markers, less what they have in common with `above`; its settings."""
    files = trial.marked.files
    for path, data in files.items():
        if list(files) != ["template.yaml"]:
            yield Prose(f"`{path}`")
        yield Code(_new_part(data.decode("utf-8"), (above or {}).get(path, b"").decode("utf-8")), _language(path))
    options, own = trial.example.options, trial.rule.options
    if options:
        tables = {f"rules.{trial.rule.code}": {name: value for name, value in options.items() if name in own}}
        yield Prose("with the settings")
        yield Code(_toml({name: value for name, value in options.items() if name not in own}, tables), "toml")


def _new_part(data: str, above: str) -> str:
    """A text from a few lines before it differs from another, if they begin with much that is the same."""
    lines, others = data.strip("\n").split("\n"), above.strip("\n").split("\n")
    same = next((number for number, pair in enumerate(zip_longest(lines, others)) if pair[0] != pair[1]), 0)
    start = same - CONTEXT
    if start < CONTEXT:
        return "\n".join(lines)
    return "# … as above\n" + textwrap.dedent("\n".join(lines[start:]))


def _live(rule: Rule) -> Iterator[Block]:
    """What is reported of stacks that run: a snapshot without its markers, and the calls that mend it."""
    for detector in rule.detectors:
        if detector.is_live and detector is not rule.detectors[0]:  # whose documentation is the page's
            yield Prose(inspect.cleandoc(detector.check.__doc__ or ""))
    bad = [example for example in rule.live_examples if example.bad]
    good = [example for example in rule.live_examples if not example.bad]
    live = next(detector.subject for detector in rule.detectors if detector.is_live)
    command, what = getattr(live, "command", "plan"), getattr(live, "shown_as", "a stack that runs. Part of a snapshot")
    yield Prose(f"`s3ap-ops {command}` reports it of {what}:")
    for example in bad[:1]:
        for path, data in read(example.files).files.items():
            if len(example.files) > 1:
                yield Prose(f"`{path}`:")
            yield Code(data.decode("utf-8").strip("\n"), "python" if path.endswith(".py") else "yaml")
        if example.fixed:
            yield Prose("What `s3ap-ops clean` would do about it:")
            yield Code("\n".join(dedented(text).strip("\n") for text in example.fixed.values()), "sh")
    if bad[1:]:
        yield Prose("Also reported:\n\n" + _listed(example.title for example in bad[1:]))
    if good:
        yield Prose("Not reported:\n\n" + _listed(example.title for example in good))
    runbook = "cleanup" if command == "plan" else command
    yield Prose(f"[What to do about it](../runbooks/{runbook}.md#{rule.name}).")


def _options(rule: Rule) -> Iterator[Block]:
    yield Prose("In the configuration, with their defaults:")
    yield Code(_toml({}, {f"rules.{rule.code}": rule.options}), "toml")


def _toml(values: Mapping[str, object], tables: Mapping[str, Mapping[str, object]]) -> str:
    lines = [f"{name} = {toml.value(value)}" for name, value in values.items()]
    for heading, table in tables.items():
        if table:
            lines += [f"[{heading}]", *(f"{name} = {toml.value(value)}" for name, value in table.items())]
    return "\n".join(lines)


def _merges(rule: Rule) -> str:
    codes = ", ".join(rule.merges)
    return f"Where another linter says the same of the same place ({codes}), only {rule.code} is reported."


def _silencing(code: str) -> Iterator[Block]:
    yield Prose("On a line, in YAML and Python:")
    yield Code(f"# s3ap-lint: ignore[{code}] the reason", "yaml")
    yield Prose("For a resource, or at the top of a template for all of it; in JSON, too:")
    yield Code(f"Metadata:\n  s3ap-lint:\n    ignore:\n      - {{code: {code}, reason: the reason}}", "yaml")
    yield Prose("For the project, or for some paths, in the configuration:")
    yield Code(f'ignore = ["{code}"]\n\n[per-path]\n"legacy/**" = {{ ignore = ["{code}"] }}', "toml")


def _diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    for path, data in after.items():
        sides = before.get(path, b"").decode("utf-8").splitlines(), data.decode("utf-8").splitlines()
        yield from difflib.unified_diff(*sides, f"a/{path}", f"b/{path}", lineterm="")


def _language(path: str) -> str:
    suffix = path.rpartition(".")[2]
    return {"py": "python", "yaml": "yaml", "yml": "yaml", "json": "json", "toml": "toml"}.get(suffix, "text")


def _sentence(title: str) -> str:
    return f"{title[:1].upper()}{title[1:]}:"


def _listed(titles: Iterable[str]) -> str:
    return "\n".join(f"- {title}" for title in titles)


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
