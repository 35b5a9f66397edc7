"""Which variables of a function are set but not read, read but not set, or set under another name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from posixpath import dirname
from weakref import WeakKeyDictionary

from s3ap_lint.api import Function, Node, ReachedRead, runtime_sets

FOR_OTHERS = (
    *(
        "AWS_*",
        "POWERTOOLS_*",
        "OTEL_*",
        "PYTHON*",
        "LOG_LEVEL",
        "LOGLEVEL",
        "DD_*",
        "NEW_RELIC_*",
        "SENTRY_*",
        "LUMIGO_*",
    ),
    *("PARAMETERS_SECRETS_*", "SSM_PARAMETER_STORE_*", "SECRETS_MANAGER_*", "OPENTELEMETRY_*", "TZ", "LD_LIBRARY_PATH"),
    *("HOME", "HF_*", "MPLCONFIGDIR", "NUMBA_*", "TRANSFORMERS_*", "TOKENIZERS_*", "BOTO_*", "GIT_*", "*_PROXY"),
    *("XDG_*", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "MALLOC_*", "FONTCONFIG_*", "TMPDIR"),
)
"""Variables that the runtime, a layer, an extension or a package reads."""

OF_DEVELOPERS = ("LOG_LEVEL", "LOGLEVEL", "DEBUG", "CI", "PYTEST_*", "LOCALSTACK*", "MOTO_*", "IS_LOCAL", "TEST_*")
"""Variables that are set where the code is tried out."""

_OPPOSITES = (
    *({"INPUT", "OUTPUT"}, {"SOURCE", "TARGET"}, {"SOURCE", "DESTINATION"}, {"SRC", "DST"}, {"MIN", "MAX"}),
    *({"START", "END"}, {"READ", "WRITE"}, {"PRIMARY", "SECONDARY"}, {"INCLUDE", "EXCLUDE"}, {"IN", "OUT"}),
)


@dataclass(frozen=True)
class Names:
    """The variables of one function that do not fit: `renamed` pairs are in neither of the others."""

    unread: Mapping[str, Node]
    unset: Mapping[str, ReachedRead]
    renamed: tuple[tuple[str, Node, ReachedRead], ...]


_KNOWN: WeakKeyDictionary[Function, Names] = WeakKeyDictionary()


def names_of(function: Function) -> Names:
    """What does not fit between the environment of a function and its code; nothing where that cannot be told."""
    known = _KNOWN.get(function)
    if known is None:
        known = _KNOWN[function] = _compared(function)
    return known


def _compared(function: Function) -> Names:
    if function.closure is None:
        return Names({}, {}, ())
    unread = dict(_unread(function))
    unset = _unset(function)
    renamed = tuple((name, unread[name], unset[read]) for name, read in _pairs(unread, unset, function))
    taken = {name for name, _, read in renamed} | {read.name for _, _, read in renamed}
    return Names(
        {name: node for name, node in unread.items() if name not in taken},
        {name: read for name, read in unset.items() if name not in taken},
        renamed,
    )


def _unread(function: Function) -> Iterator[tuple[str, Node]]:
    if not function.variables or not function.reads_by_name:
        return
    assert function.closure is not None
    for name, node in function.variables.items():
        if runtime_sets(name) or _among(name, FOR_OTHERS) or function.closure.mentions(name):
            continue
        if _is_own(function, node) or _read_by_nobody(name, function):
            yield name, node


def _is_own(function: Function, node: Node) -> bool:
    return node.resource_id == function.id


def _read_by_nobody(name: str, function: Function) -> bool:
    """Whether no function that Globals gives a variable to reads it."""
    template = function.template
    mine = [one for one in function.application.functions if one.template is template]
    given = list(template.of_type(function.resource.type))
    same = [one for one in mine if one.resource.type == function.resource.type]
    return len(same) == len(given) and all(
        one.reads_by_name and one.closure is not None and not one.closure.mentions(name) for one in same
    )


def _unset(function: Function) -> dict[str, ReachedRead]:
    """The optional reads of variables that are set in no scenario, the first of each."""
    if not function.names_every_variable:
        return {}
    reads = function.environment_reads()
    required = {read.name for read in reads if read.required}
    found: dict[str, ReachedRead] = {}
    assert function.closure is not None
    written = {write.name for write in function.closure.env_writes}
    for read in reads:
        if not read.name or read.name in function.variables or read.name in required or read.name in found:
            continue
        if read.form == "in" or read.required or runtime_sets(read.name) or read.name in written or "" in written:
            continue
        if _among(read.name, (*FOR_OTHERS, *OF_DEVELOPERS)) or not _is_near(function, read):
            continue
        if not _is_second_choice(function, read, reads):
            found[read.name] = read
    return found


def _is_near(function: Function, read: ReachedRead) -> bool:
    """Whether a read is the function's own: shared modules have settings that most functions leave alone."""
    assert function.closure is not None
    folder = dirname(function.closure.entry)
    return function.is_inline or dirname(read.at.subject) == folder or f"{read.at.subject}/".startswith(f"{folder}/")


