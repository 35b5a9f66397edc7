"""The edit that gives one property of one resource another number, and nothing else."""

from __future__ import annotations

from s3ap_lint.api import Edit, Node, Resource, edits, references


def number_set(resource: Resource, name: str, value: int) -> Edit | None:
    """The edit; None where a number that others share, or something computed, stands there."""
    source, properties = resource.template.source, resource.properties
    own = properties[name]
    if not own:
        if properties.is_mapping:
            return edits.set(properties, source, name, value)
        return None if properties else edits.set(resource.node, source, "Properties", {name: value})
    if own.is_text:
        return edits.replace_text(own, source, str(value))
    default = _own_default(own, resource, value)
    return edits.replace_text(default, source, str(value)) if default is not None else None


def _own_default(node: Node, resource: Resource, value: int) -> Node | None:
    """The Default of the parameter that gives a property, if it gives nothing else and may be some number."""
    template, name = resource.template, node["Ref"].text
    parameter = template.space.parameters.get(name)
    if parameter is None or not parameter.node["Default"].is_text or not parameter.admits(str(value)):
        return None
    low, high = parameter.node["MinValue"].text, parameter.node["MaxValue"].text
    if (low.isdigit() and value < int(low)) or (high.isdigit() and value > int(high)):
        return None
    used = [one for one in references(template) if one.name == name]
    return parameter.node["Default"] if len(used) == 1 else None
