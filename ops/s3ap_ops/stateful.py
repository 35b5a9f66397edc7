"""Which resource types hold data, by the linter's table of them."""

from __future__ import annotations

from functools import cache

from s3ap_lint import data


def is_stateful(type_: str) -> bool:
    """Whether a resource of a type holds something that is lost with it."""
    return type_ in _stateful()


@cache
def _stateful() -> frozenset[str]:
    return frozenset(data.load("create_only")["stateful"])
