"""Which resources wait for which, and whether a value that is right in one place can stand in another.

CloudFormation refuses a template in which two resources wait for each other, and a reference to a resource that a
condition leaves out (CloudFormation User Guide, "Intrinsic function reference: Ref"; "DependsOn attribute").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import PSEUDO_PARAMETERS, Parameter
from s3ap_lint.template.references import Reference, mentioned, references
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.worlds import TooManyWorlds, World

_SOURCES = {"S3": "Bucket", "Api": "RestApiId", "HttpApi": "ApiId", "Cognito": "UserPool"}
"""The events for which SAM changes the source so that it names the function, each with the property that says it."""


def awaited(template: Template) -> Mapping[str, frozenset[str]]:
    """For each resource the resources that it waits for directly."""
    known = template.memo.get(awaited)
    if not isinstance(known, dict):
        known = template.memo[awaited] = _awaited(template)
    return known


def waits_for(template: Template, one: str, other: str) -> bool:
    """Whether a resource waits for another, perhaps by way of others; true for one and the same."""
    graph = awaited(template)
    todo, seen = [one], {one}
    while todo:
        at = todo.pop()
        if at == other:
            return True
        more = graph.get(at, frozenset()) - seen
        seen |= more
        todo += more
    return False


def can_stand(value: Node, resource: Resource, origin: Template | None = None) -> bool:
    """Whether a value, of this template or of `origin`, would always have a meaning as a part of a resource.

    Parameters must be single texts and no secrets; resources must exist whenever this one does, and not wait for it.
    """
    template = resource.template
    source = origin or template
    if not all(_is_known(inner, template) for inner in value.walk()):
        return False
    return all(_reaches(one, resource, source) for one in mentioned(value, source))


def can_name(resource: Resource, target: Resource, within: Callable[[World], bool] = lambda world: True) -> bool:
    """Whether a resource may name another: that exists whenever it does, in the worlds that matter, and never waits."""
    template = resource.template
    if waits_for(template, target.id, resource.id):
        return False

    def dangles(world: World) -> bool:
        """Whether it would be named in a world in which it is left out."""
        return resource.exists(world) and within(world) and not target.exists(world)

    try:
        return template.verdict(template.outcomes(dangles), bool) is None
    except TooManyWorlds:
        return False


def is_plain_text(parameter: Parameter) -> bool:
    """Whether a parameter is one text that everybody may read."""
    return not parameter.is_list and parameter.node["NoEcho"].text.lower() != "true"


def _is_known(node: Node, template: Template) -> bool:
    """Whether the conditions and mappings that a value asks are in a template."""
    function = node.function
    if function is None:
        return not node.shared
    name, argument = function
    if name == "Fn::If":
        return argument[0].text in template.space.conditions
    return name != "Fn::FindInMap" or argument[0].text in template.top["Mappings"]


def _reaches(reference: Reference, resource: Resource, source: Template) -> bool:
    template, name = resource.template, reference.name
    if name in PSEUDO_PARAMETERS:
        return name != "AWS::NoValue"
    parameter = template.space.parameters.get(name)
    if parameter is not None:
        return is_plain_text(parameter)
    target, there = template.resources.get(name), source.resources.get(name)
    if target is None or there is None or there.type != target.type:
        return False
    return can_name(resource, target, reference.stands)


def _awaited(template: Template) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: set() for name in template.resources}
    for one in references(template):
        target = template.resource(one.name)
        if one.section == "Resources" and one.holder in found and target is not None:
            found[one.holder].add(target.id)
    for resource in template.resources.values():
        named = resource.node["DependsOn"]
        found[resource.id] |= {node.text for node in (named, *named) if node.text in found}
        for event in resource.properties["Events"].children() if template.is_sam else ():
            source = event["Properties"][_SOURCES.get(event["Type"].text, "…")]["Ref"].text
            if source in found:
                found[source].add(resource.id)
    return {name: frozenset(names) for name, names in found.items()}
