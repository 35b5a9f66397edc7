"""Resources in CloudFormation's own terms, also where the template has them in SAM's shorter ones.

Facts: SAM specification, "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::Serverless::LayerVersion"
and "Globals section of the AWS SAM template", each property's "AWS CloudFormation compatibility".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.difference.bags import NAMED
from s3ap_lint.template.node import Kind, Node
from s3ap_lint.template.template import Resource

PLAIN_TYPES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
}
"""What SAM makes of a resource under its own logical id."""

_INSTANCES = "CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig"
_MEMORY, _CONCURRENCY = "ExecutionEnvironmentMemoryGiBPerVCpu", "PerExecutionEnvironmentMaxConcurrency"

RENAMED: Mapping[str, Mapping[str, str]] = {
    "AWS::Serverless::Function": {
        "Tracing": "TracingConfig.Mode",
        "DeadLetterQueue": "DeadLetterConfig",
        "DeadLetterQueue.TargetArn": "DeadLetterConfig.TargetArn",
        "CodeUri": "Code",
        "CodeUri.Bucket": "Code.S3Bucket",
        "CodeUri.Key": "Code.S3Key",
        "CodeUri.Version": "Code.S3ObjectVersion",
        "InlineCode": "Code.ZipFile",
        "ImageUri": "Code.ImageUri",
        "SourceKMSKeyArn": "Code.SourceKMSKeyArn",
        "CapacityProviderConfig.Arn": f"{_INSTANCES}.CapacityProviderArn",
        **{f"CapacityProviderConfig.{name}": f"{_INSTANCES}.{name}" for name in (_MEMORY, _CONCURRENCY)},
    },
    "AWS::Serverless::StateMachine": {
        "Name": "StateMachineName",
        "Role": "RoleArn",
        "Type": "StateMachineType",
        "Logging": "LoggingConfiguration",
        "Tracing": "TracingConfiguration",
        "DefinitionUri": "DefinitionS3Location",
    },
    "AWS::Serverless::LayerVersion": {
        "ContentUri": "Content",
        "ContentUri.Bucket": "Content.S3Bucket",
        "ContentUri.Key": "Content.S3Key",
        "ContentUri.Version": "Content.S3ObjectVersion",
    },
    "AWS::Serverless::SimpleTable": {"PrimaryKey": "KeySchema"},
}
"""SAM's properties that CloudFormation has under another name, dotted where it lies deeper."""

OWN: Mapping[str, frozenset[str]] = {
    "AWS::Serverless::Function": frozenset(
        """
        AssumeRolePolicyDocument AutoPublishAlias AutoPublishAliasAllProperties AutoPublishCodeSha256 Connectors
        DeploymentPreference EventInvokeConfig Events FunctionUrlConfig PermissionsBoundary Policies PropagateTags
        ProvisionedConcurrencyConfig RolePath VersionDeletionPolicy VersionDescription
        """.split()  # noqa: SIM905
    ),
    "AWS::Serverless::StateMachine": frozenset(
        """
        AutoPublishAlias Connectors DeploymentPreference Events PermissionsBoundary Policies PropagateTags RolePath
        UseAliasAsEventTarget
        """.split()  # noqa: SIM905
    ),
    "AWS::Serverless::LayerVersion": frozenset({"PublishLambdaVersion"}),
}
"""SAM's properties of which SAM makes resources of their own, or which only SAM heeds."""

