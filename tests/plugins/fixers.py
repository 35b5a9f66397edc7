"""Rules that find words in Python files and put others in their place, to try what becomes of fixes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from s3ap_lint.api import (
    Detector,
    Edit,
    Finding,
    Fix,
    Function,
    Location,
    PythonFile,
    Rule,
    Safety,
    Severity,
    Span,
    bad,
    edits,
    good,
    hookimpl,
    offer,
    rule,
)

FUNCTION = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Small:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: ., Handler: handler.handler, Runtime: python3.13, MemorySize: 128}
    """


def made(code: str, word: str, text: str, safety: Safety = Safety.SAFE, *, name: str) -> Rule:
    """A rule that reports a word and offers to write a text instead."""

    def check(file: PythonFile) -> Iterator[Finding]:
        for found in re.finditer(rf"\b{word}\b".encode(), file.module.source.data):
            span = Span(found.start(), found.end())
            fix = Fix(f"Write {text}", (Edit(file.path, span, text),), safety)
            yield Finding(f"{word} is no word", at=file.module.at(file.module.tree).__class__(file.path, span), fix=fix)

    check.__doc__ = "A word is no word.\n\nNobody understands it."
    examples = [bad("it", {"a.py": f"{word} = 1  # <- {code}\n"}), good("another", {"a.py": "word = 1\n"})]
    return rule(code=code, subject=PythonFile, severity=Severity.WARNING, since="1", examples=examples, name=name)(
        check
    )


@rule(
    code="FIX004",
    subject=PythonFile,
    severity=Severity.WARNING,
    since="1",
    examples=[bad("it", {"a.py": "both = 1  # <- FIX004\n"}), good("another", {"a.py": "word = 1\n"})],
)
def both_files(file: PythonFile) -> Iterator[Finding]:
    """
    A word has to change in two files at once.

    One alone breaks the other.
    """
    data = file.module.source.data
    at = data.find(b"both")
    other = file.project.read("other.py") if file.project else None
    if at < 0 or other is None or file.path == "other.py":
        return
    there = other.data.find(b"both")
    edits = (Edit(file.path, Span(at, at + 4), "one"), Edit("other.py", Span(there, there + 4), "one"))
    yield Finding("both", at=file.module.at(file.module.tree.body[0]), fix=Fix("Write one", edits, Safety.SAFE))


@rule(
    code="FIX007",
    subject=PythonFile,
    severity=Severity.WARNING,
    since="1",
    examples=[bad("it", {"a.py": "busy = 1  # <- FIX007\n"}), good("another", {"a.py": "word = 1\n"})],
)
def somebody_else(file: PythonFile) -> Iterator[Finding]:
    """
    While this looks, somebody else writes to the file.

    It stands for an editor that saves.
    """
    if b"busy" in file.module.source.data:
        Path(file.path).write_bytes(b"# saved meanwhile\n")
        yield Finding("busy", at=file.module.at(file.module.tree.body[0]))


@rule(
    code="FIX009",
    subject=Function,
    severity=Severity.WARNING,
    since="1",
    examples=[
        bad(
            "it",
            {
                "template.yaml": FUNCTION,
                "handler.py": "def handler(event, context):  # <- FIX009\n    return event\n",
            },
        ),
        good("another", {"a.py": "word = 1\n"}),
    ],
)
def small_function(function: Function) -> Iterator[Finding]:
    """
    A function is small.

    It is told where its code begins, and mended in its template.
    """
    closure = function.closure
    memory = function.resource.properties["MemorySize"]
    if closure is not None and memory.text == "128":
        fix = offer("Give it 256 MB", edits.replace(memory, function.template.source, 256), safety=Safety.SAFE)
        yield Finding(f"{function.id} is small", at=Location(next(iter(closure.paths)), Span(0, 3)), fix=fix)


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this plugin."""
    return [
        made("FIX001", "teh", "the", name="misspelt-word"),
        made("FIX002", "gonna", "going_to", Safety.REVIEW, name="informal-word"),
        made("FIX003", "broken", "(", name="breaking-word"),
        both_files,
        made("FIX005", "ping", "pong", name="restless-word"),
        made("FIX006", "pong", "ping", name="restless-other-word"),
        somebody_else,
        small_function,
        made("FIX008", "wrong", "right", Safety.MANUAL, name="manual-word"),
    ]
