"""Manifests: what a carrier says it brings, as lines of comma-separated values."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from shared.errors import BadManifest

COLUMNS = ("parcel", "postcode", "grams")
HEAVIEST = 31_500


@dataclass(frozen=True)
class Parcel:
    """One parcel, as its manifest describes it."""

    number: str
    postcode: str
    grams: int


def parsed(text: str, origin: str) -> list[Parcel]:
    """The parcels of a manifest. Raises BadManifest with the line at fault."""
    rows = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise BadManifest(f"{origin} has no column {', '.join(missing)}")
    return [_parcel(row, f"{origin}:{number}") for number, row in enumerate(rows, start=2)]


def _parcel(row: dict, where: str) -> Parcel:
    number, postcode = row["parcel"].strip(), row["postcode"].strip()
    if not number or not postcode:
        raise BadManifest(f"{where} says neither which parcel nor where to")
    try:
        grams = int(row["grams"])
    except ValueError as error:
        raise BadManifest(f"{where}: {row['grams']!r} is no weight") from error
    if not 0 < grams <= HEAVIEST:
        raise BadManifest(f"{where}: {grams} g cannot be carried")
    return Parcel(number, postcode, grams)
