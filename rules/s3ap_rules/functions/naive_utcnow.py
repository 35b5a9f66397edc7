"""S3AP321: a time in UTC that does not know it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from s3ap_lint.api import (
    Edit,
    Finding,
    Fix,
    Function,
    Module,
    PythonFile,
    Safety,
    Severity,
    Span,
    bad,
    detects,
    good,
    rule,
)

NAIVE = {"datetime.datetime.utcnow": "now", "datetime.datetime.utcfromtimestamp": "fromtimestamp"}
"""What to call instead, with a time zone."""

_NAMES = frozenset(name.rpartition(".")[2] for name in NAIVE)
_ADDS_Z = re.compile(rb"""isoformat\(\)\s*(?:\+\s*["']|\})Z""")

INLINE = """
    Resources:
      Clock:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: index.handler
          Code:
            ZipFile: |
              from datetime import datetime

              def handler(event, context):
                  return {"at": datetime.utcnow().isoformat()}  # <- S3AP321
    """


@rule(
    code="S3AP321",
    subject=PythonFile,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad(
            "a timestamp of now",
            {
                "handler.py": """
                    from datetime import datetime, timedelta

                    def handler(event, context):
                        return {"at": datetime.utcnow().isoformat()}  # <- S3AP321
                    """,
            },
            fixed={
                "handler.py": """
                    from datetime import datetime, timedelta, timezone

                    def handler(event, context):
                        return {"at": datetime.now(timezone.utc).isoformat()}
                    """,
            },
        ),
        bad(
            "by way of the module, and of a number of seconds",
            {
                "handler.py": """
                    import datetime as dt

                    def handler(event, context):
                        start = dt.datetime.utcfromtimestamp(event["start"])  # <- S3AP321
                        return (start, dt.datetime.utcnow())  # <- S3AP321
                    """,
            },
            fixed={
                "handler.py": """
                    import datetime as dt

                    def handler(event, context):
                        start = dt.datetime.fromtimestamp(event["start"], dt.timezone.utc)
                        return (start, dt.datetime.now(dt.timezone.utc))
                    """,
            },
        ),
        bad(
            "with a Z behind it, which is said already when the time knows its zone",
            {
                "handler.py": """
                    from datetime import datetime, timezone

                    def handler(event, context):
                        return datetime.utcnow().isoformat() + "Z"  # <- S3AP321
                    """,
            },
            fixed={
                "handler.py": """
                    from datetime import datetime, timezone

                    def handler(event, context):
                        return datetime.now(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
                    """,
            },
        ),
        bad(
            "compared with something that may be as naive: it stays so, and what is written there too",
            {
                "handler.py": """
                    from datetime import datetime, timedelta, timezone

                    def handler(event, context):
                        until = event.get("until", datetime.utcnow().isoformat())  # <- S3AP321
                        day = datetime.utcnow().strftime("%Y/%m/%d")  # <- S3AP321
                        limit = datetime.utcnow() + timedelta(days=1)  # <- S3AP321
                        return (day, datetime.fromisoformat(until) < limit)
                    """,
            },
            fixed={
                "handler.py": """
                    from datetime import datetime, timedelta, timezone

                    def handler(event, context):
                        until = event.get("until", datetime.now(timezone.utc).replace(tzinfo=None).isoformat())
                        day = datetime.now(timezone.utc).strftime("%Y/%m/%d")
                        limit = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(days=1)
                        return (day, datetime.fromisoformat(until) < limit)
                    """,
            },
        ),
        bad(
            "kept, and met by another later",
            {
                "handler.py": """
                    from datetime import datetime

                    def handler(event, context):
                        start = datetime.utcnow()  # <- S3AP321
                        print(event)
                        return (datetime.utcnow() - start).total_seconds()  # <- S3AP321
                    """,
            },
            fixed={
                "handler.py": """
                    from datetime import datetime, timezone

                    def handler(event, context):
                        start = datetime.now(timezone.utc).replace(tzinfo=None)
                        print(event)
                        return (datetime.now(timezone.utc).replace(tzinfo=None) - start).total_seconds()
                    """,
            },
        ),
        bad(
            "handed over, to be called later",
            {
                "record.py": """
                    from dataclasses import dataclass, field
                    from datetime import datetime

                    @dataclass
                    class Record:
                        made: datetime = field(default_factory=datetime.utcnow)  # <- S3AP321
                    """,
            },
        ),
        good(
            "a time that knows its zone",
            {
                "handler.py": """
                    from datetime import datetime, timezone

                    def handler(event, context):
                        return datetime.now(timezone.utc).isoformat()
                    """,
            },
        ),
        good(
            "somebody else's package that was checked in",
            {
                "vendor/clock/now.py": """
                    from datetime import datetime

                    NOW = datetime.utcnow()
                    """,
            },
        ),
        good(
            "something else of that name",
            {
                "handler.py": """
                    from clock import datetime

                    class Clock:
                        def utcnow(self):
                            return 0

                    def handler(event, context):
                        return [datetime.utcnow(), Clock().utcnow()]
                    """,
            },
        ),
    ],
)
def naive_utcnow(file: PythonFile) -> Iterator[Finding]:
    """
    `datetime.utcnow()` or `datetime.utcfromtimestamp()` makes a time without a zone.

    Both are deprecated since Python 3.12. What they return counts as local time wherever a zone is needed
    (`timestamp()`, `astimezone()`), and comparing it with a time that has one raises TypeError.

    Ask for `datetime.now(timezone.utc)`. What the result is compared with must have a zone too, and
    `isoformat()` then ends in `+00:00`.
    """
    if not file.vendored:
        yield from _findings(file.module, fixable=True)


