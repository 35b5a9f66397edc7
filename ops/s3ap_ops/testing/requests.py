"""A request as AWS would read it: service, operation, parameters, by the signature's scope and botocore's model."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from s3ap_ops.testing.models import service_model, service_of

DEFAULT_REGION = "ap-northeast-1"
MARK = "s3ap-world"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]*)/([^/]+)/aws4_request")
_READS = re.compile(
    r"(Get|List|Describe|Head|BatchGet|Search|Query$|Scan$|Lookup|Preview|Validate|Estimate|Simulate|Select|Detect|Filter"
    r"|Discover|Check|TestEventPattern|AssumeRole|Decode|Receive)"
)
_NO_EFFECT = frozenset({"TransactGetItems", "EvaluateExpression"})


@dataclass(frozen=True)
class Request:
    """A request that the world was sent. `status` is what its sender saw; None when no reply reached it."""

    service: str
    operation: str
    params: dict[str, Any]
    status: int | None
    write: bool
    region: str = DEFAULT_REGION
    fault: str | None = None
    effect: bool = True  # whether it got as far as the service

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass
class Call:
    """A request on its way to a service."""

    service: str
    operation: str
    region: str
    params: dict[str, Any]
    method: str
    path: str  # as sent, still quoted
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    marked: bool = False
    account: str = "123456789012"
    model: OperationModel | None = field(default=None, repr=False)

    @property
    def write(self) -> bool:
        """Whether the operation changes anything on AWS."""
        return is_write(self.operation)


def is_write(operation: str) -> bool:
    """Whether an operation of this name changes anything; a name that is not known to read is taken to write."""
    return not _READS.match(operation) and operation not in _NO_EFFECT


def read_call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """The call that a request means; `target` is the path with its query, `headers` have names in lower case."""
    parts = urlsplit(target)
    path, query = parts.path or "/", parts.query
    region, scope = _scope(headers, query)
    service = service_of(scope, path)
    fields = dict(parse_qsl(query, keep_blank_values=True))
    operation, bound = _operation(service, method, path, fields, headers, body)
    call = Call(service, operation, region, {}, method, path, query, headers, body)
    call.marked = MARK in headers.get("user-agent", "")
    model = service_model(service)
    if operation in model.operation_names:
        call.model = model.operation_model(operation)
        call.params = _params(call, bound, fields)
    return call


def _scope(headers: Mapping[str, str], query: str) -> tuple[str, str]:
    found = _SCOPE.search(headers.get("authorization", "")) or _SCOPE.search(
        unquote(query).replace("X-Amz-Credential", "Credential")
    )
    return (found.group(1) or DEFAULT_REGION, found.group(2)) if found else (DEFAULT_REGION, "s3")


def _operation(
    service: str, method: str, path: str, fields: dict[str, str], headers: Mapping[str, str], body: bytes
) -> tuple[str, dict[str, str]]:
    """The operation, and what its path binds."""
    target = headers.get("x-amz-target")
    if target:
        return target.rsplit(".", 1)[-1], {}
    if "smithy-protocol" in headers:
        return path.rsplit("/", 1)[-1], {}
    if not service_model(service).metadata["protocol"].startswith("rest"):
        form = dict(parse_qsl(body.decode("utf-8", "replace"))) if "Action=" in body[:4096].decode("latin-1") else {}
        return form.get("Action") or fields.get("Action") or "Unknown", {}
    return _rest_operation(service, method, path, fields, headers)


@dataclass(frozen=True)
class _Route:
    operation: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    fields: tuple[tuple[str, str | None], ...]
    headers: tuple[str, ...]
    weight: tuple[int, int]


@cache
def _routes(service: str, method: str) -> tuple[_Route, ...]:
    """The routes of a service, the most particular first."""
    model = service_model(service)
    found = [_route(model.operation_model(name)) for name in model.operation_names]
    by_method = [route for verb, route in found if verb == method]
    return tuple(sorted(by_method, key=lambda route: route.weight, reverse=True))


def _route(operation: OperationModel) -> tuple[str, _Route]:
    http = operation.http
    path, _, query = http["requestUri"].partition("?")
    fields: list[tuple[str, str | None]] = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        fields.append((name, value or None))
    headers: list[str] = []
    shape = operation.input_shape
    members = shape.members if isinstance(shape, StructureShape) else {}
    for name in shape.required_members if isinstance(shape, StructureShape) else ():
        place = members[name].serialization
        if place.get("location") == "querystring":
            fields.append((place["name"], None))
        if place.get("location") == "header":
            headers.append(place["name"].lower())
    names = tuple(re.findall(r"\{(\w+)\+?\}", path))
    literal = re.sub(r"\{\w+\+?\}", "", path)
    pattern = "".join(_piece(piece) for piece in re.split(r"(\{\w+\+?\})", path.rstrip("/") or "/"))
    needed = [pair for pair in fields if pair[0] != "x-id"]
    weight = (len(literal), len(needed) + len(headers))
    if operation.service_model.service_name == "s3":
        weight = (path.count("/") + ("{Key" in path), len(needed) + len(headers))
    return http["method"], _Route(
        operation.name, re.compile(pattern + "/?$"), names, tuple(needed), tuple(headers), weight
    )


def _piece(piece: str) -> str:
    if not piece.startswith("{"):
        return re.escape(piece)
    return "(.+)" if piece.endswith("+}") else "([^/]+)"


def _rest_operation(
    service: str, method: str, path: str, fields: dict[str, str], headers: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    for route in _routes(service, method):
        match = route.pattern.match(path)
        if match is None or not _carries(route, fields, headers):
            continue
        return route.operation, {name: unquote(text) for name, text in zip(route.names, match.groups(), strict=True)}
    return "Unknown", {}


def _carries(route: _Route, fields: dict[str, str], headers: Mapping[str, str]) -> bool:
    if any(name not in fields or (value is not None and fields[name] != value) for name, value in route.fields):
        return False
    return all(name in headers for name in route.headers)


def _params(call: Call, bound: dict[str, str], fields: dict[str, str]) -> dict[str, Any]:
    model = call.model
    assert model is not None
    shape = model.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    protocol = model.service_model.metadata["protocol"]
    if "x-amz-target" in call.headers:
        return _json_of(call.body)
    if "smithy-protocol" in call.headers:
        return {}
    if protocol in ("query", "ec2"):
        form = fields | dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        found = _from_form(shape, "", form, ec2=protocol == "ec2")
        return found if isinstance(found, dict) else {}
    return _rest_params(call, shape, bound, fields)


def _rest_params(call: Call, shape: StructureShape, bound: dict[str, str], fields: dict[str, str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    places = {member.serialization.get("name", name): name for name, member in shape.members.items()}
    params.update({places.get(name, name): text for name, text in bound.items()})
    for name, member in shape.members.items():
        place = member.serialization
        wire = place.get("name", name)
        if place.get("location") == "querystring" and wire in fields:
            params[name] = _scalar(member, fields[wire])
        if place.get("location") == "header" and wire.lower() in call.headers:
            params[name] = _scalar(member, call.headers[wire.lower()])
    payload = shape.serialization.get("payload")
    if payload is not None and not isinstance(shape.members[payload], StructureShape):
        return params  # a body of bytes
    if not call.body:
        return params
    if (call.model is not None) and call.model.service_model.metadata["protocol"] == "rest-xml":
        root = _xml_of(call.body)
        if root is not None:
            read = _from_xml(shape.members[payload] if payload else shape, root)
            params.update({payload: read} if payload else read)
        return params
    read = _json_of(call.body)
    params.update({payload: read} if payload else {places.get(name, name): item for name, item in read.items()})
    return params


def _json_of(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _xml_of(body: bytes) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None


def _scalar(shape: Shape, text: str | None) -> Any:
    if text is None:
        return ""
    if shape.type_name in ("integer", "long"):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if shape.type_name == "boolean":
        return text.lower() == "true"
    return text


def _from_form(shape: Shape, prefix: str, form: dict[str, str], *, ec2: bool) -> Any:
    """The value that a form's fields below `prefix` spell, or None."""
    if isinstance(shape, StructureShape):
        return _structure_from_form(shape, prefix, form, ec2=ec2)
    if prefix not in form and not any(key.startswith(f"{prefix}.") for key in form):
        return None
    if isinstance(shape, ListShape):
        stem = prefix
        if not ec2 and not shape.serialization.get("flattened"):
            stem = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        numbers = sorted(
            {int(key[len(stem) + 1 :].split(".")[0]) for key in form if re.match(rf"{re.escape(stem)}\.\d", key)}
        )
        return [_from_form(shape.member, f"{stem}.{number}", form, ec2=ec2) for number in numbers]
    if isinstance(shape, MapShape):
        stem = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        pairs = [key for key in form if re.fullmatch(rf"{re.escape(stem)}\.\d+\.(key|Name)", key)]
        return {
            form[key]: form.get(re.sub(r"(key|Name)$", lambda m: {"key": "value"}.get(m[0], "Value"), key))
            for key in pairs
        }
    return _scalar(shape, form.get(prefix))


