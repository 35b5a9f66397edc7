"""What a change set says: how the resources of a stack differ from what a new template makes of them."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.intrinsics import Scope, references
from s3ap_ops.testing.cloudformation.needs import ordered, policies_of
from s3ap_ops.testing.cloudformation.records import Resource, Stack
from s3ap_ops.testing.cloudformation.replacement import ALWAYS, NEVER, PERHAPS, Difference, differences, recreation
from s3ap_ops.testing.cloudformation.scopes import exported, values_of, wanted_of

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
_ATTRIBUTES = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy")
_REPLACEMENTS = {ALWAYS: "True", PERHAPS: "Conditional", NEVER: "False"}
_UNTAGGED = ("Policy", "Permission", "Subscription", "Ingress", "Egress", "Attachment", "Association")


@dataclass
class Preview:
    """What would come of a template for a stack. `fates`: what becomes of each resource that is there already."""

    world: "World"
    stack: Stack
    template: dict[str, Any]  # after its transform
    parameters: dict[str, Any]
    tags: dict[str, str]
    fates: dict[str, str] = field(default_factory=dict)  # logical id -> Always, Conditionally or Never

    def changes(self) -> list[dict[str, Any]]:
        """The resource changes, as DescribeChangeSet shows them, with everything that it can show."""
        scope = self._scope()
        wanted = wanted_of(self.template, scope)
        found = [self._change(logical, wanted[logical], scope) for logical in ordered(wanted)]
        gone = [resource for logical, resource in self.stack.resources.items() if logical not in wanted]
        return [change for change in found if change] + [_removal(resource) for resource in gone]

    def outputs(self) -> dict[str, Any]:
        """The outputs as far as they can be told."""
        scope = self._scope()
        return {
            name: (scope.resolve(output["Value"]), scope.resolve(output.get("Export", {})))
            for name, output in self.template.get("Outputs", {}).items()
            if "Condition" not in output or scope.condition(output["Condition"])
        }

    def _scope(self) -> Scope:
        stack = self.stack

        def ref(logical: str) -> Any:
            row = stack.resources.get(logical)
            return UNKNOWN if row is None or not row.physical or self.fates.get(logical) == ALWAYS else row.physical

        def attribute(logical: str, name: str) -> Any:
            row = stack.resources.get(logical)
            if row is None or not row.physical or self.fates.get(logical) == ALWAYS:
                return UNKNOWN
            return row.attributes.get(name, f"{row.physical}.{name}")

        values = values_of(self.world, stack, self.template, self.parameters)
        return Scope(self.template, values, ref, attribute, lambda name: exported(self.world, stack.region, name))

    def _change(self, logical: str, source: dict[str, Any], scope: Scope) -> dict[str, Any] | None:
        row = self.stack.resources.get(logical)
        after = scope.resolve(source.get("Properties", {}))
        if row is None or not row.physical:
            context = json.dumps({"Properties": after}, default=str)
            return {"Action": "Add", "LogicalResourceId": logical, "ResourceType": source["Type"], "Scope": [],
                    "Details": [], "AfterContext": context}  # fmt: skip
        details = self._details(logical, row, source, after)
        if not details:
            return None
        worst = _worst(details)
        self.fates[logical] = worst
        change = {
            "Action": "Modify",
            "LogicalResourceId": logical,
            "PhysicalResourceId": row.physical,
            "ResourceType": row.type,
            "Replacement": _REPLACEMENTS[worst],
            "Scope": sorted({detail["Target"]["Attribute"] for detail in details}),
            "Details": details,
            "BeforeContext": json.dumps({"Properties": row.properties}, default=str),
            "AfterContext": json.dumps({"Properties": after}, default=str),
        }
        if worst != NEVER:
            _, policy = policies_of(source, scope)
            change["PolicyAction"] = f"ReplaceAnd{_word(policy)}"
        return change

    def _details(self, logical: str, row: Resource, source: dict[str, Any], after: dict[str, Any]) -> list[Any]:
        old = self.stack.processed["Resources"].get(logical, {})
        details = [
            detail
            for difference in differences(row.type, row.properties, after)
            for detail in self._of_property(difference, old, source)
        ]
        told = {difference.name for difference in differences(row.type, row.properties, after)}
        details += self._perhaps(row, source, told)
        for name in _ATTRIBUTES:
            if old.get(name) != source.get(name):
                details.append(_detail(name, None, NEVER, "Static", "DirectModification"))
        if self.tags != self.stack.tags and not row.type.endswith(_UNTAGGED) and "Tags" not in told:
            details.append(_detail("Tags", None, NEVER, "Static", "DirectModification"))
        if row.type == "AWS::CloudFormation::Stack":  # its own template is not looked at
            details.append(_detail("Properties", None, NEVER, "Dynamic", "Automatic"))
        return details

    def _of_property(self, difference: Difference, old: dict[str, Any], new: dict[str, Any]) -> list[Any]:
        """What changes a property: the template itself, a parameter, another resource."""
        name = difference.name
        before, after = (source.get("Properties", {}).get(name) for source in (old, new))
        attribute = "Tags" if name == "Tags" else "Properties"
        dynamic = UNKNOWN in json.dumps(difference.after, default=str)
        found: list[tuple[str, str, str | None]] = []
        for entity in sorted(references(after) | references(before)):
            if entity in self.parameters and self.parameters[entity] != self.stack.parameters.get(entity):
                found.append(("Static", "ParameterReference", entity))
            elif self.fates.get(entity, NEVER) != NEVER:
                sure = "Static" if self.fates[entity] == ALWAYS else "Dynamic"
                found.append((sure, *_reference(after, entity)))
        if before != after or not found:
            found.append(("Dynamic" if dynamic and before == after else "Static", "DirectModification", None))
        return [
            _detail(attribute, difference, difference.recreation, evaluation, source, entity)
            for evaluation, source, entity in found
        ]

    def _perhaps(self, row: Resource, source: dict[str, Any], told: set[str]) -> list[Any]:
        """Properties that read an attribute of a resource which is changed: whether they differ shows later."""
        found = []
        for name, value in source.get("Properties", {}).items():
            for entity in sorted(references(value)):
                kind, text = _reference(value, entity)
                if name in told or entity not in self.fates or self.fates[entity] == ALWAYS:
                    continue
                if kind == "ResourceReference" and self.fates[entity] == NEVER:
                    continue  # its physical id stays
                value_now = row.properties.get(name)
                difference = Difference(name, value_now, UNKNOWN, recreation(row.type, name, value_now, UNKNOWN))
                found.append(_detail("Properties", difference, difference.recreation, "Dynamic", kind, text))
        return found


def _reference(value: Any, entity: str) -> tuple[str, str]:
    """How a value reads a resource: by Ref, or by which attribute."""
    text = json.dumps(value, default=str)
    if f'"Ref": "{entity}"' in text or f"${{{entity}}}" in text:
        return "ResourceReference", entity
    for quoted in (f'"Fn::GetAtt": ["{entity}", "', f'"Fn::GetAtt": "{entity}.', f"${{{entity}."):
        _, found, rest = text.partition(quoted)
        if found:
            return "ResourceAttribute", f"{entity}.{rest.split(chr(34))[0].split('}')[0]}"
    return "ResourceReference", entity


def _detail(
    attribute: str,
    difference: Difference | None,
    recreated: str,
    evaluation: str,
    source: str,
    entity: str | None = None,
) -> dict[str, Any]:
    target: dict[str, Any] = {"Attribute": attribute, "RequiresRecreation": recreated}
    if difference is not None:
        before, after = difference.before, difference.after
        target |= {
            "Name": difference.name,
            "Path": f"/Properties/{difference.name}",
            "BeforeValue": _shown(before),
            "AfterValue": _shown(after),
            "AttributeChangeType": "Add" if before is None else "Remove" if after is None else "Modify",
        }
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source, "CausingEntity": entity}


def _shown(value: Any) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value, default=str)


def _worst(details: list[dict[str, Any]]) -> str:
    """What becomes of the resource: a change that may not come about replaces it only perhaps."""
    found = set()
    for detail in details:
        recreated = detail["Target"]["RequiresRecreation"]
        unsure = detail["Evaluation"] == "Dynamic" and recreated == ALWAYS
        found.add(PERHAPS if unsure else recreated)
    return next(word for word in (ALWAYS, PERHAPS, NEVER) if word in found)


def _word(policy: str) -> str:
    return "Retain" if policy.startswith("Retain") else policy


def _removal(resource: Resource) -> dict[str, Any]:
    return {
        "Action": "Remove",
        "PolicyAction": _word(resource.policy),
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical or None,
        "ResourceType": resource.type,
        "Scope": [],
        "Details": [],
        "BeforeContext": json.dumps({"Properties": resource.properties}, default=str),
    }


def is_changed(preview: Preview, changes: list[dict[str, Any]]) -> bool:
    """Whether an update would do anything: to a resource, or to an output."""
    stack = preview.stack
    if changes or preview.tags != stack.tags:
        return True
    before = Preview(preview.world, stack, templates.processed(stack.template), stack.parameters, stack.tags)
    return before.outputs() != preview.outputs()
