"""An editor as the language server sees one: pytest-lsp's client, which holds messages against the specification."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from conftest import Cli
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient

SAVED = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
            related_information=True,
            version_support=True,
            code_description_support=True,
            data_support=True,
            tag_support=types.ClientDiagnosticsTagOptions([types.DiagnosticTag.Unnecessary]),
        ),
        code_action=types.CodeActionClientCapabilities(),
    ),
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    ),
)
"""What Neovim, Helix and Emacs can do: diagnostics are pushed to them."""


class Editor:
    """Open documents, as the person sees them; positions are found by text."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.server = 0
        """The number of its process."""
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.refreshed = 0
        self.watched: list[types.Registration] = []
        self.messages: list[str] = []
        self._news = asyncio.Event()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _published(_: LanguageClient, params: types.PublishDiagnosticsParams) -> None:
            self.published.setdefault(params.uri, []).append(params)
            self._news.set()

        @client.feature(types.WORKSPACE_DIAGNOSTIC_REFRESH)
        def _refreshed(_: LanguageClient, params: object) -> None:
            self.refreshed += 1
            self._news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def _told(_: LanguageClient, params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self._news.set()

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def _registered(_: LanguageClient, params: types.RegistrationParams) -> None:
            self.watched += params.registrations
            self._news.set()

    def uri(self, path: str) -> str:
        """The URI of a file of the folder."""
        return (self.folder / path).as_uri()

    def identifier(self, path: str) -> types.TextDocumentIdentifier:
        """How requests name a document."""
        return types.TextDocumentIdentifier(self.uri(path))

    def open(self, path: str, text: str | None = None) -> None:
        """Open a file, or a text that is not saved yet."""
        self.texts[path] = (self.folder / path).read_text(encoding="utf-8") if text is None else text
        self.versions[path] = 1
        language = "python" if path.endswith(".py") else "yaml"
        item = types.TextDocumentItem(self.uri(path), language, 1, self.texts[path])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, path: str, old: str, new: str) -> int:
        """Replace a text once; the new version."""
        assert old in self.texts[path]
        self.texts[path] = self.texts[path].replace(old, new, 1)
        self.versions[path] += 1
        identifier = types.VersionedTextDocumentIdentifier(uri=self.uri(path), version=self.versions[path])
        change = types.TextDocumentContentChangeWholeDocument(self.texts[path])
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        return self.versions[path]

    def save(self, path: str) -> None:
        """Write the text to its file, and say so."""
        (self.folder / path).write_text(self.texts[path], encoding="utf-8")
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(self.identifier(path)))

    def close(self, path: str) -> None:
        """Close a document."""
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.identifier(path)))

    def position(self, path: str, text: str, beyond: int = 0) -> types.Position:
        """Where a text begins, in UTF-16 units, so many characters further on."""
        before = self.texts[path][: self.texts[path].index(text) + beyond]
        line = before.count("\n")
        return types.Position(line, len(before.rpartition("\n")[2].encode("utf-16-le")) // 2)

    async def until(self, true: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something is true; fail when it does not come true."""

        async def wait() -> None:
            while not true():
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(wait(), seconds)

    async def codes(self, path: str, wanted: list[str]) -> list[types.Diagnostic]:
        """The diagnostics of a document as soon as they have these codes, in order of the text."""
        uri, found = self.uri(path), list[types.Diagnostic]()

        def there() -> bool:
            news = self.published.get(uri, [])
            found[:] = news[-1].diagnostics if news else []
            return bool(news) and sorted(str(one.code) for one in found) == sorted(wanted)

        try:
            await self.until(there)
        except TimeoutError:
            raise AssertionError(f"expected {wanted} in {path}, got {[one.code for one in found]}") from None
        return sorted(found, key=lambda one: (one.range.start.line, one.range.start.character))

    async def actions(self, path: str, text: str, only: list[str] | None = None) -> list[types.CodeAction]:
        """The code actions where a text stands."""
        at = types.Range(self.position(path, text), self.position(path, text, len(text)))
        kinds = [types.CodeActionKind(kind) if kind in _KINDS else kind for kind in only or []]
        context = types.CodeActionContext([], only=kinds or None)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(self.identifier(path), at, context)
        )
        return [one for one in found or [] if isinstance(one, types.CodeAction)]

    async def hover(self, path: str, text: str, beyond: int = 0) -> str:
        """What is shown over a text."""
        params = types.HoverParams(self.identifier(path), self.position(path, text, beyond))
        found = await self.client.text_document_hover_async(params)
        return found.contents.value if found and isinstance(found.contents, types.MarkupContent) else ""

    async def goes_to(self, path: str, text: str, beyond: int = 0) -> list[tuple[str, int]]:
        """Where a text leads: paths and 1-based lines."""
        params = types.DefinitionParams(self.identifier(path), self.position(path, text, beyond))
        found = await self.client.text_document_definition_async(params)
        places = found if isinstance(found, list) else []
        return [(self._path(one), one.range.start.line + 1) for one in places if isinstance(one, types.Location)]

    def _path(self, location: types.Location) -> str:
        return location.uri.removeprefix(self.folder.as_uri() + "/")

    def applied(self, action: types.CodeAction) -> dict[str, str]:
        """The texts that an action's edit makes, by path."""
        assert action.edit is not None
        made = {}
        for change in action.edit.document_changes or []:
            assert isinstance(change, types.TextDocumentEdit)
            path = change.text_document.uri.removeprefix(self.folder.as_uri() + "/")
            text = self.texts[path] if path in self.texts else (self.folder / path).read_text(encoding="utf-8")
            for edit in sorted(change.edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
                start, end = _offset(text, edit.range.start), _offset(text, edit.range.end)
                text = text[:start] + edit.new_text + text[end:]
            made[path] = text
        return made


_KINDS = {kind.value for kind in types.CodeActionKind}


def _offset(text: str, position: types.Position) -> int:
    lines = text.split("\n")
    before = sum(len(line) + 1 for line in lines[: position.line])
    line = lines[position.line].encode("utf-16-le")[: 2 * position.character].decode("utf-16-le")
    return before + len(line)


Scenario = Callable[[Editor], Awaitable[None]]


def edit(
    cli: Cli,
    scenario: Scenario,
    *,
    folders: list[str] | None = None,
    capabilities: types.ClientCapabilities = SAVED,
    arguments: list[str] | None = None,
    **options: Any,
) -> types.InitializeResult:
    """Start the server in a folder, let a person do something, and stop it; what it said of itself.

    `options` are the editor's settings; without others there is no schema engine. It must end with status 0.
    """
    answers: list[types.InitializeResult] = []

    async def session() -> None:
        client = LanguageClient(converter_factory=default_converter)
        editor = Editor(client, cli.folder)
        command = cli.command("lsp", *(arguments or []))
        await client.start_io(*command, cwd=cli.folder, env=cli.environment())
        editor.server = client._server.pid if client._server is not None else 0
        roots = [cli.folder / folder for folder in folders or ["."]]
        params = types.InitializeParams(
            capabilities,
            root_uri=cli.folder.as_uri(),
            workspace_folders=[types.WorkspaceFolder(root.resolve().as_uri(), root.name) for root in roots],
            initialization_options={"engine": "none", **options},
        )
        answers.append(await client.initialize_session(params))
        await scenario(editor)
        await client.shutdown_session()
        await client.stop()

    asyncio.run(asyncio.wait_for(session(), 90))
    return answers[0]
