"""How the halves of a pair are packaged, and what one half has for that purpose alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, commonpath, dirname, relpath

from s3ap_lint.application import Application
from s3ap_lint.difference.declared import LAYERS, packaging_parameters
from s3ap_lint.difference.plain import CODE
from s3ap_lint.difference.scope import names_in
from s3ap_lint.function import Function
from s3ap_lint.resolution import FUNCTION_TYPES, Code
from s3ap_lint.sync.wanted import Made, Wanted
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import ref
from s3ap_lint.template.template import Resource, Template

BUCKET = "DeployBucket"
"""The parameter that says where packages lie, where a half has none yet."""


def packaged_by_hand(template: Template) -> bool:
    """Whether functions come out of a bucket: the half that CloudFormation deploys as it stands."""
    return any(
        resource.properties["Code"]["S3Bucket"] or resource.properties["Code"]["S3Key"]
        for resource in template.of_type("AWS::Lambda::Function")
    ) or not (template.is_sam or any(_local(resource) for resource in template.of_type(*CODE)))


def _local(resource: Resource) -> bool:
    """Whether code is named as a folder beside the template, which SAM or `package` replaces."""
    return any(
        node.is_text and not node.text.startswith("s3://")
        for node in (resource.property(name) for name in CODE.get(resource.type, ()) if name != "Handler")
    )


@dataclass(frozen=True)
class Packaging:
    """How functions of the generated half get their code: as its other functions do, where it has any."""

    source: Template
    target: Template
    application: Application
    by_hand: bool
    """Whether by keys in a bucket; else by folders, for SAM."""

    fresh: bool = False
    """Whether the generated half is nothing but a copy of the source yet."""

    @cached_property
    def _functions(self) -> dict[tuple[str, str], Function]:
        return {(one.template.path, one.id): one for one in self.application.functions}

    def function(self, resource: Resource) -> Function | None:
        """The function of a resource, where it is one in Python."""
        return self._functions.get((resource.template.path, resource.id))

    def code(self, resource: Resource) -> dict[str, Wanted] | str:
        """The properties that say where a function's code lies; or why that cannot be told."""
        function = self.function(resource)
        if function is None:
            return "its code is not Python, and where it lies is only known for Python"
        code = function.code
        if not isinstance(code, Code):
            return f"its code is not known: {code.reason}"
        return self._in_bucket(resource, code) if self.by_hand else self._in_folder(resource, code, function)

    def _in_bucket(self, resource: Resource, code: Code) -> dict[str, Wanted]:
        name = basename(code.root) or resource.id
        handler = resource.property("Handler")
        return {
            "Handler": handler,
            "Code": Made({"S3Bucket": ref(self.bucket), "S3Key": self._keys.replace("{}", name)}),
        }

    def _in_folder(self, resource: Resource, code: Code, function: Function) -> dict[str, Wanted]:
        root, home = code.root, dirname(self.target.path)
        closure = function.closure
        outside = [path for path in (closure.paths if closure is not None else ()) if not _below(path, root)]
        handler: Wanted = resource.property("Handler")
        out: dict[str, Wanted] = {}
        if outside and not self.layers:  # one folder that holds all that the handler imports
            root = commonpath([code.module, *outside])
            handler = Made(f"{relpath(code.module.removesuffix('.py'), root or '.')}.{code.entry}")
        out["Handler"] = handler
        out["CodeUri"] = Made(relpath(root or ".", home or ".") + "/")
        if outside and self.layers:
            out["Layers"] = Made([ref(name) for name in self.layers])
        return out

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The layers of the generated half that most of its functions have for packaging."""
        built = {layer.id for layer in self.target.of_type(*LAYERS) if _local(layer)} - set(self.source.resources)
        found = Counter(
            tuple(item["Ref"].text for item in function.property("Layers") if item["Ref"].text in built)
            for function in self.target.of_type(*FUNCTION_TYPES)
        )
        return next((names for names, _ in found.most_common() if names), ())

    @cached_property
    def bucket(self) -> str:
        """The parameter that names the bucket of the packages."""
        functions = self.target.of_type("AWS::Lambda::Function")
        named = (function.properties["Code"]["S3Bucket"]["Ref"].text for function in functions)
        found = Counter(name for name in named if name in self.target.space.parameters)
        return found.most_common(1)[0][0] if found else BUCKET

    @property
    def needs_bucket(self) -> bool:
        """Whether functions of the source will get a key in a bucket."""
        return self.by_hand and any(
            not (one.properties["InlineCode"] or one.properties["ImageUri"] or one.properties["Code"]["ZipFile"])
            for one in self.source.of_type(*FUNCTION_TYPES)
        )

    @cached_property
    def _keys(self) -> str:
        """How keys of packages are written, `{}` for the folder of the code."""
        for resource in self.target.of_type("AWS::Lambda::Function"):
            key, function = resource.properties["Code"]["S3Key"].text, self.function(resource)
            code = function.code if function is not None else None
            name = basename(code.root) if isinstance(code, Code) else ""
            if key and name and len(re.findall(rf"(?<![\w]){re.escape(name)}(?![\w])", key)) == 1:
                return re.sub(rf"(?<![\w]){re.escape(name)}(?![\w])", "{}", key)
        home = basename(dirname(self.source.path))
        return f"lambda/{home}-{{}}.zip" if home else "lambda/{}.zip"

    @cached_property
    def parameters(self) -> tuple[frozenset[str], frozenset[str]]:
        """The parameters of the source, and of the generated half, that only say where packages lie."""
        if self.fresh:
            return frozenset(packaging_parameters(self.source, None)), frozenset()
        return (
            frozenset(packaging_parameters(self.source, self.target)),
            frozenset(packaging_parameters(self.target, self.source)),
        )

    @property
    def keeps_sam(self) -> bool:
        """Whether the generated half is one that SAM transforms."""
        return self.target.is_sam and not self.fresh

    def does_without(self, layer: Resource) -> bool:
        """Whether a layer of the source is only there to bring code of the project along, as packages here do."""
        own = not self.fresh and layer.id in self.target.resources
        packs = self.by_hand and layer.type in LAYERS and _local(layer)
        return packs and not own and layer.id not in self._named

    @cached_property
    def _named(self) -> frozenset[str]:
        """What the source names anywhere but in the layers of its functions."""
        found = {name for name, node in mentioned(self.source) if "Layers" not in node.path}
        return frozenset(found.union(*(_texts(one.node["DependsOn"]) for one in self.source.resources.values())))


def mentioned(template: Template) -> Iterator[tuple[str, Node]]:
    """The names that a template mentions by Ref, Fn::Sub and Fn::GetAtt, and where."""
    for section in ("Resources", "Outputs", "Conditions"):
        for node in template.top[section].walk():
            found = node.function
            if found is not None and found[0] in {"Ref", "Fn::Sub"}:
                yield from ((name.partition(".")[0], node) for name in names_in(node))
            elif found is not None and found[0] == "Fn::GetAtt":
                yield found[1].text.partition(".")[0] or found[1][0].text, node


def _texts(node: Node) -> set[str]:
    return {one.text for one in node.walk() if one.is_text}


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def has_code(resource: Resource) -> bool:
    """Whether a function says anywhere where its code lies."""
    names: list[Node] = [resource.property(name) for name in (*CODE.get(resource.type, ()), "InlineCode", "ImageUri")]
    return any(node for node in names if node.key != "Handler")
