"""How each goal is measured: the commands, the libraries, and how often."""

from __future__ import annotations

import ast
import itertools
import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.speed import library, memory, pairs
from bench.speed.goals import AIMS, PASS, Row
from bench.speed.installation import FAST_ENGINE, Installation
from bench.speed.pairs import Command, Pair

CFN_LINT_DONE = frozenset(range(0, 16, 2))  # bits for errors, warnings, information
SCRIPTS = (
    "lint_all_templates",
    "check_handler_names",
    "check_conditional_refs",
    "check_python_quality",
    "check_s3ap_iam_patterns",
)
ORIGINAL = "023060b9"


@dataclass(frozen=True)
class Ground:
    """The libraries by name, copied or multiplied into a folder when they are asked for, and the programs."""

    installation: Installation
    originals: Mapping[str, Path]
    sizes: Sequence[int]
    folder: Path
    runs: int | None
    tell: Callable[[str], object]

    @property
    def multiplied(self) -> str:
        """The name of the library that is multiplied: the last one."""
        return list(self.originals)[-1]

    def copied(self, name: str) -> Path:
        """A library as it is."""
        return self._made(f"as-it-is-{name}", lambda to: library.copy(self.originals[name], to))

    def times(self, size: int) -> Path:
        """A library of so many copies."""
        return self._made(f"times-{size}", lambda to: library.multiply(self.originals[self.multiplied], to, size))

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        folder = self.folder / name
        if not folder.exists():
            self.tell(f"making {folder}")
            make(folder)
        return folder

    def everywhere(self) -> dict[str, Path]:
        """All libraries, by what they are called in the table."""
        as_they_are = {name: self.copied(name) for name in self.originals}
        return {**as_they_are, **{f"{size} × {self.multiplied}": self.times(size) for size in self.sizes if size > 1}}

    def compared(
        self,
        aim: str,
        where: str,
        ours: Command,
        theirs: Command,
        runs: int,
        *,
        what: str = "",
        judged: bool = True,
        versus: str = "",
        before: Callable[[], object] = lambda: None,
    ) -> Row:
        """The row of two commands, run in turn."""
        runs = self.runs or runs
        self.tell(f"{where}: {what or AIMS[aim].what}, {runs} pairs")
        pair = pairs.alternate(ours, theirs, runs, self.installation.environment, before)
        row = _row(aim, where, ours, theirs, pair, what=what, judged=judged)
        return replace(row, versus=versus)


def _row(aim: str, where: str, ours: Command, theirs: Command, pair: Pair, *, what: str = "", judged: bool) -> Row:
    return Row(
        aim,
        what or AIMS[aim].what,
        where,
        str(ours),
        str(theirs),
        statistics.median(pair.ours),
        statistics.median(pair.theirs),
        pair.ratio,
        min(pair.ratios),
        max(pair.ratios),
        len(pair.ours),
        judged,
    )


def _nothing(folder: Path) -> Command:
    return Command(tuple(PASS.split()), folder, done=frozenset({0}))


def _linter(folder: Path, *words: str, shown: str = "") -> Command:
    return Command(("s3ap-lint", *words), folder, shown)


def _own(ground: Ground, folder: Path, remark: str = "") -> Command:
    words = ("--engine", "none", "--jobs", "2", *ground.installation.cold, ".")
    return _linter(folder, *words, shown=" ".join(("s3ap-lint", *words, remark)) if remark else "")


# -- cold ----------------------------------------------------------------------------------------


def own(ground: Ground) -> Iterator[Row]:
    """Own rules against pyflakes alone."""
    for name, folder in ground.everywhere().items():
        runs = 5 if name in ground.originals else 3
        yield ground.compared("own", name, _own(ground, folder), Command(("pyflakes", "."), folder), runs)


def cfn_lint(ground: Ground) -> Iterator[Row]:
    """Everything against cfn-lint on the same templates."""
    yield from _against_cfn_lint(ground, "cfn-lint", "cfn-lint")


def fast(ground: Ground) -> Iterator[Row]:
    """The same with the engine that is not cfn-lint."""
    if not ground.installation.has_fast_engine:
        ground.tell(f"skipped: there is no engine {FAST_ENGINE}")
        return
    yield from _against_cfn_lint(ground, "fast", FAST_ENGINE)


