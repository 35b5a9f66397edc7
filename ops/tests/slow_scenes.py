"""Scenes of services that take the request to delete and carry it out by themselves: FSx and Bedrock, with what people
made beside the stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from world_templates import arn, of, one, ref
from worlds import Scene, neighbours

from s3ap_ops.testing import World

Json = Any
Names = Mapping[str, str]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "bedrock.amazonaws.com"}}],
}
EMBEDDING = "arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.titan-embed-text-v2:0"
DOCUMENTS = {"type": "S3", "s3Configuration": {"bucketArn": "arn:aws:s3:::reader-abc-ext-s3alias"}}
CHUNKS = {"chunkingConfiguration": {"chunkingStrategy": "NONE"}}


def own(name: str) -> Json:
    """A name that begins with the stack's."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


# -- FSx


def files(**more: Json) -> dict[str, Json]:
    """A file system with a volume."""
    return {
        "Files": one("AWS::FSx::FileSystem", FileSystemType="ONTAP"),
        "Machine": one("AWS::FSx::StorageVirtualMachine", FileSystemId=ref("Files"), Name="svm"),
        "Volume": volume(ref("Machine")),
        **more,
    }


def volume(machine: Json, **ontap: Json) -> Json:
    """A volume on a machine."""
    return one(
        "AWS::FSx::Volume",
        Name="data",
        VolumeType="ONTAP",
        OntapConfiguration={"StorageVirtualMachineId": machine, "JunctionPath": "/data", **ontap},
    )


def point(on: Json, name: Json) -> Json:
    """An access point on a volume."""
    identity = {"Type": "UNIX", "UnixUser": {"Name": "root"}}
    ontap = {"VolumeId": on, "FileSystemIdentity": identity}
    return one("AWS::FSx::S3AccessPointAttachment", Name=name, Type="ONTAP", OntapConfiguration=ontap)


# -- Bedrock


def vectors() -> dict[str, Json]:
    """A collection, and the policies that it needs."""
    rule = [{"ResourceType": "collection", "Resource": [{"Fn::Sub": "collection/${AWS::StackName}-vectors"}]}]
    encryption = {"Rules": rule, "AWSOwnedKey": True}
    return {
        "Encryption": one(
            "AWS::OpenSearchServerless::SecurityPolicy", Name=own("enc"), Type="encryption", Policy=text(encryption)
        ),
        "Vectors": {
            **one("AWS::OpenSearchServerless::Collection", Name=own("vectors"), Type="VECTORSEARCH"),
            "DependsOn": "Encryption",
        },
    }


def text(policy: Json) -> Json:
    """A policy as the text that the property wants, its parts filled in."""
    return {"Fn::Sub": json.dumps(policy).replace('{"Fn::Sub": "', '"').replace('-vectors"}', '-vectors"')}


def reader(store: Json) -> dict[str, Json]:
    """The role of a knowledge base, what lets it at the collection, and the knowledge base."""
    access = (
        '[{"Rules": [{"ResourceType": "index", "Resource": ["index/${AWS::StackName}-vectors/*"], '
        '"Permission": ["aoss:*"]}], "Principal": ["${Role.Arn}"]}]'
    )
    kept = {
        "Type": "OPENSEARCH_SERVERLESS",
        "OpensearchServerlessConfiguration": {
            "CollectionArn": store,
            "VectorIndexName": "papers",
            "FieldMapping": {"VectorField": "v", "TextField": "t", "MetadataField": "m"},
        },
    }
    return {
        "Role": one("AWS::IAM::Role", RoleName=own("kb"), AssumeRolePolicyDocument=TRUST),
        "Access": one(
            "AWS::OpenSearchServerless::AccessPolicy", Name=own("access"), Type="data", Policy={"Fn::Sub": access}
        ),
        "Base": one(
            "AWS::Bedrock::KnowledgeBase",
            Name=own("papers"),
            RoleArn=arn("Role"),
            KnowledgeBaseConfiguration={
                "Type": "VECTOR",
                "VectorKnowledgeBaseConfiguration": {"EmbeddingModelArn": EMBEDDING},
            },
            StorageConfiguration=kept,
        ),
    }


