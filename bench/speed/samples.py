"""Where the time of a run goes, by samples of its stack: `python samples.py OUTPUT.json OPTIONS-OF-THE-LINTER…`

One process, run by the interpreter that is measured; it imports nothing of the bench. A sample weighs the processor
time since the one before it, because the signal waits while C code runs. A library's time (parsing Python, regular
expressions) is counted for the module that called it, that of pyflakes, PyYAML and imports for themselves.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

INTERVAL = 0.002  # seconds of processor time
MODULE = re.compile(r".*/(?:(s3ap_lint|s3ap_rules)/(.*)\.py|(pyflakes|yaml|cfnlint)/)")
IMPORTING = "<frozen importlib._bootstrap"
COLLECTOR = "the garbage collector"


class Samples:
    """Seconds by place: while it ran itself, and while anything that it called ran."""

    def __init__(self) -> None:
        self.itself: defaultdict[str, float] = defaultdict(float)
        self.within: defaultdict[str, float] = defaultdict(float)
        self._last = time.process_time()
        self._collecting = False

    def take(self, signum: int, frame: FrameType | None) -> None:
        """Note where the program is; the handler of a signal."""
        now = time.process_time()
        weight, self._last = now - self._last, now
        places = [COLLECTOR] if self._collecting else _places(frame)
        self.itself[places[0] if places else "other"] += weight
        for place in places:
            self.within[place] += weight

    def collecting(self, phase: str, info: dict[str, int]) -> None:
        """Keep the garbage collector's time apart from that of whoever made the last object; a callback of `gc`."""
        self.take(0, sys._getframe().f_back)
        self._collecting = phase == "start"


def _places(frame: FrameType | None) -> list[str]:
    """The places on a stack, the innermost first; what goes on inside of an import is importing."""
    found: list[str] = []
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(IMPORTING):
            found = ["importing"]
        elif match := MODULE.match(name):
            found.append(match[3] or f"{match[1]}/{match[2]}")
        frame = frame.f_back
    return list(dict.fromkeys(found))


def main(output: str, *options: str) -> None:
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    gc.callbacks.append(samples.collecting)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        from s3ap_lint.cli import main as lint

        lint(options)
    signal.setitimer(signal.ITIMER_PROF, 0)
    gc.callbacks.remove(samples.collecting)
    seconds = time.process_time() - started
    places = {place: [samples.itself[place], within] for place, within in samples.within.items()}
    places["other"] = [samples.itself["other"]] * 2
    Path(output).write_text(json.dumps({"seconds": seconds, "places": places}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
