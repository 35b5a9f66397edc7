"""S3AP209, live: a workgroup that holds something and so cannot be deleted by its stack."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good
from s3ap_ops.api import LiveResource, Risk, call, count, listed


@detects(
    "S3AP209",
    subject=LiveResource,
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
        good(
            "empty, retained, or deployed with RecursiveDeleteOption",
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
                """
            },
        ),
    ],
)
def nonempty_workgroup(group: LiveResource) -> Iterator[Finding]:
    """
    An Athena workgroup holds queries, and its stack was not told to delete it with them.

    CloudFormation's deletion of the workgroup fails ("WorkGroup is not empty"). What it holds is deleted with it, by
    one call,
    before the stack is; a workgroup that is gone is no trouble to CloudFormation.
    """
    if group.type != "AWS::Athena::WorkGroup" or not group.goes or _is_recursive(group):
        return
    held = [count(number, noun, plural) for fact, noun, plural in HELD if (number := group.fact(fact, 0))]
    if not held:
        return
    said = listed(held)
    yield Finding(
        f"{group.physical_id} holds {said}, so its stack cannot delete it",
        at=group.at,
        severity=Severity.ERROR,
        fix=Fix(
            f"Delete {group.physical_id} with what it holds",
            (
                call(
                    group,
                    "athena",
                    "delete_work_group",
                    WorkGroup=group.physical_id,
                    RecursiveDeleteOption=True,
                    risk=Risk.DATA_LOSS,
                    destroys=said,
                    done=("InvalidRequestException:is not found",),
                ),
            ),
        ),
    )


HELD = (
    ("named_queries", "saved query", "saved queries"),
    ("prepared_statements", "prepared statement", ""),
    ("query_executions", "query in its history", "queries in its history"),
)


def _is_recursive(group: LiveResource) -> bool:
    """Whether CloudFormation deletes it with what it holds; a computed value is not taken for a yes."""
    return group.properties.get("RecursiveDeleteOption") in (True, "true")
