"""The schema engine as the server asks it: in another process, one template at a time, newest question first."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from itertools import count

from s3ap_lint.config import Config
from s3ap_lint.server.orders import Answer, Order, packed

_NUMBERS = count(1)


class EngineClient:
    """Asks the engine about a template; a newer question ends the older one."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._question: tuple[int, asyncio.Future[Answer | None]] | None = None

    async def ask(self, config: Config, path: str, engine: str, buffers: dict[str, bytes]) -> Answer | None:
        """What an engine says of a template; None when a newer question came, or the engine's time was up."""
        self._settle(None)
        order = Order(next(_NUMBERS), config, path, engine, buffers)
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._question = (order.number, future)
        try:
            await self._tell(packed(order))
            return await asyncio.wait_for(future, config.engine_timeout + STARTING)
        except (TimeoutError, OSError):
            await self.close()
            return None
        finally:
            if self._question is not None and self._question[1] is future:  # nobody wants to know any more
                self._question = None
                with contextlib.suppress(OSError):
                    await self._tell(packed(None))

    def _settle(self, answer: Answer | None) -> None:
        """Answer the question, if there is one and the answer is to it."""
        if self._question is None or (answer is not None and answer.number != self._question[0]):
            return
        (_, future), self._question = self._question, None
        if not future.done():
            future.set_result(answer)

    async def _tell(self, message: bytes) -> None:
        if self._process is None or self._process.returncode is not None:
            command = [sys.executable, "-m", "s3ap_lint.server.engine_process"]
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
            self._reading = asyncio.create_task(self._read(self._process))
        assert self._process.stdin is not None
        self._process.stdin.write(message)
        await self._process.stdin.drain()

    async def _read(self, process: Process) -> None:
        """Take in answers until the process ends."""
        assert process.stdout is not None
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await process.stdout.readexactly(8)
                answer = pickle.loads(await process.stdout.readexactly(int.from_bytes(head, "big")))
                self._settle(answer)
        if process is self._process:
            self._settle(None)

    async def close(self) -> None:
        """End the process."""
        self._settle(None)
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


STARTING = 20.0
"""Seconds that loading the engine may take besides."""