@detects("S3AP321", subject=Function, examples=[bad("code that stands in the template", INLINE)])
def naive_utcnow_in_template(function: Function) -> Iterator[Finding]:
    """The same in code that stands in a template."""
    if function.inline is not None:
        for finding in _findings(function.inline, fixable=False):
            yield Finding(finding.message, at=function.placed(finding.at))


def _findings(module: Module, *, fixable: bool) -> Iterator[Finding]:
    if b"utcnow" not in module.source.data and b"utcfromtimestamp" not in module.source.data:
        return
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and module.meanings.of(node) in NAIVE:
            yield Finding(
                f"datetime.{node.attr} makes a time without a zone, and is deprecated since Python 3.12; "
                "comparing it with one that has a zone raises TypeError",
                at=module.at(node),
                fix=_fix(module, node) if fixable else None,
            )


def _fix(module: Module, attribute: ast.Attribute) -> Fix | None:
    """The same moment with its zone; None where that would not be the end of it."""
    call = module.parents[attribute]
    if not isinstance(call, ast.Call) or call.func is not attribute or call.keywords:
        return None
    arguments = 0 if attribute.attr == "utcnow" else 1
    if len(call.args) != arguments or any(isinstance(one, ast.Starred | ast.GeneratorExp) for one in call.args):
        return None
    zone, edits = _zone(module, attribute)
    if not zone:
        return None
    name = NAIVE[module.meanings.of(attribute)]
    end = _end(module, attribute)
    edits.append(Edit(module.path, Span(end - len(attribute.attr), end), name))
    inside = _end(module, call.args[0]) if call.args else _end(module, call) - 1
    edits.append(Edit(module.path, Span(inside, inside), f", {zone}" if call.args else zone))
    title = f"Call {name}({', '.join(['…'] * arguments + [zone])})"
    if _says_z(module, call) or _must_stay_naive(module, call):
        after = _end(module, call)
        edits.append(Edit(module.path, Span(after, after), ".replace(tzinfo=None)"))
        title += " without its zone, as before"
    return Fix(title, tuple(edits), Safety.REVIEW)


def _end(module: Module, node: ast.AST) -> int:
    span = module.at(node).span
    assert span is not None
    return span.end


def _must_stay_naive(module: Module, call: ast.Call) -> bool:
    """Whether the time, or a text that is made of it, may meet others that are as naive."""
    parent = module.parents[call]
    if isinstance(parent, ast.Attribute) and parent.attr == "strftime":
        return False
    every = [module.parents[node] for node in module.nodes if isinstance(node, ast.Attribute) and node.attr in _NAMES]
    return any(isinstance(one, ast.Call) and _is_entangled(module, one) for one in every)


def _is_entangled(module: Module, call: ast.Call) -> bool:
    """Whether the time meets others of the module, which may be as naive, or gets a Z of its own later."""
    parent = module.parents[call]
    if isinstance(parent, ast.Attribute):
        return False  # a method makes something else of it
    while isinstance(parent, ast.BinOp) and not _compares(parent):
        parent = module.parents[parent]  # a later time is as naive
    if _compares(parent):
        return True
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    names = {ast.unparse(target) for target in targets}
    operands = [child for node in module.nodes if _compares(node) for child in ast.iter_child_nodes(node)]
    if any(isinstance(one, ast.expr) and ast.unparse(one) in names for one in operands):
        return True
    return _ADDS_Z.search(module.source.data) is not None


def _compares(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub))


def _says_z(module: Module, call: ast.Call) -> bool:
    """Whether the text that is made of a time gets a Z of its own."""
    method = module.parents[call]
    if not isinstance(method, ast.Attribute) or method.attr != "isoformat":
        return False
    made = module.parents[method]
    around = module.parents[made]
    if isinstance(around, ast.FormattedValue):
        texts = getattr(module.parents[around], "values", [])
        place = texts.index(around) + 1
        return place < len(texts) and _begins_with_z(texts[place])
    return isinstance(around, ast.BinOp) and around.left is made and _begins_with_z(around.right)


def _begins_with_z(text: ast.expr) -> bool:
    return isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value.startswith("Z")


def _zone(module: Module, attribute: ast.Attribute) -> tuple[str, list[Edit]]:
    """How UTC is spelled where an attribute of the class stands, and what must be imported for that."""
    owner = attribute.value
    if isinstance(owner, ast.Attribute):  # datetime.datetime
        text = module.source.data[_end(module, owner) - len(ast.unparse(owner).encode()) : _end(module, owner)]
        spelled = text.decode("utf-8", "replace")
        if spelled != ast.unparse(owner):
            return "", []
        return f"{ast.unparse(owner.value)}.timezone.utc", []
    for meaning, spelling in (("datetime.timezone", "{}.utc"), ("datetime.UTC", "{}")):
        known = module.meanings.name_for(meaning, owner)
        if known:
            return spelling.format(known), []
    made = module.meanings.import_of(owner) if isinstance(owner, ast.Name) else None
    if made is None or not module.meanings.is_free("timezone"):
        return "", []
    return "timezone.utc", [_imported(module, made)]


def _imported(module: Module, made: ast.ImportFrom) -> Edit:
    """One more name at the end of an import, on a line of its own where the last one has one."""
    last = made.names[-1]
    end = _end(module, last)
    before = module.source.line_text(last.lineno)
    lead = re.match(r"\s*", before)
    indent = lead[0] if lead else ""
    alone = last.lineno > made.lineno and len(indent) == last.col_offset
    line_end = "\r\n" if b"\r\n" in module.source.data else "\n"
    return Edit(module.path, Span(end, end), f",{line_end}{indent}timezone" if alone else ", timezone")
