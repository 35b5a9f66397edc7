"""The language server: what an editor asks and tells, and which module answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from s3ap_lint import __version__
from s3ap_lint.arguments import ENGINES
from s3ap_lint.server import actions
from s3ap_lint.server.checks import PAUSE, TYPED, Checks
from s3ap_lint.server.definition import definitions
from s3ap_lint.server.diagnostics import SOURCE, diagnostic, shown_in
from s3ap_lint.server.documents import SETTINGS, Document, Documents
from s3ap_lint.server.hover import hover
from s3ap_lint.server.places import offset_at, path_of
from s3ap_lint.server.project import Stage
from s3ap_lint.source import Source

WATCHED = "**/*.{py,yaml,yml,json,template,toml,cfnlintrc}"


class Server(LanguageServer):
    """The server and what it knows of its client."""

    def __init__(self) -> None:
        # whole texts: the library counts lines as Python does, where a form feed ends one, and the protocol does not
        super().__init__(SOURCE, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.documents = Documents(self._say)
        self.checks = Checks(self.documents, self._publish)
        self.on_type = True
        self.pulls = False
        self.stopped = False
        self._loop: asyncio.Task[None] | None = None

    # -- what the client can -----------------------------------------------------------------------

    @property
    def encoding(self) -> str:
        """How positions are counted: "utf-8", "utf-16" or "utf-32"."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def configure(self, params: types.InitializeParams) -> None:
        """Take in the client's capabilities, folders and settings."""
        client = params.capabilities
        folders = [path_of(folder.uri) for folder in params.workspace_folders or []]
        folders += [path_of(params.root_uri)] if params.root_uri and not folders else []
        self.documents.folders = [folder.resolve() for folder in folders if folder is not None]
        options = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        self.on_type = options.get("run", "type") != "save"
        engine = options.get("engine")
        if engine in ENGINES:
            self.documents.overrides["engine"] = engine
        if options.get("config"):
            self.documents.settings = Path(str(options["config"])).expanduser()
        text, space = client.text_document, client.workspace
        refresh = space and space.diagnostics and space.diagnostics.refresh_support
        self.pulls = bool(text and text.diagnostic and refresh)
        shown = text.publish_diagnostics if text else None
        self.shows = {
            "related": bool(self.pulls or (shown and shown.related_information)),
            "tags": bool(self.pulls or (shown and shown.tag_support)),
            "described": bool(self.pulls or (shown and shown.code_description_support)),
        }
        self.versioned = bool(space and space.workspace_edit and space.workspace_edit.document_changes)
        watching = space and space.did_change_watched_files
        self.watches = bool(watching and watching.dynamic_registration)

    async def start(self) -> None:
        """Begin to check, and ask to be told of files that change outside of the editor."""
        self._loop = asyncio.create_task(self.checks.run())
        if self.watches:
            watchers = [types.FileSystemWatcher(glob_pattern=WATCHED)]
            registration = types.Registration(
                "s3ap-lint-files",
                types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                types.DidChangeWatchedFilesRegistrationOptions(watchers),
            )
            with contextlib.suppress(Exception):  # a client that says no is told of nothing by nobody
                await self.client_register_capability_async(types.RegistrationParams([registration]))

    async def stop(self) -> None:
        """End the checks."""
        self.stopped = True
        if self._loop is not None:
            self._loop.cancel()
        await self.checks.close()

    def _say(self, text: str) -> None:
        self.window_show_message(types.ShowMessageParams(types.MessageType.Error, text))

    # -- diagnostics -------------------------------------------------------------------------------

    def bytes_of(self, uri: str) -> bytes:
        """The text of an open document."""
        return self.workspace.get_text_document(uri).source.encode("utf-8", "surrogatepass")

    def _publish(self, document: Document, stage: Stage, version: int) -> None:
        project = document.project
        findings = shown_in(
            document.path, stage.report.findings, lambda path: self.documents.at(project, path) is not None
        )
        document.findings = tuple(findings)
        before, told = document.shown, document.told
        document.told = version
        document.shown = [
            diagnostic(
                finding,
                root=project.config.root,
                read=self.reading(document),
                encoding=self.encoding,
                hrefs=project.hrefs,
                **self.shows,
            )
            for finding in findings
        ]
        if not self.pulls and (before != document.shown or told != version):
            params = types.PublishDiagnosticsParams(document.uri, document.shown, version)
            self.text_document_publish_diagnostics(params)
        elif self.pulls and document.checked == version and before != document.shown:
            self.workspace_diagnostic_refresh(None)  # it asked for this version already

    def reading(self, document: Document) -> Any:
        """How the texts of a document's project are read: the open ones as they are in the editor."""

        def read(path: str) -> Source | None:
            opened = self.documents.at(document.project, path)
            return Source(path, opened.data) if opened is not None else document.project.source(path)

        return read

    def recheck(self, documents: list[Document], *, engine: bool = False) -> None:
        """Check documents once more."""
        for document in documents:
            self.checks.wish(document.uri, everywhere=True, engine=engine)


server = Server()


@server.feature(types.INITIALIZE)
def _initialize(ls: Server, params: types.InitializeParams) -> None:
    ls.configure(params)
    if ls.pulls:
        options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=SOURCE)
        ls.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(_pull)


@server.feature(types.INITIALIZED)
async def _initialized(ls: Server, params: types.InitializedParams) -> None:
    await ls.start()


