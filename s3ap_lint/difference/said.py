"""What two nodes say, in a few words."""

from __future__ import annotations

from s3ap_lint.difference.differences import Both, shown
from s3ap_lint.difference.meaning import WRITTEN
from s3ap_lint.template.node import Node


def said(one: Node, other: Node) -> Both[str]:
    """Each as it is written, every `!If` kept; "" for what is not there."""
    first, second = (shown(WRITTEN.value(node)) if node else "" for node in (one, other))
    return first, second
