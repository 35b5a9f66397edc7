"""The rules, engines and formats of one run: by code, by subject, and which of them are wanted."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from s3ap_lint.config import Config, Selection
from s3ap_lint.errors import ConfigError, PluginError
from s3ap_lint.model import Detector, Options, Rule
from s3ap_lint.offers import Catalogued, Engine, Renderer
from s3ap_lint.plugins import Manager

FOREIGN = re.compile(r"[A-Z]{1,3}\d{1,4}")  # what an engine's code looks like
ALL = "ALL"


@dataclass
class Registry:
    """Everything the plugins offer, whose modules are named. Raises PluginError when two claim one code or name.

    `optional` engines take part only when they are chosen.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    engines: dict[str, Engine] = field(default_factory=dict)
    optional: dict[str, Engine] = field(default_factory=dict)
    renderers: dict[str, Renderer] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    _catalogues: dict[str, Mapping[str, Catalogued]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def by_subject(self) -> Mapping[type, tuple[tuple[Rule, Detector], ...]]:
        """The rules and detectors for each type of subject, in order of code."""
        out: dict[type, list[tuple[Rule, Detector]]] = defaultdict(list)
        for code in sorted(self.rules):
            for detector in self.rules[code].detectors:
                out[detector.subject].append((self.rules[code], detector))
        return {subject: tuple(pairs) for subject, pairs in out.items()}

    @cached_property
    def merged(self) -> Mapping[str, tuple[str, ...]]:
        """For each foreign code, the rules of ours that say the same."""
        out: dict[str, list[str]] = defaultdict(list)
        for code, rule in sorted(self.rules.items()):
            for foreign in rule.merges:
                out[foreign].append(code)
        return {foreign: tuple(codes) for foreign, codes in out.items()}

    @cached_property
    def catalogue(self) -> Mapping[str, Catalogued]:
        """The codes of all engines. Asking cfn-lint for its own takes a second, so ask late."""
        return {code: entry for name in self.engines for code, entry in self._codes_of(name).items()}

    def catalogued(self, code: str) -> Catalogued | None:
        """What an engine says of a code of its own; the slow ones are asked only for what the others do not know."""
        quick_first = sorted(self.engines, key=lambda name: self.engines[name].kind != "python")
        return next((found[code] for name in quick_first if code in (found := self._codes_of(name))), None)

    def _codes_of(self, engine: str) -> Mapping[str, Catalogued]:
        if engine not in self._catalogues:
            self._catalogues[engine] = {entry.code: entry for entry in self.engines[engine].catalogue()}
        return self._catalogues[engine]

    def described(self, codes: Iterable[str]) -> dict[str, Rule | Catalogued]:
        """What is known of some codes, whoever gives them."""
        wanted = list(dict.fromkeys(codes))
        found: dict[str, Rule | Catalogued] = {code: self.rules[code] for code in wanted if code in self.rules}
        foreign = ((code, self.catalogued(code)) for code in wanted if code not in self.rules)
        return found | {code: entry for code, entry in foreign if entry is not None}

    def options(self, config: Config, code: str) -> Options:
        """The settings of one rule: its defaults, with what the configuration says.

        Raises ConfigError for a setting that the rule does not have or a value of another type.
        """
        rule = self.rules[code]
        given = dict(config.rules.get(code, {})) | dict(config.rules.get(rule.name, {}))
        for name, value in given.items():
            if name not in rule.options:
                raise ConfigError(_unknown(f"option {name!r} of {code}", name, rule.options))
            default = rule.options[name]
            if default is not None and not isinstance(value, type(default)):
                raise ConfigError(f"option {name!r} of {code} must be {type(default).__name__}, not {value!r}")
        return {**rule.options, **given}

    def wants(self, selection: Selection, code: str, *, strictly: bool = False) -> bool:
        """Whether a selection asks for a code. The longer selector wins; between equals, `ignore` does.

        `strictly`: as if the rule were a strict one, for subjects that are not everybody's business.
        """
        rule = self.rules.get(code)
        strict = bool(rule) and (strictly or (rule.strict if rule else False))
        names = {code, rule.name} if rule else {code}
        chosen = max(
            (_rank(item, code, names) for item in (*(selection.select or ()), *selection.extend_select)), default=-1
        )
        if selection.select is None and (selection.strict or not strict):
            chosen = max(chosen, 0)
        ignored = max((_rank(item, code, names) for item in selection.ignore), default=-1)
        return chosen > ignored

    def choose(self, name: str) -> None:
        """Let the engine of that name take part if it is optional, and answer first where several know a code.

        Raises ConfigError when there is none, or when what it needs is not installed. Without the plugin of the
        default engine there is none, and that is no error.
        """
        missing = getattr(self.optional.get(name), "missing", "")
        if missing:
            raise ConfigError(missing)
        known = self.optional | self.engines
        if name in known:
            self.engines = {name: known[name], **self.engines}
        elif name not in ("none", "cfn-lint"):
            raise ConfigError(_unknown(f"engine {name!r}", name, [*known, "none"]))

    def check_selectors(self, config: Config) -> None:
        """Raise ConfigError for a selector that names nothing we know."""
        names = set(self.rules) | {rule.name for rule in self.rules.values()} | {ALL}
        for selection in config.selections():
            for item in (*(selection.select or ()), *selection.extend_select, *selection.ignore):
                if item in names or any(code.startswith(item) for code in self.rules) or FOREIGN.fullmatch(item):
                    continue
                if re.fullmatch(r"[A-Z]", item):  # all of one foreign family
                    continue
                raise ConfigError(_unknown(f"rule {item!r}", item, names))
        for code in config.rules:
            if code not in self.rules and code not in names:
                raise ConfigError(_unknown(f"rule {code!r}", code, names))


def _rank(selector: str, code: str, names: set[str]) -> int:
    if selector in names:
        return 100
    if selector == ALL:
        return 0
    return len(selector) if code.startswith(selector) else -1


def _unknown(what: str, given: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, sorted(known), 1)
    hint = f"; did you mean {near[0]!r}?" if near else "; `s3ap-lint rules` lists them"
    return f"there is no {what}{hint}"


def load(manager: Manager, builtin_renderers: Iterable[Renderer] = ()) -> Registry:
    """Everything the plugins offer, with each detector joined to the rule that owns its code."""
    registry = Registry(modules=tuple(manager.modules()))
    detectors: list[tuple[str, Detector]] = []
    for plugin, thing in manager.call("s3ap_rules"):
        if isinstance(thing, Detector):
            detectors.append((plugin, thing))
        elif isinstance(thing, Rule):
            _claim(registry.owners, thing.code, plugin)
            twin = next((rule for rule in registry.rules.values() if rule.name == thing.name), None)
            if twin is not None:
                raise PluginError(f"{twin.code} and {thing.code} are both called {thing.name!r}; rename one of them")
            registry.rules[thing.code] = thing
        else:
            raise PluginError(f"plugin {plugin!r} offers {thing!r} as a rule; use the decorator s3ap_lint.api.rule")
    for plugin, detector in detectors:
        rule = registry.rules.get(detector.code)
        if rule is None:
            continue  # its owner is disabled, so there is no page to show a finding under
        if any(known.subject is detector.subject for known in rule.detectors):
            raise PluginError(
                f"{detector.code} is detected twice on {detector.subject.__name__}; the second is {plugin!r}"
            )
        registry.rules[detector.code] = replace(rule, detectors=(*rule.detectors, detector))
    for plugin, engine in manager.call("s3ap_engines"):
        if engine.name in registry.engines | registry.optional:
            raise PluginError(f"two engines are called {engine.name!r}; disable one with --no-plugin {plugin}")
        (registry.optional if hasattr(engine, "missing") else registry.engines)[engine.name] = engine
    builtins: list[tuple[str, Any]] = [("s3ap_lint", renderer) for renderer in builtin_renderers]
    for plugin, renderer in [*builtins, *manager.call("s3ap_renderers")]:
        if renderer.name in registry.renderers:
            raise PluginError(f"two formats are called {renderer.name!r}; disable one with --no-plugin {plugin}")
        registry.renderers[renderer.name] = renderer
    registry.rules = dict(sorted(registry.rules.items()))
    return registry


def _claim(owners: dict[str, str], code: str, plugin: str) -> None:
    if code in owners:
        raise PluginError(
            f"{code} is defined by both {owners[code]!r} and {plugin!r}; disable one with --no-plugin NAME"
        )
    owners[code] = plugin
