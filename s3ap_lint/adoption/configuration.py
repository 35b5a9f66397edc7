"""The configuration for a project: only settings that differ from their defaults, each with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from posixpath import join
from typing import Any

from s3ap_lint import settings, toml
from s3ap_lint.adoption.proposal import Files, Proposal, appended, refused, settled
from s3ap_lint.adoption.survey import Survey
from s3ap_lint.config import Config
from s3ap_lint.roots import OWN_FILE, SECTION, SHARED_FILE

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
    text = _text(_pairs(found), _places(found), shared=path == SHARED_FILE)
    if not text:
        return None
    before = files.get(path)
    after = appended(before, text) if before is not None else text.encode()
    _must_parse(after, path)
    return Proposal(path, before, after)


def _beside(found: Survey, config: Config, files: Files) -> Proposal:
    path = config.file.relative_to(config.root).as_posix() if config.file else OWN_FILE
    paired = {frozenset((pair.source, pair.generated)) for pair in config.pairs}
    pairs = [line for key, line in _pairs(found).items() if frozenset(key) not in paired]
    mapped = dict(config.code_map)
    places = [line for key, line in _places(found).items() if key not in mapped]
    if not (pairs or places):
        return settled(path, files.get(path))
    parts = [
        *(["to the list `pairs`:", *pairs] if pairs else []),
        *(["to the table `code-map`:", *places] if places else []),
    ]
    return refused(path, files.get(path), "is left as it is; what it does not have yet", "\n".join(parts))


def _pairs(found: Survey) -> dict[tuple[str, str], str]:
    """Each pair as an item of the list, with its reason."""
    return {
        (one.pair.source, one.pair.generated): f"{{ source = {toml.value(one.pair.source)}, "
        f"generated = {toml.value(one.pair.generated)} }}," + (f"  # {one.reason}" if one.reason else "")
        for one in found.pairs
    }


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


def _text(pairs: Mapping[Any, str], places: Mapping[Any, str], *, shared: bool) -> str:
    """The settings as TOML; nothing where there are none."""
    prefix = f"tool.{SECTION}." if shared else ""
    blocks = [f"[tool.{SECTION}]\n{toml.comment(HEADING)}" if shared else toml.comment(HEADING)]
    if pairs:
        why = "" if all("#" in line for line in pairs.values()) else "".join(map(toml.comment, UNTOLD))
        blocks.append(toml.comment(PAIRS) + why + "pairs = [\n" + _indented(pairs.values()) + "]\n")
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
