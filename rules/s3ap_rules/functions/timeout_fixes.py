"""How a function and what waits for it are made to agree, where one of the two must give way."""

from __future__ import annotations

from s3ap_lint.api import Fix, Resource, offer
from s3ap_rules.functions.number_set import number_set

ADVISED = 6
"""How many times as long as its function a queue should wait (Lambda Developer Guide, "Configuring a queue")."""

LONGEST_VISIBILITY = 43200


def waits_longer(queue: Resource, runs: int, waits: int) -> Fix | None:
    """A fix that lets a queue wait as long as AWS advises."""
    seconds = min(ADVISED * runs, LONGEST_VISIBILITY)
    return offer(f"Let {queue.id} wait {seconds} seconds", number_set(queue, "VisibilityTimeout", seconds))


def ends_sooner(function: Resource, runs: int, waits: int) -> Fix | None:
    """A fix that ends a function when its API has given up: nobody hears of what it does afterwards."""
    return offer(f"Let it run {waits} seconds", number_set(function, "Timeout", waits))
