"""What a function's requirements ask for, and whether it lies beside the code."""

from __future__ import annotations

from posixpath import join

from s3ap_lint import data
from s3ap_lint.distributions import Requirements, in_runtime, normal
from s3ap_lint.workspace import Workspace


def not_vendored(folder: str, workspace: Workspace) -> tuple[str, ...]:
    """The distributions that a folder's requirements.txt asks for and that are neither in the folder nor in Lambda.

    ("?",) stands for lines that cannot be read.
    """
    wanted = Requirements()

    def text(path: str) -> str | None:
        found = workspace.data(path) if workspace.is_file(path) else None
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else None

    if not wanted.read(join(folder, "requirements.txt"), text):
        return ()
    lacking = sorted(name for name in wanted.names if not _is_there(name, folder, workspace))
    return (*lacking, *(() if wanted.complete else ("?",)))


def _is_there(name: str, folder: str, workspace: Workspace) -> bool:
    tops = _modules(name)
    if any(in_runtime(top) for top in tops):
        return True
    for found in workspace.listdir(folder):
        stem, _, kind = found.rpartition(".")
        if kind in ("dist-info", "egg-info") and normal(stem.partition("-")[0]) == name:
            return True
        if found.removesuffix(".py") in tops:
            return True
    return False


def _modules(name: str) -> frozenset[str]:
    """The top-level modules of a distribution itself: by its name, and what a table says; not of what it requires."""
    imports = data.load("python_packages")["imports"]
    return frozenset({name, name.replace("-", "_"), *(module for module, names in imports.items() if name in names)})
