"""The versions that the S3 stub holds: made up by their number, or given one by one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote_plus

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_OWNER_ID = "1f" * 32


class Item(NamedTuple):
    """One version or marker of a bucket that a test fills by hand."""

    key: str
    version_id: str
    marker: bool = False


class Uploads:
    """Incomplete uploads, by key and id; a stubborn one keeps its parts through its first abort."""

    def __init__(self, uploads: Sequence[tuple[str, str]] = (), stubborn: Sequence[str] = ()) -> None:
        self.there = sorted(uploads)
        self._stubborn = set(stubborn)

    def page(self, key: str, upload_id: str, most: int) -> str:
        following = [upload for upload in self.there if upload > (key, upload_id)]
        shown = following[:most]
        rows = "".join(
            f"<Upload><Key>{quote_plus(name, safe='/')}</Key><UploadId>{number}</UploadId></Upload>"
            for name, number in shown
        )
        last = ""
        if len(following) > most:
            name, number = shown[-1]
            last = (
                f"<IsTruncated>true</IsTruncated><NextKeyMarker>{quote_plus(name, safe='/')}</NextKeyMarker>"
                f"<NextUploadIdMarker>{number}</NextUploadIdMarker>"
            )
        result = f"<EncodingType>url</EncodingType>{last}{rows}"
        return f'<ListMultipartUploadsResult xmlns="{NAMESPACE}">{result}</ListMultipartUploadsResult>'

    def parts(self, upload_id: str) -> str | None:
        """The list of one upload's parts; None when there is no such upload."""
        if all(number != upload_id for _, number in self.there):
            return None
        return f'<ListPartsResult xmlns="{NAMESPACE}"><Part><PartNumber>1</PartNumber></Part></ListPartsResult>'

    def abort(self, upload_id: str) -> None:
        if upload_id in self._stubborn:
            self._stubborn.discard(upload_id)
            return
        self.there = [upload for upload in self.there if upload[1] != upload_id]


class Shelf:
    """The versions, in the order of a listing; a byte each says whether it is still there."""

    def __init__(self, content: int | Sequence[Item]) -> None:
        self._items = () if isinstance(content, int) else tuple(sorted(content, key=lambda item: item.key.encode()))
        count = content if isinstance(content, int) else len(self._items)
        self.synthetic = isinstance(content, int)
        self.there = bytearray(b"\1" * count)
        self._place = {(item.key, item.version_id): index for index, item in enumerate(self._items)}

    def item(self, index: int) -> Item:
        if not self.synthetic:
            return self._items[index]
        return Item(f"data/{index // 3:09}.json", f"v{index:09}", index % 3 == 0)

    def place(self, key: str, version_id: str) -> int | None:
        if not self.synthetic:
            return self._place.get((key, version_id))
        return int(version_id[1:]) if re.fullmatch(r"v\d{9}", version_id) else None

    def after(self, key: str, version_id: str) -> int:
        """Where a listing that ended with this version goes on, whether or not the version is still there."""
        if not key:
            return 0
        index = self.place(key, version_id)
        if index is not None:
            return index + 1
        return bisect_right(range(len(self.there)), key.encode(), key=lambda place: self.item(place).key.encode())

    def following(self, start: int, most: int) -> tuple[list[int], bool]:
        """The next versions that are there, and whether more come after them."""
        found: list[int] = []
        index = self.there.find(1, start)
        while index >= 0 and len(found) < most:
            found.append(index)
            index = self.there.find(1, index + 1)
        return found, index >= 0

    def remove(self, index: int) -> bool:
        was = self.there[index] == 1
        self.there[index] = 0
        return was

    @property
    def left(self) -> int:
        return self.there.count(1)


def row(item: Item) -> str:
    name = "DeleteMarker" if item.marker else "Version"
    body = "" if item.marker else "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>10</Size>"
    return (
        f"<{name}><Key>{quote_plus(item.key, safe='/')}</Key><VersionId>{item.version_id}</VersionId>"
        f"<IsLatest>false</IsLatest><LastModified>2025-05-05T05:05:05.000Z</LastModified>{body}"
        f"<Owner><ID>{_OWNER_ID}</ID></Owner><StorageClass>STANDARD</StorageClass></{name}>"
    )