CODE = {
    "AWS::Lambda::Function": ("Code", "Handler"),
    "AWS::Serverless::Function": ("CodeUri", "Code", "Handler"),
    "AWS::Lambda::LayerVersion": ("Content",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
}
"""The properties that say where code lies."""

CREATED_BY = frozenset({"Tags.lambda:createdBy", "Tags.stateMachine:createdBy"})
"""The tags by which SAM marks what it makes: nothing that a template would say."""

HOLDERS = frozenset({"Environment", "Tags", "Variables"})
"""Mappings that are there for what is in them: an empty one is none."""

_REPLACED = frozenset({"Architectures"})
"""Lists of Globals that those of a resource replace, instead of going on with them."""

_KEY_TYPES = {"String": "S", "Number": "N", "Binary": "B"}


@dataclass(frozen=True)
class Plain:
    """A resource as CloudFormation would have it: its type there, and its properties by their dotted names.

    A property stands for all that is below it, except that of names in `opened` the inner ones stand for themselves.
    """

    resource: Resource

    @cached_property
    def type(self) -> str:
        return PLAIN_TYPES.get(self.resource.type, self.resource.type)

    @cached_property
    def own(self) -> dict[str, Node]:
        """What only SAM knows, by its name there."""
        own = OWN.get(self.resource.type, frozenset())
        return {name: node for name, node in self.written.items() if name in own}

    @cached_property
    def properties(self) -> dict[str, Node]:
        """The properties by dotted name, each mapping opened down to what is no mapping."""
        renamed = RENAMED.get(self.resource.type, {})
        own = OWN.get(self.resource.type, frozenset())
        out: dict[str, Node] = {}
        for name, node in self._said.items():
            if name not in own:
                self._open(renamed.get(name, name), name, node, renamed, out)
        return {name: node for name, node in out.items() if not _says_nothing(name, node)}

    @cached_property
    def opened(self) -> dict[str, Node]:
        """The mappings that were opened, by dotted name."""
        self.properties  # noqa: B018
        return self._opened

    @cached_property
    def _opened(self) -> dict[str, Node]:
        return {}

    @cached_property
    def _holders(self) -> dict[str, tuple[str, str]]:
        return {}

    def holder(self, name: str) -> tuple[str, str]:
        """The name of what a property lies in, and its key there, which may have dots of its own."""
        self.properties  # noqa: B018
        outer, _, key = name.rpartition(".")
        return self._holders.get(name, (outer, key))

    def outer(self, name: str) -> list[str]:
        """The names of all that a property lies in, the shortest first."""
        holder = self.holder(name)[0]
        return [*self.outer(holder), holder] if holder else []

    def at(self, name: str, like: Plain) -> Node:
        """What stands for a dotted name of either of two resources, or the place where it would."""
        found = self.properties.get(name) or self.opened.get(name) or self._gathered(name)
        if found:
            return found
        outer, key = like.holder(name)
        while outer and outer not in self.opened:
            outer, key = like.holder(outer)
        holder = self.opened[outer] if outer else self.resource.properties
        return holder[key] if holder else self.resource.node["Properties"]

    def _gathered(self, name: str) -> Node | None:
        """A mapping of CloudFormation whose entries are properties of their own in SAM."""
        inner = {
            key.removeprefix(f"{name}."): node for key, node in self.properties.items() if key.startswith(f"{name}.")
        }
        return _held(next(iter(inner.values())), inner) if inner else None

    def attribute(self, name: str) -> Node:
        """An attribute of the resource, such as DependsOn, as CloudFormation would have it."""
        written = self.resource.node[name]
        if self.resource.type != "AWS::Serverless::LayerVersion" or name != "DeletionPolicy":
            return written
        retention = self.written.get("RetentionPolicy")
        if retention is not None and retention.is_text:
            return made(retention.text.capitalize(), retention, retention.key)
        return retention or written or made("Retain", self.resource.node["Type"], name)

    def _open(self, name: str, written: str, node: Node, renamed: Mapping[str, str], out: dict[str, Node]) -> None:
        entries = _entries(name, node)
        if entries is None:
            out[name] = node
            return
        self._opened[name] = node
        for key, child in entries:
            inner = renamed.get(f"{written}.{key}", f"{name}.{key}")
            self._holders[inner] = (name, key)
            self._open(inner, f"{written}.{key}", child, renamed, out)

    @cached_property
    def _said(self) -> dict[str, Node]:
        """The properties, and what SAM adds or leaves out that CloudFormation has to be told."""
        located = {name: _located(name, node) for name, node in self.written.items()}
        if self.resource.type == "AWS::Serverless::Function":
            heeded = set(located)
            if "Tracing" in located and located["Tracing"].text == "Disabled":
                heeded -= {"Tracing"}
            if "PackageType" in located and located["PackageType"].text == "Image":
                heeded -= {"CodeUri", "InlineCode"}
            elif "InlineCode" in located:
                heeded -= {"CodeUri"}
            return {name: node for name, node in located.items() if name in heeded}
        if self.resource.type == "AWS::Serverless::SimpleTable":
            return self._table()
        if self.type == "AWS::Lambda::LayerVersion":
            named = {"LayerName": made(self.resource.id, self.resource.node["Type"], "LayerName")}
            return named | {name: node for name, node in located.items() if name != "RetentionPolicy"}
        return located

    def _table(self) -> dict[str, Node]:
        """A table of DynamoDB with one key, which SAM calls id where nothing is said."""
        rest = {name: node for name, node in self.written.items() if name != "PrimaryKey"}
        at = self.written.get("PrimaryKey") or self.resource.node["Type"]
        key, kind = at["Name"].text or "id", at["Type"].text or "String"
        rest["AttributeDefinitions"] = made(
            [{"AttributeName": key, "AttributeType": _KEY_TYPES.get(kind, kind)}], at, "AttributeDefinitions"
        )
        rest["KeySchema"] = made([{"AttributeName": key, "KeyType": "HASH"}], at, "KeySchema")
        if "ProvisionedThroughput" not in rest:
            rest["BillingMode"] = made("PAY_PER_REQUEST", at, "BillingMode")
        return rest

    @cached_property
    def written(self) -> dict[str, Node]:
        """The properties as they are written, with what Globals adds."""
        own, common = self.resource.properties, self.resource.inherited_all
        ignored = self.resource.node["IgnoreGlobals"]
        if not common or ignored.text == "*":
            return dict(own.items())
        left = {name: node for name, node in common.items() if name not in {item.text for item in ignored}}
        return dict(_merged(_held(common, left), own).items())


_LOCATED = frozenset({"CodeUri", "ContentUri", "DefinitionUri"})
_PARTS = ("Bucket", "Key", "Version")
_S3 = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>[^?]+)(?:\?versionId=(?P<version>.+))?")


