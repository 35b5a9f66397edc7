"""One difference of a pair carried over alone, as a fix of the generated half."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename

from s3ap_lint.application import Application
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.model import Edit, Fix, Safety
from s3ap_lint.sync.halves import packaged_by_hand
from s3ap_lint.sync.lines import Rewriter
from s3ap_lint.sync.operations import Insert, Operation
from s3ap_lint.sync.plan import Plan
from s3ap_lint.sync.wanted import Wanted
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Template


@dataclass
class Carrier:
    """Carries differences of a pair from its source into its generated half, one at a time."""

    source: Template
    generated: Template
    application: Application

    def fix(self, difference: Difference) -> Fix | None:
        """The edits that settle one difference; None where it cannot be carried over alone.

        What is written together, such as the actions of one statement, goes together.
        """
        steps = self._steps(difference)
        if steps is None:
            return None
        edits = [self._edit(step) for step in _about(difference, steps)]
        made = tuple(dict.fromkeys(edit for edit in edits if edit is not None))
        if not made or None in edits:
            return None
        name, source = difference.name, basename(self.source.path)
        gone = difference.only_in_other
        title = f"Take {name} out, which {source} does not have" if gone else f"Carry {name} over from {source}"
        return Fix(title, made, Safety.REVIEW)

    def _steps(self, difference: Difference) -> list[Operation] | None:
        """The steps that bring what a difference is in into step; None where something is refused."""
        key = difference.kind, *(node.path[:4] for node in difference.nodes)
        if difference.kind is not Kind.GRANT:  # of which there are many in one place
            return self._worked_out(difference)
        if key not in self._known_steps:
            self._known_steps[key] = self._worked_out(difference)
        return self._known_steps[key]

    def _worked_out(self, difference: Difference) -> list[Operation] | None:
        steps = self._plan.steps([difference])
        return steps if not self._plan.refusals else None

    def _edit(self, step: Operation) -> Edit | None:
        inner = [step.parent, *(piece for _, piece in step.new)] if isinstance(step, Insert) else [step.node]
        key = type(step).__name__, *map(id, inner)
        if key not in self._known_edits:
            self._known_edits[key] = self._rewriter.edit(step), step  # the step is kept, so that ids stay its own
        return self._known_edits[key][0]

    @cached_property
    def _known_steps(self) -> dict[tuple[object, ...], list[Operation] | None]:
        return {}

    @cached_property
    def _known_edits(self) -> dict[tuple[object, ...], tuple[Edit | None, Operation]]:
        return {}

    @cached_property
    def _rewriter(self) -> Rewriter:
        return Rewriter(self.generated.top, self.generated.source, self.source.source)

    @cached_property
    def _plan(self) -> Plan:
        return Plan(self.source, self.generated, self.application, packaged_by_hand(self.generated))


def _about(difference: Difference, steps: Iterable[Operation]) -> list[Operation]:
    """The steps that concern a difference; all where none does by itself."""
    every = list(steps)
    found = [one for step in every if (one := _narrowed(difference, step)) is not None]
    return found or every


def _narrowed(difference: Difference, step: Operation) -> Operation | None:
    """A step as far as it concerns a difference."""
    if isinstance(step, Insert):
        new = tuple((key, piece) for key, piece in step.new if _holds(difference.one, _nodes(piece)))
        return Insert(step.parent, step.after, new) if new else None
    nodes = [step.node]
    return step if _holds(difference.other, nodes) or _holds(difference.one, nodes) else None


def _nodes(piece: Wanted) -> Iterator[Node]:
    """The nodes of the source that a piece takes over."""
    if isinstance(piece, Node):
        yield piece
    for inner in getattr(piece, "entries", {}).values():
        yield from _nodes(inner)


def _holds(wanted: Node, nodes: Iterable[Node]) -> bool:
    """Whether a node is inside of one of some others, or one of these inside of it, going by their paths."""
    path = wanted.path
    return bool(wanted) and any(_within(path, node.path) or _within(node.path, path) for node in nodes)


def _within(path: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return path[: len(outer)] == outer
