"""The door for plugins: five hooks, and a manager that fails loudly.

Each hook is called once, at start-up. A plugin is a module (or object) in the entry-point group
`s3ap_lint`, or one named on the command line with `--plugin-path`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from s3ap_lint.errors import PluginError
from s3ap_lint.model import Detector, Rule
from s3ap_lint.offers import Engine, Renderer

GROUP = "s3ap_lint"

F = TypeVar("F", bound=Callable[..., Any])
_hookspec = pluggy.HookspecMarker(GROUP)
_hookimpl = pluggy.HookimplMarker(GROUP)


def hookimpl(function: F) -> F:
    """Mark a function as this plugin's implementation of the hook it is named after."""
    return _hookimpl(function)


class Hooks:
    """The hooks. Each returns an iterable; the order of plugins means nothing."""

    @_hookspec
    def s3ap_rules(self) -> Iterable[Rule | Detector]:
        """Return the rules this plugin offers, and its detectors for the rules of others."""
        raise NotImplementedError

    @_hookspec
    def s3ap_loaders(self) -> Iterable[Any]:
        """Return loaders: a loader claims a target ("path", "stack:…") and yields the units to check."""
        raise NotImplementedError

    @_hookspec
    def s3ap_appliers(self) -> Iterable[Any]:
        """Return appliers: an applier carries out one type of change and can describe it without doing it."""
        raise NotImplementedError

    @_hookspec
    def s3ap_renderers(self) -> Iterable[Renderer]:
        """Return output formats: a name and a function from (report, rules, options) to text."""
        raise NotImplementedError

    @_hookspec
    def s3ap_engines(self) -> Iterable[Engine]:
        """Return foreign linters: a name, the codes they can give, a version, and check(unit) → findings."""
        raise NotImplementedError


HOOKS = ("s3ap_rules", "s3ap_loaders", "s3ap_appliers", "s3ap_renderers", "s3ap_engines")


class Manager:
    """The plugins of one run, by name."""

    def __init__(self) -> None:
        self._pm = pluggy.PluginManager(GROUP)
        self._pm.add_hookspecs(Hooks)
        self._modules: set[str] = set()

    def register(self, plugin: object, name: str, module: str = "") -> None:
        """Take a plugin in, from a module; raises PluginError when the name is taken or a hook is unknown."""
        if self._pm.has_plugin(name):
            raise PluginError(f"two plugins are called {name!r}; disable one with --no-plugin {name}")
        stray = sorted(n for n in dir(plugin) if n.startswith("s3ap_") and n not in HOOKS and _marked(plugin, n))
        if stray:
            raise PluginError(
                f"plugin {name!r} implements an unknown hook {stray[0]!r}; the hooks are {', '.join(HOOKS)}"
            )
        self._modules.add(module or getattr(plugin, "__name__", type(plugin).__module__))
        try:
            self._pm.register(plugin, name)
            self._pm.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(f"plugin {name!r}: {error}".splitlines()[0]) from error

    def names(self) -> list[str]:
        """The names of all plugins, sorted."""
        return sorted(name for name, plugin in self._pm.list_name_plugin() if plugin is not None)

    def modules(self) -> list[str]:
        """The modules that the plugins are or come from, sorted."""
        return sorted(self._modules)

    def call(self, hook: str) -> list[tuple[str, Any]]:
        """What every plugin returns for a hook: (plugin name, thing) pairs, sorted by plugin.

        Raises PluginError, naming the plugin, when one fails.
        """
        out: list[tuple[str, Any]] = []
        for implementation in getattr(self._pm.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                out += [(name, thing) for thing in implementation.function()]
            except Exception as error:
                raise PluginError(f"plugin {name!r} failed in {hook}: {type(error).__name__}: {error}") from error
        return sorted(out, key=lambda pair: pair[0])


def _marked(plugin: object, name: str) -> bool:
    return getattr(getattr(plugin, name, None), f"{GROUP}_impl", None) is not None


def make_manager(*, disabled: Iterable[str] = (), trusted: Sequence[Path] = ()) -> Manager:
    """A fresh manager with every installed plugin that is not disabled, and the trusted files.

    `trusted` holds Python files or packages given with `--plugin-path`: the only way in which
    code beside the checked project is imported. Raises PluginError when one does not import, or
    when a disabled name is no plugin's.
    """
    manager, off = Manager(), set(disabled)
    found = {point.name: point for point in entry_points(group=GROUP)}
    paths = {path.stem: path for path in trusted}
    unknown = sorted(off - found.keys() - paths.keys())
    if unknown:
        raise PluginError(f"no plugin is called {unknown[0]!r}; there are {', '.join(sorted(found)) or 'none'}")
    for name, point in sorted(found.items()):
        if name not in off:
            manager.register(_imported(name, point.load), name, point.module)
    for name, path in sorted(paths.items()):
        if name not in off:
            manager.register(_imported(name, partial(_from_path, path)), name)
    return manager


def _imported(name: str, load: Callable[[], object]) -> object:
    try:
        return load()
    except PluginError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise PluginError(
            f"plugin {name!r} does not import ({type(error).__name__}: {error}); "
            f"repair or reinstall it, or run with --no-plugin {name}"
        ) from error


def _from_path(path: Path) -> object:
    if not path.exists():
        raise PluginError(f"--plugin-path {path}: no such file or folder")
    sys.path.insert(0, str(path.resolve().parent))
    try:
        plugin = importlib.import_module(path.stem)
    finally:
        sys.path.pop(0)
    if not any(_marked(plugin, name) for name in dir(plugin) if name.startswith("s3ap_")):
        raise PluginError(
            f"--plugin-path {path}: it implements no hook, so it would add nothing; "
            "give it a function s3ap_rules, marked @hookimpl, that returns its rules"
        )
    return plugin
