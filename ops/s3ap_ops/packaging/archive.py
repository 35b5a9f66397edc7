"""An object to upload, as data: which files it is made of, and its bytes when they are wanted.

What an object is called rests on what is in it (names, modes and bytes), never on how it was compressed: two versions
of zlib make different archives of the same files. https://docs.python.org/3/library/zlib.html#zlib.compressobj
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from s3ap_ops.errors import OpsError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can say."""
_LEVEL = 9
_UNIX = 3


@dataclass(frozen=True, order=True)
class Entry:
    """One file: its name in the archive, its mode (0o644 or 0o755), its size in bytes and their hash, and where it lies
    on this machine, which is no part of what it is."""

    name: str
    mode: int
    size: int
    sha256: str
    path: str


@dataclass(frozen=True)
class Payload:
    """The bytes of one object: an archive of `entries`, the one entry as it is where `archive` is false, or `text`."""

    entries: tuple[Entry, ...] = ()
    archive: bool = True
    text: str = ""

    @cached_property
    def sha256(self) -> str:
        """The hash of the contents, in hexadecimal."""
        if not self.entries:
            return hashlib.sha256(self.text.encode()).hexdigest()
        if not self.archive:
            return self.entries[0].sha256
        rows = [[entry.name, entry.mode, entry.sha256] for entry in self._in_order]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    @property
    def size(self) -> int:
        """How many bytes it is when it is not compressed."""
        return sum(entry.size for entry in self.entries) if self.entries else len(self.text.encode())

    @property
    def names(self) -> frozenset[str]:
        """The names in the archive."""
        return frozenset(entry.name for entry in self.entries)

    def data(self) -> bytes:
        """The object's bytes. Raises OpsError for a file that is not what it was when it was looked at."""
        if not self.entries:
            return self.text.encode()
        if not self.archive:
            return _read(self.entries[0])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for entry in self._in_order:
                info = zipfile.ZipInfo(entry.name, EPOCH)
                info.create_system = _UNIX  # or else Windows says that it was Windows
                info.external_attr = (stat.S_IFREG | entry.mode) << 16
                archive.writestr(info, _read(entry), zipfile.ZIP_DEFLATED, _LEVEL)
        return out.getvalue()

    @property
    def _in_order(self) -> list[Entry]:
        return sorted(self.entries, key=lambda entry: entry.name)


def _read(entry: Entry) -> bytes:
    try:
        data = Path(entry.path).read_bytes()
    except OSError as error:
        raise OpsError(f"{entry.path} cannot be read any more: {error.strerror}; plan again") from None
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise OpsError(f"{entry.path} is not what it was when it was looked at; nothing was uploaded, so plan again")
    return data
