"""The table of parcels: the one place that reads and writes it."""

from __future__ import annotations

import os

import boto3
from boto3.dynamodb.conditions import Key

from shared.errors import UnknownParcel
from shared.manifests import Parcel
from shared.money import Money


class ParcelStore:
    """The parcels of one depot."""

    def __init__(self, name: str) -> None:
        self._table = boto3.resource("dynamodb").Table(name)

    @classmethod
    def from_environment(cls) -> ParcelStore:
        """The store that the template gives a function."""
        return cls(os.environ["PARCEL_TABLE"])

    def add(self, parcel: Parcel, day: str) -> None:
        """Note a parcel that came in on a day."""
        self._table.put_item(
            Item={"parcel": parcel.number, "day": day, "postcode": parcel.postcode, "grams": parcel.grams}
        )

    def find(self, number: str) -> Parcel:
        """A parcel by its number. Raises UnknownParcel."""
        item = self._table.get_item(Key={"parcel": number}).get("Item")
        if item is None:
            raise UnknownParcel(number)
        return _parcel(item)

    def set_price(self, number: str, costs: Money) -> None:
        """Note what a parcel costs."""
        self._table.update_item(
            Key={"parcel": number},
            UpdateExpression="SET cents = :cents, currency = :currency",
            ExpressionAttributeValues={":cents": costs.cents, ":currency": costs.currency},
        )

    def of_day(self, day: str) -> tuple[list[Parcel], list[Money]]:
        """The parcels of a day, and what those cost that are priced."""
        found, costs, more = [], [], {}
        while True:
            answer = self._table.query(IndexName="by-day", KeyConditionExpression=Key("day").eq(day), **more)
            for item in answer["Items"]:
                found.append(_parcel(item))
                if "cents" in item:
                    costs.append(Money(int(item["cents"]), item["currency"]))
            if "LastEvaluatedKey" not in answer:
                return found, costs
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _parcel(item: dict) -> Parcel:
    return Parcel(item["parcel"], item["postcode"], int(item["grams"]))
