"""Which files say what a stack is deployed with, told from their names and a look at their bytes."""

from __future__ import annotations

import re
from enum import Enum


class Kind(Enum):
    """The ways in which a deployment is written down."""

    SAMCONFIG = "samconfig"
    PARAMETERS = "parameter file"
    SHELL = "shell script"
    MARKDOWN = "guide"


_SAMCONFIG = re.compile(r"samconfig[^/]*\.toml(?:\.[\w-]+)*", re.IGNORECASE)
_EXAMPLE = re.compile(r"(?:^|[._-])(?:example|sample|dist|tmpl|template)s?(?:[._-]|$)", re.IGNORECASE)
_COMMAND = re.compile(rb"(?:^|[\s;&|(`\"'!])(?:aws|sam)[ \t]+(?:-|[a-z])", re.MULTILINE)
_IN_GUIDES = (b"--parameter-overrides", b"ParameterKey", b"--capabilities")
_ENTRIES = re.compile(rb'"ParameterKey"\s*:')
_MAPPING = re.compile(rb'"Parameters"\s*:\s*\{')


def worth_a_look(name: str) -> bool:
    """Whether a file met on a walk may be a deploy input, by its name."""
    lower = name.lower()
    return lower.endswith((".sh", ".bash", ".md", ".markdown", ".json")) or _SAMCONFIG.fullmatch(name) is not None


def kind_of(name: str, data: bytes) -> Kind | None:
    """What a file is as a deploy input; None when it is none, which for a guide without any deployment it is."""
    lower = name.lower()
    if _SAMCONFIG.fullmatch(name):
        return Kind.SAMCONFIG
    if lower.endswith((".md", ".markdown")):
        return Kind.MARKDOWN if any(word in data for word in _IN_GUIDES) else None
    if lower.endswith((".sh", ".bash")):
        return Kind.SHELL if _COMMAND.search(data) else None
    if lower.endswith(".json") and b'"Resources"' not in data and b"States" not in data:
        named = "param" in lower
        return Kind.PARAMETERS if _ENTRIES.search(data) or (named and _MAPPING.search(data)) else None
    return None


def is_example(path: str) -> bool:
    """Whether a file says by its name that it is to be copied and filled in first."""
    name = path.rpartition("/")[2]
    return _EXAMPLE.search(re.sub(r"^template", "", name, flags=re.IGNORECASE)) is not None
