"""From the results of many units to one report: raising, joining, merging, selecting, ignoring, sorting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from s3ap_lint import fingerprint, suppress
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic, Place, PlacedFix, Report, Stats, Tool
from s3ap_lint.engine import UnitResult
from s3ap_lint.model import Safety, Severity, Unchecked
from s3ap_lint.registry import FOREIGN, Registry
from s3ap_lint.settle import choose

ACCOUNTS = re.compile(r"S3AP8\d\d")
"""Codes about what runs in an account."""

UNPARSABLE, UNUSED_IGNORE, BARE_IGNORE, INCOMPLETE = "S3AP901", "S3AP903", "S3AP904", "S3AP905"


def build(
    results: Sequence[UnitResult],
    *,
    config: Config,
    registry: Registry,
    tool: Tool,
    files: int,
    unchecked: Iterable[Unchecked] = (),
    reported: Callable[[str], bool] = lambda path: True,
    engines_ran: bool = True,
) -> Report:
    """The report of a run. `reported` says which paths were asked about; a finding elsewhere is shown when a related
    place lies there."""
    found = [diagnostic for result in results for diagnostic in result.diagnostics]
    found = joined(raised(found, results))
    found = merged(found, registry)
    selected = [d for d in (_selected(d, config, registry) for d in found) if d is not None]
    directives = [directives for result in results for directives in result.directives]
    applied = suppress.apply(
        selected, directives, looked_for(config, registry, engines_ran), known=known(registry), also=_also(registry)
    )
    kept = [*applied.kept, *(_of_host(d, config, registry) for d in applied.complaints if d.code in registry.rules)]
    told = {(d.place.path, d.place.line) for d in (*kept, *applied.suppressed) if d.code == UNPARSABLE}
    unread = (gap for result in results for gap in result.unread if (gap.path, gap.line) not in told)
    gaps = sorted({*unchecked, *unread, *(gap for result in results for gap in result.unchecked)}, key=_gap_order)
    gaps = [gap for gap in gaps if reported(gap.path)]
    kept += [_incomplete(gap) for gap in gaps if INCOMPLETE in registry.rules]
    kept = [d for d in (_selected(d, config, registry) for d in kept) if d is not None]
    return Report(
        findings=_in_order(d for d in kept if _shown(d, reported)),
        suppressed=_in_order(d for d in applied.suppressed if _shown(d, reported)),
        unchecked=tuple(gaps),
        stats=Stats(
            files=files,
            templates=sum(reported(path) for result in results for path in result.templates),
            modules=sum(len(result.modules) for result in results),
            applications=sum(bool(result.functions) or any(map(reported, result.templates)) for result in results),
            functions=sum(result.functions for result in results),
            functions_joined=sum(result.functions_joined for result in results),
        ),
        tool=tool,
        paths=config.paths,
    )


def line_hashed(report: Report, data: Callable[[str], object]) -> Report:
    """The report with the hash of every finding's line; `data` is asked for the bytes of a file, or why not."""
    lines: dict[str, set[int]] = {}
    for d in (*report.findings, *report.suppressed):
        lines.setdefault(d.place.path, set()).add(d.place.line)
    found = {path: data(path) for path in lines}
    hashes = {path: fingerprint.line_hashes(b, lines[path]) for path, b in found.items() if isinstance(b, bytes)}

    def hashed(all_of: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        return tuple(replace(d, line_hash=hashes.get(d.place.path, {}).get(d.place.line, "")) for d in all_of)

    return replace(report, findings=hashed(report.findings), suppressed=hashed(report.suppressed))


def _in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(diagnostics), key=lambda d: d.sort_key))


def _shown(diagnostic: Diagnostic, reported: Callable[[str], bool]) -> bool:
    return any(reported(place.path) for place in (diagnostic.place, *diagnostic.related))


def _gap_order(gap: Unchecked) -> tuple[str, int, str, str]:
    return (gap.path, gap.line, gap.what, gap.reason)


def raised(found: Iterable[Diagnostic], results: Iterable[UnitResult]) -> list[Diagnostic]:
    """An undefined name in the import closure of a deployed handler is an error that lists the functions it breaks."""
    users: dict[str, dict[Place, str]] = {}
    for result in results:
        for path, places in result.closures.items():
            users.setdefault(path, {}).update({place: name for name, place in places})
    out = []
    for diagnostic in found:
        breaks = users.get(diagnostic.place.path) if diagnostic.code == "F821" else None
        if breaks:
            hit = sorted(breaks, key=lambda place: (place.path, place.start))
            names = ", ".join(dict.fromkeys(breaks[place] for place in hit[:3]))
            more = f" and {len(hit) - 3} more" if len(hit) > 3 else ""
            message = f"{diagnostic.message}; it can break {names}{more}"
            diagnostic = replace(
                diagnostic, severity=Severity.ERROR, message=message, related=(*diagnostic.related, *hit)
            )
        out.append(diagnostic)
    return out


