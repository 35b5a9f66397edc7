"""How each action that a function needs stands, in rows for a reader; and everything there is to grant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

from s3ap_lint.model import Location
from s3ap_lint.patterns import Covers
from s3ap_lint.permissions.least_privilege import Grant
from s3ap_lint.permissions.needs import Needed, Wanted
from s3ap_lint.permissions.policy_resource import Home, PolicyResource, home_of
from s3ap_lint.permissions.report import CallPlace, NeededAction, Standing
from s3ap_lint.permissions.standing import Answer, Permission, Permissions
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.worlds import World

T = TypeVar("T")
Line = Callable[[Location], int]


@dataclass(frozen=True, slots=True)
class Cell:
    """How an action that a call needs stands in one world, and what has to be granted for it there."""

    one: Needed
    standing: Standing
    resources: tuple[PolicyResource, ...]
    sufficient: tuple[PolicyResource, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """What it is called on, for a reader."""
        return tuple(dict.fromkeys(one.text for one in self.resources if not one.note or one.text != "*"))

    @property
    def key(self) -> tuple[str, tuple[str, ...], bool]:
        return self.one.action, self.shown, self.one.certain


@dataclass
class Table:
    """The permissions of one function, as a table. Raises TooManyWorlds when it is first asked."""

    permissions: Permissions
    line: Line

    @cached_property
    def outcomes(self) -> list[Outcome[tuple[Cell, ...]]]:
        """All cells in every scenario."""
        template = self.permissions.function.template
        if self.permissions.role is None:
            return template.outcomes(self._unknown)
        found: list[Outcome[tuple[Cell, ...]]] = []
        for outcome in self.permissions.outcomes:
            # how a resource is written may depend on more than how it stands
            asked = partial(self._cells, outcome.answer)
            found += template.space.outcomes(asked, given=outcome.world.chosen)
        return found

    def _cells(self, answer: Answer | None, world: World) -> tuple[Cell, ...]:
        if answer is None:
            return ()
        home = self._home(world)
        cells = (
            _cell(s.needed, _options(s.needed, s.wanted, home), _standing(s), home, _is_perhaps(s)) for s in answer
        )
        return _necessary(filter(None, cells))

    def _unknown(self, world: World) -> tuple[Cell, ...]:
        function = self.permissions.function
        if not function.resource.exists(world):
            return ()
        home = self._home(world)
        cells = (
            _cell(one, options, Standing.UNKNOWN, home)
            for one in self.permissions.needed
            for options in one.wanted(home.variables, world, function.template)
            if not any(wanted.empty for wanted in options)
        )
        return _necessary(filter(None, cells))

    def _home(self, world: World) -> Home:
        function = self.permissions.function
        variables = function.variables_in(world)
        return home_of(self.permissions.role, function.resource, function.template, world, variables)

    # -- what is read off it ---------------------------------------------------------------------

    def rows(self) -> tuple[NeededAction, ...]:
        """One row for each action and standing, what is missing first."""
        merged: dict[tuple[str, Standing, str, bool], list[NeededAction]] = {}
        for row in self._rows():
            merged.setdefault((row.action, row.standing, row.scenario, row.certain), []).append(row)
        rows = (_together(same) for same in merged.values())
        return tuple(sorted(rows, key=lambda row: (row.standing.rank, row.action, row.resources, row.scenario)))

    def rows_of_code(self) -> tuple[NeededAction, ...]:
        """What the code needs, whatever the role grants: for where there is too much to decide."""
        calls: dict[str, set[CallPlace]] = {}
        for one in self.permissions.needed:
            if one.certain:
                calls.setdefault(one.action, set()).add(_place(one, self.line))
        return tuple(NeededAction(a, Standing.PERHAPS, (), tuple(sorted(of))) for a, of in sorted(calls.items()))

    def _rows(self) -> Iterator[NeededAction]:
        cells: dict[tuple[str, tuple[str, ...], bool], list[Cell]] = {}
        for outcome in self.outcomes:
            for cell in outcome.answer:
                cells.setdefault(cell.key, []).append(cell)
        for key, found in cells.items():
            standing = min((cell.standing for cell in found), key=lambda one: one.rank)
            calls = {_place(cell.one, self.line) for cell in found if cell.standing is standing}
            yield NeededAction(key[0], standing, key[1], tuple(sorted(calls)), self._scenario(key, standing), key[2])

    def _scenario(self, key: tuple[str, tuple[str, ...], bool], standing: Standing) -> str:
        if standing in (Standing.GRANTED, Standing.UNKNOWN):
            return ""
        verdict = self.permissions.function.template.verdict(self.outcomes, partial(_has, key, standing))
        return verdict.scenario.text if verdict is not None and verdict.scenario is not None else ""

    def grants(self) -> Iterator[Grant]:
        """What has to be granted in some scenario, as narrow as can be told."""
        for outcome in self.outcomes:
            for cell in outcome.answer:
                if cell.one.need.certain:
                    yield from (Grant(cell.one.action, resource) for resource in cell.resources)

    def doubtful(self) -> frozenset[str]:
        """The actions that calls need only in circumstances that they do not tell, and that are granted."""
        cells = {cell for outcome in self.outcomes for cell in outcome.answer}
        return frozenset(cell.one.action for cell in cells if not cell.one.need.certain)

    def of_keys(self) -> frozenset[str]:
        """The actions on keys that the role is granted: whatever is called may lie under one."""
        role = self.permissions.role
        nodes = (node for top in (role.policy_nodes if role is not None else ()) for node in top.walk())
        return frozenset(node.text for node in nodes if node.text.lower().startswith("kms:"))


def _options(one: Needed, wanted: Wanted, home: Home) -> list[Wanted]:
    """All that a call may be made on, of which one item stands for the others."""
    calls = one.wanted(home.variables, home.world, home.template)
    return next((options for options in calls if wanted in options), [wanted])


def _cell(
    one: Needed, options: list[Wanted], standing: Standing, home: Home, stands_somewhere: bool = False
) -> Cell | None:
    """A cell; None for what a call perhaps needs, and nobody grants."""
    if not one.need.certain and standing is not Standing.GRANTED and not stands_somewhere:
        return None
    named = dict.fromkeys(resource for wanted in options for resource in home.named(one, wanted))
    sufficient = home.alternatives(one, options[0]) if len(options) == 1 else ()
    return Cell(one, standing, tuple(named), sufficient)


def _necessary(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Without what is granted anyhow with something else that the same call needs the same action on."""
    chosen: dict[tuple[str, Location], set[PolicyResource]] = {}
    kept: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: len(cell.sufficient)):
        named = chosen.setdefault((cell.one.action, cell.one.at), set())
        if named.isdisjoint(cell.sufficient):
            named.update(cell.resources)
            kept.append(cell)
    return tuple(kept)


