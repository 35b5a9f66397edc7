"""The door to moto: its services as plain functions of a call, and their reset. moto's state is one for a process."""

import os
import re
from collections.abc import Callable
from functools import cache
from typing import Any

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # a megabyte of images that no stack here asks for

import moto.backends
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.base_backend import BackendDict
from moto.core.request import normalize_request
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend
from werkzeug.exceptions import HTTPException

from s3ap_ops.testing.models import GLOBAL_SERVICES, service_model
from s3ap_ops.testing.replies import AwsError, Reply
from s3ap_ops.testing.requests import Call

Handler = Callable[[Any, str, Any], tuple[int, dict[str, Any], str | bytes]]
_MOTO_NAMES = {"efs": "efs", "elbv2": "elbv2", "sesv2": "sesv2"}


def reset(seed: int, region: str) -> None:
    """Empties every service; the ids that follow are the same for the same seed."""
    moto_api_backend.reset()
    mock_random.seed(seed)
    backend("s3", region).log_incoming_request = lambda *_: None  # access logs come hours later, not with a request
    for place in (region, "us-east-1"):  # each draws ids for a default network; `_handlers` asks for the second, once
        backend("ec2", place)


def backend(service: str, region: str, account: str = "123456789012") -> Any:
    """moto's own object for a service in a region, for what its API refuses."""
    found: Any = moto.backends.get_backend(service)  # type: ignore[call-overload]
    accounts = found[account]
    return accounts["aws"] if "aws" in accounts.regions else accounts[region]


def dispatch(call: Call) -> Reply:
    """What moto answers."""
    url = f"https://{_host(call)}{call.path}" + (f"?{call.query}" if call.query else "")
    headers = HTTPHeaders()
    for name, value in call.headers.items():
        if name not in ("host", "transfer-encoding"):
            headers[name] = value
    clean = url.split("?")[0]
    handler = next((handler for pattern, handler in _handlers(call.service) if pattern.match(clean)), None)
    if handler is None:
        raise AwsError("NotImplemented", f"{call.service} {call.operation} is not simulated", 501)
    request = normalize_request(AWSPreparedRequest(call.method, url, headers, call.body, stream_output=False))
    try:
        status, answer, body = handler(request, request.raw_url, request.headers)
    except NotImplementedError as error:
        raise AwsError("NotImplemented", f"{call.service} {call.operation} is not simulated: {error}", 501) from error
    except HTTPException as error:
        status, answer, body = error.code or 400, dict(error.get_headers()), error.get_body()
    return Reply(status, body.encode() if isinstance(body, str) else body, {k: str(v) for k, v in answer.items()})


def _host(call: Call) -> str:
    if call.service == "s3control":
        return f"{call.headers.get('x-amz-account-id', call.account)}.s3-control.{call.region}.amazonaws.com"
    prefix = service_model(call.service).endpoint_prefix
    if call.service in GLOBAL_SERVICES:
        return f"{prefix}.amazonaws.com"
    return f"{prefix}.{call.region}.amazonaws.com"


@cache
def _handlers(service: str) -> tuple[tuple[re.Pattern[str], Handler], ...]:
    try:
        found: Any = moto.backends.get_backend(_MOTO_NAMES.get(service, service))  # type: ignore[call-overload]
    except (ImportError, KeyError, AttributeError):
        return ()
    if not isinstance(found, BackendDict):
        return ()
    accounts = found["123456789012"]
    one = accounts["aws"] if "aws" in accounts.regions else accounts["us-east-1"]
    return tuple((re.compile(pattern), handler) for pattern, handler in one.urls.items())
