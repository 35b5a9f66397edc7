"""What the change from one template to another means: the default deployment first, then all others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from s3ap_lint.accounts import masked
from s3ap_lint.budget import GaveUp
from s3ap_lint.compare import parameters, replacement
from s3ap_lint.compare.change import Change, Effect, Fate, Held, When
from s3ap_lint.compare.deployments import Deployments, Holds
from s3ap_lint.compare.told import plain, variants
from s3ap_lint.diagnostic import Place
from s3ap_lint.difference.comparison import Comparison, Views
from s3ap_lint.difference.differences import Both, Difference, Kind
from s3ap_lint.difference.meaning import WRITTEN, same
from s3ap_lint.difference.plain import OWN, PLAIN_TYPES
from s3ap_lint.model import Location, Unchecked
from s3ap_lint.source import Source
from s3ap_lint.template.conditions import asks_elsewhere
from s3ap_lint.template.loops import LOOP
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template

Key = tuple[str, str, bool, bool]

MADE_BY_SAM = "SAM makes resources of it"
EXPORTED = "other stacks may import it"
REFUSES = "it refuses default deployments"
REFUSED = "CloudFormation refuses to change the type of a resource"
SECTIONS = ("Transform", "Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs", "Globals")
_NOTHING = ("", "''")  # an empty text, and as it is spelled
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


@dataclass
class Account:
    """Two states of one template. `sources` gives a file of the first (0) or second (1) state, for places in it."""

    one: Template
    other: Template
    views: Views
    sources: Callable[[int, str], Source | None]
    only_default: bool = False
    unjudged: list[Unchecked] = field(default_factory=list)

    def changes(self) -> tuple[Change, ...]:
        """All that is not what it was; what could not be judged is in `unjudged` then."""
        defaults = Deployments(self.one, self.other, defaults=True)
        found = list(self._of_default(defaults))
        declared, told = [*self._parameters(), *self._rules()], [change for _, change in found]
        if self.only_default:
            return (*(one for one in declared if one.when.default or (told and one.name.endswith(".Default"))), *told)
        others = self._of_others(Deployments(self.one, self.other), {key for key, _ in found}, defaults)
        return (*declared, *told, *others)

    # -- scenarios -------------------------------------------------------------------------------

    def _of_default(self, scope: Deployments) -> Iterator[tuple[Key, Change]]:
        for difference in self._differences(scope):
            for pair, verdict in variants(difference, scope):
                yield self._key(difference, None), self._change(difference, pair, scope.when(verdict))

    def _of_others(self, scope: Deployments, known: set[Key], defaults: Deployments) -> Iterator[Change]:
        """What is not told of the default deployment already."""
        for difference in self._differences(scope):
            told = self._key(difference, defaults) in known
            for pair, verdict in variants(difference, scope):
                by_default = verdict.by_default if isinstance(verdict, Holds) else True
                if told and by_default:
                    continue
                when = scope.when(verdict)
                if by_default:
                    when = scope.by_values(*difference.nodes, text=f"{difference.name} {pair}")
                yield self._change(difference, pair, when)

    def _differences(self, scope: Deployments) -> list[Difference]:
        comparison = Comparison(self.one, self.other, scope, self.views)
        found = comparison.differences()
        for node in comparison.undecided:
            self._unjudge(node)
        return found

    def _key(self, difference: Difference, defaults: Deployments | None) -> Key:
        """What tells a difference from others, in the default deployment; there parameters are their defaults."""
        name = difference.name
        if difference.kind is Kind.GRANT and difference.values is not None:
            side = 0 if difference.only_in_one else 1
            known = defaults.joint.defaults[side] if defaults is not None else {}
            said = plain(difference.values[side])
            found = {key: _filled(str(value), known) for key, value in said.items()} if isinstance(said, dict) else {}
            name = repr([name.partition(": ")[0], sorted(pair for pair in found.items() if pair[1] not in _NOTHING)])
        return difference.kind.value, name, difference.only_in_one, difference.only_in_other

    # -- one change ------------------------------------------------------------------------------

    def _change(self, difference: Difference, pair: Both[object], when: When) -> Change:
        kind, name = difference.kind, difference.name
        before, after = pair
        type_ = self._type(difference)
        fate, held, note = Fate.NOTHING, Held.NONE, ""
        whole = kind is Kind.RESOURCE and "." not in name
        if whole:
            held = replacement.held(type_, difference.one, "DeletionPolicy") if difference.only_in_one else held
        elif kind is Kind.RESOURCE and name.endswith(".Type"):
            fate, note = Fate.REFUSED, REFUSED
        elif kind in (Kind.PROPERTY, Kind.CODE):
            resource, _, inner = name.partition(".")
            fate = replacement.fate(type_, inner, before, after)
            if fate is not Fate.NOTHING:
                held = replacement.held(type_, self.other.resources[resource].node, "UpdateReplacePolicy")
            note = MADE_BY_SAM if inner in OWN.get(self._written_type(resource), ()) else ""
        if kind is Kind.OUTPUT and "." not in name:
            section = self.one if difference.only_in_one else self.other
            note = EXPORTED if section.top["Outputs"][name]["Export"] else ""
        shown = "property" if kind is Kind.RESOURCE and not whole else kind.value
        effect = _effect(difference, before, after)
        return Change(
            shown, masked(name), effect, before, after, self._places(difference), when, type_, fate, held, note
        )

    def _type(self, difference: Difference) -> str:
        name = difference.name.partition(".")[0].partition(":")[0]
        if difference.kind is Kind.OUTPUT:
            return ""
        if difference.kind is Kind.RESOURCE and name not in {**self.one.resources, **self.other.resources}:
            return difference.said[0] or difference.said[1]  # what SAM makes
        written = self._written_type(name)
        return PLAIN_TYPES.get(written, written) if difference.kind is not Kind.RESOURCE else written

    def _written_type(self, name: str) -> str:
        found = self.other.resources.get(name) or self.one.resources.get(name)
        return found.type if found is not None else ""

    def _places(self, difference: Difference) -> Both[Place | None]:
        return (
            self._place(0, difference.at(0)) if difference.one else None,
            self._place(1, difference.at(1)) if difference.other else None,
        )

    def _place(self, side: int, at: Location) -> Place | None:
        template = (self.one, self.other)[side]
        source = template.source if at.subject == template.path else self.sources(side, at.subject)
        return source.place(at) if source is not None else None

    # -- parameters and rules --------------------------------------------------------------------

    def _parameters(self) -> Iterator[Change]:
        for found in parameters.changes(self.one, self.other):
            places = self._both(found.nodes)
            if found.untold:
                self._note(found.nodes[1], found.name, "whether its AllowedPattern admits the Default cannot be told")
            effect = _of_values(found.before, found.after)
            yield Change(
                "parameter", found.name, effect, found.before, found.after, places, When(found.breaks), note=found.note
            )

    def _both(self, nodes: Both[Node]) -> Both[Place | None]:
        one, other = nodes
        return self._place(0, one.key_at) if one else None, self._place(1, other.key_at) if other else None

    def _rules(self) -> Iterator[Change]:
        """The assertions about parameters that are not what they were; new ones may refuse the default deployment."""
        one, other = self.one.top["Rules"], self.other.top["Rules"]
        for name in dict.fromkeys([*one.keys(), *other.keys()]):
            values = [plain(WRITTEN.value(rules[name])) if rules[name] else None for rules in (one, other)]
            if values[0] == values[1]:
                continue
            refused = bool(other[name]) and self._refuses(other[name])
            note = REFUSES if refused else ""
            if other[name] and asks_elsewhere(other[name]):
                self._note(other[name], f"rule {name}", "what it asks about is not in the template")
            places = self._both((one[name], other[name]))
            yield Change("rule", name, _of_values(*values), values[0], values[1], places, When(refused), note=note)

    def _refuses(self, rule: Node) -> bool:
        try:
            return Deployments(self.one, self.other, defaults=True).joint.is_refused(rule)
        except (GaveUp, RecursionError):
            self._note(rule, f"rule {rule.key}", "too many scenarios")
            return False

    # -- what cannot be judged -------------------------------------------------------------------

    def _unjudge(self, node: Node) -> None:
        """Note what may mean something else though it is not compared."""
        macros = sorted({*self.one.unknown_macros, *self.other.unknown_macros})
        if node.path[:1] == ("Transform",) and self._written_alike():
            return  # whatever is made of it, it is the same
        if node.path[:1] == ("Transform",):
            what, reason = "macro", f"what {', '.join(macros)} makes of it cannot be told"
        elif node.key.startswith(LOOP):
            what, reason = "loop", "its collection is not written out"
        else:
            what, reason = node.key or "value", "too many scenarios, too deep, or no resource"
        self._note(node, what, reason)

    def _note(self, node: Node, what: str, reason: str) -> None:
        """Say that something could not be judged, once."""
        side = 1 if node.subject == self.other.path else 0
        place = self._place(side, node.at)
        entry = Unchecked(self.other.path, what, reason, place.line if place is not None else 1)
        if entry not in self.unjudged:
            self.unjudged.append(entry)

    def _written_alike(self) -> bool:
        return all(same(WRITTEN.value(self.one.top[name]), WRITTEN.value(self.other.top[name])) for name in SECTIONS)


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: known.get(match[1], match[0]), text)


def _effect(difference: Difference, before: object, after: object) -> Effect:
    whole = difference.kind in (Kind.RESOURCE, Kind.GRANT, Kind.STATE) or (
        difference.kind is Kind.OUTPUT and "." not in difference.name
    )
    if whole and difference.only_in_one:
        return Effect.REMOVED
    if whole and difference.only_in_other:
        return Effect.ADDED
    return _of_values(before, after)


def _of_values(before: object, after: object) -> Effect:
    if before is None:
        return Effect.ADDED
    return Effect.REMOVED if after is None else Effect.CHANGED
