"""What a handler that leads nowhere is meant to be, where one function alone can be meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from posixpath import basename

from s3ap_lint.api import (
    Fix,
    Function,
    Safety,
    edits,
    entry_functions,
    entry_points,
    folders_alike,
    modules_alike,
    offer,
)


def named_in_module(function: Function) -> Fix | None:
    """A fix that names the one function of the handler's module that Lambda can call.

    Safe where that is called a handler: nothing else in the module can be meant, and as it is every event fails.
    """
    module, _, name = function.handler.rpartition(".")
    there = entry_functions(function.closure.root.module) if function.closure and function.closure.root.module else ()
    meant = _the_one(name, there)
    if not meant:
        return None
    sure = len(there) == 1 and "handler" in meant.lower() and not function.guess
    return _handler(function, f"{module}.{meant}", Safety.SAFE if sure else Safety.REVIEW)


def named_inline(function: Function) -> Fix | None:
    """A fix that names the module which code in a template is, and the function of it that is meant."""
    name = function.handler.rpartition(".")[2]
    there = entry_functions(function.inline) if function.inline is not None else ()
    if function.is_placeholder:
        return None  # the package that comes later has the module
    if name in there:
        return _handler(function, f"index.{name}", Safety.SAFE)
    return _handler(function, f"index.{there[0]}", Safety.REVIEW) if len(there) == 1 else None


def named_in_folder(function: Function, folder: str) -> Fix | None:
    """A fix that names the one module of a folder that has the handler's function, or the one function there is."""
    module, _, name = function.handler.rpartition(".")
    if "/" in module:
        alike = modules_alike(function, folder)
        return _handler(function, f"{alike[0]}.{name}", Safety.REVIEW) if len(alike) == 1 else None
    found = entry_points(function, folder)
    same = [one for one in found if one[1] == name] if module else [one for one in found if name in one]
    meant = same or found
    return _handler(function, ".".join(meant[0]), Safety.REVIEW) if len(meant) == 1 else None


def found_in_folder(function: Function, folder: str) -> Fix | None:
    """A fix that names the one folder with nearly the name of one that is not there."""
    node, alike = function.resource.properties["CodeUri"], folders_alike(function, folder)
    if not node.is_text or len(alike) != 1:
        return None
    written = node.text.rstrip("/")
    if basename(written) != basename(folder):
        return None
    text = written.removesuffix(basename(folder)) + basename(alike[0]) + node.text[len(written) :]
    return offer(f"Take the code from {text}", edits.replace_text(node, function.template.source, text))


def _handler(function: Function, text: str, safety: Safety) -> Fix | None:
    node = function.resource.properties["Handler"]
    if not node.is_text:
        return None  # what Globals say is said of others too
    return offer(f"Set Handler to {text}", edits.replace_text(node, function.template.source, text), safety=safety)


def _the_one(name: str, candidates: Iterable[str]) -> str:
    """The only candidate, or the only one that is spelt nearly the same; "" if there is none."""
    known = list(candidates)
    near = [one for one in known if SequenceMatcher(None, name, one).ratio() >= _NEAR] if len(known) > 1 else known
    return near[0] if len(near) == 1 else ""


_NEAR = 0.75
