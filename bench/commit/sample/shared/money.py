"""Money in whole cents: nothing is ever a fraction of one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True)
class Money:
    """An amount in the smallest unit of a currency."""

    cents: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.cents + other.cents, self.currency)

    def __str__(self) -> str:
        return f"{self.cents // 100}.{self.cents % 100:02} {self.currency}"


def rounded(cents: Decimal) -> int:
    """Whole cents, the even ones of two that are as near."""
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
