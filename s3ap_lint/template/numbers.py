"""What a number in a template is in one world."""

from __future__ import annotations

import re

from s3ap_lint.template.node import Node
from s3ap_lint.template.values import choose
from s3ap_lint.template.worlds import World

_WHOLE = re.compile(r"\d{1,9}")


def number(node: Node, world: World, absent: int | None = None) -> int | None:
    """The whole number that a value is in a world, `absent` where nothing stands; None where it cannot be told.

    A parameter is worth its value in the world, so the world branches on it.
    """
    chosen = choose(node, world)
    if chosen is None:
        return absent
    function = chosen.function
    text: object = chosen.text
    if function is not None:
        if function[0] != "Ref" or function[1].text not in world.space.parameters:
            return None
        text = world.value(function[1].text)
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else None
