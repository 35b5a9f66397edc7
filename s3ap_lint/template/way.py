"""How a deployment comes to a place: parameter → condition → the arm of an `!If`, each with where it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.model import Location, Scenario
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import said
from s3ap_lint.template.template import Template


def way(template: Template, scenario: Scenario | None, *places: Node) -> tuple[Location, ...]:
    """The steps that lead to a scenario, noted, and the arms that `!If` takes around and below some places in it.

    A place may be a whole statement. Without a scenario there is nothing to explain, and no step.
    """
    if scenario is None:
        return ()
    conditions = dict(scenario.conditions)
    steps = (
        *(_given(template, name, value) for name, value in scenario.parameters if name in template.space.parameters),
        *(_decided(template, name, truth) for name, truth in scenario.conditions),
        *(arm for place in places for arm in _arms(place, conditions)),
    )
    return tuple(dict.fromkeys(steps))


def _given(template: Template, name: str, value: str) -> Location:
    parameter = template.space.parameters[name]
    if parameter.default == value and parameter.node["Default"]:
        return parameter.node["Default"].key_at.noted(f"{said(name, value)} by default")
    return parameter.node.key_at.noted(said(name, value))


def _decided(template: Template, name: str, truth: bool) -> Location:
    return template.space.conditions[name].key_at.noted(f"so {name} is {'true' if truth else 'false'}")


def _arms(place: Node, conditions: Mapping[str, bool]) -> Iterator[Location]:
    """The arms that are taken of each `!If` above and below a place whose condition is decided."""
    above = []
    node = place.parent
    while node is not None:
        above.append(node)
        node = node.parent
    for node in (*reversed(above), *place.walk()):
        found = node.function
        if found is None or found[0] != "Fn::If" or len(found[1]) != 3:
            continue
        name = found[1][0].text
        if name in conditions:
            yield found[1][1 if conditions[name] else 2].at.noted(f"so !If {name} takes this arm")
