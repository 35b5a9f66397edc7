"""What the commands share: the configuration that arguments ask for, and where output goes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from s3ap_lint.config import Config, load
from s3ap_lint.errors import UsageError
from s3ap_lint.offers import RenderOptions
from s3ap_lint.roots import absolute


def _codes(given: list[str] | None) -> list[str] | None:
    if given is None:
        return None
    return [code.strip() for item in given for code in item.split(",") if code.strip()]


def config_of(options: argparse.Namespace, paths: Sequence[str] = ()) -> Config:
    """The configuration for some paths, with what the command line says above it. Raises ConfigError."""
    said = vars(options)
    overrides: dict[str, Any] = {
        "select": _codes(said.get("select")),
        "extend-select": _codes(said.get("extend_select")),
        "ignore": _codes(said.get("ignore")),
        "strict": said.get("strict"),
        "exclude": said.get("exclude"),
        "fail-on": said.get("fail_on"),
        "engine": said.get("engine"),
        "engine-timeout": said.get("engine_timeout"),
        "jobs": said.get("jobs"),
        "plugin-path": said.get("plugin_path"),
        "no-plugin": said.get("no_plugin"),
    }
    explicit = Path(options.config) if options.config else None
    return load(paths, explicit=explicit, overrides=overrides)


def paths_of(options: argparse.Namespace) -> tuple[list[str], bytes | None]:
    """The paths to check, and the bytes of standard input if one of them is `-`."""
    paths = list(options.paths)
    if "-" not in paths:
        if options.stdin_filename:
            raise UsageError("--stdin-filename goes with the path -, which reads standard input")
        return paths, None
    if not options.stdin_filename:
        raise UsageError("- reads standard input; say with --stdin-filename which file it is")
    return [options.stdin_filename if path == "-" else path for path in paths], sys.stdin.buffer.read()


def buffered(name: str, config: Config) -> str:
    """The path of what is read from standard input, relative to the project root."""
    path = absolute(name, config.cwd)
    if not path.is_relative_to(config.root):
        raise UsageError(f"--stdin-filename {name} lies outside the project {config.root}")
    return path.relative_to(config.root).as_posix()


def below_root(text: str, config: Config) -> str:
    """A PATH as it was typed, relative to the project root."""
    return absolute(text, config.cwd).relative_to(config.root).as_posix()


def _on_terminal(options: argparse.Namespace) -> bool:
    return not options.output and sys.stdout.isatty()


def colored(options: argparse.Namespace) -> bool:
    """Whether output is painted."""
    wanted = _on_terminal(options) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return options.color == "always" or (options.color == "auto" and wanted)


def render_options(options: argparse.Namespace) -> RenderOptions:
    """What the command line says about output."""
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns if _on_terminal(options) else 100
    except OSError:
        width = 100
    return RenderOptions(colored(options), options.quiet, options.verbose, max(width, 40), options.sarif_suppressed)


def write(text: str, output: str | None) -> None:
    """Write to a file, or to standard output. Raises UsageError when the file cannot be written."""
    if output is None:
        sys.stdout.write(text)
        return
    target = Path(output)
    try:
        target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"--output {output}: {(error.strerror or str(error)).lower()}") from None
