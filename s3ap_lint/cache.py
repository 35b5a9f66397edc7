"""Results of units kept between runs, each with what it rests on; a result is used where all of that still holds.

One file for each project and each way of checking it, in the user's own cache folder: nothing that a checked repository
brings along can pass for a result. A file that is damaged, of another version or cannot be read is no file; one that
cannot be written is not written. Of two runs that end at once the later adds its results to the earlier's.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from s3ap_lint import facts, storage
from s3ap_lint.basis import Basis
from s3ap_lint.config import Config
from s3ap_lint.engine import UnitResult
from s3ap_lint.present import Known, Present
from s3ap_lint.tasks import Task, Uses

Built = TypeVar("Built")

VARIANTS = 3
"""Results of one unit for different contents: those of a few branches."""

MONTH = 30 * 24 * 3600
"""Seconds after which a result that no run has asked for is dropped."""

LARGEST = 64 * 1024 * 1024
"""Bytes of results in one file; beyond them those are dropped that were not asked for the longest."""

_VERSION = 1
_CLASSES = frozenset(
    {
        ("s3ap_lint.cache", "_Kept"),
        ("s3ap_lint.diagnostic", "Diagnostic"),
        ("s3ap_lint.diagnostic", "Place"),
        ("s3ap_lint.diagnostic", "PlacedEdit"),
        ("s3ap_lint.diagnostic", "PlacedFix"),
        ("s3ap_lint.directives", "Directive"),
        ("s3ap_lint.directives", "Directives"),
        ("s3ap_lint.directives", "Form"),
        ("s3ap_lint.directives", "Malformed"),
        ("s3ap_lint.model", "Group"),
        ("s3ap_lint.model", "Safety"),
        ("s3ap_lint.model", "Scenario"),
        ("s3ap_lint.model", "Severity"),
        ("s3ap_lint.model", "Span"),
        ("s3ap_lint.model", "Unchecked"),
        ("s3ap_lint.model", "Unimport"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
    }
)  # what a result is made of; nothing else is ever built from a file


@dataclass(frozen=True, slots=True)
class _Kept:
    """A result as it is stored: its basis and itself, pickled, and the day it was last asked for (Unix time)."""

    basis: bytes
    result: bytes
    used: int


@dataclass
class Cache:
    """The kept results of one project. `file` is empty where nothing can be kept."""

    file: str
    known: Known = field(default_factory=Known)
    hits: int = 0
    _kept: dict[str, list[_Kept]] = field(default_factory=dict)
    _new: bool = False
    _loaded: object = None
    _now: int = field(default_factory=lambda: int(time.time()))

    def get(self, unit: Task | Uses | str, present: Present) -> UnitResult | None:
        """The result of a unit, if one is there whose basis holds."""
        variants = self._kept.get(_named(unit), [])
        for at, kept in enumerate(variants):
            basis = _built(Basis, kept.basis)
            if basis is not None and present.holds(basis):
                result = _built(UnitResult, kept.result)
                if result is not None:
                    self.hits += 1
                    variants[at] = replace(kept, used=self._now)
                    return replace(result, rests_on=frozenset(basis.contents), basis=basis)
        return None

    def put(self, unit: Task | Uses | str, result: UnitResult) -> None:
        """Keep the result of a unit, unless nobody can say what it rests on."""
        if not self.file or result.basis is None:
            return
        bare = replace(result, rests_on=frozenset(), basis=None)
        kept = _Kept(_taken_apart(result.basis), _taken_apart(bare), self._now)
        others = [one for one in self._kept.get(_named(unit), []) if one.basis != kept.basis]
        self._kept[_named(unit)] = [kept, *others][:VARIANTS]
        self._new = True

    def save(self, known: Known) -> None:
        """Write what is new."""
        if not self.file or not (self._new or known != self.known):
            return
        if _stamp(self.file) != self._loaded:  # another run has ended meanwhile
            for name, variants in _read(self.file)[1].items():
                self._kept.setdefault(name, variants)
        files, folders = {**self.known.files, **known.files}, {**self.known.folders, **known.folders}
        content = (_VERSION, files, folders, _bounded(self._kept))
        storage.write(self.file, _pickled(content))


def _named(unit: Task | Uses | str) -> str:
    if isinstance(unit, str):
        return unit
    values = (getattr(unit, one.name) for one in fields(unit))  # a set prints in any order
    return repr((type(unit).__name__, *(sorted(v) if isinstance(v, frozenset) else v for v in values)))


def opened(config: Config, program: str) -> Cache:
    """The cache for a configuration and a program, which `program` tells from all others."""
    folder = storage.where()
    if not folder or not program:
        return Cache("")
    same = replace(config, jobs=0, engine="", engine_timeout=0.0, cwd=config.root, file=None)
    variables = sorted((name, value) for name, value in os.environ.items() if name.startswith("PYFLAKES"))
    surroundings = (variables, tuple(sys.flags), sys.warnoptions, getattr(os, "geteuid", int)())
    name = facts.digest(repr((_VERSION, program, same, surroundings)).encode("utf-8", "surrogateescape"))
    file = os.path.join(folder, "units", name)
    stamp = _stamp(file)
    known, kept = _read(file)
    return Cache(file, known, _kept=kept, _loaded=stamp)


def _read(file: str) -> tuple[Known, dict[str, list[_Kept]]]:
    data = storage.read(file)
    content: Any = _unpickled(data) if data else None
    try:
        version, files, folders, kept = content
        if version == _VERSION and all(isinstance(one, dict) for one in (files, folders, kept)):
            return Known(files, folders), kept
    except (TypeError, ValueError):
        pass
    return Known(), {}


def _stamp(file: str) -> object:
    try:
        return facts.signature(os.stat(file))
    except OSError:
        return None


def _bounded(kept: Mapping[str, Iterable[_Kept]]) -> dict[str, list[_Kept]]:
    """What was asked for of late, as much as there is room for."""
    recent = time.time() - MONTH
    every = [(one.used, name, one) for name, variants in kept.items() for one in variants if one.used > recent]
    out: dict[str, list[_Kept]] = {}
    room = LARGEST
    for _, name, one in sorted(every, key=lambda found: -found[0]):
        room -= len(one.basis) + len(one.result) + len(name)
        if room < 0:
            break
        out.setdefault(name, []).append(one)
    return out


def _taken_apart(value: Basis | UnitResult) -> bytes:
    """The fields alone: a frozen class with slots is slow to build again by pickle."""
    return _pickled([getattr(value, field.name) for field in fields(value)])


def _built(kind: Callable[..., Built], data: bytes) -> Built | None:
    values = _unpickled(data)
    try:
        return kind(*values)
    except TypeError:
        return None


def _pickled(value: object) -> bytes:
    return pickle.dumps(value, protocol=5)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _CLASSES:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a result")
        return super().find_class(module, name)


def _unpickled(data: bytes) -> Any:
    """What was stored, or None where that is not to be had."""
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except Exception:  # whatever pickle may raise about bytes that somebody else wrote
        return None
