"""What holds for every example of every rule, each as a function that yields what is wrong.

An example of a rule is checked with that rule, with what is said about files that do not parse, and
with the other rules that its text mentions; `fixed` files with every rule that is not strict.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from s3ap_lint import examples, memory, settle
from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.errors import NotSettled, S3apLintError
from s3ap_lint.examples import Files, Mark
from s3ap_lint.incidents import Unparsable
from s3ap_lint.model import Example, Rule
from s3ap_lint.registry import Registry
from s3ap_lint.shapes import shapes
from s3ap_lint.trap import trap

CRASHED, UNPARSABLE = "S3AP902", "S3AP901"
HOST_RULES = frozenset({"S3AP902", "S3AP905", "S3AP906"})
"""What the program itself reports about a run; no file can show it, so these have no examples."""

SHAPES = 25
"""How many wrong shapes of the templates of one example are tried: a rule has a handful of examples, and each trial is
a run of its own."""


@dataclass(frozen=True)
class Trial:
    """One example of one rule, ready to be checked in many ways."""

    rule: Rule
    example: Example
    registry: Registry

    @cached_property
    def marked(self) -> examples.Marked:
        return examples.read(self.example.files)

    @cached_property
    def fixed(self) -> Files | None:
        """The files after all fixes, as the example shows them."""
        if self.example.fixed is None:
            return None
        return {**self.marked.files, **examples.read(self.example.fixed).files}

    @cached_property
    def codes(self) -> frozenset[str]:
        """The rules that the example is checked with."""
        known = {UNPARSABLE, *examples.mentioned(self.example)} & self.registry.rules.keys()
        return frozenset({self.rule.code, *known})

    def look(self, files: Files) -> Report:
        """The report on some files, by the rules of the example."""
        config = memory.configuration(self.rule, self.example.options)
        config = replace(config, select=tuple(sorted(self.codes)))
        return memory.check(files, config, self.registry)

    def look_with_all(self, files: Files) -> Report:
        """The report on some files by this rule and all that are not strict."""
        config = memory.configuration(self.rule, self.example.options)
        config = replace(config, extend_select=tuple(sorted(self.codes)))
        return memory.check(files, config, self.registry)

    def settled(self, files: Files) -> settle.Settled:
        """What applying every fix makes of some files; the changed ones only."""
        return settle.settle(lambda changed: self.look({**files, **changed}), lambda path: files.get(path, b""))


Property = Callable[[Trial], Iterable[str]]


def marked_lines(trial: Trial) -> Iterator[str]:
    """Marked lines are reported, and no others."""
    marks = trial.marked.marks
    own = [mark for mark in marks if mark[2] == trial.rule.code]
    if trial.example.bad and not own:
        yield f"a bad example has no line marked `# <- {trial.rule.code}`"
    if not trial.example.bad and own:
        yield f"a good example has a line marked `# <- {trial.rule.code}`"
    report = trial.look(trial.marked.files)
    if not report.stats.templates and not report.stats.modules and not report.findings:
        yield "nothing in the example is a template or Python file, so the rule never saw it"
    yield from _differences(trial, report, marks)


def fixed_files(trial: Trial) -> Iterator[str]:
    """Applying every fix makes exactly what `fixed` shows; that is clean, and stays as it is."""
    files = trial.marked.files
    yield from _settles_to(trial, files, trial.fixed)
    if trial.fixed is None:
        return
    for finding in trial.look_with_all(trial.fixed).findings:
        yield f"`fixed` is not clean: {_said(finding)}"
    again = trial.settled(trial.fixed)
    if again.files:
        yield f"settling `fixed` again changes it:\n{_diff(trial.fixed, {**trial.fixed, **again.files})}"


def crlf(trial: Trial) -> Iterator[str]:
    """With the line endings of Windows the same lines are reported, and fixed in that style."""
    files = examples.with_crlf(trial.marked.files)
    yield from _differences(trial, trial.look(files), trial.marked.marks)
    if trial.fixed is not None:
        yield from _settles_to(trial, files, examples.with_crlf(trial.fixed))


def comments(trial: Trial) -> Iterator[str]:
    """With a Japanese comment behind every line the same lines are reported, and the comments stay where they are."""
    files = examples.commented(trial.marked.files)
    yield from _differences(trial, trial.look(files), trial.marked.marks)
    if trial.fixed is not None:
        yield from _settles_to(trial, files, trial.fixed, examples.uncommented)


def json_form(trial: Trial) -> Iterator[str]:
    """The templates turned into JSON are reported at the same values, and fixed to the same effect."""
    files = trial.marked.files
    if trial.rule.detectors[0].subject is Unparsable or _says_more_in_comments(files):
        return
    flipped = examples.flipped(files)
    if flipped == files:
        return
    expected, found = _values(trial.look(files)), _values(trial.look(flipped))
    for code, path in sorted(expected - found):
        yield f"in YAML {code} is reported at {path}, in JSON it is not"
    for code, path in sorted(found - expected):
        yield f"in JSON {code} is reported at {path}, in YAML it is not"
    if trial.fixed is None:
        return
    settled = {**flipped, **trial.settled(flipped).files}
    for path, wanted in examples.flipped(trial.fixed).items():
        made = settled.get(path, b"")
        if made != wanted and not (examples.is_json(wanted) and examples.meaning(made) == examples.meaning(wanted)):
            yield f"{path} as JSON is not fixed to what `fixed` says:\n{_diff({path: wanted}, {path: made})}"


def wrong_shapes(trial: Trial) -> Iterator[str]:
    """With any value of a template deleted or replaced no rule crashes, and what is fixed still parses."""
    files = trial.marked.files
    templates = examples.templates(files)
    for path in templates:
        for shape in shapes(files[path], SHAPES // len(templates), trial.example.title):
            bent = {**files, path: shape.data}
            report = trial.look(bent)
            crashes = [finding for finding in report.findings if finding.code == CRASHED]
            for finding in crashes:
                yield f"with {path}: {shape.what}: {finding.message}"
            yield from _breaks(report, bent, f"with {path}: {shape.what}")
            if crashes:
                return  # one is enough to mend; there are often dozens of the same


def purity(trial: Trial) -> Iterator[str]:
    """The check opens no file, socket or process, and says the same twice."""
    trial.look(trial.marked.files)
    with trap() as caught:
        first = trial.look(trial.marked.files)
    for what in dict.fromkeys(caught):
        yield f"the check reaches outside: {what}; a rule knows its subject and its options, nothing else"
    if not caught and trial.look(trial.marked.files) != first:
        yield "two runs on the same files do not agree; does it go by the order of a set, or keep something?"


def _differences(trial: Trial, report: Report, marks: frozenset[Mark]) -> Iterator[str]:
    """What is wrong with a report on files in which some lines are marked."""
    crashes = [finding for finding in report.findings if finding.code == CRASHED]
    for finding in crashes:
        yield finding.message
    found = {(d.place.path, d.place.line, d.code): d for d in report.findings if d.code != CRASHED}
    missing = sorted(marks - found.keys())
    for path, line, code in missing:
        yield f"{path}:{line} is marked, but {code} does not report it: {_line(trial, path, line)}"
    for mark in sorted(found.keys() - marks):
        at = f"{mark[0]}:{mark[1]}"
        yield f"{at} is not marked, but reported: {_said(found[mark])}\n    {_line(trial, mark[0], mark[1])}"
    if missing and not crashes:
        for gap in report.unchecked:
            yield f"(not looked at: {gap.what} in {gap.path}: {gap.reason})"


def _settles_to(
    trial: Trial, files: Files, expected: Files | None, seen: Callable[[Files], Files] = dict
) -> Iterator[str]:
    """What is wrong with what fixes make of some files; `seen` says how to look at them."""
    try:
        settled = trial.settled(files)
    except NotSettled as error:
        yield str(error)
        return
    for finding in settled.refused:
        yield f"the fix of this finding breaks the file, or its edits overlap: {_said(finding)}"
    if expected is None:
        return
    result = seen({**files, **settled.files})
    if dict(result) != dict(expected):
        yield f"fixing makes something other than `fixed`:\n{_diff(expected, result)}"


def _breaks(report: Report, files: Files, when: str) -> Iterator[str]:
    for finding in settle.choose(report.findings):
        for path in {edit.subject for edit in settle.edits_of(finding)}:
            data = files.get(path, b"")
            try:
                after = settle.applied_to(data, path, [finding])
            except ValueError as error:
                yield f"{when}: the fix of {finding.code} cannot be applied: {error}"
                continue
            if settle.problems(path, data) is not None and settle.problems(path, after) is None:
                yield f"{when}: the file does not parse any more after the fix of {finding.code}"


def _says_more_in_comments(files: Files) -> bool:
    """Whether a template holds an ignore comment; JSON has no place for one."""
    return any(re.search(rb"#.*s3ap-lint", data) for path, data in files.items() if not path.endswith(".py"))


def _values(report: Report) -> set[tuple[str, str]]:
    """Codes and the values they are reported at; in code that is no template, the line.

    `GetAtt` may be one text in YAML and is a list in JSON, so a place inside it stands for the whole.
    """
    out = set()
    for finding in report.findings:
        whole = re.sub(r"/Fn::GetAtt(/\d+)?$", "", finding.logical_path)
        out.add((finding.code, whole or f"{finding.place.path}:{finding.place.line if _is_code(finding) else 0}"))
    return out


def _is_code(finding: Diagnostic) -> bool:
    return finding.place.path.endswith(".py")


def _line(trial: Trial, path: str, line: int) -> str:
    lines = trial.marked.files.get(path, b"").decode("utf-8").split("\n")
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _said(finding: Diagnostic) -> str:
    return f"{finding.place.path}:{finding.place.line}:{finding.place.column}: {finding.code} {finding.message}"


def _diff(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> str:
    out: list[str] = []
    for path in sorted({*expected, *found}):
        before, after = (_visible(files.get(path, b"")) for files in (expected, found))
        out += difflib.unified_diff(before, after, f"expected {path}", f"found {path}", n=1, lineterm="")
    return "\n".join(out)


def _visible(data: bytes) -> list[str]:
    """The lines of a file, with line endings that are not the usual one made visible."""
    return data.decode("utf-8", "replace").replace("\r", "␍").split("\n")


PROPERTIES: dict[str, Property] = {
    "marked lines": marked_lines,
    "fixed": fixed_files,
    "CRLF": crlf,
    "comments": comments,
    "JSON": json_form,
    "wrong shapes": wrong_shapes,
    "purity": purity,
}


def problems(trial: Trial, name: str) -> list[str]:
    """What is wrong with one property of an example; what the example itself gets wrong is a problem too."""
    found: list[str] = []
    try:
        found.extend(PROPERTIES[name](trial))
    except (ValueError, S3apLintError) as error:
        found.append(str(error))
    return found
