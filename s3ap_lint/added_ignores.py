"""What a change adds to what is silenced: ignores, Metadata, settings and baseline entries that are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from posixpath import basename

from s3ap_lint import narrowing, silences
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import AddedIgnore, Place
from s3ap_lint.history import Repository, Since
from s3ap_lint.narrowing import SettingsFile
from s3ap_lint.registry import Registry
from s3ap_lint.roots import OWN_FILE, SHARED_FILE
from s3ap_lint.silences import Silence
from s3ap_lint.suppress import heeds_noqa
from s3ap_lint.workspace import Workspace


def added(
    since: Since,
    repository: Repository,
    config: Config,
    registry: Registry,
    *,
    asked: Callable[[str], bool],
    baseline: Path | None = None,
) -> tuple[AddedIgnore, ...]:
    """What silences findings now and did not then, in files that were asked about, and in settings.

    Raises UsageError when git does not have what a file was.
    """
    heeded = _heeded(registry)
    old = repository.bytes_of(since.changes)
    then = {change.path: old[change.before] for change in since.changes if change.before}
    there = {change.path for change in since.changes if change.there}
    now, before = Workspace(config.root), Workspace(config.root, then)
    looked_at = [c.path for c in since.changes if asked(c.path) or basename(c.path) in silences.SCHEMA_SETTINGS]
    new = [one for path in looked_at if path in there for one in silences.of_file(path, now, heeded)]
    known = [one for path in looked_at if path in then for one in silences.of_file(path, before, heeded)]
    settings = _settings(config, now, then, there)
    new += settings[0]
    known += settings[1]
    found = silences.added(new, known, gone=lambda path: path not in there)
    found += _narrowed(config, repository, since, then, registry)
    accepted = baseline and baseline.is_relative_to(config.root) and baseline.relative_to(config.root).as_posix()
    if accepted and accepted in there:
        found += _of_baseline(accepted, now, then)
    return tuple(found)


def settings_changed(since: Since, repository: Repository, config: Config, *, schema: bool) -> bool:
    """Whether the settings are not what they were; `schema`: also those of the schema engine."""
    names = {change.path: change for change in since.changes}
    if schema and any(name in names for name in silences.SCHEMA_SETTINGS):
        return True
    files = [name for name in (OWN_FILE, SHARED_FILE, *_own(config)) if name in names]
    old = repository.bytes_of(names[name] for name in files)
    tables = {name: _table(config.root / name, name) for name in files}
    return any(table != silences.table(old.get(names[name].before, b""), name) for name, table in tables.items())


def _own(config: Config) -> tuple[str, ...]:
    """The configuration file in force, relative to the root, if it lies there."""
    file = config.file
    return (file.relative_to(config.root).as_posix(),) if file and file.is_relative_to(config.root) else ()


def _table(file: Path, name: str) -> Mapping[str, object]:
    return silences.table(file.read_bytes(), name) if file.is_file() else {}


def _settings(
    config: Config, now: Workspace, then: Mapping[str, bytes], there: Iterable[str]
) -> tuple[list[Silence], list[Silence]]:
    """What the settings silence and silenced; wherever they stood, settings are settings."""
    changed = {*then, *there}
    files = [name for name in dict.fromkeys((*_own(config), OWN_FILE, SHARED_FILE)) if name in changed]
    new = [one for name in files for one in silences.of_settings(_bytes(now, name), name)]
    return new, [one for name in files if name in then for one in silences.of_settings(then[name], name)]


def _narrowed(
    config: Config, repository: Repository, since: Since, then: Mapping[str, bytes], registry: Registry
) -> list[AddedIgnore]:
    """What the file in force leaves out by other means than a list of it."""
    names = tuple(dict.fromkeys((*_own(config), OWN_FILE, SHARED_FILE)))
    changed = {change.path for change in since.changes}
    if changed.isdisjoint(names):
        return []
    there = {name: (config.root / name).read_bytes() for name in names if (config.root / name).is_file()}
    were = {name: data for name, data in there.items() if name not in changed}
    were |= {name: then[name] for name in names if name in then}
    return narrowing.narrowed(_in_force(were, names), _in_force(there, names), registry)


def _in_force(files: Mapping[str, bytes], names: Iterable[str]) -> SettingsFile:
    """The first of the files that has settings."""
    for name in names:
        table = silences.table(files.get(name, b""), name)
        if table or (name in files and name != SHARED_FILE):
            return SettingsFile(name, files[name].decode("utf-8", "replace"), table)
    return SettingsFile(OWN_FILE, "", {})


def _of_baseline(path: str, now: Workspace, then: Mapping[str, bytes]) -> list[AddedIgnore]:
    new = list(silences.of_baseline(_bytes(now, path), path))
    left = {one.path for one in new}
    # A baseline that has another name now is the one that is gone.
    before = [path] if path in then else [name for name in then if not now.is_file(name)]
    old = [one for name in before for one in silences.of_baseline(then.get(name, b""), name)]
    old = [replace(one, ignore=replace(one.ignore, place=Place(path))) for one in old]
    times = Counter(silences.added(new, old, gone=lambda one: one not in left))
    return [replace(one, what=f"{one.what}, {many:,} times") if many > 1 else one for one, many in times.items()]


def _bytes(workspace: Workspace, path: str) -> bytes:
    data = workspace.data(path)
    return data if isinstance(data, bytes) else b""


def _heeded(registry: Registry) -> Callable[[str], bool]:
    """Whether a code, or the beginning of one, that stands behind `noqa` is one that we give."""
    engines = (engine for engine in registry.engines.values() if engine.kind == "python")
    codes = [code for code in registry.rules if heeds_noqa(code)]
    codes += [entry.code for engine in engines for entry in engine.catalogue()]
    return lambda selector: any(code.startswith(selector.upper()) for code in codes)
