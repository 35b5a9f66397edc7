"""The statements that grant what code needs and nothing else, as YAML that can be pasted into the template."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from s3ap_lint.permissions.guards import Guard
from s3ap_lint.permissions.policy_resource import PolicyResource
from s3ap_lint.template.notation import Fn, Value, quoted, reads_plain

_WIDTH = 118


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """An action on a resource, and the comment that goes with it."""

    action: str
    resource: PolicyResource


@dataclass(frozen=True, slots=True)
class LeastStatement:
    """One statement: actions that are needed on the same resources, under the same conditions."""

    actions: tuple[str, ...]
    resources: tuple[PolicyResource, ...]
    guards: tuple[Guard, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must know, once each."""
        return tuple(dict.fromkeys(resource.note for resource in self.resources if resource.note))


def statements(grants: Iterable[Grant]) -> list[LeastStatement]:
    """The grants as few statements: what is needed on the same resources stands in one."""
    by_action: defaultdict[tuple[str, tuple[Guard, ...], bool], set[PolicyResource]] = defaultdict(set)
    for grant in grants:
        by_action[grant.action, grant.resource.guards, grant.resource.text == "*"].add(grant.resource)
    by_resources: defaultdict[tuple[tuple[Guard, ...], tuple[PolicyResource, ...]], set[str]] = defaultdict(set)
    for (action, guards, _), resources in by_action.items():
        by_resources[guards, tuple(sorted(_narrowed(resources)))].add(action)
    found = [LeastStatement(tuple(sorted(actions)), named, guards) for (guards, named), actions in by_resources.items()]
    return sorted(found, key=lambda one: (one.guards, one.resources[0].text == "*", one.resources, one.actions))


def _narrowed(resources: Iterable[PolicyResource]) -> Iterator[PolicyResource]:
    """Without what another one of them holds: `x/a` beside `x/*`, and the same with fewer remarks."""
    every = sorted(resources, key=lambda one: (len(one.text), bool(one.note), one))
    kept: list[PolicyResource] = []
    for one in every:
        held = any(
            other.queue == one.queue
            and (other.text == one.text or (other.text.endswith("*") and one.text.startswith(other.text[:-1])))
            for other in kept
        )
        if not held:
            kept.append(one)
    return iter(kept)


def written(found: Sequence[LeastStatement], head: Sequence[str] = ()) -> str:
    """The statements as the items of a YAML list, below the comments of `head`."""
    lines = [line for text in head for line in _comment(text)]
    for one in found:
        lines += [line for note in one.notes for line in _comment(note)]
        lines += _item(value_of(one))
    return "\n".join(lines) + "\n" if lines else ""


def value_of(one: LeastStatement) -> Value:
    """A statement as a value of a template, under its conditions."""
    return _guarded(one.guards, _statement(one))


def _statement(one: LeastStatement) -> Mapping[str, Value]:
    resources: list[Value] = [resource.value for resource in one.resources]
    actions: list[Value] = list(one.actions)
    return {"Effect": "Allow", "Action": _alone(actions), "Resource": _alone(resources)}


def _alone(items: list[Value]) -> Value:
    return items[0] if len(items) == 1 else items


def _guarded(guards: Sequence[Guard], value: Value) -> Value:
    for condition, truth in reversed(guards):
        nothing = Fn("Ref", "AWS::NoValue")
        value = Fn("If", [condition, value, nothing] if truth else [condition, nothing, value])
    return value


def _comment(text: str) -> Iterator[str]:
    """A remark in lines that are not too long."""
    line = "#"
    for word in text.split():
        if len(line) + 1 + len(word) > _WIDTH - 18:
            yield line
            line = "#"
        line += f" {word}"
    yield line


# -- YAML --------------------------------------------------------------------------------------------


def _item(value: Value) -> list[str]:
    first, *rest = _block(value)
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _block(value: Value) -> list[str]:
    """A value in lines, of which the first goes behind a dash."""
    if isinstance(value, Fn):
        return _function(value)
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in _entry(key, inner)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [line for inner in value for line in _item(inner)]
    return [_scalar(value)]


def _entry(key: str, value: Value) -> list[str]:
    if isinstance(value, str | int) or (isinstance(value, Fn) and isinstance(value.argument, str)):
        return [f"{key}: {_block(value)[0]}"]
    if isinstance(value, Fn):
        first, *rest = _function(value)
        return [f"{key}: {first}", *(f"  {line}" for line in rest)]
    return [f"{key}:", *(f"  {line}" for line in _block(value))]


def _function(value: Fn) -> list[str]:
    if isinstance(value.argument, str):
        text = quoted(value.argument, '"') if value.name == "Sub" else value.argument
        return [f"!{value.name} {text}"]
    if value.name in ("Select", "Split"):
        assert isinstance(value.argument, Sequence)
        return [f"!{value.name} [{', '.join(map(_flow, value.argument))}]"]
    return [f"!{value.name}", *_block(value.argument)]


def _flow(value: Value) -> str:
    return _function(value)[0] if isinstance(value, Fn) else _scalar(value, flow=True)


def _scalar(value: Value, flow: bool = False) -> str:
    if isinstance(value, str):
        return value if reads_plain(value, flow) else quoted(value, '"')
    return str(value)
