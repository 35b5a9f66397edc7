"""Where moto's services do other than AWS: corrections, additions, and services that it lacks.

A module here registers functions of (world, call) for an operation: `before` may answer in moto's stead, `after` sees
moto's answer.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import Reply
from s3ap_ops.testing.requests import Call

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

Before = Callable[["World", Call], dict[str, Any] | Reply | None]
After = Callable[["World", Call, Reply], Reply | None]
BEFORE: dict[tuple[str, str], list[Before]] = {}
AFTER: dict[tuple[str, str], list[After]] = {}


def before(service: str, *operations: str) -> Callable[[Before], Before]:
    """Registers a function that may answer these operations: a dict is the output, None leaves it to moto."""

    def register(function: Before) -> Before:
        for operation in operations:
            BEFORE.setdefault((service, operation), []).append(function)
        return function

    return register


def after(service: str, *operations: str) -> Callable[[After], After]:
    """Registers a function that sees moto's answer to these operations, and may give another."""

    def register(function: After) -> After:
        for operation in operations:
            AFTER.setdefault((service, operation), []).append(function)
        return function

    return register


MODULES = (
    "athena",
    "backup",
    "fsx",
    "glue",
    "groups",
    "guarded",
    "identity",
    "interfaces",
    "knowledge",
    "listing",
    "object_locks",
    "search",
    "storage",
)


def register() -> None:
    """Loads every module that registers."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
