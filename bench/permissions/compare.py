"""Scores tools against the truth: how many of the actions that handlers need they name, and how many others.

    python -m bench.permissions.compare TRUTH --corpus head=PATH --corpus patterns=PATH \
        [--autopilot PATH] [--lint COMMAND | --lint-output CORPUS=FILE ...]

Recall is |named ∩ needed| / |needed|, precision |named ∩ needed| / |named without the unscored|, both over all
handlers at once. Actions are compared without regard to case. `--autopilot` is the executable of iam-policy-autopilot;
`--lint` is the linter's command, `--lint-output` what its `permissions . --format json` wrote in a corpus before.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.permissions import autopilot, closure, linter, truth
from bench.permissions.truth import Entry

Naming = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Score:
    """Actions counted: needed and named, needed, and named at all."""

    right: int = 0
    needed: int = 0
    named: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.needed + other.needed, self.named + other.named)

    def __str__(self) -> str:
        return f"recall {_share(self.right, self.needed)}, precision {_share(self.right, self.named)}"


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "0/0"


def _folded(actions: frozenset[str]) -> frozenset[str]:
    return frozenset(action.lower() for action in actions)


def missed(entry: Entry, named: frozenset[str]) -> list[str]:
    """What the handler needs and the tool does not name."""
    return sorted(action for action in entry.needed if action.lower() not in _folded(named))


def surplus(entry: Entry, named: frozenset[str]) -> list[str]:
    """What the tool names and the handler does not need, unscored actions left out."""
    known = _folded(entry.needed | entry.unscored)
    return sorted(action for action in named if action.lower() not in known)


def score(entry: Entry, named: frozenset[str]) -> Score:
    """The counts of one handler."""
    right = len(entry.needed) - len(missed(entry, named))
    return Score(right, len(entry.needed), right + len(surplus(entry, named)))


def report(title: str, entries: list[Entry], naming: Naming) -> Iterator[str]:
    """A tool's table: the sums first, then each handler that it got wrong."""
    scores = {entry.name: score(entry, naming.get(entry.name, frozenset())) for entry in entries}
    yield f"## {title}"
    yield ""
    for corpus in sorted({entry.corpus for entry in entries}):
        yield f"- {corpus}: {sum((scores[e.name] for e in entries if e.corpus == corpus), Score())}"
    yield f"- all: {sum(scores.values(), Score())}"
    exact = sum(each.right == each.needed == each.named for each in scores.values())
    yield f"- handlers exactly right: {exact} of {len(entries)}"
    absent = [entry.name for entry in entries if entry.name not in naming]
    if absent:
        yield f"- not answered at all: {', '.join(absent)}"
    yield ""
    yield "| function | needed | right | missed | named and not needed |"
    yield "|---|---:|---:|---|---|"
    for entry in entries:
        named, counts = naming.get(entry.name, frozenset()), scores[entry.name]
        wrong = f"{', '.join(missed(entry, named))} | {', '.join(surplus(entry, named))}"
        yield f"| {entry.name} | {counts.needed} | {counts.right} | {wrong} |"
    yield ""


def _of_autopilot(tool: Path, entries: list[Entry], corpora: dict[str, Path]) -> Iterator[str]:
    yield from _generated(tool, entries, corpora)
    for way, files in WAYS.items():
        naming = {each.name: _extracted(tool, files(each, corpora[each.corpus]), hinted=False) for each in entries}
        yield from report(f"extract-sdk-calls, {way}", entries, naming)
    naming = {each.name: _extracted(tool, _running(each, corpora[each.corpus]), hinted=True) for each in entries}
    yield from report("extract-sdk-calls with service hints, the files whose functions run", entries, naming)


def _alone(entry: Entry, corpus: Path) -> list[Path]:
    return [corpus / entry.file]


def _running(entry: Entry, corpus: Path) -> list[Path]:
    return [corpus / file for file in entry.files]


def _imported(entry: Entry, corpus: Path) -> list[Path]:
    return closure.files(corpus / entry.file, [corpus])


WAYS: dict[str, Callable[[Entry, Path], list[Path]]] = {
    "the handler's file": _alone,
    "the files whose functions run": _running,
    "every project file that is imported": _imported,
}


def _extracted(tool: Path, files: list[Path], *, hinted: bool) -> frozenset[str]:
    return autopilot.actions(autopilot.extracted(tool, files, autopilot.services(files) if hinted else None))


def _generated(tool: Path, entries: list[Entry], corpora: dict[str, Path]) -> Iterator[str]:
    answers = {each.name: autopilot.generated(tool, _running(each, corpora[each.corpus])) for each in entries}
    naming = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
    if any(naming.values()):
        yield from report("generate-policies, the files whose functions run", entries, naming)
        return
    refused = [answer for answer in answers.values() if isinstance(answer, str)]
    yield "## generate-policies, the files whose functions run"
    yield ""
    yield f"- no policy, with an error: {len(refused)} of {len(entries)}; an empty answer: {len(naming)}"
    yield f"- the first error: {refused[0]}" if refused else "- no error"
    yield ""


def _of_linter(outputs: dict[str, str], entries: list[Entry]) -> Naming:
    needed = {corpus: linter.needed(text) for corpus, text in outputs.items()}
    answers = {entry.name: needed.get(entry.corpus, {}).get((entry.template, entry.function)) for entry in entries}
    return {name: answer for name, answer in answers.items() if answer is not None}


def _named_path(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    return name, Path(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--corpus", type=_named_path, action="append", required=True, metavar="NAME=PATH")
    parser.add_argument("--autopilot", type=Path)
    parser.add_argument("--lint", metavar="COMMAND")
    parser.add_argument("--lint-output", type=_named_path, action="append", default=[], metavar="NAME=FILE")
    options = parser.parse_args()
    corpora = dict(options.corpus)
    entries = [entry for entry in truth.read(options.truth) if entry.corpus in corpora]
    if options.autopilot:
        for line in _of_autopilot(options.autopilot, entries, corpora):
            print(line)
    outputs = {name: path.read_text(encoding="utf-8") for name, path in options.lint_output}
    if options.lint:
        outputs |= {name: linter.output(options.lint, path) for name, path in corpora.items()}
    if outputs:
        for line in report("s3ap-lint permissions", entries, _of_linter(outputs, entries)):
            print(line)


if __name__ == "__main__":
    main()
