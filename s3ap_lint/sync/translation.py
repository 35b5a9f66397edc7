"""A resource of one half in the words of the other: plain CloudFormation, or SAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from s3ap_lint.difference.plain import OWN, PLAIN_TYPES, RENAMED, Plain
from s3ap_lint.model import Location
from s3ap_lint.resolution import FUNCTION_TYPES
from s3ap_lint.sync.halves import Packaging, has_code
from s3ap_lint.sync.wanted import Group, Made, Wanted, wanted
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Fn, Value, value_of
from s3ap_lint.template.template import Resource

SAM_FUNCTION = frozenset(
    """
    Architectures CapacityProviderConfig CodeSigningConfigArn Description DurableConfig Environment EphemeralStorage
    FileSystemConfigs FunctionName FunctionScalingConfig ImageConfig KmsKeyArn Layers LoggingConfig MemorySize
    PackageType RecursiveLoop ReservedConcurrentExecutions Role Runtime RuntimeManagementConfig SnapStart Tags
    TenancyConfig Timeout VpcConfig
    """.split()  # noqa: SIM905
)
"""Properties that a function has under one name in CloudFormation and in SAM (SAM specification)."""

BUILD = frozenset(
    {"BuildMethod", "BuildArchitecture", "BuildProperties", "DockerTag", "Dockerfile", "DockerContext", "SkipBuild"}
)
"""What SAM's build reads in a resource's Metadata."""

CODE_KEYS = ("Handler", "Code", "CodeUri", "Layers")


@dataclass(frozen=True)
class Refusal:
    """Something that cannot be carried over, by its name, and why."""

    name: str
    reason: str
    at: Location

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass
class Translator:
    """Puts resources of the source into the words of the generated half."""

    packaging: Packaging
    refusals: list[Refusal] = field(default_factory=list)
    recoded: set[str] = field(default_factory=set)
    """The functions that run other code in the generated half, which has to be named anew."""

    def resource(self, resource: Resource, existing: Resource | None) -> Wanted | None:
        """A whole resource; None where the generated half does without it, or where it was refused."""
        by_hand = self.packaging.by_hand
        if self.packaging.does_without(resource):
            return None
        if by_hand and resource.of_sam and not self._can_be_plain(resource):
            return None
        if resource.type in FUNCTION_TYPES:
            return self._function(resource, existing)
        plain = PLAIN_TYPES.get(resource.type, "")
        if plain == "AWS::StepFunctions::StateMachine" and by_hand:
            return self._whole(resource, plain, self._machine(resource))
        if plain == "AWS::Lambda::LayerVersion":
            return self._layer(resource, existing)
        return self._kept(resource)

    def _can_be_plain(self, resource: Resource) -> bool:
        """Whether all that a SAM resource says can be said without SAM; else what cannot is refused."""
        before = len(self.refusals)
        if resource.type not in PLAIN_TYPES or resource.type == "AWS::Serverless::SimpleTable":
            self._refuse(resource.id, f"{resource.type} is only known to SAM, which makes several resources of it",
                         resource.at)  # fmt: skip
            return False
        own = OWN.get(resource.type, frozenset())
        for name, node in Plain(resource).own.items():
            if name in own and name != "RetentionPolicy":
                self._refuse(f"{resource.id}.{name}", _OWN_REASONS.get(name, _SAM_ALONE), node.key_at)
        if resource.type.endswith(("::Function", "::StateMachine")) and not resource.property("Role"):
            self._refuse(f"{resource.id}.Role", "it has none, and SAM makes one; name a role of the template",
                         resource.at)  # fmt: skip
        if resource.node["Connectors"]:
            self._refuse(f"{resource.id}.Connectors", _OWN_REASONS["Connectors"], resource.node["Connectors"].key_at)
        return len(self.refusals) == before

    def _refuse(self, name: str, reason: str, at: Location) -> None:
        self.refusals.append(Refusal(name, reason, at))

    # -- functions -------------------------------------------------------------------------------

    def _function(self, resource: Resource, existing: Resource | None) -> Wanted | None:
        sam = not self.packaging.by_hand
        as_it_is = existing is not None and existing.type in FUNCTION_TYPES and has_code(existing)
        if existing is not None and self._only_sam_knows(existing):
            as_it_is = False
        kind = existing.type if existing is not None and as_it_is else FUNCTION_TYPES[sam]
        code = self._code(resource, existing if as_it_is else None)
        if code is None:
            return None
        return self._whole(resource, kind, self._properties(resource, kind, code))

    def _code(self, resource: Resource, existing: Resource | None) -> dict[str, Wanted] | None:
        """The properties that say where the code lies."""
        found = resource.properties
        inline, image = found["InlineCode"] or found["Code"]["ZipFile"], found["ImageUri"] or found["Code"]["ImageUri"]
        if inline or image:
            handler: dict[str, Wanted] = {"Handler": found["Handler"]} if found["Handler"] else {}
            name, node = ("ZipFile", inline) if inline else ("ImageUri", image)
            if self.packaging.by_hand:
                return {**handler, "Code": Group({name: node})}
            return {**handler, "InlineCode" if inline else "ImageUri": node}
        if existing is not None and resource.id not in self.recoded:
            return {name: existing.properties[name] for name in CODE_KEYS if existing.properties[name]}
        code = self.packaging.code(resource)
        if isinstance(code, str):
            self._refuse(resource.id, code, resource.at)
            return None
        return code

    def _properties(self, resource: Resource, kind: str, code: Mapping[str, Wanted]) -> dict[str, Wanted]:
        """The properties of a function in the words of its kind; its code stands where the source has it."""
        out: dict[str, Wanted] = {}
        given = dict(code)
        layers = given.pop("Layers", None)
        for name, node in Plain(resource).written.items():
            if name in ("Handler", "Code", "CodeUri", "InlineCode", "ImageUri"):
                out |= {key: given.pop(key) for key in list(given) if (key == "Handler") == (name == "Handler")}
            elif name == "Layers":
                mine = self._layers(node)
                if mine is not None:
                    out["Layers"] = mine
            elif kind == FUNCTION_TYPES[1]:
                out |= self._sam(resource, name, node)
            else:
                out |= self._plain(resource, name, node)
        out |= given
        if layers is not None and "Layers" not in out:
            out["Layers"] = layers
        return out

    def _layers(self, node: Node) -> Wanted | None:
        """The layers of a function without those that only package the source."""
        by_id = self.packaging.source.resources
        kept = [
            item
            for item in node
            if not ((layer := by_id.get(item["Ref"].text)) is not None and self.packaging.does_without(layer))
        ]
        if len(kept) == len(node) or not node.is_sequence:
            return wanted(node)
        return Made([value_of(item) for item in kept]) if kept else None

    def _sam(self, resource: Resource, name: str, node: Node) -> dict[str, Wanted]:
        """A property as AWS::Serverless::Function has it."""
        if resource.type == FUNCTION_TYPES[1] or name in SAM_FUNCTION - {"Tags"}:
            return {name: wanted(node)}
        if name == "TracingConfig":
            mode = _inside(node, "Mode")
            return {"Tracing": mode} if mode is not None else self._no(resource, name, node)
        if name == "DeadLetterConfig":
            kind = self._queue_or_topic(node["TargetArn"])
            if kind is None:
                return self._no(resource, name, node)
            return {"DeadLetterQueue": Group({"Type": Made(kind), "TargetArn": node["TargetArn"]})}
        if name == "Tags":
            if not node.is_sequence or not all(item["Key"].text and item["Value"] for item in node):
                return self._no(resource, name, node)
            return {"Tags": Group({item["Key"].text: item["Value"] for item in node})}
        return self._no(resource, name, node)

    def _plain(self, resource: Resource, name: str, node: Node) -> dict[str, Wanted]:
        """A property as AWS::Lambda::Function has it."""
        if resource.type == FUNCTION_TYPES[0] or name in SAM_FUNCTION - {"Tags"}:
            return {name: wanted(node)}
        if name == "Tracing":
            return {"TracingConfig": Group({"Mode": node})}
        if name == "DeadLetterQueue":
            return {"DeadLetterConfig": Group({"TargetArn": node["TargetArn"]})}
        if name == "Tags" and node.is_mapping and node.function is None:
            return {"Tags": tags(node)}
        return self._no(resource, name, node)

    def _no(self, resource: Resource, name: str, node: Node) -> dict[str, Wanted]:
        kind = "AWS::Lambda::Function" if self.packaging.by_hand else "AWS::Serverless::Function"
        self._refuse(f"{resource.id}.{name}", f"{kind} has no word for it as it is written", node.key_at)
        return {}

    def _queue_or_topic(self, node: Node) -> str | None:
        """Which of the two a dead letter queue is, by what its ARN names."""
        found = node.function
        named = (found[1].text.partition(".")[0] or found[1][0].text) if found is not None else ""
        resource = self.packaging.source.resources.get(named)
        kinds = {"AWS::SQS::Queue": "SQS", "AWS::SNS::Topic": "SNS"}
        if resource is not None:
            return kinds.get(resource.type)
        return next((kind for kind in ("SQS", "SNS") if f":{kind.lower()}:" in node.text), None)

    # -- others ----------------------------------------------------------------------------------

    def _machine(self, resource: Resource) -> dict[str, Wanted]:
        names, out = RENAMED[resource.type], dict[str, Wanted]()
        for name, node in Plain(resource).written.items():
            if name == "DefinitionUri" and not node.is_mapping:
                reason = "the definition is a file beside the template; write it into the template"
                self._refuse(f"{resource.id}.{name}", reason, node.key_at)
            elif name == "Tags" and node.is_mapping and node.function is None:
                out["Tags"] = tags(node)
            else:
                out[names.get(name, name)] = wanted(node)
        return out

    def _layer(self, resource: Resource, existing: Resource | None) -> Wanted:
        """A layer: where its content lies is each half's own affair."""
        if self._only_sam_knows(resource):
            return self._plain_layer(resource, existing)
        if existing is None or existing.type == resource.type:
            return self._kept(resource)
        own = {name: existing.properties[name] for name in ("Content", "ContentUri") if existing.properties[name]}
        rest = {k: wanted(n) for k, n in Plain(resource).written.items() if k not in ("Content", "ContentUri")}
        return self._whole(resource, existing.type, own | rest)

    def _plain_layer(self, resource: Resource, existing: Resource | None) -> Wanted:
        """A layer of SAM without SAM, which names it by its logical id and keeps old versions where nothing is said."""
        known = Plain(resource)
        out: dict[str, Wanted] = {name: node for name, node in known.written.items() if name not in _OF_SAM_LAYERS}
        if "LayerName" not in out:
            out["LayerName"] = Made(resource.id)
        out["Content"] = self._content(resource, existing)
        whole = self._whole(resource, "AWS::Lambda::LayerVersion", out)
        kept = known.attribute("DeletionPolicy")
        return Group({**whole.entries, "DeletionPolicy": Made(value_of(kept))})

    def _content(self, resource: Resource, existing: Resource | None) -> Wanted:
        """Where the content of a layer of SAM lies: where that of the half's own layer does, or in the same bucket."""
        if existing is not None and existing.properties["Content"]:
            return wanted(existing.properties["Content"])
        found = {name.partition(".")[2]: node for name, node in Plain(resource).properties.items()
                 if name.startswith("Content.")}  # fmt: skip
        if not found:
            reason = "its content is a folder beside the template, and the other half has no package of it"
            self._refuse(resource.id, reason, resource.at)
        return Made({name: value_of(node) for name, node in found.items()})

    def _only_sam_knows(self, resource: Resource) -> bool:
        """Whether a resource has to get another type, because the generated half does without SAM's transform."""
        return resource.of_sam and self.packaging.by_hand and not self.packaging.keeps_sam

    def _kept(self, resource: Resource) -> Wanted:
        """A resource that both halves say in the same words; SAM's Globals written out where they go."""
        node = resource.node
        if self.packaging.by_hand and resource.inherited_all:
            return self._whole(resource, resource.type, {k: wanted(n) for k, n in Plain(resource).written.items()})
        return node

    def _whole(self, resource: Resource, kind: str, properties: Mapping[str, Wanted]) -> Group:
        out: dict[str, Wanted] = {}
        for name, node in resource.node.items():
            if name == "Type":
                out[name] = node if node.text == kind else Made(kind)
            elif name == "Properties":
                out[name] = Group(properties)
            elif name == "Metadata" and self.packaging.by_hand:
                kept = {key: wanted(inner) for key, inner in node.items() if key not in BUILD}
                if kept:
                    out[name] = node if len(kept) == len(node) else Group(kept)
            else:
                out[name] = node
        return Group(out)


