"""Which stacks have to be gone before which: by what they import, by who answers for their custom resources, by who
uses their endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from s3ap_ops.stack import LiveStack, LiveStacks


@dataclass(frozen=True)
class Edge:
    """One stack goes before another, and why: `first` uses what `then` owns. Names of stacks."""

    first: str
    then: str
    why: str


def edges(stacks: LiveStacks) -> list[Edge]:
    """Every reason for an order among the stacks, sorted."""
    found = {edge for stack in stacks.stacks for edge in _edges(stack, stacks) if edge.first != edge.then}
    return sorted(found, key=lambda edge: (edge.then, edge.first, edge.why))


def before(stacks: LiveStacks) -> Mapping[str, tuple[str, ...]]:
    """For each stack the names of those that go before it, sorted."""
    found: dict[str, set[str]] = {stack.name: set() for stack in stacks.stacks}
    for edge in edges(stacks):
        found[edge.then].add(edge.first)
    return {name: tuple(sorted(names)) for name, names in found.items()}


def circle(stacks: LiveStacks) -> tuple[str, ...]:
    """Names of stacks each of which has to go before the next, and the last before the first; empty if there is an
    order."""
    try:
        list(TopologicalSorter(before(stacks)).static_order())
    except CycleError as error:
        return tuple(error.args[1][:-1])
    return ()


def _edges(stack: LiveStack, stacks: LiveStacks) -> Iterator[Edge]:
    if stack.is_gone:
        return
    for export, importers in stack.exports.items():
        for importer in importers:
            if importer in stacks.by_name:
                yield Edge(importer, stack.name, f"imports {export}")
    for resource in stack.resources:
        provider = resource.fact("provider", "")
        owner = stacks.owner(provider) if provider else None
        if owner is not None:
            yield Edge(stack.name, owner.name, f"has {resource.logical_id} done by {provider}")
        for victim in resource.fact("victims", ()):
            if victim.get("stack") in stacks.by_name:
                yield Edge(victim["stack"], stack.name, f"uses {resource.physical_id}")
