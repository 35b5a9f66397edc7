"""How one model id takes the place of another, with what the roles then need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from s3ap_lint.api import (
    Application,
    BedrockModel,
    BedrockUse,
    Edit,
    Fix,
    Leaf,
    Location,
    ModelMention,
    Module,
    Node,
    Role,
    Span,
    Template,
    World,
    allowed_models,
    bedrock_lack,
    edits,
    model_mentions,
    model_uses,
    offer,
    prefix_for,
)


def wanted(model: BedrockModel, region: str, used: frozenset[str], instead_of: str = "") -> BedrockModel | None:
    """A model in the form in which it is called: by its one profile that fits, or bare; None when that is open."""
    if model.regions is None:
        return model.by("")
    prefix = prefix_for(model, region, used, instead_of)
    return model.by(prefix) if prefix else None


def prefixes_used(application: Application) -> frozenset[str]:
    """The prefixes of the profiles that the templates of an application name."""
    found = (one for template in application.templates for one in model_mentions(template))
    return frozenset(one.model.prefix for one in found if one.model.prefix and one.exists is not False)


def in_template(mention: ModelMention, template: Template, application: Application, new: BedrockModel) -> Fix | None:
    """Replace an id of a template, and grant to the roles that it reaches what they then lack."""
    if mention.node is None or not _admits(mention, template, new.id):
        return None
    made: list[Edit | None] = [edits.replace_text(mention.node, template.source, new.id)]
    made += [edits.replace_text(node, template.source, new.id) for node in _allowed_values(mention, template, new.id)]
    grants: list[Edit | None] = []
    for role in application.roles:
        if role.template is template:
            for use, world in uses_of(role, mention):
                grants += _grants(role, replace(use, model=new), world)
    grants = list(dict.fromkeys(grants))
    return offer(f"Use {new.id}" + (", and grant it" if grants else ""), *made, *grants)


def in_code(mention: ModelMention, module: Module, new: BedrockModel) -> Fix | None:
    """Replace a literal of a Python file by the same with another text."""
    edit = literal_edit(mention.text, mention.at, module, new.id)
    return offer(f"Use {new.id}", edit)


def literal_edit(old: str, at: Location, module: Module, new: str) -> Edit | None:
    """Replace the text of the one literal that says it at a place; None where there is none, or more."""
    if at.span is None or at.subject != module.path:
        return None
    written = module.source.data[at.span.start : at.span.end]
    found = list(re.finditer(rb"(?<=[\"'])" + re.escape(old.encode()) + rb"(?=[\"'])", written))
    if len(found) != 1:
        return None
    start = at.span.start + found[0].start()
    return Edit(module.path, Span(start, start + len(old.encode())), new)


def _admits(mention: ModelMention, template: Template, text: str) -> bool:
    parameter = template.space.parameters.get(mention.parameter)
    return parameter is None or parameter.allowed is not None or parameter.admits(text)


def _allowed_values(mention: ModelMention, template: Template, text: str) -> Iterator[Node]:
    """The allowed values that must change with the default of their parameter."""
    if mention.form != "default":
        return
    allowed = template.top["Parameters"][mention.parameter]["AllowedValues"]
    if all(one.text != text for one in allowed):
        yield from (one for one in allowed if one.text == mention.text)


def uses_of(role: Role, mention: ModelMention) -> Iterator[tuple[BedrockUse, World]]:
    """The uses of an id by a role, each in one world."""
    found: dict[tuple[str, str], tuple[BedrockUse, World]] = {}

    def seen(world: World) -> None:
        for use in model_uses(role, world) if role.exists(world) else ():
            if use.model.id == mention.text and _is_meant(use, mention):
                found.setdefault((use.model.id, use.parameter), (use, world))

    role.template.outcomes(seen)
    yield from found.values()


def _is_meant(use: BedrockUse, mention: ModelMention) -> bool:
    return use.parameter == mention.parameter if mention.parameter else use.leaf.node is mention.node


def _grants(role: Role, use: BedrockUse, world: World) -> Iterator[Edit | None]:
    """The edits of a role's statement after which it may call a model too; None where that cannot be done."""
    lack = bedrock_lack(role, use, world)
    has = allowed_models(role, use, world)
    if lack is None or has is None:
        return
    leaf, new, items = lack.leaf, use.model, list[edits.Value]()
    start = "arn:aws:bedrock" if leaf.text.startswith("arn:aws:") else "arn:${AWS::Partition}:bedrock"
    variable = "${" + use.parameter + "}" if use.parameter else ""
    holds = bool(variable) and variable in leaf.text
    wider = "" if "*" in has.regions else "*" if holds else _kept(leaf, new.base)
    if "*" not in has.regions:
        items.append(_said(f"{start}:*::foundation-model/{wider or new.base}"))
    if not has.profile and new.prefix:
        named = variable if holds else new.id
        items.append(_said(f"{start}:${{AWS::Region}}:${{AWS::AccountId}}:inference-profile/{named}"))
    yield from _in_statement(leaf, role.template, items, bool(wider) and "foundation-model/" in leaf.text)


def _kept(leaf: Leaf, base: str) -> str:
    """The model part of a grant, if it covers a model already: only its Region is too narrow."""
    tail = leaf.text.rpartition("foundation-model/")[2] if "foundation-model/" in leaf.text else ""
    return tail if tail == base or (tail.endswith("*") and base.startswith(tail[:-1])) else ""


def _in_statement(leaf: Leaf, template: Template, items: list[edits.Value], replaces: bool) -> Iterator[Edit | None]:
    """Put resources into the statement that holds a grant, the first in the place of the grant if it `replaces` it."""
    node, parent = leaf.node, leaf.node.parent
    if node.key == "Resource":
        yield edits.replace(node, template.source, [*([] if replaces else [_said(leaf.text)]), *items])
        return
    behind = items[1:] if replaces else items
    if parent is None or not parent.is_sequence or parent.key != "Resource" or len(behind) > 1:
        yield None  # two items at one place would be in no certain order
        return
    if replaces:
        yield edits.replace(node, template.source, items[0])
    for item in behind:
        yield edits.append(parent, template.source, item)


def _said(text: str) -> edits.Value:
    return edits.sub(text) if "${" in text else text
