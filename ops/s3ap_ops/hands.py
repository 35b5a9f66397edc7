"""Writing to an account: clients that make one call, the one that a plan's action says, and no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from s3ap_ops.calls import ApiCall
from s3ap_ops.errors import Forbidden
from s3ap_ops.reading import client_of, is_read
from s3ap_ops.stack import Json


class Hands:
    """Clients of one region that refuse every write but the one that is allowed at the moment, in this thread."""

    def __init__(self, session: boto3.session.Session, region: str) -> None:
        self.session = session
        self.region = region
        self._config = Config(retries={"mode": "standard", "total_max_attempts": 6}, max_pool_connections=32)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._allowed = threading.local()

    def make(self, call: ApiCall) -> Mapping[str, Json]:
        """Make a call and return the answer. Raises what boto3 raises, and Forbidden where it would be another one."""
        with self.allowing(call.service, call.operation, call.params):
            answer: Mapping[str, Json] = getattr(self.client(call.service), call.operation)(**call.params)
        return answer

    @contextmanager
    def allowing(self, service: str, operation: str, params: Mapping[str, Json]) -> Iterator[None]:
        """Let this thread make one write, with exactly these parameters."""
        self._allowed.call = (service, operation.replace("_", "").lower(), dict(params))
        try:
            yield
        finally:
            self._allowed.call = None

    def client(self, service: str) -> Any:
        """A client of a service; the same one each time."""
        with self._lock:
            if service not in self._clients:
                client = client_of(self.session, service, self.region, self._config)
                client.meta.events.register_first("before-parameter-build", self._check)
                self._clients[service] = client
            return self._clients[service]

    def _check(self, params: Mapping[str, Json], model: Any, **_: Any) -> None:
        """Hold a request, before it is built, to what is allowed."""
        if is_read(model.name):
            return
        wanted = getattr(self._allowed, "call", None)
        asked = (model.name.lower(), dict(params))
        if wanted is None or wanted[1:] != asked:
            raise Forbidden(
                f"{model.service_model.service_name}:{model.name} is not what the plan says; nothing was sent"
            )
