"""Resources in CloudFormation's own terms, also where the template has them in SAM's shorter ones.

Facts: SAM specification, "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::Serverless::LayerVersion"
and "Globals section of the AWS SAM template", each property's "AWS CloudFormation compatibility".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.template.node import Kind, Node
from s3ap_lint.template.template import Resource

PLAIN_TYPES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
}
"""What SAM makes of a resource under its own logical id."""

RENAMED: Mapping[str, Mapping[str, str]] = {
    "AWS::Serverless::Function": {
        "Tracing": "TracingConfig.Mode",
        "DeadLetterQueue.TargetArn": "DeadLetterConfig.TargetArn",
        "InlineCode": "Code.ZipFile",
        "ImageUri": "Code.ImageUri",
    },
    "AWS::Serverless::StateMachine": {
        "Name": "StateMachineName",
        "Role": "RoleArn",
        "Type": "StateMachineType",
        "Logging": "LoggingConfiguration",
        "Tracing": "TracingConfiguration",
        "DefinitionUri": "DefinitionS3Location",
    },
    "AWS::Serverless::LayerVersion": {"ContentUri": "Content"},
}
"""SAM's properties that CloudFormation has under another name, dotted where it lies deeper."""

OWN: Mapping[str, frozenset[str]] = {
    "AWS::Serverless::Function": frozenset(
        """
        AssumeRolePolicyDocument AutoPublishAlias AutoPublishAliasAllProperties AutoPublishCodeSha256 Connectors
        DeploymentPreference EventInvokeConfig Events FunctionUrlConfig PermissionsBoundary Policies PropagateTags
        ProvisionedConcurrencyConfig PublishToLatestPublished RolePath VersionDeletionPolicy VersionDescription
        """.split()  # noqa: SIM905
    ),
    "AWS::Serverless::StateMachine": frozenset(
        """
        AutoPublishAlias Connectors DeploymentPreference Events PermissionsBoundary Policies PropagateTags RolePath
        UseAliasAsEventTarget
        """.split()  # noqa: SIM905
    ),
    "AWS::Serverless::LayerVersion": frozenset({"RetentionPolicy", "PublishLambdaVersion"}),
}
"""SAM's properties of which SAM makes resources of their own, or which only SAM heeds."""

CODE = {
    "AWS::Lambda::Function": ("Code", "Handler"),
    "AWS::Serverless::Function": ("CodeUri", "Code", "Handler"),
    "AWS::Lambda::LayerVersion": ("Content",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
}
"""The properties that say where code lies."""

KEYED = {"Tags": ("Key", "Value")}
"""Lists of names and values that SAM writes as a mapping."""


@dataclass(frozen=True)
class Plain:
    """A resource as CloudFormation would have it: its type there, and its properties by their dotted names.

    A property stands for all that is below it, except that of names in `OPENED` the inner ones stand for themselves.
    """

    resource: Resource

    @cached_property
    def type(self) -> str:
        return PLAIN_TYPES.get(self.resource.type, self.resource.type)

    @property
    def is_sam(self) -> bool:
        """Whether it is written in SAM's terms."""
        return self.resource.type.startswith("AWS::Serverless::")

    @cached_property
    def own(self) -> dict[str, Node]:
        """What only SAM knows, by its name there."""
        own = OWN.get(self.resource.type, frozenset())
        return {name: node for name, node in self._written.items() if name in own}

    @cached_property
    def properties(self) -> dict[str, Node]:
        """The properties by dotted name, each mapping opened down to what is no mapping."""
        renamed = RENAMED.get(self.resource.type, {})
        own = OWN.get(self.resource.type, frozenset())
        out: dict[str, Node] = {}
        for name, node in self._written.items():
            if name not in own:
                self._open(renamed.get(name, name), name, node, renamed, out)
        return out

    @cached_property
    def opened(self) -> dict[str, Node]:
        """The mappings that were opened, by dotted name."""
        self.properties  # noqa: B018
        return self._opened

    @cached_property
    def _opened(self) -> dict[str, Node]:
        return {}

    def absent(self, name: str) -> Node:
        """The place where a property would stand that is not there."""
        outer, _, last = name.rpartition(".")
        while outer and outer not in self.opened:
            outer, _, last = outer.rpartition(".")
        holder = self.opened.get(outer) if outer else self.resource.properties
        return holder[last] if holder else self.resource.node["Properties"]

    def _open(self, name: str, written: str, node: Node, renamed: Mapping[str, str], out: dict[str, Node]) -> None:
        entries = _entries(name, node)
        if entries is None:
            out[name] = node
            return
        self._opened[name] = node
        for key, child in entries:
            inner = f"{written}.{key}"
            self._open(renamed.get(inner, f"{name}.{key}"), inner, child, renamed, out)

    @cached_property
    def _written(self) -> dict[str, Node]:
        """The properties as they are written, with what Globals adds."""
        own, common = self.resource.properties, self.resource.inherited_all
        return dict(_merged(common, own).items()) if common else dict(own.items())


def at(plain: Plain, name: str) -> Node:
    """A property by its dotted name, or the place where it would stand."""
    return plain.properties.get(name) or plain.opened.get(name) or plain.absent(name)


def _entries(name: str, node: Node) -> list[tuple[str, Node]] | None:
    """The entries of a mapping, or of a list that is one in other words; None for anything else."""
    pair = KEYED.get(name.rpartition(".")[2])
    if pair is not None and node.is_sequence:
        found = [(item[pair[0]].text, item[pair[1]]) for item in node]
        return found if found and all(key and value for key, value in found) else None
    if not node.is_mapping or node.function is not None or not len(node) or is_document(node):
        return None
    return node.items()


def is_document(node: Node) -> bool:
    """Whether a value is a policy document."""
    return "Statement" in node


def _merged(common: Node, own: Node) -> Node:
    """Two values as SAM merges Globals into a resource: mappings key by key, lists one behind the other."""
    if common.is_mapping and own.is_mapping and common.function is None and own.function is None:
        both = dict(common.items())
        for key, node in own.items():
            both[key] = _merged(both[key], node) if key in both else node
        return _held(own, both)
    if common.is_sequence and own.is_sequence:
        return _held(own, [*common, *own])
    return own if own else common


def _held(like: Node, items: dict[str, Node] | list[Node]) -> Node:
    """A collection of nodes that stay where they are written."""
    kind = Kind.MAPPING if isinstance(items, dict) else Kind.SEQUENCE
    node = Node(kind, like.subject, like.span, style=like.style, shared=True)
    node.key, node.key_span, node.parent = like.key, like.key_span, like.parent
    node._items = items
    return node
