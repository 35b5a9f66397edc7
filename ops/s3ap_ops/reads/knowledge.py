"""Knowledge bases of Amazon Bedrock, their data sources, and the collections that keep their vectors."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.errors import OpsError
from s3ap_ops.reading import Look, Notes, reads, says
from s3ap_ops.reads.ownership import stack_id
from s3ap_ops.stack import Json, LiveResource

GONE = {"ResourceNotFoundException": False}


@reads("AWS::Bedrock::KnowledgeBase")
def knowledge_base(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; status, reason: what it says of itself; runs_as: the ARN of its role; role_exists; store: what keeps its
    vectors, {type, arn}; store_exists: whether that is there, of a collection; sources: its data sources, each {id,
    name, status, policy, reason, settings}, where settings is all that an update has to repeat; stack_id."""
    id_ = resource.physical_id
    if not note("exists", lambda: bool(_base(look, id_)), GONE):
        return
    note("status", lambda: _base(look, id_).get("status", ""))
    note("reason", lambda: "; ".join(_base(look, id_).get("failureReasons") or ()))
    _note_needs(look, id_, note)
    note("sources", lambda: _sources(look, id_))
    note("stack_id", lambda: stack_id(_tags(look, _base(look, id_)["knowledgeBaseArn"])))


@reads("AWS::Bedrock::DataSource")
def data_source(look: Look, resource: LiveResource, note: Notes) -> None:
    """exists; source: {id, name, status, policy, reason, settings} as of a knowledge base; knowledge_base: its id; and
    of that: runs_as, role_exists, store, store_exists."""
    # CloudFormation calls a data source KNOWLEDGE-BASE|SOURCE
    base, _, id_ = resource.physical_id.partition("|")

    def said() -> Any:
        if not id_:
            raise OpsError(f"{resource.physical_id} does not say which knowledge base the data source is of")
        return _source(look, base, id_)

    if not note("exists", lambda: bool(said()), GONE):
        return
    note("source", said)
    note("knowledge_base", lambda: base)
    _note_needs(look, base, note)


@reads("AWS::OpenSearchServerless::Collection")
def collection(look: Look, resource: LiveResource, note: Notes) -> None:
    """knowledge_bases: those that keep their vectors in it, each {id, name, status, stack_id, sources}."""
    id_ = resource.physical_id
    found = look.once(("collection", id_), lambda: _collections(look, id_))
    if found and found[0].get("type") == "VECTORSEARCH":  # no other kind can keep vectors
        note("knowledge_bases", lambda: _stored_in(look, found[0]["arn"]))


def _note_needs(look: Look, base: str, note: Notes) -> None:
    """What a knowledge base needs to delete its vectors, and whether it is there."""
    note("runs_as", lambda: _base(look, base).get("roleArn", ""))
    note("role_exists", lambda: _role_exists(look, _base(look, base).get("roleArn", "")))
    note("store", lambda: _store(_base(look, base)))
    note("store_exists", lambda: _store_exists(look, _store(_base(look, base))))


def _base(look: Look, id_: str) -> Any:
    """What Bedrock says of a knowledge base, asked once."""
    ask = look.client("bedrock-agent").get_knowledge_base
    return look.once(("knowledge base", id_), lambda: ask(knowledgeBaseId=id_)["knowledgeBase"])


def _source(look: Look, base: str, id_: str) -> Json:
    """A data source, and all that an update of it has to repeat: what an update leaves out is taken away."""
    client = look.client("bedrock-agent")
    ask = {"knowledgeBaseId": base, "dataSourceId": id_}
    said = look.once(("data source", base, id_), lambda: client.get_data_source(**ask)["dataSource"])
    members = client.meta.service_model.operation_model("UpdateDataSource").input_shape.members
    return {
        "id": id_,
        "name": said["name"],
        "status": said["status"],
        "policy": said.get("dataDeletionPolicy", "DELETE"),
        "reason": "; ".join(said.get("failureReasons") or ()),
        "settings": {name: said[name] for name in members if name in said},
    }


def _sources(look: Look, base: str) -> list[Json]:
    found = look.pages("bedrock-agent", "list_data_sources", "dataSourceSummaries", knowledgeBaseId=base)
    return [_source(look, base, one["dataSourceId"]) for one in found]


def _tags(look: Look, arn: str) -> Any:
    return look.client("bedrock-agent").list_tags_for_resource(resourceArn=arn).get("tags")


def _role_exists(look: Look, arn: str) -> bool:
    name = arn.rpartition("/")[2]
    try:
        return bool(look.once(("role", name), lambda: look.client("iam").get_role(RoleName=name)["Role"]))
    except ClientError as error:
        if says(error, "NoSuchEntity"):
            return False
        raise


def _store(said: Json) -> Json:
    """Where the vectors are: the ARN of whatever keeps them, empty where it is no service of AWS."""
    kept = said.get("storageConfiguration") or {}
    arns = [
        value
        for settings in kept.values()
        if isinstance(settings, dict)
        for name, value in settings.items()
        if name in ("collectionArn", "domainArn", "graphArn", "indexArn", "resourceArn", "vectorBucketArn")
    ]
    return {"type": kept.get("type", ""), "arn": arns[0] if arns else ""}


def _store_exists(look: Look, store: Json) -> bool | None:
    """Whether a collection is there; None of other stores, which are not looked at."""
    if store["type"] != "OPENSEARCH_SERVERLESS" or f":{look.region}:{look.account}:" not in store["arn"]:
        return None
    id_ = store["arn"].rpartition("/")[2]
    found = look.once(("collection", id_), lambda: _collections(look, id_))
    return any(one.get("status") != "DELETING" for one in found)


def _collections(look: Look, id_: str) -> list[Json]:
    found: list[Json] = look.client("opensearchserverless").batch_get_collection(ids=[id_]).get("collectionDetails")
    return found or []


def _stored_in(look: Look, arn: str) -> list[Json]:
    """The knowledge bases that keep their vectors in a collection; one that goes meanwhile is none."""
    listed = look.once(
        "knowledge bases", lambda: look.pages("bedrock-agent", "list_knowledge_bases", "knowledgeBaseSummaries")
    )
    found = []
    for one in listed:
        id_ = one["knowledgeBaseId"]
        try:
            said = _base(look, id_)
            if _store(said)["arn"] == arn:
                owner = stack_id(_tags(look, said["knowledgeBaseArn"]))
                found.append(
                    {
                        "id": id_,
                        "name": said["name"],
                        "status": said["status"],
                        "stack_id": owner,
                        "sources": _sources(look, id_),
                    }
                )
        except ClientError as error:
            if not says(error, "ResourceNotFoundException"):
                raise
    return found


READERS = (knowledge_base, data_source, collection)
