"""What workgroups hold."""

from __future__ import annotations

from s3ap_ops.reading import Look, Notes, reads
from s3ap_ops.stack import LiveResource

GONE = {"InvalidRequestException:is not found": False}


@reads("AWS::Athena::WorkGroup")
def workgroup(look: Look, group: LiveResource, note: Notes) -> None:
    """exists; named_queries, prepared_statements, query_executions: how many; running: ids of queries that run."""
    athena, name = look.client("athena"), group.physical_id
    if not note("exists", lambda: bool(athena.get_work_group(WorkGroup=name)), GONE):
        return
    note("named_queries", lambda: len(look.pages("athena", "list_named_queries", "NamedQueryIds", WorkGroup=name)))
    note("prepared_statements", lambda: len(_prepared(look, name)))
    note("query_executions", lambda: len(_history(look, name)))
    note("output", lambda: _output(athena, name))


def _prepared(look: Look, name: str) -> list[object]:
    return look.pages("athena", "list_prepared_statements", "PreparedStatements", WorkGroup=name)


def _history(look: Look, name: str) -> list[object]:
    return look.pages("athena", "list_query_executions", "QueryExecutionIds", WorkGroup=name)


def _output(athena: object, name: str) -> str:
    """Where the workgroup's results go, as an s3:// address; empty if queries say so themselves."""
    found = athena.get_work_group(WorkGroup=name)["WorkGroup"]  # type: ignore[attr-defined]
    location: str = found.get("Configuration", {}).get("ResultConfiguration", {}).get("OutputLocation", "")
    return location


READERS = (workgroup,)
