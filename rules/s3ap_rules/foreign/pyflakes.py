"""pyflakes' messages as findings, under the codes that flake8 gave them."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from pyflakes import checker, messages

from s3ap_lint.model import Finding, Location, Severity, Span
from s3ap_lint.offers import Catalogued, EngineUnit, RestsOn
from s3ap_lint.plugins import hookimpl
from s3ap_lint.source import Source
from s3ap_rules.foreign.idle_f_string import LITERAL
from s3ap_rules.foreign.pyflakes_fixes import PyflakesFixes, imported_name

HELP = "https://flake8.pycqa.org/en/latest/user/error-codes.html"

#: pyflakes' class, flake8's code, our name for it, and what it says.
TABLE = (
    ("UnusedImport", "F401", "unused-import", "A module or name is imported and not used."),
    ("ImportShadowedByLoopVar", "F402", "import-shadowed-by-loop", "A loop variable takes the name of an import."),
    ("ImportStarUsed", "F403", "star-import", "`from … import *` hides which names are defined."),
    ("LateFutureImport", "F404", "late-future-import", "A `__future__` import comes after other statements."),
    ("ImportStarUsage", "F405", "star-import-usage", "A name is undefined, or comes from a star import."),
    ("ImportStarNotPermitted", "F406", "nested-star-import", "A star import stands inside a function or class."),
    ("FutureFeatureNotDefined", "F407", "unknown-future-feature", "`__future__` has no feature of this name."),
    ("PercentFormatInvalidFormat", "F501", "invalid-percent-format", "A `%` format string does not parse."),
    ("PercentFormatExpectedMapping", "F502", "percent-format-wants-mapping", "Named `%` placeholders get a sequence."),
    ("PercentFormatExpectedSequence", "F503", "percent-format-wants-sequence", "`%` placeholders get a mapping."),
    ("PercentFormatExtraNamedArguments", "F504", "unused-percent-argument", "A `%` format does not use an argument."),
    ("PercentFormatMissingArgument", "F505", "missing-percent-argument", "A `%` placeholder has no argument."),
    ("PercentFormatMixedPositionalAndNamed", "F506", "mixed-percent-format", "A `%` format mixes names and positions."),
    (
        "PercentFormatPositionalCountMismatch",
        "F507",
        "percent-format-count",
        "Placeholders and values differ in number.",
    ),
    ("PercentFormatStarRequiresSequence", "F508", "percent-format-star", "`*` in a `%` format needs a sequence."),
    ("PercentFormatUnsupportedFormatCharacter", "F509", "percent-format-character", "`%` has no such character."),
    ("StringDotFormatInvalidFormat", "F521", "invalid-str-format", "The string of `str.format` does not parse."),
    ("StringDotFormatExtraNamedArguments", "F522", "unused-str-format-keyword", "`str.format` ignores a keyword."),
    ("StringDotFormatExtraPositionalArguments", "F523", "unused-str-format-argument", "`str.format` ignores a value."),
    ("StringDotFormatMissingArgument", "F524", "missing-str-format-argument", "A placeholder has no argument."),
    ("StringDotFormatMixingAutomatic", "F525", "mixed-str-format", "`str.format` mixes `{}` and `{0}`."),
    ("FStringMissingPlaceholders", "F541", "f-string-missing-placeholders", "An f-string has nothing to fill in."),
    ("TStringMissingPlaceholders", "F542", "t-string-missing-placeholders", "A t-string has nothing to fill in."),
    ("MultiValueRepeatedKeyLiteral", "F601", "repeated-key", "A dictionary gives one key two values."),
    ("MultiValueRepeatedKeyVariable", "F602", "repeated-key-variable", "A dictionary gives one key two values."),
    ("TooManyExpressionsInStarredAssignment", "F621", "too-many-unpacking-targets", "Unpacking has too many targets."),
    ("TwoStarredExpressions", "F622", "two-starred-targets", "An assignment has two starred targets."),
    ("AssertTuple", "F631", "assert-tuple", "An assertion about a tuple always holds."),
    ("IsLiteral", "F632", "is-literal", "`is` compares with a literal, where `==` is meant."),
    ("InvalidPrintSyntax", "F633", "print-redirection", "`print >>` is Python 2."),
    ("IfTuple", "F634", "if-tuple", "A condition that is a tuple is always true."),
    ("BreakOutsideLoop", "F701", "break-outside-loop", "`break` stands outside a loop."),
    ("ContinueOutsideLoop", "F702", "continue-outside-loop", "`continue` stands outside a loop."),
    ("YieldOutsideFunction", "F704", "yield-outside-function", "`yield` stands outside a function."),
    ("ReturnOutsideFunction", "F706", "return-outside-function", "`return` stands outside a function."),
    ("DefaultExceptNotLast", "F707", "bare-except-not-last", "A bare `except:` is followed by another one."),
    ("LazyImportNotAtModuleScope", "F708", "nested-lazy-import", "A lazy import stands below module level."),
    ("LazyImportStarNotPermitted", "F709", "lazy-star-import", "A star import cannot be lazy."),
    ("DoctestSyntaxError", "F721", "doctest-syntax-error", "A doctest does not parse."),
    ("ForwardAnnotationSyntaxError", "F722", "annotation-syntax-error", "A quoted annotation does not parse."),
    ("RedefinedWhileUnused", "F811", "redefined-while-unused", "A name is bound again before its first use."),
    ("UndefinedName", "F821", "undefined-name", "A name is used that nothing defines."),
    ("UndefinedExport", "F822", "undefined-export", "`__all__` lists a name that nothing defines."),
    ("UndefinedLocal", "F823", "undefined-local", "A local variable is read before it is assigned."),
    ("UnusedIndirectAssignment", "F824", "unused-global", "`global` or `nonlocal` names what is never assigned."),
    ("DuplicateArgument", "F831", "duplicate-argument", "Two parameters of a function have one name."),
    ("UnusedVariable", "F841", "unused-variable", "A local variable is assigned and never read."),
    ("UnusedAnnotation", "F842", "unused-annotation", "A local variable is annotated and never used."),
    ("EagerUseOfLazyImport", "F851", "eager-use-of-lazy-import", "A lazy import is used while the module loads."),
    ("RaiseNotImplemented", "F901", "raise-not-implemented", "`NotImplemented` is raised, which is no exception."),
)
UNKNOWN = ("F999", "other-pyflakes-message", "pyflakes says something that is newer than this table.")
_CODES = {name: code for name, code, _, _ in TABLE}


class PyflakesEngine:
    """pyflakes over one Python file at a time; a file that does not parse is the host's finding."""

    name = "pyflakes"
    kind = "python"

    @property
    def version(self) -> str:
        return importlib.metadata.version("pyflakes")

    def catalogue(self) -> Iterator[Catalogued]:
        """Every code, with the host's severity for F821 outside a deployed handler."""
        for code, name, summary in [*(row[1:] for row in TABLE), UNKNOWN]:
            yield Catalogued(code, name, Severity.WARNING, summary, HELP)

    def rests_on(self, unit: EngineUnit) -> RestsOn:
        """The file alone."""
        return RestsOn()

    def check(self, unit: EngineUnit) -> Iterable[Finding]:
        """What pyflakes has to say, in the order of the text."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the compiler's, about escapes in strings
            try:
                tree = unit.tree or ast.parse(unit.data)
            except (SyntaxError, ValueError):
                return []
            checked = _Checker(tree, unit.path)
            found = checked.found
            checked.forget()
        text = _Text(Source(unit.path, unit.data), tree)
        mended = PyflakesFixes(text.source, tree, [(type(one).__name__, node, others) for one, node, others in found])
        findings = [_finding(text, mended, message, node, others) for message, node, others in found]
        return sorted(findings, key=lambda finding: (finding.at.span or Span(0, 0), finding.code))


class _Checker(checker.Checker):  # type: ignore[misc,unused-ignore]
    """pyflakes, keeping the node of each message; it keeps only lines and columns."""

    def __init__(self, tree: ast.Module, path: str) -> None:
        self._reported: dict[int, tuple[ast.AST, tuple[object, ...]]] = {}
        super().__init__(tree, filename=path, withDoctest=False)

    #: pyflakes looks the scope up again for every node; once it is false at the top of a file it stays so.
    futuresAllowed = True  # noqa: N815

    def forget(self) -> None:
        """Let go of everything: bindings, scopes and handlers hold each other, and would wait for the collector."""
        for scope in self.deadScopes:
            scope.clear()
        self.__dict__.clear()

    def addBinding(self, node: Any, value: Any) -> None:  # noqa: N802
        """A name gets a meaning. What Python itself defines comes first, so nothing can be there before."""
        if isinstance(value, checker.Builtin):
            self.scope[value.name] = value
        else:
            super().addBinding(node, value)

    @property
    def builtIns(self) -> frozenset[str]:  # noqa: N802 - pyflakes' name
        """Python's own: what PYFLAKES_BUILTINS adds is on one machine only."""
        return frozenset(checker.builtin_vars) | {"__file__", "__builtins__", "__annotations__", "WindowsError"}

    @builtIns.setter
    def builtIns(self, _: object) -> None:  # noqa: N802
        """pyflakes sets it in every checker."""

    def report(self, messageClass: Any, node: Any, *others: Any, **keywords: Any) -> None:  # noqa: N803
        super().report(messageClass, node, *others, **keywords)
        self._reported[id(self.messages[-1])] = node, others

    @property
    def found(self) -> list[tuple[messages.Message, Any, tuple[Any, ...]]]:
        """Messages with the node and the other things that they were made of."""
        return [(message, *self._reported[id(message)]) for message in self.messages]


