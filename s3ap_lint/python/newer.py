"""Whether code that this interpreter refuses may be Python all the same, of a later version.

Told from the line that the interpreter stumbles over. Parsing the file with another parser would be
exact, but the code is anybody's, and such parsers end the process or take hours on what nests deeply.
"""

from __future__ import annotations

import re
import sys

from s3ap_lint.source import Source

Version = tuple[int, int]

_SINCE = (
    ((3, 12), re.compile(r"\s*(?:type\s+\w+\s*[\[=]|(?:async\s+)?def\s+\w+\s*\[|class\s+\w+\s*\[)")),
    ((3, 14), re.compile(r"\s*except\*?\s+[\w.]+\s*,")),
    ((3, 14), re.compile(r".*\b(?:[tT][rR]?|[rR][tT])[\"']")),
)
_FREE_F_STRINGS = (3, 12)  # before, what stands in the braces could hold neither its quotes nor a backslash


def accepted_since(message: str, line: str) -> Version | None:
    """The version from which on Python may accept a line that it refused with a message; None for no version."""
    if message.startswith("f-string"):
        return _FREE_F_STRINGS
    return next((since for since, form in _SINCE if form.match(line)), None)


def newer_syntax(error: SyntaxError, source: Source) -> bool:
    """Whether an error may go away with a newer interpreter."""
    line = source.line_text(error.lineno) if error.lineno else ""
    since = accepted_since(error.msg, line)
    return since is not None and sys.version_info[:2] < since
