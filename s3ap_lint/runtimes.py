"""Which runtimes the templates of a whole project name, and how often."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from posixpath import join

from s3ap_lint.ignorefiles import default_folder
from s3ap_lint.source import Source
from s3ap_lint.workspace import Workspace

_RUNTIME = re.compile(rb"""^\s*["']?Runtime["']?\s*:\s*["']?((?:python|nodejs|java|dotnet|ruby)[\w.]+)""", re.MULTILINE)
_ENDINGS = (".yaml", ".yml", ".json", ".template")
FACT = "runtimes"
"""The name under which an answer's record has the counts: it rests on them, not on every template of the project."""

_LARGE = 10_000  # folders; a project with more of them is not counted out


class Runtimes:
    """Counts when first asked for: most runs never ask."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def counts(self) -> Counter[str]:
        """How often each runtime is written in the templates below the root."""
        self._workspace.note_told(FACT, _said(self._counts))
        return self._counts

    def counted(self) -> str:
        """The same as a text, on the record with all that it is made from."""
        return _said(self._count())

    @cached_property
    def _counts(self) -> Counter[str]:
        with self._workspace.unrecorded():
            return self._count()

    def _count(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in self._templates():
            source = self._workspace.read(path)
            if isinstance(source, Source) and b"Resources" in source.data:
                found.update(name.decode() for name in _RUNTIME.findall(source.data))
        return found

    def _templates(self) -> Iterator[str]:
        todo, seen = [""], 0
        while todo and seen < _LARGE:
            folder = todo.pop()
            seen += 1
            for name in self._workspace.listdir(folder):
                path = join(folder, name)
                if name.endswith(_ENDINGS):
                    yield path
                elif "." not in name[1:] and not default_folder(name) and self._workspace.is_dir(path):
                    todo.append(path)


def _said(counts: Counter[str]) -> str:
    return repr(sorted(counts.items()))
