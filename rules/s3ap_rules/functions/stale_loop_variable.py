"""S3AP312: what the last round of a loop found, where all rounds are meant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Module, PythonFile, Severity, bad, detects, good, rule

GROWS = frozenset({"extend", "update", "union"})
"""Methods that take over the items of something."""

_ADDS = GROWS | {"append"}

COPIES = frozenset({"list", "set", "tuple", "sorted", "len"})
"""Functions whose result has the items of their argument, or says how many these are."""

_GROWTH = re.compile(rb"\.(?:extend|update|extendleft|append|add|union)\(|\+=|\|=")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)

STALE = """
    def handler(event, context):
        everything = []
        for suffix in (".pdf", ".tiff"):
            with timer("list"):
                found = search(event["prefix"], suffix)
            everything.extend(found)
        print("FilesProcessed", len(found))  # <- S3AP312
        return everything
    """


@rule(
    code="S3AP312",
    subject=PythonFile,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad("a number of the last round only", {"handler.py": STALE}),
        bad(
            "found in several ways, and handed on in a dictionary",
            {
                "handler.py": """
                    def handler(event, context):
                        total = []
                        for folder in event["folders"]:
                            try:
                                objects = search(folder)
                            except OSError:
                                objects = []
                            total += [one for one in objects if one["Size"]]
                        return {
                            "count": len(total),
                            "objects": objects,  # <- S3AP312
                        }
                    """,
            },
        ),
        good(
            "the accumulator",
            {"handler.py": STALE.replace("len(found))  # <- S3AP312", "len(everything))")},
        ),
        good(
            "the last page, which says where to go on",
            {
                "handler.py": """
                    def handler(event, context):
                        items = []
                        for page in event["pages"]:
                            response = query(page)
                            items.extend(response["Items"])
                        return items, response.get("NextToken")
                    """,
            },
        ),
        good(
            "a loop that ends when it has what was looked for",
            {
                "handler.py": """
                    def handler(event, context):
                        tried = []
                        for folder in event["folders"]:
                            objects = search(folder)
                            tried.extend(objects)
                            if objects:
                                break
                        return objects
                    """,
            },
        ),
        good(
            "an ordinary last value, and one that is carried on",
            {
                "handler.py": """
                    def handler(event, context):
                        seen = set()
                        for step in event["steps"]:
                            state = run(step)
                        level = {event["root"]}
                        for depth in range(3):
                            level = children(level, depth)
                            seen.update(level)
                        return state, level, seen
                    """,
            },
        ),
        good(
            "bound again behind the loop, or in a comprehension",
            {
                "handler.py": """
                    def handler(event, context):
                        everything = []
                        for suffix in event["suffixes"]:
                            found = search(suffix)
                            everything.extend(found)
                        sizes = [found["Size"] for found in everything]
                        found = unique(everything)
                        return found, sizes
                    """,
            },
        ),
        good(
            "the other branch",
            {
                "handler.py": """
                    def handler(event, context):
                        everything = []
                        if event["many"]:
                            for suffix in event["suffixes"]:
                                found = search(suffix)
                                everything.extend(found)
                        else:
                            found = everything = search("")
                        return found
                    """,
            },
        ),
    ],
)
def stale_loop_variable(file: PythonFile) -> Iterator[Finding]:
    """
    What one round of a loop found is read behind the loop, beside an accumulator that has what all rounds found.

    The name holds the result of the last round only: a metric or a result that is too small, or 0 when the last round
    finds nothing, and NameError when there is no round at all.

    Read the accumulator. Where the last round is meant, bind it to a name of its own behind the loop.
    """
    if not file.vendored:
        yield from _findings(file.module)


@detects(
    "S3AP312",
    subject=Function,
    examples=[
        bad(
            "code that stands in the template",
            """
            Resources:
              Search:
                Type: AWS::Lambda::Function
                Properties:
                  Runtime: python3.12
                  Handler: index.handler
                  Code:
                    ZipFile: |
                      def handler(event, context):
                          everything = []
                          for folder in event["folders"]:
                              found = search(folder)
                              everything += found
                          return {"count": len(found)}  # <- S3AP312
            """,
        )
    ],
)
def stale_loop_variable_in_template(function: Function) -> Iterator[Finding]:
    """The same in code that stands in a template."""
    if function.inline is not None:
        for finding in _findings(function.inline):
            related = tuple(function.placed(at) for at in finding.related)
            yield Finding(finding.message, at=function.placed(finding.at), related=related)


def _findings(module: Module) -> Iterator[Finding]:
    if _GROWTH.search(module.source.data) is None:
        return
    for loop in _growing_loops(module):
        if _is_left(loop):
            continue
        for name, accumulator in _accumulated(loop):
            for read in _reads_behind(module, loop, name):
                yield Finding(
                    f"{name} is only what the last round of the loop found; {accumulator} has what all rounds found",
                    at=module.at(read),
                    related=(module.at(loop.target, "the loop"),),
                )


def _growing_loops(module: Module) -> list[ast.For | ast.AsyncFor]:
    """The loops in which something is added to something, as far as that shows before looking closer."""
    found: dict[ast.For | ast.AsyncFor, None] = {}
    for node in module.nodes:
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDS
        if not called and not isinstance(node, ast.AugAssign):
            continue
        around = module.parents.get(node)
        while around is not None:
            if isinstance(around, _LOOPS):
                found[around] = None
            around = module.parents.get(around)
    return sorted(found, key=lambda loop: (loop.lineno, loop.col_offset))


def _is_left(loop: ast.AST) -> bool:
    """Whether a break ends a loop, so that its last round is a special one."""
    todo = list(getattr(loop, "body", []))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Break):
            return True
        if not isinstance(node, (*_LOOPS, ast.While, *_FUNCTIONS)):
            todo += [child for child in ast.iter_child_nodes(node) if isinstance(child, _STATEMENTS)]
    return False


_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def _accumulated(loop: ast.For | ast.AsyncFor) -> list[tuple[str, str]]:
    """The names that each round binds anew and adds to something from outside the loop, each with that."""
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    sums = [pair for node in inside for pair in _growth(node)]
    if not sums:
        return []
    bound: dict[str, list[ast.expr]] = {}
    for node in inside:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            bound.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            bound.setdefault(node.target.id, []).append(node.value)
    changing = {*_names(loop.target), *bound}
    found: dict[str, str] = {}
    for name, accumulator in sums:
        values = bound.get(name, [])
        own = accumulator.partition(".")[0].partition("[")[0] in changing
        carried = any(name in _names(value) for value in values)
        fresh = any(_has_call(value) and _names(value) & changing for value in values)
        if fresh and not own and not carried:
            found.setdefault(name, accumulator)
    return list(found.items())


def _growth(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(what is added, what it is added to) for one statement or call."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROWS:
        for argument in node.args:
            yield from ((name, ast.unparse(node.func.value)) for name in _added(argument))
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.BitOr):
        yield from ((name, ast.unparse(node.target)) for name in _added(node.value))
    elif isinstance(node, _LOOPS) and isinstance(node.iter, ast.Name):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "append":
                items = inner.args[:1]
                if items and _names(items[0]) & _names(node.target):
                    yield node.iter.id, ast.unparse(inner.func.value)


def _added(value: ast.expr) -> Iterator[str]:
    """The name whose items, or number of items, a value is."""
    if isinstance(value, ast.Name):
        yield value.id
    elif isinstance(value, ast.BoolOp):
        yield from _added(value.values[0])
    elif isinstance(value, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        yield from _added(value.generators[0].iter)
    elif isinstance(value, ast.Call) and getattr(value.func, "id", "") in COPIES and len(value.args) == 1:
        yield from _added(value.args[0])


def _reads_behind(module: Module, loop: ast.For | ast.AsyncFor, name: str) -> list[ast.Name]:
    """Where a name of a loop is read behind it, as long as nothing else binds it."""
    around: ast.AST | None = module.parents.get(loop)
    while around is not None and not isinstance(around, (*_FUNCTIONS, ast.Module)):
        around = module.parents.get(around)
    if around is None or isinstance(around, ast.ClassDef):
        return []
    own, todo = [], list(ast.iter_child_nodes(around))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Global | ast.Nonlocal) and name in node.names:
            return []
        if isinstance(node, ast.Name) and node.id == name and not _is_of_comprehension(module, node, around):
            own.append(node)
        if isinstance(node, ast.arg) and node.arg == name:
            return []
        if not isinstance(node, _FUNCTIONS):
            todo += ast.iter_child_nodes(node)
    first, last = (loop.lineno, loop.col_offset), (loop.end_lineno or loop.lineno, loop.end_col_offset or 0)
    own.sort(key=lambda node: (node.lineno, node.col_offset))
    before = [node for node in own if (node.lineno, node.col_offset) < first and not isinstance(node.ctx, ast.Load)]
    if any(not _is_in_loop(module, node, around) for node in before):
        return []  # it has a value without the loop: the last one may be meant
    found = []
    for node in own:
        if (node.lineno, node.col_offset) <= last:
            continue
        if not isinstance(node.ctx, ast.Load):
            break
        if not _is_elsewhere(module, loop, node):
            found.append(node)
    return found


def _is_of_comprehension(module: Module, name: ast.Name, around: ast.AST) -> bool:
    at: ast.AST | None = module.parents.get(name)
    while at is not None and at is not around:
        if isinstance(at, _COMPREHENSIONS) and any(name.id in _names(one.target) for one in at.generators):
            return True
        at = module.parents.get(at)
    return False


def _is_in_loop(module: Module, node: ast.AST, around: ast.AST) -> bool:
    at: ast.AST | None = module.parents.get(node)
    while at is not None and at is not around:
        if isinstance(at, _LOOPS):
            return True
        at = module.parents.get(at)
    return False


def _is_elsewhere(module: Module, loop: ast.AST, read: ast.AST) -> bool:
    """Whether a read lies in a branch that is not taken when the loop runs."""
    child, at = loop, module.parents.get(loop)
    while at is not None:
        if isinstance(at, ast.If) and child in at.body:
            if any(read is node for branch in at.orelse for node in ast.walk(branch)):
                return True
        elif isinstance(at, ast.Try | ast.TryStar):
            if any(read is node for branch in at.handlers for node in ast.walk(branch)):
                return True
        elif isinstance(at, ast.match_case):
            return True
        child, at = at, module.parents.get(at)
    return False


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _has_call(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(value))
