"""Whose a resource is, by the tag that CloudFormation puts on what it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TAG = "aws:cloudformation:stack-id"


def stack_id(tags: Mapping[str, str] | Iterable[Mapping[str, Any]] | None) -> str:
    """The id of the stack that made a resource, from its tags in any service's spelling; empty when it has no such tag.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    """
    if isinstance(tags, Mapping):
        return str(tags.get(TAG, ""))
    for tag in tags or ():
        if TAG in (tag.get("Key"), tag.get("key"), tag.get("TagKey")):
            return str(tag.get("Value") or tag.get("value") or tag.get("TagValue") or "")
    return ""
