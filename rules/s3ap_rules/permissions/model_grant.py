"""The ARNs that a role lacks to call a model through an inference profile, written where it has the others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from s3ap_lint.api import BedrockUse, Edit, Fix, Leaf, Template, Value, edits, offer, value_of

IN_ONE_REGION = "regions"


def granted(use: BedrockUse, leaf: Leaf, what: str, everywhere: bool, template: Template) -> Fix | None:
    """A fix that grants the profile, the model in every Region, or both, beside what is granted.

    `everywhere`: the model is granted in every Region already. Where a parameter gives the id, another value of it
    may be a profile or a model: all of them are granted then.
    """
    head = _head(leaf)
    base = "*" if use.parameter else use.model.base
    model = f"{head}:bedrock:*::foundation-model/{base}"
    if what == "model":
        return offer(f"Also grant {_called(base, 'the model', 'models')} behind it", _beside(leaf, [model], template))
    if what == IN_ONE_REGION:
        edit = _widened(leaf, use, template) or _beside(leaf, [model], template)
        return offer(f"Grant {_called(base, 'the model', 'models')} in every Region", edit)
    name = use.model.id if use.model.prefix and not use.parameter else "*"
    profile = f"{head}:bedrock:${{AWS::Region}}:${{AWS::AccountId}}:inference-profile/{name}"
    profiles = _called(name, "the inference profile", "inference profiles")
    if everywhere:
        return offer(f"Also grant {profiles}", _beside(leaf, [profile], template))
    models = _called(base, "the model", "models")
    return offer(f"Also grant {profiles}, and {models} in every Region", _beside(leaf, [model, profile], template))


def _called(name: str, one: str, all_of_them: str) -> str:
    return all_of_them if name == "*" else one


def _head(leaf: Leaf) -> str:
    """How an ARN of Bedrock begins in this statement."""
    head = leaf.text.partition(":bedrock:")[0]
    return head if re.fullmatch(r"arn:(aws[\w-]*|\$\{AWS::Partition\})", head) else "arn:${AWS::Partition}"


def _beside(leaf: Leaf, arns: Iterable[str], template: Template) -> Edit | None:
    """The edit that lists more ARNs with one."""
    node, parent = leaf.node, leaf.node.parent
    new: list[Value] = [edits.sub(arn) if "${" in arn else arn for arn in arns]
    if node.key == "Resource":
        return edits.replace(node, template.source, [value_of(node), *new])
    if parent is None or parent.key != "Resource" or not parent.is_sequence:
        return None
    return edits.append(parent, template.source, *new)


def _widened(leaf: Leaf, use: BedrockUse, template: Template) -> Edit | None:
    """The edit that grants in every Region what a statement grants in one; None where it is another model's."""
    node = leaf.node["Fn::Sub"] or leaf.node
    before, found, rest = node.text.partition(":bedrock:")
    models = rest.partition("::foundation-model/")[2]
    if not found or models not in ("*", use.model.base):
        return None
    text = f"{before}:bedrock:*::foundation-model/{models}"
    if "${" in text or node is leaf.node:
        return edits.replace_text(leaf.node, template.source, text)
    return edits.replace(leaf.node, template.source, text)
