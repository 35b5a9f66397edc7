"""Pages of versions from a bucket that changes between them. S3 goes on after where the last page ended; moto looks for
the very version that ended it, and answers with nothing once that is deleted, as it is by all who delete page by page.
And moto names keys as they are, also when it is asked to encode them, and then its answer may be no XML.
"""

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode
from xml.etree import ElementTree

from s3ap_ops.testing.replies import Reply
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import after, before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


_NAMED = re.compile(r"<(Key|KeyMarker|NextKeyMarker|Prefix|Delimiter)>(.*?)</\1>", re.S)


@after("s3", "ListObjectVersions")
def with_encoded_names(world: "World", call: Call, reply: Reply) -> Reply | None:
    """The answer with its keys encoded, if that was asked for."""
    if reply.status != 200 or "encoding-type=url" not in call.query:
        return None

    def encoded(found: re.Match[str]) -> str:
        return f"<{found[1]}>{quote(html.unescape(found[2]), safe='/')}</{found[1]}>"

    text = _NAMED.sub(encoded, reply.body.decode())
    text = text.replace("</ListVersionsResult>", "<EncodingType>url</EncodingType></ListVersionsResult>")
    headers = {name: value for name, value in reply.headers.items() if name.lower() != "content-length"}
    return replace(reply, body=text.encode(), headers=headers)


@after("s3", "ListObjectVersions")
def remember_where_it_ended(world: "World", call: Call, reply: Reply) -> None:
    """When the last version of a page was made stays known for as long as its bucket."""
    if reply.status != 200:
        return
    root = ElementTree.fromstring(reply.body)
    key, version = (root.findtext(f"{{*}}{name}") or "" for name in ("NextKeyMarker", "NextVersionIdMarker"))
    key = unquote_plus(key) if "encoding-type=url" in call.query else key
    found = next((one for one in _versions(world, call) if (one.name, str(one.version_id)) == (key, version)), None)
    if found is not None:
        world.page_ends[call.params["Bucket"], key, version] = _age(found)


@before("s3", "ListObjectVersions")
def go_on_from_there(world: "World", call: Call) -> None:
    """A marker whose version is gone becomes the one of the version before it, if there is one."""
    fields = dict(parse_qsl(call.query, keep_blank_values=True))
    key, version = fields.get("key-marker"), fields.get("version-id-marker")
    if not key or not version or fields.get("delimiter"):
        return
    rows = _versions(world, call)
    if any((one.name, str(one.version_id)) == (key, version) for one in rows):
        return
    ended = world.page_ends.get((call.params["Bucket"], key, version))
    passed = [one for one in rows if one.name < key or (one.name == key and ended is not None and _age(one) < ended)]
    del fields["key-marker"], fields["version-id-marker"]
    if passed:
        last = max(passed, key=lambda one: (one.name, _age(one)))
        fields |= {"key-marker": last.name, "version-id-marker": str(last.version_id)}
    call.query = urlencode(fields)


def _versions(world: "World", call: Call) -> list[Any]:
    found = world.backend("s3").buckets.get(call.params["Bucket"])
    return [one for _, items in found.keys.lists() for one in items] if found is not None else []


def _age(version: Any) -> float:
    """Grows from a key's youngest version, which is listed first, to its oldest."""
    return -float(version.last_modified.timestamp())
