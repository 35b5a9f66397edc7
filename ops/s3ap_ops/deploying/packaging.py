"""The template as it is sent: its local code packaged, or the bytes as they lie there; what is uploaded for it, when,
and in which version."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_lint.api import Template
from s3ap_ops.appliers import Means
from s3ap_ops.calls import UploadObject
from s3ap_ops.deploying.body import Body
from s3ap_ops.errors import OpsError
from s3ap_ops.identity import Pin
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.archive import Payload
from s3ap_ops.packaging.package import Packaged
from s3ap_ops.packaging.package import packaged as made
from s3ap_ops.packaging.rewriting import host_of
from s3ap_ops.packaging.upload import UPLOADING, uploads
from s3ap_ops.reading import Look

NO_BUCKET = "no-bucket-was-named"
PREFIX = "lambda"
ROUNDS = 5
"""How often a template is packaged again with the versions of what it names: once for each depth of nested ones."""


@dataclass(frozen=True)
class Packages:
    """How a template's local code is packaged; `values` are the parameters with the values that they will have."""

    template: Template
    project: LocalProject
    options: argparse.Namespace
    pin: Pin
    values: Mapping[str, str]
    subject: str

    def made(self, versions: Mapping[str, str] | None = None) -> Packaged:
        """The template with its local files under keys of the bucket, and what keeps some from being packaged.

        Raises OpsError when there is no bucket for it.
        """
        done = made(
            self.template,
            self.project,
            self.options.bucket or NO_BUCKET,
            PREFIX,
            region=self.pin.region,
            built=self.project.folder(self.options.built) if self.options.built is not None else "",
            versions=versions,
            parameters=self.values,
        )
        if done.uploads and not done.problems and not self.options.bucket:
            names = ", ".join(sorted({name for one in done.uploads for name in one.logical_ids})[:4])
            raise OpsError(
                f"{self.template.path} deploys local code ({names}); name the bucket that it goes to: --bucket"
            )
        return done

    def parts(self, done: Packaged) -> tuple[UploadObject, ...]:
        """What is uploaded for a packaged template."""
        return uploads(done, self.options.bucket or "", self.pin, self.subject)

    def pinned(self, done: Packaged, means: Means) -> Packaged:
        """A packaged template, uploaded, that names each object in the version which it has there.

        Raises OpsError when a part cannot be uploaded, or has no fixed version.
        """
        versions: dict[str, str] = {}
        for _ in range(ROUNDS):
            known = dict(versions)
            for one in self.parts(done):
                if one.key not in versions:
                    versions[one.key] = uploaded(one, means)
            if versions == known:
                return done
            done = self.made({key: version for key, version in versions.items() if version})
        return done

    def place(self, body: Body, means: Means) -> str:
        """The address of a template that was put into the bucket, under its hash. Raises OpsError when it cannot be put
        there, and Forbidden when it is not what was judged."""
        if not self.options.bucket:
            raise OpsError(
                f"{self.template.path} has {body.size:,} bytes, and CloudFormation takes 51,200 in a request; name a "
                "bucket to put it in: --bucket"
            )
        payload = Payload(text=body.sent())
        key = f"templates/{body.sha256[:32]}.template"
        pin, bucket = self.pin, self.options.bucket
        part = UploadObject(self.subject, bucket, key, pin.region, pin.account, payload.size, payload.sha256, payload)
        version = uploaded(part, means)
        return f"https://{bucket}.{host_of(pin.region)}/{key}{f'?versionId={version}' if version else ''}"


def uploaded(part: UploadObject, means: Means) -> str:
    """The version of an object that is in the bucket now, "" without versioning. Raises OpsError when it is not."""
    result = UPLOADING.apply(part, means)
    if not result.is_good:
        raise OpsError(f"{part.describe()}: {result.said}; nothing was deployed")
    return str(result.facts.get("version", ""))


def check_bucket(parts: Sequence[UploadObject], look: Look) -> None:
    """Raise OpsError when the bucket lies in another region: Lambda takes code from its own only.

    Where that cannot be read, the upload, or Lambda, says it.
    """
    for bucket in {one.bucket for one in parts}:
        try:
            head = look.client("s3").head_bucket(Bucket=bucket, **look.owner)
        except (ClientError, BotoCoreError):
            continue
        region = head.get("BucketRegion") or look.region
        if region != look.region:
            raise OpsError(
                f"--bucket {bucket} lies in {region}, and code has to lie in {look.region} like its function"
            )


def go_first(parts: Sequence[UploadObject], look: Look, *, nests: bool) -> bool:
    """Whether what a template names has to be in the bucket before the change set is made.

    CloudFormation reads nested templates for it; and the version of an object, which is put into the template, is known
    once it is there.
    """
    if not parts or nests:
        return bool(parts)
    try:
        found = look.client("s3").get_bucket_versioning(Bucket=parts[0].bucket, **look.owner)
    except (ClientError, BotoCoreError):
        return True  # whether there are versions shows when they are uploaded
    return bool(found.get("Status") == "Enabled")
