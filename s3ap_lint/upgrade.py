"""Whether a function would go on working on another version of its language, as far as the repository tells."""

from __future__ import annotations

from s3ap_lint.distributions import in_standard_library, version_of
from s3ap_lint.function import Function
from s3ap_lint.resolution import Code
from s3ap_lint.template.template import Resource


def can_run_on(function: Function, runtime: str) -> bool:
    """Whether nothing that is made for its version of Python comes with it, and another has all that it imports.

    A package that lies in a bucket was made for a version; one that is built from the repository is built anew.
    """
    if not isinstance(function.code, Code) or function.guess:
        return False
    made = function.resource.node["Metadata"]["BuildMethod"].text
    if made.startswith("python") or not all(_suits(layer, runtime) for layer in _layers(function)):
        return False
    now, then = version_of(function.runtime), version_of(runtime)
    modules = function.closure.modules if function.closure is not None else ()
    tops = {one.top for module in modules for one in module.imports if not one.level}
    return not any(in_standard_library(top, now) and not in_standard_library(top, then) for top in tops)


def _layers(function: Function) -> list[Resource | None]:
    """The layers it is given, None for those that its template does not make."""
    resource = function.resource
    listed = [node for top in (resource.inherited("Layers"), resource.properties["Layers"]) for node in top]
    return [function.template.resources.get(node["Ref"].text) for node in listed]


def _suits(layer: Resource | None, runtime: str) -> bool:
    """Whether a layer is for a runtime, as far as it says."""
    if layer is None or layer.node["Metadata"]["BuildMethod"].text not in ("", "makefile", runtime):
        return False
    named = [node.text for node in layer.properties["CompatibleRuntimes"]]
    return not named or runtime in named
