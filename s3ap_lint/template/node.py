"""A template value that remembers where it came from and never raises on a wrong shape.

Intrinsic functions have one form here, the long one: `!Sub "x"` is the mapping
`{"Fn::Sub": "x"}`, so a rule never sees a tag, and a structural path is the same in YAML and JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from s3ap_lint.model import Location, Span


class Kind(Enum):
    """The shape of a node."""

    MAPPING = "mapping"
    SEQUENCE = "sequence"
    SCALAR = "scalar"
    MISSING = "missing"


class Node:
    """One value of a template.

    `node["A"]["B"][0]` never raises: what is not there is a node of kind MISSING, which is false,
    iterates as empty and still knows where it would have been. `subject` is the file's path;
    `span` and `key_span` are byte spans; `style` is the scalar's quoting (`'`, `"`, `|`, `>`, or "" for plain)
    or "flow"/"block"/"tag" for a collection, "tag" being the function around a value with a short tag.
    `shared` is true when the node was reached through a YAML alias or merge; its span is where it was
    written then, and `alias`, on the first node behind an alias, is the span of the alias itself.
    """

    __slots__ = (
        "_items", "_value", "alias", "key", "key_span", "kind", "parent", "raw", "shared", "span", "style", "subject",
    )  # fmt: skip

    def __init__(
        self,
        kind: Kind,
        subject: str,
        span: Span,
        *,
        value: Any = None,
        raw: str = "",
        style: str = "",
        shared: bool = False,
    ) -> None:
        self.kind = kind
        self.subject = subject
        self.span = span
        self.key: str = ""
        self.key_span: Span | None = None
        self.parent: Node | None = None
        self.raw = raw
        self.style = style
        self.shared = shared
        self.alias: Span | None = None
        self._value = value
        self._items: dict[str, Node] | list[Node] | None = (
            {} if kind is Kind.MAPPING else [] if kind is Kind.SEQUENCE else None
        )

    def __repr__(self) -> str:
        return f"<{self.kind.value} {'/'.join(self.path) or '(top)'}>"

    def adopt(self, key: str, child: Node, key_span: Span | None = None) -> None:
        """Make a node this one's child under a key (of a mapping) or at the end (of a sequence)."""
        child.key, child.key_span, child.parent = key, key_span, self
        if isinstance(self._items, dict):
            self._items.pop(key, None)  # the last of two stands where it was written
            self._items[key] = child
        elif isinstance(self._items, list):
            self._items.append(child)

    # -- shape -----------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        return self.kind is not Kind.MISSING

    @property
    def is_mapping(self) -> bool:
        return self.kind is Kind.MAPPING

    @property
    def is_sequence(self) -> bool:
        return self.kind is Kind.SEQUENCE

    @property
    def is_scalar(self) -> bool:
        return self.kind is Kind.SCALAR

    def __getitem__(self, key: str | int) -> Node:
        items = self._items
        if isinstance(items, dict) and isinstance(key, str):
            found = items.get(key)
        elif isinstance(items, list) and isinstance(key, int) and -len(items) <= key < len(items):
            found = items[key]
        else:
            found = None
        return found if found is not None else self._missing(str(key))

    def _missing(self, key: str) -> Node:
        node = _Missing.__new__(_Missing)
        node.subject, node.span = self.subject, self.span
        node.key, node.parent, node.key_span = key, self, self.key_span
        return node

    def __contains__(self, key: str) -> bool:
        return isinstance(self._items, dict) and key in self._items

    def __iter__(self) -> Iterator[Node]:
        """The items of a sequence; nothing for any other shape."""
        return iter(self._items if isinstance(self._items, list) else ())

    def __len__(self) -> int:
        return len(self._items) if self._items is not None else 0

    def items(self) -> list[tuple[str, Node]]:
        """The entries of a mapping in order; nothing for any other shape."""
        return list(self._items.items()) if isinstance(self._items, dict) else []

    def keys(self) -> list[str]:
        """The keys of a mapping in order; nothing for any other shape."""
        return list(self._items) if isinstance(self._items, dict) else []

    def children(self) -> list[Node]:
        """The nodes directly below, of a mapping or a sequence."""
        items = self._items
        if not items:
            return []
        return list(items.values() if isinstance(items, dict) else items)

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            items = node._items
            if items:
                stack += reversed(items.values() if isinstance(items, dict) else items)

    # -- value -----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """A scalar as the string it is; "" for null and any other shape. `true` reads "true"."""
        if self.kind is not Kind.SCALAR or self._value is None:
            return ""
        if isinstance(self._value, bool):
            return "true" if self._value else "false"
        return self.raw

    @property
    def is_text(self) -> bool:
        """Whether this is a scalar other than null."""
        return self.kind is Kind.SCALAR and self._value is not None

    @property
    def scalar(self) -> str | int | float | bool | None:
        """A scalar's value by YAML's types (JSON's in JSON); None for any other shape."""
        value: str | int | float | bool | None = self._value
        return value

    def data(self) -> Any:
        """The plain Python value, intrinsic functions in their long form; None for a missing node."""
        top = self._hollow()
        todo: list[tuple[Node, Any]] = [(self, top)] if self._items else []
        while todo:
            node, value = todo.pop()
            for child in node.children():
                inner = child._hollow()
                if isinstance(value, dict):
                    value[child.key] = inner
                else:
                    value.append(inner)
                if child._items:
                    todo.append((child, inner))
        return top

    def _hollow(self) -> Any:
        """This node's value with nothing in it yet."""
        return {} if self.is_mapping else [] if self.is_sequence else self._value

    @property
    def function(self) -> tuple[str, Node] | None:
        """(name, argument) when this is an intrinsic function such as ("Fn::Sub", …), else None."""
        items = self._items
        if items is None or len(items) != 1 or not isinstance(items, dict):
            return None
        (name,) = items
        return (name, items[name]) if name.startswith("Fn::") or name in ("Ref", "Condition") else None

    # -- place -----------------------------------------------------------------------------------

    @property
    def path(self) -> tuple[str, ...]:
        """Keys and indices from the top, as text: ("Resources", "WriterRole", "Properties")."""
        keys: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            keys.append(node.key)
            node = node.parent
        return tuple(reversed(keys))

    @property
    def at(self) -> Location:
        """Where this value stands. A mapping or sequence is named by its key, which is one line long."""
        span = self.span
        if self.kind is not Kind.SCALAR and self.function is None and self.key_span is not None:
            span = self.key_span
        return Location(self.subject, span, self.path)

    @property
    def key_at(self) -> Location:
        """Where this value's key stands; the value itself when it has none."""
        return Location(self.subject, self.key_span or self.span, self.path)

    @property
    def resource_id(self) -> str:
        """The logical id of the resource this node belongs to, or ""."""
        path = self.path
        return path[1] if len(path) > 1 and path[0] == "Resources" else ""


class _Missing(Node):
    """What is not there. Asked for so often that it carries no more than where it would have been."""

    __slots__ = ()

    kind = Kind.MISSING
    raw = style = ""
    shared = False
    alias = _value = _items = None

    def __bool__(self) -> bool:
        return False
