"""Everything in a project's files that silences findings, told by what it is about instead of by its line.

Directives in comments, `noqa`, Metadata of a template (ours and cfn-lint's), the settings of both programs, and entries
of a baseline. Two versions of a file can so be compared: what was moved, reformatted or renamed is not new.
"""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import basename
from typing import Any

from s3ap_lint import baseline, ignores, sniff
from s3ap_lint.deploy import reading, recognition
from s3ap_lint.diagnostic import AddedIgnore, Place
from s3ap_lint.directives import WHOLE_FILE, Directive, Form, python_directives
from s3ap_lint.model import Location
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.template.recognition import is_template
from s3ap_lint.template.template import Template
from s3ap_lint.workspace import Workspace

SCHEMA_SETTINGS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
"""The files in which cfn-lint looks for its settings."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Something that silences findings of a file: where it stands in the file's structure, and beside which text.

    The text is "" where it is about more than a line.
    """

    path: str
    about: str
    text: str
    ignore: AddedIgnore


Key = Callable[[Silence], object]


def added(now: Iterable[Silence], before: Iterable[Silence], gone: Callable[[str], bool]) -> list[AddedIgnore]:
    """Those that are there now and have none before that they could be: the same in its place, edited, or moved.

    From one file to another only what stood in one that is gone can have moved; else what is mended here would pay
    for the same there.
    """
    new, old = list(now), list(before)
    keys: tuple[Key, ...] = (_in_its_place, _in_its_structure, _beside_its_text)
    for alike in keys:
        new, old = _without_pairs(new, old, alike)
    old = [one for one in old if gone(one.path)]
    for alike in map(_of_any_file, keys):
        new, old = _without_pairs(new, old, alike)
    return sorted((one.ignore for one in new), key=lambda one: (one.place.path, one.place.line, one.form, one.code))


def _without_pairs(new: list[Silence], old: list[Silence], alike: Key) -> tuple[list[Silence], list[Silence]]:
    known = defaultdict[object, list[Silence]](list)
    for one in old:
        known[alike(one)].append(one)
    left = []
    for one in new:
        if known[alike(one)]:
            known[alike(one)].pop()
        else:
            left.append(one)
    return left, [one for ones in known.values() for one in ones]


def _in_its_place(one: Silence) -> object:
    return (*_in_its_structure(one), one.text)


def _in_its_structure(one: Silence) -> tuple[str, ...]:
    return (one.path, one.ignore.form, one.ignore.code, one.about)


def _beside_its_text(one: Silence) -> object:
    return (one.path, one.ignore.form, one.ignore.code, one.text) if one.text else object()


def _of_any_file(alike: Key) -> Key:
    return lambda one: alike(replace(one, path=""))


# -- files -------------------------------------------------------------------------------------------


def of_file(path: str, workspace: Workspace, heeded: Callable[[str], bool]) -> Iterator[Silence]:
    """What silences findings in one file of a workspace. `heeded`: whether a code of a `noqa` is one that we give."""
    source = workspace.read(path)
    if not isinstance(source, Source):
        return
    name = basename(path)
    if name in SCHEMA_SETTINGS:
        yield from _of_schema_settings(source)
    elif name.endswith(".py"):
        yield from _of_python(source, heeded)
    elif not recognition.is_script_or_guide(name) and sniff.looks_like_template(name, source.data) is not None:
        yield from _of_template(source)
    else:
        yield from _of_deploy_input(source, workspace)


def _of_python(source: Source, heeded: Callable[[str], bool]) -> Iterator[Silence]:
    found = python_directives(source)
    functions = _functions(source) if found.found else []
    for directive in found.found:
        line = source.line_of(min(directive.scope.start, len(source.data)))
        inner = [(first, name) for first, last, name in functions if first <= line <= last]
        about = max(inner)[1] if inner and directive.scope != WHOLE_FILE else ""
        yield from _each(directive, source, about, heeded)


def _functions(source: Source) -> list[tuple[int, int, str]]:
    """First line, last line and dotted name of all functions and classes."""
    try:
        tree = ast.parse(source.data[source.start :], filename="<checked>")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[tuple[int, int, str]] = []
    todo: list[tuple[ast.AST, str]] = [(tree, "")]
    while todo:
        node, above = todo.pop()
        for child in ast.iter_child_nodes(node):
            name = above
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{above}.{child.name}".lstrip(".")
                found.append((child.lineno, child.end_lineno or child.lineno, name))
            todo.append((child, name))
    return found


def _of_template(source: Source) -> Iterator[Silence]:
    top = document.parse(source).top
    if top is None or not is_template(top):
        return
    template = Template(source, top)
    for directive in ignores.of_template(template).found:
        yield from _each(directive, source, _structure(directive, top))
    for node in (top, *(resource.node for resource in template.resources.values())):
        for entry in node["Metadata"]["cfn-lint"]["config"]["ignore_checks"]:
            ignore = AddedIgnore("cfn-lint", entry.text, source.place(entry.at), _path(node))
            yield Silence(source.path, ignore.what, "", ignore)


def _structure(directive: Directive, top: Node) -> str:
    """The path of the outermost value that begins in what a directive covers, or else of the innermost around it."""
    scope = directive.scope
    if scope == WHOLE_FILE:
        return ""
    around = top
    for node in top.walk():
        start = min(node.span.start, node.key_span.start if node.key_span else node.span.start)
        if scope.start <= start < scope.end:
            return _path(node)
        if start < scope.start < node.span.end and node.span.end - start <= around.span.end - around.span.start:
            around = node
    return _path(around)


