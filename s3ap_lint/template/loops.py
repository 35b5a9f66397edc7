"""`Fn::ForEach` written out, where its collection stands in the template.

A loop over a parameter is left as it is: what it makes cannot be told, and the caller counts it as unchecked.
Source: AWS, "Fn::ForEach" in the CloudFormation template reference.
"""

from __future__ import annotations

from collections.abc import Mapping

from s3ap_lint.template.node import Kind, Node

LOOP = "Fn::ForEach::"
MOST = 20_000  # nodes that loops may add to one template; CloudFormation allows 500 resources


OPEN = "its collection is not written out"
LARGE = f"with it, the loops of the template make more than {MOST:,} values"


def expanded(top: Node) -> tuple[Node, tuple[tuple[Node, str], ...]]:
    """A template with its loops written out, and the loops that are not, each with the reason."""
    writer = _Writer()
    return writer.copy(top, {}), tuple(writer.left)


class _Writer:
    def __init__(self) -> None:
        self.left: list[tuple[Node, str]] = []
        self.count = 0

    def copy(self, node: Node, names: Mapping[str, str]) -> Node:
        """A node with loops below it written out and the loop variables in `names` replaced."""
        self.count += bool(names)
        found = node.function
        if found is not None and found[0] == "Ref" and found[1].text in names:
            return self._scalar(found[1], names[found[1].text])
        if node.is_scalar:
            return self._scalar(node, _replaced(node.text, names)) if node.is_text and names else self._scalar(node)
        twin = Node(node.kind, node.subject, node.span, style=node.style, shared=node.shared or bool(names))
        if node.kind is Kind.SEQUENCE:
            for child in node:
                twin.adopt(child.key, self.copy(child, names))
            return twin
        for key, child in node.items():
            if key.startswith(LOOP) and self._loop(twin, child, names):
                continue
            twin.adopt(_replaced(key, names), self.copy(child, names), child.key_span)
        return twin

    def _loop(self, into: Node, loop: Node, names: Mapping[str, str]) -> bool:
        """Add what a loop makes to a mapping; False when its collection is not written out."""
        variable, collection, body = loop[0].text, loop[1], loop[2]
        values = [_replaced(item.text, names) for item in collection if item.is_text]
        if not variable or not body.is_mapping or not collection.is_sequence or len(values) != len(collection):
            self.left.append((loop, OPEN))
            return False
        for value in values:
            self.count += 1
            if self.count > MOST:
                self.left.append((loop, LARGE))
                return True
            inner = {**names, variable: value}
            for key, child in body.items():
                if key.startswith(LOOP):
                    self._loop(into, child, inner)
                else:
                    into.adopt(_replaced(key, inner), self.copy(child, inner), child.key_span)
        return True

    @staticmethod
    def _scalar(node: Node, text: str | None = None) -> Node:
        if text is None or text == node.text:
            return Node(
                Kind.SCALAR,
                node.subject,
                node.span,
                value=node.scalar,
                raw=node.raw,
                style=node.style,
                shared=node.shared,
            )
        return Node(Kind.SCALAR, node.subject, node.span, value=text, raw=text, style=node.style, shared=True)


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace("${" + name + "}", value).replace("&{" + name + "}", value)
    return text
