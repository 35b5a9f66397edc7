"""What workgroups hold, and where they put their results."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.reading import Look, Notes, reads, says
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.stack import Json, LiveResource

GONE = {"InvalidRequestException:is not found": False}
MOST = 1_000
"""How many queries of a history are counted; one page is 50."""
NEWEST = 200
"""How many queries of a history are asked whether they run. A query runs for half an hour at most."""


@reads("AWS::Athena::WorkGroup")
def workgroup(look: Look, group: LiveResource, note: Notes) -> None:
    """exists; named_queries, prepared_statements, query_executions: how many; query_ids: the ids of the named queries,
    statements: the names of the prepared ones; capped: whether there are more executions than were counted; running:
    ids of queries that run or wait; output: where results go, as an s3:// address; stack_id."""
    athena, name = look.client("athena"), group.physical_id
    if not note("exists", lambda: bool(_described(look, name)), GONE):
        return
    queries = note("query_ids", lambda: look.pages("athena", "list_named_queries", "NamedQueryIds", WorkGroup=name))
    if queries is not None:
        note("named_queries", lambda: len(queries))
    statements = note("statements", lambda: _prepared(look, name))
    if statements is not None:
        note("prepared_statements", lambda: len(statements))
    history: list[str] = []
    if note("query_executions", lambda: len(_history(look, name, into=history))) is not None:
        note("capped", lambda: len(history) >= MOST)
        note("running", lambda: _running(athena, history[:NEWEST]))
    note("output", lambda: _output(_described(look, name)))
    note("stack_id", lambda: _owner(look, athena, name))


@reads("AWS::S3::Bucket")
def results_bucket(look: Look, bucket: LiveResource, note: Notes) -> None:
    """result_workgroups: names of the workgroups of the bucket's region whose results go into it."""
    # buckets of stacks are in the stack's region, and a workgroup may write only to a bucket in its own
    note("result_workgroups", lambda: _into(look.once("athena outputs", lambda: _outputs(look)), bucket))


def _into(outputs: dict[str, str], bucket: LiveResource) -> list[str]:
    at = re.compile(rf"s3://{re.escape(bucket.physical_id)}(/|$)")
    return sorted(name for name, output in outputs.items() if at.match(output))


def _outputs(look: Look) -> dict[str, str]:
    """Where the results of every workgroup of the region go."""
    names = [one["Name"] for one in look.pages("athena", "list_work_groups", "WorkGroups")]
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = _output(_described(look, name))
        except ClientError as error:
            if not says(error, "InvalidRequestException:is not found"):  # deleted since it was listed
                raise
    return found


def _described(look: Look, name: str) -> Any:
    athena = look.client("athena")
    return look.once(("workgroup", name), lambda: athena.get_work_group(WorkGroup=name).get("WorkGroup") or {})


def _prepared(look: Look, name: str) -> list[str]:
    found = look.pages("athena", "list_prepared_statements", "PreparedStatements", WorkGroup=name)
    return [one["StatementName"] for one in found]


def _history(look: Look, name: str, into: list[str]) -> list[str]:
    """The newest ids of the workgroup's queries, put into a list that they are then given in."""
    pages = look.client("athena").get_paginator("list_query_executions").paginate(WorkGroup=name)
    into[:] = islice((one for page in pages for one in page.get("QueryExecutionIds") or ()), MOST)
    return into


def _running(athena: Any, ids: list[str]) -> list[str]:
    said = (athena.batch_get_query_execution(QueryExecutionIds=ids[at : at + 50]) for at in range(0, len(ids), 50))
    queries = (one for answer in said for one in answer.get("QueryExecutions") or ())
    return [one["QueryExecutionId"] for one in queries if one.get("Status", {}).get("State") in ("QUEUED", "RUNNING")]


def _output(found: dict[str, Json]) -> str:
    """Where results go; empty if queries say so themselves."""
    location: str = found.get("Configuration", {}).get("ResultConfiguration", {}).get("OutputLocation", "")
    return location


def _owner(look: Look, athena: Any, name: str) -> str:
    arn = (
        f"arn:{look.session.get_partition_for_region(look.region)}:athena:{look.region}:{look.account}:workgroup/{name}"
    )
    return stack_id(athena.list_tags_for_resource(ResourceARN=arn).get("Tags"))


READERS = (workgroup, results_bucket)
