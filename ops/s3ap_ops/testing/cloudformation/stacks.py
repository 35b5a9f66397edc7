"""Stacks: their data, their creation and update. Their end is in `deletion`."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.deletion import Deletion
from s3ap_ops.testing.cloudformation.intrinsics import NO_VALUE, Scope, references
from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.resources import Refused, Site, kind_of

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@dataclass
class Resource:
    """A resource of a stack."""

    logical: str
    type: str
    physical: str
    status: str
    properties: dict[str, Any]
    attributes: dict[str, Any]
    needs: set[str]  # logical ids that it refers to
    policy: str = "Delete"
    reason: str = ""
    changed: datetime | None = None


@dataclass
class Event:
    """A line of a stack's history."""

    id: str
    logical: str
    physical: str
    type: str
    status: str
    reason: str
    token: str
    at: datetime


class Physical(dict[str, Resource]):
    """A stack's resources: `[logical id]` is the physical id, `.of(logical id)` all that is known."""

    def __getitem__(self, logical: str) -> str:  # type: ignore[override]
        return super().__getitem__(logical).physical

    def of(self, logical: str) -> Resource:
        """The resource. Raises KeyError."""
        return super().__getitem__(logical)


@dataclass
class Stack:
    """A stack, also after its end."""

    id: str
    name: str
    region: str
    template: dict[str, Any]
    text: str
    parameters: dict[str, Any]
    tags: dict[str, str]
    role_arn: str | None
    protected: bool
    created: datetime
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    updated: datetime | None = None
    deleted: datetime | None = None
    resources: Physical = field(default_factory=Physical)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)  # oldest first
    parent: str | None = None
    root: str | None = None
    token: str = ""
    deletion: Deletion | None = None
    settles: float | None = None  # when an operation under way is complete, in virtual seconds
    capabilities: list[str] = field(default_factory=list)
    description: str = ""
    disable_rollback: bool = False
    deletion_mode: str = "STANDARD"

    @property
    def live(self) -> bool:
        """Whether it is not deleted."""
        return self.status != "DELETE_COMPLETE"

    @property
    def exports(self) -> dict[str, str]:
        """Export name -> value."""
        return {
            output["ExportName"]: output["OutputValue"] for output in self.outputs.values() if output.get("ExportName")
        }

    @property
    def processed(self) -> dict[str, Any]:
        """The template after its transform."""
        return templates.processed(self.template)


