"""What there is to read about rules: a list of all, a page for each, and the folder of pages.

`python -m s3ap_lint.pages docs/rules` writes the folder.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from itertools import groupby
from pathlib import Path

from s3ap_lint.config import Config
from s3ap_lint.errors import UsageError
from s3ap_lint.model import Rule
from s3ap_lint.offers import Catalogued, Engine
from s3ap_lint.page import as_markdown, as_text, of_foreign, of_rule
from s3ap_lint.plugins import GROUP, make_manager
from s3ap_lint.registry import Registry, load

COMMAND = "python -m s3ap_lint.pages docs/rules"
DISTRIBUTIONS = frozenset({"s3ap-lint", "s3ap-ops"})


def listing(registry: Registry, config: Config) -> str:
    """Every rule in a table, by family, with whether it is on under a configuration; a line for each engine."""
    blocks = []
    width = max((len(rule.name) for rule in registry.rules.values()), default=0)
    for (family, plugin), rules in groupby(registry.rules.values(), lambda rule: _family(rule, registry)):
        heading = f"{family} (plugin {plugin})" if plugin else family
        blocks.append("\n".join([heading, *(_row(rule, registry, config, width) for rule in rules)]))
    engines = [_engine_line(engine, registry, config) for _, engine in sorted(registry.engines.items())]
    if engines:
        blocks.append("\n".join(["foreign linters", *engines]))
    return "\n\n".join(blocks) + "\n" if blocks else "no plugin offers a rule\n"


def _family(rule: Rule, registry: Registry) -> tuple[str, str]:
    return re.sub(r"\d\d$", "xx", rule.code), registry.owners.get(rule.code, "")


def _row(rule: Rule, registry: Registry, config: Config, width: int) -> str:
    fix = "fix" if rule.fixable else ""
    columns = f"  {rule.code:<9} {rule.name:<{width}} {rule.severity.value:<8} {_state(rule.code, registry, config):<7}"
    return f"{columns} {fix:<4} {rule.summary}".rstrip()


def _state(code: str, registry: Registry, config: Config) -> str:
    """on; partly (below some paths only); strict (off for being strict); off."""
    if registry.wants(config.selection, code):
        return "on"
    if any(registry.wants(selection, code) for selection in config.selections()):
        return "partly"
    rule = registry.rules.get(code)
    asked = config.select is not None or config.strict
    return "strict" if rule is not None and rule.strict and not asked else "off"


def _engine_line(engine: Engine, registry: Registry, config: Config) -> str:
    codes = [entry.code for entry in engine.catalogue()]
    on = sum(_state(code, registry, config) in ("on", "partly") for code in codes)
    what = "Python files" if engine.kind == "python" else "templates"
    runs = engine.kind == "python" or engine.name == config.engine
    state = f"{on} on" if runs else f"off, for the engine is {config.engine}"
    return f"  {engine.name} {engine.version}: {len(codes)} codes about {what}, {codes[0]} to {codes[-1]}; {state}"


def listing_json(registry: Registry) -> str:
    """Every code there is as a list of objects: our own, then those of the engines."""
    ours = [_object(rule, registry.owners.get(rule.code, ""), rule) for rule in registry.rules.values()]
    theirs = [_object(entry, name) for name, engine in sorted(registry.engines.items()) for entry in engine.catalogue()]
    return json.dumps([*ours, *theirs], indent=2, ensure_ascii=False) + "\n"


def _object(about: Rule | Catalogued, plugin: str, rule: Rule | None = None) -> dict[str, object]:
    return {
        "code": about.code,
        "name": about.name,
        "severity": about.severity.value,
        "strict": rule is not None and rule.strict,
        "fixable": rule is not None and rule.fixable,
        "plugin": plugin,
        "summary": about.summary,
    }


def explained(code_or_name: str, registry: Registry) -> str:
    """The page of a rule, or of a foreign linter's code, for a terminal.

    Raises UsageError, naming what may be meant, for what is neither.
    """
    wanted = code_or_name.strip()
    for rule in registry.rules.values():
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return as_text(of_rule(rule, registry))
    for name, engine in registry.engines.items():  # the chosen one first
        for entry in engine.catalogue():
            if wanted.upper() == entry.code or wanted.lower() == entry.name:
                return as_text(of_foreign(entry, name, registry))
    raise UsageError(f"there is no rule {wanted!r}; {_nearest(wanted, registry)}")


def _nearest(wanted: str, registry: Registry) -> str:
    names = {name for rule in registry.rules.values() for name in (rule.code, rule.name)} | set(registry.catalogue)
    known = sorted(names)
    near = [name for form in (wanted.lower(), wanted.upper()) for name in difflib.get_close_matches(form, known, 5)]
    near.sort(key=lambda name: name[0].lower() != wanted[:1].lower())  # E30122 is rather E3012 than I3012
    return f"did you mean {near[0]!r}?" if near else "`s3ap-lint rules` lists them"


def page(rule: Rule, registry: Registry | None = None) -> str:
    """The page of a rule in Markdown."""
    return as_markdown(of_rule(rule, registry or _ours()))


def files(registry: Registry | None = None) -> dict[str, str]:
    """The folder of pages: a file for each rule of our distributions, and the index."""
    registry = registry or _ours()
    own = _own_plugins()
    rules = [rule for rule in registry.rules.values() if registry.owners.get(rule.code) in own]
    out = {f"{rule.code}.md": page(rule, registry) for rule in rules}
    out["README.md"] = "\n".join(_index(rules, registry))
    return {name: f"{text.rstrip()}\n" for name, text in out.items()}


def _index(rules: Sequence[Rule], registry: Registry) -> Iterator[str]:
    yield "# Rules\n"
    yield f"Made from the rules themselves by `{COMMAND}`; `s3ap-lint explain CODE` prints the same pages.\n"
    yield "A rule that is *strict* is off until `--strict` or `--select`. *fix*: there are findings that it can fix.\n"
    for (family, plugin), group in groupby(rules, lambda rule: _family(rule, registry)):
        yield f"## {family} {plugin}\n"
        yield "| code | name | severity | | what it finds |"
        yield "|---|---|---|---|---|"
        for rule in group:
            marks = ", ".join(word for word, holds in (("strict", rule.strict), ("fix", rule.fixable)) if holds)
            summary = rule.summary.replace("|", "\\|")
            yield f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {marks} | {summary} |"
        yield ""
    yield "## Codes of other linters\n"
    yield "Findings of pyflakes (`F401` …) and cfn-lint (`E3012` …) keep their codes, severities and documentation;"
    yield "`s3ap-lint explain CODE` says where that is, and `s3ap-lint rules --format json` lists them all."


def write(folder: Path, registry: Registry | None = None) -> list[Path]:
    """Write the folder of pages, and remove those of rules that are gone; what was changed."""
    wanted = files(registry)
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in wanted.items():
        target = folder / name
        if not target.is_file() or target.read_bytes() != text.encode("utf-8"):
            target.write_bytes(text.encode("utf-8"))
            changed.append(target)
    for target in _gone(folder, wanted):
        target.unlink()
        changed.append(target)
    return changed


def stale(folder: Path, registry: Registry | None = None) -> list[str]:
    """The names of pages that are not what `write` would make of them."""
    wanted = files(registry)
    differing = [
        name
        for name, text in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != text.encode("utf-8")
    ]
    return sorted([*differing, *(target.name for target in _gone(folder, wanted))])


def _gone(folder: Path, wanted: Iterable[str]) -> list[Path]:
    return [path for path in sorted(folder.glob("*.md")) if path.name not in set(wanted)]


def _ours() -> Registry:
    return load(make_manager())


def _own_plugins() -> set[str]:
    return {point.name for point in entry_points(group=GROUP) if point.dist and point.dist.name in DISTRIBUTIONS}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {COMMAND}")
    for changed_file in write(Path(sys.argv[1])):
        print(changed_file)
