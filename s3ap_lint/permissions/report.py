"""What `s3ap-lint permissions` says: per function what is needed, how that stands, what is unused, what to grant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from s3ap_lint.model import Unchecked


class Standing(Enum):
    """How an action that is needed stands. The order is the order in which a reader wants them."""

    MISSING = "missing"
    ELSEWHERE = "on another resource"
    PERHAPS = "perhaps"
    UNKNOWN = "unknown"
    GRANTED = "granted"

    @property
    def lacks(self) -> bool:
        """Whether a call is denied."""
        return self in (Standing.MISSING, Standing.ELSEWHERE)

    @property
    def rank(self) -> int:
        """0 for what comes first."""
        return _ORDER.index(self)


_ORDER = list(Standing)


@dataclass(frozen=True, slots=True, order=True)
class CallPlace:
    """A call of the AWS SDK: "s3.put_object" in a line of a file."""

    path: str
    line: int
    operation: str


@dataclass(frozen=True, slots=True)
class NeededAction:
    """An action that some calls need on some resources, and how that stands in the scenarios it says.

    `resources` are written as in `Fn::Sub`; none where they cannot be told. Not `certain`: needed only in
    circumstances that the calls do not tell, or perhaps under other credentials. `scenario` is "" for all.
    """

    action: str
    standing: Standing
    resources: tuple[str, ...]
    calls: tuple[CallPlace, ...]
    scenario: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class FunctionPermissions:
    """One function. `role` is its logical id, "made by SAM", or why it cannot be read.

    `unused` is None where that cannot be told; `untold` is what could not be looked at; `statements` is YAML for the
    role, which functions in `shared` run under as well.
    """

    template: str
    function: str
    line: int
    role: str
    needed: tuple[NeededAction, ...]
    unused: tuple[str, ...] | None
    untold: tuple[str, ...]
    statements: str
    shared: tuple[str, ...] = ()

    @property
    def is_dark(self) -> bool:
        """Whether nothing of it could be looked at."""
        return bool(self.untold) and not self.needed

    @property
    def lacks(self) -> bool:
        """Whether something is missing."""
        return any(one.standing.lacks for one in self.needed)


@dataclass(frozen=True, slots=True)
class PermissionReport:
    """All functions that were asked about, and the files that nothing could be read of."""

    functions: tuple[FunctionPermissions, ...]
    unread: tuple[Unchecked, ...] = ()

    @property
    def lacking(self) -> int:
        """How many functions something is missing of."""
        return sum(one.lacks for one in self.functions)

    @property
    def partly_told(self) -> int:
        """Of how many functions something could not be looked at."""
        return sum(bool(one.untold) for one in self.functions)
