"""What a difference says before and after, as data that can be printed, in each scenario in which that is another."""

from __future__ import annotations

import json
from collections.abc import Iterator

from s3ap_lint.accounts import masked
from s3ap_lint.compare.deployments import Deployments
from s3ap_lint.difference.differences import Both, Difference, Kind
from s3ap_lint.difference.grants import Grant
from s3ap_lint.difference.meaning import ABSENT, WRITTEN, Reading, same
from s3ap_lint.difference.states import Bare
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template

MOST = 4
"""Pairs of values that are told one by one; more are told as they are written."""

Pair = Both[object]


def variants(difference: Difference, scope: Deployments) -> Iterator[tuple[Pair, Verdict]]:
    """What it says before and after, and where."""
    if difference.values is not None:
        before, after = difference.values
        yield (plain(before), plain(after)), difference.verdict
        return
    if difference.kind is Kind.RESOURCE and "." not in difference.name:
        yield (difference.said[0] or None, difference.said[1] or None), difference.verdict
        return
    a, b = difference.nodes
    written = plain(WRITTEN.value(a) if a else None), plain(WRITTEN.value(b) if b else None)
    one, other = _home(difference, scope.one), _home(difference, scope.other)

    def question(first: Reading, second: Reading) -> Pair | None:
        if not (_exists(one, first) and _exists(other, second)):
            return None
        values = first.value(a) if a else ABSENT, second.value(b) if b else ABSENT
        return None if same(*values) else (plain(values[0]), plain(values[1]))

    outcomes = scope.outcomes(b or a, question)
    pairs = {_key(outcome.answer): outcome.answer for outcome in outcomes if outcome.answer is not None}
    if len(pairs) == 1:
        yield next(iter(pairs.values())), difference.verdict
        return
    if not pairs or len(pairs) > MOST:
        yield written, difference.verdict
        return
    for key, pair in pairs.items():

        def fault(answer: Pair | None, key: str = key) -> bool:
            return answer is not None and _key(answer) == key

        verdict = scope.told(outcomes, fault)
        if verdict is not None:
            yield pair, verdict


def plain(value: object) -> object:
    """A value as JSON has it, without anybody's account id; None for what is not there."""
    if value is ABSENT or value is None:
        return None
    if isinstance(value, Grant):
        found = {name: getattr(value, name) for name in ("action", "resource", "effect", "principal", "condition")}
        return {name: masked(inner) for name, inner in found.items() if inner}
    if isinstance(value, Bare):
        return _typed(value.text)
    if isinstance(value, dict):
        return {masked(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return masked(value) if isinstance(value, str) else value


def _typed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return masked(text)


def _key(pair: Pair) -> str:
    return json.dumps(pair, sort_keys=True)


def _home(difference: Difference, template: Template) -> Resource | None:
    """The resource or output that a difference is in."""
    name = difference.name.partition(".")[0]
    if difference.kind is not Kind.OUTPUT:
        return template.resources.get(name)
    node = template.top["Outputs"][name]
    return Resource(name, node, template) if node else None


def _exists(resource: Resource | None, reading: Reading) -> bool:
    assert reading.world is not None
    return resource is None or resource.exists(reading.world)
