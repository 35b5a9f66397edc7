"""A run of the program that writes down its work in a log: a line for each file read, each parse, each call of a rule.

    python counting.py ROOT LOG ARGUMENT…
    python counting.py --calls FOLDER…

The second counts all calls of functions while each folder is checked, one after the other in one process.
Reads and parses are told by Python itself (audit events), wherever they are asked for; a worker process is watched when
`watch_from_environment` runs as it starts, which a sitecustomize module can do.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT, LOG = "S3AP_COUNTED_ROOT", "S3AP_COUNTED_LOG"
OPTIONS = ("--engine", "none", "--no-cache", "--exit-zero", "--jobs", "1", "--format", "json", "--output")


class Log:
    """What happens in files below a root; each line is on disk when it is written, so that no process loses any."""

    def __init__(self, root: Path, log: Path) -> None:
        self.root = os.path.realpath(root) + os.sep
        self._handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._names = {}
        for path in sorted(Path(root).rglob("*")):
            if path.is_file():
                self._names.setdefault(_digest(path.read_bytes()), path.relative_to(root).as_posix())

    def write(self, kind: str, name: str) -> None:
        """Note that something was done once more."""
        os.write(self._handle, f"{kind}\t{name}\n".encode())

    def watch(self) -> None:
        """Have Python tell of every file that is opened and every text that is parsed, from now on."""
        sys.addaudithook(self._told)

    def _told(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(self.root):
            self.write("read", arguments[0].removeprefix(self.root))
        elif event == "compile" and isinstance(arguments[0], bytes | str):
            text = arguments[0].encode() if isinstance(arguments[0], str) else arguments[0]
            self.parsed("Python parse", text)

    def parsed(self, kind: str, data: bytes, otherwise: str = "") -> None:
        """Note that a file was parsed, by its content; of anything else, such as an annotation, say so if at all."""
        name = self._names.get(_digest(data), otherwise)
        if name:
            self.write(kind, name)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def watch_from_environment() -> None:
    """Watch this process, if it was started by one that is watched."""
    if ROOT in os.environ:
        Log(Path(os.environ[ROOT]), Path(os.environ[LOG])).watch()


def count_calls(log: Log) -> None:
    """Have the functions that do the work say so."""
    from s3ap_lint import tasks
    from s3ap_lint.python.closure import Closure
    from s3ap_lint.python.reach import Reach
    from s3ap_lint.python.walk import Walk
    from s3ap_lint.template import document
    from s3ap_lint.template.conditions import Space
    from s3ap_rules.foreign import pyflakes

    _rebind(document.parse, lambda source: log.parsed("template parse", source.data, f"{source.path}, edited"))
    _before(Walk, lambda source, *rest: log.write("facts of a module", source.path))
    _before(Closure, lambda entry, handler, **rest: log.write("closure", f"{entry} {handler}"))
    _before(Reach, lambda names, handler, *rest: log.write("reach", f"{names.graph.root.path} {handler}"))
    _before(Space, lambda top: log.write("conditions", top.subject))
    _before(pyflakes._Checker, lambda tree, path: log.write("pyflakes", path))
    original = tasks.registry_for

    def registry_for(*arguments: Any) -> Any:
        registry = original(*arguments)
        registry.by_subject = {
            kind: tuple((rule, _said(rule.code, detector, log)) for rule, detector in pairs)
            for kind, pairs in registry.by_subject.items()
        }
        return registry

    _replace(original, registry_for)


def _said(code: str, detector: Callable[..., Any], log: Log) -> Callable[..., Any]:
    def counted(subject: Any, *rest: Any) -> Any:
        log.write("rule", f"{code} {type(subject).__name__} {_subject(subject)}")
        return detector(subject, *rest)

    return counted


def _subject(subject: Any) -> str:
    """What tells a subject from all others of its type."""
    at = getattr(subject, "at", None)
    places = [getattr(at, "subject", ""), *map(str, getattr(at, "path", ()))]
    own = [str(getattr(subject, name)) for name in ("path", "folder", "id", "name") if hasattr(subject, name)]
    span = getattr(at, "span", None)
    return " ".join([*own, "/".join(places), str(span.start) if span is not None else ""]).strip()


def _rebind(function: Callable[..., Any], say: Callable[..., None]) -> None:
    def counted(*arguments: Any, **named: Any) -> Any:
        say(*arguments, **named)
        return function(*arguments, **named)

    _replace(function, counted)


def _replace(function: Callable[..., Any], instead: Callable[..., Any]) -> None:
    """Put one function in the place of another, under every name that a module of ours has for it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("s3ap_"):
            for own, value in list(vars(module).items()):
                if value is function:
                    setattr(module, own, instead)


def _before(made: type, say: Callable[..., None]) -> None:
    make = made.__init__

    def counted(self: Any, *arguments: Any, **named: Any) -> None:
        say(*arguments, **named)
        make(self, *arguments, **named)

    made.__init__ = counted


def main(root: str, log: str, *arguments: str) -> None:
    """Run the program in this process, counted; what it has imported by the end is in the log, too."""
    written = Log(Path(root), Path(log))
    if ROOT not in os.environ:
        written.watch()
    importlib.import_module("s3ap_lint.check_command")
    from s3ap_lint import cli

    count_calls(written)
    try:
        sys.exit(cli.main(list(arguments)))
    finally:
        for name in sorted({name.partition(".")[0] for name in sys.modules}):
            written.write("imported", name)


def calls(*folders: str) -> None:
    """Print how many calls each folder takes; the first is checked once before, so that all is imported."""
    from s3ap_lint import cli

    count = 0

    def told(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    for folder in (folders[0], *folders):
        os.chdir(folder)
        count = 0
        sys.setprofile(told)
        cli.main([*OPTIONS, os.devnull, "."])
        sys.setprofile(None)
        print(count)


if __name__ == "__main__":
    if sys.argv[1] == "--calls":
        calls(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
