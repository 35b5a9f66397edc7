"""What is written in a template, worked out with the values that a deployment gives, before anything is there.

Three answers, said plainly: a value, nothing (`AWS::NoValue`), or UNKNOWN. What only the deployment itself can tell,
such as the id of a resource that it makes, is UNKNOWN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from s3ap_lint.physical import KINDS
from s3ap_ops.stack import Json


class _Unknown:
    """What cannot be told."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()

HIDDEN = "****"
"""What CloudFormation says instead of the value of a parameter with NoEcho."""

_HOLE = re.compile(r"\$\{([^!}][^}]*)\}")
_DEPTH = 40
"""Intrinsic functions inside one another; deeper ones are a circle."""


@dataclass(frozen=True)
class Resolver:
    """A template's data with the values of its parameters and pseudo parameters, and the exports that are known."""

    template: Mapping[str, Json]
    values: Mapping[str, str]
    pseudo: Mapping[str, str]
    exports: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def scalar(value: Json) -> str:
        """A number, truth or text as CloudFormation takes it for a text."""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def value(self, written: Json, depth: int = 0) -> Json:
        """What a value stands for; None for nothing at all, UNKNOWN if that or something in it cannot be told."""
        if depth > _DEPTH:
            return UNKNOWN
        if isinstance(written, list):
            items = [self.value(one, depth + 1) for one in written]
            return UNKNOWN if UNKNOWN in items else [one for one in items if one is not None]
        if isinstance(written, str):
            return UNKNOWN if "{{resolve:" in written else written
        if not isinstance(written, Mapping):
            return written
        if len(written) == 1:
            ((key, argument),) = written.items()
            if key == "Ref":
                return self._ref(argument, depth)
            if key.startswith("Fn::"):
                found = getattr(self, f"_{key[4:].lower()}", None)
                return UNKNOWN if found is None else found(argument, depth + 1)
        inner = {key: self.value(one, depth + 1) for key, one in written.items()}
        return UNKNOWN if UNKNOWN in inner.values() else {key: one for key, one in inner.items() if one is not None}

    def text(self, written: Json) -> str:
        """The text that a value stands for; empty where there is none, or it cannot be told."""
        found = self.value(written)
        return Resolver.scalar(found) if isinstance(found, str | int | float | bool) else ""

    def texts(self, written: Json) -> tuple[str, ...]:
        """The texts of a list, those of its items that can be told."""
        items = written if isinstance(written, list) else self.value(written)
        items = items if isinstance(items, list) else [items]
        return tuple(found for one in items if one is not UNKNOWN and (found := self.text(one)))

    def holds(self, condition: Json, depth: int = 0) -> bool | None:
        """Whether a condition, by name or as written, holds; None if that cannot be told."""
        if depth > _DEPTH:
            return None
        if isinstance(condition, str):
            return self.holds(self._declared("Conditions").get(condition), depth + 1)
        if not isinstance(condition, Mapping) or len(condition) != 1:
            return None
        ((key, argument),) = condition.items()
        if key == "Condition":
            return self.holds(argument, depth + 1)
        parts = argument if isinstance(argument, list) else [argument]
        if key == "Fn::Equals":
            return self._equal(parts, depth + 1)
        found = [self.holds(one, depth + 1) for one in parts]
        if key == "Fn::Not" and len(found) == 1:
            return None if found[0] is None else not found[0]
        if key == "Fn::And":
            return False if False in found else None if None in found else True
        if key == "Fn::Or":
            return True if True in found else None if None in found else False
        return None

    def is_made(self, logical_id: str) -> bool | None:
        """Whether a resource is part of the deployment; None if its condition cannot be told."""
        resource = self._declared("Resources").get(logical_id)
        if not isinstance(resource, Mapping):
            return None
        condition = resource.get("Condition")
        return True if condition is None else self.holds(condition)

    def mentioned(self, condition: Json, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
        """The parameters that a condition depends on, each with a text that it is compared with; empty for none."""
        if isinstance(condition, str):
            if condition not in seen:
                yield from self.mentioned(self._declared("Conditions").get(condition), seen | {condition})
            return
        if not isinstance(condition, Mapping):
            return
        for key, argument in condition.items():
            parts = argument if isinstance(argument, list) else [argument]
            if key == "Condition":
                yield from self.mentioned(argument, seen)
            elif key == "Fn::Equals":
                names = [one["Ref"] for one in parts if isinstance(one, Mapping) and isinstance(one.get("Ref"), str)]
                yield from (
                    (name, Resolver.scalar(one)) for name in names for one in parts if not isinstance(one, Mapping)
                )
                yield from ((name, "") for name in names)
            else:
                for one in parts:
                    yield from self.mentioned(one if isinstance(one, Mapping) else None, seen)

    def _declared(self, section: str) -> Mapping[str, Json]:
        found = self.template.get(section)
        return found if isinstance(found, Mapping) else {}

    def _equal(self, parts: list[Json], depth: int) -> bool | None:
        found = [self.value(one, depth) for one in parts]
        if len(found) != 2 or UNKNOWN in found:
            return None
        left, right = (one if isinstance(one, list) else Resolver.scalar(one) for one in found)
        return bool(left == right)

    def _ref(self, name: Json, depth: int) -> Json:
        if name == "AWS::NoValue":
            return None
        if not isinstance(name, str):
            return UNKNOWN
        if name in self.pseudo:
            return self.pseudo[name]
        declared = self._declared("Parameters").get(name)
        if isinstance(declared, Mapping):
            return self._parameter(name, str(declared.get("Type", "String")))
        return self._named(name, depth)

    def _parameter(self, name: str, type_: str) -> Json:
        value = self.values.get(name)
        if value is None or value == HIDDEN or type_.startswith("AWS::SSM::"):
            return UNKNOWN
        if type_ == "CommaDelimitedList" or type_.startswith("List<"):
            return [one.strip() for one in value.split(",")]
        return UNKNOWN if "{{resolve:" in value else value

    def _named(self, logical_id: str, depth: int) -> Json:
        """What Ref gives of a resource whose own property says its name."""
        resource = self._declared("Resources").get(logical_id)
        kind = KINDS.get(str(resource.get("Type"))) if isinstance(resource, Mapping) else None
        if kind is None or not kind.property or kind.ref != "name":
            return UNKNOWN
        found = self.value(property_of(resource, kind.property), depth + 1)
        return found if isinstance(found, str) and found else UNKNOWN

    def _sub(self, argument: Json, depth: int) -> Json:
        text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(given, Mapping):
            return UNKNOWN
        made, end = "", 0
        for hole in _HOLE.finditer(text):
            name = hole[1].strip()
            inner = self.value(given[name], depth) if name in given else self._hole(name, depth)
            if not isinstance(inner, str | int | float | bool):
                return UNKNOWN
            made, end = made + text[end : hole.start()] + Resolver.scalar(inner), hole.end()
        made = (made + text[end:]).replace("${!", "${")
        return UNKNOWN if "{{resolve:" in made else made

    def _hole(self, name: str, depth: int) -> Json:
        return UNKNOWN if "." in name else self._ref(name, depth)

    def _join(self, argument: Json, depth: int) -> Json:
        if not (isinstance(argument, list) and len(argument) == 2):
            return UNKNOWN
        items = self.value(argument[1], depth)
        if not isinstance(items, list) or not all(isinstance(one, str | int | float | bool) for one in items):
            return UNKNOWN
        return str(argument[0]).join(map(Resolver.scalar, items))

    def _split(self, argument: Json, depth: int) -> Json:
        if not (isinstance(argument, list) and len(argument) == 2):
            return UNKNOWN
        text = self.value(argument[1], depth)
        return text.split(str(argument[0])) if isinstance(text, str) and argument[0] else UNKNOWN

    def _select(self, argument: Json, depth: int) -> Json:
        if not (isinstance(argument, list) and len(argument) == 2):
            return UNKNOWN
        at, items = self.value(argument[0], depth), self.value(argument[1], depth)
        if not isinstance(items, list) or not str(at).isdecimal() or int(at) >= len(items):
            return UNKNOWN
        return items[int(at)]

    def _if(self, argument: Json, depth: int) -> Json:
        if not (isinstance(argument, list) and len(argument) == 3):
            return UNKNOWN
        truth = self.holds(argument[0], depth)
        return UNKNOWN if truth is None else self.value(argument[1 if truth else 2], depth)

    def _findinmap(self, argument: Json, depth: int) -> Json:
        keys = self.value(argument, depth)
        if not isinstance(keys, list) or len(keys) != 3:
            return UNKNOWN
        found: Json = self._declared("Mappings")
        for key in keys:
            found = found.get(Resolver.scalar(key), UNKNOWN) if isinstance(found, Mapping) else UNKNOWN
        return found

    def _importvalue(self, argument: Json, depth: int) -> Json:
        name = self.value(argument, depth)
        return self.exports.get(name, UNKNOWN) if isinstance(name, str) else UNKNOWN


def property_of(resource: Json, path: str) -> Json:
    """What is written as a property of a resource, by its way, such as "DatabaseInput.Name"; None if nothing is."""
    found: Json = resource.get("Properties") if isinstance(resource, Mapping) else None
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
