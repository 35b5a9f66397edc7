"""S3AP209, live: a workgroup that holds something and so cannot be deleted by its stack."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, detects, good
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, Phase, Risk, call, count, listed


@detects(
    "S3AP209",
    subject=LiveStack,
    examples=[
        bad(
            "saved and prepared queries",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:  # <- S3AP209
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                    Facts: {exists: true, named_queries: 3, prepared_statements: 1, query_executions: 0}
                """
            },
            fixed={
                "calls": "aws athena delete-work-group --work-group uc1-demo-workgroup --recursive-delete-option\n",
            },
        ),
        bad(
            "a history only",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:  # <- S3AP209
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                    Facts: {exists: true, named_queries: 0, prepared_statements: 0, query_executions: 12}
                """
            },
            fixed={
                "calls": "aws athena delete-work-group --work-group uc1-demo-workgroup --recursive-delete-option\n",
            },
        ),
        bad(
            "queries that run are stopped before anything is cleared",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:  # <- S3AP209
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                    Facts: {exists: true, query_executions: 1000, capped: true, running: [q-1, q-2]}
                """
            },
            fixed={
                "calls": """
                aws athena stop-query-execution --query-execution-id q-1
                aws athena stop-query-execution --query-execution-id q-2
                aws athena delete-work-group --work-group uc1-demo-workgroup --recursive-delete-option
                """
            },
        ),
        bad(
            "one query of the stack's own, and one that somebody saved beside it",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:  # <- S3AP209
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                    Facts: {exists: true, named_queries: 2, query_ids: [own, other]}
                  Query:
                    Type: AWS::Athena::NamedQuery
                    PhysicalId: own
                """
            },
            fixed={
                "calls": "aws athena delete-work-group --work-group uc1-demo-workgroup --recursive-delete-option\n",
            },
        ),
        bad(
            "RecursiveDeleteOption deletes the history, but a query that runs still writes its results",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:  # <- S3AP209
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: uc1-demo-workgroup
                    Properties: {RecursiveDeleteOption: true}
                    Facts: {exists: true, query_executions: 7, running: [q-7]}
                """
            },
            fixed={"calls": "aws athena stop-query-execution --query-execution-id q-7\n"},
        ),
        bad(
            "the workgroup that every account has",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:  # <- S3AP209
                    Type: AWS::Athena::WorkGroup
                    PhysicalId: primary
                    Facts: {exists: true, named_queries: 3}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "empty, retained, gone, or deployed with RecursiveDeleteOption",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Empty:
                    Type: AWS::Athena::WorkGroup
                    Facts: {exists: true, named_queries: 0, prepared_statements: 0, query_executions: 0}
                  Kept:
                    Type: AWS::Athena::WorkGroup
                    DeletionPolicy: Retain
                    Facts: {exists: true, named_queries: 3}
                  Recursive:
                    Type: AWS::Athena::WorkGroup
                    Properties: {Name: uc1-demo-recursive, RecursiveDeleteOption: true}
                    Facts: {exists: true, named_queries: 3}
                  Gone:
                    Type: AWS::Athena::WorkGroup
                    Facts: {exists: false}
                """
            },
        ),
        good(
            "its only saved query is the stack's, and goes before it",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workgroup:
                    Type: AWS::Athena::WorkGroup
                    Facts: {exists: true, named_queries: 1, query_ids: [own]}
                  Query:
                    Type: AWS::Athena::NamedQuery
                    PhysicalId: own
                """
            },
        ),
    ],
)
def nonempty_workgroup(stack: LiveStack) -> Iterator[Finding]:
    """
    An Athena workgroup holds queries, and its stack was not told to delete it with them.

    CloudFormation's deletion of the workgroup fails ("WorkGroup is not empty"). What it holds is deleted with it, by
    one call, before the stack is; a workgroup that is gone is no trouble to CloudFormation. Queries that run are
    stopped first, because they would write their results into a bucket that is being emptied. The workgroup `primary`
    can never be deleted: https://docs.aws.amazon.com/athena/latest/APIReference/API_DeleteWorkGroup.html
    """
    for group in stack.of_type("AWS::Athena::WorkGroup"):
        if group.goes:
            yield from _about(group, stack)


def _about(group: LiveResource, stack: LiveStack) -> Iterator[Finding]:
    name = group.physical_id
    if name == "primary":
        yield Finding(
            "the workgroup primary can never be deleted, so neither can its stack",
            at=group.at,
            severity=Severity.ERROR,
            fix=Fix(
                f"Deploy the stack with DeletionPolicy: Retain on {group.logical_id}, then tear it down",
                (),
                Safety.MANUAL,
            ),
        )
        return
    held, stops = _held(group, stack), tuple(_stops(group))
    if _is_recursive(group) or not held:
        if stops:
            yield Finding(
                f"{count(len(stops), 'query runs', 'queries run')} in {name}, and would write results while its stack "
                "goes",
                at=group.at,
                severity=Severity.INFO,
                fix=Fix(f"Stop what runs in {name}", stops),
            )
        return
    said = listed(held)
    delete = call(
        group,
        "athena",
        "delete_work_group",
        WorkGroup=name,
        RecursiveDeleteOption=True,
        risk=Risk.DATA_LOSS,
        destroys=said,
        done=("InvalidRequestException:is not found",),
    )
    yield Finding(
        f"{name} holds {said}, so its stack cannot delete it",
        at=group.at,
        severity=Severity.ERROR,
        fix=Fix(f"Delete {name} with what it holds", (*stops, delete)),
    )


def _held(group: LiveResource, stack: LiveStack) -> list[str]:
    """What is in it that its stack does not delete before it, in words."""
    own = {one.physical_id for one in stack.of_type("AWS::Athena::NamedQuery", "AWS::Athena::PreparedStatement")}
    queries = group.fact("named_queries", 0) - len(own.intersection(group.fact("query_ids", ())))
    statements = group.fact("prepared_statements", 0) - len(own.intersection(group.fact("statements", ())))
    history = group.fact("query_executions", 0)
    least = "at least " if group.fact("capped", False) else ""
    said = [
        (queries, count(queries, "saved query", "saved queries")),
        (statements, count(statements, "prepared statement")),
        (history, least + count(history, "query in its history", "queries in its history")),
    ]
    return [words for number, words in said if number > 0]


def _stops(group: LiveResource) -> Iterator[ApiCall]:
    for query in group.fact("running", ()):
        yield call(
            group,
            "athena",
            "stop_query_execution",
            QueryExecutionId=query,
            target=query,
            phase=Phase.QUIESCE,
            risk=Risk.DATA_LOSS,
            destroys="the result of a query that runs",
            done=("InvalidRequestException:was not found",),
        )


def _is_recursive(group: LiveResource) -> bool:
    """Whether CloudFormation deletes it with what it holds; a computed value is not taken for a yes."""
    return group.properties.get("RecursiveDeleteOption") in (True, "true")
