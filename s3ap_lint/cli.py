"""From arguments to a configuration, and from a report to an exit status.

0: nothing at or above `--fail-on`; 1: findings; 2: the job could not be done, and 2 wins.
"""

from __future__ import annotations

import errno
import os
import sys

from s3ap_lint import __version__, facts, recall
from s3ap_lint.errors import S3apLintError, UsageError

TYPE_CHECKING = False  # what is not imported here costs nothing when nothing has changed
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with arguments (sys.argv without the program's name); the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        if arguments == ["--version"] and _version():
            return 0
        told = recall.circumstances(arguments)
        status = recall.answer(told)
        if status is None:
            status = _run(arguments, told)
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
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and not debug:
            print("s3ap-lint: there is no space left to write to", file=sys.stderr)
            return 2
        if debug:
            raise
        kind = type(error).__name__
        print(f"s3ap-lint: {kind}: {error}; this is a fault of s3ap-lint, --debug shows where", file=sys.stderr)
        return 2


def _run(arguments: list[str], told: str) -> int:
    from s3ap_lint.arguments import COMMANDS, parser_for

    command = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "check"
    behind = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser_for(command).parse_intermixed_args(arguments[:behind])
    if behind < len(arguments):  # which intermixed parsing forgets
        if not hasattr(options, "paths"):
            raise UsageError(f"{command} takes no paths behind --")
        options.paths = [*options.paths, *arguments[behind + 1 :]]
    options.told = told
    return _RUN[command](options)


def _check(options: argparse.Namespace) -> int:
    if options.version:
        return _version_with(options)
    from s3ap_lint import check_command

    return check_command.run(options)


def _cache(options: argparse.Namespace) -> int:
    from s3ap_lint import storage

    where = storage.where()
    found = storage.contents() if where else []
    files, size = len(found), sum(status.st_size for _, status in found)
    if options.action == "clean":
        try:
            files, size = storage.clean()
        except OSError as error:
            raise S3apLintError(f"{error.filename or where} cannot be removed: {error.strerror}") from None
    done = " removed" if options.action == "clean" else ""
    size_told = f"{files} files, {size / 1024 / 1024:.1f} MB{done}"
    print(f"{where}: {size_told}" if where else "there is no cache: no home folder, or an empty S3AP_LINT_CACHE_DIR")
    return 0


def _baseline(options: argparse.Namespace) -> int:
    from s3ap_lint import baseline_command

    return baseline_command.run(options)


def _init(options: argparse.Namespace) -> int:
    from s3ap_lint import init_command

    return init_command.run(options)


def _sync(options: argparse.Namespace) -> int:
    from s3ap_lint import sync_command

    return sync_command.run(options)


def _version_with(options: argparse.Namespace) -> int:
    """The same with the engines that these options bring in or leave out, which have to be loaded for it."""
    from s3ap_lint import tasks
    from s3ap_lint.invocation import config_of

    registry = tasks.registry_for(config_of(options))
    engines = ", ".join(f"{name} {engine.version}" for name, engine in sorted(registry.engines.items()))
    print(f"s3ap-lint {__version__}" + (f" ({engines})" if engines else ""))
    return 0


OURS = ("s3ap-lint", "s3ap-ops")
"""The distributions that are made together and bring no engine of somebody else's."""

ENGINES = ("cfn-lint", "cloudformation-validate", "pyflakes")
"""The distributions whose findings are carried; what `--version` names besides the program itself."""


def _version() -> bool:
    """Print it without loading anything; False if there are plugins of others, which have to be asked."""
    found = _installed()
    if any(name not in OURS and facts.offers(folder, "s3ap_lint") for name, (_, folder) in found.items()):
        return False
    engines = ", ".join(f"{name} {found[name][0]}" for name in ENGINES if name in found)
    print(f"s3ap-lint {__version__}" + (f" ({engines})" if engines else ""))
    return True


def _installed() -> dict[str, tuple[str, str]]:
    """Version and metadata folder of what is installed, by name."""
    found: dict[str, tuple[str, str]] = {}
    for folder in facts.metadata_folders():
        stem, _, kind = os.path.basename(folder).rpartition(".")  # noqa: PTH119
        name, _, version = stem.partition("-")
        if kind == "dist-info" and version:
            found.setdefault(name.replace("_", "-").lower(), (version, folder))
    return found


def _permissions(options: argparse.Namespace) -> int:
    from s3ap_lint import permission_run
    from s3ap_lint.invocation import colored, config_of, write
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


def _compare(options: argparse.Namespace) -> int:
    from s3ap_lint import compare_command

    return compare_command.run(options)


def _rules(options: argparse.Namespace) -> int:
    from s3ap_lint import pages, tasks
    from s3ap_lint.invocation import config_of

    config = config_of(options)
    registry = tasks.registry_for(config)
    sys.stdout.write(pages.listing_json(registry) if options.format == "json" else pages.listing(registry, config))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from s3ap_lint import pages, tasks
    from s3ap_lint.invocation import config_of

    sys.stdout.write(pages.explained(options.code, tasks.registry_for(config_of(options))))
    return 0


def _show_config(options: argparse.Namespace) -> int:
    from s3ap_lint.invocation import config_of

    sys.stdout.write(config_of(options, options.paths).as_toml())
    return 0


def _selftest(options: argparse.Namespace) -> int:
    from s3ap_lint import selftest, tasks
    from s3ap_lint.invocation import config_of

    config = config_of(options)
    text, passed = selftest.report(tasks.registry_for(config), config)
    sys.stdout.write(text)
    return 0 if passed else 2


def _new(options: argparse.Namespace) -> int:
    from pathlib import Path

    from s3ap_lint import skeleton

    print(skeleton.write(options.name, options.code, Path.cwd()))
    return 0


def _lsp(options: argparse.Namespace) -> int:
    try:
        from s3ap_lint.server.server import serve
    except ImportError as error:
        if error.name not in ("pygls", "lsprotocol", "attrs", "cattrs"):
            raise
        raise S3apLintError("the language server needs pygls: pip install 's3ap-lint[lsp]'") from None
    overrides = {"engine": options.engine, "plugin-path": options.plugin_path, "no-plugin": options.no_plugin}
    return serve(overrides, options.config)


_RUN = {
    "check": _check,
    "init": _init,
    "sync": _sync,
    "permissions": _permissions,
    "compare": _compare,
    "rules": _rules,
    "explain": _explain,
    "baseline": _baseline,
    "config": _show_config,
    "cache": _cache,
    "selftest": _selftest,
    "new": _new,
    "lsp": _lsp,
}
