"""Operators that break an application in one of its Python files."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from posixpath import basename, dirname

from bench.faults.application import Application, Function
from bench.faults.damage import Break
from bench.faults.script import FUNCTIONS, Script

NEWER_SYNTAX = {
    (3, 10): "match {}:\n    case _:\n        pass\n",
    (3, 11): "try:\n    pass\nexcept* OSError:\n    pass\n",
    (3, 12): "type Shelf = int\n",
    (3, 14): "try:\n    pass\nexcept OSError, ValueError:\n    pass\n",
}
"""What the parser of a version accepts and the one before it does not."""

NEWER_MODULES = {
    (3, 9): "zoneinfo",
    (3, 11): "tomllib",
    (3, 14): "annotationlib",
}
"""What came with a version."""


def _starts(app: Application) -> Iterator[tuple[Script, Function, ast.FunctionDef | None]]:
    """Every handler's file once for each name that functions start in, with the definition if it is plain."""
    for path, functions in app.handlers.items():
        for entry in dict.fromkeys(function.entry for function in functions):
            mine = [function for function in functions if function.entry == entry]
            first = next((function for function in mine if function.written), mine[0])
            yield app.scripts[path], first, app.scripts[path].function(entry)


def _broken(
    script: Script, node: ast.stmt | ast.expr, data: bytes, what: str, words: tuple[str, ...], doubt: str
) -> Break:
    return Break({script.path: data}, script.path, node.lineno, what, words, doubt)


def _unwritten(function: Function) -> str:
    return "" if function.written else "the code is named by the twin only"


# -- the handler ---------------------------------------------------------------------------------


def rename_handler(app: Application) -> Iterator[Break]:
    """The function that Handler names is called otherwise."""
    for script, function, handler in _starts(app):
        if handler is None:
            continue
        data = script.renamed(handler, f"{handler.name}_renamed")
        doubt = _unwritten(function) or ("names may come from elsewhere" if script.dynamic else "")
        words = (handler.name,)
        yield _broken(script, handler, data, handler.name, words, doubt)


def move_file(app: Application) -> Iterator[Break]:
    """The file that Handler names has another name."""
    for script, function, _ in _starts(app):
        new = f"{script.path.removesuffix('.py')}_moved.py"
        names = (basename(script.path), function.id, function.resource.property("Handler").text)
        doubt = _unwritten(function)
        if (app.root / script.path.removesuffix(".py") / "__init__.py").exists():
            doubt = "a package has the same name"
        files = {script.path: None, new: script.data}
        template = function.template
        line = template.source.place(function.resource.at).line
        yield Break(files, template.path, line, script.path, names, doubt)


def async_handler(app: Application) -> Iterator[Break]:
    """The handler is a coroutine function, which Lambda does not await."""
    for script, function, handler in _starts(app):
        if handler is None:
            continue
        span = script.span(handler)
        data = script.data[: span.start] + b"async " + script.data[span.start :]
        doubt = _unwritten(function) or ("a decorator may await it" if handler.decorator_list else "")
        words = (handler.name,)
        yield _broken(script, handler, data, handler.name, words, doubt)


def one_argument(app: Application) -> Iterator[Break]:
    """The handler takes the event only; Lambda passes the context too."""
    for script, function, handler in _starts(app):
        if handler is None or handler.args.vararg or handler.args.kwonlyargs or handler.args.defaults:
            continue
        arguments = handler.args.args
        uses = {node.id for node in ast.walk(handler) if isinstance(node, ast.Name)}
        if len(arguments) != 2 or arguments[1].arg in uses:
            continue
        first, second = (script.span(argument) for argument in arguments)  # type: ignore[arg-type]
        data = script.data[: first.end] + script.data[second.end :]
        doubt = _unwritten(function) or ("a decorator may call it otherwise" if handler.decorator_list else "")
        words = (handler.name,)
        yield _broken(script, handler, data, handler.name, words, doubt)


# -- the runtime ---------------------------------------------------------------------------------