def _is_second_choice(function: Function, read: ReachedRead, reads: Iterable[ReachedRead]) -> bool:
    """Whether a read stands beside one of a variable that is set: `get("A") or get("B")`, `get("A", get("B"))`."""
    span = read.at.span
    module = (
        next((m for m in function.closure.modules if m.path == read.at.subject), None) if function.closure else None
    )
    if span is None or module is None or function.is_inline:
        return False
    data = module.source.data
    for other in reads:
        at = other.at.span
        is_set = other.name in function.variables or runtime_sets(other.name)
        if not is_set or at is None or other.at.subject != read.at.subject:
            continue
        if (at.start <= span.start and span.end <= at.end) or (span.start <= at.start and at.end <= span.end):
            return True
        first, second = sorted((at, span))
        between = data[first.end : second.start]
        if len(between) < 200 and re.fullmatch(rb"[^=]*\bor\b[\s(]*", between):
            return True
    return False


def _among(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


# -- names that are nearly the same


def _pairs(unread: Mapping[str, Node], unset: Mapping[str, ReachedRead], function: Function) -> list[tuple[str, str]]:
    """The variables that are set under another name than they are read, where there is one candidate only."""
    own = [name for name, node in unread.items() if _is_own(function, node)]
    pairs = _only_ones(own, list(unset), nearly_same)
    rest = [name for name in own if name not in {name for name, _ in pairs}]
    lone = [name for name in unset if name not in {read for _, read in pairs}]
    return [*pairs, *_only_ones(rest, lone, same_kind)]


def _only_ones(names: list[str], reads: list[str], alike: Callable[[str, str], bool]) -> list[tuple[str, str]]:
    found = [(name, read) for name in names for read in reads if alike(name, read)]
    return [
        (name, read)
        for name, read in found
        if sum(name == one for one, _ in found) == 1 and sum(read == other for _, other in found) == 1
    ]


def nearly_same(name: str, other: str) -> bool:
    """Whether two names differ by a word that only one of them has, or by the spelling of a word."""
    a, b = _words(name), _words(other)
    if len(a) == len(b):
        return a == b or all(x == y or _spelt_alike(x, y) for x, y in zip(a, b, strict=True))
    short, long = sorted((a, b), key=len)
    return len(short) > 1 and len(long) - len(short) == 1 and _is_part(short, long)


def same_kind(name: str, other: str) -> bool:
    """Whether two names end in the same telling word and do not say the opposite of each other."""
    a, b = _words(name), _words(other)
    opposed = any(len(pair & {*a}) and len(pair & {*b}) and not pair & {*a} & {*b} for pair in _OPPOSITES)
    return a[-1] == b[-1] and len(a[-1]) > 4 and not opposed


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.removesuffix("S") if len(word) > 3 else word for word in name.upper().split("_") if word) or ("",)


def _is_part(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def _spelt_alike(x: str, y: str) -> bool:
    if re.sub(r"\d", "", x) == re.sub(r"\d", "", y):
        return False  # the first and the second of several
    short, long = sorted((x, y), key=len)
    return (len(short) > 2 and long.startswith(short)) or SequenceMatcher(None, x, y).ratio() >= 0.8
