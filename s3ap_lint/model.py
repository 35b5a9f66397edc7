"""The nouns: what a rule receives, yields and is made of.

Everything here is frozen data, small enough to cross a process boundary, and knows
nothing of files, templates or plugins.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol


class Severity(Enum):
    """How bad a finding is. The order is the order of `--fail-on`."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for error."""
        return _SEVERITY_ORDER.index(self)


_SEVERITY_ORDER = [Severity.INFO, Severity.WARNING, Severity.ERROR]


class Safety(Enum):
    """How far a fix may be applied without a person reading it."""

    SAFE = "safe"
    REVIEW = "review"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of UTF-8 byte offsets in one source."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a subject: a span of its text, a path through its structure, or both.

    `subject` is a POSIX path relative to the project root, or a name such as
    "stack:uc1@ap-northeast-1". Without a span the place is the subject's first line.
    """

    subject: str
    span: Span | None = None
    path: tuple[str, ...] = ()
    note: str = ""

    def noted(self, note: str) -> Location:
        """The same place with a remark, for related places and flows."""
        return Location(self.subject, self.span, self.path, note)


class Change(Protocol):
    """Something a fix does to one subject: an `Edit` here, an API call elsewhere."""

    @property
    def subject(self) -> str: ...


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace a span of a file with text."""

    subject: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Unimport:
    """Take one name out of an import statement of a Python file; the host works out the edits.

    `statement` is the whole statement, `alias` the index of the name in it, `name` what it binds. Others can reach a
    `shared` name through the module: the host makes the fix one for a person where a file of the project does.
    `stand_in`: without the statement its block would be empty, and gets a `pass`.
    """

    subject: str
    statement: Span
    alias: int
    name: str
    shared: bool = True
    stand_in: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """All of its changes are made, or none. The title is an imperative."""

    title: str
    changes: tuple[Change, ...]
    safety: Safety = Safety.REVIEW


def offer(title: str, *edits: Edit | None, safety: Safety = Safety.REVIEW) -> Fix | None:
    """A fix of some edits, each once; None when one of them cannot be made, or there is none."""
    made = tuple(dict.fromkeys(edit for edit in edits if edit is not None))
    return Fix(title, made, safety) if made and None not in edits else None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way in which the stack can be deployed, as far as a finding depends on it.

    `conditions` and `parameters` hold only what matters to the finding, sorted by name;
    `default` says whether every parameter named has its Default.
    """

    text: str
    conditions: tuple[tuple[str, bool], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What a finding has in common with others that a reader takes as one.

    `title` is what all of the findings with it say of the file at `path`, `kind` the heading among them ("variables"),
    in the order of `rank`, `brief` the finding itself under that heading. `command` settles all of them when the path
    is put behind it, `advice` is what to do where there is none.
    """

    path: str
    title: str
    kind: str
    brief: str
    rank: int = 0
    command: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim about somebody's work: the fact, then the consequence.

    `code` is stamped by the engine, never written by the author of a rule; a foreign
    engine writes its own code and, in `rule_name`, the short name it goes by. Findings of a `group` are told
    together where people read them, and each stands for itself: others of its code at its place are others.
    """

    message: str
    at: Location
    related: tuple[Location, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    scenario: Scenario | None = None
    flow: tuple[Location, ...] = ()
    code: str = ""
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something the analysis could not look at, and why. 1-based line, 0 for the whole file."""

    path: str
    what: str
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """A small project that a rule must report (`bad`) or leave alone.

    `files` maps a path to text in which `# <- CODE` marks each line that must be reported;
    `fixed` is what all the fixes make of them.
    """

    title: str
    files: Mapping[str, str]
    bad: bool
    fixed: Mapping[str, str] | None = None
    options: Mapping[str, object] = field(default_factory=dict)


Files = str | Mapping[str, str]


def _files(text: Files) -> Mapping[str, str]:
    return {"template.yaml": text} if isinstance(text, str) else dict(text)


def bad(
    title: str, files: Files, *, fixed: Files | None = None, options: Mapping[str, object] | None = None
) -> Example:
    """An example that the rule must report on its marked lines; a string is a template.yaml."""
    return Example(title, _files(files), True, None if fixed is None else _files(fixed), options or {})


def good(title: str, files: Files, *, options: Mapping[str, object] | None = None) -> Example:
    """An example on which the rule must stay silent; a string is a template.yaml."""
    return Example(title, _files(files), False, None, options or {})


Options = Mapping[str, Any]
Check = Callable[..., Iterable[Finding]]


@dataclass(frozen=True)
class Detector:
    """How one code is found on one kind of subject."""

    code: str
    subject: type
    check: Check
    examples: tuple[Example, ...] = ()
    takes_options: bool = False

    @property
    def is_live(self) -> bool:
        """Whether its subjects run in an account, so that another program loads them and asks about them."""
        return bool(getattr(self.subject, "live", False))

    def __call__(self, subject: object, options: Options) -> Iterable[Finding]:
        """The findings on one subject, as the author wrote them."""
        return self.check(subject, options) if self.takes_options else self.check(subject)


@dataclass(frozen=True)
class Rule:
    """A code with its page: name, documentation, severity, examples, and how it is found.

    `options` maps each setting of the rule to its default; a configured value must have the
    default's type. `security` is GitHub's security-severity (0.1 to 10.0) for rules that are
    about permissions. `merges` names the foreign codes that say the same.
    """

    code: str
    name: str
    severity: Severity
    since: str
    doc: str
    detectors: tuple[Detector, ...] = ()
    strict: bool = False
    options: Options = field(default_factory=dict)
    security: float | None = None
    merges: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the documentation."""
        return self.doc.strip().split("\n\n", 1)[0].replace("\n", " ").strip()

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples of every detector that looks at files, in order."""
        return tuple(one for detector in self.detectors if not detector.is_live for one in detector.examples)

    @property
    def live_examples(self) -> tuple[Example, ...]:
        """The examples of every detector that looks at an account, in order; their files are snapshots."""
        return tuple(one for detector in self.detectors if detector.is_live for one in detector.examples)

    @property
    def is_live_only(self) -> bool:
        """Whether nothing in files can be reported by it."""
        return bool(self.detectors) and all(detector.is_live for detector in self.detectors)

    @property
    def fixable(self) -> bool:
        """Whether an example shows a fix; the harness holds the rule to it."""
        return any(example.fixed is not None for example in self.examples)


def _takes_options(check: Check) -> bool:
    return len(inspect.signature(check).parameters) > 1


def rule(
    *,
    code: str,
    subject: type,
    severity: Severity,
    since: str,
    examples: Iterable[Example],
    name: str = "",
    strict: bool = False,
    options: Options | None = None,
    security: float | None = None,
    merges: Iterable[str] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of a function; its docstring is the rule's page, its name the rule's name."""

    def decorate(check: Check) -> Rule:
        detector = Detector(code, subject, check, tuple(examples), _takes_options(check))
        return Rule(
            code=code,
            name=name or check.__name__.replace("_", "-"),
            severity=severity,
            since=since,
            doc=inspect.cleandoc(check.__doc__ or ""),
            detectors=(detector,),
            strict=strict,
            options=options or {},
            security=security,
            merges=tuple(merges),
        )

    return decorate


def detects(code: str, *, subject: type, examples: Iterable[Example] = ()) -> Callable[[Check], Detector]:
    """Make another detector for a code that a rule in some pack owns, for another kind of subject."""

    def decorate(check: Check) -> Detector:
        return Detector(code, subject, check, tuple(examples), _takes_options(check))

    return decorate
