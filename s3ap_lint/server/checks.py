"""When documents are checked: the newest wish first, one check at a time, and none for a text that is out of date."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from s3ap_lint.server.documents import Document, Documents
from s3ap_lint.server.engines import EngineClient
from s3ap_lint.server.project import Stage

TYPED = 0.15
"""Seconds without a keystroke after which a text is checked."""

PAUSE = 1.0
"""Seconds without a keystroke after which the schema engine is asked, which takes a core for some seconds."""

THAW, SOON = 200, 10
"""Checks after which all of memory is looked through once; the second while somebody goes through many files."""

OFTEN = 5
"""Checks in a row that are broken off by newer texts, after which garbage is collected although somebody waits."""

T = TypeVar("T")


class Cancelled(BaseException):
    """A newer text came; no rule may take this for a fault of its own."""


@dataclass(frozen=True)
class Wish:
    """A document is to be checked at a moment of the monotonic clock, in seconds.

    `everywhere`: in every application that may run it; `engine`: the schema engine is to be asked afterwards.
    """

    at: float
    everywhere: bool = False
    engine: bool = False

    def with_(self, other: Wish | None) -> Wish:
        """Both wishes in one, at the moment of this one."""
        if other is None:
            return self
        return Wish(self.at, self.everywhere or other.everywhere, self.engine or other.engine)


class Checks:
    """Checks documents in one thread. `publish` is called in the event loop, with what was found for which version."""

    def __init__(self, documents: Documents, publish: Callable[[Document, Stage, int], object]) -> None:
        self._documents = documents
        self._publish = publish
        self._wishes: dict[str, Wish] = {}
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")
        self._running: tuple[Document, threading.Event] | None = None
        self._engine = EngineClient()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._waiting: list[tuple[Document, int, asyncio.Future[None]]] = []
        self._count = self._turn = self._broken_off = 0
        self._modules = self._thawed = 0

    def wish(self, uri: str, delay: float = 0.0, *, everywhere: bool = False, engine: bool = False) -> None:
        """Check a document after so many seconds; a later wish for the same document takes the place of this one."""
        document = self._documents.open.get(uri)
        if document is None:
            return
        wish = Wish(time.monotonic() + delay, everywhere, engine)
        self._wishes[uri] = wish.with_(self._wishes.get(uri))
        if (
            self._running is not None
            and self._running[0].project is document.project
            and self._turn != self._documents.turn
        ):
            self._running[1].set()
        self._wake.set()

    def forget(self, uri: str) -> None:
        """Nobody wants to know of a document any more."""
        self._wishes.pop(uri, None)
        self.forget_engine(uri)
        if self._running is not None and self._running[0].uri == uri:
            self._running[1].set()

    async def aside(self, function: Callable[[], T]) -> T:
        """Call a function in the thread of the checks, where projects may be asked."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def checked(self, document: Document, seconds: float = 30.0) -> None:
        """Wait until a document was checked as it is now, at most so many seconds."""
        if document.checked == document.version:
            return
        if document.uri in self._wishes:
            self._wishes[document.uri] = Wish(time.monotonic()).with_(self._wishes[document.uri])
            self._wake.set()
        elif self._running is None or self._running[0] is not document:
            self.wish(document.uri)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((document, document.version, future))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(future, seconds)

    async def run(self) -> None:
        """Check what is wished for, until cancelled."""
        gc.disable()  # looked after below, when nobody waits
        while True:
            uri, wait = self._next()
            if uri is None:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait)
                continue
            wish = self._wishes.pop(uri)
            document = self._documents.open.get(uri)
            if document is not None:
                await self._check(document, wish)

    def _next(self) -> tuple[str | None, float | None]:
        """The document to check now, or in how many seconds there may be one."""
        if not self._wishes:
            return None, None
        uri = min(self._wishes, key=lambda one: self._wishes[one].at)
        wait = self._wishes[uri].at - time.monotonic()
        return (uri, None) if wait <= 0 else (None, wait)

    async def _check(self, document: Document, wish: Wish) -> None:
        stop = threading.Event()
        self._running, self._turn = (document, stop), self._documents.turn
        loop = asyncio.get_running_loop()
        version, buffers = document.version, self._documents.buffers(document.project)

        def checkpoint() -> None:
            if stop.is_set():
                raise Cancelled

        def tell(stage: Stage) -> None:
            loop.call_soon_threadsafe(self._tell, document, stage, version)

        def work() -> bool:
            project, path = document.project, document.path
            try:
                if not project.is_ours(path, buffers, checkpoint):
                    tell(Stage(project.nothing(), final=True))
                    return False
                project.check(path, buffers, checkpoint, tell, everywhere=wish.everywhere)
                if project.preview(path, buffers, checkpoint):
                    project.check(path, buffers, checkpoint, tell)
            except Cancelled:
                return True
            return False

        try:
            cancelled = await self.aside(work)
        except Exception as error:  # a fault of ours: the server goes on, and the person is told
            self._documents.fault(error)
            cancelled = False
            self._release(document)
        self._running = None
        if cancelled:
            again = Wish(time.monotonic(), wish.everywhere, wish.engine)
            known = self._wishes.get(document.uri)
            self._wishes[document.uri] = known.with_(again) if known is not None else again
            self._broken_off += 1
            if self._broken_off >= OFTEN:  # what they left behind is garbage, too
                await self.aside(self._tidy)
            return
        if wish.engine and document.project.engine and document.version == version:
            self.ask_engine_later(document.uri, 0.0)
        await self.aside(lambda: document.project.refresh(buffers))
        await self.aside(self._tidy)

    def _tell(self, document: Document, stage: Stage, version: int) -> None:
        if self._documents.open.get(document.uri) is not document or document.version != version:
            return
        self._publish(document, stage, version)
        if stage.final:
            self._release(document)

    def _release(self, document: Document) -> None:
        document.checked = document.version
        waiting, self._waiting = self._waiting, []
        for one, version, future in waiting:
            if one is not document or version > document.version:
                self._waiting.append((one, version, future))
            elif not future.done():
                future.set_result(None)

    def _tidy(self) -> None:
        """Collect garbage: of what is new each time, of everything now and then.

        The facts of modules are millions of objects that stay. They are set aside when new modules came; what is set
        aside may become garbage, too.
        """
        self._count += 1
        self._broken_off = 0
        modules = sum(len(document.project.modules) for document in self._documents.open.values())
        came = modules > self._modules
        self._modules = modules
        thaw = self._count - self._thawed >= (SOON if came else THAW)
        if thaw:
            self._thawed = self._count
            gc.unfreeze()
        gc.collect()
        if came or thaw:
            gc.freeze()

    # -- the schema engine -----------------------------------------------------------------------

    def ask_engine_later(self, uri: str, delay: float) -> None:
        """Ask the schema engine about a document after so many seconds, unless something newer comes."""
        self.forget_engine(uri)
        document = self._documents.open.get(uri)
        if document is not None and document.project.engine:
            self._asking[uri] = asyncio.create_task(self._asked(document, document.version, delay))

    def forget_engine(self, uri: str) -> None:
        """What the engine may be about to say of a document is out of date."""
        asking = self._asking.pop(uri, None)
        if asking is not None and not asking.done():
            asking.cancel()

    async def _asked(self, document: Document, version: int, delay: float) -> None:
        await asyncio.sleep(delay)
        project, data = document.project, document.data
        known = project.opinions.get(document.path)
        if not project.is_template(document.path) or document.version != version:
            return
        if known is not None and known.data == data and known.engine == project.engine:
            return
        buffers = self._documents.buffers(project)
        answer = await self._engine.ask(project.config, document.path, project.engine, buffers)
        if answer is not None and self._documents.open.get(document.uri) is document:
            project.hear(document.path, data, answer.result, answer.hrefs)
            self.wish(document.uri)

    async def close(self) -> None:
        """End everything."""
        if self._running is not None:
            self._running[1].set()
        for asking in self._asking.values():
            asking.cancel()
        await self._engine.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
