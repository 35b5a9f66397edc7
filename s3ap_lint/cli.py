"""From arguments to a configuration, and from a report to an exit status.

0: nothing at or above `--fail-on`; 1: findings; 2: the job could not be done, and 2 wins.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from s3ap_lint import __version__
from s3ap_lint.arguments import COMMANDS, parser_for
from s3ap_lint.errors import S3apLintError
from s3ap_lint.invocation import colored, config_of, write


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with arguments (sys.argv without the program's name); the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = "check"
    if arguments and arguments[0] in COMMANDS:
        command = arguments.pop(0)
    debug = "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        options = parser_for(command).parse_intermixed_args(arguments)
        status = _RUN[command](options)
        sys.stdout.flush()
        return status
    except S3apLintError as error:
        if debug:
            raise
        print(f"s3ap-lint: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("s3ap-lint: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if debug:
            raise
        kind = type(error).__name__
        print(f"s3ap-lint: {kind}: {error}; this is a fault of s3ap-lint, --debug shows where", file=sys.stderr)
        return 2


def _check(options: argparse.Namespace) -> int:
    if options.version:
        return _version(options)
    from s3ap_lint import check_command

    return check_command.run(options)


def _baseline(options: argparse.Namespace) -> int:
    from s3ap_lint import baseline_command

    return baseline_command.run(options)


def _version(options: argparse.Namespace) -> int:
    from s3ap_lint import tasks

    registry = tasks.registry_for(config_of(options))
    engines = ", ".join(f"{name} {engine.version}" for name, engine in sorted(registry.engines.items()))
    print(f"s3ap-lint {__version__}" + (f" ({engines})" if engines else ""))
    return 0


def _permissions(options: argparse.Namespace) -> int:
    from s3ap_lint import permission_run
    from s3ap_lint.progress import Display
    from s3ap_lint.render.permissions import RENDERERS
    from s3ap_lint.render.wording import one_line, relative_to

    config = config_of(options, options.paths)
    with Display(sys.stderr) as display:
        report = permission_run.permissions(
            options.paths, config, names=options.function or (), on_progress=display.update
        )
    seen = relative_to(str(config.cwd), str(config.root))
    write(RENDERERS[options.format](report, seen, colored(options)), options.output)
    for entry in report.unread:
        line = f"{seen(entry.path)}:{entry.line}: this {entry.what} cannot be read: {entry.reason}"
        print(f"s3ap-lint: {one_line(line)}", file=sys.stderr)
    dark = bool(report.functions) and all(function.is_dark for function in report.functions)
    if dark:
        print("s3ap-lint: of no function could be told what it needs; see what is not told", file=sys.stderr)
    return 2 if report.unread or dark else 1 if report.lacking else 0


def _rules(options: argparse.Namespace) -> int:
    from s3ap_lint import pages, tasks

    config = config_of(options)
    registry = tasks.registry_for(config)
    sys.stdout.write(pages.listing_json(registry) if options.format == "json" else pages.listing(registry, config))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from s3ap_lint import pages, tasks

    sys.stdout.write(pages.explained(options.code, tasks.registry_for(config_of(options))))
    return 0


def _show_config(options: argparse.Namespace) -> int:
    sys.stdout.write(config_of(options, options.paths).as_toml())
    return 0


def _selftest(options: argparse.Namespace) -> int:
    from s3ap_lint import selftest, tasks

    config = config_of(options)
    text, passed = selftest.report(tasks.registry_for(config), config)
    sys.stdout.write(text)
    return 0 if passed else 2


def _new(options: argparse.Namespace) -> int:
    from s3ap_lint import skeleton

    print(skeleton.write(options.name, options.code, Path.cwd()))
    return 0


_RUN = {
    "check": _check,
    "permissions": _permissions,
    "rules": _rules,
    "explain": _explain,
    "baseline": _baseline,
    "config": _show_config,
    "selftest": _selftest,
    "new": _new,
}
