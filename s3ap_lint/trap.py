"""A trap for rules that reach outside: files, sockets and processes that are opened while it is set."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRAPPED = (
    "open",
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.listdir",
    "os.scandir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.putenv",
    "os.unsetenv",
    "os.chdir",
    "shutil.",
    "tempfile.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
    "sqlite3.",
    "webbrowser.",
)
_IMPORTS = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")


class ReachedOutside(Exception):
    """Raised where a rule opens something; the engine reports it like any crash."""


_caught: list[str] | None = None
_installed = False


def _hook(event: str, args: tuple[object, ...]) -> None:
    if _caught is None or not event.startswith(_TRAPPED) or _interpreter():
        return
    what = f"{event} {args[0]!r}" if args and isinstance(args[0], str | bytes | int) else event
    _caught.append(what)
    raise ReachedOutside(what)


def _interpreter() -> bool:
    """Whether this is the interpreter reading a module, or looking for the line that a SyntaxError quotes."""
    frame = sys._getframe(2)
    if frame.f_code is ast.parse.__code__:
        return True
    while frame is not None:
        if frame.f_code.co_filename in _IMPORTS:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


@contextmanager
def trap() -> Iterator[list[str]]:
    """Everything that is opened inside the block, which fails there. Modules may be imported."""
    global _caught, _installed
    if not _installed:
        sys.addaudithook(_hook)  # there is no way to take one away
        _installed = True
    before, _caught = _caught, []
    try:
        yield _caught
    finally:
        _caught = before