def _structure_from_form(
    shape: StructureShape, prefix: str, form: dict[str, str], *, ec2: bool
) -> dict[str, Any] | None:
    if prefix and not any(key.startswith(f"{prefix}.") for key in form):
        return None
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        if ec2:
            wire = member.serialization.get("queryName") or wire[0].upper() + wire[1:]
        elif isinstance(member, ListShape) and member.serialization.get("flattened"):
            wire = member.member.serialization.get("name", wire)
        value = _from_form(member, f"{prefix}.{wire}" if prefix else wire, form, ec2=ec2)
        if value is not None:
            found[name] = value
    return found


def _from_xml(shape: Shape, node: ElementTree.Element) -> Any:
    if isinstance(shape, StructureShape):
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if isinstance(member, ListShape) and member.serialization.get("flattened"):
                items = [child for child in node if _local(child) == wire]
                if items:
                    found[name] = [_from_xml(member.member, child) for child in items]
                continue
            child = next((child for child in node if _local(child) == wire), None)
            if child is not None:
                found[name] = _from_xml(member, child)
        return found
    if isinstance(shape, ListShape):
        return [_from_xml(shape.member, child) for child in node]
    return _scalar(shape, node.text)


def _local(node: ElementTree.Element) -> str:
    return node.tag.rsplit("}", 1)[-1]
