"""What can be known of files and folders without reading them, and what a result rests on.

A *signature* is what the system says of a file: as long as it is the same, so is the file, provided that the file had
settled when the signature was taken. A *digest* says what the bytes, or the entries of a folder, really are.

Little is imported here: asking whether anything has changed must cost less than starting the interpreter.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False  # importing collections.abc takes longer than what happens here
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TICK = 50_000_000  # ns; a system that counts finer than seconds still stamps files with a clock that is a little behind
COARSE = 2_000_000_000  # ns; FAT stamps every other second

MISSING, FILE, FOLDER, OTHER = "-", "f", "d", "o"
CONTENT = "="


def signature(status: os.stat_result) -> str:
    """What changes when a file or folder does: its kind, size, times and number."""
    s = status
    return f"{s.st_mode:o}.{s.st_size}.{s.st_mtime_ns}.{s.st_ctime_ns}.{s.st_ino}"


def settled(status: os.stat_result, moment: int) -> bool:
    """Whether something had its present signature before a moment (Unix time in ns), and cannot change unseen.

    A second change within one tick of the file system's clock leaves the times as they are; git calls such files racy.
    """
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    return newest + (COARSE if newest % 1_000_000_000 == 0 else TICK) < moment


def digest(data: bytes) -> str:
    """128 bits that say which bytes these are, in hexadecimal."""
    from hashlib import blake2b

    return blake2b(data, digest_size=16).hexdigest()


def kind_of(mode: int) -> str:
    """What a file mode says."""
    return FOLDER if stat.S_ISDIR(mode) else FILE if stat.S_ISREG(mode) else OTHER


def entries(folder: str) -> dict[str, str]:
    """What lies in a folder: the kind of each entry by its name; a link's is `l` and where it leads. Raises OSError."""
    found = {}
    with os.scandir(folder) as listing:
        for entry in listing:
            if entry.is_symlink():
                found[entry.name] = f"l{os.readlink(entry.path)}"
            elif entry.is_dir(follow_symlinks=False):
                found[entry.name] = FOLDER
            else:
                found[entry.name] = FILE if entry.is_file(follow_symlinks=False) else OTHER
    return found


def entries_digest(found: Mapping[str, str]) -> str:
    """Which entries these are, in hexadecimal."""
    text = "\0".join(f"{name}\0{kind}" for name, kind in sorted(found.items()))
    return digest(text.encode("utf-8", "surrogateescape"))


def names_digest(names: Iterable[str]) -> str:
    """Which names these are, in hexadecimal."""
    return digest("\0".join(names).encode("utf-8", "surrogateescape"))


def kind_at(path: str) -> str:
    """What is at a path: its kind, or that there is nothing; of a link also where it leads in the end."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISLNK(mode):
            return kind_of(mode)
        return f"l{os.path.realpath(path)}{kind_of(os.stat(path).st_mode)}"
    except (OSError, ValueError):
        return MISSING


# -- what is installed: importing what reads metadata takes longer than all of a run that has nothing to do ----------


def metadata_folders() -> list[str]:
    """The metadata folders of what is installed, whose names are those of distributions with their versions."""
    found = []
    for folder in dict.fromkeys(sys.path):
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        found += [os.path.join(folder, name) for name in names if name.endswith((".dist-info", ".egg-info"))]
    return found


def offers(metadata: str, group: str) -> bool:
    """Whether a distribution has entry points in a group."""
    try:
        with open(os.path.join(metadata, "entry_points.txt"), encoding="utf-8") as file:
            return f"[{group}]" in file.read()
    except (OSError, UnicodeDecodeError):
        return False


# -- what was looked at outside of a project's files -----------------------------------------------

_WATCHED: dict[str, str] = {}


def watch(path: str, *, content: bool = True) -> None:
    """Note that what a run says depends on a file that is none of the project's, or only on what is there."""
    kind = kind_at(path)
    if content and kind.endswith(FILE):
        _WATCHED[path] = CONTENT + kind
    else:
        _WATCHED.setdefault(path, kind)


def watched() -> Mapping[str, str]:
    """By absolute path the kind of thing that was there, with `CONTENT` before it where its content matters, too."""
    return _WATCHED
