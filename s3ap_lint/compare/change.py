"""What a change of templates means, ready to print: the nouns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from s3ap_lint.diagnostic import Place
from s3ap_lint.difference.differences import Both
from s3ap_lint.model import Unchecked


class Effect(Enum):
    """What becomes of the thing that a change is about."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Fate(Enum):
    """What becomes of a resource, or of what it holds, because of a change."""

    NOTHING = ""
    REPLACED = "replaced"
    PERHAPS = "may be replaced"
    REFUSED = "refused"


class Held(Enum):
    """What becomes of the data of a resource that is removed or replaced."""

    NONE = ""
    LOST = "lost"
    KEPT = "kept"
    SNAPSHOT = "snapshot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class When:
    """In which deployments a change shows: in the default one (`default`), else where `text` says; "" is all of them.

    Without `exact` there are others too, and `text` names one of them.
    """

    default: bool
    text: str = ""
    exact: bool = True
    conditions: tuple[tuple[str, bool], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not what it was.

    `kind` is what it is about, `name` tells it from others of the kind. `before` and `after` are data as JSON has it,
    None where there is nothing; texts as in `Fn::Sub`. `type` is the resource's; `note` says what a reader should know.
    """

    kind: str
    name: str
    effect: Effect
    before: object
    after: object
    places: Both[Place | None]
    when: When
    type: str = ""
    fate: Fate = Fate.NOTHING
    held: Held = Held.NONE
    note: str = ""

    @property
    def resource(self) -> str:
        """The logical id of the resource that it is about, or the name of the parameter or output."""
        return self.name.partition(".")[0].partition(":")[0]


class State(Enum):
    """What became of a template's file."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class Compared:
    """One template that is not what it was: where it is and was, and what that means.

    `resources` counts those of a template that is new or gone. `code` are functions whose code changed, `files` other
    files that are deployed with it and were not looked into. `unjudged` says what could not be compared.
    """

    path: str
    was: str
    state: State
    changes: tuple[Change, ...] = ()
    resources: int = 0
    code: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    unjudged: tuple[Unchecked, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to say of it."""
        told = self.changes or self.code or self.files or self.unjudged
        return self.state is State.CHANGED and not told

    @property
    def changes_default(self) -> bool:
        """Whether its default deployment does not mean exactly what it meant; one that is gone does not."""
        return self.state is State.REMOVED or any(change.when.default for change in self.changes)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All templates that are not what they were; `one` and `other` name the two states that were compared.

    `looked` counts the templates that are there, `unread` are files that could not be looked at. `only_default`: other
    deployments were not asked about.
    """

    one: str
    other: str
    templates: tuple[Compared, ...]
    looked: int
    unread: tuple[Unchecked, ...] = ()
    only_default: bool = False

    @property
    def changed_defaults(self) -> tuple[Compared, ...]:
        """The templates whose default deployment does not mean exactly what it meant."""
        return tuple(one for one in self.templates if one.changes_default)

    @property
    def unjudged(self) -> tuple[Unchecked, ...]:
        """All that could not be compared."""
        return (*self.unread, *(entry for one in self.templates for entry in one.unjudged))
