"""Replies in a service's own protocol, written from botocore's model."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape


@dataclass
class Reply:
    """What a service answers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class AwsError(Exception):
    """An error as a service reports it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


def protocol_of(model: OperationModel | None, service: str) -> str:
    """The protocol of an operation; of an unknown one, S3's."""
    if model is None:
        return "rest-xml" if service in ("s3", "s3control") else "json"
    return str(model.service_model.metadata["protocol"])


def request_id() -> str:
    """A new request id."""
    return str(uuid.uuid4())


def success(model: OperationModel, output: dict[str, Any], status: int | None = None) -> Reply:
    """The reply that carries `output`, whose names are the model's."""
    protocol = protocol_of(model, "")
    status = status or model.http.get("responseCode", 200)
    shape = model.output_shape
    if protocol in ("query", "ec2"):
        return Reply(status, _query_body(model, output), {"Content-Type": "text/xml"})
    if protocol == "rest-xml":
        root = ElementTree.Element(_root_name(model))
        if isinstance(shape, StructureShape):
            _fill(root, shape, output)
        return Reply(status, _xml(root), {"Content-Type": "application/xml", "x-amz-request-id": request_id()})
    body = json.dumps(_plain(shape, output) if shape else {}).encode() if shape or protocol == "json" else b""
    kind = f"application/x-amz-json-{model.service_model.metadata.get('jsonVersion', '1.1')}"
    return Reply(status, body, {"Content-Type": kind, "x-amzn-RequestId": request_id()})


def failure(model: OperationModel | None, service: str, error: AwsError) -> Reply:
    """The reply that reports `error` in the service's protocol."""
    protocol = protocol_of(model, service)
    if protocol in ("json", "rest-json") or protocol.startswith("smithy"):
        body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message}).encode()
        kind = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
        return Reply(error.status, body, {**kind, "x-amzn-RequestId": request_id()})
    if service == "s3":
        root = ElementTree.Element("Error")
        _texts(root, Code=error.code, Message=error.message, RequestId="0123456789ABCDEF", HostId="host")
        return Reply(
            error.status, _xml(root), {"Content-Type": "application/xml", "x-amz-request-id": "0123456789ABCDEF"}
        )
    if protocol == "ec2":
        root = ElementTree.Element("Response")
        inner = ElementTree.SubElement(ElementTree.SubElement(root, "Errors"), "Error")
        _texts(inner, Code=error.code, Message=error.message)
        _texts(root, RequestID=request_id())
        return Reply(error.status, _xml(root), {"Content-Type": "text/xml"})
    root = ElementTree.Element("ErrorResponse")
    inner = ElementTree.SubElement(root, "Error")
    _texts(inner, Type="Sender" if error.status < 500 else "Receiver", Code=error.code, Message=error.message)
    _texts(root, RequestId=request_id())
    return Reply(error.status, _xml(root), {"Content-Type": "text/xml"})


def _texts(parent: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = text


def _xml(root: ElementTree.Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(ElementTree.tostring(root, encoding="utf-8"))


def _root_name(model: OperationModel) -> str:
    shape = model.output_shape
    return str(shape.serialization.get("locationName") or shape.name) if shape else f"{model.name}Result"


def _query_body(model: OperationModel, output: dict[str, Any]) -> bytes:
    root = ElementTree.Element(f"{model.name}Response")
    shape = model.output_shape
    if model.service_model.metadata["protocol"] == "ec2":
        _texts(root, requestId=request_id())
        if isinstance(shape, StructureShape):
            _fill(root, shape, output)
        return _xml(root)
    if isinstance(shape, StructureShape):
        wrapper = shape.serialization.get("resultWrapper", f"{model.name}Result")
        _fill(ElementTree.SubElement(root, wrapper), shape, output)
    _texts(ElementTree.SubElement(root, "ResponseMetadata"), RequestId=request_id())
    return _xml(root)


def _fill(node: ElementTree.Element, shape: StructureShape, value: dict[str, Any]) -> None:
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _element(node, member.serialization.get("name", name), member, value[name])


def _element(node: ElementTree.Element, wire: str, shape: Shape, value: Any) -> None:
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        for item in value:
            _element(node, shape.member.serialization.get("name", wire), shape.member, item)
        return
    child = ElementTree.SubElement(node, wire)
    if isinstance(shape, ListShape):
        for item in value:
            _element(child, shape.member.serialization.get("name", "member"), shape.member, item)
    elif isinstance(shape, StructureShape):
        _fill(child, shape, value)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            entry = ElementTree.SubElement(child, "entry")
            _texts(entry, key=str(key))
            _element(entry, "value", shape.value, item)
    else:
        child.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return str(value)


def _plain(shape: Shape | None, value: Any) -> Any:
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        return {
            member.serialization.get("name", name): _plain(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [_plain(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _plain(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.timestamp()
    return value
