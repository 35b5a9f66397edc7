"""What an analysis of ours may cost: a count of steps, never seconds, so that a result is the same on every machine.

What may explode counts its steps in a Budget. When that is used up it raises GaveUp, and whoever wanted to know says in
the report that it was not looked at. docs/budgets.md lists them all.
"""

from __future__ import annotations


class GaveUp(Exception):
    """An analysis would take more steps than it may; the message reads behind the name of what asked."""


class Budget:
    """Steps that may be taken. Once they are, every further one raises GaveUp, so that no half answer is taken."""

    def __init__(self, most: int, gave_up: GaveUp) -> None:
        self.most = most
        self.spent = 0
        self._gave_up = gave_up

    def spend(self, steps: int = 1) -> None:
        """Count steps. Raises GaveUp."""
        self.spent += steps
        if self.spent > self.most:
            raise self._gave_up.with_traceback(None)  # or else each raise would add to what the last one keeps alive

    def renew(self) -> None:
        """Begin anew: what it is for outlives the run that has used it."""
        self.spent = 0
