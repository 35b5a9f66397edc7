"""One break, and what the linter says about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.faults.application import Application
from bench.faults.damage import Break
from bench.faults.linter import Linter, added
from bench.faults.operators import Operator
from s3ap_lint.diagnostic import Diagnostic

NEAR = 5  # lines
ORDINARY = re.compile(r"[a-z]+")
"""`handler` or `read`: names that messages of any rule use as words."""


@dataclass(frozen=True)
class Trial:
    """A break of an application, and the findings that are there since."""

    app: Application
    operator: Operator
    damage: Break
    found: tuple[Diagnostic, ...]

    @property
    def caught(self) -> bool:
        """Whether a finding of the right kind speaks of the break; of a harmless one, whether none is there."""
        if self.operator.harmless:
            return not any(finding.code in self.operator.codes for finding in self.found)
        return any(f.code in self.operator.codes and self._speaks_of_it(f) for f in self.found)

    @property
    def elsewhere(self) -> tuple[Diagnostic, ...]:
        """The findings that have nothing to do with it."""
        return tuple(finding for finding in self.found if not self._speaks_of_it(finding))

    def _speaks_of_it(self, finding: Diagnostic) -> bool:
        damage = self.damage
        if finding.place.path in damage.files and self.app.read(finding.place.path) is None:
            return True  # what a file says, it says wherever it is moved
        places = (finding.place, *finding.related, *finding.flow)
        if any(place.path == damage.path and abs(place.line - damage.line) <= NEAR for place in places):
            return True
        meant = finding.code in self.operator.codes
        names = [word for word in damage.words if meant or not ORDINARY.fullmatch(word)]
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", finding.message) for name in names)

    @property
    def place(self) -> str:
        """Where, as a reader finds it."""
        return f"{self.app.root.name}/{self.damage.path}:{self.damage.line}"


def attempt(
    linter: Linter, app: Application, operator: Operator, damage: Break, before: tuple[Diagnostic, ...]
) -> Trial:
    """Break it, and look."""
    return Trial(app, operator, damage, tuple(added(before, linter.findings(app, damage.files))))
