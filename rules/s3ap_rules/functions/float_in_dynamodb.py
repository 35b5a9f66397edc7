"""S3AP314: a float where DynamoDB takes a Decimal."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from s3ap_lint.api import Finding, Floats, Function, Module, PythonFile, Severity, bad, detects, good, rule

ARGUMENTS = {
    "put_item": ("Item",),
    "update_item": ("ExpressionAttributeValues", "Key"),
    "get_item": ("Key",),
    "delete_item": ("Key", "ExpressionAttributeValues"),
    "query": ("ExpressionAttributeValues",),
    "scan": ("ExpressionAttributeValues",),
}
"""The arguments that a Table of the resource API serializes itself, by method."""

SERIALIZER = "boto3.dynamodb.types.TypeSerializer"


@rule(
    code="S3AP314",
    subject=PythonFile,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "inside the item",
            {
                "handler.py": """
                    import boto3

                    table = boto3.resource("dynamodb").Table("changes")

                    def handler(event, context):
                        area = measure(event)
                        item = {"id": event["id"], "change": {"area": float(area)}}  # <- S3AP314
                        item["ratio"] = 1 / len(event["tiles"])  # <- S3AP314
                        table.put_item(Item=item)

                    def measure(event):
                        return event["area"]
                    """,
            },
        ),
        bad(
            "in an update, a batch, and what a function makes",
            {
                "store.py": """
                    import time
                    from datetime import datetime, timezone

                    import boto3
                    from boto3.dynamodb.types import TypeSerializer

                    def record(score: float):
                        return {"score": score}  # <- S3AP314

                    def store(rows):
                        table = boto3.resource("dynamodb").Table("scores")
                        table.update_item(
                            Key={"id": "1"},
                            UpdateExpression="SET seen = :at",
                            ExpressionAttributeValues={":at": time.time()},  # <- S3AP314
                        )
                        with table.batch_writer() as batch:
                            for row in rows:
                                batch.put_item(Item=record(row["score"]))
                        now = datetime.now(timezone.utc).timestamp()
                        return TypeSerializer().serialize([round(now, 2)])  # <- S3AP314
                    """,
            },
        ),
        good(
            "converted",
            {
                "handler.py": """
                    import json
                    import time
                    from decimal import Decimal

                    import boto3

                    table = boto3.resource("dynamodb").Table("changes")

                    def handler(event, context):
                        item = {"area": Decimal(str(float(event["area"]))), "at": int(time.time())}
                        table.put_item(Item=item)
                        other = {"area": 1.5}
                        other = json.loads(json.dumps(other), parse_float=Decimal)
                        table.put_item(Item=other)
                        table.put_item(Item=to_decimal({"area": 0.5}))
                        table.put_item(Item={"area": "%.2f" % 0.5, "text": str(1.5), "count": round(1.5)})

                    def to_decimal(value):
                        return json.loads(json.dumps(value), parse_float=Decimal)
                    """,
            },
        ),
        good(
            "numbers of which nothing is known, and exact ones",
            {
                "handler.py": """
                    from decimal import Decimal

                    import boto3

                    def handler(event, context):
                        table = boto3.resource("dynamodb").Table("changes")
                        total = Decimal(event["total"])
                        table.put_item(Item={"id": event["id"], "half": total / 2, "size": event["size"] * 2})
                    """,
            },
        ),
        good(
            "the client, which is given texts, and a class of the project",
            {
                "handler.py": """
                    import boto3
                    from cache import Cache

                    names = boto3.resource("dynamodb").Table("names")

                    def handler(event, context):
                        boto3.client("dynamodb").put_item(TableName="t", Item={"area": {"N": str(1.5)}})
                        Cache().put_item(Item={"area": 1.5})
                        cache = Cache()
                        cache.put_item(Item={"area": 1.5})
                    """,
            },
        ),
    ],
)
def float_in_dynamodb(file: PythonFile) -> Iterator[Finding]:
    """
    A float is given to a Table of boto3's resource API, or to a TypeSerializer.

    boto3 refuses it: "Float types are not supported. Use Decimal types instead." The call fails with TypeError on every
    event that comes this way.

    Give `Decimal(str(value))`, or convert whole items by `json.loads(json.dumps(item), parse_float=Decimal)`.
    """
    if not file.vendored:
        yield from _findings(file.module)


@detects(
    "S3AP314",
    subject=Function,
    examples=[
        bad(
            "code that stands in the template",
            """
            Resources:
              Store:
                Type: AWS::Lambda::Function
                Properties:
                  Runtime: python3.12
                  Handler: index.handler
                  Code:
                    ZipFile: |
                      import boto3

                      def handler(event, context):
                          table = boto3.resource("dynamodb").Table("scores")
                          table.put_item(Item={"id": event["id"], "score": float(event["score"])})  # <- S3AP314
            """,
        )
    ],
)
def float_in_dynamodb_in_template(function: Function) -> Iterator[Finding]:
    """The same in code that stands in a template."""
    if function.inline is not None:
        for finding in _findings(function.inline):
            related = tuple(function.placed(at) for at in finding.related)
            yield Finding(finding.message, at=function.placed(finding.at), related=related)


def _findings(module: Module) -> Iterator[Finding]:
    data = module.source.data
    if b"dynamodb" not in data or not (b".Table(" in data or b"TypeSerializer" in data):
        return
    floats = Floats(module)
    told: set[ast.expr] = set()
    for call in module.nodes:
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        for value in _serialized(call, call.func, module):
            for one in floats.inside(value):
                if one not in told:
                    told.add(one)
                    yield Finding(
                        f"{ast.unparse(one)} is a float, and DynamoDB takes Decimal; {call.func.attr} raises TypeError",
                        at=module.at(one),
                        related=(module.at(call.func, "the call"),),
                    )


def _serialized(call: ast.Call, func: ast.Attribute, module: Module) -> Iterator[ast.expr]:
    """The arguments of a call that boto3 turns into DynamoDB's types."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if func.attr in ARGUMENTS and "TableName" not in given and None not in given:
        if _is_table(func.value, module, 0):
            yield from (given[name] for name in ARGUMENTS[func.attr] if name in given)
    elif func.attr == "serialize" and _makes(func.value, module) == SERIALIZER:
        yield from call.args[:1]


