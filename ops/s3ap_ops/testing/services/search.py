"""OpenSearch Serverless: collections, which are deleted over time and keep their names until then, and policies, which
stay when the collections that they are about are gone. moto deletes at once, and lacks half of the policies.
"""

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

SERVICE = "opensearchserverless"
KINDS = {"SecurityPolicy": "securityPolicy", "AccessPolicy": "accessPolicy", "LifecyclePolicy": "lifecyclePolicy"}
LISTS = {
    "ListSecurityPolicies": "securityPolicySummaries",
    "ListAccessPolicies": "accessPolicySummaries",
    "ListLifecyclePolicies": "lifecyclePolicySummaries",
}


class Search:
    """The collections of a world by id, and its policies by type and name."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.collections: dict[str, dict[str, Any]] = {}
        self.policies: dict[tuple[str, str], dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def policy(self, type_: str, collection: str) -> dict[str, Any] | None:
        """The first policy of a type that is about a collection of that name."""
        for (kind, _), row in self.policies.items():
            if kind == type_ and any(_covers(rule, collection) for rule in _rules(row["policy"])):
                return row
        return None

    def allows(self, collection: str, role: str) -> bool:
        """Whether a data access policy lets a role at the indexes of a collection."""
        for (kind, _), row in self.policies.items():
            for part in _parts(row["policy"]) if kind == "data" else ():
                if role in part.get("Principal", ()) and any(_covers(rule, collection) for rule in part["Rules"]):
                    return True
        return False


def _parts(policy: str) -> list[dict[str, Any]]:
    found = json.loads(policy)
    return found if isinstance(found, list) else [found]


def _rules(policy: str) -> list[dict[str, Any]]:
    return [rule for part in _parts(policy) for rule in part.get("Rules", ())]


def _covers(rule: dict[str, Any], collection: str) -> bool:
    """Whether a rule is about a collection, or indexes in it."""
    names = [resource.split("/")[1] for resource in rule.get("Resource", ()) if "/" in resource]
    return any(fnmatchcase(collection, name) for name in names)


@before(SERVICE, "CreateCollection")
def create_collection(world: "World", call: Call) -> dict[str, Any]:
    """A new collection, active at once. It needs a policy that says how it is encrypted."""
    name, search = call.params["name"], world.search
    if any(row["name"] == name for row in search.collections.values()):
        raise AwsError("ConflictException", f"Collection with name: {name} already exists.", 409)
    if search.policy("encryption", name) is None:
        raise AwsError(
            "ValidationException",
            f"No matching security policy of encryption type found for collection name: {name}. Please create security "
            "policy of encryption type for this collection.",
        )
    key, now = world.name(length=20).lower(), int(world.clock.now().timestamp() * 1000)
    search.collections[key] = {
        "id": key,
        "name": name,
        "arn": f"arn:aws:aoss:{call.region}:{world.account}:collection/{key}",
        "status": "ACTIVE",
        "type": call.params.get("type", "TIMESERIES"),
        "deletionProtection": call.params.get("deletionProtection", "DISABLED"),
        "createdDate": now,
        "lastModifiedDate": now,
        "collectionEndpoint": f"https://{key}.{call.region}.aoss.amazonaws.com",
        "dashboardEndpoint": f"https://{key}.{call.region}.aoss.amazonaws.com/_dashboards",
    }
    arn = search.collections[key]["arn"]
    search.tags[arn] = {tag["key"]: tag["value"] for tag in call.params.get("tags", ())}
    return {"createCollectionDetail": search.collections[key]}


@before(SERVICE, "BatchGetCollection")
def get_collections(world: "World", call: Call) -> dict[str, Any]:
    """Collections by id or name; one that is not there is no error."""
    wanted = {*call.params.get("ids", ()), *call.params.get("names", ())}
    found = [row for row in world.search.collections.values() if {row["id"], row["name"]} & wanted]
    missing = wanted - {row[part] for row in found for part in ("id", "name")}
    errors = [{"id": one, "errorCode": "NOT_FOUND", "errorMessage": "not found"} for one in sorted(missing)]
    return {"collectionDetails": found, "collectionErrorDetails": errors}


@before(SERVICE, "ListCollections")
def list_collections(world: "World", call: Call) -> dict[str, Any]:
    """All collections."""
    return {"collectionSummaries": list(world.search.collections.values())}


def _one(world: "World", call: Call) -> dict[str, Any]:
    if call.params["id"] not in world.search.collections:
        raise AwsError("ResourceNotFoundException", f"Collection with ID {call.params['id']} cannot be found.", 404)
    return world.search.collections[call.params["id"]]


@before(SERVICE, "UpdateCollection")
def update_collection(world: "World", call: Call) -> dict[str, Any]:
    """The collection with another protection or description."""
    row = _one(world, call)
    row.update({name: call.params[name] for name in ("description", "deletionProtection") if name in call.params})
    return {"updateCollectionDetail": row}


@before(SERVICE, "DeleteCollection")
def delete_collection(world: "World", call: Call) -> dict[str, Any]:
    """The collection is being deleted; until it is gone nothing else gets its name."""
    row = _one(world, call)
    if row["deletionProtection"] == "ENABLED":
        raise AwsError("ValidationException", f"Collection {row['id']} has deletion protection enabled")
    if row["status"] != "ACTIVE":
        raise AwsError("ConflictException", f"Collection {row['id']} is not in ACTIVE or FAILED state", 409)
    row["status"] = "DELETING"
    world.later(world.pace.collection, lambda: world.search.collections.pop(row["id"], None))
    return {"deleteCollectionDetail": {key: row[key] for key in ("id", "name", "status")}}


@before(SERVICE, "ListTagsForResource")
def tags_of(world: "World", call: Call) -> dict[str, Any]:
    """The tags of a collection."""
    if call.params["resourceArn"] not in world.search.tags:
        raise AwsError("ResourceNotFoundException", "The resource cannot be found", 404)
    found = world.search.tags[call.params["resourceArn"]]
    return {"tags": [{"key": key, "value": value} for key, value in found.items()]}


@before(SERVICE, *(f"Create{kind}" for kind in KINDS))
def create_policy(world: "World", call: Call) -> dict[str, Any]:
    """A new policy. Its name is taken once in each type."""
    key = (call.params["type"], call.params["name"])
    if key in world.search.policies:
        raise AwsError("ConflictException", f"Policy with name {key[1]} and type {key[0]} already exists", 409)
    now = int(world.clock.now().timestamp() * 1000)
    world.search.policies[key] = {
        "type": key[0],
        "name": key[1],
        "policyVersion": world.name(length=20),
        "policy": call.params["policy"],
        "createdDate": now,
        "lastModifiedDate": now,
    }
    return {f"{KINDS[call.operation.removeprefix('Create')]}Detail": _told(world.search.policies[key])}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "policy": json.loads(row["policy"])}


def _policy(world: "World", call: Call) -> tuple[str, str]:
    key = (call.params["type"], call.params["name"])
    if key not in world.search.policies:
        raise AwsError("ResourceNotFoundException", f"Policy with name {key[1]} and type {key[0]} is not found", 404)
    return key


@before(SERVICE, "GetSecurityPolicy", "GetAccessPolicy")
def get_policy(world: "World", call: Call) -> dict[str, Any]:
    """A policy."""
    row = world.search.policies[_policy(world, call)]
    return {f"{KINDS[call.operation.removeprefix('Get')]}Detail": _told(row)}


@before(SERVICE, *LISTS)
def list_policies(world: "World", call: Call) -> dict[str, Any]:
    """The policies of a type."""
    return {LISTS[call.operation]: [row for key, row in world.search.policies.items() if key[0] == call.params["type"]]}


@before(SERVICE, *(f"Delete{kind}" for kind in KINDS))
def delete_policy(world: "World", call: Call) -> dict[str, Any]:
    """Nothing; the policy is gone, whatever it is about."""
    del world.search.policies[_policy(world, call)]
    return {}
