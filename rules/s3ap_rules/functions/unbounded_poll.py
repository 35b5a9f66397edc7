"""S3AP313: a wait that only the function's Timeout ends."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from s3ap_lint.api import Finding, Function, Module, PythonFile, Severity, bad, detects, good, rule

SLEEPS = frozenset({"time.sleep", "asyncio.sleep"})
CLOCKS = frozenset(
    {"time.time", "time.monotonic", "time.perf_counter", "time.time_ns", "time.monotonic_ns"}
    | {"datetime.datetime.now", "datetime.datetime.utcnow"}
)
_LIMITS = re.compile(
    r"attempt|budget|count|deadline|elapsed|expire|limit|max|poll_n|remain|retr(y|ies)|time_?left|time_?out|tries", re.I
)
"""How names are called that say how long, or how often, something is tried."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

TEMPLATE = """
    Resources:
      Ocr:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/ocr/
          Handler: handler.handler
          Timeout: 600
    Transform: AWS::Serverless-2016-10-31
    """

POLL = """
    import time

    import boto3

    def handler(event, context):
        return wait(boto3.client("textract"), event["JobId"])

    def wait(client, job):
        while True:  # <- S3AP313
            result = client.get_document_analysis(JobId=job)
            if result["JobStatus"] == "SUCCEEDED":
                return result
            if result["JobStatus"] == "FAILED":
                raise RuntimeError(job)
            time.sleep(5)
    """


@rule(
    code="S3AP313",
    subject=Function,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad("a job that may never end", {"template.yaml": TEMPLATE, "functions/ocr/handler.py": POLL}),
        bad(
            "a status that may never change",
            {
                "template.yaml": TEMPLATE,
                "functions/ocr/handler.py": """
                    from time import sleep

                    def handler(event, context):
                        state = "RUNNING"
                        while state in ("QUEUED", "RUNNING"):  # <- S3AP313
                            sleep(2)
                            state = ask(event["id"])
                        return state

                    def ask(job):
                        return open(job).read()
                    """,
            },
        ),
        good(
            "pages and queues, which come to an end",
            {
                "template.yaml": TEMPLATE,
                "functions/wait/handler.py": """
                    import time

                    import boto3

                    s3 = boto3.client("s3")
                    queue = boto3.resource("sqs").Queue("work")

                    def handler(event, context):
                        keys, token = [], ""
                        while True:
                            page = s3.list_objects_v2(Bucket=event["bucket"], ContinuationToken=token)
                            keys += page.get("Contents", [])
                            token = page.get("NextContinuationToken")
                            if not token:
                                break
                            time.sleep(0.2)
                        while True:
                            messages = queue.receive_messages(MaxNumberOfMessages=10)
                            if not messages:
                                return keys
                            time.sleep(1)
                    """,
            },
        ),
        good(
            "a number of attempts, a deadline, or what Lambda has left",
            {
                "template.yaml": TEMPLATE,
                "functions/ocr/handler.py": """
                    import time

                    def handler(event, context):
                        for _ in range(30):
                            if ready(event):
                                break
                            time.sleep(1)
                        n = 0
                        while True:
                            n += 1
                            if ready(event) or n > 30:
                                break
                            time.sleep(1)
                        end = time.monotonic() + 30
                        while not ready(event):
                            if time.monotonic() > end:
                                raise TimeoutError
                            time.sleep(1)
                        while True:
                            if context.get_remaining_time_in_millis() < 5000:
                                return "handed on"
                            time.sleep(1)

                    def ready(event):
                        return open(event["path"]).read()
                    """,
            },
        ),
        good(
            "pages that are read without a pause",
            {
                "template.yaml": TEMPLATE,
                "functions/ocr/handler.py": """
                    def handler(event, context):
                        token = None
                        while True:
                            page = read(token)
                            token = page.get("NextToken")
                            if not token:
                                return page

                    def read(token):
                        return {}
                    """,
            },
        ),
        good(
            "a service that runs elsewhere, and code that the handler does not reach",
            {
                "template.yaml": TEMPLATE,
                "functions/ocr/handler.py": POLL.replace(
                    'return wait(boto3.client("textract"), event["JobId"])', "return None"
                ).replace("  # <- S3AP313", ""),
                "server/main.py": """
                    import time

                    while True:
                        print("alive")
                        time.sleep(60)
                    """,
            },
        ),
    ],
)
def unbounded_poll(function: Function) -> Iterator[Finding]:
    """
    A handler waits in a loop that counts nothing and looks at no clock.

    When what it waits for does not come, Lambda kills it at its Timeout: no clean-up, no result that says what it
    waited for, and every second of the wait is paid.

    Count the attempts, or compare with `context.get_remaining_time_in_millis()` and raise while there is time left. A
    long wait belongs into the state machine: a Wait state, or a task token.
    """
    closure = function.closure
    if closure is None:
        return
    modules = [*closure.modules] if function.inline is None else [function.inline]
    timeout = function.resource.property("Timeout").text
    for module in modules:
        for loop, around in _loops(module):
            if around in closure.reached:
                until = f"{function.id} runs this, for {timeout} s at most" if timeout else f"{function.id} runs this"
                yield Finding(_MESSAGE, at=function.placed(module.at(loop.test)), related=(function.at.noted(until),))


