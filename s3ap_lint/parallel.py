"""Tasks over processes: results in the order of the tasks, whatever happens to a process on the way.

A worker that crashes, hangs or raises costs its own task and no other. The results are the same
for any number of processes.

How processes start was measured with cfn-lint and its rules loaded, eight workers on two cores,
until the last one was ready: `fork` 0.6 s, `forkserver` 0.7 s, `spawn` 4 s and fourteen times the
processor time. So Linux forks: directly while this process has one thread, and from a server
process otherwise (an editor's server, pytest-xdist), because a forked copy of a lock that another
thread holds is never released. Elsewhere libraries of the system do not survive a fork, and
workers are spawned.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import connection, resource_tracker
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Failed(Generic[Task]):
    """The function raised: the exception's type, the last line of its traceback, and all of it."""

    task: Task
    type: str
    last_line: str
    traceback: str


@dataclass(frozen=True)
class Died(Generic[Task]):
    """The task ended two workers, the second time with nothing else running; minus a signal's number, or a status."""

    task: Task
    exitcode: int


@dataclass(frozen=True)
class TimedOut(Generic[Task]):
    """The task was stopped when its time was up."""

    task: Task
    seconds: float


Limit = float | Callable[[Task], float | None] | None


def run(
    tasks: Iterable[Task],
    function: Callable[[Task], Result],
    *,
    jobs: int,
    setup: Callable[[], object] | None = None,
    timeout: Limit[Task] = None,
    isolate: bool = False,
    preload: Sequence[str] = (),
    grown: int = 0,
    on_progress: Callable[[int, int], object] | None = None,
    method: str = "",
) -> list[Result | Failed[Task] | Died[Task] | TimedOut[Task]]:
    """What the function returns for each task, in their order, or why it returned nothing.

    Tasks, function, setup and results must be picklable; without a timeout and unless asked to
    `isolate`, one job runs here, in this process. `setup` is called once in each process before
    its first task. `timeout` is in seconds of running a task, the same for all or asked for each;
    setup and starting a process do not count. `preload` names modules that take long to import:
    they are imported once, where workers can inherit them. A worker that has grown by so many bytes makes way for a new
    one, where the system tells (0: none does). `on_progress` receives how many tasks
    are done, and of how many. `method` overrides how processes start.
    """
    todo = list(tasks)
    results: dict[int, Any] = {}

    def record(index: int, result: object) -> None:
        results[index] = result
        if on_progress:
            on_progress(len(results), len(todo))

    if jobs <= 1 and timeout is None and not isolate:
        attempt = _Attempt(function, setup)
        for index, task in enumerate(todo):
            record(index, attempt(task))
        return [results[index] for index in range(len(todo))]

    context = _context(method or start_method(), preload) if todo else None
    if context is not None:
        pool = _Pool(todo, function, setup, timeout, grown, context, record)
        for suspect in pool.run(range(len(todo)), max(1, jobs)):
            if pool.run([suspect], 1):
                record(suspect, Died(todo[suspect], pool.exitcode))
    return [results[index] for index in range(len(todo))]


def cores() -> int:
    """How many processes can run at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_method() -> str:
    """How a process is best started from here and now."""
    if not sys.platform.startswith("linux"):
        return "spawn"
    try:
        threads = len(list(Path("/proc/self/task").iterdir()))  # counts those that Python did not start, too
    except OSError:
        threads = threading.active_count()
    return "fork" if threads == 1 else "forkserver"


def _context(method: str, preload: Sequence[str]) -> BaseContext:
    context = multiprocessing.get_context(method)
    if method == "fork":
        for name in preload:
            with contextlib.suppress(Exception):  # whoever needs it will say so, in its own task
                importlib.import_module(name)
    else:
        with _away_from_here():
            resource_tracker.ensure_running()  # or the first start of a process would undo _quietly
    if method == "forkserver":
        context.set_forkserver_preload(list(preload))
    return context


class _Attempt(Generic[Task, Result]):
    """The function on one task, and setup before the first; what it raises becomes a value."""

    def __init__(self, function: Callable[[Task], Result], setup: Callable[[], object] | None) -> None:
        self._function = function
        self._setup = setup

    def set_up(self) -> None:
        if self._setup:
            self._setup()
            self._setup = None

    def __call__(self, task: Task) -> Result | Failed[Task]:
        try:
            self.set_up()
            return self._function(task)
        except (Exception, SystemExit) as error:
            return _failed(task, error)


def _failed(task: Task, error: BaseException) -> Failed[Task]:
    """Without the frame that called the function, so that it reads the same from any process."""
    frames = error.__traceback__ and error.__traceback__.tb_next
    lines = traceback.format_exception(type(error), error, frames)
    return Failed(task, type(error).__qualname__, lines[-1].rstrip("\n"), "".join(lines))


_PATIENCE = 1.0  # seconds in which a process may end by itself
_READY = "ready"  # what a worker says once, after setup


def _held() -> int:
    """Bytes of memory that this process has; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