def newer_syntax(app: Application) -> Iterator[Break]:
    """Syntax of a Python that came after the declared runtime, as far as this interpreter can read it."""
    for script, function, runtime in _with_runtime(app):
        newer = [version for version in NEWER_SYNTAX if runtime < version <= sys.version_info[:2]]
        if newer:
            data = script.data.rstrip() + f"\n\n\n{NEWER_SYNTAX[newer[0]]}".encode()
            line, what = data.count(b"\n") - 1, f"{'.'.join(map(str, newer[0]))} in {script.path}"
            yield Break({script.path: data}, script.path, line, what, (function.id,), _unwritten(function))


def newer_module(app: Application) -> Iterator[Break]:
    """A module of the standard library that came after the declared runtime is imported and used."""
    for script, function, runtime in _with_runtime(app):
        newer = [version for version in NEWER_MODULES if runtime < version]
        imports = [node for node, _ in script.imports()]
        if not newer or not imports or NEWER_MODULES[newer[-1]].encode() in script.data:
            continue
        module, line = NEWER_MODULES[newer[-1]], imports[-1].end_lineno or 1
        lines = script.data.splitlines(keepends=True)
        data = b"".join([*lines[:line], f"import {module}\n\nSHELF = {module}.__name__\n".encode(), *lines[line:]])
        doubt = _unwritten(function)
        if (app.root / function.root / "requirements.txt").exists() or f"{module}.py" in app.scripts:
            doubt = "a requirements file may bring it"
        yield Break({script.path: data}, script.path, line, f"{module} in {script.path}", (module,), doubt)


def _with_runtime(app: Application) -> Iterator[tuple[Script, Function, tuple[int, int]]]:
    for script, function, _ in _starts(app):
        match = re.fullmatch(r"python3\.(\d+)", function.resource.property("Runtime").text)
        if match:
            yield script, function, (3, int(match[1]))


# -- names ---------------------------------------------------------------------------------------


def remove_import(app: Application) -> Iterator[Break]:
    """An import at the top of a handler's file is gone, its names are still used."""
    for script, function, _ in _starts(app):
        for node, names in script.imports():
            used = tuple(name for name in names if name in script.used)
            data = script.without(node)
            if not used or data is None:
                continue
            doubt = _unwritten(function)
            if script.dynamic or all(script.bound[name] > 1 for name in used):
                doubt = "the name may come from elsewhere"
            yield _broken(script, node, data, ", ".join(used), names, doubt)


def misspell_read(app: Application) -> Iterator[Break]:
    """A handler's file requires a variable under a name that nobody sets."""
    for script, function, _ in _starts(app):
        given = {variable.name for variable in app.variables if function.id in (r.id for r in variable.readers)}
        everything = {variable.name for variable in app.variables}
        sure = script.sure_reads(function.entry)
        reads = [read for read in script.reads if read.name in given]
        for read in reads:
            wrong = read.name[:-2] + read.name[:-3:-1] if read.name[-1] != read.name[-2] else read.name[:-1]
            if wrong in everything or script.sets(wrong):
                continue
            span = script.span(read.node)
            text = script.data[span.start : span.end].decode().replace(read.name, wrong)
            data = script.edited(span, text)
            again = Script.parse(script.path, data)
            proved = again is not None and wrong in again.sure_reads(function.entry) and read.name in sure
            doubt = _unwritten(function) or ("" if proved else "read where not every event comes along")
            if any(other.sets(wrong) for other in app.scripts.values()):
                doubt = "the code may set it"
            what = f"{wrong} for {read.name}"
            words = (wrong,)
            yield _broken(script, read.node, data, what, words, doubt)


