"""From arguments to a configuration, and from a report to an exit status.

0: nothing at or above `--fail-on`; 1: findings; 2: the job could not be done, and 2 wins.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from s3ap_lint import __version__
from s3ap_lint.arguments import COMMANDS, parser_for
from s3ap_lint.config import Config, load
from s3ap_lint.diagnostic import Diagnostic, Place, Report
from s3ap_lint.discovery import Discovery
from s3ap_lint.errors import S3apLintError, UsageError
from s3ap_lint.model import Severity
from s3ap_lint.offers import RenderOptions
from s3ap_lint.roots import absolute


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


def _codes(given: list[str] | None) -> list[str] | None:
    if given is None:
        return None
    return [code.strip() for item in given for code in item.split(",") if code.strip()]


def _config(options: argparse.Namespace, paths: Sequence[str] = ()) -> Config:
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


def _check(options: argparse.Namespace) -> int:
    if options.version:
        return _version(options)
    from s3ap_lint import run
    from s3ap_lint.progress import Display

    started = time.monotonic()
    paths, buffer = _paths(options)
    config = _config(options, paths)
    overlay = {} if buffer is None else {_buffered(options.stdin_filename, config): buffer}
    registry = run.registry_for(config)
    if options.format not in registry.renderers:
        raise UsageError(f"there is no format {options.format!r}; there are {', '.join(registry.renderers)}")
    with Display(sys.stderr) as display:
        shown = registry.renderers[options.format].shows_edits
        report, found, registry = run.check(paths, config, overlay=overlay, on_progress=display.update, fixing=shown)
    if options.baseline:
        report = _less_known(report, options.baseline, config, registry, found)
    empty = _nothing_checked(found, config, options.allow_empty) or _nothing_read(report, found, config)
    if empty:
        report = replace(report, findings=(*report.findings, empty))
    wanted = sorted({*_selected_codes(registry, config), *(d.code for d in (*report.findings, *report.suppressed))})
    rules = registry.described(wanted)
    text = registry.renderers[options.format].render(report, rules, _render_options(options))
    _write(text, options.output)
    if options.statistics:
        _statistics(report, time.monotonic() - started)
    return _status(report, config, registry, exit_zero=options.exit_zero)


def _less_known(report: Report, file: str, config: Config, registry: Any, found: Discovery) -> Report:
    """The report without what the baseline accepts, and with a complaint for each entry whose finding is gone."""
    from s3ap_lint import baseline, run
    from s3ap_lint import report as reports

    path = absolute(file, config.cwd)
    shown = path.relative_to(config.root).as_posix() if path.is_relative_to(config.root) else str(path)
    ran = reports.looked_for(config, registry, bool(run.template_engines(config, registry)))
    unread = {d.place.path for d in report.findings if d.code == reports.UNPARSABLE}
    applied = baseline.apply(
        report.findings,
        baseline.load(path),
        lambda entry: found.reported(entry.path) and ran(entry.code) and entry.path not in unread,
    )
    complaints = [baseline.complaint(entry, count, shown) for entry, count in applied.gone]
    return replace(
        report,
        findings=tuple(sorted((*applied.new, *complaints), key=lambda d: d.sort_key)),
        suppressed=tuple(sorted((*report.suppressed, *applied.accepted), key=lambda d: d.sort_key)),
    )


def _baseline(options: argparse.Namespace) -> int:
    from s3ap_lint import baseline, run
    from s3ap_lint.progress import Display

    config = _config(options, options.paths)
    path = absolute(options.file, config.cwd)
    if options.action == "show":
        for entry in baseline.load(path):
            print(f"{entry.path}: {entry.code} {entry.what}" + (f" ({entry.count} times)" if entry.count > 1 else ""))
        return 0
    known = baseline.load(path) if options.action == "update" else None
    before = sum(entry.count for entry in baseline.load(path)) if known is None and path.exists() else 0
    with Display(sys.stderr) as display:
        report, found, _ = run.check(options.paths, config, on_progress=display.update)
    empty = _nothing_checked(found, config, False)
    if empty:
        raise UsageError(empty.message)
    if any(d.code in baseline.NEVER for d in report.findings):
        raise UsageError("a rule crashed, so there is no telling what it would find; nothing was written")
    accepted = report.findings if known is None else baseline.apply(report.findings, known).accepted
    entries = baseline.entries(accepted)
    unread = {d.place.path for d in report.findings if d.code == "S3AP901"}
    elsewhere = [e for e in known or () if not found.reported(e.path) or (e.path in unread and e not in entries)]
    _write(baseline.dumps(sorted((*entries, *elsewhere))), str(path))
    left = sum(entry.count for entry in (*entries, *elsewhere))
    gone = sum(entry.count for entry in known) - left if known is not None else 0
    done = (
        f"{left} findings accepted"
        + (f" ({before} before)" if before else "")
        + (f", {gone} taken off the list" if known is not None else "")
    )
    print(f"{options.file}: {done}")
    return 0


def _paths(options: argparse.Namespace) -> tuple[list[str], bytes | None]:
    paths = list(options.paths)
    if "-" not in paths:
        if options.stdin_filename:
            raise UsageError("--stdin-filename goes with the path -, which reads standard input")
        return paths, None
    if not options.stdin_filename:
        raise UsageError("- reads standard input; say with --stdin-filename which file it is")
    return [options.stdin_filename if path == "-" else path for path in paths], sys.stdin.buffer.read()


def _buffered(name: str, config: Config) -> str:
    """The path of what is read from standard input, relative to the project root."""
    path = absolute(name, config.cwd)
    if not path.is_relative_to(config.root):
        raise UsageError(f"--stdin-filename {name} lies outside the project {config.root}")
    return path.relative_to(config.root).as_posix()


def _nothing_checked(found: Discovery, config: Config, allow_empty: bool) -> Diagnostic | None:
    """S3AP906 for a folder without anything checkable, or when none of the named files is ours."""
    if found.empty:
        given = found.empty
        message = f"nothing to check in {', '.join(given)}: no template, no Python file and nothing to deploy with"
    elif found.foreign and not (found.python or found.templates or found.inputs) and not allow_empty:
        given = found.foreign
        reasons = {gap.path: f", which {gap.reason}" for gap in found.unchecked}
        named = (text + reasons.get(_below_root(text, config), "") for text in given[:3])
        message = f"none of the named files is a template or Python file: {'; '.join(named)}"
    else:
        return None
    return Diagnostic("S3AP906", "nothing-checked", Severity.ERROR, message, Place(_below_root(given[0], config)))


def _nothing_read(report: Report, found: Discovery, config: Config) -> Diagnostic | None:
    """S3AP906 when none of the files that were found could be checked, and no finding says so."""
    stats = report.stats
    if (
        stats.templates
        or stats.modules
        or report.findings
        or report.suppressed
        or found.inputs
        or not (found.python or found.templates)
    ):
        return None
    reasons = "; ".join(f"{gap.path} {gap.reason}" for gap in report.unchecked[:3])
    message = "not one of the files could be checked" + (f": {reasons}" if reasons else "")
    path = found.templates[0].path if found.templates else found.python[0]
    return Diagnostic("S3AP906", "nothing-checked", Severity.ERROR, message, Place(path))


def _below_root(text: str, config: Config) -> str:
    """A PATH as it was typed, relative to the project root."""
    return absolute(text, config.cwd).relative_to(config.root).as_posix()


def _selected_codes(registry: Any, config: Config) -> list[str]:
    return [code for code in registry.rules if any(registry.wants(s, code) for s in config.selections())]


def _on_terminal(options: argparse.Namespace) -> bool:
    return not options.output and sys.stdout.isatty()


def _colored(options: argparse.Namespace) -> bool:
    wanted = _on_terminal(options) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return options.color == "always" or (options.color == "auto" and wanted)


def _render_options(options: argparse.Namespace) -> RenderOptions:
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns if _on_terminal(options) else 100
    except OSError:
        width = 100
    return RenderOptions(_colored(options), options.quiet, options.verbose, max(width, 40), options.sarif_suppressed)


def _write(text: str, output: str | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    target = Path(output)
    try:
        target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"--output {output}: {(error.strerror or str(error)).lower()}") from None


def _statistics(report: Report, seconds: float) -> None:
    counts: dict[str, int] = {}
    for diagnostic in report.findings:
        counts[diagnostic.code] = counts.get(diagnostic.code, 0) + 1
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:7} {code}", file=sys.stderr)
    print(f"{report.stats.files} files in {seconds:.2f} s", file=sys.stderr)


def _status(report: Report, config: Config, registry: Any, *, exit_zero: bool) -> int:
    unmet = _unmet(report, config, registry)
    for line in unmet:
        print(f"s3ap-lint: {line}", file=sys.stderr)
    if unmet or any(d.code in {"S3AP902", "S3AP906"} for d in report.findings):
        return 2
    failing = any(d.severity.rank >= config.fail_on.rank for d in report.findings)
    return 1 if failing and not exit_zero else 0


def _unmet(report: Report, config: Config, registry: Any) -> list[str]:
    """What `[require]` asks for and the run did not see."""
    from s3ap_lint import report as reports
    from s3ap_lint import run

    lines = []
    for name in ("templates", "modules", "applications", "functions", "functions_joined"):
        wanted, seen = getattr(config.require, name), getattr(report.stats, name)
        if wanted is not None and seen < wanted:
            lines.append(f"require: {name} = {wanted}, but this run saw {seen}; is something not found, or ignored?")
    known = reports.known(registry)
    ran = reports.looked_for(config, registry, bool(run.template_engines(config, registry)))
    lines += [
        f"require: the rule {selector} did not run; it is not selected, or its plugin is disabled"
        for selector in config.require.rules
        if not (known(selector) and ran(selector))
    ]
    return lines


def _version(options: argparse.Namespace) -> int:
    from s3ap_lint import run

    registry = run.registry_for(_config(options))
    engines = ", ".join(f"{name} {engine.version}" for name, engine in sorted(registry.engines.items()))
    print(f"s3ap-lint {__version__}" + (f" ({engines})" if engines else ""))
    return 0


def _permissions(options: argparse.Namespace) -> int:
    from s3ap_lint import permission_run
    from s3ap_lint.progress import Display
    from s3ap_lint.render.permissions import RENDERERS
    from s3ap_lint.render.wording import one_line, relative_to

    config = _config(options, options.paths)
    with Display(sys.stderr) as display:
        report = permission_run.permissions(
            options.paths, config, names=options.function or (), on_progress=display.update
        )
    seen = relative_to(str(config.cwd), str(config.root))
    _write(RENDERERS[options.format](report, seen, _colored(options)), options.output)
    for entry in report.unread:
        line = f"{seen(entry.path)}:{entry.line}: this {entry.what} cannot be read: {entry.reason}"
        print(f"s3ap-lint: {one_line(line)}", file=sys.stderr)
    dark = bool(report.functions) and all(function.is_dark for function in report.functions)
    if dark:
        print("s3ap-lint: of no function could be told what it needs; see what is not told", file=sys.stderr)
    return 2 if report.unread or dark else 1 if report.lacking else 0


def _rules(options: argparse.Namespace) -> int:
    from s3ap_lint import pages, run

    config = _config(options)
    registry = run.registry_for(config)
    sys.stdout.write(pages.listing_json(registry) if options.format == "json" else pages.listing(registry, config))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from s3ap_lint import pages, run

    sys.stdout.write(pages.explained(options.code, run.registry_for(_config(options))))
    return 0


def _show_config(options: argparse.Namespace) -> int:
    sys.stdout.write(_config(options, options.paths).as_toml())
    return 0


def _selftest(options: argparse.Namespace) -> int:
    from s3ap_lint import run, selftest

    config = _config(options)
    text, passed = selftest.report(run.registry_for(config), config)
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
