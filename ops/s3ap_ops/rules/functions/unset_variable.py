"""S3AP302, live: a function that runs without a variable that its code needs."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, detects, good
from s3ap_ops.api import LiveFunction, listed
from s3ap_rules.functions.unset_variable import first_of_each, needed, sets

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:  # <- S3AP302
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
          Environment: {Variables: {TABLE_NAME: reports, MODE: quick}}
    """
UNMARKED = TEMPLATE.replace("  # <- S3AP302", "")
CODE = """
    import os

    TABLE = os.environ["TABLE_NAME"]

    def handler(event, context):
        if os.environ.get("MODE") == "thorough":
            return os.environ["ARCHIVE"]
        return TABLE
    """


def _stack(facts: str) -> str:
    return f"Stack: reports\nResources:\n  Report:\n    Type: AWS::Lambda::Function\n    {facts}\n"


@detects(
    "S3AP302",
    subject=LiveFunction,
    examples=[
        bad(
            "taken away while it runs",
            {
                "stack.yaml": _stack("Facts: {variables: {MODE: quick}}"),
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": CODE,
            },
        ),
        bad(
            "set to what makes the code need another one",
            {
                "stack.yaml": _stack("Facts: {variables: {TABLE_NAME: reports, MODE: thorough}}"),
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": CODE,
            },
        ),
        good(
            "set, to whatever value",
            {
                "stack.yaml": _stack("Facts: {variables: {TABLE_NAME: other, MODE: quick}}"),
                "template.yaml": UNMARKED,
                "functions/report/handler.py": CODE,
            },
        ),
        good(
            "not readable, because the key that encrypts the variables may not be used",
            {
                "stack.yaml": _stack("Unread: {variables: AccessDeniedException}"),
                "template.yaml": UNMARKED,
                "functions/report/handler.py": CODE,
            },
        ),
    ],
)
def unset_variable(live: LiveFunction) -> Iterator[Finding]:
    """
    A function that runs is without a variable that its code requires.

    Whatever its template says, the variable was taken away, or never arrived. The variables that are set in the account
    are held against all that the local code reads on import and in what the handler reaches; their values decide what
    of it runs, and are never told.
    """
    function, variables = live.function, live.variables
    if function is None or variables is None:
        return
    reads = function.environment_reads(dict(variables)) if needed(function.environment_reads()) else ()
    lacking = first_of_each(read for read in needed(reads) if not sets(variables, read))
    if not lacking:
        return
    names = sorted({read.name for read in lacking})
    is_import = any(read.on_import for read in lacking)
    effect = "every event fails at import" if is_import else "the events that come that way fail"
    yield Finding(
        f"{live.id} of the stack {live.stack} runs without {listed(names, 8)}, which its code requires, so {effect}",
        at=live.at,
        related=tuple(read.at.noted(f"requires {read.name}") for read in lacking),
        flow=(live.at.noted("the function"), *lacking[0].via, lacking[0].at.noted(f"requires {lacking[0].name}")),
        fix=Fix("Set it again: aws lambda update-function-configuration", (), Safety.MANUAL),
        severity=Severity.WARNING if function.guess else None,
    )
