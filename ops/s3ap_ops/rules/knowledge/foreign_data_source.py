"""S3AP862: data sources of a knowledge base that goes, which no stack here has."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import LiveStacks
from s3ap_ops.rules.knowledge.sources import BASE, SOURCE, keeping, source_deleted

HEAD = """
Stack: uc1-demo
Resources:
  Base:{mark}
    Type: AWS::Bedrock::KnowledgeBase
    PhysicalId: KB12345678
"""
FACTS = """    Facts:
      exists: true
      status: ACTIVE
      sources:
        - id: DS12345678
          name: papers
          status: AVAILABLE
          policy: DELETE
          reason: ""
          settings: {knowledgeBaseId: KB12345678, dataSourceId: DS12345678, name: papers, dataDeletionPolicy: DELETE}
"""
OWN = """  Papers:
    Type: AWS::Bedrock::DataSource
    PhysicalId: KB12345678|DS12345678
"""


@rule(
    code="S3AP862",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "added in the console",
            {"stack.yaml": HEAD.format(mark="  # <- S3AP862") + FACTS},
            fixed={
                "calls": """
                aws bedrock-agent update-data-source --knowledge-base-id KB12345678 --data-source-id DS12345678 --name papers --data-deletion-policy RETAIN
                aws bedrock-agent delete-data-source --knowledge-base-id KB12345678 --data-source-id DS12345678
                """  # noqa: E501
            },
        ),
        good("the stack's own", {"stack.yaml": HEAD.format(mark="") + FACTS + OWN}),
        good(
            "the knowledge base stays",
            {"stack.yaml": HEAD.format(mark="") + "    DeletionPolicy: Retain\n" + FACTS},
        ),
    ],
)
def foreign_data_source(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A knowledge base of the stack has a data source that no stack here has.

    Bedrock deletes data sources with their knowledge base, and keeps both, DELETE_UNSUCCESSFUL, when one of them cannot
    delete its vectors. Somebody added it, so `s3ap-ops clean` refuses. With --delete-data-source ID it is told to leave
    its vectors where they are, and deleted first. The documents that it read are not touched.
    """
    own = stacks.names_going(SOURCE)
    for stack in stacks.stacks:
        for base in stack.of_type(BASE):
            for source in base.fact("sources") or () if base.goes else ():
                id_ = source["id"]
                if f"{base.physical_id}|{id_}" in own:
                    continue
                flag = f"--delete-data-source {id_}"
                changes = (
                    *keeping(base, source, id_, flag),
                    source_deleted(base, base.physical_id, source, id_, flag),
                )
                yield Finding(
                    f"the knowledge base {base.physical_id} has the data source {source['name']} ({id_}), which no "
                    "stack here has and which would go with it",
                    at=base.at,
                    fix=Fix(f"Delete the data source {source['name']}", changes),
                )
