"""The cache folder: where it is, reading and writing a file of it, how large it may become, and emptying it.

It is the user's, not the project's: what lies in a repository was put there by whoever wrote to the repository.
A file that is damaged or cannot be read is no file; one that cannot be written is not written.
"""

from __future__ import annotations

import os
import sys
import time
from zlib import crc32

VARIABLE = "S3AP_LINT_CACHE_DIR"
"""The environment variable that names another folder; an empty one switches the cache off."""

LARGEST = 256 * 1024 * 1024
"""Bytes in all; the files that were not written for the longest go first."""

_MAGIC = b"s3ap-lint cache 1\n"
_TEMPORARY = ".new-"
_STALE = 3600  # seconds after which a temporary file belongs to nobody


def where() -> str:
    """The absolute path of the folder, whether it is there or not; empty where the user has no home."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return os.path.abspath(named) if named else ""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        base = base if os.path.isabs(base) else os.path.expanduser("~/.cache")
    return os.path.join(base, "s3ap-lint") if os.path.isabs(base) else ""


def read(file: str) -> bytes:
    """What was written to a file; nothing if it is not there, or not as it was written."""
    try:
        with open(file, "rb") as stored:
            data = stored.read()
    except OSError:
        return b""
    head = len(_MAGIC) + 9
    if data[: len(_MAGIC)] != _MAGIC or data[len(_MAGIC) : head] != b"%08x\n" % crc32(data[head:]):
        return b""
    return data[head:]


def write(file: str, content: bytes) -> bool:
    """Put a content in the place of a file at once; False if that could not be done, and nothing changed."""
    from contextlib import suppress  # only who reads is in a hurry

    folder, name = os.path.split(file)
    temporary = os.path.join(folder, f"{_TEMPORARY}{os.getpid()}-{name}")
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            _mark(os.path.dirname(folder))
        with open(temporary, "wb") as stored:
            stored.write(_MAGIC + b"%08x\n" % crc32(content))
            stored.write(content)
        os.replace(temporary, file)
    except OSError:
        with suppress(OSError):
            os.remove(temporary)
        return False
    _trim(file)
    return True


def _mark(folder: str) -> None:
    """Keep version control and backups from a cache folder that lies in a project."""
    for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")):
        if not os.path.exists(os.path.join(folder, name)):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)


def contents() -> list[tuple[str, os.stat_result]]:
    """The files of the cache, each with its status. What is not of its making, in whatever folder it is, is none."""
    from contextlib import suppress

    found = []
    for part in ("units", "runs"):
        with suppress(OSError), os.scandir(os.path.join(where(), part)) as listing:
            for entry in listing:
                with suppress(OSError):
                    if entry.is_file(follow_symlinks=False) and _is_ours(entry.name, entry.path):
                        found.append((entry.path, entry.stat(follow_symlinks=False)))
    return found


def _is_ours(name: str, path: str) -> bool:
    if name.startswith(_TEMPORARY):
        return True
    if len(name) not in (8, 32) or name.strip("0123456789abcdef"):
        return False
    with open(path, "rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def clean() -> tuple[int, int]:
    """Remove every file of the cache; how many, and their bytes. Raises OSError for one that cannot be removed."""
    from contextlib import suppress

    found = contents() if where() else []
    for path, _ in found:
        with suppress(FileNotFoundError):
            os.remove(path)
    for part in ("units", "runs"):
        with suppress(OSError):
            os.rmdir(os.path.join(where(), part))
    return len(found), sum(status.st_size for _, status in found)


def _trim(keep: str) -> None:
    """Remove what is too much, and what a run left that was killed."""
    from contextlib import suppress

    now, total = time.time(), 0
    for path, status in sorted(contents(), key=lambda one: -one[1].st_mtime):
        total += status.st_size
        left = os.path.basename(path).startswith(_TEMPORARY) and status.st_mtime < now - _STALE
        if left or (total > LARGEST and path != keep):
            with suppress(OSError):
                os.remove(path)
