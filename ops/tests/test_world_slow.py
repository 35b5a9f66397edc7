"""FSx, Bedrock and OpenSearch Serverless in a world, where moto lacks them: what takes time, what is taken back, what
stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from slow_scenes import added, files, papers, reader, scripted, vectors
from world_templates import arn, of

from s3ap_ops import collect
from s3ap_ops.reading import Look, by_type
from s3ap_ops.reads import volumes
from s3ap_ops.stack import LiveResource
from s3ap_ops.testing import ACCOUNT, World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


def deployed(world: World, **resources: Any) -> Any:
    """The physical ids of a new stack."""
    world.deploy("demo", of(**resources))
    return world.stack("demo").resources


def refusal(call: Any, **params: Any) -> str:
    """The code of the error that a call gets."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])


# -- FSx


def test_access_points_come_in_pages_however_they_are_asked_for(world: World) -> None:
    """The API has no paginator; a token leads on."""
    names = deployed(world, **files())
    for number in range(105):
        world.fsx.attach(names["Volume"], f"point-{number:03}")
    ask, only = world.outside("fsx").describe_s3_access_point_attachments, [{"Name": "type", "Values": ["ONTAP"]}]
    first = ask(Filters=only)
    rest = ask(Filters=only, NextToken=first["NextToken"])
    found = [one["Name"] for page in (first, rest) for one in page["S3AccessPointAttachments"]]
    assert (100, [f"point-{number:03}" for number in range(105)]) == (len(first["S3AccessPointAttachments"]), found)
    assert "NextToken" not in rest
    assert 2 == len(ask(Filters=only, MaxResults=2)["S3AccessPointAttachments"])


def test_a_reader_sees_the_access_points_of_all_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = deployed(world, **files())
    for number in range(101):
        world.fsx.attach(names["Volume"], f"point-{number:03}")
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    look = Look(world.session(), ACCOUNT, world.region)
    bare = LiveResource("demo", "id", world.region, ACCOUNT, "Volume", "AWS::FSx::Volume", names["Volume"])
    assert 101 == len(collect.read(bare, look, by_type(volumes.READERS)).fact("attachments"))


def test_an_access_point_goes_through_deleting_and_then_is_not_found(world: World) -> None:
    names = deployed(world, **files())
    fsx = world.outside("fsx")
    identity = {"Type": "UNIX", "UnixUser": {"Name": "root"}}
    fsx.create_and_attach_s3_access_point(
        Name="reader", Type="ONTAP", OntapConfiguration={"VolumeId": names["Volume"], "FileSystemIdentity": identity}
    )
    fsx.detach_and_delete_s3_access_point(Name="reader")
    assert "BadRequest" == refusal(fsx.detach_and_delete_s3_access_point, Name="reader")
    seen = []
    while True:  # each look takes the time between two looks
        try:
            seen += fsx.describe_s3_access_point_attachments(Names=["reader"])["S3AccessPointAttachments"]
        except ClientError as error:
            assert "S3AccessPointAttachmentNotFound" == error.response["Error"]["Code"]
            break
    assert {"DELETING"} == {one["Lifecycle"] for one in seen}
    assert 11 == len(seen)


def test_a_deletion_that_is_refused_later_was_taken_first(world: World) -> None:
    names = deployed(world, **files())
    world.fsx.locks[names["Volume"]] = "Failed to delete volume because it has one or more clones."
    fsx = world.outside("fsx")
    assert "DELETING" == fsx.delete_volume(VolumeId=names["Volume"])["Lifecycle"]
    world.clock.advance(world.pace.fsx)
    (row,) = fsx.describe_volumes(VolumeIds=[names["Volume"]])["Volumes"]
    assert ("CREATED", "Failed to delete volume because it has one or more clones.") == (
        row["Lifecycle"],
        row["LifecycleTransitionReason"]["Message"],
    )


@pytest.mark.parametrize(("skips", "expected"), [(True, 0), (False, 1)])
def test_a_volume_leaves_a_backup_unless_the_request_says_otherwise(world: World, skips: bool, expected: int) -> None:
    names = deployed(world, **files())
    fsx = world.outside("fsx")
    fsx.delete_volume(VolumeId=names["Volume"], OntapConfiguration={"SkipFinalBackup": skips})
    world.clock.advance(world.pace.fsx)
    assert expected == len(fsx.describe_backups()["Backups"])


# -- Bedrock


@pytest.fixture
def known(world: World) -> Any:
    """The names of a stack with a collection, a knowledge base and a data source."""
    return deployed(world, **vectors(), **reader(arn("Vectors")), Papers=papers())


