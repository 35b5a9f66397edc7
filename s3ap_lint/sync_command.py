"""The command `sync`: bring the generated half of each configured pair in step with its source."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname

from s3ap_lint.config import Config
from s3ap_lint.configured_pairs import pairs_of
from s3ap_lint.difference.differences import Kind
from s3ap_lint.disk import Replacement, make_file, replace_files
from s3ap_lint.engine import Session
from s3ap_lint.errors import UsageError
from s3ap_lint.invocation import below_root, colored, config_of
from s3ap_lint.progress import Display
from s3ap_lint.project import Project
from s3ap_lint.render.diff import diff
from s3ap_lint.render.wording import count, listed, one_line, relative_to
from s3ap_lint.settings import Pair
from s3ap_lint.source import Source
from s3ap_lint.sync.generation import Generated, generated, unreadable
from s3ap_lint.tasks import registry_for
from s3ap_lint.template import document
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Workspace

NO_PAIRS = (
    "no pairs of templates are configured, so there is nothing to bring in step; `s3ap-lint init` finds pairs and"
    " writes them, `s3ap-lint sync --pair SOURCE GENERATED` takes two files"
)

MISSING = "`s3ap-lint sync --pair SOURCE GENERATED` makes a half that is missing"


@dataclass(frozen=True)
class Outcome:
    """What came of one pair: the generated half, or the reason why nothing could be done."""

    pair: Pair
    before: bytes | None
    made: Generated | None = None
    reason: str = ""

    @property
    def changes(self) -> bool:
        """Whether the generated half is, or would be, another text."""
        return self.made is not None and not self.made.refusals and self.made.data != self.before

    @property
    def behind(self) -> bool:
        """Whether it is still out of step once that is written."""
        return self.made is not None and bool(self.made.left or self.made.refusals)


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status: 1 out of step (with --check and --diff before, else afterwards), 2 unreadable."""
    named = [*options.paths, *(options.pair or ())]
    config = config_of(options, [path for path in named if Path(path).exists()])
    workspace = Workspace(config.root)
    pairs = _asked_for(options, config, workspace)
    project = Session(config, registry_for(config), workspace).project
    outcomes = []
    with Display(sys.stderr) as display:
        for number, pair in enumerate(pairs):
            display.update("pairs", number, len(pairs))
            outcomes.append(_outcome(pair, project, workspace))
    seen = relative_to(str(config.cwd), str(config.root))
    dry = options.check or options.diff
    refused = {} if dry else _write(outcomes, config.root)
    if options.diff:
        _show(outcomes, seen, color=colored(options))
    for line in _told(outcomes, refused, seen, dry=dry):
        print(one_line(line) if not line.startswith("  ") else line, file=sys.stderr if options.diff else sys.stdout)
    if refused or any(one.reason for one in outcomes):
        return 2
    return 1 if any(one.behind or (dry and one.changes) for one in outcomes) else 0


def _asked_for(options: argparse.Namespace, config: Config, workspace: Workspace) -> list[Pair]:
    """The pairs that the command line is about. Raises UsageError where there are none."""
    if options.pair:
        if options.paths:
            raise UsageError("--pair names both files; leave the other paths out")
        source, made = (_below(path, config) for path in options.pair)
        if source == made:
            raise UsageError("--pair needs two files, the one that people edit and the one that is made from it")
        return [Pair(source, made)]
    if not config.pairs:
        raise UsageError(NO_PAIRS)
    below = [_below(path, config) for path in options.paths]
    found = pairs_of(config, workspace)
    wanted = [pair for pair in found if not below or any(_is_in(pair, path) for path in below)]
    if not wanted:
        where = f" in {listed(options.paths)}" if options.paths else f": {_named(config.pairs)}"
        raise UsageError(f"no configured pair is there{where}; {MISSING}")
    return wanted


def _named(pairs: Iterable[Pair]) -> str:
    return listed([f"{pair.source} and {pair.generated}" for pair in pairs])


def _below(text: str, config: Config) -> str:
    """A path as it was typed, relative to the project root. Raises UsageError for one outside of it."""
    try:
        return below_root(text, config)
    except ValueError:
        raise UsageError(f"{text} lies outside the project {config.root}") from None


def _is_in(pair: Pair, path: str) -> bool:
    return path in ("", ".") or any(one == path or one.startswith(f"{path}/") for one in (pair.source, pair.generated))


