"""HTTP on the loopback: reads a request, lets faults strike, asks the service, records what its sender saw."""

import select
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from s3ap_ops.testing.faults import Fault
from s3ap_ops.testing.replies import AwsError, Reply, failure, protocol_of, success
from s3ap_ops.testing.requests import Call, Request, read_call

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

# how a service says that it is asked too often; the others say ThrottlingException
_THROTTLES = {
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "s3control": ("SlowDown", "Please reduce your request rate.", 503),
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "cloudformation": ("Throttling", "Rate exceeded", 400),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sns": ("Throttled", "Rate exceeded", 429),
    "lambda": ("TooManyRequestsException", "Rate exceeded", 429),
    "cloudwatch": ("Throttling", "Rate exceeded", 400),
}
_DENIED = {
    "s3": ("AccessDenied", "Access Denied"),
    "s3control": ("AccessDenied", "Access Denied"),
    "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "cloudformation": ("AccessDenied", "User is not authorized to perform this action"),
    "iam": ("AccessDenied", "User is not authorized to perform this action"),
}
_LONGEST_HOLD = 60.0  # real seconds that a request without a reply is held for


class _Lost(Exception):
    """The connection ends here without a reply."""


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True  # a reply is written in two pieces; waiting for the first one's receipt costs 40 ms

    def log(self, type: str, message: str, *args: Any) -> None:
        """Silence: world.requests is the log."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """A lost connection is often the point of a test."""

    def run_wsgi(self) -> None:
        """As werkzeug's, but a reply that must not arrive ends the connection."""
        try:
            super().run_wsgi()
        except _Lost:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """As the standard library's, but sent at once: a client that is to send a body waits a second for it."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def finish(self) -> None:
        """As the standard library's; a connection that was reset has nothing left to flush."""
        try:
            super().finish()
        except OSError:
            self.close_connection = True


class Server:
    """A running HTTP server for a world."""

    def __init__(self, world: "World", port: int = 0) -> None:
        self._world = world
        self._stopping = threading.Event()
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._answer, threaded=True, request_handler=_Handler
        )
        self._server.passthrough_errors = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Ends the server; requests that are held are let go."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        call = _call_of(environ)
        try:
            reply = self._reply(call, environ["werkzeug.socket"])
        except _Lost:
            raise
        except Exception as error:
            traceback.print_exc()  # a fault of the simulator or of moto, not of the client
            reply = failure(
                call.model, call.service, AwsError("InternalFailure", f"the simulator failed: {error!r}", 500)
            )
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in ("connection", "date")}
        if not any(name.lower() == "content-length" for name in headers):
            headers["Content-Length"] = str(len(reply.body))
        start(f"{reply.status} {'OK' if reply.status < 400 else 'Error'}", list(headers.items()))
        return [b"" if call.method == "HEAD" else reply.body]

    def _reply(self, call: Call, connection: socket.socket) -> Reply:
        """The reply that the sender sees. Raises _Lost when it sees none."""
        if call.marked:
            return self._world.handle(call)
        delay = self._world.latency.get(call.operation) or self._world.latency.get(
            f"{call.service}:{call.operation}", 0
        )
        if delay:
            time.sleep(delay)
        fault = self._world.faults.strike(call.service, call.operation, call.params)
        if fault is None and self._world.refuses(call):
            fault = Fault(kind="access-denied")
        if fault is None:
            reply = self._world.handle(call)
            self._record(call, reply.status)
            return reply
        return self._faulty(call, fault, connection)

    def _faulty(self, call: Call, fault: Fault, connection: socket.socket) -> Reply:
        if fault.after_effect:
            self._world.handle(call)
        if fault.kind in ("reset", "timeout"):
            self._record(call, None, fault, effect=fault.after_effect)
            self._lose(connection, hold=fault.kind == "timeout")
            raise _Lost
        reply = faulty_reply(call, fault)
        self._record(call, reply.status, fault, effect=fault.after_effect)
        return reply

    def _lose(self, connection: socket.socket, *, hold: bool) -> None:
        """Ends the connection: held until the other side gives up, or reset at once."""
        ends = time.monotonic() + _LONGEST_HOLD
        while hold and time.monotonic() < ends and not self._stopping.is_set():
            readable, _, _ = select.select([connection], [], [], 0.02)
            if readable:
                break
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def _record(self, call: Call, status: int | None, fault: Fault | None = None, *, effect: bool = True) -> None:
        kind = fault.kind if fault else None
        self._world.requests.append(
            Request(call.service, call.operation, call.params, status, call.write, call.region, kind, effect)
        )


