"""What goes away with a stack, what stays, and what was never its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from posixpath import basename

from s3ap_lint.api import Application, Node, Resource, Template, World, choose, mentioned, text

_IDS = re.compile(r"(rtb|sg|subnet|vpc)-\w+|\{\{resolve:.*")
_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}


class Owner(Enum):
    """Who made the thing that a value names."""

    STACK = "a resource of the template"
    GIVEN = "a parameter, or an id that is written out"
    IMPORTED = "another stack, which CloudFormation keeps as long as its export is imported"
    UNTOLD = "cannot be told"


def owner(node: Node, template: Template) -> Owner:
    """Who made what a value names, whose outer `!If`s are decided."""
    names = {found.name for found in mentioned(node, template)}
    if any(template.resource(name) is not None for name in names):
        return Owner.STACK
    if any(inner.key == "Fn::ImportValue" for inner in node.walk()):
        return Owner.IMPORTED
    given = any(name in template.space.parameters for name in names)
    return Owner.GIVEN if given or _IDS.fullmatch(node.text) else Owner.UNTOLD


def is_foreign(node: Node, template: Template) -> bool:
    """Whether a value names something that is not of this template's stack."""
    return owner(node, template) in (Owner.GIVEN, Owner.IMPORTED)


def called(node: Node, template: Template) -> str:
    """A foreign thing in a few words, for a message: the parameter that names it, the id, or that it is imported."""
    given = [found.name for found in mentioned(node, template) if found.name in template.space.parameters]
    if any(inner.key == "Fn::ImportValue" for inner in node.walk()):
        return "an import"
    return given[0] if given else node.text


def goes(resource: Resource, world: World) -> bool:
    """Whether a resource exists in a world and is surely deleted with its stack; a computed policy cannot be told."""
    if not resource.exists(world):
        return False
    written = resource.node["DeletionPolicy"]
    if choose(written, world) is None:
        return True
    policy = text(written, world)
    return policy is not None and policy.text in ("Delete", "Snapshot")


def plain_templates(application: Application) -> Iterator[Template]:
    """The templates of an application that say what is deployed: no macro that is not known rewrites them."""
    return (template for template in application.templates if not template.unknown_macros)


def custom_resources(template: Template) -> Iterator[Resource]:
    """The resources that a function of somebody's makes and takes back."""
    for resource in template.resources.values():
        if resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource":
            yield resource


def is_part_of_another(template: Template, application: Application) -> bool:
    """Whether a template beside it nests this one, so that what it is given may go away together with it."""
    name = basename(template.path)
    nested = (
        node
        for other in application.templates
        for resource in other.of_type(*_NESTED)
        for node in resource.properties[_NESTED[resource.type]].walk()
    )
    return any(basename(node.text.replace("}", "/")) == name for node in nested)
