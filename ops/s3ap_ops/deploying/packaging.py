"""The template as it is sent: its local code packaged, or the bytes as they lie there; and a place for one that is
large."""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_lint.api import Template
from s3ap_ops.deploying.body import Body
from s3ap_ops.errors import OpsError
from s3ap_ops.hands import Hands
from s3ap_ops.identity import Pin
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.package import Packaged
from s3ap_ops.packaging.package import packaged as made
from s3ap_ops.packaging.rewriting import host_of
from s3ap_ops.reading import told
from s3ap_ops.stack import Json

NO_BUCKET = "no-bucket-was-named"
PREFIX = "lambda"


def packaged(
    template: Template, project: LocalProject, options: argparse.Namespace, pin: Pin, values: Mapping[str, str]
) -> Packaged:
    """The template with its local files under keys of the bucket that `options` names.

    Raises OpsError when something local cannot be packaged, or there is no bucket for it.
    """
    done = made(
        template,
        project,
        options.bucket or NO_BUCKET,
        PREFIX,
        region=pin.region,
        built=options.built or "",
        parameters=values,
    )
    if done.problems:
        said = "; ".join(f"{one.logical_id}: {one.message}" for one in done.problems[:5])
        raise OpsError(f"{template.path} cannot be packaged: {said}")
    if done.uploads and not options.bucket:
        names = ", ".join(sorted({name for one in done.uploads for name in one.logical_ids})[:4])
        raise OpsError(f"{template.path} deploys local code ({names}); name the bucket that it goes to: --bucket")
    return done


def place(body: Body, options: argparse.Namespace, pin: Pin, hands: Hands) -> str:
    """The address of a template that was put into the bucket, under its hash. Raises OpsError when it cannot be put
    there."""
    key = f"templates/{body.sha256[:32]}.template"
    data = io.BytesIO(body.sent().encode("utf-8"))
    params: dict[str, Json] = {"Bucket": options.bucket, "Key": key, "Body": data, "ExpectedBucketOwner": pin.account}
    try:
        with hands.allowing("s3", "put_object", params):
            hands.client("s3").put_object(**params)
    except ClientError as error:
        raise OpsError(f"the template cannot be put into {options.bucket}: {told(error)}") from None
    except BotoCoreError as error:
        raise OpsError(f"{options.bucket} does not answer: {error}") from None
    return f"https://{options.bucket}.{host_of(pin.region)}/{key}"
