"""S3AP863: collections that go, in which knowledge bases that stay keep their vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import Json, LiveResource, LiveStack, LiveStacks
from s3ap_ops.rules.knowledge.sources import BASE, base_deleted, keeping, source_deleted

COLLECTION = "AWS::OpenSearchServerless::Collection"
STACK = """
Stack: uc1-demo
Resources:
  Vectors:  # <- S3AP863
    Type: AWS::OpenSearchServerless::Collection
    PhysicalId: abc123
    Facts:
      exists: true
      knowledge_bases:
        - id: KB12345678
          name: uc1-kb
          status: ACTIVE
          stack_id: "{owner}"
          sources:
            - id: DS12345678
              name: papers
              status: AVAILABLE
              policy: DELETE
              reason: ""
              settings:
                knowledgeBaseId: KB12345678
                dataSourceId: DS12345678
                name: papers
                dataDeletionPolicy: DELETE
"""
OTHER = "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/readers/1"
CALLS = """
aws bedrock-agent update-data-source --knowledge-base-id KB12345678 --data-source-id DS12345678 --name papers --data-deletion-policy RETAIN
aws bedrock-agent delete-data-source --knowledge-base-id KB12345678 --data-source-id DS12345678
aws bedrock-agent delete-knowledge-base --knowledge-base-id KB12345678
"""  # noqa: E501
OWN = "  Base:\n    Type: AWS::Bedrock::KnowledgeBase\n    PhysicalId: KB12345678\n"


@rule(
    code="S3AP863",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("a script made the knowledge base", {"stack.yaml": STACK.format(owner="")}, fixed={"calls": CALLS}),
        bad("another stack has it, which stays", {"stack.yaml": STACK.format(owner=OTHER)}, fixed={"calls": CALLS}),
        bad(
            "the stack itself has it, and retains it",
            {"stack.yaml": STACK.format(owner="") + OWN + "    DeletionPolicy: Retain\n"},
            fixed={"calls": CALLS},
        ),
        good("the stack's own", {"stack.yaml": STACK.format(owner="").replace("  # <- S3AP863", "") + OWN}),
        good(
            "the collection stays",
            {
                "stack.yaml": STACK.format(owner="")
                .replace("  # <- S3AP863", "")
                .replace("    Facts:", "    DeletionPolicy: Retain\n    Facts:")
            },
        ),
    ],
)
def shared_vector_store(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A collection of the stack keeps the vectors of a knowledge base that does not go.

    Without it the knowledge base answers nothing, and cannot even be deleted as long as its data sources want to clear
    the collection (DELETE_UNSUCCESSFUL). `s3ap-ops clean` refuses. A knowledge base of another stack goes before the
    collection when both stacks are named. With --delete-knowledge-base ID one that no stack here has is deleted first:
    its data sources leave their vectors, are deleted, and then it is, which is waited for.
    """
    own = stacks.names_going(BASE)
    for stack in stacks.stacks:
        for collection in stack.of_type(COLLECTION):
            for base in collection.fact("knowledge_bases") or () if collection.goes else ():
                if base["id"] not in own:
                    yield _used(collection, base, stack)


def _used(collection: LiveResource, base: Mapping[str, Json], stack: LiveStack) -> Finding:
    flag = f"--delete-knowledge-base {base['id']}"
    changes = []
    for source in base["sources"]:
        changes += [
            *keeping(collection, source, base["id"], flag),
            source_deleted(collection, base["id"], source, base["id"], flag),
        ]
    owner = str(base["stack_id"]).split("/")[1] if "/" in str(base["stack_id"]) else ""
    own = base["id"] in stack.by_physical_id
    whose = ", which its stack retains" if own else f" of {owner}" if owner else ", which no stack has"
    advice = f", or tear {owner} down with {stack.name}" if owner and not own else ""
    return Finding(
        f"{collection.physical_id} keeps the vectors of the knowledge base {base['name']} ({base['id']}){whose}; "
        "without it that answers nothing, and may not be deletable any more",
        at=collection.at,
        fix=Fix(
            f"Delete the knowledge base {base['name']} first{advice}", (*changes, base_deleted(collection, base, flag))
        ),
    )
