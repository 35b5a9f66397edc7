"""What a repository asks of cfn-lint, in a .cfnlintrc and in Metadata, read without cfn-lint.

For engines that share its rule numbers. What is asked and how it adds up is cfn-lint's: E and W are on; a code is meant
by its beginning, but by the whole of it in a resource's Metadata; a template's own settings replace those of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node


@dataclass(frozen=True)
class Settings:
    """Beginnings of codes, regions, sets of parameter values, and patterns of templates to leave out."""

    ignored: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    parameters: tuple[Mapping[str, str], ...] = ()
    left_out: tuple[str, ...] = ()

    def wants(self, code: str) -> bool:
        """Whether findings of a code are asked for."""
        if not code.startswith(("E", "W", *self.included)):
            return False
        return self.insists(code) or not code.startswith(self.ignored)

    def names(self, code: str) -> bool:
        """Whether a code is asked for by more than its letter."""
        return code.startswith(tuple(beginning for beginning in self.included if len(beginning) > 1))

    def insists(self, code: str) -> bool:
        """Whether no ignore silences a code."""
        return code.startswith(self.mandatory)


_LISTS = {
    "ignore_checks": "ignored",
    "include_checks": "included",
    "mandatory_checks": "mandatory",
    "regions": "regions",
    "ignore_templates": "left_out",
}
_OF_A_TEMPLATE = ("ignore_checks", "include_checks", "regions")


def of_file(path: str, data: bytes) -> Settings:
    """The settings in the bytes of a .cfnlintrc; raises ValueError for one that is broken."""
    parsed = document.parse(Source(path, data))
    if parsed.top is None:
        raise ValueError(parsed.problems[0].message)
    table: Any = parsed.top.data() or {}
    if not isinstance(table, dict):
        raise ValueError("it is no mapping")  # noqa: TRY004 - about a file, not about an argument
    lists = {field: _texts(key, table[key]) for key, field in _LISTS.items() if key in table}
    return Settings(**lists, parameters=_parameters(table.get("parameters", [])))


def of_template(settings: Settings, top: Node) -> Settings:
    """The settings with those of a template's Metadata; what has another shape than it should is left out."""
    config = top["Metadata"]["cfn-lint"]["config"]
    own: dict[str, Any] = {_LISTS[key]: _plain(config[key]) for key in _OF_A_TEMPLATE if len(config[key])}
    if len(config["parameters"]):
        own["parameters"] = tuple({k: v.text for k, v in entry.items()} for entry in config["parameters"])
    return replace(settings, **own)


def of_resources(top: Node) -> dict[str, frozenset[str]]:
    """The codes that a resource's Metadata ignores, by logical id."""
    asked = {
        name: frozenset(_plain(resource["Metadata"]["cfn-lint"]["config"]["ignore_checks"]))
        for name, resource in top["Resources"].items()
    }
    return {name: codes for name, codes in asked.items() if codes}


def _plain(node: Node) -> tuple[str, ...]:
    return tuple(item.text for item in node if item.text)


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key} must be a list of texts, not {value!r}")
    return tuple(item for item in value if item)


def _parameters(value: object) -> tuple[Mapping[str, str], ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"parameters must be a list of mappings, not {value!r}")
    return tuple({str(name): _value(given) for name, given in item.items()} for item in value)


def _value(given: object) -> str:
    """A parameter's value as CloudFormation takes it."""
    if isinstance(given, list):
        return ",".join(map(_value, given))
    return str(given).lower() if isinstance(given, bool) else str(given)