def joined(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings of one code at one place, which several functions have in common, as one that lists them all.

    Those of a group of their own are about something else each, although nothing of it stands at the place.
    """
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for d in found:
        own = d.code.startswith("S3AP") and d.code[4:5] != "9" and d.group is None
        key = (d.code, d.place.path, d.place.start, d.place.end, "" if own else d.message)
        groups.setdefault(key, []).append(d)
    return [_joined(group) if len(group) > 1 else group[0] for group in groups.values()]


def _joined(group: list[Diagnostic]) -> Diagnostic:
    group = sorted(group, key=lambda d: (-d.severity.rank, d.message, *map(_where, (d.related, d.flow))))
    first = group[0]  # whichever of the units, or halves, was looked at first
    messages = dict.fromkeys(d.message for d in group)
    more = len(messages) - 1
    message = first.message + (f" (and {more} more like it: see the related places)" if more else "")
    related = dict.fromkeys(place for d in group for place in d.related)
    if not first.place.path.endswith(".py"):  # of code the functions are enough, a template's line says more
        related |= dict.fromkeys(replace(d.place, message=d.message) for d in group if d.message != first.message)
    same = all(d.scenario == first.scenario for d in group)
    return replace(
        first,
        message=message,
        related=tuple(sorted(related, key=lambda place: (place.path, place.start, place.message))),
        scenario=first.scenario if same else next((d.scenario for d in group if d.scenario), None),
        fix=_joined_fix(group),
        fingerprint=fingerprint.structural(first.code, first.place.path, first.logical_path, first.message),
    )


def _where(places: Iterable[Place]) -> list[tuple[str, int]]:
    return [(place.path, place.start) for place in places]


def _joined_fix(group: list[Diagnostic]) -> PlacedFix | None:
    """The fixes of all that may be made together, of the safest kind there is, as one."""
    offered = [d for d in group if d.fix]
    for safety in Safety:
        alike = [d for d in offered if d.fix and d.fix.safety is safety]
        together = choose(alike)
        if together and together[0].fix:
            edits = dict.fromkeys(edit for d in together if d.fix for edit in d.fix.edits)
            return replace(together[0].fix, edits=tuple(edits))
        if alike:
            return alike[0].fix
    return None


def merged(found: list[Diagnostic], registry: Registry) -> list[Diagnostic]:
    """Ours and an engine's about one thing become one, ours."""
    places: dict[tuple[str, str], list[Diagnostic]] = {}
    for d in found:
        places.setdefault((d.code, d.place.path), []).append(d)

    def said_already(d: Diagnostic) -> bool:
        return any(
            _same_thing(d, ours)
            for code in registry.merged.get(d.code, ())
            for ours in places.get((code, d.place.path), ())
        )

    return [d for d in found if not said_already(d)]


def _same_thing(theirs: Diagnostic, ours: Diagnostic) -> bool:
    """Whether two findings stand on one line or on one structural path, an engine's often being shorter or longer."""
    for place, logical in ((ours.place, ours.logical_path), *((related, "") for related in ours.related)):
        if place.path != theirs.place.path:
            continue
        if place.line == theirs.place.line or theirs.place.line <= place.line <= theirs.place.end_line:
            return True
        a, b = theirs.logical_path, logical
        if a and b and (a == b or a.startswith(f"{b}/") or b.startswith(f"{a}/")):
            return True
    return False


def _selected(diagnostic: Diagnostic, config: Config, registry: Registry) -> Diagnostic | None:
    selection = config.at(diagnostic.place.path)
    if diagnostic.code == "S3AP902":  # a crashed rule is never silent
        return diagnostic
    if not registry.wants(selection, diagnostic.code):
        return None
    return replace(diagnostic, severity=selection.severity) if selection.severity else diagnostic


def looked_for(config: Config, registry: Registry, engines_ran: bool) -> Callable[[str], bool]:
    """Whether all that a selector means was looked for, so that an ignore of it without any finding is unused."""
    ran = did_run(config, registry, engines_ran)

    def looked(selector: str) -> bool:
        ours = [code for code, rule in registry.rules.items() if suppress.names(selector, code, rule.name)]
        # what an account says shows when a deployment, or a plan, asks it
        lives = any(one.is_live for code in ours for one in registry.rules[code].detectors)
        return not lives and not _about_accounts(selector) and ran(selector)

    return looked


def did_run(config: Config, registry: Registry, engines_ran: bool) -> Callable[[str], bool]:
    """Whether all rules that a selector means were asked about the files of a run."""

    def ran(selector: str) -> bool:
        ours = [code for code, rule in registry.rules.items() if suppress.names(selector, code, rule.name)]
        wanted = ours or [selector]
        if not ours and not (engines_ran or ("pyflakes" in registry.engines and selector.upper().startswith("F"))):
            return False
        return all(any(registry.wants(selection, code) for selection in config.selections()) for code in wanted)

    return ran


def known(registry: Registry) -> Callable[[str], bool]:
    """Whether a selector means anything; a foreign code counts by its shape, so that no catalogue is needed."""

    def is_known(selector: str) -> bool:
        ours = (suppress.names(selector, code, rule.name) for code, rule in registry.rules.items())
        return bool(FOREIGN.fullmatch(selector.upper())) or _about_accounts(selector) or any(ours)

    return is_known


def _about_accounts(selector: str) -> bool:
    """Whether a selector is a code of the companion, which need not be installed where templates are checked."""
    return bool(ACCOUNTS.fullmatch(selector.upper()))


def _also(registry: Registry) -> Callable[[str], tuple[str, ...]]:
    """The codes that say the same as a code: ignoring either silences both."""
    return lambda code: registry.rules[code].merges if code in registry.rules else registry.merged.get(code, ())


def _of_host(diagnostic: Diagnostic, config: Config, registry: Registry) -> Diagnostic:
    rule = registry.rules.get(diagnostic.code)
    return replace(diagnostic, name=rule.name, severity=rule.severity) if rule else diagnostic


def _incomplete(gap: Unchecked) -> Diagnostic:
    """What could not be looked at, as a finding; only those who select the rule see it."""
    return Diagnostic(
        INCOMPLETE,
        "analysis-incomplete",
        Severity.WARNING,
        f"{gap.what} could not be checked: {gap.reason}",
        Place(gap.path, max(gap.line, 1), end_line=max(gap.line, 1)),
        fingerprint=fingerprint.structural(INCOMPLETE, gap.path, gap.what, gap.reason),
    )
