"""What a run that is over leaves for the next one: its words, and everything that they rest on (see `recall`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint import facts, program, recall
from s3ap_lint.basis import Basis
from s3ap_lint.run import Run


@dataclass(frozen=True, slots=True)
class Words:
    """What a run said, with which exit status, and into which file if not to standard output."""

    text: str
    status: int
    output: str | None = None


def remember(told: str, run: Run, words: Words, began: int) -> bool:
    """Keep what a run said that was told this and began at a moment (Unix time in ns), for when nothing has changed.

    False if it is not kept: something that it rests on changed so lately that a later change might go unseen, or nobody
    can say what it rests on.
    """
    file, basis, root = recall.file_for(told), run.basis(), str(run.config.root)
    if not file or basis is None:
        return False
    code = program.sources(run.registry.modules)
    exact = [*code, *(os.path.join(root, path) for path in basis.refused)]
    try:
        fields = [*_below(root, basis, began), *_elsewhere(facts.watched(), exact, began)]
    except (OSError, _Unsettled):
        return False
    output = os.path.abspath(words.output) if words.output else ""
    head = [told, root, repr(basis.until), str(words.status), output, *fields]
    return recall.store(file, head, words.text.encode("utf-8", "backslashreplace"))


class _Unsettled(Exception):
    """Something changed so lately that a later change might go unseen."""


def _below(root: str, basis: Basis, began: int) -> Iterator[str]:
    """Four fields for each thing below the root: its kind, signature, value and path."""
    for path, digest in basis.contents.items():
        yield from (recall.CONTENT_BELOW, _signature(os.path.join(root, path), began), digest, path)
    for path, (digest, _) in basis.folders.items():
        yield from (recall.ENTRIES_BELOW, _signature(os.path.join(root, path), began), digest, path)
    for path, real in basis.links.items():
        yield from (recall.LINK_BELOW, "", os.path.join(root, real), path)


def _elsewhere(watched: Mapping[str, str], exact: Iterable[str], began: int) -> Iterator[str]:
    """The same for absolute paths: those that were watched, and those that are taken by their signature."""
    for path, kind in watched.items():
        if kind.startswith(facts.CONTENT):
            signature = _signature(path, began)
            with open(path, "rb") as file:
                yield from (recall.CONTENT_AT, signature, facts.digest(file.read()), path)
        if kind != facts.CONTENT + facts.FILE:
            yield from (recall.KIND_AT, "", kind.removeprefix(facts.CONTENT), path)
    for path in exact:
        yield from (recall.SIGNATURE_AT, _signature(path, began), "", path)


def _signature(path: str, began: int) -> str:
    status = os.stat(path)
    if not facts.settled(status, began):
        raise _Unsettled
    return facts.signature(status)
