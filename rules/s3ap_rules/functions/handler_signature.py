"""S3AP317: a handler that cannot take what Lambda hands it, or that nobody awaits."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Function, Severity, Signature, bad, good, offer, rule

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/report/
    """
OTHER = """
      Other:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: other.handler
          CodeUri: functions/report/
    """


def project(handler: str, **more: str) -> dict[str, str]:
    """A function with this handler."""
    return {"template.yaml": TEMPLATE, "functions/report/handler.py": handler, **more}


@rule(
    code="S3AP317",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "no room for the context",
            project("""
                def handler(event):  # <- S3AP317
                    return event
                """),
            fixed=project("""
                def handler(event, context):
                    return event
                """),
        ),
        bad(
            "no room for anything, and a default that whoever calls it may rely on",
            {
                "template.yaml": TEMPLATE + OTHER,
                "functions/report/handler.py": """
                    def handler():  # <- S3AP317
                        return "done"
                    """,
                "functions/report/other.py": """
                    def handler(event: dict = None, *, table: str = "reports") -> str:  # <- S3AP317
                        return table
                    """,
            },
            fixed={
                "template.yaml": TEMPLATE + OTHER,
                "functions/report/handler.py": """
                    def handler(event, context):
                        return "done"
                    """,
                "functions/report/other.py": """
                    def handler(event: dict = None, context=None, *, table: str = "reports") -> str:
                        return table
                    """,
            },
        ),
        bad(
            "the name has another meaning there",
            project("""
                import decimal

                context = decimal.getcontext()

                def handler(event):  # <- S3AP317
                    return context.prec
                """),
        ),
        bad(
            "nobody awaits it",
            project("""
                async def handler(event, context):  # <- S3AP317
                    return event
                """),
        ),
        bad(
            "more than Lambda has to give, in a module that the handler's module takes it from",
            project(
                "from report import handler\n",
                **{
                    "functions/report/report.py": """
                        def handler(event, context, table):  # <- S3AP317
                            return table
                        """
                },
            ),
        ),
        bad(
            "a lambda, and a name that must be given",
            {
                "template.yaml": TEMPLATE + OTHER,
                "functions/report/handler.py": "handler = lambda: None  # <- S3AP317\n",
                "functions/report/other.py": """
                    def handler(event, context, *, table):  # <- S3AP317
                        return table
                    """,
            },
        ),
        good(
            "an event and a context",
            project("""
                def handler(event, context=None, *rest, table="reports", **more):
                    return table
                """),
        ),
        good(
            "any number of arguments",
            project("""
                import asyncio

                async def main(event):
                    return event

                def handler(*args):
                    return asyncio.run(main(args[0]))
                """),
        ),
        good(
            "a decorator stands between Lambda and it",
            project("""
                import asyncio
                import functools

                def awaited(function):
                    @functools.wraps(function)
                    def wrapper(event, context):
                        return asyncio.run(function(event))

                    return wrapper

                @awaited
                async def handler(event):
                    return event
                """),
        ),
        good(
            "the name is given to something else afterwards",
            project("""
                from acme import adapted

                def handler(event):
                    return event

                handler = adapted(handler)
                """),
        ),
    ],
)
def handler_signature(function: Function) -> Iterator[Finding]:
    """
    A handler cannot be called with an event and a context, or is a coroutine function.

    Lambda calls the handler with two arguments by position and takes what it returns. With another number of
    parameters every event fails with TypeError; `async def` returns a coroutine that nobody awaits, so its body never
    runs and the answer cannot be written as JSON.

    Give it the parameters `event` and `context`; run coroutines with `asyncio.run`.
    """
    signature = function.signature
    if signature is None or (signature.callable and not signature.asynchronous):
        return
    yield Finding(
        _message(signature),
        at=signature.at,
        related=(function.at.noted(f"{function.id} runs this"),),
        severity=Severity.WARNING if function.guess else None,
        fix=_fix(signature),
    )


def _fix(signature: Signature) -> Fix | None:
    """The parameters that are not there; whoever calls it with fewer must be told, so a person looks at it."""
    if signature.callable or signature.keywords or signature.asynchronous:
        return None
    return offer("Take the event and the context", signature.completed)


def _message(signature: Signature) -> str:
    if signature.callable:
        return f"{signature.name} is a coroutine function, which Lambda does not await, so its body never runs"
    if signature.keywords:
        names = ", ".join(signature.keywords)
        return f"{signature.name} needs {names}, and Lambda gives an event and a context, so every event fails"
    most, least = signature.most, signature.least
    takes = f"{least} or more arguments" if most is None else f"{most} argument{'' if most == 1 else 's'}"
    takes = takes if most is None or most < 2 or most == least else f"at least {least} arguments"
    return f"{signature.name} takes {takes}, and Lambda gives an event and a context, so every event fails"
