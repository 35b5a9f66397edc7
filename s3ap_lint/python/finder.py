"""Which operations the candidates of a reach call, and with what."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.model import Location
from s3ap_lint.python import libraries, resources
from s3ap_lint.python.candidates import Candidate, candidates, is_caught
from s3ap_lint.python.graph import Node
from s3ap_lint.python.guards import Guards
from s3ap_lint.python.leads import Leads
from s3ap_lint.python.reach import Reach
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.sdk_call import SdkCall
from s3ap_lint.python.state import path_of
from s3ap_lint.python.traces import Traces
from s3ap_lint.python.worth import UNTOLD, Made, Record, Text, Worth, either
from s3ap_lint.sdk import operation

MAKING = frozenset({"can_paginate", "close", "get_paginator", "get_waiter"})
"""Methods of clients that call nothing."""

_HANDING = frozenset({"partial", "submit", "to_thread", "run_in_executor"})
"""What is handed a method together with arguments for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One operation that a candidate may call: the members that it fills in, what it is called on."""

    service: str
    operation: str
    form: str
    made: Made
    members: Mapping[str, Worth]
    positional: tuple[str, ...] = ()


def runs(reach: Reach, node: Node, scope: Scope, place: ast.expr) -> bool:
    """Whether the circumstances of a place are not ruled out, as far as the walk kept them."""
    path = path_of(place)
    uses = [(branch, at) for (chain, branch), at in scope.uses.items() if chain == path]
    exact = [branch for branch, at in uses if at is place]
    branches = exact or [branch for branch, _ in uses]
    given = reach.given(node, scope)
    return not branches or any(not branch.rules_out(given) for branch in branches)


class Finder:
    """Tells for each candidate what it calls; what is of the SDK and cannot be told is counted in `untold`."""

    def __init__(self, reach: Reach, traces: Traces) -> None:
        self.reach = reach
        self.traces = traces
        self.untold: list[Location] = []
        self._leads = Leads(reach, traces)
        self._guards = Guards(reach, traces)

    def calls(self, node: Node, scope: Scope) -> Iterator[SdkCall]:
        """The calls that a scope itself makes."""
        for candidate in candidates(scope):
            for target in self._targets(candidate, node, scope):
                yield self._call(target, candidate, node, scope)
        assert node.module is not None
        if libraries.mentioned(node.module):
            for call in libraries.calls(self.traces, node, scope):
                if runs(self.reach, node, scope, call.place.func):
                    yield self._of_library(call, node, scope)

    def _targets(self, candidate: Candidate, node: Node, scope: Scope) -> list[Target]:
        made = [one for one in self.traces.leaves(candidate.base, node, scope) if isinstance(one, Made)]
        if not made or not runs(self.reach, node, scope, candidate.place):
            return []
        names = self._names(candidate, node, scope)
        found = [target for one in made for name in names for target in self._of(one, name, candidate, node, scope)]
        unknown = [one for one in made if one.kind in ("client", "resource") and not one.service]
        if len({target.service for target in found}) > 1:  # one of several clients, and only some can do this
            found = [target for target in found if operation(target.service, target.operation) is not None]
            unknown += [] if found else made
        services = {target.service for target in found}
        if len(services) > 1 or (not found and unknown) or (not names and any(one.kind == "client" for one in made)):
            self.untold.append(self.traces.at(node, candidate.call or candidate.place))
            return []
        return _merged(found)

    def _names(self, candidate: Candidate, node: Node, scope: Scope) -> list[str]:
        if isinstance(candidate.name, str):
            return [candidate.name]
        found = self.traces.leaves(candidate.name, node, scope)
        texts = [one.piece for one in found if isinstance(one, Text) and isinstance(one.piece, str)]
        return list(dict.fromkeys(texts)) if len(texts) == len(found) else []

    def _of(self, made: Made, name: str, candidate: Candidate, node: Node, scope: Scope) -> Iterator[Target]:
        """What calling a method of something made calls."""
        if not made.service:
            return
        if made.kind == "client" and name == "generate_presigned_url":
            yield from self._presigned(made, candidate, node, scope)
        elif made.kind == "client" and name not in MAKING and name not in ("paginate", "wait"):
            known = operation(made.service, name)
            positional = known.positional if known is not None else ()
            form = "presigned" if name == "generate_presigned_post" else ""
            if not (isinstance(candidate.call, ast.Call) and candidate.call.args) or positional or candidate.passed:
                yield Target(made.service, name, form, made, {}, positional)
        elif made.kind == "paginator" and name == "paginate":
            yield Target(made.service, made.operation, "paginator", made, {})
        elif made.kind == "waiter" and name == "wait":
            waited = resources.waits_for(made.service, made.operation)
            if waited:
                yield Target(made.service, waited, "waiter", made, {})
        elif made.kind in ("resource", "collection", "collected"):
            positional = resources.TRANSFERS.get((made.type, name), ()) if made.service == "s3" else ()
            for called, members in resources.called(made, name):
                yield Target(made.service, called, "resource", made, members, positional)

    def _presigned(self, made: Made, candidate: Candidate, node: Node, scope: Scope) -> Iterator[Target]:
        """A presigned URL is a call of the operation that it names, with the Params."""
        call = candidate.call
        if call is None or candidate.passed:
            return
        given = self.traces.keywords(call, node, scope, None)
        positional = [self.traces.worth(one, node, scope, None) for one in call.args]
        method = positional[0] if positional else given.items.get("ClientMethod", UNTOLD)
        params = positional[1] if len(positional) > 1 else given.items.get("Params", Record({}))
        members = params.items if isinstance(params, Record) else {}
        for name in [text.text for text in self.traces.texts(method)] or [""]:
            yield Target(made.service, name or "generate_presigned_url", "presigned", made, members, ("",))

    def _call(self, target: Target, candidate: Candidate, node: Node, scope: Scope) -> SdkCall:
        call = candidate.call
        items: dict[str, Worth] = dict(target.members)
        places: dict[str, Location] = {}
        complete = not candidate.passed
        if call is not None and target.positional != ("",):
            given = self.traces.keywords(call, node, scope, None)
            handed = path_of(call.func)[-1] in _HANDING
            own = {
                name: one for name, one in given.items.items() if not candidate.passed or handed or name[:1].isupper()
            }
            items |= own
            complete = complete and given.complete
            places = {one.arg: self.traces.at(node, one.value) for one in call.keywords if one.arg in own}
            for position, value in enumerate(call.args if not candidate.passed else ()):
                name = target.positional[position] if position < len(target.positional) else str(position)
                items[name] = self.traces.worth(value, node, scope, None)
                places[name] = self.traces.at(node, value)
        place = candidate.place if candidate.passed or call is None else call
        return SdkCall(
            target.service,
            target.operation,
            self.traces.at(node, place),
            scope.function,
            complete,
            (target.made,),
            items,
            places,
            self.traces.texts,
            way=lambda: tuple(self.traces.placed(at) for at in self.reach.way(scope)),
            on_import=self.reach.on_import(scope),
            caught=is_caught(place, scope),
            form="passed" if candidate.passed else target.form,
            reached=lambda: self._leads.to(scope),
            tests=lambda: self._guards.of(node, scope, place),
        )

    def _of_library(self, call: libraries.Use, node: Node, scope: Scope) -> SdkCall:
        return SdkCall(
            call.service,
            call.operation,
            self.traces.at(node, call.place),
            scope.function,
            True,
            (),
            call.members,
            {},
            self.traces.texts,
            way=lambda: tuple(self.traces.placed(at) for at in self.reach.way(scope)),
            on_import=self.reach.on_import(scope),
            caught=is_caught(call.place, scope),
            form="library",
            reached=lambda: self._leads.to(scope),
            tests=lambda: self._guards.of(node, scope, call.place),
        )


def _merged(targets: list[Target]) -> list[Target]:
    """One target for each operation, whichever of several objects it is called on."""
    found: dict[tuple[str, str, str], list[Target]] = {}
    for target in targets:
        found.setdefault((target.service, target.operation, target.form), []).append(target)
    return [_one(alike) for alike in found.values()]


def _one(alike: list[Target]) -> Target:
    first = alike[0]
    if len(alike) == 1:
        return first
    members = {name: either([one.members.get(name, UNTOLD) for one in alike]) for name in first.members}
    return Target(first.service, first.operation, first.form, first.made, members, first.positional)
