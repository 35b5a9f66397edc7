"""Classes of pydantic-settings, whose fields are environment variables.

Source: pydantic-settings, "Environment variable names": the name of the field, in any case; a field without a default
that is not set raises ValidationError when the class is instantiated.
"""

from __future__ import annotations

import ast

from s3ap_lint.python.scope import Scope

_MODULES = frozenset({"pydantic_settings", "pydantic"})


def required_fields(call: ast.Call, scope: Scope) -> tuple[str, ...]:
    """The variables that a call of such a class, without arguments, needs; upper case, as they are usually set.

    Empty where the class is configured (a prefix, a file) or derives from something else besides: that may say more.
    """
    if call.args or call.keywords or not isinstance(call.func, ast.Name):
        return ()
    found = _class_named(call.func.id, scope)
    if found is None or not isinstance(found.node, ast.ClassDef) or not _is_settings(found):
        return ()
    body = found.node.body
    if found.node.keywords or any(_configures(statement) for statement in body):
        return ()
    fields = (s for s in body if isinstance(s, ast.AnnAssign) and s.value is None and isinstance(s.target, ast.Name))
    return tuple(
        field.target.id.upper()
        for field in fields
        if isinstance(field.target, ast.Name) and not field.target.id.startswith("_") and _is_demanded(field.annotation)
    )


def _class_named(name: str, scope: Scope) -> Scope | None:
    at: Scope | None = scope
    while at is not None:
        known = at.children.get(name)
        if known:
            return known[-1] if len(known) == 1 and known[-1].kind == "class" else None
        at = at.parent
    return None


def _is_settings(found: Scope) -> bool:
    if len(found.bases) != 1 or not found.bases[0] or found.bases[0][-1] != "BaseSettings":
        return False
    first = found.bases[0][0]
    at: Scope | None = found.parent
    while at is not None:
        if any(one.bound == first and one.module.partition(".")[0] in _MODULES for one in at.imports):
            return True
        at = at.parent
    return False


def _configures(statement: ast.stmt) -> bool:
    """Whether a statement of the class may change where values come from, or what they are called."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return True  # Config, validators, settings_customise_sources
    names = [one.id for one in ast.walk(statement) if isinstance(one, ast.Name)]
    return "model_config" in names


def _is_demanded(annotation: ast.expr) -> bool:
    """Whether a field without a value must be given: in pydantic 1 an optional one need not."""
    text = ast.unparse(annotation)
    return "Optional" not in text and "None" not in text and "ClassVar" not in text and "Annotated" not in text
