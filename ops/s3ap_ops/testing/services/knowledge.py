"""Bedrock's knowledge bases and data sources, which moto knows in part only: each deletion takes time, and fails when
vectors have to be deleted where nobody may, or where nothing is left.

The reason of a failure is the one that people have got; an update of a data source leaves out nothing unpunished.
"""

import json
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

UNSUCCESSFUL = "DELETE_UNSUCCESSFUL"
SETTINGS = (
    "name",
    "description",
    "dataSourceConfiguration",
    "dataDeletionPolicy",
    "serverSideEncryptionConfiguration",
    "vectorIngestionConfiguration",
)


class KnowledgeBases:
    """The knowledge bases of a world, and their data sources, as Bedrock describes them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.bases: dict[str, dict[str, Any]] = {}
        self.sources: dict[tuple[str, str], dict[str, Any]] = {}  # by base and source
        self.tags: dict[str, dict[str, str]] = {}
        self.regions: dict[str, str] = {}

    def of(self, call: Call, id_: str) -> dict[str, Any]:
        """A knowledge base. Raises AwsError when the region has none of that id."""
        if id_ not in self.bases or self.regions[id_] != call.region:
            raise AwsError("ResourceNotFoundException", f"Knowledge base with id {id_} is not found", 404)
        return self.bases[id_]

    def source(self, call: Call) -> dict[str, Any]:
        """The data source that a call names. Raises AwsError when there is none."""
        base, id_ = call.params["knowledgeBaseId"], call.params["dataSourceId"]
        self.of(call, base)
        if (base, id_) not in self.sources:
            raise AwsError("ResourceNotFoundException", f"DataSource with id {id_} is not found", 404)
        return self.sources[base, id_]

    def of_base(self, base: str) -> list[dict[str, Any]]:
        """The data sources of a knowledge base."""
        return [row for (owner, _), row in self.sources.items() if owner == base]

    def can_purge(self, base: str) -> bool:
        """Whether vectors of a knowledge base can be deleted: by its role, from its store, which lets it."""
        row = self.bases[base]
        role = row["roleArn"].rpartition("/")[2]
        if not any(one.name == role for one in self._world.backend("iam").roles.values()):
            return False
        kept = row.get("storageConfiguration", {}).get("opensearchServerlessConfiguration", {})
        if not kept:
            return True
        search = self._world.search
        found = search.collections.get(kept["collectionArn"].rpartition("/")[2])
        return found is not None and found["status"] == "ACTIVE" and search.allows(found["name"], row["roleArn"])

    def purge(self, base: str, source: dict[str, Any]) -> bool:
        """Whether a data source is gone, with its vectors if it has to delete them; otherwise it says why not."""
        if source.get("dataDeletionPolicy", "DELETE") == "DELETE" and not self.can_purge(base):
            source.update(status=UNSUCCESSFUL, failureReasons=[_purging(source["dataSourceId"])])
            return False
        self.sources.pop((base, source["dataSourceId"]), None)
        return True


def _purging(source: str) -> str:
    return (
        f"Unable to delete data from vector store for data source with ID {source}. Check your vector store "
        "configurations and permissions and retry your request. If the issue persists, consider updating the "
        "dataDeletionPolicy of the data source to RETAIN and retry your request."
    )


def _page(call: Call, rows: list[dict[str, Any]], result: str) -> dict[str, Any]:
    start, most = int(call.params.get("nextToken") or 0), int(call.params.get("maxResults") or 10)
    more = {"nextToken": str(start + most)} if start + most < len(rows) else {}
    return {result: rows[start : start + most], **more}


def _id(world: "World") -> str:
    return world.name(length=10)


@before("bedrock-agent", "CreateKnowledgeBase")
def create_base(world: "World", call: Call) -> dict[str, Any]:
    """A new knowledge base, active at once."""
    given, bases = call.params, world.knowledge.bases
    if any(row["name"] == given["name"] for key, row in bases.items() if world.knowledge.regions[key] == call.region):
        raise AwsError("ConflictException", f"KnowledgeBase with name {given['name']} already exists.", 409)
    key, now = _id(world), world.clock.now()
    arn = f"arn:aws:bedrock:{call.region}:{world.account}:knowledge-base/{key}"
    wanted = ("name", "description", "roleArn", "knowledgeBaseConfiguration", "storageConfiguration")
    bases[key] = {
        "knowledgeBaseId": key,
        "knowledgeBaseArn": arn,
        "status": "ACTIVE",
        "createdAt": now,
        "updatedAt": now,
        **{name: given[name] for name in wanted if name in given},
    }
    world.knowledge.tags[arn], world.knowledge.regions[key] = dict(given.get("tags") or {}), call.region
    return {"knowledgeBase": bases[key]}


@before("bedrock-agent", "GetKnowledgeBase")
def get_base(world: "World", call: Call) -> dict[str, Any]:
    """A knowledge base."""
    row = world.knowledge.of(call, call.params["knowledgeBaseId"])
    world.looked_at(call, row["status"])
    return {"knowledgeBase": row}


@before("bedrock-agent", "ListKnowledgeBases")
def list_bases(world: "World", call: Call) -> dict[str, Any]:
    """The knowledge bases of a region, in pages."""
    rows = [row for key, row in world.knowledge.bases.items() if world.knowledge.regions[key] == call.region]
    return _page(call, rows, "knowledgeBaseSummaries")


@before("bedrock-agent", "DeleteKnowledgeBase")
def delete_base(world: "World", call: Call) -> dict[str, Any]:
    """The knowledge base is being deleted, with its data sources; whether it goes is told by its status later."""
    key = call.params["knowledgeBaseId"]
    row = world.knowledge.of(call, key)
    if row["status"] == "DELETING":
        raise AwsError(
            "ConflictException", f"KnowledgeBase {key} cannot be deleted in its current state: DELETING", 409
        )
    row["status"] = "DELETING"

    def finish() -> None:
        left = [one for one in world.knowledge.of_base(key) if not world.knowledge.purge(key, one)]
        if left:
            row.update(status=UNSUCCESSFUL, failureReasons=[reason for one in left for reason in one["failureReasons"]])
            return
        world.knowledge.bases.pop(key, None)
        world.knowledge.tags.pop(row["knowledgeBaseArn"], None)

    world.later(world.pace.knowledge, finish)
    return {"knowledgeBaseId": key, "status": "DELETING"}


@before("bedrock-agent", "CreateDataSource")
def create_source(world: "World", call: Call) -> dict[str, Any]:
    """A new data source, available at once."""
    base, key, now = call.params["knowledgeBaseId"], _id(world), world.clock.now()
    world.knowledge.of(call, base)
    if any(row["name"] == call.params["name"] for row in world.knowledge.of_base(base)):
        raise AwsError("ConflictException", f"DataSource with name {call.params['name']} already exists.", 409)
    world.knowledge.sources[base, key] = {
        "knowledgeBaseId": base,
        "dataSourceId": key,
        "status": "AVAILABLE",
        "dataDeletionPolicy": "DELETE",
        "createdAt": now,
        "updatedAt": now,
        **{name: call.params[name] for name in SETTINGS if name in call.params},
    }
    return {"dataSource": world.knowledge.sources[base, key]}


@before("bedrock-agent", "GetDataSource")
def get_source(world: "World", call: Call) -> dict[str, Any]:
    """A data source."""
    row = world.knowledge.source(call)
    world.looked_at(call, row["status"])
    return {"dataSource": row}


@before("bedrock-agent", "ListDataSources")
def list_sources(world: "World", call: Call) -> dict[str, Any]:
    """The data sources of a knowledge base, in pages."""
    world.knowledge.of(call, call.params["knowledgeBaseId"])
    return _page(call, world.knowledge.of_base(call.params["knowledgeBaseId"]), "dataSourceSummaries")


@before("bedrock-agent", "UpdateDataSource")
def update_source(world: "World", call: Call) -> dict[str, Any]:
    """A data source that is as the request says, and in nothing else as it was."""
    row = world.knowledge.source(call)
    if row["status"] == "DELETING":
        raise AwsError("ConflictException", f"DataSource {row['dataSourceId']} is being deleted", 409)
    fixed = "vectorIngestionConfiguration"
    if json.dumps(row.get(fixed), sort_keys=True) != json.dumps(call.params.get(fixed), sort_keys=True):
        raise AwsError("ValidationException", f"{fixed}.chunkingConfiguration cannot be updated once created")
    for name in SETTINGS:
        row.pop(name, None)
    given = {name: call.params[name] for name in SETTINGS if name in call.params}
    row.update({"dataDeletionPolicy": "DELETE", **given, "updatedAt": world.clock.now()})
    return {"dataSource": row}


@before("bedrock-agent", "DeleteDataSource")
def delete_source(world: "World", call: Call) -> dict[str, Any]:
    """The data source is being deleted, with its vectors if its policy says so."""
    row, base = world.knowledge.source(call), call.params["knowledgeBaseId"]
    if row["status"] == "DELETING":
        raise AwsError("ConflictException", f"DataSource {row['dataSourceId']} is being deleted", 409)
    row["status"] = "DELETING"

    def finish() -> None:
        if (base, row["dataSourceId"]) in world.knowledge.sources:
            world.knowledge.purge(base, row)

    world.later(world.pace.knowledge, finish)
    return {"knowledgeBaseId": base, "dataSourceId": row["dataSourceId"], "status": "DELETING"}


@before("bedrock-agent", "ListTagsForResource")
def tags_of(world: "World", call: Call) -> dict[str, Any]:
    """The tags of a knowledge base."""
    if call.params["resourceArn"] not in world.knowledge.tags:
        raise AwsError("ResourceNotFoundException", "The resource is not found", 404)
    return {"tags": world.knowledge.tags[call.params["resourceArn"]]}