def _located(name: str, node: Node) -> Node:
    """A place in S3 by its parts, which SAM takes as one text too."""
    match = _S3.fullmatch(node.text) if name in _LOCATED else None
    if match is None:
        return node
    parts = zip(_PARTS, match.groups(), strict=True)
    return made({key: value for key, value in parts if value}, node, name)


def _says_nothing(name: str, node: Node) -> bool:
    """Whether a property is as good as left out."""
    empty = (node.is_mapping or node.is_sequence) and not len(node)
    if empty and name.rpartition(".")[2] in HOLDERS:
        return True
    return (name in CREATED_BY and node.text == "SAM") or name == "DeadLetterConfig.Type"


def _entries(name: str, node: Node) -> list[tuple[str, Node]] | None:
    """The entries of a mapping, or of a list that is one in other words; None for anything else."""
    if node.is_sequence:
        last = name.rpartition(".")[2]
        if last == "Tags":
            return _distinct([(item["Key"], item["Value"]) for item in node if len(item) == 2], len(node))
        return _distinct([(item[NAMED[last]], item) for item in node], len(node)) if last in NAMED else None
    if not node.is_mapping or node.function is not None or not len(node) or is_document(node):
        return None
    return node.items()


def _distinct(found: list[tuple[Node, Node]], expected: int) -> list[tuple[str, Node]] | None:
    """Items by what names them, where each of them has a name of its own."""
    named = {key.text: node for key, node in found if key.is_text and node}
    return list(named.items()) if named and len(named) == expected else None


def is_document(node: Node) -> bool:
    """Whether a value is a policy document."""
    return "Statement" in node


def _merged(common: Node, own: Node, name: str = "") -> Node:
    """Two values as SAM merges Globals into a resource: mappings key by key, lists one behind the other."""
    if common.is_mapping and own.is_mapping and common.function is None and own.function is None:
        both = dict(common.items())
        for key, node in own.items():
            both[key] = _merged(both[key], node, key) if key in both else node
        return _held(own, both)
    if common.is_sequence and own.is_sequence and name not in _REPLACED:
        return _held(own, [*common, *own])
    return own if own else common


def _held(like: Node, items: dict[str, Node] | list[Node]) -> Node:
    """A collection of nodes that stay where they are written."""
    kind = Kind.MAPPING if isinstance(items, dict) else Kind.SEQUENCE
    node = Node(kind, like.subject, like.span, style=like.style, shared=True)
    node.key, node.key_span, node.parent = like.key, like.key_span, like.parent
    node._items = items
    return node


Data = str | list["Data"] | dict[str, "Data"]


def made(data: Data, at: Node, key: str) -> Node:
    """A value that SAM adds, with the place of what it stands for."""
    kind = Kind.SCALAR if isinstance(data, str) else Kind.MAPPING if isinstance(data, dict) else Kind.SEQUENCE
    text = data if isinstance(data, str) else ""
    node = Node(kind, at.subject, at.span, value=text, raw=text, shared=True)
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inner:
        node.adopt(str(name), made(value, at, str(name)), at.key_span)
    node.key, node.key_span, node.parent = key, at.key_span, at.parent
    return node
