"""S3AP861: data sources that are to delete their vectors where they cannot, or need not."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, LiveStacks
from s3ap_ops.rules.knowledge.sources import SOURCE, keeping

UNSUCCESSFUL = "DELETE_UNSUCCESSFUL"
KEPT = (
    "aws bedrock-agent update-data-source --knowledge-base-id KB12345678 --data-source-id DS12345678 --name papers "
    "--data-deletion-policy RETAIN\n"
)
STACK = """
Stack: uc1-demo
Resources:
  Papers:  # <- S3AP861
    Type: AWS::Bedrock::DataSource
    PhysicalId: KB12345678|DS12345678{retain}
    Facts:
      exists: true
      knowledge_base: KB12345678
      runs_as: "arn:aws:iam::123456789012:role/uc1-kb"
      role_exists: {role}
      store: {{type: OPENSEARCH_SERVERLESS, arn: "arn:aws:aoss:ap-northeast-1:123456789012:collection/abc123"}}
      store_exists: {store}
      source:
        id: DS12345678
        name: papers
        status: {status}
        policy: {policy}
        reason: {reason}
        settings: {{knowledgeBaseId: KB12345678, dataSourceId: DS12345678, name: papers, dataDeletionPolicy: {policy}}}
"""
VECTORS = """
  Vectors:
    Type: AWS::OpenSearchServerless::Collection
    PhysicalId: abc123
"""
AS_IT_IS = {"role": "true", "store": "true", "status": "AVAILABLE", "policy": "DELETE", "reason": '""', "retain": ""}


def _stack(more: str = "", **other: str) -> dict[str, str]:
    """A data source as it is, but for some of its facts."""
    return {"stack.yaml": STACK.format(**{**AS_IT_IS, **other}) + more}


def _unmarked(more: str = "", **other: str) -> dict[str, str]:
    return {name: text.replace("  # <- S3AP861", "") for name, text in _stack(more, **other).items()}


@rule(
    code="S3AP861",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("the collection is gone already", _stack(store="false"), fixed={"calls": KEPT}),
        bad(
            "the role is gone already, and the vectors stay where they are", _stack(role="false"), fixed={"calls": KEPT}
        ),
        bad(
            "an earlier deletion did not succeed",
            _stack(status=UNSUCCESSFUL, reason="Unable to delete data from vector store"),
            fixed={"calls": KEPT},
        ),
        bad("the collection goes with the stack, so nobody has to clear it", _stack(VECTORS), fixed={"calls": KEPT}),
        good("it leaves its vectors, and the collection goes", _unmarked(VECTORS, policy="RETAIN")),
        good("it deletes its vectors from a collection that stays", _unmarked()),
        good("the data source stays", _unmarked(store="false", retain="\n    DeletionPolicy: Retain")),
    ],
)
def undeletable_vectors(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A data source of a Bedrock knowledge base deletes its vectors when it goes, and that fails, or may.

    With the policy DELETE, Bedrock clears the vector store as the role of the knowledge base. Where the store or the
    role is gone the data source stays, DELETE_UNSUCCESSFUL, and the knowledge base and the stack with it. Where the
    store goes with the same stacks it can come to that as well: its access policy, or a policy of the role, may go
    first. So `s3ap-ops clean` sets the policy to RETAIN before anything is deleted, which leaves vectors only where the
    store stays.
    """
    for stack in stacks.stacks:
        for source in stack.of_type(SOURCE):
            if source.goes and (found := _found(source, stacks)):
                yield found


def _found(source: LiveResource, stacks: LiveStacks) -> Finding | None:
    said = source.fact("source") or {}
    target = said.get("id", "")
    changes = tuple(keeping(source, said, target)) if said else ()
    if not changes:
        return None
    store = source.fact("store") or {}
    going, why = stacks.store_of(store.get("arn", "")), _why(source)
    name, fix = f"{said['name']} ({target})", Fix(f"Let {said['name']} leave its vectors", changes)
    if why:
        stays = going is None and source.fact("store_exists") is not False
        rest = "; its vectors then stay where they are" if stays else ""
        message = f"{name} is to delete its vectors, but {why}, so it cannot be deleted{rest}"
        return Finding(message, at=source.at, fix=fix)
    if going is None:
        return None
    message = f"{name} is to delete its vectors from {going.physical_id}, which goes itself; that may fail"
    return Finding(message, at=source.at, severity=Severity.WARNING, fix=fix)


def _why(source: LiveResource) -> str:
    """Why the vectors cannot be deleted; empty if nothing is known to be in the way."""
    if source.fact("store_exists") is False:
        return f"{source.fact('store')['arn'].rpartition('/')[2]}, which kept them, is gone"
    if source.fact("role_exists") is False:
        return f"the role that does it, {source.fact('runs_as').rpartition('/')[2]}, is gone"
    said = source.fact("source")
    if said["status"] == UNSUCCESSFUL:
        return f"that failed before ({said['reason'].rstrip('.') or 'Bedrock gives no reason'})"
    return ""
