"""S3AP318: code that needs a later version of Python than its function runs on."""

import ast
from collections.abc import Iterator

from s3ap_lint.api import Edit, Finding, Fix, Function, Newer, Safety, Severity, Span, bad, good, offer, rule


def project(runtime: str, handler: str, **more: str) -> dict[str, str]:
    """A function on a runtime."""
    template = f"""
        Parameters:
          Python: {{Type: String, Default: {runtime}}}
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Report:
            Type: AWS::Serverless::Function
            Properties:
              Runtime: !Ref Python
              Handler: handler.handler
              CodeUri: functions/report/
        """
    return {"template.yaml": template, "functions/report/handler.py": handler, **more}


@rule(
    code="S3AP318",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a match statement, and a union that is worked out, on Python 3.9",
            project(
                "python3.9",
                """
                from report import state

                def handler(event, context) -> str | None:  # <- S3AP318
                    return state(event)
                """,
                **{
                    "functions/report/report.py": """
                        def state(event):
                            match event:  # <- S3AP318
                                case {"state": found}:
                                    return found
                            return None
                        """
                },
            ),
        ),
        bad(
            "what the standard library got later, on Python 3.10",
            project(
                "python3.10",
                """
                import datetime as dt
                from enum import StrEnum  # <- S3AP318

                import tomllib  # <- S3AP318

                def handler(event, context):
                    from itertools import batched  # <- S3AP318

                    return str(dt.datetime.now(dt.UTC)), batched, tomllib, StrEnum  # <- S3AP318
                """,
            ),
        ),
        bad(
            "syntax that is newer than the runtime, whatever runs the linter",
            project(
                "python3.11",
                """
                def first[T](items: list[T]) -> T:  # <- S3AP318
                    return items[0]

                def handler(event, context):
                    return first(event)
                """,
            ),
        ),
        bad(
            "another name of the same object",
            project(
                "python3.10",
                """
                import datetime as dt

                def handler(event, context):
                    now = dt.datetime.now(dt.UTC)  # <- S3AP318
                    return str(now), dt.datetime.fromtimestamp(event["time"], tz=dt.UTC).isoformat()
                """,
            ),
            fixed=project(
                "python3.10",
                """
                import datetime as dt

                def handler(event, context):
                    now = dt.datetime.now(dt.timezone.utc)
                    return str(now), dt.datetime.fromtimestamp(event["time"], tz=dt.timezone.utc).isoformat()
                """,
            ),
        ),
        good(
            "on a runtime that has all of it",
            project(
                "python3.12",
                """
                import tomllib
                from datetime import UTC, datetime
                from itertools import batched

                def handler(event, context) -> str | None:
                    match event:
                        case {"state": found}:
                            return found
                    return str(datetime.now(UTC)), batched, tomllib
                """,
            ),
        ),
        good(
            "asked for first, or replaced",
            project(
                "python3.10",
                """
                import datetime
                import sys

                try:
                    import tomllib
                except ImportError:
                    import tomli as tomllib

                if sys.version_info >= (3, 11):
                    from enum import StrEnum
                else:
                    StrEnum = str

                UTC = datetime.UTC if hasattr(datetime, "UTC") else datetime.timezone.utc

                def handler(event, context):
                    return tomllib.loads(event), StrEnum, UTC
                """,
            ),
        ),
        good(
            "annotations that nobody works out, and names that are somebody's own",
            project(
                "python3.9",
                """
                from __future__ import annotations

                import re

                class Enum:
                    StrEnum = str

                enum = Enum()
                match = re.match

                def handler(event: dict[str, str] | None, context) -> str | None:
                    type = match("a", "b")
                    return type or enum.StrEnum
                """,
            ),
        ),
        good(
            "a function that nobody calls here",
            project(
                "python3.10",
                """
                def handler(event, context):
                    return event

                def for_the_shell():
                    import tomllib

                    return tomllib
                """,
            ),
        ),
    ],
)
def runtime_syntax(function: Function) -> Iterator[Finding]:
    """
    The code needs a later version of Python than the function's runtime is.

    Syntax that the runtime does not know fails with SyntaxError when the module is imported, and a module or name that
    its standard library does not have with ImportError or AttributeError. On a laptop, where Python is newer, the
    same code works.

    Take a later runtime, or write it as the older version wants it.
    """
    found: dict[tuple[str, str], Newer] = {}
    for newer in function.newer_than_runtime:
        found.setdefault((newer.what, newer.at.subject), newer)
    for newer in function.newer_than_runtime:
        if found[newer.what, newer.at.subject] is newer:
            yield _finding(function, newer)


def _finding(function: Function, newer: Newer) -> Finding:
    effect = "so every event fails at import" if newer.on_import else "so the events that come this way fail"
    major, minor = newer.since
    return Finding(
        f"{newer.what} came with Python {major}.{minor}, and {function.id} runs on {function.runtime}, {effect}",
        at=newer.at,
        related=(function.at.noted(f"{function.id} runs this"),),
        fix=_zone(function, newer) if newer.what == "datetime.UTC" else None,
        severity=Severity.WARNING if function.guess else None,
    )


def _zone(function: Function, newer: Newer) -> Fix | None:
    """A fix that spells UTC as every version can: datetime.UTC is another name of datetime.timezone.utc."""
    modules = function.closure.modules if function.closure is not None and not function.is_inline else ()
    module = next((one for one in modules if one.path == newer.at.subject), None)
    if module is None:
        return None
    found = [node for node in module.nodes if isinstance(node, ast.Attribute)]
    spans = [module.at(node).span for node in found if node.attr == "UTC" and module.meanings.of(node) == newer.what]
    ends = [span.end for span in spans if span is not None]
    edits = [Edit(module.path, Span(end - len("UTC"), end), "timezone.utc") for end in ends]
    return offer("Write timezone.utc, which is the same object", *edits, safety=Safety.SAFE)
