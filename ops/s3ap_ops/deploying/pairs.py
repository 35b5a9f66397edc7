"""The parameters of a deployment that are given an access point's alias, with those that are given its name."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.permissions.access_point_name import name_among
from s3ap_ops.names import is_access_point
from s3ap_ops.rollout import Rollout


def pairs(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """(alias parameter, name parameter) of each access point of which both are given, and which is there already.

    A name that a resource of the template gets belongs to an access point that is still to be made.
    """
    made = set(rollout.names.values())
    for alias, value in rollout.values.items():
        if not is_access_point(value):
            continue
        name = name_among(alias, rollout.values)
        given = rollout.values.get(name, "")
        if name and given and name != alias and not is_access_point(given) and given not in made:
            yield alias, name


def alias_of(value: str) -> str:
    """The alias that a value is; empty for an ARN, which says the name."""
    return "" if value.startswith("arn:") else value


def name_in(value: str) -> str:
    """The name of the access point whose ARN a value is; empty for an alias, which does not tell it."""
    return value.rpartition(":accesspoint")[2].lstrip("/:") if value.startswith("arn:") else ""
