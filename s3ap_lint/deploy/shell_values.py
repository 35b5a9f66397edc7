"""The texts that a script uses as values: what it assigns, goes through, and hands to the AWS tools.

What it prints, compares with or looks for is no value, and neither is a default that it then refuses to work with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from s3ap_lint.deploy.model import Literal
from s3ap_lint.deploy.shell import Command, Word, assigned
from s3ap_lint.model import Location, Span
from s3ap_lint.source import Source

_TOOLS = frozenset(("aws", "sam", "cdk", "rain", "terraform", "awslocal", "samlocal"))
_COMPARING = frozenset(("[", "[[", "test", "case", "grep", "egrep", "sed", "awk", "perl"))
_DEFAULT = re.compile(r"\$\{\w+:?[-=](?P<text>(?:[^{}]|\$\{[^{}]*\})*)\}")
_TEXTS = re.compile(r"(?:USAGE|HELP|EXAMPLE|MESSAGE|MSG|PLACEHOLDER|PATTERN|REGEX)", re.IGNORECASE)


def values(source: Source, commands: Iterable[Command]) -> tuple[Literal, ...]:
    """Every value of a script, with what an expansion falls back to; in order."""
    commands = list(commands)
    refused = " ".join(_refused(commands))
    found = {word.start: word for command in commands for word in _used(command)}
    out = []
    for _, word in sorted(found.items()):
        text = _said(word)
        if text and not (text in refused or any(part in refused for part in re.findall(r"<[^<>]+>", text))):
            span = Span(source.byte_offset(word.start), source.byte_offset(word.end))
            out.append(Literal(text, Location(source.path, span)))
    return tuple(out)


def _used(command: Command) -> Iterator[Word]:
    for word in command.assignments:
        name, value = assigned(word)
        if not _TEXTS.search(name):
            yield from value.items or (value,)
    words = command.words
    if words[0].text == "for" and len(words) > 3:
        yield from words[3:]
    proper = command.proper
    if proper and proper[0].text in _TOOLS:
        yield from proper[1:]


def _refused(commands: Iterable[Command]) -> Iterator[str]:
    """What the script compares something with, or looks for in texts."""
    for command in commands:
        proper = command.proper
        if proper and proper[0].text in _COMPARING:
            yield from (word.shown for word in proper[1:])


def _said(word: Word) -> str:
    """The texts in a word, the defaults of its expansions among them; nothing of what a command answers."""
    out = []
    for piece in word.pieces:
        found = _DEFAULT.fullmatch(piece.text) if piece.is_open else None
        out.append(found["text"] if found else "\0" if piece.is_open else piece.text)
    return "".join(out)
