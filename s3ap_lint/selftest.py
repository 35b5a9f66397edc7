"""Proof that rules can fire: the bad example of each selected rule, under a project's own configuration.

A gate that is green because its rules are off, hidden by an option or missing looks like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import join

from s3ap_lint import examples, memory
from s3ap_lint.config import Config
from s3ap_lint.errors import S3apLintError
from s3ap_lint.model import Example, Finding, Rule
from s3ap_lint.offers import Engine, EngineUnit
from s3ap_lint.properties import CRASHED, HOST_RULES
from s3ap_lint.registry import Registry

ELSEWHERE = "selftest-example"
"""A folder that no pattern names, unless it names all."""

UNDEFINED_NAME = b"def handler(event, context):\n    return evnt\n"
WRONG_TYPE = b"""\
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::123456789012:role/example
      Runtime: python3.13
      Handler: handler.handler
      Code: {S3Bucket: example-bucket, S3Key: example.zip}
      MemorySize: plenty
"""
PROBES = {"python": ("F821", "handler.py", UNDEFINED_NAME), "template": ("E3012", "template.yaml", WRONG_TYPE)}
"""For each kind of engine: a code, and a file that must be reported under it."""


@dataclass(frozen=True)
class Verdict:
    """What became of one rule or engine. `fired` None: it was not asked to, for the reason that is said."""

    code: str
    name: str
    fired: bool | None
    said: str


def report(registry: Registry, config: Config) -> tuple[str, bool]:
    """What became of every selected rule and engine, and whether all that could be asked to fire did.

    Not passed either: a configuration that selects no rule at all.
    """
    verdicts = [*_rules(registry, config), *_engines(registry, config)]
    width = max((len(verdict.name) for verdict in verdicts), default=0)
    lines = [f"{_word(verdict):<12} {verdict.code:<9} {verdict.name:<{width}}  {verdict.said}" for verdict in verdicts]
    fired = sum(verdict.fired is True for verdict in verdicts)
    silent = [verdict.code for verdict in verdicts if verdict.fired is False]
    if not any(verdict.fired is not None for verdict in verdicts):
        summary = "no rule that has an example is selected: this configuration finds nothing"
    elif silent:
        summary = f"{fired} can fire, {len(silent)} cannot: {', '.join(silent)}"
    else:
        summary = f"{fired} can fire, every one that is selected"
    return "\n".join([*(line.rstrip() for line in lines), summary]) + "\n", fired > 0 and not silent


def _word(verdict: Verdict) -> str:
    return {True: "fires", False: "CANNOT FIRE", None: "not asked"}[verdict.fired]


def _rules(registry: Registry, config: Config) -> Iterator[Verdict]:
    alone = memory.without_engines(registry)
    for rule in registry.rules.values():
        if any(registry.wants(selection, rule.code) for selection in config.selections()):
            yield _verdict(rule, alone, config)


def _verdict(rule: Rule, registry: Registry, config: Config) -> Verdict:
    bad = [example for example in rule.examples if example.bad]
    if rule.code in HOST_RULES:
        return Verdict(rule.code, rule.name, None, "said by the program itself about a run; there is no example")
    if rule.is_live_only:
        return Verdict(rule.code, rule.name, None, "about what runs in an account; `s3ap-ops plan` asks it")
    if not rule.detectors:
        return Verdict(rule.code, rule.name, False, "nothing detects it; the plugin that does is missing or disabled")
    if not bad:
        return Verdict(rule.code, rule.name, None, "it has no bad example")
    for folder in _folders(config):
        fired = sum(_fires(rule, example, registry, config, folder) for example in bad)
        if fired:
            where = f" in {folder}" if folder not in ("", ELSEWHERE) else ""
            return Verdict(rule.code, rule.name, True, f"on {fired} of {_count(bad)}{where}")
    if not registry.wants(config.selection, rule.code):
        patterns = ", ".join(entry.pattern for entry in config.per_path)
        said = f"selected for some paths only ({patterns}), below which no example can be put"
        return Verdict(rule.code, rule.name, None, said)
    return Verdict(rule.code, rule.name, False, _why_not(rule, bad, registry, config))


def _count(bad: list[Example]) -> str:
    return f"{len(bad)} example{'' if len(bad) == 1 else 's'}"


def _fires(rule: Rule, example: Example, registry: Registry, config: Config, folder: str = "") -> bool:
    """Whether a rule reports an example that lies in a folder of the project."""
    files = {join(folder, path): data for path, data in examples.read(example.files).files.items()}
    own = memory.configuration(rule, example.options, config)
    codes = {CRASHED, *examples.mentioned(example)} & registry.rules.keys()
    own = replace(own, extend_select=(*own.extend_select, *sorted(codes - {rule.code})))
    return any(finding.code == rule.code for finding in memory.check(files, own, registry).findings)


def _why_not(rule: Rule, bad: list[Example], registry: Registry, config: Config) -> str:
    """What of a configuration keeps a rule silent, found by leaving things out."""
    bare = Config(config.root, config.cwd, config.top, select=(rule.code,), engine="none")
    if not any(_fires(rule, example, registry, bare) for example in bad):
        return "its own examples do not make it fire: the rule is broken"
    given = {**config.rules.get(rule.code, {}), **config.rules.get(rule.name, {})}
    for name in given:
        others = {other: value for other, value in given.items() if other != name}
        if _any_fires(rule, bad, registry, replace(config, rules={rule.code: others})):
            return f"the option {name} = {given[name]!r} of the configuration hides it"
    if given and _any_fires(rule, bad, registry, replace(config, rules={})):
        return f"the options {', '.join(given)} of the configuration hide it"
    if _any_fires(rule, bad, registry, replace(config, per_path=())):
        return "per-path ignores it in files such as those of its examples"
    return "a setting of the configuration hides it: code-map, pairs, access-points, package-name or runtime"


def _any_fires(rule: Rule, bad: Iterable[Example], registry: Registry, config: Config) -> bool:
    return any(_fires(rule, example, registry, config) for example in bad)


def _folders(config: Config) -> list[str]:
    """Where an example may lie: at the root, elsewhere, below the paths that `per-path` speaks of."""
    below = (folder for entry in config.per_path for folder in _below(entry.pattern))
    return list(dict.fromkeys(["", ELSEWHERE, *below]))


def _below(pattern: str) -> tuple[str, str]:
    """Two folders, one of which a gitignore-style pattern names, or names everything in."""
    parts = [part.replace("**", "any").replace("*", "any").replace("?", "x") for part in pattern.strip("/").split("/")]
    return "/".join(parts), "/".join(parts[:-1])


def _engines(registry: Registry, config: Config) -> Iterator[Verdict]:
    for name, engine in sorted(registry.engines.items()):
        if engine.kind == "template" and name != config.engine:
            continue
        code, path, data = PROBES[engine.kind]
        if code not in {entry.code for entry in engine.catalogue()}:
            yield Verdict("", name, None, f"it has no {code}, which is what engines are asked for")
            continue
        if not any(registry.wants(selection, code) for selection in config.selections()):
            continue
        yield _engine_verdict(engine, EngineUnit(str(config.root), path, data, _tree(path, data)), code)


def _tree(path: str, data: bytes) -> ast.Module | None:
    return ast.parse(data) if path.endswith(".py") else None


def _engine_verdict(engine: Engine, unit: EngineUnit, code: str) -> Verdict:
    try:
        found: Mapping[str, object] = {one.code: one for one in engine.check(unit) if isinstance(one, Finding)}
    except S3apLintError as error:
        return Verdict(code, engine.name, False, str(error))
    except Exception as error:  # somebody else's program
        return Verdict(code, engine.name, False, f"it failed: {type(error).__name__}: {error}")
    if code in found:
        return Verdict(code, engine.name, True, f"version {engine.version}")
    others = f"it says {', '.join(sorted(found))} instead" if found else "it says nothing"
    hint = "; does a .cfnlintrc at the root ignore it?" if engine.kind == "template" else ""
    return Verdict(code, engine.name, False, f"on {unit.path} with a fault of that kind {others}{hint}")
