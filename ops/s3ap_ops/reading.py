"""Reading an account: clients that cannot write, and how readers of resource types note what they find.

A reader is a function `(look, resource, note)` for one resource type. It calls `note(name, ask)` for each fact; what
cannot be
read is noted with the reason, and the other facts are read all the same.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.errors import Forbidden, OpsError
from s3ap_ops.stack import Json, LiveResource

T = TypeVar("T")

READING = ("Describe", "List", "Get", "Head", "BatchGet", "Search", "Simulate")
"""How the names of operations begin that change nothing."""

WRITING_ANYWAY = frozenset({"GetSessionToken", "GetFederationToken", "GetQueryExecutionToken"})
"""Operations with such a name that nevertheless make something."""


def is_read(operation: str) -> bool:
    """Whether an operation, in botocore's CamelCase, changes nothing."""
    return operation.startswith(READING) and operation not in WRITING_ANYWAY


def _refuse_writes(model: Any, **_: Any) -> None:
    """Raise Forbidden before a request is made that is no read; registered on every client that reads."""
    if not is_read(model.name):
        raise Forbidden(f"{model.service_model.service_name}:{model.name} is no read; nothing was sent")


class Look:
    """An account and region as a reader sees it: clients that refuse to write, and answers that are shared.

    `account` is the pinned account's id. `endpoint_url` and credentials come from the session, as boto3 finds them.
    """

    def __init__(
        self, session: boto3.session.Session, account: str, region: str, *, config: Config | None = None
    ) -> None:
        self.session = session
        self.account = account
        self.region = region
        self._config = config or Config(retries={"mode": "standard", "total_max_attempts": 6}, max_pool_connections=32)
        self._clients: dict[tuple[str, str], Any] = {}
        self._shared: dict[object, _Once] = {}
        self._lock = threading.Lock()

    @property
    def owner(self) -> dict[str, str]:
        """What every call to S3 says about whose the bucket has to be."""
        return {"ExpectedBucketOwner": self.account}

    def client(self, service: str, region: str = "") -> Any:
        """A client of a service that reads only; the same one each time."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                client = client_of(self.session, service, key[1], self._config)
                client.meta.events.register("before-call", _refuse_writes)
                self._clients[key] = client
            return self._clients[key]

    def pages(self, service: str, operation: str, result: str, /, *, region: str = "", **params: Json) -> list[Json]:
        """All items under `result` of a read that comes in pages."""
        client = self.client(service, region)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**params)
            return [item for page in pages for item in page.get(result) or ()]
        found: list[Json] = []
        while True:
            page = getattr(client, operation)(**params)
            found += page.get(result) or ()
            if not page.get("NextToken"):
                return found
            params = {**params, "NextToken": page["NextToken"]}

    def once(self, key: object, ask: Callable[[], T]) -> T:
        """The answer to a question that several readers have, asked once; its error is the same for all, too."""
        with self._lock:
            once = self._shared.setdefault(key, _Once())
        answer: T = once.get(ask)
        return answer


def client_of(session: boto3.session.Session, service: str, region: str, config: Config) -> Any:
    """A client whose requests go to the endpoint itself where that is an IP address."""
    client = session.client(service, region_name=region, config=config)
    client.meta.events.register("before-sign", _without_prefix)
    return client


def _without_prefix(request: Any, **_: Any) -> None:
    """Take the account id from before an address, where S3 Control's endpoint rules put it: that would be no host's name."""
    request.url = _PREFIXED.sub(r"\1\2", request.url)


_PREFIXED = re.compile(r"^(https?://)\d{12}\.(\d+\.\d+\.\d+\.\d+[:/])")


class _Once:
    """One answer, or one error, for whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: tuple[Any, BaseException | None] | None = None

    def get(self, ask: Callable[[], Any]) -> Any:
        with self._lock:
            if self._answer is None:
                try:
                    self._answer = (ask(), None)
                except (ClientError, BotoCoreError) as error:
                    self._answer = (None, error)
        value, failure = self._answer
        if failure is not None:
            raise failure
        return value


@dataclass
class Notes:
    """What one reader finds about one resource. Call it with a fact's name and how to ask for it."""

    facts: dict[str, Json] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str, ask: Callable[[], Json], absent: Mapping[str, Json] | None = None) -> Json:
        """The fact, noted; None, and the reason noted, when it cannot be read.

        `absent` maps error codes to what they mean: an error that is an answer. A code with a colon wants the text
        behind
        it in the message.
        """
        try:
            self.facts[name] = ask()
        except ClientError as error:
            for code, value in (absent or {}).items():
                if says(error, code):
                    self.facts[name] = value
                    return value
            self.unread[name] = told(error)
            return None
        except (BotoCoreError, OpsError) as error:
            self.unread[name] = " ".join(f"{type(error).__name__}: {error}".split())
            return None
        return self.facts[name]


def says(error: ClientError, code: str) -> bool:
    """Whether an error has a code; with a colon in it, whether its message has the text behind, too."""
    wanted, _, text = code.partition(":")
    found = error.response.get("Error", {})
    return str(found.get("Code")) == wanted and text in str(found.get("Message", ""))


def told(error: ClientError) -> str:
    """An error in one line: its code, its message, and the operation."""
    found = error.response.get("Error", {})
    message = " ".join(str(found.get("Message", "")).split())
    return f"{found.get('Code', 'error')} from {error.operation_name}" + (f": {message}" if message else "")


Read = Callable[[Look, LiveResource, Notes], None]


@dataclass(frozen=True)
class Reader:
    """How resources of some types are read. `types` are CloudFormation's."""

    types: tuple[str, ...]
    read: Read

    @property
    def name(self) -> str:
        """The function's name."""
        return self.read.__name__


def reads(*types: str) -> Callable[[Read], Reader]:
    """Make a reader of a function; its docstring names the facts."""

    def decorate(read: Read) -> Reader:
        return Reader(types, read)

    return decorate


def readers_of(type_: str, readers: Mapping[str, tuple[Reader, ...]]) -> tuple[Reader, ...]:
    """The readers of a type: those that name it, and those that name its whole family ("Custom::*")."""
    family = f"{type_.partition('::')[0]}::*"
    return (*readers.get(type_, ()), *readers.get(family, ()))


def by_type(readers: Iterable[Reader]) -> Mapping[str, tuple[Reader, ...]]:
    """The readers of each type."""
    found: dict[str, tuple[Reader, ...]] = {}
    for reader in readers:
        for type_ in reader.types:
            found[type_] = (*found.get(type_, ()), reader)
    return found
