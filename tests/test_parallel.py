"""Real processes that are killed, hang, raise and are interrupted."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import s3ap_lint
from s3ap_lint.parallel import Died, Failed, TimedOut, cores, run, start_method

METHODS = ["fork", "forkserver", "spawn"] if sys.platform.startswith("linux") else ["spawn"]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sends signals")


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def double(number: int) -> int:
    return 2 * number


def slowest_first(number: int) -> int:
    time.sleep(0.02 if number % 5 == 0 else 0)
    return number


def obey(task: str) -> object:
    """Do to this process what the task says."""
    verb, _, argument = task.partition(" ")
    if verb == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if verb == "exit":
        os._exit(int(argument))
    if verb == "sleep":
        time.sleep(float(argument))
    if verb == "raise":
        return dict[str, str]()[argument]
    if verb == "leave":
        sys.exit(argument)
    if verb == "lambda":
        return lambda: None
    if verb == "once":  # die the first time only
        marker = Path(argument)
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return task


def pid(_: object) -> int:
    time.sleep(0.01)
    return os.getpid()


def alone(folder: str) -> list[str]:
    """Which other workers are at work while this one is; the first visit of each ends in death."""
    place, me = Path(folder).parent, Path(folder).name
    if not (place / f"{me}-died").exists():
        (place / f"{me}-died").touch()
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGKILL)
    (place / f"{me}-here").touch()
    time.sleep(0.1)
    others = sorted(path.name for path in place.glob("*-here") if path.name != f"{me}-here")
    (place / f"{me}-here").unlink()
    return others


STATE: list[str] = []


def prepare() -> None:
    STATE.append("prepared")


def state(_: object) -> int:
    return len(STATE)


def broken_setup() -> None:
    raise ValueError("no such engine")


def slow_setup() -> None:
    time.sleep(0.5)


def nothing_left(pids: list[int]) -> bool:
    """Whether all of these processes are gone within two seconds."""
    waiting, end = set(pids), time.monotonic() + 2
    while waiting and time.monotonic() < end:
        for process in list(waiting):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    continue
            waiting.discard(process)
        time.sleep(0.01)
    return not waiting


def test_two_hundred_results_come_in_the_order_of_their_tasks(method: str) -> None:
    assert list(range(200)) == run(range(200), slowest_first, jobs=4, method=method)


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_the_number_of_jobs_does_not_change_the_results(jobs: int) -> None:
    """Down to the text of tracebacks."""
    tasks = ["a", "raise key", "b", "leave nothing to say", "c"]
    expected = run(tasks, obey, jobs=1)
    assert ["a", "b", "c"] == [result for result in expected if isinstance(result, str)]
    assert expected == run(tasks, obey, jobs=jobs, isolate=True)


def test_one_job_runs_in_this_process() -> None:
    assert [os.getpid()] * 3 == run(range(3), pid, jobs=1)


def test_one_job_with_a_clock_runs_elsewhere() -> None:
    """In one process for all of its tasks."""
    (elsewhere,) = {*run(range(3), pid, jobs=1, timeout=60)}
    assert os.getpid() != elsewhere


def test_isolation_can_be_asked_for() -> None:
    assert os.getpid() not in run(range(3), pid, jobs=1, isolate=True)


def test_workers_are_used_again() -> None:
    assert len({*run(range(40), pid, jobs=2)}) <= 2


def test_no_more_workers_are_started_than_there_are_tasks() -> None:
    assert 1 == len({*run([0], pid, jobs=16)})


def test_nothing_to_do_starts_nothing() -> None:
    assert [] == run([], double, jobs=4)


def test_an_exception_is_a_value(method: str) -> None:
    ok, failed, also_ok = run(["a", "raise key", "b"], obey, jobs=2, method=method)
    assert ("a", "b") == (ok, also_ok)
    assert isinstance(failed, Failed)
    assert ("raise key", "KeyError", "KeyError: 'key'") == (failed.task, failed.type, failed.last_line)
    assert failed.traceback.startswith("Traceback (most recent call last):\n")
    assert "return dict[str, str]()[argument]" in failed.traceback
    assert "s3ap_lint" not in failed.traceback


def test_an_exception_does_not_end_its_worker() -> None:
    first, failed, second = run(["sleep 0", "raise key", "sleep 0"], obey, jobs=1, isolate=True)
    assert "sleep 0" == first == second
    assert isinstance(failed, Failed)


def test_a_result_that_cannot_be_pickled_is_a_failure() -> None:
    ok, failed = run(["a", "lambda"], obey, jobs=2)
    assert "a" == ok
    assert isinstance(failed, Failed)
    assert "lambda" == failed.task
    assert "obey.<locals>.<lambda>" in failed.last_line


def test_a_worker_that_is_killed_costs_its_own_task_only(method: str) -> None:
    tasks = [str(number) for number in range(20)]
    tasks[7] = "kill"
    expected: list[object] = [*tasks]
    expected[7] = Died("kill", -signal.SIGKILL)
    assert expected == run(tasks, obey, jobs=3, method=method)


def test_a_worker_that_exits_tells_its_status(method: str) -> None:
    assert [Died("exit 7", 7), "a"] == run(["exit 7", "a"], obey, jobs=2, method=method)


def test_a_status_of_zero_is_a_death_too() -> None:
    assert [Died("exit 0", 0)] == run(["exit 0"], obey, jobs=1, isolate=True)


def test_a_task_whose_worker_died_by_accident_is_run_again(tmp_path: Path, method: str) -> None:
    task = f"once {tmp_path / 'marker'}"
    assert [task, "a"] == run([task, "a"], obey, jobs=2, method=method)


def test_it_is_run_again_with_nothing_else_running(tmp_path: Path) -> None:
    """Or two that are too big together would end each other again."""
    assert [[], [], []] == run([str(tmp_path / name) for name in "abc"], alone, jobs=3)


def test_every_worker_may_die() -> None:
    assert [Died("kill", -9)] * 4 == run(["kill"] * 4, obey, jobs=2)


@LINUX
def test_a_worker_killed_from_outside_in_the_middle_of_a_run(method: str) -> None:
    """As the kernel does when memory runs out."""
    killed: list[object] = []

    def strike(done: int, _: int) -> None:
        if done == 5:
            worker = multiprocessing.active_children()[0]
            killed.append(worker.pid)
            worker.kill()

    assert list(range(60)) == run(range(60), slowest_first, jobs=2, on_progress=strike, method=method)
    assert 1 == len(killed)


def test_a_task_over_its_time_is_stopped(method: str) -> None:
    began = time.monotonic()
    results = run(["a", "sleep 60", "b"], obey, jobs=2, timeout=0.5, method=method)
    assert ["a", TimedOut("sleep 60", 0.5), "b"] == results
    assert time.monotonic() - began < 20


def test_each_task_may_have_its_own_time() -> None:
    limits = {"sleep 60": 0.2, "sleep 0.5": None}
    assert [TimedOut("sleep 60", 0.2), "sleep 0.5"] == run(
        ["sleep 60", "sleep 0.5"], obey, jobs=2, timeout=lambda task: limits[task]
    )


def test_waiting_in_line_does_not_count() -> None:
    """Six tasks of 0.2 s in one process take more than a second."""
    assert ["sleep 0.2"] * 6 == run(["sleep 0.2"] * 6, obey, jobs=1, timeout=1.0)


def test_setup_does_not_count() -> None:
    assert ["a"] == run(["a"], obey, jobs=1, setup=slow_setup, timeout=0.2)


def test_setup_runs_once_in_each_worker(method: str) -> None:
    assert [1] * 10 == run(range(10), state, jobs=2, setup=prepare, method=method)


def test_setup_that_fails_is_every_task_s_failure() -> None:
    for jobs in (1, 2):
        results = run(["a", "b", "c"], obey, jobs=jobs, setup=broken_setup)
        assert ["ValueError: no such engine"] * 3 == [
            result.last_line for result in results if isinstance(result, Failed)
        ]


def test_a_big_task_and_a_big_result_pass() -> None:
    text = "あ" * 3_000_000
    assert [text, text] == run([text, text], obey, jobs=2)


@pytest.mark.parametrize(("jobs", "last"), [(1, "b"), (3, "kill")])
def test_progress_counts_every_task_once(jobs: int, last: str) -> None:
    seen: list[tuple[int, ...]] = []
    run(["a", "raise key", last], obey, jobs=jobs, on_progress=lambda *numbers: seen.append(numbers))
    assert [(1, 3), (2, 3), (3, 3)] == seen


@LINUX
def test_an_error_in_the_parent_leaves_no_worker_behind(method: str) -> None:
    pids: list[int] = []

    def stop(done: int, _: int) -> None:
        pids.extend(child.pid or 0 for child in multiprocessing.active_children())
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        run(["a", *["sleep 60"] * 3], obey, jobs=3, on_progress=stop, method=method)
    assert pids
    assert nothing_left(pids)


def test_preloaded_modules_are_there_in_a_forked_worker() -> None:
    assert [True] == run(["colorsys"], is_loaded, jobs=1, isolate=True, preload=["colorsys"], method="fork")


def test_a_preloaded_module_that_is_missing_is_not_missed() -> None:
    for method in METHODS:
        assert [4] == run([2], double, jobs=1, isolate=True, preload=["no_such_module"], method=method)


def is_loaded(name: str) -> bool:
    return name in sys.modules


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1


@LINUX
def test_linux_forks_unless_there_are_threads() -> None:
    program = """
