"""The configuration for a project: only settings that differ from their defaults, each with its reason."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, dirname, join
from typing import Any

from s3ap_lint import settings, toml
from s3ap_lint.adoption.proposal import Files, Proposal, appended, refused, settled
from s3ap_lint.adoption.survey import Survey
from s3ap_lint.adoption.twins import FoundPair
from s3ap_lint.config import Config
from s3ap_lint.roots import OWN_FILE, SECTION, SHARED_FILE
from s3ap_lint.settings import Pair
from s3ap_lint.twins import halves

HEADING = "Settings of s3ap-lint that differ from the defaults; `s3ap-lint config show` prints all in force."
PAIRS = "Templates that must say the same: `source` is the half that people edit."
UNTOLD = (
    "Where no comment says why, nothing told which half that is: it was taken to be the one that is not SAM,",
    "for a plain template can always be carried over to SAM, but not the reverse. Turn it round if that is wrong.",
)
CODE_MAP = "Where code lies that the templates do not say: S3 keys or logical ids, and folders."


def configuration(found: Survey, config: Config, files: Files) -> Proposal | None:
    """The configuration file as it shall be; None where the defaults will do.

    An existing configuration is never changed: what it lacks is told.
    """
    if config.file is not None:
        return _beside(found, config, files)
    path = SHARED_FILE if _is_open(files.get(SHARED_FILE)) else OWN_FILE
    text = _text(_pairs(list(found.pairs), found), _places(found), shared=path == SHARED_FILE)
    if not text:
        return None
    before = files.get(path)
    after = appended(before, text) if before is not None else text.encode()
    _must_parse(after, path)
    return Proposal(path, before, after)


def _beside(found: Survey, config: Config, files: Files) -> Proposal:
    path = config.file.relative_to(config.root).as_posix() if config.file else OWN_FILE
    pairs = _pairs(_untold(found, config), found)
    mapped = dict(config.code_map)
    places = [line for key, line in _places(found).items() if key not in mapped]
    if not (pairs or places):
        return settled(path, files.get(path))
    parts = [
        *(["to the list `pairs`:", *pairs] if pairs else []),
        *(["to the table `code-map`:", *places] if places else []),
    ]
    return refused(path, files.get(path), "is left as it is; what it does not have yet", "\n".join(parts))


def _pairs(several: list[FoundPair], found: Survey) -> list[str]:
    """Each pair as an item of the list, with its reason; one for all of them where that says the same."""
    names = {Pair(basename(one.pair.source), basename(one.pair.generated)) for one in several}
    every = names.pop() if len(names) == 1 and len(several) > 1 else None
    if every is None or {one.pair for one in found.pairs} != set(_meant(every, found.paths)):
        return [_item(one.pair, one.reason) for one in several]
    reasons = Counter(one.reason for one in several if one.reason)
    told = "; ".join(f"{reason} ({number} of {len(several)})" for reason, number in reasons.most_common())
    return [_item(every, told)]


def _meant(every: Pair, paths: frozenset[str]) -> Iterator[Pair]:
    """The pairs that two names are in all folders of some templates."""
    for folder in set(map(dirname, paths)):
        found = halves(every, folder)
        if found is not None and paths.issuperset(found):
            yield Pair(*found)


def _item(pair: Pair, reason: str) -> str:
    item = f"{{ source = {toml.value(pair.source)}, generated = {toml.value(pair.generated)} }},"
    return item + (f"  # {reason}" if reason else "")


def _untold(found: Survey, config: Config) -> list[FoundPair]:
    """The pairs that the configuration does not speak of yet, whichever half it takes for the source."""

    def told(one: FoundPair) -> bool:
        files = {one.pair.source, one.pair.generated}
        return any(files == set(halves(pair, dirname(one.pair.source)) or ()) for pair in config.pairs)

    return [one for one in found.pairs if not told(one)]


def _places(found: Survey) -> dict[str, str]:
    """Each place as a line of the table, with its reason."""
    return {
        one.pattern: f"{toml.value(one.pattern)} = {toml.value(one.folder)}  # {one.reason}" for one in found.code_map
    }


def _is_open(data: bytes | None) -> bool:
    """Whether a pyproject.toml is there that can take a table of ours at its end."""
    if data is None:
        return False
    try:
        document = tomllib.loads(appended(data, f"[tool.{SECTION}]\nstrict = false\n").decode("utf-8-sig"))
    except ValueError:
        return False
    return SECTION in document.get("tool", {})


def _text(pairs: list[str], places: Mapping[Any, str], *, shared: bool) -> str:
    """The settings as TOML; nothing where there are none."""
    prefix = f"tool.{SECTION}." if shared else ""
    blocks = [f"[tool.{SECTION}]\n{toml.comment(HEADING)}" if shared else toml.comment(HEADING)]
    if pairs:
        why = "" if all("#" in line for line in pairs) else "".join(map(toml.comment, UNTOLD))
        blocks.append(toml.comment(PAIRS) + why + "pairs = [\n" + _indented(pairs) + "]\n")
    if places:
        lines = "".join(f"{line}\n" for line in places.values())
        blocks.append(f"[{prefix}code-map]\n{toml.comment(CODE_MAP)}{lines}")
    return "\n".join(blocks) if len(blocks) > 1 else ""


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"  {line}\n" for line in lines)


def _must_parse(data: bytes, path: str) -> None:
    """Raises ConfigError, which would be a fault of ours, for settings that cannot be read."""
    document = tomllib.loads(data.decode("utf-8-sig"))
    settings.read(document["tool"][SECTION] if path == SHARED_FILE else document, join(".", path))
