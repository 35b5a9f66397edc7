"""Directives applied to findings: which are silenced, which directives silence nothing, which give no reason."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from s3ap_lint import fingerprint
from s3ap_lint.diagnostic import Diagnostic, PlacedEdit, PlacedFix
from s3ap_lint.directives import Directive, Directives, Form, Malformed
from s3ap_lint.model import Safety, Severity

UNUSED, UNUSED_NAME = "S3AP903", "unused-ignore"
BARE, BARE_NAME = "S3AP904", "ignore-without-reason"

_FLAKE8 = re.compile(r"[A-Z]{1,3}[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Applied:
    """Findings that stand, findings that were silenced (each with the reason), and complaints about directives.

    Kept and suppressed together are what went in, each in its order. The complaints are
    S3AP903 and S3AP904, whether selected or not.
    """

    kept: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    complaints: tuple[Diagnostic, ...]


def heeds_noqa(code: str) -> bool:
    """Whether `noqa` can silence a code."""
    return _FLAKE8.fullmatch(code) is not None


def names(selector: str, code: str, name: str = "") -> bool:
    """Whether a selector means a code: as the code, as its beginning, or by the rule's name. Case does not matter."""
    return code.lower().startswith(selector.lower()) or (name != "" and selector.lower() == name.lower())


def apply(
    diagnostics: Iterable[Diagnostic],
    directives: Iterable[Directives],
    ran: Callable[[str], bool],
    *,
    known: Callable[[str], bool] = lambda selector: True,
    also: Callable[[str], Collection[str]] = lambda code: (),
) -> Applied:
    """Silence the findings that directives cover, and judge the directives.

    `ran` and `known` are asked about selectors as they were written: whether all they mean was looked
    for, and whether they mean anything. `also` gives the codes that say the same as a code, so that
    ignoring either silences both. A directive that silences nothing is reported unless something of
    what it means was not looked for, or it names S3AP903 itself; `noqa` is never judged.
    """
    files = _once_each(directives)
    by_path: defaultdict[str, list[Directive]] = defaultdict(list)
    for file in files:
        by_path[file.path] += file.found
    used: defaultdict[Directive, set[str]] = defaultdict(set)
    kept, suppressed = [], []
    for diagnostic in diagnostics:
        covering = [
            (directive, selector)
            for directive in by_path.get(diagnostic.place.path, ())
            for selector in _covering(directive, diagnostic, also)
        ]
        for directive, selector in covering:
            used[directive].add(selector)
        if covering:
            reason = next((directive.reason for directive, _ in covering if directive.reason), "")
            suppressed.append(replace(diagnostic, reason=reason))
        else:
            kept.append(diagnostic)
    complaints = [_complaint(UNUSED, UNUSED_NAME, one.why, one) for file in files for one in file.malformed]
    for directive in (one for found in by_path.values() for one in found):
        complaints += _judged(directive, used[directive], ran, known)
    complaints.sort(key=lambda complaint: complaint.sort_key)
    return Applied(tuple(kept), tuple(suppressed), tuple(dict.fromkeys(complaints)))


def _once_each(directives: Iterable[Directives]) -> list[Directives]:
    """A shared module is told of by every application that runs it."""
    told: dict[str, list[Directives]] = {}
    for file in directives:
        if file not in told.setdefault(file.path, []):
            told[file.path].append(file)
    return [file for files in told.values() for file in files]


def _covering(directive: Directive, diagnostic: Diagnostic, also: Callable[[str], Collection[str]]) -> list[str]:
    """The selectors of a directive that silence a finding; "" stands for a directive without any."""
    if not directive.scope.start <= diagnostic.place.start < directive.scope.end:
        return []
    if directive.form is Form.NOQA:
        if not heeds_noqa(diagnostic.code):
            return []
        return [one for one in directive.selectors or ("",) if diagnostic.code.startswith(one.upper())]
    codes = (diagnostic.code, *also(diagnostic.code))
    return [one for one in directive.selectors if any(names(one, code, diagnostic.name) for code in codes)]


def _judged(
    directive: Directive, used: Collection[str], ran: Callable[[str], bool], known: Callable[[str], bool]
) -> list[Diagnostic]:
    if directive.form is Form.NOQA or any(one.lower() in (UNUSED.lower(), UNUSED_NAME) for one in directive.selectors):
        return []
    unknown = [one for one in directive.selectors if one not in used and not known(one)]
    unused = [one for one in directive.selectors if one not in used and one not in unknown and ran(one)]
    fix = _fix(directive, [*unknown, *unused])
    out = []
    if unknown:
        verb = "names no rule" if len(unknown) == 1 else "name no rules"
        out.append(
            _complaint(UNUSED, UNUSED_NAME, f"{_listed(unknown)} {verb}, so nothing is silenced", directive, fix)
        )
    if unused:
        verb = "is" if len(unused) == 1 else "are"
        message = f"{_listed(unused)} {verb} ignored here, but not found; the next real finding would go unseen"
        out.append(_complaint(UNUSED, UNUSED_NAME, message, directive, fix))
    if not directive.reason and not out:
        message = f"{_listed(directive.selectors)} ignored without a reason; nobody can tell when that may go"
        out.append(_complaint(BARE, BARE_NAME, message, directive))
    return out


def _listed(selectors: Collection[str]) -> str:
    *first, last = selectors
    return f"{', '.join(first)} and {last}" if first else last


def _fix(directive: Directive, unused: Collection[str]) -> PlacedFix | None:
    """Take the codes out of the brackets, or the whole comment away. Metadata is left to people."""
    if not unused or directive.removal is None or directive.listed is None:
        return None
    left = [one for one in directive.selectors if one not in unused]
    edit = PlacedEdit(directive.listed, ", ".join(left)) if left else PlacedEdit(directive.removal, "")
    title = f"Take {_listed(unused)} out of the ignore" if left else "Remove the unused ignore"
    return PlacedFix(title, Safety.SAFE, (edit,))


def _complaint(
    code: str, name: str, message: str, about: Directive | Malformed, fix: PlacedFix | None = None
) -> Diagnostic:
    place = about.place
    key = fingerprint.structural(code, place.path, "", f"{message}\0{place.excerpt.strip()}")
    return Diagnostic(code, name, Severity.WARNING, message, place, fix=fix, fingerprint=key)
