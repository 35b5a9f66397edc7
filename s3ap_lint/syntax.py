"""The syntax tree of a Python source, or what is said of one that has none."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable

from s3ap_lint.collector import Collector
from s3ap_lint.model import Location, Span, Unchecked
from s3ap_lint.python.newer import newer_syntax
from s3ap_lint.source import Source


def parsed(source: Source, report: Collector, placed: Callable[[Location], Location]) -> ast.Module | None:
    """The tree, or None, of which the report knows the reason; `placed` says where a place of the source really is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SyntaxWarnings about somebody's escapes are not our output
            # CPython opens the file of that name to show the line of a syntax error; there is none.
            return ast.parse(source.data[source.start :], filename="<checked>")
    except (SyntaxError, ValueError) as error:
        if isinstance(error, SyntaxError) and newer_syntax(error, source):
            here = ".".join(map(str, sys.version_info[:2]))
            reason = f"its syntax is newer than Python {here}, which runs s3ap-lint"
            report.unchecked.append(Unchecked(source.path, "Python file", reason, error.lineno or 0))
        else:
            report.unreadable("Python file", placed(_place_of(error, source)), _reason(error))
    except (RecursionError, MemoryError):
        report.unreadable("Python file", placed(Location(source.path)), "it is nested too deeply")
    return None


def _place_of(error: Exception, source: Source) -> Location:
    if isinstance(error, SyntaxError) and error.lineno:
        start = source.offset_at_code_point(error.lineno, max(1, error.offset or 1))
        return Location(source.path, Span(start, start))
    return Location(source.path)


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)