@server.feature(types.SHUTDOWN)
async def _shutdown(ls: Server, params: None) -> None:
    await ls.stop()


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def _opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.documents.turn += 1
    item = params.text_document
    document = ls.documents.opened(item.uri, item.version, ls.bytes_of(item.uri))
    if document is not None:
        ls.checks.wish(item.uri, everywhere=True, engine=True)
        ls.recheck(list(ls.documents.beside(document)))


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def _changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    ls.documents.turn += 1
    uri = params.text_document.uri
    document = ls.documents.open.get(uri)
    if document is None:
        return
    document.version, document.data = params.text_document.version, ls.bytes_of(uri)
    ls.checks.forget_engine(uri)
    if ls.on_type:
        ls.checks.wish(uri, TYPED)
        ls.checks.ask_engine_later(uri, PAUSE)
        for other in ls.documents.beside(document):
            ls.checks.wish(other.uri, 2 * TYPED)


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def _saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    document = ls.documents.open.get(params.text_document.uri) or _known_after_all(ls, params.text_document.uri)
    if document is None:
        return
    if document.path.rpartition("/")[2] in SETTINGS:
        _reload(ls)
        return
    document.project.unsure = not ls.watches
    ls.checks.wish(document.uri, everywhere=True, engine=True)
    for other in ls.documents.beside(document):
        ls.checks.wish(other.uri, 0.01)


def _known_after_all(ls: Server, uri: str) -> Document | None:
    """A document whose project could not be used when it was opened."""
    text = ls.workspace.text_documents.get(uri)
    return ls.documents.opened(uri, text.version or 0, ls.bytes_of(uri)) if text is not None else None


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def _closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.documents.turn += 1
    uri = params.text_document.uri
    document = ls.documents.closed(uri)
    if document is None:
        return
    ls.checks.forget(uri)
    document.project.opinions.pop(document.path, None)
    if not ls.pulls:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
    ls.recheck(list(ls.documents.beside(document)))


@server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def _watched(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    ls.documents.turn += 1
    paths = [path for change in params.changes if (path := path_of(change.uri)) is not None]
    if any(path.name in SETTINGS for path in paths):
        _reload(ls)
        return
    opened = list(ls.documents.open.values())
    if any(change.type != types.FileChangeType.Changed for change in params.changes):
        for document in opened:
            document.project.files_changed()
    ls.recheck(opened)


@server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
def _folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    gone = {path_of(folder.uri) for folder in params.event.removed}
    added = [path_of(folder.uri) for folder in params.event.added]
    ls.documents.folders = [folder for folder in ls.documents.folders if folder not in gone]
    ls.documents.folders += [folder.resolve() for folder in added if folder is not None]


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def _configured(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    _reload(ls)


def _reload(ls: Server) -> None:
    ls.documents.turn += 1
    known = ls.workspace.text_documents.values()
    texts = [(one.uri, one.version or 0, ls.bytes_of(one.uri)) for one in known]
    before = set(ls.documents.open)
    documents = ls.documents.reload(texts)
    for uri in before - {document.uri for document in documents}:  # what was said of it holds no longer
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
    ls.recheck(documents, engine=True)


async def _pull(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    document = ls.documents.open.get(params.text_document.uri)
    if document is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    await ls.checks.checked(document)
    return types.RelatedFullDocumentDiagnosticReport(items=document.shown)


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(actions.KINDS)))
async def _actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    document = ls.documents.open.get(params.text_document.uri)
    if document is None:
        return []
    await ls.checks.checked(document)
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or []]
    source = Source(document.path, document.data)
    span = (offset_at(source, params.range.start, ls.encoding), offset_at(source, params.range.end, ls.encoding))
    read = ls.reading(document)

    def found() -> list[types.CodeAction]:
        out: list[types.CodeAction] = []
        if actions.wanted(types.CodeActionKind.QuickFix.value, only):
            out += actions.quick_fixes(document, span, ls.documents, read, ls.encoding, versioned=ls.versioned)
        if only and actions.wanted(actions.FIX_ALL, only):
            everything = actions.fix_all(document, ls.documents, read, ls.encoding, versioned=ls.versioned)
            out += [everything] if everything is not None else []
        return out

    return await ls.checks.aside(found)


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    document = ls.documents.open.get(params.text_document.uri)
    if document is None:
        return None
    await ls.checks.checked(document, 5.0)
    offset = offset_at(Source(document.path, document.data), params.position, ls.encoding)
    buffers = ls.documents.buffers(document.project)
    text = await ls.checks.aside(lambda: hover(document, buffers, offset))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
async def _definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    document = ls.documents.open.get(params.text_document.uri)
    if document is None:
        return []
    await ls.checks.checked(document, 5.0)
    offset = offset_at(Source(document.path, document.data), params.position, ls.encoding)
    read, buffers = ls.reading(document), ls.documents.buffers(document.project)
    return await ls.checks.aside(lambda: definitions(document, buffers, offset, read, ls.encoding))


def serve(overrides: Mapping[str, Any], settings: str | None) -> int:
    """Serve one client over standard input and output, until it says exit or goes away; the exit status.

    `overrides` are options by key, None if not given; `settings` is a configuration file.
    """
    server.documents.overrides = {key: value for key, value in overrides.items() if value}
    server.documents.settings = Path(settings) if settings else None
    outlet = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a plugin prints is no message
    server.start_io(stdout=outlet)
    return 0 if server.stopped else 1