MOST_NAMES = 8
"""How many names a table is followed through."""


def _is_table(value: ast.expr, module: Module, depth: int) -> bool:
    """Whether a value is a Table of the resource API, or its batch writer."""
    if depth > MOST_NAMES:
        return False
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        if value.func.attr == "Table":
            return True
        if value.func.attr == "batch_writer":
            return _is_table(value.func.value, module, depth + 1)
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        made = [one for one in _returned(name, module) if not _is_none(one)]
        return bool(made) and all(_is_table(one, module, depth + 1) for one in made)
    spelled = ast.unparse(value) if isinstance(value, ast.Name | ast.Attribute) else ""
    given = [one for one in _assigned(spelled, module) if not _is_none(one)] if spelled else []
    return bool(given) and all(_is_table(one, module, depth + 1) for one in given)


def _makes(value: ast.expr, module: Module) -> str:
    """The class of which a value is an instance, by its name."""
    if isinstance(value, ast.Call):
        return module.meanings.of(value.func)
    given = _assigned(ast.unparse(value), module) if isinstance(value, ast.Name | ast.Attribute) else []
    classes = {module.meanings.of(one.func) if isinstance(one, ast.Call) else "" for one in given}
    return classes.pop() if len(classes) == 1 else ""


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _assigned(spelled: str, module: Module) -> list[ast.expr]:
    """What a name, or an attribute of self, is given anywhere in a file."""
    found: list[ast.expr] = []
    for node in module.nodes:
        if isinstance(node, ast.Assign):
            found += [node.value for target in node.targets if _spelled(target) == spelled]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            found += [node.value] if _spelled(node.target) == spelled else []
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            found += [node.context_expr] if _spelled(node.optional_vars) == spelled else []
    return found


def _spelled(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return f"{target.value.id}.{target.attr}"
    return ""


def _returned(name: str, module: Module) -> list[ast.expr]:
    """What the functions of a name return."""
    functions = [n for n in module.nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == name]
    inside = (node for function in functions for node in ast.walk(function))
    return [node.value for node in inside if isinstance(node, ast.Return) and node.value is not None]
