"""Whether the function that a template names as its handler exists."""

from __future__ import annotations

from enum import Enum

from s3ap_lint.python.graph import ImportGraph, Node
from s3ap_lint.python.module import Module


class Answer(Enum):
    """Yes, no, cannot tell."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot tell"


def resolve_handler(module: Module, name: str) -> Answer:
    """Whether a module defines a handler, as far as the module alone can tell.

    An imported name is UNKNOWN here; `handler_of` follows it.
    """
    if module.error is not None or not module.complete:
        return Answer.UNKNOWN
    meanings = module.definitions.get(name, ())
    if any(meaning.kind != "import" for meaning in meanings):
        return Answer.YES
    if meanings or module.dynamic or module.star_imports:
        return Answer.UNKNOWN
    return Answer.NO


def handler_of(graph: ImportGraph, name: str) -> Answer:
    """Whether the module at the root of a graph has a handler, re-exports followed."""
    return _exists(graph, graph.root, name, frozenset())


def _exists(graph: ImportGraph, node: Node, name: str, seen: frozenset[str]) -> Answer:
    if node.module is None or node.path in seen:
        return Answer.UNKNOWN
    answer = resolve_handler(node.module, name)
    if answer is not Answer.UNKNOWN or node.module.error is not None:
        return answer
    imports = [imported for imported in node.module.scope.imports if imported.bound == name]
    answers = set()
    for imported in imports:
        target = graph.target(node, imported)
        if target.lacks:
            answers.add(Answer.NO)
        elif target.node is None:
            answers.add(Answer.UNKNOWN)
        elif not target.attribute:
            answers.add(Answer.NO)  # a module cannot be called
        else:
            answers.add(_exists(graph, target.node, target.attribute, seen | {node.path}))
    if not imports:
        has = graph.has(node, name)
        return Answer.UNKNOWN if has is None else Answer.YES if has else Answer.NO
    for best in (Answer.YES, Answer.UNKNOWN):
        if best in answers:
            return best
    return Answer.NO
