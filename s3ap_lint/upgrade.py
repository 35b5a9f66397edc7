"""Whether a function would go on working on another version of its language, as far as the repository tells."""

from __future__ import annotations

from s3ap_lint.distributions import in_standard_library, version_of
from s3ap_lint.function import Function
from s3ap_lint.packaging import package_of
from s3ap_lint.resolution import Code
from s3ap_lint.template.template import Resource


def can_run_on(function: Function, runtime: str) -> bool:
    """Whether nothing that is made for its version of Python comes with it, and another has all that it imports.

    A package that lies in a bucket was made for a version; one that is built from the repository is built anew.
    """
    code = function.code
    package = package_of(function.resource, code, function.application.project.tree) if isinstance(code, Code) else None
    made = function.resource.node["Metadata"]["BuildMethod"].text
    if package is None or function.is_placeholder or made.startswith("python"):
        return False
    if not all(_suits(one.resource, runtime) for one in package.layers):
        return False
    now, then = version_of(function.runtime), version_of(runtime)
    modules = function.closure.modules if function.closure is not None else ()
    tops = {one.top for module in modules for one in module.imports if not one.level}
    return not any(in_standard_library(top, now) and not in_standard_library(top, then) for top in tops)


def _suits(layer: Resource, runtime: str) -> bool:
    """Whether a layer is for a runtime, as far as it says."""
    if layer.node["Metadata"]["BuildMethod"].text not in ("", "makefile", runtime):
        return False
    named = [node.text for node in layer.properties["CompatibleRuntimes"]]
    return not named or runtime in named
