"""Directives in source text that silence findings: how they are written, where they stand, what they cover.

`# s3ap-lint: ignore[CODE, rule-name] reason`
    in YAML, Python, TOML and shell. Behind something, it covers that line; on a line of its own, the next line
    that is neither blank nor a comment. Where that line begins a text of several lines (a block
    scalar, a triple-quoted string), it covers all of it, since there is no place for a comment inside.

`Metadata: {s3ap-lint: {ignore: [{code: CODE, reason: …}]}}`
    in a template, also in JSON. On a resource it covers the resource; at the top, the file.

`<!-- s3ap-lint: ignore[CODE] reason -->`
    in a guide. It covers the fenced block below it.

`# noqa`, `# noqa: F401, F841`, `# flake8: noqa`
    in Python. As flake8 reads them, for flake8's codes only; never reported as unused, because they
    may speak to other tools.

A code may be a code, the beginning of one, or a rule's name. A finding is covered if it begins in what
the directive covers, so a finding of several lines is silenced at its first line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from s3ap_lint.comments import Comment, python_comments, yaml_comments
from s3ap_lint.diagnostic import Place
from s3ap_lint.model import Location, Span
from s3ap_lint.source import Source

RIGHT_FORM = "# s3ap-lint: ignore[CODE] reason"
WHOLE_FILE = Span(0, sys.maxsize)


class Form(Enum):
    """The way a directive is written."""

    COMMENT = "comment"
    METADATA = "metadata"
    NOQA = "noqa"


@dataclass(frozen=True, slots=True)
class Directive:
    """What silences findings of a file that begin in `scope`; without selectors, all that its form may silence.

    Of a comment, `removal` is what to delete to be rid of it, and `listed` the part between its brackets.
    """

    place: Place
    scope: Span
    selectors: tuple[str, ...]
    reason: str
    form: Form
    removal: Place | None = None
    listed: Place | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """What was meant as a directive and is none, and why."""

    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class Directives:
    """All that one file has, ready to cross a process boundary."""

    path: str
    found: tuple[Directive, ...] = ()
    malformed: tuple[Malformed, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataIgnore:
    """One entry of an `ignore` list in Metadata. `scope` is the resource's span, None for the whole file."""

    code: str
    reason: str
    scope: Span | None
    entry: Span


_SELECTOR = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_MENTIONED = re.compile(rb"s3ap[-_ ]?lint", re.IGNORECASE)
_END = r"(?<![ \t])(?=[ \t]+#+[ \t]*(?:[\w-]+:|noqa\b|nosec\b)|\s*$)"
_OURS = re.compile(rf"(?:^|(?<=\s))#+[ \t]*s3ap-lint[ \t]*:[ \t]*(?P<rest>.*?){_END}", re.IGNORECASE)
_NEARLY = re.compile(
    rf"(?:^|(?<=\s))#+[ \t]*s3ap[-_ ]?lint[ \t]*[:=]?[ \t]*(?:ignore|disable|noqa|skip)\b.*?{_END}", re.IGNORECASE
)
_IGNORE = re.compile(r"ignore[ \t]*\[(?P<listed>[^\]]*)\](?P<reason>.*)", re.IGNORECASE)
_CODES = r"(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)"
_NOQA = re.compile(rf"#[ \t]*noqa\b(?::[ \t]?{_CODES})?(?P<reason>.*?){_END}", re.IGNORECASE)
_NOQA_FILE = re.compile(rf"#[ \t]*flake8[:=][ \t]*noqa(?::[ \t]?{_CODES})?[ \t]*$", re.IGNORECASE)


def template_directives(
    source: Source, scalars: Iterable[Span] = (), metadata: Iterable[MetadataIgnore] = ()
) -> Directives:
    """The directives in a template: its comments, unless it is JSON, and the entries of its Metadata.

    `scalars` are the spans of quoted and block scalars (others do no harm), in which a `#` is text.
    They are not looked at unless the file mentions the tool.
    """
    read = _Reader(source)
    if _MENTIONED.search(source.data) and not source.data[source.start :].lstrip().startswith(b"{"):
        for comment in yaml_comments(source, scalars):
            read.ours(comment)
    for entry in metadata:
        read.metadata(entry)
    return read.result()


def python_directives(source: Source, *, noqa: bool = True) -> Directives:
    """The directives in a Python file. Behind a place that is no Python, none are found.

    Without `noqa`, a file that has no others is not looked at: where nothing is found, there is nothing to silence.
    """
    read = _Reader(source)
    if _MENTIONED.search(source.data) or (noqa and b"noqa" in source.data.lower()):
        for comment in python_comments(source):
            read.ours(comment)
            read.noqa(comment)
    return read.result()


