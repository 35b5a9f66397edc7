"""What is changed and committed, and how long the hook takes."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.commit.repository import Repository
from bench.speed.library import Application, applications, files

GOAL = 2.0
"""Seconds that a commit of one changed handler may take."""


HANDLERS = frozenset({"app.py", "handler.py", "index.py"})


@dataclass(frozen=True)
class Row:
    """The seconds of `pre-commit run`, and of the hook in it as pre-commit tells them."""

    what: str
    library: str
    seconds: tuple[float, ...]
    hook: tuple[float, ...] = ()
    judged: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def _handlers(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.name in HANDLERS)


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
    def handlers(self) -> list[Path]:
        """A handler of each application, that of the one in the middle first."""
        found = applications(self.repository.folder)
        middle = (len(found) - 1) // 2
        return [path for one in (*found[middle:], *found[:middle]) for path in _handlers(one.folder)[:1]]

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
        told = [re.search(r"^- duration: ([\d.]+)s$", said, re.M) for _, said in done]
        hook = tuple(float(duration[1]) for duration in told if duration)
        return Row(what, self.name, tuple(seconds for seconds, _ in done), hook, judged)


def nothing(ground: Ground) -> Iterator[Row]:
    """pre-commit alone: what no hook can be faster than."""
    words = ("--config", str(ground.repository.nothing()))
    yield ground.edited("a hook that does nothing, one handler changed", ground.handlers[0], words=words)


def cold(ground: Ground) -> Iterator[Row]:
    """The first commit of somebody who has never run the linter here."""
    with ground.editing(ground.handlers[0]) as edit:
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
    yield ground.edited("one handler changed, the same as last time", ground.handlers[0], judged=True)


def handlers(ground: Ground) -> Iterator[Row]:
    """Each time one that nobody asked about before."""
    done = []
    for handler in ground.handlers[-ground.runs :]:
        with ground.editing(handler) as edit:
            edit()
            done.append(ground.repository.run())
    yield ground.row("one handler changed, another than ever before", done, judged=True)


def alone(ground: Ground) -> Iterator[Row]:
    """The same where the linter never ran on everything, but on one commit before."""
    ground.repository.forget()
    with ground.editing(ground.handlers[0]) as edit:
        edit()
        ground.repository.run()
    for row in handlers(ground):
        yield replace(row, what=f"{row.what}, and never all files")


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
    "handlers": handlers,
    "alone": alone,
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