def test_an_update_that_leaves_something_out_takes_it_away_or_is_refused(world: World, known: Any) -> None:
    """The text is of those who met it, the rule is the API's: all of a data source is given each time."""
    agent, (base, source) = world.outside("bedrock-agent"), known["Papers"].split("|")
    ids = {"knowledgeBaseId": base, "dataSourceId": source}
    said = agent.get_data_source(**ids)["dataSource"]
    given = {"name": said["name"], "dataSourceConfiguration": said["dataSourceConfiguration"]}
    assert "ValidationException" == refusal(agent.update_data_source, **ids, **given, dataDeletionPolicy="RETAIN")
    chunks = {"vectorIngestionConfiguration": said["vectorIngestionConfiguration"]}
    kept = agent.update_data_source(**ids, **given, **chunks, dataDeletionPolicy="RETAIN")["dataSource"]
    assert "RETAIN" == kept["dataDeletionPolicy"]
    assert "DELETE" == agent.update_data_source(**ids, **given, **chunks)["dataSource"]["dataDeletionPolicy"]


@pytest.mark.parametrize("lost", ["collection", "role", "access"])
def test_vectors_are_deleted_only_while_all_is_there_that_it_takes(world: World, known: Any, lost: str) -> None:
    agent, (base, source) = world.outside("bedrock-agent"), known["Papers"].split("|")
    if lost == "collection":
        world.client("opensearchserverless").delete_collection(id=known["Vectors"])
    elif lost == "role":
        world.client("iam").delete_role(RoleName=known["Role"])
    else:
        world.client("opensearchserverless").delete_access_policy(type="data", name="demo-access")
    assert "DELETING" == agent.delete_knowledge_base(knowledgeBaseId=base)["status"]
    world.clock.advance(world.pace.knowledge)
    said = agent.get_knowledge_base(knowledgeBaseId=base)["knowledgeBase"]
    assert "DELETE_UNSUCCESSFUL" == said["status"]
    (reason,) = said["failureReasons"]
    assert reason.startswith(f"Unable to delete data from vector store for data source with ID {source}.")


def test_what_leaves_its_vectors_goes_without_any_of_it(world: World, known: Any) -> None:
    agent, (base, source) = world.outside("bedrock-agent"), known["Papers"].split("|")
    world.search.collections.clear()
    world.knowledge.sources[base, source]["dataDeletionPolicy"] = "RETAIN"
    agent.delete_data_source(knowledgeBaseId=base, dataSourceId=source)
    assert "ConflictException" == refusal(agent.delete_data_source, knowledgeBaseId=base, dataSourceId=source)
    world.clock.advance(world.pace.knowledge)
    agent.delete_knowledge_base(knowledgeBaseId=base)
    world.clock.advance(world.pace.knowledge)
    assert "ResourceNotFoundException" == refusal(agent.get_knowledge_base, knowledgeBaseId=base)
    assert [] == agent.list_knowledge_bases()["knowledgeBaseSummaries"]


def test_data_sources_and_knowledge_bases_come_in_pages(world: World, known: Any) -> None:
    agent = world.outside("bedrock-agent")
    added(world, known)
    scripted(world, known)
    pages = agent.get_paginator("list_data_sources").paginate(
        knowledgeBaseId=known["Base"], PaginationConfig={"PageSize": 1}
    )
    names = [[one["name"] for one in page["dataSourceSummaries"]] for page in pages]
    assert [["papers"], ["by-hand"]] == names
    assert 2 == len(agent.list_knowledge_bases(maxResults=10)["knowledgeBaseSummaries"])


# -- OpenSearch Serverless


def test_a_collection_keeps_its_name_until_it_is_gone_and_its_policies_stay(world: World) -> None:
    store = world.outside("opensearchserverless")
    rule = '{"Rules": [{"ResourceType": "collection", "Resource": ["collection/vec*"]}], "AWSOwnedKey": true}'
    assert "ValidationException" == refusal(store.create_collection, name="vectors", type="VECTORSEARCH")
    store.create_security_policy(name="enc", type="encryption", policy=rule)
    id_ = store.create_collection(name="vectors", type="VECTORSEARCH")["createCollectionDetail"]["id"]
    assert "DELETING" == store.delete_collection(id=id_)["deleteCollectionDetail"]["status"]
    assert "ConflictException" == refusal(store.create_collection, name="vectors")
    assert "ConflictException" == refusal(store.delete_collection, id=id_)
    world.clock.advance(world.pace.collection)
    assert [] == store.batch_get_collection(ids=[id_])["collectionDetails"]
    assert "NOT_FOUND" == store.batch_get_collection(ids=[id_])["collectionErrorDetails"][0]["errorCode"]
    assert "ConflictException" == refusal(store.create_security_policy, name="enc", type="encryption", policy=rule)
    (kept,) = store.list_security_policies(type="encryption")["securityPolicySummaries"]
    assert "enc" == kept["name"]
    detail = store.get_security_policy(name="enc", type="encryption")["securityPolicyDetail"]
    assert ["collection/vec*"] == detail["policy"]["Rules"][0]["Resource"]


def test_a_protected_collection_stays(world: World) -> None:
    names = deployed(world, **vectors())
    store = world.outside("opensearchserverless")
    store.update_collection(id=names["Vectors"], deletionProtection="ENABLED")
    assert "ValidationException" == refusal(store.delete_collection, id=names["Vectors"])