def faulty_reply(call: Call, fault: Fault) -> Reply:
    """The reply of a fault that has one."""
    if fault.kind == "throttle":
        code, message, status = _THROTTLES.get(call.service, ("ThrottlingException", "Rate exceeded", 400))
        return failure(call.model, call.service, AwsError(code, message, status))
    if fault.kind == "access-denied":
        code, message = _DENIED.get(call.service, ("AccessDeniedException", "User is not authorized"))
        return failure(
            call.model,
            call.service,
            AwsError(code, message, 400 if "json" in protocol_of(call.model, call.service) else 403),
        )
    if fault.kind == "in-200":
        return _error_in_200(call)
    code = {"s3": "InternalError", "ec2": "InternalError"}.get(call.service, "InternalFailure")
    return failure(call.model, call.service, AwsError(code, "We encountered an internal error. Please try again.", 500))


def _error_in_200(call: Call) -> Reply:
    """A success by its status, which says inside that it is none."""
    inside = _INSIDE.get(f"{call.service}:{call.operation}")
    if inside is not None and call.model is not None:
        return success(call.model, inside(call.params))
    if call.operation == "DeleteObjects":
        return _no_key_deleted(call)
    told = AwsError("InternalError", "We encountered an internal error. Please try again.", 200)
    reply = failure(call.model, call.service, told)
    return Reply(200, reply.body, reply.headers)


# what these answer when they have done nothing of what they were asked for
_INSIDE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "ecr:BatchDeleteImage": lambda params: {
        "imageIds": [],
        "failures": [
            {"imageId": id_, "failureCode": "KmsError", "failureReason": "the key cannot be used"}
            for id_ in params["imageIds"]
        ],
    },
    "events:RemoveTargets": lambda params: {
        "FailedEntryCount": len(params["Ids"]),
        "FailedEntries": [
            {"TargetId": id_, "ErrorCode": "InternalException", "ErrorMessage": "try again"} for id_ in params["Ids"]
        ],
    },
    "glue:BatchStopJobRun": lambda params: {
        "SuccessfulSubmissions": [],
        "Errors": [
            {
                "JobName": params["JobName"],
                "JobRunId": id_,
                "ErrorDetail": {"ErrorCode": "InternalServiceException", "ErrorMessage": "try again"},
            }
            for id_ in params["JobRunIds"]
        ],
    },
}


def _no_key_deleted(call: Call) -> Reply:
    from xml.sax.saxutils import escape

    errors = "".join(
        f"<Error><Key>{escape(item['Key'])}</Key>"
        + (f"<VersionId>{escape(item['VersionId'])}</VersionId>" if item.get("VersionId") else "")
        + "<Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"
        for item in call.params.get("Delete", {}).get("Objects", [])
    )
    body = f'<?xml version="1.0"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{errors}</DeleteResult>'
    return Reply(200, body.encode(), {"Content-Type": "application/xml"})


def _call_of(environ: dict[str, Any]) -> Call:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return read_call(environ["REQUEST_METHOD"], environ["RAW_URI"], headers, _body_of(environ))


def _body_of(environ: dict[str, Any]) -> bytes:
    """The body, read to its end and no further: the connection stays open. Raises _Lost when its sender went away."""
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(source.read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = bytes(source.read(length)) if length else b""
    if len(body) < length:
        raise _Lost
    return body
