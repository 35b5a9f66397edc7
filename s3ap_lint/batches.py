"""Which units one process does in a row: an application with the Python files beside it, so that each is parsed once.

Applications go first, as they need the facts of modules that are checked later, and of those the costly half: what is
left at the end is small, and no process waits long for another. Neighbours follow each other: they share modules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from posixpath import dirname
from statistics import median

from s3ap_lint.tasks import ApplicationTask, Batch, PythonTask, Task, files_of

CHUNK = 12
"""Python files of no application that go together: enough to hide the pipe, few enough to share the work."""

MOST = 32
"""Units in one batch: what they leave behind is only tidied up at its end."""

TEMPLATE_BYTE, APPLICATION = 2, 70_000
"""What a byte of a template and an application itself cost, in bytes of a Python file.

Fitted to the processor time of 51 applications and 939 Python files (correlation 0.72 and 0.91).
"""


def batches(todo: Iterable[Task], size: Callable[[str], int]) -> list[Batch]:
    """All the units, each in one batch; `size` gives the bytes of a file."""
    folders: defaultdict[str, list[Task]] = defaultdict(list)
    alone: list[Batch] = []
    loose: list[Task] = []
    units = list(todo)
    for unit in units:
        if isinstance(unit, ApplicationTask):
            folders[unit.folder].append(unit)
        elif not isinstance(unit, PythonTask):
            alone.append(Batch((unit,)))
    for unit in units:
        if isinstance(unit, PythonTask):
            folder = _nearest(unit.path, folders.keys())
            (folders[folder] if folder else loose).append(unit)
    for found in folders.values():
        loose += found[MOST:]
    together = [Batch(tuple(loose[at : at + CHUNK])) for at in range(0, len(loose), CHUNK)]
    together += [Batch(tuple(found[:MOST])) for found in folders.values()]
    costs = {batch: _cost(batch, size) for batch in (*alone, *together)}
    middle = median(costs.values()) if costs else 0

    def place(batch: Batch) -> tuple[bool, bool, tuple[str, ...]]:
        return isinstance(batch.units[0], PythonTask), costs[batch] < middle, files_of(batch)

    return sorted(costs, key=place)


def _nearest(path: str, folders: Container[str]) -> str:
    """The nearest of some folders that a file lies in or below; the root is none of them."""
    folder = dirname(path)
    while folder and folder not in folders:
        folder = dirname(folder)
    return folder


def _cost(batch: Batch, size: Callable[[str], int]) -> int:
    """How long a batch takes, about, in bytes of Python."""
    python = sum(size(unit.path) for unit in batch.units if isinstance(unit, PythonTask))
    others = [unit for unit in batch.units if not isinstance(unit, PythonTask)]
    return python + sum(APPLICATION + TEMPLATE_BYTE * sum(map(size, files_of(unit))) for unit in others)