def _is_perhaps(permission: Permission) -> bool:
    """Whether a statement grants the action, and it cannot be told whether on what the call is made on."""
    return permission.misplaced or (permission.covers is Covers.PERHAPS and permission.elsewhere)


def _standing(permission: Permission) -> Standing:
    if permission.misplaced:
        return Standing.ELSEWHERE if permission.needed.certain else Standing.PERHAPS
    if permission.covers is Covers.NO:
        return Standing.ELSEWHERE if permission.elsewhere else Standing.MISSING
    return Standing.GRANTED if permission.covers is Covers.YES else Standing.PERHAPS


def _has(key: tuple[str, tuple[str, ...], bool], standing: Standing, cells: tuple[Cell, ...]) -> bool:
    return any(cell.key == key and cell.standing is standing for cell in cells)


def _place(one: Needed, line: Line) -> CallPlace:
    return CallPlace(one.at.subject, line(one.at), f"{one.call.service}.{one.call.operation}")


def _together(rows: list[NeededAction]) -> NeededAction:
    first = rows[0]
    return NeededAction(
        first.action,
        first.standing,
        tuple(sorted({resource for row in rows for resource in row.resources})),
        tuple(sorted({call for row in rows for call in row.calls})),
        first.scenario,
        first.certain,
    )
