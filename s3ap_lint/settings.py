"""The settings there are: the name, type and meaning of every key of the configuration."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s3ap_lint import gitignore, requirement
from s3ap_lint.errors import ConfigError
from s3ap_lint.model import Severity


@dataclass(frozen=True, slots=True)
class PerPath:
    """What is different below some paths. A pattern is gitignore-style, relative to the root.

    `select` takes the place of the project's `select`; `extend_select` and `ignore` add to it;
    `severity` is given to every finding there.
    """

    pattern: str
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two templates that must say the same: the one people edit, and the one made from it."""

    source: str
    generated: str


@dataclass(frozen=True, slots=True)
class Require:
    """What a run must have looked at, or it counts as failed: the report's counts, and codes that ran."""

    templates: int | None = None
    modules: int | None = None
    applications: int | None = None
    functions: int | None = None
    functions_joined: int | None = None
    rules: tuple[str, ...] = ()


class WrongValueError(Exception):
    """What is wrong with a value, as the end of a sentence, and at which part of the key."""

    def __init__(self, text: str, at: str = "") -> None:
        super().__init__(text)
        self.text, self.at = text, at

    def within(self, at: str) -> WrongValueError:
        """The same, said of the value that holds this one."""
        return WrongValueError(self.text, at + self.at)


def mismatch(expected: str, found: object, at: str = "") -> WrongValueError:
    """That a value is of the wrong type."""
    return WrongValueError(f" must be {expected}, not {described(found)}", at)


Read = Callable[[Any], Any]


