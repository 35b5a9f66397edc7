"""How a file writes its values — quotes, indentation, short or long functions — and new values in that style.

The nearest example counts: the siblings, else the collection around them, and so on up to the whole file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeVar, cast

from s3ap_lint.source import Source
from s3ap_lint.template.json_document import read_json
from s3ap_lint.template.node import Kind, Node
from s3ap_lint.template.notation import Fn, Value, literal_lines, quoted, reads_plain
from s3ap_lint.template.places import block_column, column, end_of, entries, indentation, newline, owner, start_of
from s3ap_lint.template.problem import Stop

T = TypeVar("T")

_WIDTH = 100  # a function's list of arguments stays on one line up to here


@dataclass(frozen=True, slots=True)
class Lines:
    """A value in block style: what stands behind its key or dash, and the lines below, relative to their column."""

    head: str
    below: list[str]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """What a whole document does: for each key how the last list for it is written, and whether it has short tags."""

    lists: Mapping[str, str]
    short: bool


@dataclass(frozen=True)
class Style:
    """How values are written near a node; without `literals`, text of several lines stands in quotes."""

    node: Node
    source: Source
    literals: bool = True

    # -- what the file does ----------------------------------------------------------------------

    @cached_property
    def top(self) -> Node:
        node = self.node
        while node.parent is not None:
            node = node.parent
        return node

    @cached_property
    def is_json(self) -> bool:
        """Whether the whole file is JSON, where functions have their long form and keys are quoted."""
        return self.top.style == "flow" and _is_json(self.source)

    def nearest(self, what: Hashable, sample: Callable[[Node], T | None], default: T) -> T:
        """What the closest collection with examples mostly does; `what` names the question, one for each `sample`."""
        known = _usual(self.top)
        scope: Node | None = self.node
        while scope is not None:
            if (what, scope) not in known:
                nodes = (node for node in scope.walk() if not node.shared)
                seen = Counter(found for node in nodes if (found := sample(node)) is not None)
                known[what, scope] = seen.most_common(1)[0][0] if seen else None
            if known[what, scope] is not None:
                return cast("T", known[what, scope])
            scope = scope.parent
        return default

    @cached_property
    def step(self) -> int:
        """How far a mapping is indented below its key."""
        return max(1, self.nearest("step", lambda node: self._below_key(node) if node.is_mapping else None, 2))

    @cached_property
    def list_step(self) -> int:
        """How far a list's dashes are indented below its key."""
        return max(
            0, self.nearest("list step", lambda node: self._below_key(node) if node.is_sequence else None, self.step)
        )

    def _below_key(self, node: Node) -> int | None:
        whole = owner(node)
        key = whole.key_span
        if node.style != "block" or key is None or next(entries(node), None) is None:
            return None
        if whole is not node and b"\n" in self.source.data[key.end : whole.span.start]:
            return None  # a tag on a line of its own, with a step of its own
        return block_column(self.source, node) - column(self.source, key.start)

    def lists_in_brackets(self, key: str) -> bool:
        """Whether the file writes lists for a key in brackets."""
        return _habits(self.top).lists.get(key) == "flow"

    @cached_property
    def short(self) -> bool:
        """Whether functions have tags such as `!Sub`; else they are mappings with a key such as `Fn::Sub`."""
        return not self.is_json and _habits(self.top).short

    @cached_property
    def json_step(self) -> str:
        """What an expanded flow collection indents its entries by."""

        def sample(node: Node) -> str | None:
            if not self._expanded(node):
                return None
            outer = indentation(self.source, node.span.start)
            inner = indentation(self.source, start_of(node.children()[0]))
            return inner.removeprefix(outer) if inner.startswith(outer) and inner != outer else None

        return self.nearest("JSON step", sample, "  ")

    def expands(self, kind: str) -> bool:
        """Whether flow collections of a kind ("function", "mapping", "sequence") go over several lines here."""
        if kind not in self._expanding:
            anyhow = self.nearest("expanded", lambda node: self._expanded(node) or None, False)
            self._expanding[kind] = self.nearest(
                ("expanded", kind), lambda node: self._expanded(node) if _kind(node) == kind else None, anyhow
            )
        return self._expanding[kind]

    @cached_property
    def _expanding(self) -> dict[str, bool]:
        return {}

    def _expanded(self, node: Node) -> bool | None:
        first = next(entries(node), None) if node.style == "flow" else None
        if first is None:
            return None
        return b"\n" in self.source.data[node.span.start : start_of(first)]

    @cached_property
    def comma(self) -> str:
        """What stands between two entries on one line."""

        def sample(node: Node) -> str | None:
            children = list(entries(node)) if node.style == "flow" else []
            if len(children) < 2:
                return None
            between = self.source.data[end_of(children[0]) : start_of(children[1])].decode()
            return between if between in {",", ", "} else None

        return self.nearest("comma", sample, "," if self.is_json and self.colon == ":" else ", ")

    @cached_property
    def colon(self) -> str:
        """What stands between key and value in a flow mapping."""

        def sample(node: Node) -> str | None:
            if node.key_span is None or node.parent is None or node.parent.style != "flow":
                return None
            between = self.source.data[node.key_span.end : node.span.start].decode()
            return between if between.strip() == ":" and "\n" not in between and "\t" not in between else None

        found = self.nearest("colon", sample, ": ")
        return found if self.is_json or found.endswith(" ") else ": "

    # -- scalars ---------------------------------------------------------------------------------

    def key(self, text: str, flow: bool) -> str:
        """A key, quoted as its neighbours are."""

        def sample(node: Node) -> str | None:
            if node.key_span is None:
                return None
            mark = self.source.data[node.key_span.start : node.key_span.start + 1].decode("ascii", "replace")
            if mark not in {"'", '"'}:
                return ""
            return mark if reads_plain(node.key, flow) else None

        return self.text(text, flow, self.nearest(("key", flow), sample, ""))

    def text(self, text: str, flow: bool, quote: str | None = None) -> str:
        """A string, in the quotes asked for or else in those of its neighbours; plain only where YAML reads it so."""
        if self.is_json:
            data = self.source.data
            return json.dumps(text, ensure_ascii=data.isascii() and b"\\u" in data)
        quote = self.quote if quote is None else quote
        if not quote and reads_plain(text, flow):
            return text
        return quoted(text, quote or self.quote_mark)

    @cached_property
    def quote(self) -> str:
        """What strings that could do without quotes have: "" or a quotation mark."""
        return self.nearest("quote", _quote, "")

    @cached_property
    def quote_mark(self) -> str:
        """The quotation mark where there must be one."""
        return self.nearest("quote mark", _quote_mark, '"')

    def _argument(self, function: Fn, indent: str | None, flow: bool = True) -> str:
        """The argument of a short function; a string is quoted as in the file's other calls."""
        if not isinstance(function.argument, str):
            return self.flow(function.argument, indent)

        def sample(node: Node) -> str | None:
            tagged = node.parent is not None and node.parent.style == "tag" and node.key == function.long
            return node.style if tagged and node.style in {"", "'", '"'} else None

        usual = self.quote_mark if function.name == "Sub" else ""
        return self.text(function.argument, flow, self.nearest(function.long, sample, usual))

    # -- values ----------------------------------------------------------------------------------

    def data(self, value: Value) -> Any:
        """What the parser will make of a value once it is written here."""
        if isinstance(value, Fn):
            return {value.long: self.data(self._split(value))}
        if isinstance(value, Mapping):
            return {key: self.data(inner) for key, inner in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.data(inner) for inner in value]
        return value

    def _split(self, function: Fn) -> Value:
        """A function's argument; in its long form `Fn::GetAtt` has a list."""
        if not self.short and function.name == "GetAtt" and isinstance(function.argument, str):
            return function.argument.split(".", 1)
        return function.argument

    def flow(self, value: Value, indent: str | None = None) -> str:
        """A value in flow style or JSON; over several lines where the file does so and `indent` says from where."""
        if isinstance(value, Fn):
            if self.short and _has_short_form(value):
                return f"!{value.name} {self._argument(value, indent)}"
            return self._flow_entries("function", [(value.long, self._split(value))], indent)
        if isinstance(value, str):
            return self.text(value, True)
        if isinstance(value, Mapping):
            return self._flow_entries("mapping", list(value.items()), indent)
        if isinstance(value, Sequence):
            return self._flow_entries("sequence", [(None, item) for item in value], indent)
        return self._literal(value)

    def _flow_entries(self, kind: str, parts: list[tuple[str | None, Value]], indent: str | None) -> str:
        opening, closing = "[]" if kind == "sequence" else "{}"
        if not parts:
            return opening + closing
        if indent is None or not self.expands(kind):
            return opening + self.comma.join(self.flow_entry(*entry) for entry in parts) + closing
        inner = indent + self.json_step
        line = newline(self.source, self.node.span.start)
        lines = [line + inner + self.flow_entry(*entry, inner) for entry in parts]
        return opening + ",".join(lines) + line + indent + closing

    def flow_entry(self, key: str | None, value: Value, indent: str | None = None) -> str:
        """An entry of a flow mapping, or without a key an item of a flow sequence."""
        written = self.flow(value, indent)
        return written if key is None else self.key(key, True) + self.colon + written

    def block(self, value: Value) -> Lines:
        """A value in block style."""
        if isinstance(value, Fn):
            return self._block_function(value)
        if isinstance(value, str):
            return (_literal_lines(value) if self.literals else None) or Lines(self.text(value, False), [])
        if isinstance(value, Mapping) and value:
            return Lines("", [line for key, inner in value.items() for line in self.entry(key, inner)])
        if isinstance(value, Sequence) and value:
            return Lines("", [line for item in value for line in self.item(item)], is_list=True)
        return Lines(self.flow(value), [])

    def _block_function(self, function: Fn) -> Lines:
        if not self.short or not _has_short_form(function):
            return self.block({function.long: self._split(function)})
        short = f"!{function.name} {self._argument(function, None, flow=False)}"
        if isinstance(function.argument, str) or len(short) <= _WIDTH:
            return Lines(short, [])
        below = self.block(function.argument)
        return Lines(f"!{function.name}", below.below, below.is_list)

    def entry(self, key: str, value: Value, siblings: Sequence[Node] = ()) -> list[str]:
        """The lines of a block mapping's entry; in brackets where its siblings, or the file's lists for it, are."""
        if self._in_brackets(value, siblings) or (_is_list(value) and self.lists_in_brackets(key)):
            line = f"{self.key(key, False)}: {self.flow(value)}"
            if len(line) <= _WIDTH:
                return [line]
        written = self.block(value)
        head = f" {written.head}" if written.head else ""
        pad = " " * (self.list_step if written.is_list else self.step)
        return [f"{self.key(key, False)}:{head}", *(pad + line if line else "" for line in written.below)]

    def item(self, value: Value, gap: int = 1, siblings: Sequence[Node] = ()) -> list[str]:
        """The lines of a block sequence's item; in brackets where its siblings are."""
        written = Lines(self.flow(value), []) if self._in_brackets(value, siblings) else self.block(value)
        first, *rest = [written.head, *written.below] if written.head or not written.below else written.below
        pad = " " * (1 + gap)
        return [f"-{' ' * gap}{first}", *(pad + line if line else "" for line in rest)]

    def _in_brackets(self, value: Value, siblings: Sequence[Node]) -> bool:
        """Whether all collections beside a new one are in brackets, of its own kind."""
        kind = Kind.MAPPING if isinstance(value, Mapping) else Kind.SEQUENCE if _is_list(value) else None
        return {node.style for node in siblings if node.kind is kind and node.function is None} == {"flow"}

    def _literal(self, value: object) -> str:
        if isinstance(value, float) and not self.is_json:
            text = repr(value)
            return text if "." in text else text.replace("e", ".0e")
        return json.dumps(value)


