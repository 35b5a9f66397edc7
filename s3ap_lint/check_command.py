"""The command `check`: look, fix if asked to, report, and answer with an exit status."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from s3ap_lint import added_ignores, baseline, changed_lines, changes, facts, fixes
from s3ap_lint import report as reports
from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.disk import CHANGED
from s3ap_lint.errors import UsageError
from s3ap_lint.fixes import Fixed
from s3ap_lint.gate import WORTHLESS, nothing_checked, nothing_read, status
from s3ap_lint.history import Repository
from s3ap_lint.invocation import buffered, colored, config_of, paths_of, render_options, write
from s3ap_lint.offers import Renderer
from s3ap_lint.progress import Display
from s3ap_lint.registry import Registry
from s3ap_lint.remembrance import Words, remember
from s3ap_lint.render.diff import diff
from s3ap_lint.render.statistics import statistics
from s3ap_lint.render.summary import added, compared, fixable, fixed
from s3ap_lint.render.wording import count as number
from s3ap_lint.render.wording import relative_to
from s3ap_lint.roots import absolute
from s3ap_lint.run import Run
from s3ap_lint.tasks import template_engines


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status."""
    started, began = time.monotonic(), time.time_ns()
    fixing = options.fix or options.diff
    _must_fit(options, fixing)
    paths, buffer = paths_of(options)
    config = config_of(options, paths)
    overlay = {} if buffer is None else {buffered(options.stdin_filename, config): buffer}
    with Display(sys.stderr) as display:
        found = Run(
            paths,
            config,
            overlay,
            on_progress=display.update,
            caching=not options.no_cache,
            tracing=options.changed is not None,
            force_exclude=options.force_exclude,
        )
        renderer = _renderer(options.format, found.registry)
        found.fixing = fixing or renderer.shows_edits
        found.hashing = renderer.shows_line_hashes
        change = _narrowed(options, found) if options.changed is not None else {}
        accepted = _acceptor(options, found)
        wanted = fixes.wish(found, unsafe=options.unsafe_fixes, only=next(iter(overlay), None))
        done = fixes.fixed(found, wanted, accepted) if fixing else None
        report = done.report if done else accepted(found.look())
        if done and not options.diff:
            done = _carry_out(done, found, piped=buffer is not None)
            report = replace(accepted(found.look(done.files)), fixed=done.settled.applied) if done.refused else report
        with suppress(Exception):  # the report is right whatever becomes of the cache
            found.keep()
    report = replace(_with_nothing_checked(report, found, options), **change)
    if options.changed_lines:
        report = _on_changed_lines(report, options)
        options.told = ""  # what git says is not remembered
    if done and options.diff:
        return _show(options, found, done, report)
    rules = found.registry.described(sorted({*_selected_codes(found), *(d.code for d in _all(report))}))
    seconds, hits = time.monotonic() - started, found.cache.hits if found.cache else 0
    told = (("cache_hits", hits), ("elapsed_ms", round(seconds * 1000))) if options.statistics else ()
    text = renderer.render(report, rules, replace(render_options(options), statistics=told))
    if done and buffer is not None and not options.output:
        sys.stderr.write(text)
    else:
        write(text, options.output)
    if done and options.format != "text":
        _tell(report, "fixed")
    if options.statistics and options.format != "json":
        print(*statistics(report, rules, seconds, hits), sep="\n", file=sys.stderr)
    if report.compared and (options.format != "text" or options.quiet):
        _tell_changes(report, always=options.no_new_ignores)
    answer = status(
        report,
        found,
        exit_zero=options.exit_zero,
        no_new_ignores=options.no_new_ignores,
        allow_empty=options.allow_empty,
    )
    if found.caching and options.told and not (done or overlay or change or options.statistics or answer == 2):
        with suppress(Exception):
            remember(options.told, found, Words(text, answer, options.output), began)
    return 2 if done and done.refused else answer


def _must_fit(options: argparse.Namespace, fixing: bool) -> None:
    if options.unsafe_fixes and not fixing:
        raise UsageError("--unsafe-fixes goes with --fix, which applies them, or --diff, which shows them")
    if options.changed_lines and (fixing or options.stdin_filename):
        raise UsageError("--changed-lines is about files as they are; it goes with no --fix, --diff or standard input")
    if options.no_new_ignores and options.diff:
        raise UsageError("--diff only shows what --fix would do; --no-new-ignores needs a run of its own")
    if options.no_new_ignores and options.changed is None:
        raise UsageError("--no-new-ignores goes with --changed, which tells what is new")
    if options.changed is not None and "-" in options.paths:
        raise UsageError("--changed compares files with what they were; what is read from standard input was nothing")
    if options.diff and options.format != "text":
        raise UsageError(f"--diff prints a patch; --format {options.format} cannot be had with it")


def _renderer(name: str, registry: Registry) -> Renderer:
    if name not in registry.renderers:
        raise UsageError(f"there is no format {name!r}; there are {', '.join(registry.renderers)}")
    return registry.renderers[name]


# -- what is known -------------------------------------------------------------------------------


