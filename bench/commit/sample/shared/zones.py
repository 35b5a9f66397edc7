"""How far a parcel has to go, by the first digits of where it goes to."""

from __future__ import annotations

from decimal import Decimal

ZONES = {"0": "near", "1": "near", "2": "near", "3": "far", "4": "far", "5": "far", "6": "far"}
FACTORS = {"near": Decimal("1"), "far": Decimal("1.35"), "abroad": Decimal("2.8")}


def zone_of(postcode: str) -> str:
    """The zone of a postcode; what is not one of ours is abroad."""
    digits = postcode.strip()
    if not digits.isdigit() or len(digits) != 5:
        return "abroad"
    return ZONES.get(digits[0], "abroad")


def factor(zone: str) -> Decimal:
    """By how much dearer a zone is than the nearest."""
    return FACTORS[zone]
