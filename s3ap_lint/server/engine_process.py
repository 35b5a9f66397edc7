"""A process beside the server that runs the schema engine: it can be killed, and takes no time from the server's own.

It reads tasks from standard input and answers on standard output, pickled, each after its length in eight bytes. A task
runs in a fork where there is one, so that a newer task, or an empty one, ends it and everything stays loaded.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import select
import signal
import sys
import traceback
from typing import BinaryIO

from s3ap_lint.engine import Session
from s3ap_lint.parallel import Failed
from s3ap_lint.server.orders import Answer, Order, packed
from s3ap_lint.tasks import EngineTask, failed, registry_for
from s3ap_lint.workspace import Workspace


def _received(inlet: int) -> object:
    """What was sent to a file descriptor; nothing is read beyond it. Raises EOFError at the end."""
    return pickle.loads(_exactly(inlet, int.from_bytes(_exactly(inlet, 8), "big")))  # from our own parent


def _exactly(inlet: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = os.read(inlet, size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def answered(order: Order) -> Answer:
    """Carry out an order; whatever goes wrong is a finding."""
    try:
        registry = registry_for(order.config)
        session = Session(order.config, registry, Workspace(order.config.root, order.buffers))
        result = session.check_with_engine(order.path, order.engine)
        entries = registry.described({finding.code for finding in result.diagnostics}).values()
        hrefs = {entry.code: uri for entry in entries if (uri := getattr(entry, "help_uri", ""))}
    except Exception as error:
        last = traceback.format_exception_only(error)[-1].strip()
        task = EngineTask(order.path, order.engine)
        return Answer(order.number, failed(Failed(task, type(error).__name__, last, "")), {})
    return Answer(order.number, result, hrefs)


def main() -> None:
    """Serve orders until standard input ends."""
    inlet, outlet = sys.stdin.fileno(), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what an engine prints is no answer
    with contextlib.suppress(ImportError):
        importlib.import_module("s3ap_rules.foreign.cfn_lint_rules")
    with contextlib.suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        _serve(inlet, outlet)


def _serve(inlet: int, outlet: BinaryIO) -> None:
    child: _Child | None = None
    try:
        while True:
            if child is None or child.said(until=inlet) is None:
                order = _received(inlet)
                if child is not None:
                    child.end()
                child = _Child(order) if isinstance(order, Order) and hasattr(os, "fork") else None
                answer = packed(answered(order)) if isinstance(order, Order) and child is None else b""
            else:
                answer, child = bytes(child.answer), None
            if answer:
                outlet.write(answer)
                outlet.flush()
    finally:
        if child is not None:
            child.end()


class _Child:
    """A fork that carries out one order and says the answer to its parent, all of it or none."""

    def __init__(self, order: Order) -> None:
        self.answer = bytearray()
        self._outlet, inner = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(inner)
            return
        try:
            with os.fdopen(inner, "wb") as stream:
                stream.write(packed(answered(order)))
        finally:
            os._exit(0)

    def said(self, until: int) -> bytearray | None:
        """The whole answer; None when something can be read from the file descriptor `until` first."""
        while True:
            ready = select.select([self._outlet, until], [], [])[0]
            if until in ready:
                return None
            more = os.read(self._outlet, 1 << 16)
            if not more:
                self.end()
                return self.answer
            self.answer += more

    def end(self) -> None:
        """End it, whether it is done or not."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._outlet)


if __name__ == "__main__":
    main()
