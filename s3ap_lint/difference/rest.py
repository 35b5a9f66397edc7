"""What two templates say beside all that is compared in a way of its own, so that nothing goes by unseen.

Facts: CloudFormation user guide, "Template anatomy", "Resource attribute reference", "AWS::CloudFormation::Init" and
"AWS::CloudFormation::Authentication"; SAM specification, "AWS::Serverless::Connector" (`Connectors` of any resource)
and "Api" and "HttpApi" as event sources: without an id, SAM makes an API by what Globals says.
"""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.difference import contrast
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.scope import Scope
from s3ap_lint.template.loops import LOOP
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template

SECTIONS = frozenset(
    """
    AWSTemplateFormatVersion Conditions Description Globals Mappings Metadata Outputs Parameters Resources Rules
    Transform
    """.split()  # noqa: SIM905
)
ATTRIBUTES = frozenset(
    """
    Condition CreationPolicy DeletionPolicy DependsOn IgnoreGlobals Metadata Properties Type UpdatePolicy
    UpdateReplacePolicy
    """.split()  # noqa: SIM905
)
"""What is compared elsewhere, and what says nothing about what is deployed."""

HEEDED = ("AWS::CloudFormation::Init", "AWS::CloudFormation::Authentication")
"""Metadata of a resource that the machines it describes are set up by."""

_WITH_MACROS = ("Conditions", "Mappings", "Outputs", "Resources")

_MADE = {"Api": "RestApiId", "HttpApi": "ApiId"}  # by the type of an event, the property that names an API there is


def of_templates(one: Template, other: Template, scope: Scope) -> Iterator[Difference]:
    """Other sections, transforms inside of sections, and what Globals says of APIs that SAM makes."""
    first, second = one.top, other.top
    pairs = [(name, first[name], second[name]) for name in _keys(first, second) if name not in SECTIONS]
    for section in _WITH_MACROS:
        a, b = first[section], second[section]
        macros = [name for name in _keys(a, b) if name.startswith("Fn::") and not name.startswith(LOOP)]
        pairs += [(f"{section}.{name}", a[name], b[name]) for name in macros]
    for kind, given in _MADE.items():
        if any(_makes(template, kind, given) for template in (one, other)):
            pairs.append((f"Globals.{kind}", first["Globals"][kind], second["Globals"][kind]))
    for name, a, b in pairs:
        yield from _difference(name, a, b, scope)


def of_resources(one: Resource, other: Resource, scope: Scope) -> Iterator[Difference]:
    """Other attributes of a resource, and Metadata that counts."""
    first, second = one.node, other.node
    pairs = [(name, first[name], second[name]) for name in _keys(first, second) if name not in ATTRIBUTES]
    pairs += [(f"Metadata.{name}", first["Metadata"][name], second["Metadata"][name]) for name in HEEDED]
    for name, a, b in pairs:
        yield from _difference(f"{one.id}.{name}", a, b, scope)


def _difference(name: str, a: Node, b: Node, scope: Scope) -> Iterator[Difference]:
    verdict = scope.differs(a, b)
    if verdict is not None:
        yield Difference(Kind.PROPERTY, name, (a, b), contrast.said_of(a, b), verdict, contrast.places(a, b))


def _makes(template: Template, kind: str, given: str) -> bool:
    """Whether SAM makes an API of a type for an event that names none."""
    events = (event for one in template.resources.values() for event in one.properties["Events"].children())
    return template.is_sam and any(one["Type"].text == kind and not one["Properties"][given] for one in events)


def _keys(one: Node, other: Node) -> list[str]:
    return [*one.keys(), *(key for key in other.keys() if key not in one)]