def _against_cfn_lint(ground: Ground, aim: str, engine: str) -> Iterator[Row]:
    for name in ground.originals:
        folder = ground.copied(name)
        found = [str(path.relative_to(folder)) for path in library.templates(folder)]
        # a project's .cfnlintrc may leave out some of those that are named
        paths = ground.installation.said("cfn-lint", "--list-templates", *found, folder=folder).splitlines()
        options = ["--engine", engine, "--jobs", "2", *ground.installation.cold]
        those = f"TEMPLATES  # {len(paths)}"
        ours = _linter(folder, *options, *paths, shown=" ".join(["s3ap-lint", *options, those]))
        theirs = Command(("cfn-lint", *paths), folder, f"cfn-lint {those}", CFN_LINT_DONE)
        yield ground.compared(aim, name, ours, theirs, 3)


def scripts(ground: Ground) -> Iterator[Row]:
    """The scripts that the library brings, as they are, against everything on the applications that they are about."""
    for name, applications in _with_scripts(ground).items():
        folder = ground.copied(name)
        theirs = _shell(folder, *(f"python3 scripts/{script}.py" for script in SCRIPTS))
        yield ground.compared("scripts", name, theirs, _everything(ground, folder, (*applications, "shared")), 1)


def scripts_lean(ground: Ground) -> Iterator[Row]:
    """The same with cfn-lint for one region in place of the first script, and without.

    The script asks about every region there is, which takes many times as long; the library's workflow leaves it out.
    """
    aim = AIMS["scripts"].what
    for name, applications in _with_scripts(ground).items():
        folder = ground.copied(name)
        four = [f"python3 scripts/{script}.py" for script in SCRIPTS[1:]]
        once = "cfn-lint " + " ".join(f"{application}/template-deploy.yaml" for application in applications)
        lean = _shell(folder, once, *four, shown="cfn-lint APPLICATIONS/template-deploy.yaml")
        one_region, without = f"{aim}, but cfn-lint for one region", "the four scripts without cfn-lint"
        against = {
            "cfn-lint": (one_region, lean, ""),
            FAST_ENGINE: (one_region, lean, "everything with the fast engine, cold"),
            "none": (without, _shell(folder, *four), "own rules, cold"),
        }
        for engine, (what, theirs, versus) in against.items():
            if engine != FAST_ENGINE or ground.installation.has_fast_engine:
                ours = _everything(ground, folder, (*applications, "shared"), engine)
                yield ground.compared(
                    "scripts", name, theirs, ours, 3, what=what, judged=engine == "cfn-lint", versus=versus
                )


def _with_scripts(ground: Ground) -> dict[str, tuple[str, ...]]:
    """The libraries that have all five scripts, and the applications that these are about."""
    found = {name: _applications_of_scripts(ground.copied(name)) for name in ground.originals}
    return {name: applications for name, applications in found.items() if applications}


def _shell(folder: Path, *commands: str, shown: str = "") -> Command:
    """One after the other; `shown` stands for the first. The last one's status is that of all."""
    first, *rest = commands
    return Command(("sh", "-c", "; ".join(commands)), folder, "; ".join((shown or first, *rest)))


def wall(ground: Ground) -> Iterator[Row]:
    """How long everything takes on the applications that the scripts were written for."""
    if ORIGINAL not in ground.originals:
        return
    folder = ground.copied(ORIGINAL)
    engines = ("cfn-lint", FAST_ENGINE) if ground.installation.has_fast_engine else ("cfn-lint",)
    for engine in engines:
        command = _everything(ground, folder, _applications_of_scripts(folder), engine)
        what = AIMS["wall"].what.replace("everything", f"everything with {engine}")
        ground.tell(f"{ORIGINAL}: {what}")
        times = [pairs.seconds(command, ground.installation.environment) for _ in range(ground.runs or 5)]
        yield _plain("wall", ORIGINAL, command, times, what)


def _everything(ground: Ground, folder: Path, paths: Sequence[str], engine: str = "cfn-lint") -> Command:
    options = ["--engine", engine, "--jobs", "2", *ground.installation.cold]
    return _linter(folder, *options, *paths, shown=" ".join(["s3ap-lint", *options, "APPLICATIONS"]))


def _applications_of_scripts(folder: Path) -> tuple[str, ...]:
    """The folders that one of the scripts lists; () unless all of them are there."""
    if not all((folder / "scripts" / f"{script}.py").is_file() for script in SCRIPTS):
        return ()
    text = (folder / "scripts" / "check_s3ap_iam_patterns.py").read_text(encoding="utf-8")
    listed = re.search(r"^UC_DIRS = (\[.*?^\])", text, re.DOTALL | re.MULTILINE)
    return tuple(ast.literal_eval(listed[1])) if listed else ()


# -- warm ----------------------------------------------------------------------------------------


