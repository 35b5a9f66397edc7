"""What a finding is recognised by in the next run: its line as GitHub hashes it, and its place in the structure.

GitHub's upload action computes `primaryLocationLineHash` itself and warns when the file brings another
value, so `line_hashes` repeats that computation to the bit. `structural` is our own name for a finding
and does not move when lines do.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

BLOCK = 100
BASE = 37
MASK = 2**64 - 1
END_OF_FILE = 0xFFFF
LINE_FEED = 0x0A
_SHIFT = pow(BASE, BLOCK, 2**64)


def line_hashes(data: bytes, lines: Iterable[int]) -> dict[int, str]:
    """`hash:count` for each of the 1-based lines that the file has, as GitHub's upload action computes it.

    The hash covers the 100 UTF-16 units from the line's start that are no space or tab, line endings
    counting as one line feed; `count` says how many lines up to this one have the same hash.
    A line feed ends a line here and so does a lone carriage return. An empty file has one line.
    """
    wanted = set(lines)
    units = _units(data)
    starts = [0, *(at for at, unit in enumerate(units, 1) if unit == LINE_FEED)]
    units += array("H", [END_OF_FILE]) + array("H", bytes(2 * BLOCK))
    prefixes = list(accumulate(units, lambda value, unit: (value * BASE + unit) & MASK, initial=0))
    seen: Counter[int] = Counter()
    hashes: dict[int, str] = {}
    for line, start in enumerate(starts, 1):
        # Every line is hashed, not only the wanted: two different lines may share a hash ("af" and "bA" do).
        value = (prefixes[start + BLOCK] - prefixes[start] * _SHIFT) & MASK
        seen[value] += 1
        if line in wanted:
            hashes[line] = f"{value:x}:{seen[value]}"
    return hashes


def _units(data: bytes) -> array[int]:
    """The UTF-16 units that are hashed: one line feed for each line ending, no spaces, no tabs."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    encoding = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
    return array("H", text.replace(" ", "").replace("\t", "").encode(encoding))


def structural(code: str, path: str, logical_path: str, message_key: str) -> str:
    """16 hexadecimal digits that name a finding by what it says of what, wherever its lines are.

    `message_key` tells findings of one code at one logical path apart.
    """
    parts = "\0".join((code, path, logical_path, message_key))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]