def _outcome(pair: Pair, project: Project, workspace: Workspace) -> Outcome:
    """Make the generated half of a pair anew, in memory."""
    source = workspace.read(pair.source) if workspace.is_file(pair.source) else None
    if not isinstance(source, Source):
        return Outcome(pair, None, reason=f"{pair.source} {source.reason if source else 'is not there'}")
    top = document.parse(source).top
    if top is None or not top["Resources"].is_mapping:
        return Outcome(pair, None, reason=f"{pair.source} is no template that can be read{unreadable(source)}")
    if workspace.is_dir(pair.generated):
        return Outcome(pair, None, reason=f"{pair.generated} is a folder")
    there = workspace.read(pair.generated) if workspace.is_file(pair.generated) else None
    if there is not None and not isinstance(there, Source):
        return Outcome(pair, None, reason=f"{pair.generated} {there.reason}")
    before = there.data if there is not None else None
    try:
        return Outcome(pair, before, generated(Template(source, top), there, pair.generated, project))
    except ValueError as error:
        return Outcome(pair, before, reason=str(error))


def _write(outcomes: Iterable[Outcome], root: Path) -> dict[str, str]:
    """Write what changed; the files that could not be, each with the reason."""
    refused: dict[str, str] = {}
    for one in outcomes:
        if not one.changes or one.made is None:
            continue
        path = one.pair.generated
        if one.before is not None:
            refused |= replace_files(root, [[Replacement(path, one.before, one.made.data)]])
            continue
        try:
            make_file(root / path, one.made.data)
        except OSError as error:
            refused[path] = (error.strerror or str(error)).lower()
    return refused


def _show(outcomes: Iterable[Outcome], seen: Callable[[str], str], *, color: bool) -> None:
    changed = [one for one in outcomes if one.changes]
    before = {one.pair.generated: one.before for one in changed}
    after = {one.pair.generated: one.made.data for one in changed if one.made is not None}
    patch = diff(before, after, seen, color=color)
    sys.stdout.flush()
    sys.stdout.buffer.write(patch.encode("utf-8"))
    sys.stdout.flush()


# -- what is told ----------------------------------------------------------------------------------------


def _told(outcomes: list[Outcome], refused: dict[str, str], seen: Callable[[str], str], *, dry: bool) -> Iterator[str]:
    for one in outcomes:
        yield from _told_of(one, refused, seen, dry=dry)
    well = [one for one in outcomes if not (one.behind or one.reason or one.pair.generated in refused)]
    changed = sum(one.changes for one in well)
    steady = len(well) - (changed if dry else 0)
    new = f", {changed} of them since now" if changed and not dry else ""
    yield f"{steady} of {count(len(outcomes), 'pair')} in step{new}"


def _told_of(one: Outcome, refused: dict[str, str], seen: Callable[[str], str], *, dry: bool) -> Iterator[str]:
    path, source = seen(one.pair.generated), seen(one.pair.source)
    source = basename(source) if dirname(path) == dirname(source) else source
    if one.pair.generated in refused:
        yield f"{path} was not written: {refused[one.pair.generated]}"
    elif one.made is None:
        yield one.reason
    elif one.made.refusals:
        drift = f", which differs in {_kinds(one.made)}" if one.made.differences else ""
        yield f"{path} was left as it is{drift}: {source} says what cannot be carried over"
        for refusal in one.made.refusals:
            yield f"  {seen(refusal.at.subject)}: {refusal}"
    elif one.changes:
        verb = "would be" if dry else "was"
        if one.before is None:
            yield f"{path} {verb} made from {source}"
        else:
            yield f"{path} {verb} brought in step with {source}: {_kinds(one.made)}{_gone(one.made)}"
    if one.made is not None and not one.made.refusals:
        for left in one.made.left:
            yield f"  {left.kind.value} {left.name} could not be carried over; do it by hand"
        if one.made.undecided:
            yield f"  {count(one.made.undecided, 'value')} could not be compared; look at them by hand"


def _kinds(made: Generated) -> str:
    """The differences that there were, counted by kind."""
    if not made.differences:
        return "its header"
    kinds = Counter(one.kind for one in made.differences)
    told = [_number(number, kind) for kind, number in sorted(kinds.items(), key=lambda one: one[0].rank)]
    return f"{count(len(made.differences), 'difference')} ({', '.join(told)})"


def _gone(made: Generated) -> str:
    """How much of it somebody wrote into the generated half alone: it may be a fix that the source lacks."""
    alone = sum(one.only_in_other for one in made.differences)
    return f"; {alone:,} of them only it has, and {'goes' if alone == 1 else 'go'}" if alone else ""


def _number(number: int, kind: Kind) -> str:
    return f"{number:,} properties" if kind is Kind.PROPERTY and number != 1 else count(number, kind.value)
