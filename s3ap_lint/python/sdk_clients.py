"""What boto3, aioboto3 and botocore make: sessions, clients, resources, paginators and waiters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from s3ap_lint.python import resources
from s3ap_lint.python.bindings import imported_name
from s3ap_lint.python.displays import keywords
from s3ap_lint.python.graph import Node
from s3ap_lint.python.scope import Chain, Scope
from s3ap_lint.python.worth import UNTOLD, Frame, Made, Record, Text, Worth

if TYPE_CHECKING:
    from s3ap_lint.python.displays import Follows

MAKERS: Mapping[str, str] = {
    "aioboto3.client": "client",
    "aioboto3.resource": "resource",
    "aioboto3.Session": "session",
    "aioboto3.session.Session": "session",
    "aiobotocore.get_session": "session",
    "aiobotocore.session.AioSession": "session",
    "aiobotocore.session.get_session": "session",
    "boto3._get_default_session": "session",
    "boto3.client": "client",
    "boto3.resource": "resource",
    "boto3.Session": "session",
    "boto3.session.Session": "session",
    "botocore.session.get_session": "session",
    "botocore.session.Session": "session",
}
"""What makes them, by its name where it is imported from."""

METHODS = frozenset({"client", "create_client", "get_paginator", "get_waiter", "resource"})
"""The methods of a session or client that make something."""

_OF_SESSIONS = {"client": "client", "create_client": "client", "resource": "resource"}


_LAST = frozenset(name.rpartition(".")[2] for name in MAKERS)


def maker(chain: Chain, scope: Scope) -> Made | None:
    """What makes sessions, clients or resources, if a dotted name is one of these."""
    if not chain or (len(chain) > 1 and chain[-1] not in _LAST):
        return None
    kind = MAKERS.get(imported_name(chain, scope))
    return Made("maker", operation=kind) if kind else None


class Making:
    """One call that makes something, in the circumstances it stands in."""

    def __init__(self, traces: Follows, call: ast.Call, node: Node, scope: Scope, frame: Frame | None) -> None:
        self.traces = traces
        self.call = call
        self.place = (node, scope, frame)

    def made(self, kind: str, session: Made | None = None) -> Worth:
        """What a session or boto3 itself makes."""
        given = self._keywords()
        if kind == "session":
            return Made("session", keywords=given)
        name = self._first(given, "service_name")

        def make(service: Worth) -> Worth:
            text = service.piece if isinstance(service, Text) and isinstance(service.piece, str) else ""
            return Made(kind, text, keywords=given, session=session)

        return self.traces.each(name, make)

    def of(self, made: Worth) -> Worth:
        """What a method of something made gives."""
        name = self.call.func.attr if isinstance(self.call.func, ast.Attribute) else ""
        if not isinstance(made, Made):
            return UNTOLD
        if made.kind == "maker":
            return self.made(made.operation, made.session)
        if made.kind == "session" and name in _OF_SESSIONS:
            return self.made(_OF_SESSIONS[name], made)
        if made.kind == "client" and name in ("get_paginator", "get_waiter"):
            return self._pages(made, "paginator" if name == "get_paginator" else "waiter")
        if made.kind == "resource":
            return resources.result_of(made, name, self._arguments)
        if made.kind in ("collection", "collected") and name in resources.MORE:
            return Made("collected", made.service, made.operation, made.keywords, made.session, made.type, made.known)
        return UNTOLD

    def _pages(self, client: Made, kind: str) -> Worth:
        name = self._first(self._keywords(), "operation_name" if kind == "paginator" else "waiter_name")

        def make(operation: Worth) -> Worth:
            text = operation.piece if isinstance(operation, Text) and isinstance(operation.piece, str) else ""
            return Made(kind, client.service, text, client.keywords, client.session) if text else UNTOLD

        return self.traces.each(name, make)

    def _first(self, given: Record, name: str) -> Worth:
        if self.call.args:
            return self.traces.worth(self.call.args[0], *self.place)
        return given.items.get(name, UNTOLD)

    def _keywords(self) -> Record:
        return keywords(self.traces, self.call, *self.place)

    def _arguments(self) -> tuple[list[Worth], Record]:
        return [self.traces.worth(one, *self.place) for one in self.call.args], self._keywords()


def attribute_of(made: Made, name: str) -> Worth:
    """What an attribute of something made is worth."""
    if made.kind == "session" and name in _OF_SESSIONS:
        return Made("maker", operation=_OF_SESSIONS[name], session=made)
    if made.kind == "resource":
        return resources.attribute_of(made, name)
    if made.kind == "meta" and name == "client":
        return Made("client", made.service, keywords=made.keywords, session=made.session)
    if made.kind == "client" and not name.startswith("_") and name not in ("exceptions", "meta"):
        return Made("method", made.service, name, made.keywords, made.session)
    return UNTOLD
