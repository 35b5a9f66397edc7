"""What a rule writes down as a new value, and which texts YAML can say in which way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from s3ap_lint.template.node import Node

Value: TypeAlias = "bool | int | float | str | Fn | Sequence[Value] | Mapping[str, Value] | None"

_RESOLVER = yaml.resolver.Resolver()
_NUMBER_LIKE = re.compile(r"[-+.]?[0-9][0-9_.,:eExXoObB+-]*|0[xX][0-9a-fA-F]+")
_MISREAD = {"y", "Y", "n", "N", "="}  # by YAML 1.1 as the standard has it, though not by PyYAML
_INDICATORS = tuple("?:,[]{}#&*!|>'\"%@`= ")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Fn:
    """An intrinsic function in a new value, by the name behind the exclamation mark: `Fn("Sub", "…")`."""

    name: str
    argument: Value

    @property
    def long(self) -> str:
        """Its name as a key: "Ref", "Fn::Sub"."""
        return self.name if self.name in {"Ref", "Condition"} else f"Fn::{self.name}"


def sub(text: str, variables: Mapping[str, Value] | None = None) -> Fn:
    """`!Sub "text"`, with a map of its own variables if there are any."""
    return Fn("Sub", [text, variables] if variables else text)


def ref(name: str) -> Fn:
    """`!Ref name`."""
    return Fn("Ref", name)


def get_att(dotted: str) -> Fn:
    """`!GetAtt Resource.Attribute`."""
    return Fn("GetAtt", dotted)


def if_(condition: str, yes: Value, no: Value) -> Fn:
    """`!If [condition, yes, no]`."""
    return Fn("If", [condition, yes, no])


NO_VALUE = ref("AWS::NoValue")


def value_of(node: Node) -> Value:
    """What a node says, as a new value that can be written elsewhere, with its intrinsic functions as such."""
    function = node.function
    if function is not None:
        name, argument = function
        return Fn(name.removeprefix("Fn::"), _dotted(argument) if name == "Fn::GetAtt" else value_of(argument))
    if node.is_mapping:
        return {key: value_of(inner) for key, inner in node.items()}
    if node.is_sequence:
        return [value_of(inner) for inner in node]
    return node.scalar


def _dotted(argument: Node) -> Value:
    """The argument of a GetAtt in one piece, where it has one meaning so."""
    parts = [part.text for part in argument]
    return ".".join(parts) if len(parts) == 2 and all(parts) else value_of(argument)


def reads_plain(text: str, flow: bool) -> bool:
    """Whether every YAML reader takes a string for that string when it stands without quotes."""
    if not text or not all(map(_visible, text)) or text != text.strip() or text.startswith((*_INDICATORS, "...")):
        return False
    if text.startswith("-") and not text[1:2].isalnum():
        return False
    if ": " in text or " #" in text or text.endswith(":") or text in _MISREAD or _NUMBER_LIKE.fullmatch(text):
        return False
    if flow and re.search(r"[\[\]{},?]|:(?![^\s,\[\]{}])", text):
        return False
    resolved = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return bool(resolved == "tag:yaml.org,2002:str")


def literal_lines(text: str) -> tuple[str, list[str]] | None:
    """The chomping indicator and the lines of a literal block scalar; None where it cannot say the text."""
    body = text.rstrip("\n")
    lines = body.split("\n")
    if not body or body[0] in " \t\n" or len(text) - len(body) > 1:
        return None
    if not all(_visible(char) or char == "\t" for line in lines for char in line):
        return None
    return "" if text.endswith("\n") else "-", lines


def quoted(text: str, quote: str) -> str:
    """A string in quotes; in double ones where single ones cannot say it."""
    if quote == "'" and all(map(_visible, text)):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _visible(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"  # such as the wide space of Japanese text


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if _visible(char):
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
