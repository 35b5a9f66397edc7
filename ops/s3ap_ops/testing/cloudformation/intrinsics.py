"""CloudFormation's functions: what a template's value comes to in a stack."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from s3ap_ops.testing.replies import AwsError

NO_VALUE = object()
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass
class Scope:
    """What names mean: parameters, pseudo parameters, conditions, resources and other stacks' exports."""

    template: dict[str, Any]
    values: dict[str, Any]  # parameters and pseudo parameters
    ref: Callable[[str], Any]  # logical id -> physical id
    attribute: Callable[[str, str], Any]
    imported: Callable[[str], Any]  # the value of an export; raises AwsError
    _conditions: dict[str, bool] = field(default_factory=dict)

    def condition(self, name: str) -> bool:
        """Whether a named condition holds. Raises AwsError when there is none of that name."""
        if name not in self._conditions:
            conditions = self.template.get("Conditions", {})
            if name not in conditions:
                raise AwsError("ValidationError", f"Template format error: Unresolved condition dependency {name}")
            self._conditions[name] = bool(self.resolve(conditions[name]))
        return self._conditions[name]

    def resolve(self, value: Any) -> Any:
        """The value with every function worked out; what is AWS::NoValue is left out."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            function = _FUNCTIONS.get(name)
            if function is not None:
                return function(self, argument)
        found = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        return self.values[name] if name in self.values else self.ref(name)

    def sub(self, argument: Any) -> str:
        """The text of Fn::Sub."""
        text, given = (argument[0], self.resolve(argument[1])) if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{match[2]}}}"
            if name in given:
                return str(given[name])
            if "." in name and name not in self.values:
                return str(self.attribute(*name.split(".", 1)))
            return _joined(self._ref(name))

        return _SUB.sub(replace, text)


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _get_att(scope: Scope, argument: Any) -> Any:
    logical, name = argument.split(".", 1) if isinstance(argument, str) else (argument[0], ".".join(argument[1:]))
    return scope.attribute(logical, name)


def _join(scope: Scope, argument: Any) -> str:
    glue, items = argument[0], scope.resolve(argument[1])
    return str(glue).join(map(str, items))


def _select(scope: Scope, argument: Any) -> Any:
    return scope.resolve(argument[1])[int(scope.resolve(argument[0]))]


def _if(scope: Scope, argument: Any) -> Any:
    return scope.resolve(argument[1] if scope.condition(argument[0]) else argument[2])


def _find_in_map(scope: Scope, argument: Any) -> Any:
    name, first, second = (scope.resolve(item) for item in argument[:3])
    try:
        return scope.template["Mappings"][name][str(first)][str(second)]
    except KeyError as error:
        text = f"Template error: Unable to get mapping for {name}::{first}::{second}"
        raise AwsError("ValidationError", text) from error


_FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Fn::GetAtt": _get_att,
    "Fn::Sub": lambda scope, argument: scope.sub(argument),
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": lambda scope, argument: str(scope.resolve(argument[1])).split(argument[0]),
    "Fn::If": _if,
    "Fn::Equals": lambda scope, argument: str(scope.resolve(argument[0])) == str(scope.resolve(argument[1])),
    "Fn::Not": lambda scope, argument: not scope.resolve(argument[0]),
    "Fn::And": lambda scope, argument: all(scope.resolve(item) for item in argument),
    "Fn::Or": lambda scope, argument: any(scope.resolve(item) for item in argument),
    "Fn::ImportValue": lambda scope, argument: scope.imported(str(scope.resolve(argument))),
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": lambda scope, argument: base64.b64encode(str(scope.resolve(argument)).encode()).decode(),
    "Fn::GetAZs": lambda scope, argument: [
        f"{scope.resolve(argument) or scope.values['AWS::Region']}{zone}" for zone in "ac"
    ],
    "Fn::Cidr": lambda scope, argument: [f"10.0.{number}.0/24" for number in range(int(scope.resolve(argument[1])))],
    "Fn::ToJsonString": lambda scope, argument: __import__("json").dumps(scope.resolve(argument)),
    "Fn::Length": lambda scope, argument: len(scope.resolve(argument)),
}


def references(value: Any) -> set[str]:
    """The names that a value mentions through Ref, GetAtt and Sub, of resources and parameters alike."""
    if isinstance(value, list):
        return set().union(*map(references, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for name, argument in value.items():
        if name == "Ref" and isinstance(argument, str):
            found.add(argument)
        elif name == "Fn::GetAtt":
            found.add(argument.split(".")[0] if isinstance(argument, str) else str(argument[0]))
        elif name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) else argument
            own = argument[1] if isinstance(argument, list) and len(argument) > 1 else {}
            mentioned = {match[2].strip() for match in _SUB.finditer(text) if not match[1]}
            found |= {one.split(".")[0] for one in mentioned if one not in own}
            found |= references(own) if isinstance(own, dict) else set()
        else:
            found |= references(argument)
    return found
