"""The hook for pre-commit, added to the repositories that a project has already."""

from __future__ import annotations

from typing import Any

from s3ap_lint import __version__
from s3ap_lint.adoption.proposal import Files, Proposal, refused, settled
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node

PATH = ".pre-commit-config.yaml"
ID = "s3ap-lint"

HOOK = rf"""- repo: local
  hooks:
    - id: {ID}
      name: {ID}
      entry: {ID} --allow-empty --force-exclude
      args: ["--"]  # the name of a file is never an option
      language: python
      additional_dependencies: [{ID}=={__version__}]
      types: [text]
      files: (?i)\.(ya?ml|json|template|cfn|cform|py|toml|sh|bash|md|markdown)$|(^|/)samconfig[^/]*\.toml
      require_serial: true  # one run looks at all files of a commit, over all processors
"""


def hook(files: Files) -> Proposal:
    """The file with the hook as the last of its repositories; comments and everything else stay."""
    before = files.get(PATH)
    if before is None or not before.strip():
        return Proposal(PATH, before, f"repos:\n{HOOK}".encode())
    source = Source(PATH, before)
    parsed = document.parse(source)
    top = parsed.top
    if _says_nothing(before):
        return _proposed(
            source, before + (b"" if before.endswith(b"\n") else _eol(source)) + _lines(source, "repos:\n")
        )
    repositories = top["repos"] if top is not None else None
    if top is None or repositories is None or any(problem.fatal for problem in parsed.problems):
        return refused(PATH, before, "cannot be read as YAML; add this below `repos:`", HOOK)
    if _is_null(repositories) or (repositories.is_sequence and not len(repositories)):
        return _proposed(source, _instead_of_none(source, repositories))
    if any(one["id"].text.startswith(ID) for repository in repositories for one in repository["hooks"]):
        return settled(PATH, before)
    return _proposed(source, _with_block(source, repositories))


def _proposed(source: Source, after: bytes | None) -> Proposal:
    """The file as it shall be, if that then says what it is to say."""
    if after is None or not _says(after, source):
        return refused(PATH, source.data, "is written in a style of its own; add this below `repos:`", HOOK)
    return Proposal(PATH, source.data, after)


def _says_nothing(data: bytes) -> bool:
    """Whether there are only comments, and the mark of a document's start."""
    lines = (line.strip() for line in data.splitlines())
    return all(line in (b"", b"---") or line.startswith(b"#") for line in lines)


def _is_null(node: Node) -> bool:
    return node.is_scalar and node.data() is None


def _eol(source: Source) -> bytes:
    return b"\r\n" if b"\r\n" in source.data else b"\n"


def _lines(source: Source, before: str = "") -> bytes:
    return (before + HOOK).encode().replace(b"\n", _eol(source))


def _instead_of_none(source: Source, repositories: Node) -> bytes:
    """The hook in the place of `[]` or `null`; a comment behind that stays behind `repos:`."""
    start, end = repositories.span.start, repositories.span.end
    rest, line_feed, below = source.data[end:].partition(b"\n")
    first = source.data[:start].rstrip(b" ") + (b"  " if rest.strip() else b"") + rest.strip()
    return first + _eol(source) + _lines(source) + (below if line_feed else b"")


def _with_block(source: Source, repositories: Node) -> bytes | None:
    """The hook as it is written above, behind the last repository; None if that is not what the file then says."""
    if not repositories.is_sequence or not len(repositories) or source.data[repositories.span.start :][:1] == b"[":
        return None
    first, last = repositories[0], repositories[len(repositories) - 1]
    start = source.line_start(source.line_of(first.span.start))
    dash = source.data.find(b"-", start, first.span.start)
    end = source.line_start(source.line_of(_last_offset(last)) + 1)
    if dash < 0 or source.data[start:dash].strip(b" "):
        return None
    eol = _eol(source)
    gap = b"" if source.data[:end].endswith(b"\n") else eol
    lines = [b" " * (dash - start) + line for line in HOOK.encode().splitlines()]
    spaced = eol if source.data[:start].endswith(eol * 2) or _spaced(source, repositories) else b""
    return source.data[:end] + gap + spaced + eol.join(lines) + eol + source.data[end:]


def _last_offset(node: Node) -> int:
    """Where the last thing that is written in a node begins or ends."""
    return max(max(one.span.start, one.span.end - 1) for one in node.walk() if one.is_scalar)


def _spaced(source: Source, repositories: Node) -> bool:
    """Whether empty lines stand between the repositories."""
    if len(repositories) < 2:
        return False
    line = source.line_of(repositories[1].span.start)
    above = source.data[source.line_start(max(1, line - 3)) : source.line_start(line)]
    return any(not text.strip() for text in above.splitlines())


def _says(after: bytes, source: Source) -> bool:
    """Whether a file says what it said, and the hook as its last repository."""
    new, old = (document.parse(Source(PATH, data)) for data in (after, source.data))
    if new.top is None or any(problem.fatal for problem in new.problems):
        return False
    wanted: Any = document.parse(Source(PATH, HOOK.encode())).top
    expected: Any = (old.top.data() if old.top is not None else None) or {}
    expected["repos"] = [*(expected.get("repos") or ()), *wanted.data()]
    return bool(new.top.data() == expected)
