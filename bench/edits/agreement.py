"""Whether a proof on a piece of a text says the same as one on the whole text, for each draft that is looked at."""

from __future__ import annotations

from s3ap_lint.model import Edit
from s3ap_lint.template.proof import Proof


class Agreement:
    """Takes the place of `Proof.holds` and counts; from then on edits are slow."""

    def __init__(self) -> None:
        self.asked = 0
        self.wholes = 0
        self.differ: list[str] = []
        on_piece, in_whole = Proof.holds, Proof.holds_in_whole

        def holds(proof: Proof, draft: Edit) -> bool:
            self.asked += 1
            found, whole = on_piece(proof, draft), in_whole(proof, draft)
            if found != whole:
                place = "/".join(proof.change.collection.path)
                self.differ.append(f"{draft.subject}: {place}: {found} on a piece, {whole} in whole: {draft.text!r}")
            return whole

        def holds_in_whole(proof: Proof, draft: Edit) -> bool:
            self.wholes += 1
            return in_whole(proof, draft)

        Proof.holds = holds  # type: ignore[assignment, method-assign]
        Proof.holds_in_whole = holds_in_whole  # type: ignore[assignment, method-assign]

    def told(self) -> str:
        """How many drafts were looked at, how many needed the whole text, and where the two differ."""
        head = f"drafts {self.asked}, needed the whole text {self.wholes}, piece and whole differ {len(self.differ)}"
        return "\n".join([head, *(f"  {line}" for line in self.differ)])
