"""Writes python_stdlib.json: which version of Python has which module and name, from the stubs that mypy carries.

python tools/generate_stdlib.py [FOLDER]
"""

import ast
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from table import folder_from_command_line, source, write

# Modules that have stubs there and are no part of the standard library.
ONLY_STUBS = ("_bootlocale", "_typeshed", "typing_extensions")


def main() -> None:
    """Write the table."""
    stubs = Path(str(distribution("mypy").locate_file("mypy/typeshed/stdlib")))
    modules = dict(spans((stubs / "VERSIONS").read_text(encoding="utf-8")))
    found = {module: dict(sorted(newer(stubs, module).items())) for module in sorted(public(stubs))}
    write(
        "python_stdlib.json",
        source("mypy", __file__) | {"part": "typeshed (Apache-2.0), stdlib/VERSIONS and the stubs beside it"},
        {"modules": modules, "names": {module: names for module, names in found.items() if names}},
        folder_from_command_line(),
    )


def spans(text: str) -> Iterator[tuple[str, list[str]]]:
    """Module → the first version that has it, and the last ("" while it is there)."""
    for line in text.splitlines():
        module, found, span = line.partition("#")[0].partition(":")
        if found and module not in ONLY_STUBS:
            first, _, last = span.strip().partition("-")
            yield module.strip(), [first, last]


def public(stubs: Path) -> Iterator[str]:
    """The dotted names of all stubs but those of private modules."""
    for path in stubs.rglob("*.pyi"):
        parts = path.relative_to(stubs).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts and not any(part.startswith("_") for part in parts):
            yield ".".join(parts)


def newer(stubs: Path, module: str) -> dict[str, str]:
    """The names of a module that only later versions have, each with the first of them."""
    since: dict[str, set[tuple[int, ...]]] = {}
    for name, version in defined(stubs, module, body(stubs, module), (3, 0)):
        since.setdefault(name, set()).add(version)
    return {
        name: ".".join(map(str, min(versions)))
        for name, versions in since.items()
        if min(versions) > (3, 0) and not name.startswith("_")
    }


def body(stubs: Path, module: str) -> list[ast.stmt]:
    """The statements of a stub; none when there is no such stub."""
    path = stubs.joinpath(*module.split("."))
    file = path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")
    return ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []


def defined(
    stubs: Path, module: str, statements: Iterable[ast.stmt], version: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names that statements of a stub define, each with the version from which on they do."""
    for statement in statements:
        if isinstance(statement, ast.If):
            asked = version_asked(statement.test)  # what a platform has is not a question of the version
            yield from defined(stubs, module, statement.body, max(version, asked) if asked else (3, 0))
            yield from defined(stubs, module, statement.orelse, version)
        elif isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement.name, version
        elif isinstance(statement, ast.AnnAssign | ast.Assign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from ((target.id, version) for target in targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.ImportFrom):
            yield from imported(stubs, module, statement, version)


def imported(
    stubs: Path, module: str, statement: ast.ImportFrom, version: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names that an import of a stub hands on: those that are named twice, or all."""
    for alias in statement.names:
        if alias.name == "*":
            package = module if stubs.joinpath(*module.split(".")).is_dir() else module.rpartition(".")[0]
            name = f"{package}.{statement.module}" if statement.level else statement.module or ""
            found = defined(stubs, name, body(stubs, name), version)
            yield from (pair for pair in found if not pair[0].startswith("_"))
        elif alias.asname:
            yield alias.asname, version


def version_asked(test: ast.expr) -> tuple[int, ...] | None:
    """The version in `sys.version_info >= (3, 11)`; None for any other test."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.GtE):
        return None
    if ast.unparse(test.left) != "sys.version_info" or not isinstance(test.comparators[0], ast.Tuple):
        return None
    version: tuple[int, ...] = ast.literal_eval(test.comparators[0])
    return version[:2]


if __name__ == "__main__":
    main()
