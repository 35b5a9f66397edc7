"""Says what one parcel of depot DEPOT costs, and puts aside those that came too late to be priced today."""

from __future__ import annotations

import json
import os

import boto3

from shared.errors import UnknownParcel
from shared.logs import logger, timed
from shared.money import Money, rounded
from shared.parcels import ParcelStore
from shared.zones import factor, zone_of

BASE = {"letter": 190, "small": 420, "large": 890}

log = logger(__name__)
sqs = boto3.client("sqs")
parcels = ParcelStore.from_environment()


def _kind(grams: int) -> str:
    if grams <= 500:
        return "letter"
    return "small" if grams <= 5000 else "large"


def price(grams: int, postcode: str) -> Money:
    """What a parcel costs by its weight and the zone that it goes to."""
    cents = BASE[_kind(grams)] * factor(zone_of(postcode))
    return Money(rounded(cents), os.environ["CURRENCY"])


def _put_aside(number: str, reason: str) -> None:
    body = json.dumps({"parcel": number, "reason": reason})
    sqs.send_message(QueueUrl=os.environ["LATE_QUEUE"], MessageBody=body)


@timed(log)
def handler(event, context):
    number = event["parcel"]
    try:
        parcel = parcels.find(number)
    except UnknownParcel as error:
        log.warning("%s is put aside: %s", number, error)
        _put_aside(number, str(error))
        raise
    costs = price(parcel.grams, parcel.postcode)
    parcels.set_price(number, costs)
    return {"parcel": number, "cents": costs.cents, "currency": costs.currency}
