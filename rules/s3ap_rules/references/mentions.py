"""Who speaks of a resource."""

from __future__ import annotations

from s3ap_lint.api import Template, references


def is_mentioned(name: str, template: Template) -> bool:
    """Whether something else refers to a resource, or waits for it."""
    own = ("Resources", name)
    if any(found.name == name and (found.section, found.holder) != own for found in references(template)):
        return True
    return any(node.text == name for r in template.resources.values() for node in r.node["DependsOn"].walk())