def _acceptor(options: argparse.Namespace, run: Run) -> Callable[[Report], Report]:
    """What takes the findings of the baseline out of a report, if there is one."""
    if not options.baseline:
        return lambda report: report
    config, registry, found = run.config, run.registry, run.found
    path = absolute(options.baseline, config.cwd)
    facts.watch(str(path))
    shown = path.relative_to(config.root).as_posix() if path.is_relative_to(config.root) else str(path)
    entries = baseline.load(path)
    ran = reports.did_run(config, registry, bool(template_engines(config, registry)))

    def accepted(report: Report) -> Report:
        unread = {d.place.path for d in report.findings if d.code == reports.UNPARSABLE}
        applied = baseline.apply(
            report.findings,
            entries,
            lambda entry: found.reported(entry.path) and ran(entry.code) and entry.path not in unread,
        )
        complaints = [baseline.complaint(entry, count, shown) for entry, count in applied.gone]
        return replace(
            report,
            findings=tuple(sorted((*applied.new, *complaints), key=lambda d: d.sort_key)),
            suppressed=tuple(sorted((*report.suppressed, *applied.accepted), key=lambda d: d.sort_key)),
        )

    return accepted


def _narrowed(options: argparse.Namespace, run: Run) -> dict[str, Any]:
    """Leave of a run only what changed; what a report says of that, by field."""
    config, asked = run.config, run.found.reported
    repository = Repository(config.top, config.root)
    since = repository.since(options.changed or "")
    known = absolute(options.baseline, config.cwd) if options.baseline else None
    added = added_ignores.added(since, repository, config, run.registry, asked=asked, baseline=known)
    refused = options.no_new_ignores and not options.exit_zero
    settings = added_ignores.settings_changed(since, repository, config, schema=run.has_engines)
    compared_with = changes.narrow(run, repository, since, settings_changed=settings)
    return {"compared": compared_with, "added": added, "refuses_added": refused}


def _tell_changes(report: Report, *, always: bool) -> None:
    """That nothing was checked, and what is ignored now, for output that has no place for it."""
    if report.compared and not (report.compared.ours or report.compared.applications or report.compared.settings):
        print(f"s3ap-lint: {compared(report.compared)}", file=sys.stderr)
    seen = relative_to(report.paths.cwd, report.paths.root)
    for line in added(report, seen) if always else ():
        print(f"s3ap-lint: {line.strip()}", file=sys.stderr)


def _with_nothing_checked(report: Report, run: Run, options: argparse.Namespace) -> Report:
    found, config, allowed = run.found, run.config, options.allow_empty
    empty = nothing_checked(found, config, allowed) or nothing_read(report, found, config, allowed)
    return replace(report, findings=(*report.findings, empty)) if empty else report


def _on_changed_lines(report: Report, options: argparse.Namespace) -> Report:
    kept, others = changed_lines.only(report, options.changed_lines)
    if others and not options.quiet:
        line = f"{number(others, 'finding')} not shown, on lines that have not changed since {options.changed_lines}"
        print(f"s3ap-lint: {line}", file=sys.stderr)
    return kept


# -- fixing --------------------------------------------------------------------------------------


def _carry_out(done: Fixed, run: Run, *, piped: bool) -> Fixed:
    """`--fix`: write what changed; a buffer goes to standard output. What was done in the end."""
    _tell_faults(done)
    if piped:
        (path,) = run.overlay
        sys.stdout.flush()
        sys.stdout.buffer.write(done.files.get(path, run.overlay[path]))
        return done
    done = fixes.write(run, done)
    for path, reason in done.refused.items():
        again = "; run again" if reason == CHANGED else ""
        print(f"s3ap-lint: {path} was not fixed: {reason}{again}", file=sys.stderr)
    return done


def _show(options: argparse.Namespace, run: Run, done: Fixed, report: Report) -> int:
    """`--diff`: the patch, and on standard error what it is; the exit status."""
    config = run.config
    names = {path: run.real(path) for path in done.files}  # a patch for a link would make a file of it
    before, after = ({names[path]: data[path] for path in names} for data in (done.before, done.files))
    below = all((config.root / path).is_relative_to(config.cwd) for path in after)
    base = config.cwd if below else config.root
    patch = diff(before, after, relative_to(str(base), str(config.root)), color=colored(options))
    if options.output:
        write(patch, options.output)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(patch.encode("utf-8"))
    if not below:
        print(f"s3ap-lint: the paths of this patch are relative to {base}", file=sys.stderr)
    _tell_faults(done)
    for finding in report.findings:
        if finding.code in WORTHLESS:
            print(f"s3ap-lint: {finding.code}: {finding.message}", file=sys.stderr)
    if not options.quiet:
        _tell(report, "would fix")
    if status(report, run, exit_zero=True, allow_empty=options.allow_empty) == 2:
        return 2
    return 1 if done.files and not options.exit_zero else 0


def _tell(report: Report, verb: str) -> None:
    """How much was fixed and how much is left, for output that has no place for it."""
    left = fixable(report.findings)
    line = fixed(report.fixed, verb) if report.fixed else f"nothing was {verb}" if verb == "fixed" else "nothing to fix"
    print(f"s3ap-lint: {line}" + (f"; fixable: {left}" if left else ""), file=sys.stderr)


def _tell_faults(done: Fixed) -> None:
    for finding in done.settled.refused:
        at = f"{finding.place.path}:{finding.place.line}:{finding.place.column}"
        line = f"{at}: the fix of {finding.code} would break the file and was not applied; this is a fault of the rule"
        print(f"s3ap-lint: {line}", file=sys.stderr)
    if done.restless:
        names = ", ".join(sorted(done.restless))
        line = f"fixes of {names} undo each other's work, so none of theirs was applied; this is a fault of the rules"
        print(f"s3ap-lint: {line}", file=sys.stderr)


# -- reporting -----------------------------------------------------------------------------------


def _all(report: Report) -> tuple[Diagnostic, ...]:
    return (*report.findings, *report.suppressed, *report.fixed)


def _selected_codes(run: Run) -> list[str]:
    registry, selections = run.registry, run.config.selections()
    return [code for code in registry.rules if any(registry.wants(s, code) for s in selections)]
