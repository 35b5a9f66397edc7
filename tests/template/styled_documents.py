"""Documents in every style that people write, and a reader of them that shares nothing with ours.

`yaml_documents` and `json_documents` draw bytes; `plain` is what PyYAML or the standard library
reads in them, with short tags in their long form, keys as text, and dates as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import yaml
from hypothesis import strategies as st

T = TypeVar("T")

TEXTS = (
    "a", "s3:GetObject", "AWS::S3::Bucket", "arn:aws:s3:::b/*", "${AWS::Region}-x", "出力先", "two words", "x#y", "a:b",
    "#not a comment", "a: b", "- a", "*", "&a", "!a", "[a", "{a}", "yes", "y", "null", "~", "", "3.9", "012", "1:30",
    "2012-10-17", "0x1F", "=", "<<", "it's", 'say "x"', " lead", "trail ", "tab\tbed", "two\nlines\n", "\n", "\x07",
    "\ufeff", "\x85", "😀", "---", "...", "-", "?", ":", "a:", "%x", "@x", "`x", "|", ">", ",", "a,b", "a]", "é" * 70,
)  # fmt: skip
KEYS = ("Type", "Properties", "Ref", "Fn::Sub", "キー", "a b", "on", "1", "Resource", "Action", "k:v", "Condition")
PLAIN = ("a", "s3:Get*", "AWS::S3::Bucket", "出力 先", "it's", "30", "true", "null", "~", "3.12", "2012-10-17", "a#b")
FLOW_PLAIN = ("a", "s3:GetObject", "出力", "30", "false", "x-y")
TAGS = ("!Ref X", "!GetAtt A.B", '!Sub "${A}-x"', "!Sub ${A}-x", "!Sub '${A}'", "!ImportValue ''", '!Ref "X"')
COMMENTS = ("  # note", " # 出力先, [x]", "   ", ' # it\'s "x"')


class _Writer:
    """Writes one YAML document; every choice is drawn."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw
        self.budget = 24
        self.anchors: list[str] = []
        self.step = self.one_of((2, 4, 3))
        self.zero = self.one_of((True, False))
        self.quiet = self.one_of((True, False))  # no comments, blank lines, anchors

    def one_of(self, options: tuple[T, ...]) -> T:
        chosen: T = self.draw(st.sampled_from(options))
        return chosen

    def chance(self, of: int) -> bool:
        return bool(self.draw(st.integers(0, of - 1)) == of - 1)

    def comment(self) -> str:
        return self.one_of(COMMENTS) if not self.quiet and self.chance(4) else ""

    def between(self, column: int) -> list[str]:
        """What may stand on the lines before an entry."""
        if self.quiet or not self.chance(5):
            return []
        return self.one_of(
            (["", ""], [" " * column + "# about the next: - a"], ["# far left"], ["   ", " " * column + "#"])
        )

    def properties(self, tags: tuple[str, ...] = ()) -> tuple[str, str]:
        """An anchor's name and the text before a value."""
        if self.quiet or not self.chance(8):
            return "", ""
        name = f"n{len(self.anchors)}_{self.budget}"
        return name, f"&{name} "

    def scalar(self, flow: bool) -> str:
        kind = self.one_of(("plain", "plain", "single", "double", "tag", "alias"))
        if kind == "tag":
            tagged = self.one_of(TAGS)
            return tagged if not flow or "${" not in tagged or '"' in tagged or "'" in tagged else "!Ref Y"
        if kind == "alias" and self.anchors and not self.quiet:
            return "*" + self.one_of(tuple(self.anchors)) + (" " if flow else "")
        if kind in {"plain", "alias"}:
            return self.one_of(FLOW_PLAIN if flow else PLAIN)
        text = self.one_of(TEXTS)
        if kind == "single" and text.isprintable():
            return "'" + text.replace("'", "''") + "'"
        return json.dumps(text, ensure_ascii="😀" not in text)

    def key(self, flow: bool, taken: set[str]) -> str:
        free = [key for key in KEYS if key not in taken]
        key = self.one_of(tuple(free))
        if not self.chance(20):
            taken.add(key)
        style = self.one_of(("plain", "plain", "plain", "double", "single"))
        if style == "plain" and not (flow and key == "k:v"):
            return key
        return f'"{key}"' if style == "double" else f"'{key}'"

    def flow(self, depth: int) -> str:
        self.budget -= 1
        if depth <= 0 or self.budget <= 0 or self.chance(2):
            return self.scalar(True)
        size = self.draw(st.integers(0, 3))
        taken: set[str] = set()
        mapping = self.one_of((True, False))
        tag = "" if mapping or not self.chance(5) else "!If "
        inside = [
            f"{self.key(True, taken)}: {self.flow(depth - 1)}" if mapping else self.flow(depth - 1) for _ in range(size)
        ]
        opening, closing = "{}" if mapping else "[]"
        gap = self.one_of(("", " "))
        last = "," if inside and self.chance(4) else ""
        return tag + opening + gap + self.one_of((", ", ", ", " , ")).join(inside) + last + gap + closing

    def flow_lines(self, column: int) -> list[str]:
        """A flow collection over several lines, the first to stand behind a key or dash."""
        mapping = self.one_of((True, False))
        opening, closing = "{}" if mapping else "[]"
        pad, taken = " " * (column + self.step), set[str]()
        lines = [opening + self.comment()]
        size = self.draw(st.integers(1, 3))
        for index in range(size):
            entry = f"{self.key(True, taken)}: {self.flow(1)}" if mapping else self.flow(1)
            if mapping and self.anchors and not self.quiet and self.chance(8):
                entry = f"<<: *{self.one_of(tuple(self.anchors))} "
            comma = "," if index < size - 1 or self.chance(2) else ""
            lines += [*self.between(column + self.step), pad + entry + comma + self.comment()]
        if self.chance(4):
            return [*lines[:-1], lines[-1].split(" #")[0].rstrip() + closing]
        return [*lines, " " * (column + 1) + closing]

    def literal(self, column: int) -> list[str]:
        header = self.one_of(("|", "|", "|-", "|+", ">", ">-"))
        pad = " " * (column + self.step)
        body = self.one_of((["x"], ["x", "  # deeper", "y: 出"], ["x", "", "y"], ["x", "", ""], ["- a", "  ", ""], []))
        return [header + self.comment(), *(pad + line if line else "" for line in body)]

    def value(self, column: int, depth: int, item: bool) -> list[str]:
        """The lines of a value: the first stands behind its key or dash; `column` is the key's or dash's."""
        self.budget -= 1
        name, before = self.properties()
        kind = self.one_of(
            (
                "scalar",
                "scalar",
                "mapping",
                "mapping",
                "sequence",
                "sequence",
                "flow",
                "lines",
                "literal",
                "long",
                "none",
            )
        )
        if depth <= 0 or self.budget <= 0:
            kind = self.one_of(("scalar", "flow"))
        below = column + (self.step if not item or self.step > 1 else 2)
        if kind == "mapping":
            lines = [before.rstrip() + self.comment(), *self.mapping(below, depth - 1)]
        elif kind == "sequence":
            tag = self.one_of(("", "", "", "!If", "!Join"))
            inner = column if self.zero and not item else below
            lines = [(before + tag).rstrip() + self.comment(), *self.sequence(inner, depth - 1)]
        elif kind == "flow":
            lines = [before + self.one_of(("", "", "!Equals ")) + self.flow(2) + self.comment()]
            if "!Equals" in lines[0] and "[" not in lines[0].split("!Equals ")[1][:1]:
                lines = [before + self.flow(0) + self.comment()]
        elif kind == "lines":
            first, *rest = self.flow_lines(column)
            lines = [before + first, *rest]
        elif kind == "literal":
            first, *rest = self.literal(column)
            lines = [before + self.one_of(("", "!Sub ")) + first, *rest]
        elif kind == "long":
            lines = [before + "first", " " * below + "second: " * 0 + "second" + self.comment()]
            if self.one_of((True, False)):
                lines = [before + '"first', " " * below + 'second"' + self.comment()]
        elif kind == "none":
            lines = [before.rstrip() + self.comment()]
        else:
            text = self.scalar(False)
            lines = [("" if text.startswith("*") else before) + text + self.comment()]
            name = "" if text.startswith("*") else name
        if before.startswith("&") and "*" in lines[0][:1]:
            name = ""
        if name and f"&{name}" in lines[0]:
            self.anchors.append(name)
        return lines

    def mapping(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        taken: set[str] = set()
        for _ in range(self.draw(st.integers(1, 3))):
            lines += self.between(column)
            if not self.quiet and self.anchors and self.chance(12):
                lines.append(" " * column + "<<: *" + self.one_of(tuple(self.anchors)))
            first, *rest = self.value(column, depth, item=False)
            gap = self.one_of((" ", " ", " ", "   ")) if first.strip() and not first.startswith((" ", "\t")) else ""
            lines += [" " * column + self.key(False, taken) + ":" + gap + first, *rest]
        return lines

    def sequence(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.draw(st.integers(1, 3))):
            lines += self.between(column)
            pad, gap = " " * column, self.one_of((" ", " ", " ", "   "))
            kind = self.one_of(("value", "value", "mapping", "sequence")) if depth > 0 and self.budget > 0 else "value"
            if kind == "value":
                first, *rest = self.value(column, depth, item=True)
                gap = gap if first.strip() and not first.startswith((" ", "\t")) else ""
                lines += [pad + "-" + gap + first, *rest]
                continue
            inner = column + 1 + len(gap)
            nested = self.mapping(inner, depth - 1) if kind == "mapping" else self.sequence(inner, depth - 1)
            while nested and (not nested[0].strip() or nested[0].lstrip().startswith("#")):
                nested.pop(0)
            lines += [pad + "-" + gap + nested[0][inner:], *nested[1:]]
        return lines


@st.composite
def yaml_documents(draw: st.DrawFn) -> bytes:
    """A YAML document in some style, with comments, anchors, tags and all; not every one is valid."""
    write = _Writer(draw)
    lines = write.mapping(0, 4) if not write.chance(6) else write.sequence(0, 4)
    if write.chance(8):
        lines = [*write.one_of((["---"], ["# 先頭", "---"], ["%YAML 1.1", "---"])), *lines]
    if write.chance(8):
        lines.append(write.one_of(("...", "# the end", "")))
    text = "\n".join(lines) + write.one_of(("\n", "\n", ""))
    if write.chance(3):
        text = text.replace("\n", "\r\n")
    return (b"\xef\xbb\xbf" if write.chance(12) else b"") + text.encode()


def json_values() -> st.SearchStrategy[Any]:
    """What JSON can say, with the shapes of templates."""
    scalars = st.one_of(st.sampled_from(TEXTS), st.booleans(), st.none(), st.integers(-9, 10**6), st.just(1.5))
    functions = st.sampled_from([{"Ref": "X"}, {"Fn::Sub": "${A}-x"}, {"Fn::GetAtt": ["A", "B"]}])
    return st.recursive(
        scalars | functions,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=10,
    )


@st.composite
def json_documents(draw: st.DrawFn) -> bytes:
    """A JSON document: pretty or on one line, with tabs or spaces, and now and then in nobody's style."""
    top = draw(st.dictionaries(st.sampled_from(KEYS), json_values(), max_size=3) | st.lists(json_values(), max_size=3))
    indent = draw(st.sampled_from(["  ", "    ", "\t", " "]))
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    comma, colon = draw(st.sampled_from([(", ", ": "), (",", ":"), (",", ": "), (" , ", " : ")]))
    ascii_only = draw(st.booleans())
    layout = draw(st.sampled_from(["pretty", "short lists", "one line", "anyhow"]))

    def written(value: Any, depth: int) -> str:
        if not isinstance(value, (dict, list)):
            return json.dumps(value, ensure_ascii=ascii_only)
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        if not value:
            return opening + draw(st.sampled_from(["", "", " "])) + closing
        if isinstance(value, dict):
            parts = [
                f"{json.dumps(key, ensure_ascii=ascii_only)}{colon}{written(v, depth + 1)}" for key, v in value.items()
            ]
        else:
            parts = [written(v, depth + 1) for v in value]
        flat = layout == "one line" or (layout == "short lists" and not any(isinstance(v, (dict, list)) for v in value))
        if flat or (layout == "anyhow" and draw(st.booleans())):
            pad = draw(st.sampled_from(["", " "])) if layout == "anyhow" else ""
            return opening + pad + comma.join(parts) + pad + closing
        inside = ends + indent * (depth + 1)
        return opening + inside + ("," + inside).join(parts) + ends + indent * depth + closing

    text = written(top, 0) + draw(st.sampled_from([ends, ""]))
    return (b"\xef\xbb\xbf" if draw(st.integers(0, 9)) == 9 else b"") + text.encode()


class _Loader(yaml.SafeLoader):
    """PyYAML with short tags in their long form, keys as text and dates as text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def construct_yaml_map(self, node: Any) -> Any:
        return self.construct_mapping(node)

    def construct_yaml_seq(self, node: Any) -> Any:
        return [self.construct_object(child, deep=True) for child in node.value]

    def tagged(self, suffix: str, node: Any) -> Any:
        name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
        if isinstance(node, yaml.MappingNode):
            return {name: self.construct_mapping(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: self.construct_yaml_seq(node)}
        return {name: node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_yaml_map)
_Loader.add_constructor("tag:yaml.org,2002:seq", _Loader.construct_yaml_seq)
_Loader.add_multi_constructor("!", _Loader.tagged)
for _name in ("timestamp", "value", "merge"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_name}", lambda self, node: node.value)


def plain(data: bytes) -> Any:
    """What somebody else's reader finds in a document; raises whatever that reader raises."""
    text = data.decode("utf-8-sig")
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=_Loader)


def is_json(data: bytes) -> bool:
    """Whether the standard library reads a document as JSON."""
    try:
        json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return False
    return True
