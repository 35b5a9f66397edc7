"""cfn-lint itself, loaded with all of its rules, and the way a template goes through it.

Importing this module is what takes the time; a process that has it can be forked at no cost.
"""

from __future__ import annotations

import functools
import io
import logging
import math
import os
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import cfnlint.rules
from cfnlint.config import ConfigMixIn
from cfnlint.data import AdditionalSpecs
from cfnlint.decode import cfn_yaml, decode_str
from cfnlint.exceptions import InvalidRegionException
from cfnlint.helpers import REGION_PRIMARY, load_resource
from cfnlint.rules import Match, Rules
from cfnlint.runner.template.runner import _run_template  # the public door for data forgets the file's name
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from s3ap_lint.model import Finding, Location, Severity, Span
from s3ap_lint.offers import EngineUnit
from s3ap_lint.source import Source
from s3ap_rules.foreign.cfn_lint import SEVERITIES, configuration_file, ignored

#: What is taken from a .cfnlintrc. The rest imports code, reads other files, or is about printing.
KEYS = frozenset(
    {
        "configure_rules",
        "ignore_checks",
        "ignore_templates",
        "include_checks",
        "mandatory_checks",
        "parameters",
        "regions",
    }
)


def _load() -> Rules:
    logger = logging.getLogger("cfnlint")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    schemas = Path(cfnlint.rules.__file__).resolve().parents[1] / "data" / "schemas"
    manager: Any = PROVIDER_SCHEMA_MANAGER
    if manager._providers_dir.resolve() != schemas / "providers":  # schemas downloaded into the home folder
        manager._providers_dir, manager._resources_dir = schemas / "providers", schemas / "resources"
        manager.reset()
    manager.update = lambda force: 2  # never from the network
    return Rules.create_from_directory(str(Path(cfnlint.rules.__file__).parent))


RULES = _load()


def check(unit: EngineUnit) -> list[Finding]:
    """The findings on one template under the configuration that its repository has for it."""
    root = Path(unit.root)
    file = configuration_file(root, unit.path)
    try:
        settings = _settings(file.read_bytes()) if file else {}
    except Exception as error:  # whatever cfn-lint's parser and validator may raise about a broken file
        return [_misconfigured(unit, file, f"{type(error).__name__}: {error}")]
    if file and ignored(root / unit.path, file.parent, settings.get("ignore_templates", ())):
        return []
    config, source = _config(settings), Source(unit.path, unit.data)
    try:
        matches = _matches(unit, source, config)
    except UnicodeDecodeError as error:
        enabled = RULES.is_rule_enabled("E0000", config)
        return [_error("E0000", f"the file is not UTF-8: {error}", Location(unit.path))] if enabled else []
    except InvalidRegionException as error:
        return [_misconfigured(unit, None if config.template_args.get("regions") else file, str(error))]
    lines = _Lines(source)
    findings = [_finding(unit, lines, match) for match in matches]
    return sorted(findings, key=lambda f: (f.at.span or Span(0, 0), f.code, f.message, f.at.path))


@functools.cache
def next_change() -> float:
    """When the next runtime loses support, in seconds of Unix time: cfn-lint compares its table with today."""
    now = time.time()
    table = load_resource(AdditionalSpecs, "LmbdRuntimeLifecycle.json")
    days = {date for life in table.values() for name, date in life.items() if name != "successor" and date}
    moments = (datetime.strptime(day, "%Y-%m-%d").timestamp() for day in days)
    return min((moment for moment in moments if moment > now), default=math.inf)


@functools.lru_cache(maxsize=64)
def _settings(data: bytes) -> dict[str, Any]:
    """The keys of a .cfnlintrc that count; raises what cfn-lint raises about one that is broken."""
    everything = cfn_yaml.loads(data.decode("utf-8")) or {}
    reader = ConfigMixIn(["--config-file", os.devnull])
    reader.validate_config(everything, reader.schema)
    return {str(key): value for key, value in everything.items() if key in KEYS}


def _config(settings: dict[str, Any]) -> Any:
    """cfn-lint's configuration as if its command line had found these settings in the working directory.

    Made anew for each template, because a template leaves its own settings in it.
    """
    config: Any = ConfigMixIn(["--config-file", os.devnull])  # or it looks in the home folder and the working directory
    config.file_args = {"regions": [REGION_PRIMARY], **settings}  # or it asks the environment for a region
    set_template_args = config.set_template_args

    def set_them(template: Any) -> None:
        try:
            set_template_args(template)
        except AttributeError:  # Metadata, or what it has for cfn-lint, is no mapping
            set_template_args({})

    config.set_template_args = set_them
    return config


def _matches(unit: EngineUnit, source: Source, config: Any) -> list[Match]:
    """What the command line would print for the template, decoded from the bytes at hand."""
    template, matches = decode_str(io.StringIO(source.text, newline=None).read())
    if matches:
        return [match for match in matches if RULES.is_rule_enabled(match.rule.id, config)]
    return list(_run_template(str(Path(unit.root, unit.path)), template, config, RULES))


def _error(code: str, message: str, at: Location, *related: Location) -> Finding:
    return Finding(_one_line(message), at, related, severity=Severity.ERROR, code=code)


def _misconfigured(unit: EngineUnit, file: Path | None, message: str) -> Finding:
    """A configuration that cfn-lint would not start with: at its file, or where a template brings its own."""
    if file is None:
        return _error("E0003", message, Location(unit.path))
    path = file.relative_to(unit.root).as_posix()
    return _error("E0003", message, Location(path), Location(unit.path, note="not checked by cfn-lint"))


def _finding(unit: EngineUnit, lines: _Lines, match: Match) -> Finding:
    path = tuple(str(step) for step in getattr(match, "path", ()) or ())
    severity = SEVERITIES.get(match.rule.severity, Severity.ERROR)
    return Finding(
        _one_line(match.message),
        Location(unit.path, lines.span(match), path),
        severity=severity,
        code=str(match.rule.id),
    )


def _one_line(message: object) -> str:
    return re.sub(r"\s*\n\s*", " ", str(message)).strip()


class _Lines:
    """Lines as YAML counts them, which breaks them at more characters than a newline."""

    def __init__(self, source: Source) -> None:
        self._source = source
        breaks = list(re.finditer("\r\n|[\n\r\x85\u2028\u2029]", source.text))
        self._starts = [0, *(found.end() for found in breaks)]
        self._ends = [*(found.start() for found in breaks), len(source.text)]

    def span(self, match: Match) -> Span:
        """The bytes of a match, or as many of them as are on its first line."""
        line = min(max(match.linenumber, 1), len(self._starts)) - 1
        start, limit = min(self._starts[line] + max(match.columnnumber, 1) - 1, self._ends[line]), self._ends[line]
        if match.linenumberend == match.linenumber:
            end = min(max(start, self._starts[line] + match.columnnumberend - 1), limit)
        else:
            end = start + len(self._source.text[start:limit].rstrip())
        return Span(self._source.byte_offset(start), self._source.byte_offset(end))