def _path(node: Node) -> str:
    return "/".join(part for part in node.path if not part.isdigit())


def _of_deploy_input(source: Source, workspace: Workspace) -> Iterator[Silence]:
    kind = recognition.kind_of(basename(source.path), source.data)
    try:
        found = reading.read(source, kind, lambda path: _source(path, workspace)) if kind is not None else None
    except reading.Broken:
        return
    for directive in found.directives.found if found is not None else ():
        yield from _each(directive, source, "")


def _source(path: str, workspace: Workspace) -> Source | None:
    found = workspace.read(path) if workspace.is_file(path) else None
    return found if isinstance(found, Source) else None


def _each(
    directive: Directive, source: Source, about: str, heeded: Callable[[str], bool] = lambda code: True
) -> Iterator[Silence]:
    """One for each code that a directive names."""
    noqa = directive.form is Form.NOQA
    codes = [code for code in directive.selectors if not noqa or heeded(code)]
    for code in codes if directive.selectors else [""]:
        ignore = AddedIgnore(directive.form.value, code, directive.place, about, directive.reason)
        yield Silence(source.path, about, _text(directive, source), ignore)


def _text(directive: Directive, source: Source) -> str:
    """The line that a directive is about, without the directive; nothing where it is about more."""
    if directive.scope == WHOLE_FILE or directive.form is Form.METADATA:
        return ""
    line = source.line_of(min(directive.scope.start, len(source.data)))
    start, end = source.line_start(line), source.line_start(line + 1)
    cut = max(start, min(directive.place.start, end)), max(start, min(directive.place.end, end))
    return " ".join((source.data[start : cut[0]] + source.data[cut[1] : end]).decode("utf-8", "replace").split())


# -- settings ----------------------------------------------------------------------------------------


def _of_schema_settings(source: Source) -> Iterator[Silence]:
    top = document.parse(source).top
    for entry in top["ignore_checks"] if top is not None else ():
        ignore = AddedIgnore("cfn-lint", entry.text, source.place(Location(source.path, entry.span)))
        yield Silence(source.path, "", "", ignore)
    for entry in top["ignore_templates"] if top is not None else ():
        what = f"ignore_templates {entry.text}"
        yield Silence(source.path, what, "", AddedIgnore("cfn-lint", "", source.place(entry.at), what))


def table(data: bytes, path: str) -> Mapping[str, Any]:
    """The settings in a configuration file; none where it cannot be read, or is somebody else's."""
    try:
        found: Any = tomllib.loads(data.decode("utf-8-sig"))
    except ValueError:
        return {}
    if basename(path) != "pyproject.toml":
        return found if isinstance(found, dict) else {}
    tools = found.get("tool")
    ours = tools.get("s3ap-lint") if isinstance(tools, dict) else None
    return ours if isinstance(ours, dict) else {}


def of_settings(data: bytes, path: str) -> Iterator[Silence]:
    """What a configuration file leaves out: codes, everywhere or below a path, whole files, and plugins."""
    found = table(data, path)
    lines = data.decode("utf-8", "replace").splitlines()
    yield from _listed(found.get("ignore"), "", path, lines)
    per_path = found.get("per-path")
    for pattern, entry in per_path.items() if isinstance(per_path, dict) else ():
        if isinstance(entry, dict):
            yield from _listed(entry.get("ignore"), pattern, path, lines)
    for key in ("exclude", "no-plugin"):
        values = found.get(key)
        for value in values if isinstance(values, list) else ():
            if isinstance(value, str) and not value.startswith("!"):
                yield _of_setting("", f"{key} {value}", value, path, lines)


def _listed(codes: object, what: str, path: str, lines: list[str]) -> Iterator[Silence]:
    for code in codes if isinstance(codes, list) else ():
        if isinstance(code, str):
            yield _of_setting(code, what, code, path, lines)


def _of_setting(code: str, what: str, word: str, path: str, lines: list[str]) -> Silence:
    """With the line on which the word stands first, and the comment behind it."""
    line = next((at for at, text in enumerate(lines, 1) if f'"{word}"' in text or f"'{word}'" in text), 1)
    _, _, comment = lines[line - 1].rpartition("#") if lines and "#" in lines[line - 1] else ("", "", "")
    reason = "" if '"' in comment or "'" in comment else comment.strip()
    return Silence("", what, "", AddedIgnore("configuration", code, Place(path, line, end_line=line), what, reason))


def of_baseline(data: bytes, path: str) -> Iterator[Silence]:
    """One for each finding that a baseline accepts. Of what is no baseline, nothing."""
    try:
        entries = baseline.loads(data.decode("utf-8"))
    except ValueError:
        return
    lines = {text.strip().rstrip(","): at for at, text in enumerate(data.decode("utf-8").splitlines(), 1)}
    for entry in entries:
        line = lines.get(baseline.line(entry), 1)
        ignore = AddedIgnore("baseline", entry.code, Place(path, line, end_line=line), f"{entry.path}: {entry.what}")
        yield from (Silence(entry.path, entry.what, "", ignore) for _ in range(entry.count))
