"""What a run has to say: findings whose places are resolved, counted and ready to print."""

from __future__ import annotations

from dataclasses import dataclass

from s3ap_lint.model import Group, Safety, Scenario, Severity, Unchecked, Unimport


@dataclass(frozen=True, slots=True)
class Place:
    """A location resolved against its source, so that it can be printed without the file.

    Lines and columns are 1-based, ends exclusive; columns count code points,
    the `utf16_` ones UTF-16 units. `path` is relative to the project root. `start` and `end`
    are byte offsets, kept for sorting. `excerpt` is the first line's text without its ending.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    utf16_column: int = 1
    utf16_end_column: int = 1
    start: int = 0
    end: int = 0
    message: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class PlacedEdit:
    """An edit resolved against its source."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class PlacedFix:
    """A fix whose edits are resolved; `held_back` if there are some that nobody wanted to look at.

    `unimports` become edits when the report is complete.
    """

    title: str
    safety: Safety
    edits: tuple[PlacedEdit, ...]
    held_back: bool = False
    unimports: tuple[Unimport, ...] = ()

    @property
    def applicable(self) -> bool:
        """Whether the program can make this fix, and not only a person."""
        return self.safety is not Safety.MANUAL and (bool(self.edits) or self.held_back)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding as a worker sends it back and a renderer receives it: nothing left to look up.

    `line_hash` is the rolling hash of the place's line as GitHub's upload action computes it,
    with its occurrence count, for formats that show it; `fingerprint` names the finding by structure, not by line.
    """

    code: str
    name: str
    severity: Severity
    message: str
    place: Place
    logical_path: str = ""
    related: tuple[Place, ...] = ()
    flow: tuple[Place, ...] = ()
    scenario: Scenario | None = None
    fix: PlacedFix | None = None
    fingerprint: str = ""
    line_hash: str = ""
    reason: str = ""
    group: Group | None = None

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Path, place, code, message: the order of every report."""
        p = self.place
        return (p.path, p.start, p.end, p.line, p.column, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Stats:
    """What a run looked at. Counts only: the same for any number of processes and any cache state."""

    files: int = 0
    templates: int = 0
    modules: int = 0
    applications: int = 0
    functions: int = 0
    functions_joined: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """The program and the engines it ran, with their versions."""

    version: str
    engines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Paths:
    """Absolute folders that output paths are made relative to: project root, working directory, git top level."""

    root: str
    cwd: str
    top: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What a run left out because it is what it was at a commit.

    `files` changed, `ours` of them can be checked or are rested on; they touch `applications` of all (`of`).
    `settings`: the configuration changed, so everything counts as changed. `whole` is what was looked at before
    anything was left out.
    """

    ref: str = ""
    commit: str = ""
    files: int = 0
    ours: int = 0
    applications: int = 0
    of: int = 0
    settings: bool = False
    whole: Stats = Stats()


@dataclass(frozen=True, slots=True)
class AddedIgnore:
    """Something that silences findings, and did not at the commit that a run compares with.

    `form` is "comment", "noqa", "metadata", "cfn-lint", "configuration" or "baseline"; `code` what is silenced, as it
    is written ("" for all that the form can silence); `what` is where: a structural path, a function, a pattern.
    """

    form: str
    code: str
    place: Place
    what: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """Everything a run has to say, sorted by subject, place and code; `fixed` in the order of the fixes.

    `compared` and `added` belong to a run that is about changes only; `refuses_added`: what is added fails it.
    """

    findings: tuple[Diagnostic, ...] = ()
    suppressed: tuple[Diagnostic, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    stats: Stats = Stats()
    tool: Tool = Tool("")
    paths: Paths = Paths(".", ".", ".")
    fixed: tuple[Diagnostic, ...] = ()
    compared: Compared | None = None
    added: tuple[AddedIgnore, ...] = ()
    refuses_added: bool = False

    @property
    def failed_by(self) -> tuple[AddedIgnore, ...]:
        """The added ignores that fail the run."""
        return self.added if self.refuses_added else ()