def _as_is(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its name in the file, its reader, what it is for, and the way back to TOML's types."""

    name: str
    read: Read
    summary: str
    write: Callable[[Any], Any] = _as_is

    @property
    def field(self) -> str:
        """The name of the attribute of `Config`."""
        return self.name.replace("-", "_")


def read(table: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The values of a table of settings by field of `Config`, each of its own type.

    Raises ConfigError, naming the source, for an unknown key or a value of the wrong type.
    """
    return {KEYS[key].field: value for key, value in _each(table, KEYS, source).items()}


def read_option(name: str, value: object) -> Any:
    """The value of a setting given on the command line."""
    return _each({name: value}, KEYS, "--", option=True)[name]


def _each(table: Mapping[str, Any], keys: Mapping[str, Key], source: str, *, option: bool = False) -> dict[str, Any]:
    out = {}
    for name, value in table.items():
        if name not in keys:
            raise ConfigError(f"{source}: {unknown(name, keys)}")
        try:
            out[name] = keys[name].read(value)
        except WrongValueError as wrong:
            raise ConfigError(("--" if option else f"{source}: ") + name + wrong.at + wrong.text) from None
    return out


ELSEWHERE = {
    "per-file-ignores": "per-path",
    "per-path-ignores": "per-path",
    "extend-ignore": "ignore",
    "extend-exclude": "exclude",
    "plugins": "plugin-path",
    "options": "rules",
    "version": "required-version",
}
"""What other tools, or a guess, call some of the settings."""


def unknown(name: str, known: Mapping[str, object]) -> str:
    """That there is no such key, and which one may be meant."""
    other = ELSEWHERE.get(name)
    close = [other] if other in known else difflib.get_close_matches(name.replace("_", "-"), known, 1, 0.5)
    return f"there is no setting {name!r}; " + (
        f"is {close[0]!r} meant?" if close else f"the settings are {', '.join(sorted(known))}"
    )


def described(value: object) -> str:
    """A TOML value and its type, as messages show it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}" (a string)'
    kinds = ((int, "an integer"), (float, "a number"), (list, "a list"), (dict, "a table"))
    kind = next((name for type_, name in kinds if isinstance(value, type_)), "a date or time")
    return kind if isinstance(value, (list, dict)) else f"{value} ({kind})"


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise mismatch("a string", value)
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise mismatch("true or false", value)
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise mismatch("an integer, 0 or more", value)
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise mismatch("a number of seconds above 0", value)
    return float(value)


def _matching(pattern: str, expected: str) -> Read:
    accepts = re.compile(pattern)

    def read_text(value: Any) -> str:
        if not isinstance(value, str) or not accepts.fullmatch(value):
            raise mismatch(expected, value)
        return value

    return read_text


def _one_of(*choices: str) -> Read:
    def read_choice(value: Any) -> str:
        if value not in choices or not isinstance(value, str):
            raise mismatch(" or ".join(f'"{choice}"' for choice in choices), value)
        return value

    return read_choice


def _list_of(item: Read, expected: str) -> Read:
    def read_list(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise mismatch(f"a list of {expected}", value)
        out = []
        for i, one in enumerate(value):
            try:
                out.append(item(one))
            except WrongValueError as wrong:
                raise wrong.within(f"[{i}]") from None
        return tuple(out)

    return read_list


def _table_of(item: Read, expected: str, *, key: Callable[[str], str] = _string) -> Read:
    """A table as (name, value) pairs in the order of the file."""

    def read_table(value: Any) -> tuple[tuple[str, Any], ...]:
        if not isinstance(value, Mapping):
            raise mismatch(f"a table of {expected}", value)
        out = []
        for name, one in value.items():
            try:
                out.append((key(name), item(one)))
            except WrongValueError as wrong:
                raise wrong.within(f'."{name}"') from None
        return tuple(out)

    return read_table


def _record(build: Callable[..., Any], keys: Mapping[str, Key], *, all_of: bool = False) -> Read:
    def read_record(value: Any) -> Any:
        expected = "a table with " + " and ".join(keys) if all_of else "a table of " + ", ".join(keys)
        if not isinstance(value, Mapping) or (all_of and keys.keys() - value.keys()):
            raise mismatch(expected, value)
        out = {}
        for name, one in value.items():
            if name not in keys:
                raise WrongValueError(f": {unknown(name, keys)}")
            try:
                out[keys[name].field] = keys[name].read(one)
            except WrongValueError as wrong:
                raise wrong.within(f".{name}") from None
        return build(**out)

    return read_record


def _version(value: Any) -> str:
    if not isinstance(value, str) or not requirement.valid(value):
        raise mismatch('a version requirement such as ">=0.1,<1"', value)
    return value


def _severity_name(value: Severity) -> str:
    return value.value


def _severity(value: Any) -> Severity:
    names = [severity.value for severity in Severity]
    if value not in names:
        raise mismatch('"error", "warning" or "info"', value)
    return Severity(value)


def _options(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise mismatch("a table of the rule's options", value)
    return dict(value)


_SELECTORS = _list_of(
    _matching(r"[A-Za-z][A-Za-z0-9-]*", "a code, the beginning of one, or a rule's name"),
    "codes, prefixes or rule names",
)
_STRINGS = _list_of(_string, "strings")


def _pattern(value: Any) -> str:
    if not isinstance(value, str) or gitignore.pattern_of(value) is None:
        raise mismatch("a gitignore-style pattern", value)
    return value


_PATTERNS = _list_of(_pattern, "gitignore-style patterns")
_BELOW = _matching(r"(?!/|.*(?:^|/)\.\.(?:/|$)|[A-Za-z]:)(?s:.+)", "a path below the project root")


def _keys(*keys: Key) -> dict[str, Key]:
    return {key.name: key for key in keys}


_PER_PATH = _keys(
    Key("select", _SELECTORS, "rules to run there, in place of the project's select"),
    Key("extend-select", _SELECTORS, "rules to run there as well"),
    Key("ignore", _SELECTORS, "rules not to report there"),
    Key("severity", _severity, "the severity of every finding there", _severity_name),
)
_PAIR = _keys(
    Key("source", _BELOW, "the template people edit"),
    Key("generated", _BELOW, "the template made from it"),
)
_REQUIRE = _keys(
    *(
        Key(name, _count, f"the least number of {name.replace('_', ' ')}")
        for name in ("templates", "modules", "applications", "functions", "functions_joined")
    ),
    Key("rules", _SELECTORS, "codes that must have run"),
)


def _positive(value: Any) -> str:
    if _pattern(value).startswith("!"):
        raise mismatch("a pattern that does not begin with !", value)
    return str(value)


def _per_path(value: Any) -> tuple[PerPath, ...]:
    table = _table_of(_record(dict, _PER_PATH), "patterns and what is different there", key=_positive)
    return tuple(PerPath(name, **fields) for name, fields in table(value))


def _written(value: object, keys: Mapping[str, Key]) -> dict[str, Any]:
    """A record as a table, without the fields that say nothing."""
    fields = ((key, getattr(value, key.field)) for key in keys.values())
    return {key.name: key.write(one) for key, one in fields if one is not None and (one != () or key.name == "select")}


def _written_per_path(entries: tuple[PerPath, ...]) -> dict[str, Any]:
    return {entry.pattern: _written(entry, _PER_PATH) for entry in entries}


def _written_pairs(pairs: tuple[Pair, ...]) -> list[dict[str, Any]]:
    return [_written(pair, _PAIR) for pair in pairs]


def _rules(value: Any) -> dict[str, Mapping[str, Any]]:
    return dict(_table_of(_options, "rules and their options")(value))


KEYS = _keys(
    Key("select", _SELECTORS, "the rules to run, in place of all that are not strict: codes, prefixes, names"),
    Key("extend-select", _SELECTORS, "rules to run as well"),
    Key("ignore", _SELECTORS, "rules not to report"),
    Key("strict", _bool, "also run the strict rules"),
    Key("exclude", _PATTERNS, "files and folders to leave out besides the default ones; !pattern takes one back in"),
    Key("per-path", _per_path, "what is different below some paths", _written_per_path),
    Key("rules", _rules, "options of rules, one table for each code"),
    Key(
        "code-map",
        _table_of(_BELOW, "S3 keys or logical ids and folders"),
        "where the code of a function lives: patterns of S3 keys or logical ids, and folders below the root",
        dict,
    ),
    Key(
        "pairs",
        _list_of(_record(Pair, _PAIR, all_of=True), "tables with source and generated"),
        "templates that must say the same",
        _written_pairs,
    ),
    Key(
        "require",
        _record(Require, _REQUIRE),
        "what a run must have looked at",
        lambda require: _written(require, _REQUIRE),
    ),
    Key("required-version", _version, "the versions of s3ap-lint that may be used"),
    Key("plugin-path", _STRINGS, "Python files and packages to load as plugins, if the file was named with --config"),
    Key("no-plugin", _STRINGS, "plugins not to load"),
    Key("fail-on", _severity, "the least severity that makes the exit status 1", _severity_name),
    Key("engine", _matching(r"[\w.-]+", 'the name of a schema engine, or "none"'), "the schema engine for templates"),
    Key("engine-timeout", _seconds, "seconds the schema engine may take for one template"),
    Key("jobs", _count, "processes to use; 0 is one for each processor"),
    Key("access-points", _one_of("auto", "fsx"), "fsx: every access point is one of FSx for ONTAP"),
    Key("package-name", _string, "how deployment packages are named, such as {application}-{function}.zip"),
    Key("runtime", _string, "the Lambda runtime that every function should have"),
)
