"""What is changed and committed, and how long the hook takes."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.commit.repository import Repository
from bench.speed.library import Application, applications, files

GOAL = 2.0
"""Seconds that a commit of one changed handler may take."""


@dataclass(frozen=True)
class Row:
    """The seconds of `pre-commit run`, of the linter in it, and of pre-commit with a hook that does nothing."""

    what: str
    library: str
    seconds: tuple[float, ...]
    hook: tuple[float, ...] = ()
    checked: str = ""
    judged: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Ground:
    """A repository with applications, of which the one in the middle by size is edited."""

    repository: Repository
    name: str
    runs: int

    @property
    def application(self) -> Application:
        found = applications(self.repository.folder)
        return found[(len(found) - 1) // 2]

    @property
    def template(self) -> Path:
        return self.application.template

    @property
    def handler(self) -> Path:
        """The first handler of that application."""
        below = sorted(self.application.folder.rglob("*.py"))
        return next(path for path in below if path.name in ("handler.py", "index.py", "app.py"))

    @property
    def shared(self) -> Path:
        """The module in a folder `shared` that most files name."""
        found = [path for path in files(self.repository.folder) if path.suffix == ".py"]
        candidates = {path.stem: path for path in found if path.parent == self.repository.folder / "shared"}
        named = Counter(
            name for path in found for name in set(re.findall(r"shared\.(\w+)", path.read_text(encoding="utf-8")))
        )
        return max(candidates.values(), key=lambda path: (named[path.stem], path))

    @contextmanager
    def editing(self, path: Path) -> Iterator[Callable[[], None]]:
        """A function that changes one line of a file and stages it, in another way at each call."""
        text, numbers = path.read_text(encoding="utf-8"), itertools.count(1)

        def edit() -> None:
            path.write_text(f"{text}# edited {next(numbers)}\n", encoding="utf-8")
            self.repository.git("add", str(path))

        try:
            yield edit
        finally:
            path.write_text(text, encoding="utf-8")
            self.repository.git("add", str(path))

    def edited(self, what: str, path: Path, *, judged: bool = False, words: Sequence[str] = ()) -> Row:
        """The row of one staged change; an edit and a run that are not counted go before."""
        with self.editing(path) as edit:
            edit()
            self.repository.run(*words)
            done = []
            for _ in range(self.runs):
                edit()
                done.append(self.repository.run(*words))
        return self.row(what, done, judged=judged)

    def row(self, what: str, done: Sequence[tuple[float, str]], *, judged: bool = False) -> Row:
        """The row of some runs: their seconds, and what each said."""
        hook = tuple(float(seconds) for _, said in done for seconds in re.findall(r"^- duration: ([\d.]+)s", said, re.M))
        checked = re.search(r"^checked .*$", done[-1][1], re.M)
        told = checked[0] if checked else ""
        return Row(what, self.name, tuple(seconds for seconds, _ in done), hook, told, judged)


def nothing(ground: Ground) -> Iterator[Row]:
    """pre-commit alone: what no hook can be faster than."""
    words = ("--config", str(ground.repository.nothing()))
    yield ground.edited("a hook that does nothing, one handler changed", ground.handler, words=words)


def cold(ground: Ground) -> Iterator[Row]:
    """The first commit of somebody who has never run the linter here."""
    with ground.editing(ground.handler) as edit:
        done = []
        for _ in range(min(ground.runs, 3)):
            edit()
            ground.repository.forget()
            done.append(ground.repository.run())
    yield ground.row("one handler changed, nothing kept from earlier", done)


def all_files(ground: Ground) -> Iterator[Row]:
    """Everything, as the hook is tried for the first time, and once more."""
    ground.repository.forget()
    yield ground.row("--all-files, nothing kept from earlier", [ground.repository.run("--all-files")])
    yield ground.row("--all-files again", [ground.repository.run("--all-files") for _ in range(ground.runs)])


def handler(ground: Ground) -> Iterator[Row]:
    """What most commits are."""
    ground.repository.run("--all-files")
    yield ground.edited("one handler changed", ground.handler, judged=True)


def template(ground: Ground) -> Iterator[Row]:
    """The template goes through cfn-lint, too."""
    yield ground.edited("one template changed", ground.template)


def shared(ground: Ground) -> Iterator[Row]:
    """All applications that use it are checked again."""
    yield ground.edited(f"{ground.shared.relative_to(ground.repository.folder)} changed", ground.shared)


ROWS: Mapping[str, Callable[[Ground], Iterator[Row]]] = {
    "nothing": nothing,
    "cold": cold,
    "all-files": all_files,
    "handler": handler,
    "template": template,
    "shared": shared,
}


def measured(
    repository: Repository, name: str, rows: Sequence[str], runs: int, tell: Callable[[str], object]
) -> Iterator[Row]:
    """The rows of a repository."""
    ground = Ground(repository, name, runs)
    for key in rows:
        for row in ROWS[key](ground):
            tell(f"{name}: {row.what}: {row.median:.2f} s ({min(row.seconds):.2f} to {max(row.seconds):.2f})")
            yield row
