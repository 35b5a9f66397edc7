"""The text of examples: its markers, and the other ways in which the same text may have been written.

In a rule an example is indented like the code around it, and `# <- CODE` at the end of a line says
that the line must be reported under that code (`# <- CODE, OTHER` for several). Both go before
anything is checked.
"""

from __future__ import annotations

import io
import json
import re
import textwrap
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.model import Example
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.node import Node
from s3ap_lint.workspace import normal

COMMENT = "  # 確認済み"
"""What `commented` puts behind every line; three bytes a character, two columns wide."""

CODE = r"[A-Z][A-Z0-9]*[0-9]{3,4}"

_MARKERS = re.compile(rf"(?P<all>(?:[ \t]*# <- {CODE}(?:,? {CODE})*)+)[ \t]*$", re.MULTILINE)
_LEFT_OVER = re.compile(r"#[ \t]*<-.*")
_DIRECTIVE = re.compile(rb"#.*(?:s3ap[-_ ]?lint|noqa)", re.IGNORECASE)
_COMMENTS = re.compile(rf"{COMMENT}(?=\r?$)".encode(), re.MULTILINE)

Files = Mapping[str, bytes]
Mark = tuple[str, int, str]
"""A path, a 1-based line and a code."""


@dataclass(frozen=True)
class Marked:
    """The files of an example without markers, and what the markers said."""

    files: Files
    marks: frozenset[Mark]


def read(files: Mapping[str, str]) -> Marked:
    """The files as bytes, dedented, and their markers.

    Raises ValueError for a marker that is not written in the one way there is, or a path that leaves the project.
    """
    out: dict[str, bytes] = {}
    marks: set[Mark] = set()
    for path, text in files.items():
        if normal(path) != path or not path:
            raise ValueError(f"{path!r} is no path below the project; write it like functions/name/handler.py")
        plain = dedented(text)
        for number, line in enumerate(plain.split("\n"), 1):
            if found := _MARKERS.search(line):
                marks |= {(path, number, code) for code in re.findall(CODE, found["all"])}
        plain = _MARKERS.sub("", plain)
        if odd := _LEFT_OVER.search(plain):
            raise ValueError(f"{odd[0]!r} in {path} is no marker; write `# <- CODE` at the end of a line")
        out[path] = plain.encode("utf-8")
    return Marked(out, frozenset(marks))


def dedented(text: str) -> str:
    """The text without the indentation that all of its lines share, and without the empty line it begins with."""
    return textwrap.dedent(text.removeprefix("\n"))


def mentioned(example: Example) -> frozenset[str]:
    """Everything in the files of an example that looks like a code."""
    return frozenset(code for text in example.files.values() for code in re.findall(rf"\b{CODE}\b", text))


def is_json(data: bytes) -> bool:
    """Whether the bytes are those of a JSON document rather than a YAML one."""
    return re.match(rb"(?:\xef\xbb\xbf)?\s*[{\[]", data) is not None


def documents(files: Files) -> Iterator[tuple[str, Node]]:
    """The files that parse as YAML or JSON, with their top nodes; Python is not looked at."""
    for path, data in files.items():
        if path.endswith((".yaml", ".yml", ".json", ".template", ".cfn", ".cform")):
            top = document.parse(Source(path, data)).top
            if top is not None:
                yield path, top


def templates(files: Files) -> dict[str, Node]:
    """The files that are templates, with their top nodes."""
    from s3ap_lint.template.recognition import is_template

    return {path: top for path, top in documents(files) if is_template(top)}


def with_crlf(files: Files) -> dict[str, bytes]:
    """The same files with the line endings of Windows."""
    return {path: data.replace(b"\n", b"\r\n") for path, data in files.items()}


def commented(files: Files) -> dict[str, bytes]:
    """The same files with a Japanese comment behind every line of YAML and Python that can have one."""
    out = dict(files)
    for path, top in documents(files):
        if not is_json(files[path]):
            out[path] = _behind_lines(files[path], _text_lines(Source(path, files[path]), top))
    for path, data in files.items():
        if path.endswith(".py"):
            out[path] = _behind_lines(data, _string_lines(data))
    return out


def uncommented(files: Files) -> dict[str, bytes]:
    """The files without the comments that `commented` added, wherever these are now."""
    return {path: _COMMENTS.sub(b"", data) for path, data in files.items()}


def _behind_lines(data: bytes, closed: set[int]) -> bytes:
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        said = not line.strip() or line.startswith(b"%") or _DIRECTIVE.search(line)  # what follows would be its reason
        if not said and number not in closed:
            lines[number - 1] = line + COMMENT.encode()
    return b"\n".join(lines)


def _text_lines(source: Source, top: Node) -> set[int]:
    """The lines of a YAML file at whose end a `#` would be text."""
    closed: set[int] = set()
    for node in top.walk():
        if not node.is_scalar or node.shared:
            continue
        first, last = source.line_of(node.span.start), source.line_of(max(node.span.start, node.span.end - 1))
        block = node.style in ("|", ">")
        closed.update(range(first + 1, last + 1) if block else range(first, last))
    return closed


def _string_lines(data: bytes) -> set[int]:
    """The lines of a Python file that end inside a string, or in a backslash."""
    closed = {number for number, line in enumerate(data.split(b"\n"), 1) if line.rstrip().endswith(b"\\")}
    opened: list[int] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            name = tokenize.tok_name[token.type]
            if name == "STRING":
                closed.update(range(token.start[0], token.end[0]))
            elif name in ("FSTRING_START", "TSTRING_START"):
                opened.append(token.start[0])
            elif name in ("FSTRING_END", "TSTRING_END"):
                closed.update(range(opened.pop(), token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return set(range(1, data.count(b"\n") + 2))  # what is no Python is left as it is
    return closed


def flipped(files: Files) -> dict[str, bytes]:
    """The same files with each template in YAML turned into JSON by cfn-flip, under the name it has.

    The name stays because other files may mention it, and what a file is goes by its content.
    Raises ValueError for a template that cfn-flip cannot read.
    """
    out = dict(files)
    for path in templates(files):
        if not is_json(files[path]):
            out[path] = as_json(files[path])
    return out


def as_json(data: bytes) -> bytes:
    """A template in YAML as JSON. Raises ValueError when cfn-flip cannot read it."""
    from cfn_flip import to_json

    try:
        text: str = to_json(data.decode("utf-8"))
    except Exception as error:  # whatever PyYAML and cfn-flip raise
        raise ValueError(f"cfn-flip cannot turn it into JSON: {str(error).splitlines()[0]}") from error
    return f"{text}\n".encode()


def meaning(data: bytes) -> object:
    """What a template in JSON says, whatever its spacing and the way it writes `Fn::GetAtt`."""
    return _plain(json.loads(data))


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    attribute = value.get("Fn::GetAtt")
    if isinstance(attribute, str):
        return {"Fn::GetAtt": attribute.split(".", 1)}
    return {key: _plain(item) for key, item in value.items()}