class Stacks:
    """Every stack of a world, in all regions."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.all: dict[str, Stack] = {}

    # -- finding

    def in_region(self, region: str) -> Iterator[Stack]:
        """The stacks of a region, deleted ones too, oldest first."""
        return (stack for stack in self.all.values() if stack.region == region)

    def find(self, name: str, region: str) -> Stack | None:
        """The stack of that name that is not deleted, or of that id in any state."""
        if name in self.all and self.all[name].region == region:
            return self.all[name]
        return next((stack for stack in self.in_region(region) if stack.live and stack.name == name), None)

    def any(self, name: str, region: str) -> Stack:
        """As `find`, then the youngest deleted one of that name. Raises KeyError."""
        found = self.find(name, region)
        found = found or next((stack for stack in reversed(list(self.in_region(region))) if stack.name == name), None)
        if found is None:
            raise KeyError(f"no stack {name!r} in {region}")
        return found

    def importers(self, export: str, region: str) -> list[str]:
        """The names of the stacks that import an export."""
        return [stack.name for stack in self.in_region(region) if stack.live and export in stack.imports]

    # -- creating

    def create(
        self,
        name: str,
        template: dict[str, Any] | str,
        *,
        region: str,
        parameters: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
        protected: bool = False,
        parent: Stack | None = None,
        token: str = "",
    ) -> Stack:
        """A new stack whose resources exist; it is complete once its time has passed. Raises AwsError if refused."""
        if self.find(name, region):
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        data, text = templates.read(template)
        now = self._world.clock.now()
        stack = Stack(
            f"arn:aws:cloudformation:{region}:{self._world.account}:stack/{name}/{self._uuid()}",
            name, region, data, text, {}, dict(tags or {}), role_arn, protected, now, token=token,
        )  # fmt: skip
        stack.parameters = self._parameters(data, parameters or {})
        stack.description = str(data.get("Description", ""))
        if parent is not None:
            stack.parent, stack.root = parent.id, parent.root or parent.id
        self.all[stack.id] = stack
        self.note(stack, "CREATE_IN_PROGRESS", "User Initiated")
        self._build(stack)
        return stack

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._world.random.getrandbits(128), version=4))

    def _parameters(self, template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
        declared = template.get("Parameters", {})
        unknown = sorted(set(given) - set(declared))
        if unknown:
            raise AwsError("ValidationError", f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        missing = sorted(
            name for name, parameter in declared.items() if name not in given and "Default" not in parameter
        )
        if missing:
            raise AwsError("ValidationError", f"Parameters: [{', '.join(missing)}] must have values")
        return {name: given.get(name, parameter.get("Default")) for name, parameter in declared.items()}

    def _build(self, stack: Stack) -> None:
        world, scope = self._world, self.scope(stack)
        wanted = self._wanted(stack, scope)
        try:
            for logical in _ordered(wanted):
                self._make(stack, scope, logical, wanted[logical])
            stack.outputs = self._outputs(stack, scope)
        except (Refused, AwsError) as error:
            stack.settles = None
            self.note(stack, "ROLLBACK_IN_PROGRESS", f"The following resource(s) failed to create: [{logical}]. ")
            stack.deletion = Deletion(world.clock.elapsed(), "", rollback=True)
            stack.reason = str(error)
            stack.deletion.step(world, stack)
            return
        stack.settles = world.clock.elapsed() + world.pace.create

    def _wanted(self, stack: Stack, scope: Scope) -> dict[str, dict[str, Any]]:
        """The resources whose condition holds."""
        found = stack.processed["Resources"].items()
        return {
            logical: resource
            for logical, resource in found
            if "Condition" not in resource or scope.condition(resource["Condition"])
        }

    def _make(self, stack: Stack, scope: Scope, logical: str, source: dict[str, Any]) -> None:
        needs = _needs(source, stack.processed["Resources"])
        resource = Resource(logical, source["Type"], "", "CREATE_IN_PROGRESS", {}, {}, needs, policy_of(source, scope))
        stack.resources[logical] = resource
        self.note(stack, "CREATE_IN_PROGRESS", "", resource)
        try:
            resource.properties = scope.resolve(source.get("Properties", {}))
            made = kind_of(resource.type).create(self.site(stack, resource))
        except (Refused, AwsError, BotoCoreError, ClientError) as error:
            reason = _handler_message(error)
            self.note(stack, "CREATE_FAILED", reason, resource)
            raise Refused(reason) from error
        resource.physical, resource.attributes = made.physical, made.attributes
        self.note(stack, "CREATE_IN_PROGRESS", "Resource creation Initiated", resource)
        self.note(stack, "CREATE_COMPLETE", "", resource)

    def _outputs(self, stack: Stack, scope: Scope) -> dict[str, dict[str, Any]]:
        outputs: dict[str, dict[str, Any]] = {}
        for name, output in stack.processed.get("Outputs", {}).items():
            if "Condition" in output and not scope.condition(output["Condition"]):
                continue
            value = scope.resolve(output["Value"])
            found = {"OutputKey": name, "OutputValue": str(value), "Description": output.get("Description")}
            if "Export" in output:
                found["ExportName"] = str(scope.resolve(output["Export"]["Name"]))
                self._refuse_second(stack, found["ExportName"])
            outputs[name] = found
        return outputs

    def _refuse_second(self, stack: Stack, export: str) -> None:
        for other in self.in_region(stack.region):
            if other.live and other.id != stack.id and export in other.exports:
                raise AwsError(
                    "ValidationError", f"Export with name {export} is already exported by stack {other.name}. "
                )

    # -- updating

    def update(
        self,
        stack: Stack,
        template: dict[str, Any] | str | None,
        parameters: dict[str, str] | None,
        tags: dict[str, str] | None,
        token: str = "",
    ) -> None:
        """The stack with the new template, parameters and tags. Raises AwsError when it is refused."""
        if not stack.status.endswith("_COMPLETE") or stack.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
            raise AwsError("ValidationError", f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        data, text = templates.read(template) if template is not None else (stack.template, stack.text)
        values = self._parameters(data, parameters if parameters is not None else {})
        wanted_tags = stack.tags if tags is None else tags
        if (data, values, wanted_tags) == (stack.template, stack.parameters, stack.tags):
            raise AwsError("ValidationError", "No updates are to be performed.")
        before = dict(stack.resources.items())
        stack.template, stack.text, stack.parameters, stack.tags = data, text, values, dict(wanted_tags)
        stack.token, stack.updated = token, self._world.clock.now()
        self.note(stack, "UPDATE_IN_PROGRESS", "User Initiated")
        self._change(stack, before)
        stack.settles = self._world.clock.elapsed() + self._world.pace.update

    def _change(self, stack: Stack, before: dict[str, Resource]) -> None:
        scope = self.scope(stack)
        wanted = self._wanted(stack, scope)
        for logical in _ordered(wanted):
            source, old = wanted[logical], before.get(logical)
            if old is None or old.type != source["Type"]:
                self._make(stack, scope, logical, source)
                continue
            properties = scope.resolve(source.get("Properties", {}))
            old.policy, old.needs = policy_of(source, scope), _needs(source, stack.processed["Resources"])
            if properties != old.properties:
                old.properties = properties
                kind_of(old.type).update(self.site(stack, old))
                self.note(stack, "UPDATE_COMPLETE", "", old)
        for logical in [logical for logical in before if logical not in wanted]:
            gone = before[logical]
            if gone.policy == "Delete":
                kind_of(gone.type).delete(self.site(stack, gone))
                self.note(stack, "DELETE_COMPLETE", "", gone)
            del stack.resources[logical]
        stack.outputs = self._outputs(stack, scope)

    # -- time

    def settle(self, stack: Stack) -> None:
        """Completes the operation under way at once."""
        for child in [child for child in self.all.values() if child.root == stack.id and child.settles is not None]:
            self.settle(child)
        if stack.settles is not None:
            stack.settles = None
            self.note(stack, stack.status.replace("IN_PROGRESS", "COMPLETE"), "")
        if stack.deletion is not None and stack.deletion.rollback:
            stack.deletion.finish_rollback(self._world, stack)

    def tick(self) -> None:
        """Lets every operation under way come as far as the time allows."""
        now = self._world.clock.elapsed()
        for stack in list(self.all.values()):
            if stack.settles is not None and stack.settles <= now:
                self.settle(stack)
            if stack.deletion is not None:
                stack.deletion.step(self._world, stack)

    # -- help

    def note(self, stack: Stack, status: str, reason: str, resource: Resource | None = None) -> None:
        """Writes a status into the history, and onto the stack or the resource."""
        now = self._world.clock.now()
        if resource is None:
            stack.status, stack.reason = status, reason
            logical, physical, kind = stack.name, stack.id, "AWS::CloudFormation::Stack"
        else:
            resource.status, resource.reason, resource.changed = status, reason, now
            logical, physical, kind = resource.logical, resource.physical, resource.type
        stack.events.append(Event(self._uuid(), logical, physical, kind, status, reason, stack.token, now))

    def site(self, stack: Stack, resource: Resource) -> Site:
        """What a resource's kind needs to know to make or delete it."""
        return Site(self._world, stack, resource)

    def scope(self, stack: Stack) -> Scope:
        """What names mean in a stack."""
        world = self._world
        pseudo = {
            "AWS::Region": stack.region,
            "AWS::AccountId": world.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.id,
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
        declared = stack.template.get("Parameters", {})
        values = {
            name: [part.strip() for part in str(value).split(",")]
            if "List" in declared[name].get("Type", "")
            else value
            for name, value in stack.parameters.items()
        }

        def ref(logical: str) -> Any:
            if logical not in stack.resources:
                raise AwsError(
                    "ValidationError",
                    f"Template format error: Unresolved resource dependencies [{logical}] in the Resources block",
                )
            return stack.resources[logical]

        def attribute(logical: str, name: str) -> Any:
            if logical not in stack.resources:
                raise AwsError(
                    "ValidationError", f"Template error: instance of Fn::GetAtt references undefined resource {logical}"
                )
            resource = stack.resources.of(logical)
            return resource.attributes.get(name, f"{resource.physical}.{name}")

        def imported(export: str) -> Any:
            for other in self.in_region(stack.region):
                if other.live and export in other.exports:
                    stack.imports.add(export)
                    return other.exports[export]
            raise AwsError("ValidationError", f"No export named {export} found. Rollback requested by user.")

        return Scope(stack.processed, pseudo | values, ref, attribute, imported)


def policy_of(source: dict[str, Any], scope: Scope) -> str:
    """Delete, Retain, RetainExceptOnCreate or Snapshot."""
    return str(scope.resolve(source.get("DeletionPolicy", "Delete")))


def _needs(source: dict[str, Any], resources: dict[str, Any]) -> set[str]:
    after = source.get("DependsOn", [])
    named = {after} if isinstance(after, str) else set(after)
    return (references(source.get("Properties", {})) | named) & set(resources)


def _ordered(wanted: dict[str, dict[str, Any]]) -> list[str]:
    """The logical ids, each after what it needs. Raises AwsError for a circle."""
    needs = {logical: _needs(source, wanted) - {logical} for logical, source in wanted.items()}
    found: list[str] = []
    while needs:
        free = [logical for logical, others in needs.items() if others <= set(found)]
        if not free:
            raise AwsError("ValidationError", f"Circular dependency between resources: [{', '.join(sorted(needs))}]")
        found += free
        for logical in free:
            del needs[logical]
    return found


def _handler_message(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Message"])
    return str(error)
