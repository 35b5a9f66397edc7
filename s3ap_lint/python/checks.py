"""What checks, converts or quotes a text on its way into another."""

from __future__ import annotations

import ast
import re

from s3ap_lint.python.bindings import own_nodes
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.scope import Scope

CHECKS = re.compile(r"valid|sanit|escape|quote|check|allow|literal|ident|safe|assert|clean|whitelist|normali[sz]e_sql")
"""How functions are called that check or quote a text."""

_MATCHES = frozenset({"match", "fullmatch", "search"})
_TELLS = frozenset({"isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier", "isnumeric"})
CONVERTS = frozenset({"int", "float", "Decimal", "UUID", "fromisoformat", "strptime", "ip_address", "Enum"})

NOT_TEXT = frozenset({"count", "endswith", "find", "index", "startswith", "rfind", "timestamp", *_TELLS})
"""Methods of a text that give no text of the sender."""

_OF_DEPLOYMENT = frozenset(
    {"ResourceProperties", "OldResourceProperties", "StackId", "LogicalResourceId", "PhysicalResourceId", "RequestType"}
    | {"account", "region", "time", "requestContext"}
)
"""Keys of an event whose values AWS or the template writes, not the sender."""


@remembered
def checked_in(scope: Scope) -> frozenset[str]:
    """The expressions of a scope, as text, that something there looks at to accept or refuse them."""
    found: set[str] = set()
    for node in own_nodes(scope):
        if isinstance(node, ast.Call):
            func, last = node.func, last_of(node.func)
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if last in _MATCHES or last in CONVERTS or CHECKS.search(last.lower()):
                found.update(ast.unparse(_bare(value)) for value in values)
            elif last in _TELLS and isinstance(func, ast.Attribute):
                found.add(ast.unparse(_bare(func.value)))
            elif last == "isinstance" and len(values) == 2 and "str" not in ast.unparse(values[1]):
                found.add(ast.unparse(values[0]))
            elif last in ("all", "any"):
                found.update(
                    ast.unparse(inner.iter)
                    for value in values
                    for inner in ast.walk(value)
                    if isinstance(inner, ast.comprehension)
                )
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            # `"name" in event` says nothing about a value, `"'" in name` does
            quote = isinstance(node.left, ast.Constant) and node.left.value in ("'", '"', ";", "--")
            found.add(ast.unparse(_bare(node.comparators[0] if quote else node.left)))
    return frozenset(found)


def _bare(value: ast.expr) -> ast.expr:
    """What a check of `str(value).strip()` is about."""
    while True:
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str" and value.args:
            value = value.args[0]
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr != "get":
            value = value.func.value
        else:
            return value


def is_of_deployment(key: ast.expr) -> bool:
    return isinstance(key, ast.Constant) and key.value in _OF_DEPLOYMENT


def is_quoting(call: ast.Call) -> bool:
    """Whether a call is `text.replace("'", …)` or translates characters."""
    if not isinstance(call.func, ast.Attribute):
        return False
    first = call.args[0] if call.args else None
    replaces = call.func.attr == "replace" and isinstance(first, ast.Constant)
    quotes = replaces and isinstance(first, ast.Constant) and first.value in ("'", '"', "`", ";")
    return quotes or call.func.attr in ("translate", "sub")


def is_number(part: ast.FormattedValue) -> bool:
    """Whether a format such as `:d` takes numbers only."""
    spec = part.format_spec
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return isinstance(last, ast.Constant) and str(last.value)[-1:] in tuple("dnfeExXobgG%")


def last_of(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