def guide_directives(source: Source, comments: Iterable[Comment]) -> Directives:
    """The directives in the comments of a Markdown file. What to delete to be rid of one is left to people."""
    read = _Reader(source)
    for comment in comments:
        read.ours(comment)
    found = read.result()
    return replace(found, found=tuple(replace(one, removal=None, listed=None) for one in found.found))


class _Reader:
    """Collects the directives of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Directive] = []
        self.malformed: list[Malformed] = []

    def result(self) -> Directives:
        """What was found, in the order of the file."""
        found, malformed = sorted(self.found, key=_order), sorted(self.malformed, key=_order)
        return Directives(self.source.path, tuple(found), tuple(malformed))

    def ours(self, comment: Comment) -> None:
        """The directives in one comment; there may be several, each behind a `#`."""
        starts = set()
        for found in _OURS.finditer(comment.text):
            starts.add(found.start())
            why = self._ignore(comment, found)
            if why:
                self.malformed.append(Malformed(self._place(comment.span(*found.span())), f"{why}; write {RIGHT_FORM}"))
        for found in _NEARLY.finditer(comment.text):
            if found.start() not in starts:
                why = f"{found[0].strip()!r} silences nothing; write {RIGHT_FORM}"
                self.malformed.append(Malformed(self._place(comment.span(*found.span())), why))

    def _ignore(self, comment: Comment, found: re.Match[str]) -> str:
        """Note a directive, or say what is wrong with it."""
        ignore = _IGNORE.fullmatch(found["rest"])
        if ignore is None:
            return f"{found[0].strip()!r} silences nothing"
        selectors = [word.strip() for word in ignore["listed"].split(",") if word.strip()]
        wrong = next((word for word in selectors if not _SELECTOR.fullmatch(word)), None)
        if wrong is not None:
            return f"{wrong!r} is neither a code nor a rule's name"
        if not selectors:
            return "no code stands between the brackets"
        start = found.start("rest") + ignore.start("listed")
        listed = comment.span(start, start + len(ignore["listed"]))
        directive = Directive(
            place=self._place(comment.span(*found.span())),
            scope=comment.scope,
            selectors=tuple(selectors),
            reason=_reason(ignore["reason"]),
            form=Form.COMMENT,
            removal=self._place(self._removal(comment.span(*found.span()))),
            listed=self._place(listed),
        )
        self.found.append(directive)
        return ""

    def _removal(self, at: Span) -> Span:
        """The line if the directive is all there is on it, else the directive and the space before it."""
        data, line = self.source.data, self.source.line_of(at.start)
        begin, after = self.source.line_start(line), self.source.line_start(line + 1)
        if not data[begin : at.start].strip() and not data[at.end : after].strip():
            return Span(begin, after)
        return Span(begin + len(data[begin : at.start].rstrip(b" \t")), at.end)

    def noqa(self, comment: Comment) -> None:
        """The `noqa` in one comment, as flake8 reads it: alone on a line it says nothing of the next one."""
        whole = _NOQA_FILE.match(comment.text) if comment.alone else None
        found = whole or _NOQA.search(comment.text)
        if found is None or (comment.alone and not whole):
            return
        scope = WHOLE_FILE if whole else comment.scope
        selectors = tuple(re.findall(r"[A-Za-z]+[0-9]+", found["codes"] or ""))
        reason = "" if whole else _reason(found["reason"])
        self.found.append(Directive(self._place(comment.span(*found.span())), scope, selectors, reason, Form.NOQA))

    def metadata(self, entry: MetadataIgnore) -> None:
        """One entry of a template's Metadata."""
        place, code = self._place(entry.entry), entry.code.strip()
        if not _SELECTOR.fullmatch(code):
            why = f"{code!r} is neither a code nor a rule's name; write {{code: CODE, reason: …}}"
            self.malformed.append(Malformed(place, why))
            return
        scope = WHOLE_FILE if entry.scope is None else entry.scope
        self.found.append(Directive(place, scope, (code,), entry.reason.strip(), Form.METADATA))

    def _place(self, span: Span) -> Place:
        return self.source.place(Location(self.source.path, span))


def _order(one: Directive | Malformed) -> tuple[int, int]:
    return one.place.start, one.place.end


def _reason(text: str) -> str:
    return text.strip().lstrip(":-–—").strip()
