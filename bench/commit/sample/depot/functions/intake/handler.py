"""Reads the manifests that the carriers of depot DEPOT put into the bucket, and notes each parcel."""

from __future__ import annotations

import datetime
import os

import boto3

from shared.errors import BadManifest
from shared.logs import logger, timed
from shared.manifests import Parcel, parsed
from shared.parcels import ParcelStore

PREFIX = os.environ["MANIFEST_PREFIX"]

log = logger(__name__)
s3 = boto3.client("s3")
parcels = ParcelStore.from_environment()


def _keys(day: str) -> list[str]:
    """The manifests of a day, as the carriers name them: PREFIX/2024-05-01/carrier.csv."""
    found = []
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=os.environ["INPUT_BUCKET"], Prefix=f"{PREFIX}{day}/")
    for page in pages:
        found += [item["Key"] for item in page.get("Contents", []) if item["Key"].endswith(".csv")]
    return sorted(found)


def _read(key: str) -> list[Parcel]:
    answer = s3.get_object(Bucket=os.environ["INPUT_BUCKET"], Key=key)
    return parsed(answer["Body"].read().decode("utf-8"), origin=key)


def _take(key: str, day: str) -> list[str]:
    """Note the parcels of one manifest; the numbers of those that were noted."""
    taken = []
    for parcel in _read(key):
        parcels.add(parcel, day)
        taken.append(parcel.number)
    return taken


@timed(log)
def handler(event, context):
    day = event.get("day") or datetime.datetime.now(datetime.UTC).date().isoformat()
    taken, broken = [], []
    for key in _keys(day):
        try:
            taken += _take(key, day)
        except BadManifest as error:
            log.error("%s cannot be read: %s", key, error)
            broken.append(key)
    if broken and not taken:
        raise BadManifest(f"none of {len(broken)} manifests of {day} can be read")
    return {"day": day, "parcels": [{"parcel": number} for number in taken], "broken": broken}