def _finding(
    text: _Text, mended: PyflakesFixes, message: messages.Message, node: Any, others: tuple[Any, ...]
) -> Finding:
    kind = type(message).__name__
    name = others[0] if others and isinstance(others[0], str) else ""
    earlier = others[1] if len(others) > 1 and isinstance(others[1], ast.AST) else None
    related: tuple[Location, ...] = ()
    if earlier is not None and hasattr(earlier, "lineno"):
        related = (Location(text.source.path, text.name(earlier, name), note=f"{name} is bound here"),)
    return Finding(
        message.message % message.message_args,
        at=Location(text.source.path, text.place(kind, node, name)),
        related=related,
        fix=mended.fix(kind, node, others),
        severity=Severity.WARNING,
        code=_CODES.get(kind, UNKNOWN[0]),
    )


class _Text:
    """Where in a file the things are that pyflakes talks about; never more than one line."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        self.source = source
        self._tree = tree

    def place(self, kind: str, node: Any, name: str) -> Span:
        """The few bytes that a message of this kind is about."""
        if kind == "UnusedImport":
            return self._alias(node, lambda alias: imported_name(node, alias) == name)
        if kind in ("ImportStarUsed", "ImportStarNotPermitted", "LazyImportStarNotPermitted"):
            return self._node(node)
        if kind in ("IfTuple", "AssertTuple"):
            return self._node(node.test)
        if kind == "RaiseNotImplemented":
            return self._node(node.exc)
        if kind in ("FStringMissingPlaceholders", "TStringMissingPlaceholders"):
            return self._prefixed_string(node)
        if kind == "DuplicateArgument":
            return self._node([arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg) and arg.arg == name][-1])
        if kind == "UndefinedExport" or (kind == "ImportStarUsage" and isinstance(node, ast.stmt)):
            return self._exported(node, name)
        return self.name(node, name) if name else self._node(node)

    def name(self, node: Any, name: str) -> Span:
        """The name itself in a node that binds or uses it; the node's first line when it is not there."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            return self._alias(node, lambda alias: (alias.asname or alias.name.split(".")[0]) == name)
        whole = self._whole(node)
        if isinstance(node, ast.expr | ast.arg):
            first = self._node(node)
            if not isinstance(node, ast.Name) or self._reads(first, node.id):
                return first  # a name that is not where it claims to be is inside a string
            whole = self._string_around(node)
        elif isinstance(node, ast.ExceptHandler) and node.type is not None:
            whole = Span(self._whole(node.type).end, whole.end)
        return self._word(whole, name) or self._line(whole)

    def _whole(self, node: Any) -> Span:
        start = self.source.offset_at(node.lineno, node.col_offset)
        return Span(start, max(start, self.source.offset_at(node.end_lineno, node.end_col_offset)))

    def _node(self, node: Any) -> Span:
        return self._line(self._whole(node))

    def _line(self, span: Span) -> Span:
        """As much of a span as is on its first line."""
        first = self.source.data[span.start : span.end].split(b"\n", 1)[0].rstrip()
        return Span(span.start, span.start + len(first))

    def _reads(self, span: Span, name: str) -> bool:
        """Whether an identifier is there; Python normalises those that are not ASCII."""
        there = self.source.data[span.start : span.end].decode("utf-8", "replace")
        return unicodedata.normalize("NFKC", there) == name

    def _word(self, span: Span, name: str) -> Span | None:
        for word in re.finditer(rb"[\w\x80-\xff]+", self.source.data[span.start : span.end]):
            found = Span(span.start + word.start(), span.start + word.end())
            if self._reads(found, name):
                return found
        return None

    def _alias(self, node: Any, wanted: Callable[[ast.alias], bool]) -> Span:
        aliases = [alias for alias in node.names if wanted(alias) and alias.name != "*"]
        return self._node(aliases[-1] if aliases else node)

    def _exported(self, node: Any, name: str) -> Span:
        """The string in `__all__`; it may have been put there by an earlier statement than the last."""
        for statement in [node, *self._tree.body]:
            strings = [n for n in ast.walk(statement) if isinstance(n, ast.Constant) and n.value == name]
            targets = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            if strings and "__all__" in targets:
                return self._word(self._whole(strings[0]), name) or self._node(strings[0])
        return self._node(node)

    def _prefixed_string(self, node: Any) -> Span:
        """The first f- or t-string of those that stand side by side and make one."""
        whole = self._whole(node)
        for literal in LITERAL.finditer(self.source.data, whole.start, whole.end):
            if set((literal["prefix"] or b"").lower()) & set(b"ft"):
                return self._line(Span(*literal.span()))
        return self._line(whole)

    def _string_around(self, name: ast.Name) -> Span:
        """The string that a name is in: an annotation, or an f-string, whose inner places Python 3.11 gets wrong."""
        for node, inside in self._strings:
            if id(name) in inside or (not inside and (node.lineno, node.col_offset) == (name.lineno, name.col_offset)):
                return self._whole(node)
        start = self.source.offset_at(name.lineno, name.col_offset)
        return Span(start, start)

    @cached_property
    def _strings(self) -> list[tuple[Any, set[int]]]:
        """Every f-string, outermost first, with what is inside it; then every plain string."""
        nodes = list(ast.walk(self._tree))
        outer = [(node, {id(n) for n in ast.walk(node)}) for node in nodes if isinstance(node, ast.JoinedStr)]
        plain = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        return [*outer, *((node, set[int]()) for node in plain)]


ENGINE = PyflakesEngine()


@hookimpl
def s3ap_engines() -> list[PyflakesEngine]:
    """pyflakes."""
    return [ENGINE]