@detects(
    "S3AP313",
    subject=PythonFile,
    examples=[
        bad("a handler that something else than a template deploys", {"ocr/index.py": POLL}),
    ],
)
def unbounded_poll_of_handler(file: PythonFile) -> Iterator[Finding]:
    """The same in a handler that no template here deploys, as far as its own file tells."""
    if file.vendored or not _loops(file.module):
        return
    reached = {node for name in file.handlers for node in file.alone(name).reached}
    for loop, around in _loops(file.module):
        if around in reached:
            yield Finding(_MESSAGE, at=file.module.at(loop.test))


_MESSAGE = (
    "this poll counts nothing and looks at no clock; "
    "when what it waits for does not come, Lambda kills it at its Timeout without a word"
)
_known: WeakKeyDictionary[Module, list[tuple[ast.While, ast.AST]]] = WeakKeyDictionary()


def _loops(module: Module) -> list[tuple[ast.While, ast.AST]]:
    """The endless polls of a module, each with the function (or the module) that runs it."""
    if b"while" not in module.source.data or b"sleep" not in module.source.data:
        return []
    if module not in _known:
        loops = [node for node in module.nodes if isinstance(node, ast.While) and _is_endless(module, node)]
        _known[module] = [(loop, _around(module, loop)) for loop in loops]
    return _known[module]


def _is_endless(module: Module, loop: ast.While) -> bool:
    if not _waits_for_status(loop.test):
        return False
    sleeps, leaves = False, isinstance(loop.test, ast.Compare)
    counted: set[str] = set()
    compared: set[str] = set()
    for node in _own(loop):
        if isinstance(node, ast.Call):
            meaning = module.meanings.of(node.func)
            sleeps = sleeps or meaning in SLEEPS
            if meaning in CLOCKS:
                return False
        elif isinstance(node, ast.Break | ast.Return | ast.Raise):
            leaves = True
        elif isinstance(node, ast.AugAssign):
            counted.add(ast.unparse(node.target))
        elif isinstance(node, ast.Compare):
            compared.update(ast.unparse(one) for one in (node.left, *node.comparators))
        elif isinstance(node, ast.Yield | ast.YieldFrom):
            return False  # who asks for more decides how long it lasts
        if _LIMITS.search(_name(node)):
            return False
    return sleeps and leaves and not counted & compared and _is_left_by_status(loop)


def _is_left_by_status(loop: ast.While) -> bool:
    """Whether a status decides: its name is compared with texts. Pages and queues come to an end by themselves."""
    if isinstance(loop.test, ast.Compare):
        return True
    tests = (node.test for node in _own(loop) if isinstance(node, ast.If))
    compared = (node for test in tests for node in ast.walk(test) if isinstance(node, ast.Compare))
    equal = (node for node in compared if isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn))
    return any(_is_text(side) for node in equal for side in (node.left, *node.comparators))


def _is_text(side: ast.expr) -> bool:
    """Whether an operand is a text, holds one, or is a constant of the module such as TERMINAL_STATES."""
    items = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]
    return any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in items) or _name(side).isupper()


def _waits_for_status(test: ast.expr) -> bool:
    """`while True`, or as long as a status is one of some texts."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Name):
        return False
    right = test.comparators[0]
    texts = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
    return all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in texts)


def _own(loop: ast.While) -> Iterator[ast.AST]:
    """What stands in a loop, without the functions in it."""
    todo: list[ast.AST] = list(loop.body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            todo += ast.iter_child_nodes(node)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _around(module: Module, node: ast.AST) -> ast.AST:
    at = node
    while at in module.parents and not isinstance(at, _FUNCTIONS):
        at = module.parents[at]
    return at