def _serve(pipe: Any, function: Callable[[Any], Any], setup: Callable[[], object] | None, grown: int) -> None:
    """The life of a worker: a task, its result, the next task, until told to stop or too large."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    attempt = _Attempt(function, setup)
    with contextlib.suppress(Exception, SystemExit):  # tried again with the first task, and reported there
        attempt.set_up()
    gc.freeze()  # what is there now stays: do not look at it again, and leave its pages shared
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # nobody is listening any more
        pipe.send(_READY)
        most = _held() + grown if grown else math.inf
        while True:
            try:
                message = pipe.recv()
                if message is None:
                    return
                result = attempt(message[0])
                full = _held() > most
                pipe.send((result, full))
                if full:
                    return
            except OSError:
                raise
            except Exception as error:  # pickle refuses a task or a result; nothing was sent
                pipe.send((_failed(None, error), False))


def _leave_with_parent() -> None:
    """End this process as soon as the one that started it is gone, even in the middle of a task."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Processes started in here never see Ctrl-C; this one sees it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _away_from_here() -> Iterator[None]:
    """Interpreters started in here do not look for modules in the working directory, which may be a stranger's."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


class _Worker:
    """A process, and the task it has."""

    def __init__(self, context: BaseContext, function: Any, setup: Any, grown: int) -> None:
        self.pipe, self._theirs = context.Pipe()
        arguments = (self._theirs, function, setup, grown)
        self.process = context.Process(target=_serve, args=arguments, daemon=True)  # type: ignore[attr-defined]
        self.index = -1
        self.limit: float | None = None
        self.deadline = float("inf")
        self._task: tuple[object] | None = None
        self._ready = False

    def start(self) -> None:
        with _quietly(), _away_from_here():
            self.process.start()
        self._theirs.close()

    def give(self, index: int, task: object, limit: float | None) -> None:
        """The next task; it is sent, and its time begins, when the worker is ready for it."""
        self.index, self._task, self.limit = index, (task,), limit
        if self._ready:
            self._send()

    def _send(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died waiting; hear() will find out
            self.pipe.send(self._task)
        self.deadline = float("inf") if self.limit is None else time.monotonic() + self.limit

    def hear(self) -> tuple[Any, bool] | None:
        """A result if there is one, and whether it was the worker's last; raises EOFError when the process has died."""
        if not self.pipe.poll():
            if self.process.is_alive():
                return None
            if not self.pipe.poll():  # its last words may have come between the two questions
                raise EOFError
        try:
            message: Any = self.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if isinstance(message, tuple):
            return message
        self._ready = True
        self._send()
        return None

    def dismiss(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(None)

    def end(self, patience: float = 0.0) -> int:
        """The exit status of the process, which is killed unless it leaves by itself in time."""
        if self.process.pid is not None:
            self.process.join(patience)
            self.process.kill()
            self.process.join()
        self.pipe.close()
        return self.process.exitcode or 0


@dataclass
class _Pool:
    """As many workers as asked for, each replaced when it dies or has to be stopped."""

    tasks: Sequence[Any]
    function: Callable[[Any], Any]
    setup: Callable[[], object] | None
    timeout: Any
    grown: int
    context: BaseContext
    record: Callable[[int, object], None]
    exitcode: int = 0

    def run(self, indices: Iterable[int], jobs: int) -> list[int]:
        """Record a result for each task, except for those whose worker died, which are returned."""
        waiting = deque(indices)
        busy: list[_Worker] = []
        leaving: list[_Worker] = []
        suspects: list[int] = []
        patience = 0.0
        try:
            while waiting or busy:
                while waiting and len(busy) < jobs:
                    busy.append(_Worker(self.context, self.function, self.setup, self.grown))
                    busy[-1].start()
                    self._give(busy[-1], waiting.popleft())
                self._wait(busy)
                for worker in list(busy):
                    try:
                        message = worker.hear()
                    except EOFError:
                        busy.remove(worker)
                        self.exitcode = worker.end(_PATIENCE)
                        suspects.append(worker.index)
                        continue
                    if message is not None:
                        self._record(worker.index, message[0])
                        if waiting and not message[1]:
                            self._give(worker, waiting.popleft())
                            continue
                        worker.dismiss()
                        leaving.append(worker)
                        busy.remove(worker)
                    elif time.monotonic() >= worker.deadline:
                        busy.remove(worker)
                        worker.end()
                        self.record(worker.index, TimedOut(self.tasks[worker.index], worker.limit or 0.0))
            patience = _PATIENCE
        finally:
            for worker in [*busy, *leaving]:
                worker.end(patience)
        return sorted(suspects)

    def _give(self, worker: _Worker, index: int) -> None:
        task = self.tasks[index]
        worker.give(index, task, self.timeout(task) if callable(self.timeout) else self.timeout)

    def _record(self, index: int, result: object) -> None:
        self.record(index, replace(result, task=self.tasks[index]) if isinstance(result, Failed) else result)

    def _wait(self, busy: Sequence[_Worker]) -> None:
        """Until a worker has something to say, has died, or is out of time."""
        left = min(worker.deadline for worker in busy) - time.monotonic()
        handles = [handle for worker in busy for handle in (worker.pipe, worker.process.sentinel)]
        connection.wait(handles, None if left == float("inf") else max(0.0, left))
