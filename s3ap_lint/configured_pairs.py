"""The configured pairs, one for each folder that has them."""

from __future__ import annotations

from posixpath import dirname, normpath

from s3ap_lint.config import Config
from s3ap_lint.discovery import discover
from s3ap_lint.settings import Pair
from s3ap_lint.twins import everywhere, halves
from s3ap_lint.workspace import Workspace


def pairs_of(config: Config, workspace: Workspace) -> list[Pair]:
    """The pairs as paths below the root.

    Two names without a slash are a pair in every folder that has both files; of others, files may be missing.
    """
    anywhere = [pair for pair in config.pairs if everywhere(pair)]
    found = [Pair(normpath(one.source), normpath(one.generated)) for one in config.pairs if one not in anywhere]
    if anywhere:
        known = discover([config.root], workspace, cwd=config.root, top=config.top, exclude=config.exclude)
        folders = sorted({dirname(candidate.path) for candidate in known.templates})
        found += [
            Pair(*paths)
            for folder in folders
            for pair in anywhere
            if (paths := halves(pair, folder)) is not None and all(map(workspace.is_file, paths))
        ]
    return list(dict.fromkeys(found))
