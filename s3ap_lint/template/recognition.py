"""Whether a parsed document is a CloudFormation template, and what it is otherwise."""

from __future__ import annotations

from s3ap_lint.template.node import Node

OTHER_KINDS = ("$schema", "apiVersion", "definitions", "jobs", "openapi", "services", "StartAt", "swagger")


def is_template(top: Node) -> bool:
    """Whether a document is a CloudFormation template: Resources whose values have a Type, or a transform."""
    resources = top["Resources"]
    if not resources.is_mapping:
        return False
    if top["AWSTemplateFormatVersion"] or top["Transform"]:
        return True
    types = [child["Type"].text for child in resources.children()]
    return any(name.startswith(("AWS::", "Custom::", "Alexa::")) or name.count("::") >= 2 for name in types)


def is_other_known_document(top: Node) -> bool:
    """Whether a document is plainly of another kind, so that its name alone does not make it a template."""
    return any(key in top for key in OTHER_KINDS)


def why_not(top: Node) -> str:
    """In words, what keeps a document from being a template."""
    if not top.is_mapping:
        return f"a template is a mapping with Resources; this is a {top.kind.value}"
    if not top["Resources"]:
        return "a template has Resources; this has none"
    if not len(top["Resources"]):
        return "its Resources are empty"
    return "its Resources are not CloudFormation resources"
