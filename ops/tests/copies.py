"""Copies of a world: children of this process in which something is tried, and children of these that can be killed."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from wire import Json, turned_to

from s3ap_ops.testing import World

LONGEST = 300.0
"""Seconds after which a trial has failed."""


def forked() -> int:
    """As os.fork; what there is by now is no garbage. A collector that looked at it would have it all copied."""
    gc.freeze()
    child = os.fork()
    if child:
        gc.unfreeze()
    return child


def copied(world: World, trial: Callable[[], Json], longest: float = LONGEST) -> Json:
    """What a trial gives, in a child that has a copy of the world; a list with one text if it fails by itself."""
    reading, writing = os.pipe()
    child = forked()
    if not child:
        try:
            told = json.dumps(_in_copy(world, trial))
        except BaseException:
            told = json.dumps([f"the trial itself failed: {traceback.format_exc()}"])
        with os.fdopen(writing, "w") as pipe:
            pipe.write(told)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        if not select.select([pipe], [], [], longest)[0]:
            os.kill(child, signal.SIGKILL)
        told = pipe.read()
    os.waitpid(child, 0)
    return json.loads(told or '["the trial did not end"]')


def _in_copy(world: World, trial: Callable[[], Json]) -> Json:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        world.serve_again()
        with turned_to(world, patch, Path(folder)):
            return trial()


def begun(work: Callable[[], object]) -> int:
    """The id of a process that does some work, and ends with what it returns, if that is a number.

    It never comes back from here, whatever happens in it: else it would end the trial a second time, with an answer of
    its own, and take the folder away from under the first.
    """
    child = forked()
    if child:
        return child
    ended = 70
    try:
        found = work()
        ended = found if isinstance(found, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(ended)
