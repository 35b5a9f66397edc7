"""A run in a world, and what the wire says of it: which writes there were, and which of them no plan stands for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.httpsession import create_urllib3_context
from botocore.loaders import create_loader

from s3ap_ops import cli, journal
from s3ap_ops.emptying import Pace
from s3ap_ops.testing import World
from s3ap_ops.testing.models import service_model

Json = Any
_LOADER = create_loader()
_CONTEXT = create_urllib3_context()


@contextmanager
def turned_to(world: World, patch: Any, folder: object) -> Iterator[World]:
    """Every AWS client of this process and its children works in the world, impatiently; journals are kept in a
    folder. To be entered when the world is built: what builds it has to be patient."""
    for name, value in world.env.items():
        patch.setenv(name, value)
    patch.setenv("S3AP_OPS_STATE_DIR", str(folder))
    patch.delenv("AWS_PROFILE", raising=False)
    impatient(patch)
    yield world


def impatient(patch: Any) -> None:
    """Clients wait for no retry, give up on an answer after half a second, and keep botocore's parsed models."""
    service_model("s3")  # the world reads requests by a model that no client has changed
    hasty = SimpleNamespace(sleep=lambda seconds: None)
    patch.setattr("botocore.endpoint.time", hasty)
    patch.setattr("botocore.waiter.time", hasty)
    patch.setattr("s3ap_ops.emptying.pipeline.Pace", lambda: Pace(quiet=0.01, longest_quiet=0.02, patience=0.5))
    for place in ("deleter", "persistence"):
        patch.setattr(f"s3ap_ops.emptying.{place}.jitter", lambda attempt: 0.0)
    patch.setitem(Config.OPTION_DEFAULTS, "read_timeout", 0.5)
    patch.setattr("s3ap_ops.emptying.signed.READ_SECONDS", 0.5)
    patch.setattr("s3ap_ops.emptying.plain.READ_SECONDS", 0.5)
    patch.setattr(botocore.session, "create_loader", lambda *_: _LOADER)
    # no client makes one of its own: OpenSSL, asked in a child while another thread asked it in the parent, hangs
    patch.setattr("botocore.httpsession.create_urllib3_context", lambda *_, **__: _CONTEXT)


# -- runs


def clean(*arguments: str) -> int:
    """The exit status of `clean --yes` with some stacks and options."""
    return cli.main(["clean", *arguments, "--yes", "--quiet", "--poll", "0.001"])


def resume(run: str, *arguments: str) -> int:
    """The exit status of `resume --yes` of a run."""
    return cli.main(["resume", run, *arguments, "--yes", "--quiet", "--poll", "0.001"])


def planned(run: str) -> list[Mapping[str, Json]]:
    """Every action that a run had planned, in all of its rounds, as its journal has them."""
    return [action for record in journal.records(run) if record["kind"] == "plan" for action in record["actions"]]


def dry_run(capsys: Any, *arguments: str) -> dict[str, Json]:
    """The plan of a dry run, as JSON."""
    capsys.readouterr()
    cli.main(["clean", *arguments, "--dry-run", "--format", "json"])
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


# -- what was written, held against what was planned


def written(world: World) -> list[tuple[str, str, dict[str, Json]]]:
    """What reached the wire and writes: service, operation as boto3 names it, parameters."""
    return [(one.service, xform_name(one.operation), one.params) for one in world.writes]


def strays(world: World, actions: Iterable[Mapping[str, Json]]) -> list[str]:
    """The writes at the wire that no action of a plan, as JSON, stands for; a request that was cut short, when its
    sender was killed, has no parameters and no effect."""
    planned = list(actions)
    return [f"{service}:{operation} {params}" for service, operation, params in written(world)
            if params and not any(stands_for(action, service, operation, params) for action in planned)]  # fmt: skip


SIGNED_AS = {"docdb": "rds", "neptune": "rds"}
"""Services of boto3 whose requests are another's at the wire."""


def stands_for(action: Mapping[str, Json], service: str, operation: str, params: Mapping[str, Json]) -> bool:
    """Whether an action of a plan, as JSON, is the reason of a write; the operation is named as boto3 does."""
    change = action["change"]
    if action["type"] == "ApiCall":
        sent = (SIGNED_AS.get(change["service"], change["service"]), change["operation"])
        return sent == (service, operation) and _same(change["params"], params)
    if action["type"] == "EmptyBucket":
        emptying = operation in ("delete_objects", "delete_object", "abort_multipart_upload")
        return service == "s3" and emptying and params["Bucket"] == change["bucket"]
    if action["type"] == "DeleteStack":
        return (service, operation) == ("cloudformation", "delete_stack") and params["StackName"] == change["stack_id"]
    return (service, operation) == ("logs", "delete_log_group") and params["logGroupName"] == change["log_group"]


def _same(planned: Json, seen: Json) -> bool:
    """Whether parameters are the same, but for what the wire spells otherwise or leaves out because it is empty."""
    if isinstance(planned, Mapping):
        names = {name for name, value in planned.items() if value not in ([], {}, None)}
        return isinstance(seen, Mapping) and all(name in seen and _same(planned[name], seen[name]) for name in names)
    if isinstance(planned, list | tuple):
        return isinstance(seen, list | tuple) and len(planned) == len(seen) and all(map(_same, planned, seen))
    return _spelled(planned) == _spelled(seen)


def _spelled(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