def unchanged(ground: Ground) -> Iterator[Row]:
    """Everything, and own rules alone, when nothing changed since the last run."""
    for name, folder in ground.everywhere().items():
        if name in ground.originals:  # cfn-lint once over the largest library would take many minutes
            yield _unchanged(ground, name, _linter(folder, "."), "nothing changed, everything")
        own_rules = _linter(folder, "--engine", "none", ".")
        yield _unchanged(ground, name, own_rules, "nothing changed, own rules")


def _unchanged(ground: Ground, name: str, command: Command, what: str) -> Row:
    with _warm(ground, command):
        return ground.compared("unchanged", name, command, _nothing(command.folder), 15, what=what)


def edited(ground: Ground) -> Iterator[Row]:
    """Own rules after a comment in a template has changed, in an application of middle size and in the largest."""
    for name, folder in ground.everywhere().items():
        command = _linter(folder, "--engine", "none", ".")
        with _warm(ground, command):
            for size, application in library.median_and_largest(folder).items():
                ground.tell(f"{size} application: {application.folder.relative_to(folder)}, {application.size} bytes")
                what = f"{AIMS['edited'].what}: {size} application"
                with _edits(application.template) as edit:
                    nothing = _nothing(folder)
                    yield ground.compared("edited", name, command, nothing, 9, what=what, before=edit)


@contextmanager
def _warm(ground: Ground, command: Command) -> Iterator[None]:
    """With what one run of the command leaves behind, and nothing left of it in the end."""
    ground.tell(f"filling the cache in {command.folder}")
    try:
        pairs.seconds(command, ground.installation.environment)
        yield
    finally:
        ground.installation.said("s3ap-lint", "cache", "clean")


@contextmanager
def _edits(path: Path) -> Iterator[Callable[[], object]]:
    """A function that changes the end of a template, in another way at each call."""
    data, numbers = path.read_bytes(), itertools.count(1)
    template = "\n{}" if path.suffix == ".json" else "\n# edited {}\n"

    def edit() -> None:
        number = next(numbers)
        path.write_bytes(data + template.format(" " * number if path.suffix == ".json" else number).encode())

    try:
        yield edit
    finally:
        path.write_bytes(data)


def version(ground: Ground) -> Iterator[Row]:
    """The shortest thing that can be asked."""
    folder = ground.folder
    command = _linter(folder, "--version")
    yield ground.compared("version", "–", command, _nothing(folder), 25)


# -- size ----------------------------------------------------------------------------------------


def scale(ground: Ground) -> Iterator[Row]:
    """The time of many copies in units of one."""
    one = _own(ground, ground.times(1), "# 1 ×")
    for size in (size for size in ground.sizes if size > 1):
        many = _own(ground, ground.times(size), f"# {size} ×")
        what, judged = AIMS["scale"].what.replace("16", str(size)), size == 16
        yield ground.compared("scale", ground.multiplied, many, one, 3, what=what, judged=judged)


def scale_memory(ground: Ground) -> Iterator[Row]:
    """The memory of many copies in units of one."""
    one = _own(ground, ground.times(1), "# 1 ×")
    for size in (size for size in ground.sizes if size > 1):
        many = _own(ground, ground.times(size), f"# {size} ×")
        what, judged = AIMS["scale-memory"].what.replace("16", str(size)), size == 16
        ground.tell(f"{ground.multiplied}: {what}")
        pair = Pair(*zip(*((_peak(ground, many), _peak(ground, one)) for _ in range(ground.runs or 2)), strict=True))
        yield _row("scale-memory", ground.multiplied, many, one, pair, what=what, judged=judged)


def memory_(ground: Ground) -> Iterator[Row]:
    """What the greatest process of a cold run holds."""
    for name, folder in ground.everywhere().items():
        ground.tell(f"{name}: {AIMS['memory'].what}")
        command = _own(ground, folder)
        times = ground.runs or (3 if name in ground.originals else 1)
        yield _plain("memory", name, command, [_peak(ground, command) for _ in range(times)])


def _peak(ground: Ground, command: Command) -> float:
    return memory.peaks(command, ground.installation.environment)[0]


def _plain(aim: str, where: str, command: Command, figures: Sequence[float], what: str = "") -> Row:
    """The row of a command that is not compared."""
    middle = statistics.median(figures)
    what = what or AIMS[aim].what
    return Row(aim, what, where, str(command), "", None, None, middle, min(figures), max(figures), len(figures))


MEASUREMENTS: Mapping[str, Callable[[Ground], Iterator[Row]]] = {
    "version": version,
    "wall": wall,
    "own": own,
    "memory": memory_,
    "scripts-lean": scripts_lean,
    "unchanged": unchanged,
    "edited": edited,
    "scale": scale,
    "scale-memory": scale_memory,
    "cfn-lint": cfn_lint,
    "fast": fast,
    "scripts": scripts,
}
