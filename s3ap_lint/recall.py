"""What a whole run said, said again when nothing has changed, without importing what a run needs.

A run is remembered under everything that it was told (arguments, folder, environment, interpreter), with everything
that it read: the program's own files, the configuration, and the basis of every result. Only when all of that is as it
was is the answer given again; in doubt there is none, and the run is made.
"""

from __future__ import annotations

import os
import sys
import time
from zlib import crc32

from s3ap_lint import facts, storage

TYPE_CHECKING = False  # importing typing, or collections.abc, takes as long as all that happens here
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAID = ("NO_COLOR", "TERM", "COLUMNS", "LINES")
# What is held against the disk, by the value that is kept of it; `BELOW` the root, or `AT` an absolute path.
CONTENT_BELOW, ENTRIES_BELOW, LINK_BELOW = "content", "folder", "link"
CONTENT_AT, SIGNATURE_AT, KIND_AT = "file", "exact", "place"


def circumstances(argv: Sequence[str]) -> str:
    """Everything that a run is told, as a text; empty where that cannot be said."""
    try:
        return _circumstances(argv)
    except (OSError, ValueError, AttributeError):  # a folder that is gone, an output that is no file
        return ""


def _circumstances(argv: Sequence[str]) -> str:
    terminal = sys.stdout.isatty()
    size = tuple(os.get_terminal_size(sys.stdout.fileno())) if terminal else ()
    sys.stdout.buffer  # noqa: B018  what is said again goes there
    user = getattr(os, "geteuid", int)()  # what may not be read depends on it
    names = sorted(name for name in os.environ if name in SAID or name.startswith(("PYFLAKES", "S3AP_LINT")))
    told = [(name, os.environ[name]) for name in names]
    settings = (sys.version, tuple(sys.flags), sys.warnoptions, sys.path, user)
    return repr((list(argv), os.getcwd(), settings, told, terminal, size))


def answer(told: str) -> int | None:
    """Say what was said before and give its exit status; None if nothing is remembered, or something changed."""
    file = file_for(told)
    stored = storage.read(file) if file else b""
    if not stored:
        return None
    began = time.time_ns()
    try:
        length, _, rest = stored.partition(b"\0")
        head, text = rest[: int(length)], rest[int(length) :]
        before, root, until, status, output, *fields = head.decode("utf-8", "surrogateescape").split("\0")
        moved = _touched(root, fields) if before == told and time.time() < float(until) else None
        if moved is not None and output:
            with open(output, "wb") as target:
                target.write(text)
    except (OSError, ValueError, IndexError):  # what is not there any more has changed, and the run will say so
        return None
    if moved is None:
        return None
    if not output:
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    if _retold(fields, moved, began):
        store(file, [before, root, until, status, output, *fields], text)
    return int(status)


def file_for(told: str) -> str:
    folder = storage.where()
    name = f"{crc32(told.encode('utf-8', 'surrogateescape')):08x}"
    return os.path.join(folder, "runs", name) if folder and told else ""


def store(file: str, fields: Sequence[str], text: bytes) -> bool:
    """Write what a run said behind what it was told and what it rests on; whether that worked."""
    head = "\0".join(fields).encode("utf-8", "surrogateescape")
    return storage.write(file, b"%d\0%b%b" % (len(head), head, text))


def _touched(root: str, fields: Sequence[str]) -> dict[int, os.stat_result] | None:
    """The facts that hold although the signature is another, by index; None if there is one that does not."""
    moved = {}
    below = root + os.sep
    stat, signature = os.stat, facts.signature
    for at in range(0, len(fields), 4):
        kind, was, value, path = fields[at : at + 4]
        if kind in (CONTENT_BELOW, ENTRIES_BELOW):
            path = below + path
        elif kind == LINK_BELOW:
            if os.path.realpath(below + path) != value:
                return None
            continue
        elif kind == KIND_AT:
            if facts.kind_at(path) != value:
                return None
            continue
        status = stat(path)
        if signature(status) != was:
            if not _same(kind, value, path):
                return None
            moved[at] = status
    return moved


def _same(kind: str, value: str, path: str) -> bool:
    """Whether something is what it was although it was touched."""
    if kind in (CONTENT_BELOW, CONTENT_AT):
        with open(path, "rb") as file:
            return facts.digest(file.read()) == value
    return kind == ENTRIES_BELOW and facts.entries_digest(facts.entries(path)) == value


def _retold(fields: list[str], moved: Mapping[int, os.stat_result], began: int) -> bool:
    """Put the new signatures in the place of the old ones, where they can be relied on; whether there were any."""
    reliable = {at: status for at, status in moved.items() if facts.settled(status, began)}
    for at, status in reliable.items():
        fields[at + 1] = facts.signature(status)
    return bool(reliable)
