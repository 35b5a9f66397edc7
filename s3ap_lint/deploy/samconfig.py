"""samconfig.toml: the `deploy` parameters of each of its environments.

Source: AWS SAM developer guide, "AWS SAM CLI configuration file" ([environment.command.parameters], the default
environment `default`, `global` for every command of an environment; parameter_overrides as text, list or table).
"""

from __future__ import annotations

import tomllib
from functools import partial

from s3ap_lint.deploy import toml_edits
from s3ap_lint.deploy.model import Capability, Given, Literal, Terms
from s3ap_lint.deploy.overrides import pairs
from s3ap_lint.deploy.toml_spans import Entry, Header, Text, scan, strings
from s3ap_lint.model import Location, Span
from s3ap_lint.source import Source

BUILT = ".aws-sam/"


class Broken(Exception):
    """The file cannot be read: what is wrong, and where."""

    def __init__(self, reason: str, span: Span | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span


def check(source: Source) -> None:
    """Raises Broken for what is no TOML."""
    try:
        tomllib.loads(source.text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said, _, where = str(error).partition(" (at ")
        numbers = [int(word) for word in where.replace(",", "").replace(")", "").split() if word.isdigit()]
        end = len(source.data)
        at = source.offset_at_code_point(*numbers) if len(numbers) == 2 else end
        raise Broken(f"not TOML: {said[:1].lower()}{said[1:]}", Span(min(at, end), min(at, end))) from None


def literals(source: Source) -> tuple[Literal, ...]:
    """Every string that is a value."""
    return tuple(Literal(one.text, Location(source.path, _span(source, one.start, one.end))) for one in _all(source))


def texts(source: Source) -> list[Span]:
    """Where strings stand, in which a `#` is text."""
    return [_span(source, one.start, one.end) for one in _all(source)]


def _all(source: Source) -> list[Text]:
    return list(strings(source.text))


def terms(source: Source) -> tuple[Terms, ...]:
    """What each environment's `sam deploy` is given."""
    entries = list(scan(source.text))
    headers = {one.path: one for one in reversed(entries) if isinstance(one, Header)}
    found: dict[tuple[str, ...], list[Entry]] = {}
    for one in entries:
        if isinstance(one, Entry) and len(one.path) >= 4 and one.path[2] == "parameters":
            found.setdefault(one.path[:2], []).append(one)
    out = []
    for (environment, command), own in found.items():
        if command == "deploy":
            common = found.get((environment, "global"), [])
            built = found.get((environment, "build"), [])
            header = headers.get((environment, "deploy", "parameters"))
            place = (header.start, header.end) if header else (own[0].start, own[0].start)
            out.append(_terms(source, place, own, common, built))
    return tuple(out)


def _terms(
    source: Source, place: tuple[int, int], own: list[Entry], common: list[Entry], built: list[Entry]
) -> Terms:
    values = {one.path[3]: one for one in (*common, *own)}
    overrides = [one for one in own if one.path[3] == "parameter_overrides"]
    overrides = overrides or [one for one in common if one.path[3] == "parameter_overrides"]
    given = tuple(given for entry in overrides for given in _given(source, entry))
    guided = "guided" in values and source.text[values["guided"].start :].split("=", 1)[1].lstrip().startswith("true")
    from_files = any("file://" in one.text for entry in overrides for one in _strings(entry))
    return Terms(
        at=Location(source.path, _span(source, *place)),
        by="sam deploy",
        given=given,
        complete=bool(overrides) and not guided and not from_files,
        capabilities=_capabilities(source, values),
        template=_template(values, {one.path[3]: one for one in built}),
        beside=True,
    )


def _template(own: dict[str, Entry], built: dict[str, Entry]) -> str:
    """The template that is named, for `sam deploy` or for the build that it takes up; "" for the default one."""
    named = (entries[key] for entries in (own, built) for key in ("template_file", "template") if key in entries)
    paths = [one.value.text for one in named if isinstance(one.value, Text)]
    return next((path for path in paths if BUILT not in path), "")


def _capabilities(source: Source, values: dict[str, Entry]) -> tuple[Capability, ...] | None:
    entry = values.get("capabilities")
    if entry is None:
        return () if "stack_name" in values else None
    out = []
    for one in _strings(entry):
        at = one.raw_start
        for word in one.raw.split():
            at = source.text.index(word, at)
            out.append(Capability(word, _span(source, at, at + len(word))))
            at += len(word)
    return tuple(out)


def _strings(entry: Entry) -> tuple[Text, ...]:
    if entry.value is None:
        return ()
    return (entry.value,) if isinstance(entry.value, Text) else entry.value


def _given(source: Source, entry: Entry) -> list[Given]:
    if len(entry.path) == 5:  # a table of its own: Name = "value"
        return [_of_table(source, entry)]
    out = []
    for index, text in enumerate(_strings(entry)):
        for pair in pairs(text.raw):
            at = text.raw_start
            is_item = isinstance(entry.value, tuple) and pair.start == 0
            out.append(
                Given(
                    pair.name,
                    None if pair.keeps else pair.value,
                    Location(source.path, _span(source, at + pair.start, at + pair.end)),
                    _span(source, at + pair.name_start, at + pair.name_start + len(pair.name)),
                    _span(source, at + pair.value_start, at + pair.value_end),
                    partial(toml_edits.without_item, source, entry.path, index)
                    if is_item
                    else partial(toml_edits.without_text, source, at + pair.start, at + pair.end),
                )
            )
    return out


def _of_table(source: Source, entry: Entry) -> Given:
    name = entry.path[4]
    name_span = _span(source, entry.start, entry.start + len(name))
    if not isinstance(entry.value, Text):
        return Given(name, None, Location(source.path, name_span), name_span, name_span)
    value = _span(source, entry.value.raw_start, entry.value.raw_start + len(entry.value.raw))
    whole = _span(source, entry.start, entry.value.end)
    return Given(name, entry.value.text, Location(source.path, whole), name_span, value)


def _span(source: Source, start: int, end: int) -> Span:
    return Span(source.byte_offset(start), source.byte_offset(end))
