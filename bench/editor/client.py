"""A client of the Language Server Protocol that does as little as a client can: the server is what is measured."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Message = dict[str, Any]

CAPABILITIES = {
    "textDocument": {
        "publishDiagnostics": {
            "relatedInformation": True,
            "versionSupport": True,
            "codeDescriptionSupport": True,
            "tagSupport": {"valueSet": [1]},
        }
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}


class Client:
    """A server, and what it said. Moments are seconds of `time.perf_counter`, taken when a message has arrived."""

    def __init__(self, command: Sequence[str], folder: Path, options: Mapping[str, Any]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._arrived: queue.Queue[tuple[float, Message] | None] = queue.Queue()
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()
        root = folder.as_uri()
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": folder.name}],
                "capabilities": CAPABILITIES,
                "initializationOptions": dict(options),
            },
        )
        self.notify("initialized", {})

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Mapping[str, Any] | None) -> Any:
        """Ask the server something; what comes besides is lost."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            _, message = self._next(60)
            if message.get("id") == self._number and "method" not in message:
                return message["result"]

    def published(self, uri: str, version: int, seconds: float = 60) -> tuple[float, list[Message]]:
        """When the diagnostics of a version of a document arrived, and which. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while True:
            moment, message = self._next(end - time.monotonic())
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics":
                if (params["uri"], params.get("version")) == (uri, version):
                    return moment, params["diagnostics"]
            elif message.get("method") == "window/showMessage":
                raise RuntimeError(params["message"])

    def close(self) -> None:
        """Shut the server down. Raises RuntimeError when it does not end well."""
        self.request("shutdown", None)
        self.notify("exit", {})
        status = self.process.wait(20)
        if status:
            raise RuntimeError(f"the server ended with status {status}")

    def memory(self) -> float:
        """Megabytes (2²⁰ bytes) that the server holds (VmRSS)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _next(self, seconds: float) -> tuple[float, Message]:
        try:
            arrived = self._arrived.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError("the server said nothing") from None
        if arrived is None:
            raise RuntimeError("the server has ended")
        moment, message = arrived
        if "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return moment, message

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            size = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                size = int(value) if name.lower() == b"content-length" else size
            if not line:
                self._arrived.put(None)
                return
            message = json.loads(stream.read(size))
            self._arrived.put((time.perf_counter(), message))
