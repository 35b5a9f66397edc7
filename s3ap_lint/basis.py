"""What a result rests on, by value.

A basis is taken by whoever computed the result, of the bytes and folders that were really seen; it can be asked in
another process, on another day, whether it still holds (see `present`). Where it cannot be said exactly there is none,
and the result is not kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Folders = Mapping[str, tuple[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Basis:
    """Paths are relative to the root, digests and signatures those of `facts`.

    `contents`: digests of files. `folders`: the digest of a folder's entries, and the kind of those that were asked
    for. `listed`: digests of a folder's names. `links`: where paths really lie. `refused`: signatures of what cannot be
    read. `until`: when it ends to hold, in seconds of Unix time. `told`: facts about the whole project.
    `sought`: in which of some files a text was found, whose digests are in `searched`.
    """

    contents: Mapping[str, str] = field(default_factory=dict)
    folders: Folders = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    until: float = math.inf
    told: Mapping[str, str] = field(default_factory=dict)
    searched: Mapping[str, str] = field(default_factory=dict)
    sought: Mapping[tuple[str, tuple[str, ...]], frozenset[str]] = field(default_factory=dict)
