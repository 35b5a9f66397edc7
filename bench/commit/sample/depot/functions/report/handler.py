"""Writes what depot DEPOT took in on a day, as a page that people read and as one that programs read."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter

import boto3

from shared.logs import logger, timed
from shared.manifests import Parcel
from shared.money import Money
from shared.parcels import ParcelStore
from shared.zones import zone_of

log = logger(__name__)
s3 = boto3.client("s3")
parcels = ParcelStore.from_environment()


def table(found: list[Parcel]) -> str:
    """A line for each parcel, with the names of the columns above them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["parcel", "postcode", "zone", "grams"])
    for parcel in sorted(found, key=lambda parcel: parcel.number):
        writer.writerow([parcel.number, parcel.postcode, zone_of(parcel.postcode), parcel.grams])
    return out.getvalue()


def summary(day: str, found: list[Parcel], costs: list[Money]) -> dict:
    """How many parcels went where, and what they cost together."""
    zones = Counter(zone_of(parcel.postcode) for parcel in found)
    return {
        "day": day,
        "parcels": len(found),
        "zones": dict(zones),
        "cents": sum(money.cents for money in costs),
        "currency": os.environ["CURRENCY"],
    }


def _write(name: str, text: str, content_type: str) -> None:
    s3.put_object(Bucket=os.environ["REPORT_BUCKET"], Key=name, Body=text.encode(), ContentType=content_type)
    archive = os.environ["ARCHIVE_BUCKET"]
    if archive:
        s3.put_object(Bucket=archive, Key=name, Body=text.encode(), ContentType=content_type)


@timed(log)
def handler(event, context):
    day = event["day"]
    found, costs = parcels.of_day(day)
    _write(f"{day}/parcels.csv", table(found), "text/csv")
    _write(f"{day}/summary.json", json.dumps(summary(day, found, costs)), "application/json")
    return {"day": day, "parcels": len(found)}