def papers(**more: Json) -> Json:
    """A data source of the knowledge base; unless it is told otherwise, it deletes its vectors."""
    documents = {"Type": "S3", "S3Configuration": {"BucketArn": DOCUMENTS["s3Configuration"]["bucketArn"]}}  # type: ignore[index]
    chunks = {"ChunkingConfiguration": {"ChunkingStrategy": "NONE"}}
    return one("AWS::Bedrock::DataSource", KnowledgeBaseId=ref("Base"), Name="papers",
               DataSourceConfiguration=documents, VectorIngestionConfiguration=chunks, **more)  # fmt: skip


def added(world: World, names: Names) -> str:
    """A data source that somebody added to the knowledge base; its id."""
    made = world.client("bedrock-agent").create_data_source(
        knowledgeBaseId=names["Base"],
        name="by-hand",
        dataSourceConfiguration=DOCUMENTS,
        vectorIngestionConfiguration=CHUNKS,
    )
    return str(made["dataSource"]["dataSourceId"])


def scripted(world: World, names: Names) -> str:
    """A knowledge base that a script made, with two data sources, whose vectors are in the stack's collection; its
    id."""
    role = world.client("iam").create_role(RoleName="scripted-kb", AssumeRolePolicyDocument=json.dumps(TRUST))
    agent, store = world.client("bedrock-agent"), world.search.collections[names["Vectors"]]
    kept = {
        "collectionArn": store["arn"],
        "vectorIndexName": "papers",
        "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"},
    }
    made = agent.create_knowledge_base(
        name="scripted",
        roleArn=role["Role"]["Arn"],
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": EMBEDDING},
        },
        storageConfiguration={"type": "OPENSEARCH_SERVERLESS", "opensearchServerlessConfiguration": kept},
    )["knowledgeBase"]["knowledgeBaseId"]
    for name in ("papers", "mails"):
        agent.create_data_source(knowledgeBaseId=made, name=name, dataSourceConfiguration=DOCUMENTS)
    return str(made)


# -- scenes


class NamedScene(Scene):
    """A scene whose flags name what somebody made: `{0}` in them is what `since` gives. The worlds of a seed are the
    same, so that the names are known once one was built."""

    def build(self, world: World) -> World:
        """The world, with the stack "uc1" and a neighbour."""
        neighbours(world)
        world.deploy("uc1", of(**self.resources))
        made = str(self.since(world, world.stack("uc1").resources))
        object.__setattr__(self, "flags", tuple(flag.replace("{0}", made) for flag in self.flags))
        return world


def shared(world: World, names: Names) -> None:
    """Two access points, one of which has failed, and a neighbour's volume with one."""
    world.fsx.attach(names["Volume"], "by-hand")
    world.fsx.attach(names["Volume"], "failed", "FAILED", "The S3 access point was deleted")
    other = world.fsx.create_volume(world.region, "other")
    world.fsx.attach(other, "of-another-volume")


WITH_BASE = {**vectors(), **reader(arn("Vectors"))}
SLOW_SCENES = (
    Scene("file access point", "fsx", "DetachAndDeleteS3AccessPoint", files(), shared,
          ("--detach-access-point", "by-hand", "--detach-access-point", "failed")),
    Scene("vectors", "bedrock-agent", "UpdateDataSource", {**WITH_BASE, "Papers": papers()}),
    NamedScene("data source", "bedrock-agent", "DeleteDataSource", {**WITH_BASE, "Papers": papers()}, added,
               ("--delete-data-source", "{0}")),
    NamedScene("knowledge base", "bedrock-agent", "DeleteKnowledgeBase", vectors(), scripted,
               ("--delete-knowledge-base", "{0}")),
)  # fmt: skip
"""As `worlds.SCENES`: one small world for each kind of change."""


def deployed(world: World, name: str = "uc1", **resources: Any) -> Any:
    """The physical ids of a new stack, when its writes are forgotten."""
    world.deploy(name, of(**resources))
    world.forget()
    return world.stack(name).resources
