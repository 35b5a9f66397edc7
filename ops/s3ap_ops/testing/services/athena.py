"""Athena where moto is more lenient than AWS, prepared statements, which it does not list; DynamoDB's protection."""

from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


def _known(world: "World", call: Call) -> str:
    name = str(call.params.get("WorkGroup", "primary"))
    if name not in world.backend("athena", call.region).work_groups:
        raise AwsError("InvalidRequestException", f"WorkGroup {name} is not found.")
    return name


@before("athena", "GetWorkGroup", "UpdateWorkGroup", "ListNamedQueries", "ListQueryExecutions")
def work_group_is_there(world: "World", call: Call) -> None:
    """An unknown work group is an error."""
    if "WorkGroup" in call.params:
        _known(world, call)


@before("athena", "DeleteWorkGroup")
def work_group_is_empty(world: "World", call: Call) -> None:
    """A work group that holds queries stays, unless all of it shall go; primary always stays."""
    name = _known(world, call)
    if name == "primary":
        raise AwsError("InvalidRequestException", "primary workgroup could not be deleted")
    backend = world.backend("athena", call.region)
    queries = [query.id for query in backend.named_queries.values() if query.workgroup.name == name]
    runs = [key for key, run in backend.executions.items() if getattr(run.workgroup, "name", None) == name]
    statements = [key for key in world.statements if key[:2] == (call.region, name)]
    if (queries or runs or statements) and not call.params.get("RecursiveDeleteOption"):
        raise AwsError("InvalidRequestException", f"WorkGroup {name} is not empty")
    for query in queries:
        del backend.named_queries[query]
    for run in runs:
        del backend.executions[run]
    for statement in statements:
        del world.statements[statement]


@before("athena", "CreatePreparedStatement")
def create_statement(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the statement is there."""
    group, name = _known(world, call), call.params["StatementName"]
    if (call.region, group, name) in world.statements:
        raise AwsError("InvalidRequestException", f"Prepared Statement {name} already exists in WorkGroup {group}")
    world.statements[call.region, group, name] = {
        "StatementName": name,
        "QueryStatement": call.params["QueryStatement"],
        "WorkGroupName": group,
        "Description": call.params.get("Description"),
        "LastModifiedTime": world.clock.now(),
    }
    return {}


@before("athena", "ListPreparedStatements")
def list_statements(world: "World", call: Call) -> dict[str, Any]:
    """The statements of a work group."""
    group = _known(world, call)
    found = [item for key, item in world.statements.items() if key[:2] == (call.region, group)]
    return {"PreparedStatements": found}


@before("athena", "GetPreparedStatement")
def get_statement(world: "World", call: Call) -> dict[str, Any]:
    """One statement."""
    return {"PreparedStatement": _statement(world, call)}


@before("athena", "DeletePreparedStatement")
def delete_statement(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the statement is gone."""
    del world.statements[call.region, call.params["WorkGroup"], _statement(world, call)["StatementName"]]
    return {}


def _statement(world: "World", call: Call) -> dict[str, Any]:
    group, name = _known(world, call), call.params["StatementName"]
    found = world.statements.get((call.region, group, name))
    if found is None:
        raise AwsError("ResourceNotFoundException", f"PreparedStatement {name} is not found in WorkGroup {group}")
    return found


@before("athena", "DeleteNamedQuery")
def delete_query(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the query is gone. moto does not know this operation."""
    world.backend("athena", call.region).named_queries.pop(call.params["NamedQueryId"], None)
    return {}


@before("dynamodb", "DeleteTable")
def table_is_not_protected(world: "World", call: Call) -> None:
    """A protected table stays, in AWS's words."""
    table = world.backend("dynamodb", call.region).tables.get(call.params["TableName"])
    if table is not None and table.deletion_protection_enabled:
        raise AwsError(
            "ValidationException",
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first.",
        )


@before("athena", "BatchGetQueryExecution")
def queries_of_ids(world: "World", call: Call) -> dict[str, Any]:
    """The queries of some ids; moto gives one at a time."""
    known = world.backend("athena", call.region).executions
    found = [known[id_] for id_ in call.params["QueryExecutionIds"] if id_ in known]
    for one in found:
        one.advance()  # as moto does at each look at one
    return {
        "QueryExecutions": [
            {"QueryExecutionId": one.id, "Query": one.query, "Status": {"State": one.status}} for one in found
        ],
        "UnprocessedQueryExecutionIds": [],
    }
