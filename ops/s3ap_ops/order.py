"""Which stacks have to be gone before which: by what they import, by who answers for their custom resources, by who
uses their networks, their endpoints and their buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from s3ap_ops.stack import Json, LiveResource, LiveStack, LiveStacks

FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
ATTACHMENT = "AWS::FSx::S3AccessPointAttachment"
FILES = ("AWS::FSx::StorageVirtualMachine", "AWS::FSx::Volume")


@dataclass(frozen=True)
class Edge:
    """One stack goes before another, and why: `first` uses what `then` owns. Names of stacks.

    A soft one is better kept, but nothing fails without it: what is cut off for a while goes itself.
    """

    first: str
    then: str
    why: str
    is_soft: bool = False


def edges(stacks: LiveStacks) -> list[Edge]:
    """Every reason for an order among the stacks, sorted; of the soft ones those that close no circle."""
    found = {edge for stack in stacks.stacks for edge in _edges(stack, stacks) if edge.first != edge.then}
    in_order = sorted(found, key=lambda edge: (edge.then, edge.first, edge.why))
    kept = [edge for edge in in_order if not edge.is_soft]
    for edge in in_order:
        if edge.is_soft and not _leads(edge.then, edge.first, kept):
            kept.append(edge)
    return [edge for edge in in_order if edge in kept]


def _leads(start: str, end: str, known: list[Edge]) -> bool:
    """Whether some edges lead from one stack to another."""
    reached, left = {start}, [start]
    while left:
        name = left.pop()
        new = {edge.then for edge in known if edge.first == name} - reached
        reached |= new
        left += new
    return end in reached


def before(stacks: LiveStacks) -> Mapping[str, tuple[str, ...]]:
    """For each stack the names of those that go before it, sorted."""
    return _by_then(stacks, edges(stacks))


def needed(stacks: LiveStacks) -> Mapping[str, tuple[str, ...]]:
    """For each stack the names of those without whose end its own deletion fails, or theirs would afterwards."""
    return _by_then(stacks, [edge for edge in edges(stacks) if not edge.is_soft])


def _by_then(stacks: LiveStacks, known: list[Edge]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {stack.name: set() for stack in stacks.stacks}
    for edge in known:
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
        if resource.goes:  # what is retained needs nobody's answer, and stays for whoever uses it
            yield from _edges_of(resource, stack, stacks)


def _edges_of(resource: LiveResource, stack: LiveStack, stacks: LiveStacks) -> Iterator[Edge]:
    provider = resource.fact("provider", "")
    if owner := _owner(provider, FUNCTIONS, stacks):
        yield Edge(stack.name, owner.name, f"has {resource.logical_id} done by {provider}")
    for victim in resource.fact("victims", ()):
        if user := _owner(victim["function"], FUNCTIONS, stacks):
            yield Edge(user.name, stack.name, f"uses {resource.physical_id}", is_soft=True)
    for group in resource.fact("result_workgroups", ()):
        if user := _owner(group, ("AWS::Athena::WorkGroup",), stacks):
            yield Edge(user.name, stack.name, f"puts results of {group} into {resource.physical_id}", is_soft=True)
    for function in resource.fact("functions", ()):
        if user := _owner(function["function"], FUNCTIONS, stacks):
            yield Edge(user.name, stack.name, f"has {function['function']} in {resource.physical_id}")
    for point in resource.fact("attachments", ()):
        if user := _owner(point["name"], (ATTACHMENT,), stacks):
            yield Edge(user.name, stack.name, f"has the access point {point['name']} on {resource.physical_id}")
    for name in resource.fact("contents", ()):
        if user := _owner(name, FILES, stacks):
            yield Edge(user.name, stack.name, f"has {name} in {resource.physical_id}")
    if store := stacks.store_of(resource.fact("store", {}).get("arn", "")):
        yield Edge(stack.name, store.stack, f"keeps the vectors of {resource.physical_id} in {store.physical_id}")
    if owner := _owner(resource.fact("runs_as", "").rpartition("/")[2], ("AWS::IAM::Role",), stacks):
        yield Edge(stack.name, owner.name, f"has {resource.physical_id} act as {resource.fact('runs_as')}")
    for interface in resource.fact("interfaces", ()):
        for user in stacks.stacks:
            if user.name != stack.name and (what := _named(interface, user)):
                yield Edge(user.name, stack.name, f"has {what} in {resource.physical_id}")


def _owner(name: str, types: tuple[str, ...], stacks: LiveStacks) -> LiveStack | None:
    """The stack with which something of a name goes; things of other types may have the same name."""
    for stack in stacks.stacks:
        if any(one.goes and one.physical_id == name for one in stack.of_type(*types)):
            return stack
    return None


def _named(interface: Mapping[str, Json], stack: LiveStack) -> str:
    """What of a stack an interface belongs to, by its id, its instance, or what its description ends in."""
    for one in stack.resources:
        if interface["id"] in one.fact("interface_ids", ()):
            return one.physical_id
    names = (interface["id"], interface["instance"], str(interface["description"]).rpartition(" ")[2])
    return next((name for name in names if name in stack.by_physical_id), "")
