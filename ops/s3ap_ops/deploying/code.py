"""Where the code of a deployment lies in S3, by what the template says with the values that it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from s3ap_ops.resolving import property_of
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json

WHERE: Mapping[str, tuple[str, str, str, str]] = {
    "AWS::Lambda::Function": ("Code", "S3Bucket", "S3Key", "S3ObjectVersion"),
    "AWS::Lambda::LayerVersion": ("Content", "S3Bucket", "S3Key", "S3ObjectVersion"),
    "AWS::Serverless::Function": ("CodeUri", "Bucket", "Key", "Version"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "Bucket", "Key", "Version"),
    "AWS::Serverless::StateMachine": ("DefinitionUri", "Bucket", "Key", "Version"),
    "AWS::StepFunctions::StateMachine": ("DefinitionS3Location", "Bucket", "Key", "Version"),
}
"""The property that says where, and what bucket, key and version are called in it, by type."""


@dataclass(frozen=True)
class Place:
    """An object in S3; `version` is empty for the newest."""

    bucket: str
    key: str
    version: str = ""

    @property
    def key_of_fact(self) -> str:
        """What it is called among the facts of a rollout."""
        return f"{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")

    @property
    def head(self) -> dict[str, str]:
        """What HeadObject wants."""
        found = {"Bucket": self.bucket, "Key": self.key}
        return {**found, "VersionId": self.version} if self.version else found


def code_objects(rollout: Rollout) -> Iterator[tuple[str, Place]]:
    """(logical id, object) of each resource that is deployed from one, where that can be told."""
    for logical_id, resource in rollout.resources(*WHERE).items():
        name, *keys = WHERE[resource["Type"]]
        place = _place(property_of(resource, name), keys, rollout)
        if place is not None:
            yield logical_id, place


def _place(written: Json, keys: list[str], rollout: Rollout) -> Place | None:
    if isinstance(written, Mapping) and keys[0] in written:
        bucket, key, version = (rollout.resolver.text(written.get(one)) for one in keys)
        is_known = bool(bucket and key and (version or not written.get(keys[2])))
        return Place(bucket, key, version) if is_known else None
    address = rollout.resolver.text(written)
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return Place(bucket, key) if address.startswith("s3://") and bucket and key else None
