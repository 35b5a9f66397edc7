"""The template's text with what was uploaded in the place of what was named, and nothing else changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from s3ap_lint.model import Edit
from s3ap_lint.source import Source
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node
from s3ap_ops.packaging.values import Named


@dataclass(frozen=True)
class Place:
    """Where objects go: a bucket, the host that serves it, the versions of objects that are there already by key, and
    the values of the parameters that are known."""

    bucket: str
    host: str
    versions: Mapping[str, str]
    parameters: Mapping[str, str]


def rewritten(named: Named, key: str, source: Source, place: Place) -> tuple[Edit, ...] | None:
    """The edits that let a value name an object of the bucket; None where its text cannot be changed alone."""
    version = place.versions.get(key, "")
    if named.node.is_mapping and named.node.function is None and named.way.keys is not None:
        return _in_mapping(named.node, named.way.keys, key, version, source, place)
    value = named.way.value(place.bucket, key, version, place.host)
    if not named.node:
        return _all(edits.set(named.resource.properties, source, named.name, value))
    if named.node.is_text and named.node.text == value:
        return ()
    return _all(edits.replace(named.node, source, value))


def _in_mapping(
    node: Node, keys: tuple[str, str, str], key: str, version: str, source: Source, place: Place
) -> tuple[Edit, ...] | None:
    """A bucket and a key that are written already take other values; a bucket that is this one anyway stays."""
    found: list[Edit | None] = []
    if not _is_bucket(node[keys[0]], place):
        found.append(edits.set(node, source, keys[0], place.bucket))
    if node[keys[1]].text != key:
        found.append(edits.set(node, source, keys[1], key))
    if version and node[keys[2]].text != version:
        found.append(edits.set(node, source, keys[2], version))
    if not version and keys[2] in node:
        found.append(edits.remove(node[keys[2]], source))
    return _all(*found)


def _is_bucket(node: Node, place: Place) -> bool:
    found = node.function
    if found is not None and found[0] == "Ref":
        return place.parameters.get(found[1].text) == place.bucket
    return node.text == place.bucket


def _all(*found: Edit | None) -> tuple[Edit, ...] | None:
    made = tuple(one for one in found if one is not None)
    return made if len(made) == len(found) else None


def host_of(region: str) -> str:
    """The host that serves buckets of a region.

    https://docs.aws.amazon.com/general/latest/gr/s3.html
    """
    return f"s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