def _is_list(value: Value) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


@lru_cache(maxsize=4)
def _is_json(source: Source) -> bool:
    try:
        read_json(source)
    except Stop:
        return False
    return True


@lru_cache(maxsize=4)
def _usual(top: Node) -> dict[Hashable, object]:
    """What each collection of a document mostly does, as far as somebody has asked; None without an example."""
    return {}


@lru_cache(maxsize=4)
def _habits(top: Node) -> Habits:
    lists: dict[str, str] = {}
    short = long = False
    for node in top.walk():
        if node.is_sequence and node.key_span and len(node):
            lists[node.key] = node.style
        short = short or node.style == "tag"
        long = long or (node.style != "tag" and node.function is not None and node.function[0] != "Condition")
    return Habits(lists, short or not long)


def _literal_lines(text: str) -> Lines | None:
    written = literal_lines(text) if "\n" in text else None
    return Lines("|" + written[0], written[1]) if written else None


def _has_short_form(function: Fn) -> bool:
    """A tag makes text of a number, and two tags cannot stand in a row."""
    return isinstance(function.argument, (str, Mapping, Sequence))


def _kind(node: Node) -> str:
    return "function" if node.function else node.kind.value


def _quote(node: Node) -> str | None:
    """The quotes of a string that could do without; function arguments have habits of their own."""
    if not isinstance(node.scalar, str) or node.style not in {"", "'", '"'} or owner(node) is not node:
        return None
    return node.style if not node.style or reads_plain(node.raw, False) else None


def _quote_mark(node: Node) -> str | None:
    return node.style if node.style in {"'", '"'} else None
