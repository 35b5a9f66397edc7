"""The configured pairs, one for each folder that has them."""

from __future__ import annotations

from posixpath import dirname, join, normpath

from s3ap_lint.config import Config
from s3ap_lint.discovery import discover
from s3ap_lint.settings import Pair
from s3ap_lint.workspace import Workspace


def pairs_of(config: Config, workspace: Workspace) -> list[Pair]:
    """The pairs as paths below the root.

    Two names without a slash are a pair in every folder that has both files; of others, files may be missing.
    """
    anywhere = [pair for pair in config.pairs if "/" not in pair.source and "/" not in pair.generated]
    found = [Pair(normpath(one.source), normpath(one.generated)) for one in config.pairs if one not in anywhere]
    if anywhere:
        known = discover([config.root], workspace, cwd=config.root, top=config.top, exclude=config.exclude)
        folders = sorted({dirname(candidate.path) for candidate in known.templates})
        found += [
            Pair(join(folder, pair.source), join(folder, pair.generated))
            for folder in folders
            for pair in anywhere
            if workspace.is_file(join(folder, pair.source)) and workspace.is_file(join(folder, pair.generated))
        ]
    return list(dict.fromkeys(found))
