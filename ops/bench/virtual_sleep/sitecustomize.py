"""For a process whose long pauses are to pass on a world's clock: Python imports this first when its folder is on
PYTHONPATH.

A pause of a second or more asks whoever listens at BESIDE_CLOCK to move the clock on by it; a shorter one is slept.
With BESIDE_EVENTS, so does waiting for an event: only for programs that pause in this way.
"""

import os
import socket
import threading
import time

_really = time.sleep
_PORT = int(os.environ.get("BESIDE_CLOCK", "0"))


def pause(seconds: float) -> None:
    """Let so many seconds pass, in whichever time."""
    if seconds < 1 or not _PORT:
        _really(seconds)
        return
    with socket.create_connection(("127.0.0.1", _PORT)) as line:
        line.sendall(f"{seconds}\n".encode())
        line.recv(1)


setattr(time, "sleep", pause)  # noqa: B010 - the stub of the type checker declares it otherwise


if os.environ.get("BESIDE_EVENTS"):
    _wait = threading.Event.wait

    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        """Let a timeout pass, in whichever time."""
        if timeout is None or timeout < 1 or event.is_set():
            return _wait(event, timeout)
        pause(timeout)
        return event.is_set()

    setattr(threading.Event, "wait", wait)  # noqa: B010 - as above