def tags(node: Node) -> Made:
    """SAM's mapping of tags as CloudFormation's list."""
    return Made([{"Key": key, "Value": value_of(value)} for key, value in node.items()])


def _inside(node: Node, key: str) -> Wanted | None:
    """The one entry of a mapping, also in each arm of an `!If`; None where it is not all there is."""
    if node.is_mapping and node.function is None:
        return node[key] if node.keys() == [key] else None
    value = _through(node, key)
    return Made(value) if value is not None else None


def _through(node: Node, key: str) -> Value:
    found = node.function
    if found is not None and found[0] == "Fn::If" and len(found[1]) == 3:
        arms = [_through(arm, key) for arm in list(found[1])[1:]]
        return Fn("If", [found[1][0].text, *arms]) if None not in arms else None
    if found is not None and found[0] == "Ref" and found[1].text == "AWS::NoValue":
        return value_of(node)
    return value_of(node[key]) if node.is_mapping and node.keys() == [key] else None


_OF_SAM_LAYERS = frozenset({"ContentUri", "RetentionPolicy"})
_SAM_ALONE = "only SAM knows it"
_OWN_REASONS = {
    "Events": "SAM makes resources of events; write the rule, mapping or API and its permission into the template",
    "Policies": "SAM puts policies on a role that it makes; write a role with its statements into the template",
    "Connectors": "SAM makes policies of connectors; write the statements into a role",
    "AutoPublishAlias": "SAM makes a version and an alias; write them into the template",
    "FunctionUrlConfig": "SAM makes a URL and its permission; write them into the template",
    "EventInvokeConfig": "SAM makes a resource of it; write an AWS::Lambda::EventInvokeConfig",
}
