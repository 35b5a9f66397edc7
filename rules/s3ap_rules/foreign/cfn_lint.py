"""cfn-lint's findings as ours, under its own codes.

Of the checked repository's configuration only what scopes cfn-lint is taken; whatever would import
the repository's code, read other files or print is not. Nothing outside the repository counts: not
the home folder, not the environment. Importing cfn-lint and its rules takes the better part of a
second, so this module does so only when a template is checked or the catalogue is asked for;
`preload` names the module that does it.
"""

from __future__ import annotations

import contextlib
import fnmatch
import importlib.metadata
import io
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from s3ap_lint.model import Finding, Severity
from s3ap_lint.offers import Catalogued, EngineUnit, RestsOn
from s3ap_lint.plugins import hookimpl

HELP = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"
CONFIGURATIONS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "informational": Severity.INFO}

_NESTED = re.compile(rb"""(?:TemplateURL|Location)["']?\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\n]+))""")
"""Where a nested stack's template is named: cfn-lint reads those that lie beside the template."""

_ELSEWHERE = re.compile(r"https?://|s3://|![A-Z]|\{$")
"""What cfn-lint does not look for beside the template: addresses, and the results of functions."""

_UNREAD = re.compile(r"[\\*&!|>{}#,]")
"""What makes another text of it than stands there, or may: then nobody can say which file is read."""


class CfnLintEngine:
    """cfn-lint over one template at a time. Its rules keep state: one check at a time in a process."""

    name = "cfn-lint"
    kind = "template"
    preload = ("s3ap_rules.foreign.cfn_lint_rules",)

    @property
    def version(self) -> str:
        return importlib.metadata.version("cfn-lint")

    def catalogue(self) -> Iterator[Catalogued]:
        """Every rule that cfn-lint comes with, sorted by code."""
        with _silence():
            from s3ap_rules.foreign.cfn_lint_rules import RULES
        taken: set[str] = set()
        for code, rule in sorted(RULES.items()):
            name = short_name(rule.shortdesc)
            name = f"{name}-{code.lower()}" if name in taken else name
            taken.add(name)
            summary = " ".join((rule.description or rule.shortdesc).split())
            yield Catalogued(code, name, SEVERITIES[rule.severity], summary, f"{HELP}#{code}")

    def check(self, unit: EngineUnit) -> Iterable[Finding]:
        """What cfn-lint has to say about a template, in the order of the text."""
        with _silence():
            from s3ap_rules.foreign.cfn_lint_rules import check

            return check(unit)

    def rests_on(self, unit: EngineUnit) -> RestsOn:
        """The configuration at or above the template, the templates it nests, and the end of a runtime's support."""
        folder = PurePosixPath(unit.path).parent
        files = [*configuration_candidates(unit.path)]
        found = (next(filter(None, groups), b"") for groups in _NESTED.findall(unit.data))
        nested = [text.strip().decode("utf-8", "replace") for text in found]
        local = [text for text in nested if not _ELSEWHERE.match(text)]
        files += [posixpath.normpath(posixpath.join(folder, text)) for text in local]
        with _silence():
            from s3ap_rules.foreign.cfn_lint_rules import next_change

            until = 0.0 if any(_UNREAD.search(text) for text in local) else next_change()
            return RestsOn(tuple(files), until)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """cfn-lint is a program as well as a library, and prints here and there."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def configuration_candidates(path: str) -> tuple[str, ...]:
    """Where a configuration for a template may lie, relative to the root: one that appears there counts."""
    above = PurePosixPath(path).parents
    return tuple((folder / name).as_posix() for folder in above for name in CONFIGURATIONS)


def configuration_file(root: Path, path: str) -> Path | None:
    """The nearest .cfnlintrc at or above a file's folder, not above the root."""
    for folder in (root / path).parents:
        for name in CONFIGURATIONS:
            if (folder / name).is_file():
                return folder / name
        if folder == root:
            break
    return None


def ignored(template: Path, folder: Path, patterns: Iterable[str]) -> bool:
    """Whether the configuration in a folder leaves a template out; its patterns are relative to that folder."""
    path = PurePosixPath(template.relative_to(folder).as_posix())
    whole = PurePosixPath(template.as_posix())
    return any(listed(path, pattern) or listed(whole, pattern) for pattern in patterns)


def listed(path: PurePosixPath, pattern: str) -> bool:
    """Whether `glob.glob(pattern, recursive=True)` would list a path."""
    return _listed(path.parts, PurePosixPath(pattern).parts)


def _listed(path: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        depth = next((at for at, part in enumerate(path) if part.startswith(".")), len(path))
        return any(_listed(path[at:], pattern[1:]) for at in range(depth + 1))
    if not path or (path[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatch.fnmatchcase(path[0], pattern[0]) and _listed(path[1:], pattern[1:])


_FILLERS = """
    a all an and any appropriate appropriately approaching are as at be by can cannot check checks correctly for from
    has have if in instead is it its must of on one only or properly set should specified that the their there to
    used using valid validate validates validation warn we when whether will with
"""


def short_name(description: str) -> str:
    """Up to five words of a rule's description, in kebab case."""
    words = re.findall(r"[a-z0-9]+", description.lower().replace("'s ", " ").replace("n't", "-not"))
    telling = [word for word in words if word not in _FILLERS.split()] or words
    return "-".join(telling[:5])


ENGINE = CfnLintEngine()


@hookimpl
def s3ap_engines() -> list[CfnLintEngine]:
    """cfn-lint."""
    return [ENGINE]
