"""Fixes as code actions: one at a time where the cursor is, and all safe ones of a document at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from lsprotocol import types

from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.errors import NotSettled
from s3ap_lint.fixes import Wish
from s3ap_lint.model import Edit, Safety, Span
from s3ap_lint.server.documents import Document, Documents
from s3ap_lint.server.places import Read, range_at, uri_of
from s3ap_lint.server.project import Project, Stage
from s3ap_lint.settle import edits_of, settle
from s3ap_lint.source import Source

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.s3ap-lint"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a kind of action is asked for: it or one above it, or no kind in particular."""
    return not only or any(kind == one or kind.startswith(f"{one}.") for one in only)


def quick_fixes(
    document: Document,
    span: tuple[int, int],
    documents: Documents,
    read: Read,
    encoding: str,
    *,
    versioned: bool,
) -> list[types.CodeAction]:
    """The fixes of findings that touch a span of bytes; those that a person has to review say so."""
    here = [(finding, shown) for finding, shown in zip(document.findings, document.shown, strict=True)]
    touched = [(finding, shown) for finding, shown in here if finding.fix is not None and _touches(finding, span)]
    project = document.project
    complete = project.with_edits([finding for finding, _ in touched], documents.buffers(project))
    actions = []
    for finding, (_, shown) in zip(complete, touched, strict=True):
        fix = finding.fix
        if fix is None or not fix.applicable or not fix.edits:
            continue
        edit = _workspace_edit(edits_of(finding), project, documents, read, encoding, versioned=versioned)
        if edit is None:
            continue
        review = " (to be reviewed)" if fix.safety is Safety.REVIEW else ""
        actions.append(
            types.CodeAction(
                f"{fix.title}{review}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[shown],
                is_preferred=fix.safety is Safety.SAFE,
                edit=edit,
            )
        )
    return actions


def fix_all(
    document: Document, documents: Documents, read: Read, encoding: str, *, versioned: bool
) -> types.CodeAction | None:
    """All safe fixes of a document that change nothing else, applied until there is no other; None when none is."""
    project, path = document.project, document.path
    buffers = documents.buffers(project)
    wish = Wish(frozenset({Safety.SAFE}), path.__eq__)

    def look(changed: Mapping[str, bytes]) -> Report:
        stages: list[Stage] = []
        project.check(path, {**buffers, **changed}, lambda: None, stages.append)
        report = stages[-1].report
        return replace(report, findings=project.with_edits(report.findings, {**buffers, **changed}))

    try:
        settled = settle(look, lambda one: document.data if one == path else b"", wish)
    except NotSettled as error:
        settled = settle(look, lambda one: document.data if one == path else b"", replace(wish, never=error.codes))
    after = settled.files.get(path)
    if after is None or after == document.data:
        return None
    edits = _line_edits(path, document.data, after)
    edit = _workspace_edit(edits, project, documents, read, encoding, versioned=versioned)
    count = len(settled.applied)
    title = f"Fix all that s3ap-lint can fix safely ({count} finding{'s' * (count != 1)})"
    return types.CodeAction(title, kind=FIX_ALL, edit=edit)


def _touches(finding: Diagnostic, span: tuple[int, int]) -> bool:
    return finding.place.start <= span[1] and span[0] <= finding.place.end


def _line_edits(path: str, before: bytes, after: bytes) -> list[Edit]:
    """What makes one text of another, line by line."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    at = [0]
    for line in old:
        at.append(at[-1] + len(line))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        Edit(path, Span(at[i1], at[i2]), b"".join(new[j1:j2]).decode("utf-8"))
        for tag, i1, i2, j1, j2 in steps
        if tag != "equal"
    ]


def _workspace_edit(
    edits: Iterable[Edit], project: Project, documents: Documents, read: Read, encoding: str, *, versioned: bool
) -> types.WorkspaceEdit | None:
    """Edits for the editor to make; None when a file is not there."""
    by_path: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        opened = documents.at(project, edit.subject)
        source = Source(edit.subject, opened.data) if opened is not None else read(edit.subject)
        if source is None:
            return None
        span = range_at(source, edit.span.start, edit.span.end, encoding)
        by_path.setdefault(edit.subject, []).append(types.TextEdit(span, edit.text))
    if not versioned:
        return types.WorkspaceEdit(changes={_uri(project, documents, path): found for path, found in by_path.items()})
    changes = [
        types.TextDocumentEdit(
            types.OptionalVersionedTextDocumentIdentifier(
                _uri(project, documents, path), _version(project, documents, path)
            ),
            list(found),
        )
        for path, found in by_path.items()
    ]
    return types.WorkspaceEdit(document_changes=list(changes))


def _uri(project: Project, documents: Documents, path: str) -> str:
    opened = documents.at(project, path)
    return opened.uri if opened is not None else uri_of(project.config.root / path)


def _version(project: Project, documents: Documents, path: str) -> int | None:
    opened = documents.at(project, path)
    return opened.version if opened is not None else None
