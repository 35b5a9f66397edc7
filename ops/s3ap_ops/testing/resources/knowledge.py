"""Bedrock's knowledge bases and data sources, and OpenSearch Serverless, where they keep vectors."""

import json
from typing import Any

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, Slow, kind, pick


def _camel(value: Any) -> Any:
    """Properties as the API spells them: the names begin with a small letter."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(one) for name, one in value.items()}
    return [_camel(one) for one in value] if isinstance(value, list) else value


@kind("AWS::Bedrock::KnowledgeBase")
class KnowledgeBase(Slow):
    def create(self, site: Site) -> Made:
        given = pick(site.properties, "Name", "Description", "RoleArn", "KnowledgeBaseConfiguration",
                     "StorageConfiguration")  # fmt: skip
        made = site.aws("bedrock-agent").create_knowledge_base(**_camel(given), tags=site.tags)["knowledgeBase"]
        id_, arn = made["knowledgeBaseId"], made["knowledgeBaseArn"]
        return Made(id_, {"KnowledgeBaseId": id_, "KnowledgeBaseArn": arn})

    def is_there(self, site: Site, name: str) -> bool:
        return any(row["name"] == name for row in site.world.knowledge.bases.values())

    def ask(self, site: Site) -> None:
        site.aws("bedrock-agent").delete_knowledge_base(knowledgeBaseId=site.physical)

    def state(self, site: Site) -> str:
        return str(site.world.knowledge.bases.get(site.physical, {}).get("status", ""))

    def why(self, site: Site) -> str:
        return "; ".join(site.world.knowledge.bases[site.physical]["failureReasons"])


@kind("AWS::Bedrock::DataSource")
class DataSource(Slow):
    def create(self, site: Site) -> Made:
        given = pick(site.properties, "Name", "Description", "KnowledgeBaseId", "DataSourceConfiguration",
                     "DataDeletionPolicy", "VectorIngestionConfiguration")  # fmt: skip
        made = site.aws("bedrock-agent").create_data_source(**_camel(given))["dataSource"]
        return Made(f"{made['knowledgeBaseId']}|{made['dataSourceId']}", {"DataSourceId": made["dataSourceId"]})

    def _key(self, site: Site) -> tuple[str, str]:
        base, _, source = site.physical.partition("|")
        return base, source

    def ask(self, site: Site) -> None:
        base, source = self._key(site)
        site.aws("bedrock-agent").delete_data_source(knowledgeBaseId=base, dataSourceId=source)

    def state(self, site: Site) -> str:
        return str(site.world.knowledge.sources.get(self._key(site), {}).get("status", ""))

    def why(self, site: Site) -> str:
        return "; ".join(site.world.knowledge.sources[self._key(site)]["failureReasons"])


@kind("AWS::OpenSearchServerless::Collection")
class Collection(Slow):
    def create(self, site: Site) -> Made:
        tags = [{"key": key, "value": value} for key, value in site.tags.items()]
        given = _camel(pick(site.properties, "Name", "Type", "Description", "DeletionProtection"))
        made = site.aws("opensearchserverless").create_collection(**given, tags=tags)["createCollectionDetail"]
        row = site.world.search.collections[made["id"]]
        return Made(made["id"], {"Id": made["id"], "Arn": row["arn"], "CollectionEndpoint": row["collectionEndpoint"]})

    def is_there(self, site: Site, name: str) -> bool:
        return any(row["name"] == name for row in site.world.search.collections.values())

    def ask(self, site: Site) -> None:
        site.aws("opensearchserverless").delete_collection(id=site.physical)

    def state(self, site: Site) -> str:
        return str(site.world.search.collections.get(site.physical, {}).get("status", ""))

    def why(self, site: Site) -> str:
        return f"Collection {site.physical} is {self.state(site)}"


@kind(
    "AWS::OpenSearchServerless::AccessPolicy",
    "AWS::OpenSearchServerless::LifecyclePolicy",
    "AWS::OpenSearchServerless::SecurityPolicy",
)
class Policy(Kind):
    def _word(self, site: Site) -> str:
        return {"AccessPolicy": "access_policy", "LifecyclePolicy": "lifecycle_policy"}.get(
            site.resource.type.rpartition(":")[2], "security_policy"
        )

    def create(self, site: Site) -> Made:
        policy, type_, name = site.properties["Policy"], site.properties["Type"], site.properties["Name"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        make = getattr(site.aws("opensearchserverless"), f"create_{self._word(site)}")
        make(name=name, type=type_, policy=text)
        return Made(f"{type_}|{name}")

    def is_there(self, site: Site, name: str) -> bool:
        return (site.properties["Type"], name) in site.world.search.policies

    def delete(self, site: Site) -> None:
        type_, _, name = site.physical.partition("|")
        getattr(site.aws("opensearchserverless"), f"delete_{self._word(site)}")(name=name, type=type_)