import threading
from s3ap_lint.parallel import start_method
print(start_method())
stop = threading.Event()
threading.Thread(target=stop.wait).start()
print(start_method())
stop.set()
"""
    assert "fork\nforkserver\n" == python(program).communicate()[0]
    assert start_method() in METHODS


PROGRAM = """
import os, sys, time
from pathlib import Path
from s3ap_lint.parallel import run

def hang(number):
    Path(sys.argv[1], str(os.getpid())).touch()
    if sys.argv[3] == "compute":
        while True:
            number += 1
    time.sleep(600)

if __name__ == "__main__":
    if sys.argv[2] == "catch":
        try:
            run(range(4), hang, jobs=3, method=sys.argv[4])
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            time.sleep(600)
    run(range(4), hang, jobs=3, method=sys.argv[4])
"""


def python(program: str, *arguments: str, folder: Path | None = None) -> subprocess.Popen[str]:
    """A Python program in a process group of its own, as a terminal starts it."""
    command = ["-c", program]
    if folder is not None:
        (folder / "program.py").write_text(program)
        command = ["program.py"]
    return subprocess.Popen(
        [sys.executable, *command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(s3ap_lint.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def workers(folder: Path) -> list[int]:
    """The process ids of three workers, once all of them are at work."""
    end = time.monotonic() + 20
    while len(list(folder.iterdir())) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    return [int(path.name) for path in folder.iterdir()]


@LINUX
@pytest.mark.parametrize("work", ["compute", "sleep"])
def test_ctrl_c_ends_everything_quickly_and_quietly(tmp_path: Path, method: str, work: str) -> None:
    """One traceback, the parent's own; and not one process left."""
    (pids := tmp_path / "pids").mkdir()
    parent = python(PROGRAM, str(pids), "raise", work, method, folder=tmp_path)
    at_work = workers(pids)
    began = time.monotonic()
    os.killpg(parent.pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert -signal.SIGINT == parent.returncode
    assert 1 == errors.count("Traceback")
    assert errors.endswith("KeyboardInterrupt\n")
    assert "Process " not in errors
    assert 3 == len(at_work)
    assert nothing_left(at_work)


@LINUX
def test_after_ctrl_c_a_parent_that_lives_on_has_no_workers(tmp_path: Path, method: str) -> None:
    (pids := tmp_path / "pids").mkdir()
    parent = python(PROGRAM, str(pids), "catch", "sleep", method, folder=tmp_path)
    at_work = workers(pids)
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.stdout
    assert "interrupted\n" == parent.stdout.readline()
    gone = nothing_left(at_work)
    parent.kill()
    parent.communicate()
    assert gone


@LINUX
@pytest.mark.parametrize("work", ["compute", "sleep"])
def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path: Path, method: str, work: str) -> None:
    """Not even in the middle of a task."""
    (pids := tmp_path / "pids").mkdir()
    parent = python(PROGRAM, str(pids), "raise", work, method, folder=tmp_path)
    at_work = workers(pids)
    parent.kill()
    gone = nothing_left(at_work)
    _, errors = parent.communicate()
    assert 3 == len(at_work)
    assert gone
    assert "" == errors


@LINUX
@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_ctrl_c_while_workers_start_is_quiet_too(tmp_path: Path, method: str, after: float) -> None:
    (pids := tmp_path / "pids").mkdir()
    parent = python(PROGRAM, str(pids), "raise", "sleep", method, folder=tmp_path)
    time.sleep(0.1 + after)
    os.killpg(parent.pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=20)
    assert errors.count("Traceback") <= 1
    assert "Process " not in errors
    assert nothing_left([int(path.name) for path in pids.iterdir()])


def test_results_may_be_anything(method: str) -> None:
    """None, a tuple, a failure somebody returns."""
    values: list[Any] = [None, (1,), "ready", {"a": [b""]}]
    assert values == run(values, same, jobs=2, method=method)


def same(value: object) -> object:
    return value
