"""Whether code is somebody else's package that was checked in."""

from __future__ import annotations

from functools import lru_cache
from posixpath import basename, dirname

from s3ap_lint.workspace import Workspace

FOLDERS = frozenset(("_vendor", "dependencies", "site-packages", "third_party", "vendor", "vendored"))


def vendored(path: str, workspace: Workspace) -> bool:
    """Whether a module is part of an installed package that was checked in."""
    folder = dirname(path)
    while folder:
        if basename(folder) in FOLDERS or _says_installed(workspace.listdir(folder)):
            return True
        folder = dirname(folder)
    return False


@lru_cache(maxsize=1024)
def _says_installed(names: tuple[str, ...]) -> bool:
    """Whether a folder with these names in it is one that packages are installed into."""
    return any(name.endswith((".dist-info", ".egg-info")) for name in names)