def rename_helper_method(app: Application) -> Iterator[Break]:
    """A method that is called elsewhere is defined under another name."""
    for path, script in app.scripts.items():
        for cls in (node for node in script.tree.body if isinstance(node, ast.ClassDef)):
            for method in (node for node in cls.body if isinstance(node, ast.FunctionDef)):
                if method.name.startswith("__") or _property(method):
                    continue
                calls = [
                    user for user in app.handlers if path != user and _calls(app.scripts[user], cls.name, method.name)
                ]
                if not calls:
                    continue
                data = script.renamed(method, f"{method.name}_renamed")
                what = f"{cls.name}.{method.name}"
                doubt = _doubt_of_method(app, script, cls, method, calls)
                words = (method.name,)
                yield _broken(script, method, data, what, words, doubt)


def _property(method: ast.FunctionDef) -> bool:
    return not all(isinstance(d, ast.Name) and d.id in ("classmethod", "staticmethod") for d in method.decorator_list)


def _calls(script: Script, cls: str, method: str) -> bool:
    """Whether a file imports a class of this name, and calls a method of that name on something."""
    return any(cls in names for _, names in script.imports()) and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
        for node in ast.walk(script.tree)
    )


def _doubt_of_method(
    app: Application, script: Script, cls: ast.ClassDef, method: ast.FunctionDef, users: list[str]
) -> str:
    """Why a call may not be meant; "" when a handler's file calls the method on the class, or on a plain instance."""
    if cls.bases or cls.keywords or cls.decorator_list or script.bound[cls.name] > 1:
        return "the class has bases, decorators or a namesake"
    if any(isinstance(n, FUNCTIONS) and n.name == "__getattr__" for n in cls.body) or b"setattr(" in script.data:
        return "attributes may be made up"
    if sum(isinstance(n, FUNCTIONS) and n.name == method.name for n in cls.body) > 1:
        return "the method is defined twice"
    for user in users:
        if _plainly(app.scripts[user], script, cls.name, method.name):
            same = [p for p in app.scripts if p.endswith("/" + basename(script.path)) and p != script.path]
            return "another file has the same name" if same else ""
    return "called on something whose class has to be inferred"


def _plainly(user: Script, owner: Script, cls: str, method: str) -> bool:
    """Whether a file imports the class, and calls the method on it, on `Class(…)`, or on an `x = Class(…)`."""
    module = basename(owner.path).removesuffix(".py")
    package = basename(dirname(owner.path))
    wanted = {module, f"{package}.{module}"}
    imported = any(
        isinstance(node, ast.ImportFrom) and node.module in wanted and cls in names and not node.level
        for node, names in user.imports()
    )
    if not imported or user.bound[cls] != 1:
        return False
    made = {
        node.targets[0].id
        for node in ast.walk(user.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and user.bound[node.targets[0].id] == 1
        and _makes(node.value, cls)
    }
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == method
        and (_makes(node.value, cls) or (isinstance(node.value, ast.Name) and node.value.id in {cls, *made}))
        for node in ast.walk(user.tree)
    )


def _makes(node: ast.expr, cls: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == cls


# -- data ----------------------------------------------------------------------------------------


def float_into_table(app: Application) -> Iterator[Break]:
    """An item that is written to a table through boto3's resource gets a float."""
    for script, function, _ in _starts(app):
        tables = {
            node.targets[0].id
            for node in script.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_table(node.value)
        }
        for node in ast.walk(script.tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="put_item"), keywords=keywords):
                    items = [k.value for k in keywords if k.arg == "Item" and isinstance(k.value, ast.Dict)]
                    if not items or all(isinstance(value, ast.Dict) for value in items[0].values):
                        continue  # the client's API, which is told the type of each value
                    at = script.span(items[0]).start + 1
                    data = script.data[:at] + b'"share": 0.5, ' + script.data[at:]
                    sure = name in tables and script.bound[name] == 1
                    doubt = _unwritten(function) or ("" if sure else "the table may be another kind of object")
                    words = ("share",)
                    yield _broken(script, items[0], data, f"{name}.put_item", words, doubt)


def _is_table(node: ast.expr) -> bool:
    match node:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="boto3"), attr="resource"),
                    args=[ast.Constant(value="dynamodb"), *_],
                ),
                attr="Table",
            )
        ):
            return True
    return False
