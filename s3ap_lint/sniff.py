"""What a file may be, told from its name and a look at its bytes: fast, and wrong only on the generous side.

The real decision is made after parsing. The look keeps thousands of other YAML and JSON files from
being parsed at all.
"""

from __future__ import annotations

import json
import re

from s3ap_lint.source import BOM

SUFFIXES = (".yaml", ".yml", ".json", ".template", ".cfn", ".cform")
"""Endings of files that are looked into when a folder is walked. A named file is always looked into."""

_SAYS_TEMPLATE = re.compile(
    r"(?:template[^/]*\.ya?ml|.*\.(?:template|cfn)(?:\.(?:ya?ml|json))?|.*cloudformation[^/]*\.ya?ml|.*\.cform)",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"(?:package(?:-lock)?|composer|tsconfig.*|cdk(?:\.context)?|renovate|bower|pipfile|.*\.asl)\.json"
    r"|(?:docker-)?compose.*\.ya?ml|pnpm-lock\.yaml|\.pre-commit-config\.yaml|.*\.asl\.ya?ml",
    re.IGNORECASE,
)

_FIRST_LINE = re.compile(rb"^(?![ \t]*(?:\r?$|#|---|%))([ \t]*)(\S)", re.MULTILINE)
_COLON = re.compile(rb"""["']?[ \t]*:(?!\S)""")
_COLON_IN_FLOW = re.compile(rb"""["']?\s*:""")
_RESOURCE_TYPE = re.compile(rb"""\bType["']?\s*:\s*["']?[A-Za-z0-9]+::[A-Za-z0-9]""")
_ANY_TYPE = re.compile(rb"""\bType["']?\s*:""")
_FOREIGN = (
    (b"apiVersion", b"kind"),
    (b"openapi",),
    (b"swagger",),
    (b"asyncapi",),
    (b"arazzo",),
    (b"StartAt", b"States"),
    (b"services",),
    (b"on", b"jobs"),
)


def says_template(name: str) -> bool:
    """Whether a file's name claims that it is a template: template.yaml, stack.template.json, app.cfn.yml …"""
    return _SAYS_TEMPLATE.fullmatch(name) is not None


def worth_a_look(name: str) -> bool:
    """Whether a file met on a walk may be a template, by its name."""
    return name.lower().endswith(SUFFIXES) and _NEVER.fullmatch(name) is None


def looks_like_template(name: str, data: bytes) -> bool | None:
    """True when the bytes look like a template, False when they may be one all the same, None when they are none."""
    if not any(word in data for word in (b"Resources", b"AWS::", b"AWSTemplate")) and not says_template(name):
        return None
    keys = _TopKeys(data)
    if keys.has(b"AWSTemplateFormatVersion") or (b"AWS::" in data and keys.has(b"Transform")):
        return True
    if keys.has(b"Resources"):
        if _RESOURCE_TYPE.search(data):
            return True
        if _ANY_TYPE.search(data) and not keys.known_without(b"Resources"):
            return False
    if not says_template(name) or any(all(map(keys.has, them)) for them in _FOREIGN):
        return None
    return False


def looks_like_state_machine(data: bytes) -> bool:
    """Whether the bytes look like the definition of a state machine."""
    keys = _TopKeys(data)
    return keys.has(b"StartAt") and keys.has(b"States")


class _TopKeys:
    """The keys of a document, as far as they can be told without parsing it."""

    def __init__(self, data: bytes) -> None:
        self.data = data.removeprefix(BOM)
        first = _FIRST_LINE.search(self.data)
        self.indent, self.opening = (first[1], first[2]) if first else (b"", b"[")

    def has(self, key: bytes) -> bool:
        """Whether a key stands at the indentation of the first line; in JSON, whether it stands anywhere."""
        at = -1 if self.opening == b"[" else self.data.find(key)
        while at != -1:
            if self._is_key(at, at + len(key)):
                return True
            at = self.data.find(key, at + 1)
        return False

    def _is_key(self, start: int, end: int) -> bool:
        if self.opening == b"{":
            before = self.data[max(0, start - 200) : start].rstrip(b"\"'").rstrip()
            return before.endswith((b"{", b",")) and _COLON_IN_FLOW.match(self.data, end) is not None
        line = self.data[self.data.rfind(b"\n", 0, start) + 1 : start]
        return line.rstrip(b"\"'") == self.indent and _COLON.match(self.data, end) is not None

    def known_without(self, key: bytes) -> bool:
        """Whether the document is JSON, and the key is no key of its outermost object."""
        if self.opening != b"{":
            return False
        try:
            document = json.loads(self.data)
        except (ValueError, RecursionError):
            return False
        return not isinstance(document, dict) or key.decode() not in document
