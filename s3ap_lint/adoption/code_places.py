"""Where the code of functions lies when their templates do not say: one folder, or no answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from s3ap_lint.function import Function
from s3ap_lint.python.module import Module
from s3ap_lint.resolution import code_key

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_EVERYWHERE = frozenset(
    ("app", "code", "function", "functions", "handler", "index", "lambda", "main", "py", "s3", "zip")
)


@dataclass(frozen=True)
class CodePlace:
    """An entry of the code map, and why."""

    pattern: str
    folder: str
    reason: str


def places(
    functions: Iterable[Function], files: Iterable[str], load: Callable[[str], Module | None]
) -> list[CodePlace]:
    """Entries that join functions to the only code that can be theirs.

    An entry counts for the whole project, so its pattern is a name that no other function has.
    """
    every = list(functions)
    ids, keys = (Counter(name(function.resource) for function in every) for name in (lambda r: r.id, code_key))
    lost = [function for function in every if not function.joined and function.handler]
    modules = tuple(files)
    found: dict[str, CodePlace] = {}
    for function in lost:
        key = code_key(function.resource)
        pattern = key if _literal(key) and keys[key] == 1 else function.id if ids[function.id] == 1 else ""
        place = _place(function, modules, load, alone=len(lost) == 1) if pattern else None
        if place:
            found[pattern] = CodePlace(pattern, *place)
    return list(found.values())


def _literal(key: str) -> bool:
    return bool(key) and not re.search(r"[\[\]*?${}]", key)


def _place(
    function: Function, files: tuple[str, ...], load: Callable[[str], Module | None], *, alone: bool
) -> tuple[str, str] | None:
    """The folder of a function's code, and why that."""
    module, _, entry = function.handler.rpartition(".")
    end = (module if "/" in module else module.replace(".", "/")) + ".py"
    roots = [path[: -len(end)].rstrip("/") for path in files if path == end or path.endswith(f"/{end}")]
    roots = [root for root in roots if root and _has(f"{root}/{end}", entry, load)]
    wanted = _words(f"{code_key(function.resource)} {function.id}")
    scores = {root: len(wanted & _words(root)) for root in roots}
    best = max(scores.values(), default=0)
    likely = [root for root, score in scores.items() if score == best]
    if len(likely) != 1 or not (best or (alone and len(roots) == 1)):
        return None
    only = "the only folder" if len(roots) == 1 else "the folder of that name"
    return likely[0], f"{only} with {end} and {entry}() in it"


def _has(path: str, entry: str, load: Callable[[str], Module | None]) -> bool:
    module = load(path)
    return module is not None and entry in module.scope.children


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)} - _EVERYWHERE
