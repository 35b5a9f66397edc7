"""The changes that knowledge bases and data sources of Amazon Bedrock go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_ops.api import ApiCall, Json, LiveResource, Phase, Risk, Until, call

BASE, SOURCE = "AWS::Bedrock::KnowledgeBase", "AWS::Bedrock::DataSource"
GONE = ("ResourceNotFoundException",)


def keeping(about: LiveResource, source: Mapping[str, Json], target: str, flag: str = "") -> Iterator[ApiCall]:
    """The change after which a data source leaves its vectors where they are; none if it does so already, or goes.

    The call says all that the data source is, because what an update leaves out is taken away.
    """
    if source["policy"] != "DELETE" or source["status"] == "DELETING":
        return
    settings: Mapping[str, Json] = source["settings"]
    undo = _updated(about, {**settings, "dataDeletionPolicy": "DELETE"}, target)
    yield _updated(about, {**settings, "dataDeletionPolicy": "RETAIN"}, target, flag, undo)


def _updated(
    about: LiveResource, settings: Mapping[str, Json], target: str, flag: str = "", undo: ApiCall | None = None
) -> ApiCall:
    done = GONE if undo else ()
    return call(
        about,
        "bedrock-agent",
        "update_data_source",
        target=target,
        phase=Phase.QUIESCE,
        done=done,
        flag=flag,
        undo=undo,
        **settings,
    )


def source_deleted(about: LiveResource, base: str, source: Mapping[str, Json], target: str, flag: str) -> ApiCall:
    """The deletion of a data source."""
    params = {"knowledgeBaseId": base, "dataSourceId": source["id"]}
    return call(
        about,
        "bedrock-agent",
        "delete_data_source",
        target=target,
        risk=Risk.DATA_LOSS,
        phase=Phase.QUIESCE,
        destroys=f"the data source {source['name']} ({source['id']})",
        done=GONE,
        flag=flag,
        until=Until(
            "get_data_source",
            params,
            "dataSource.status",
            "dataSource.failureReasons",
            GONE,
            what=f"the data source {source['id']}",
        ),
        **params,
    )


def base_deleted(about: LiveResource, base: Mapping[str, Json], flag: str) -> ApiCall:
    """The deletion of a knowledge base."""
    params = {"knowledgeBaseId": base["id"]}
    return call(
        about,
        "bedrock-agent",
        "delete_knowledge_base",
        target=base["id"],
        risk=Risk.DATA_LOSS,
        phase=Phase.QUIESCE,
        destroys=f"the knowledge base {base['name']} ({base['id']})",
        done=GONE,
        flag=flag,
        until=Until(
            "get_knowledge_base",
            params,
            "knowledgeBase.status",
            "knowledgeBase.failureReasons",
            GONE,
            what=f"the knowledge base {base['id']}",
        ),
        **params,
    )
