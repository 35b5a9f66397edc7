"""Estates drawn at random whose stacks hold scenes beside what ties them to each other."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from random_worlds import ENDPOINTS, LIFTED, RESULTS, Estate, drawn
from rare_scenes import BESIDE

MOST_SCENES = 5
"""How many a stack has at most."""
GIVEN = 0.9
"""How likely a flag is given that something in the estate asks for."""


def furnished(source: random.Random, size: int, wanted: Iterable[str] = BESIDE) -> Estate:
    """An estate of so many stacks that hold scenes, each of those that are wanted about as often as the others; most
    of what it takes to tear them down is allowed."""
    left: list[str] = []
    stacks = []
    for stack in drawn(source, size, least=size).stacks:
        if len(left) < MOST_SCENES:
            left += source.sample(sorted(wanted), len(list(wanted)))
        number = source.randint(0, MOST_SCENES)
        stacks.append(replace(stack, scenes=tuple(dict.fromkeys(left[:number]))))
        left = left[number:]
    meant = [stack for stack in stacks if stack.is_target]
    needed = sorted({flag for stack in meant for name in stack.scenes for flag in BESIDE[name].options})
    given = {flag for flag in (*needed, *LIFTED.values(), ENDPOINTS, RESULTS) if source.random() < GIVEN}
    return Estate(tuple(stacks), frozenset(given))
