"""The bytes of a template that was judged, and the only way in which they are sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from s3ap_ops.errors import Forbidden

DIRECT = 51_200
"""Bytes of a template that CloudFormation takes in a request; a larger one has to lie in a bucket.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


@dataclass(frozen=True)
class Body:
    """A template's text, and the SHA-256 of the bytes that the rules saw."""

    text: str
    sha256: str

    @classmethod
    def judged(cls, data: bytes) -> Body:
        """The body of bytes that the rules have just seen."""
        return cls(data.decode("utf-8"), hashlib.sha256(data).hexdigest())

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.text.encode("utf-8"))

    @property
    def is_direct(self) -> bool:
        """Whether it fits into a request."""
        return self.size <= DIRECT

    def sent(self) -> str:
        """The text, to be put into a request. Raises Forbidden when it is not what the rules saw."""
        if hashlib.sha256(self.text.encode("utf-8")).hexdigest() != self.sha256:
            raise Forbidden("the template is not the one that the rules have seen; nothing was sent")
        return self.text
