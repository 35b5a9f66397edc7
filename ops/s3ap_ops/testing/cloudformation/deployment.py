"""A creation or an update under way: resources in the order of their needs, over virtual time, and the way back."""

import math
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.testing.cloudformation import outputs
from s3ap_ops.testing.cloudformation.deletion import Deletion, keeps
from s3ap_ops.testing.cloudformation.intrinsics import Scope
from s3ap_ops.testing.cloudformation.needs import levels, needs_of, policies_of
from s3ap_ops.testing.cloudformation.reasons import reason_of, why_not
from s3ap_ops.testing.cloudformation.records import Resource, Stack
from s3ap_ops.testing.cloudformation.replacement import is_replaced, name_of
from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.resources import Busy, Refused, Site, is_gone, kind_of

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

Verb = Literal["create", "update", "replace"]
Phase = Literal["making", "held", "back", "stuck", "cleanup"]
FAILURES = (Refused, AwsError, BotoCoreError, ClientError)
_ROUNDING = 1e-6
_REPLACES = "Requested update requires the creation of a new physical resource; hence creating one."


@dataclass
class Task:
    """What becomes of one resource. `old` is how it was."""

    logical: str
    verb: Verb
    properties: dict[str, Any]
    old: Resource | None


@dataclass(frozen=True)
class Before:
    """A stack as it was before its update."""

    template: dict[str, Any]
    text: str
    parameters: dict[str, Any]
    tags: dict[str, str]
    outputs: dict[str, dict[str, Any]]
    imports: set[str]

    def restore(self, stack: Stack) -> None:
        """Makes the stack's description what it was; its resources are another matter."""
        stack.template, stack.text, stack.parameters = self.template, self.text, self.parameters
        stack.tags, stack.outputs, stack.imports = self.tags, self.outputs, self.imports


@dataclass
class Deployment:
    """A creation, or an update when there is a `before`. Times are virtual seconds."""

    began: float
    span: float
    scope: Scope
    wanted: dict[str, dict[str, Any]]
    on_failure: str = "ROLLBACK"  # or DO_NOTHING or DELETE
    before: Before | None = None
    express: bool = False
    new_go: bool = False  # what this operation made goes in its rollback, retained or not
    phase: Phase = "making"
    tasks: dict[str, Task] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    stuck: list[Task] = field(default_factory=list)
    skipped: frozenset[str] = frozenset()  # resources that a rollback which goes on leaves as they are
    turned: float = 0  # when the way back may end
    cleaning: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        waves = levels(self.wanted)
        self._order = [logical for wave in waves for logical in wave]
        self._each = self.span / max(1, len(waves))
        self._needs = {logical: needs_of(source, self.wanted) - {logical} for logical, source in self.wanted.items()}

    # -- forward

    def step(self, world: "World", stack: Stack, *, hurry: bool = False) -> None:
        """Goes as far as the virtual time allows, or in a hurry to where something else is waited for."""
        now = math.inf if hurry else world.clock.elapsed() + _ROUNDING
        if self.phase == "making":
            self._make(world, stack, now)
        if self.phase == "back" and now >= self.turned:
            self._take_back(world, stack)
        if self.phase == "cleanup":
            self._clean(world, stack)

    def _make(self, world: "World", stack: Stack, now: float) -> None:
        progress = True
        while progress and not self.failed:
            self._start(world, stack)
            due = sorted((logical for logical in self.started if logical not in self.done), key=self._due)
            waves = groupby((logical for logical in due if self._due(logical) <= now), key=self._due)
            # one wave at a time: what it sets free may fall due before the next
            progress = any(self._finish_wave(world, stack, list(wave)) for _, wave in waves)
        if self.failed:
            self._fail(world, stack)
        elif len(self.done) == len(self.wanted) and now >= self.began + self.span:
            self._complete(world, stack)

    def _finish_wave(self, world: "World", stack: Stack, wave: list[str]) -> bool:
        """Whether any of these is there, or has failed; after a failure no other is made."""
        moved = False
        for logical in wave:
            moved |= self._finish(world, stack, logical)
            if self.failed:
                return True
        return moved

    def _due(self, logical: str) -> float:
        return self.started[logical] + self._each

    def _start(self, world: "World", stack: Stack) -> None:
        """Begins what needs nothing that is not there."""
        for logical in self._order:
            needs = self._needs[logical]
            if logical in self.started or not needs <= self.done.keys():
                continue
            self.started[logical] = max([self.began, *(self.done[need] for need in needs)])
            self._begin(world, stack, logical)
            if self.failed:
                return

    def _begin(self, world: "World", stack: Stack, logical: str) -> None:
        source, old = self.wanted[logical], stack.resources.get(logical)
        needs, policies = needs_of(source, stack.processed["Resources"]), policies_of(source, self.scope)
        if old is None or not old.physical:
            made = Resource(logical, source["Type"], "", "CREATE_IN_PROGRESS", {}, {}, needs, *policies)
            stack.resources[logical] = made
            self.tasks[logical] = Task(logical, "create", {}, None)
            world.stacks.note(stack, "CREATE_IN_PROGRESS", "", made)
        try:
            properties = self.scope.resolve(source.get("Properties", {}))
        except FAILURES as error:
            self._failing(world, stack, logical, reason_of(error, source["Type"]))
            return
        if old is None or not old.physical:
            self.tasks[logical].properties = stack.resources.of(logical).properties = properties
            return
        kept = replace(old, needs=set(old.needs))
        old.needs, (old.policy, old.replaced) = needs, policies
        # a nested stack is always looked at: what its template says may have changed at the same address
        if properties == old.properties and old.type != "AWS::CloudFormation::Stack" and self._same_tags(stack):
            self.done[logical] = self.started[logical]
            return
        verb: Verb = "replace" if is_replaced(old.type, old.properties, properties) else "update"
        self.tasks[logical] = Task(logical, verb, properties, kept)
        world.stacks.note(stack, "UPDATE_IN_PROGRESS", _REPLACES if verb == "replace" else "", old)

    def _same_tags(self, stack: Stack) -> bool:
        return self.before is None or self.before.tags == stack.tags

    def _finish(self, world: "World", stack: Stack, logical: str) -> bool:
        """Whether the resource is there, or has failed; not when it is still being waited for."""
        task = self.tasks[logical]
        try:
            self._do(world, stack, task)
        except Busy:
            return False
        except FAILURES as error:
            resource = stack.resources.of(logical)
            self._failing(world, stack, logical, why_not(error, world, stack, resource))
            return True
        self.done[logical] = min(world.clock.elapsed(), self._due(logical))
        resource = stack.resources.of(logical)
        world.stacks.note(stack, "CREATE_COMPLETE" if task.verb == "create" else "UPDATE_COMPLETE", "", resource)
        stack.events[-1].configured = self.express
        return True

    def _do(self, world: "World", stack: Stack, task: Task) -> None:
        resource = stack.resources.of(task.logical)
        kind = kind_of(resource.type)
        world.stacks.refuse(stack, resource, "create" if task.verb == "create" else "update")
        if task.verb == "update":
            resource.properties = task.properties
            kind.update(Site(world, stack, resource))
            return
        if task.verb == "replace":
            self._check_name(resource, task)
            resource = replace(resource, physical="", attributes={}, properties=task.properties)
        site = Site(world, stack, resource)
        kind.check(site)
        made = kind.create(site)
        resource.physical, resource.attributes = made.physical, made.attributes
        stack.resources[task.logical] = resource
        status = "CREATE_IN_PROGRESS" if task.verb == "create" else "UPDATE_IN_PROGRESS"
        world.stacks.note(stack, status, "Resource creation Initiated", resource)

    def _check_name(self, resource: Resource, task: Task) -> None:
        name = name_of(resource.type, task.properties)
        if name is not None and name == name_of(resource.type, resource.properties):
            raise Refused(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {name} and update the stack again."
            )

    def _complete(self, world: "World", stack: Stack) -> None:
        try:
            found = outputs.outputs_of(world, stack, self.scope)
        except FAILURES as error:
            self._turn(world, stack, reason_of(error, "AWS::CloudFormation::Stack"))
            return
        stack.outputs = found
        if self.before is None:
            stack.deployment = None
            world.stacks.note(stack, "CREATE_COMPLETE", "")
            stack.events[-1].configured = self.express
            return
        world.stacks.note(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
        parent = world.stacks.all.get(stack.parent or "")
        waits = parent is not None and parent.deployment is not None and parent.deployment.phase == "making"
        self.phase = "held"
        if not waits:
            self.release(world, stack)

    def release(self, world: "World", stack: Stack) -> None:
        """Lets the cleanup of an update begin."""
        self.phase = "cleanup"
        stack.leftovers += self._outlived(stack)
        stack.leftovers += [resource for logical, resource in stack.resources.items() if logical not in self.wanted]
        for child in world.stacks.children(stack):
            if child.deployment is not None and child.deployment.phase == "held":
                child.deployment.release(world, child)

    def _outlived(self, stack: Stack) -> list[Resource]:
        """The resources in whose place others are now."""
        pairs = ((task.old, stack.resources.get(task.logical)) for task in self.tasks.values() if task.verb != "create")
        return [
            # the policy of the new template decides
            replace(old, policy=new.replaced)
            for old, new in pairs
            if old is not None and new is not None and new.physical != old.physical
        ]

    # -- failure

    def _failing(self, world: "World", stack: Stack, logical: str, reason: str) -> None:
        self.failed.append(logical)
        resource = stack.resources.of(logical)
        task = self.tasks.get(logical)
        if task is None:  # its new properties could not be worked out
            self.tasks[logical] = Task(logical, "update", resource.properties, replace(resource))
        creation = task is not None and task.verb == "create"
        world.stacks.note(stack, "CREATE_FAILED" if creation else "UPDATE_FAILED", reason, resource)

    def _fail(self, world: "World", stack: Stack) -> None:
        """The others that are under way are given up, and the stack goes back."""
        for logical in self._order:
            if logical in self.tasks and logical not in self.done and logical not in self.failed:
                verb = "creation" if self.tasks[logical].verb == "create" else "update"
                self._failing(world, stack, logical, f"Resource {verb} cancelled")
        self._turn(world, stack, self._summary())

    def _summary(self) -> str:
        made = [logical for logical in self.failed if self.tasks[logical].verb == "create"]
        changed = [logical for logical in self.failed if self.tasks[logical].verb != "create"]
        texts = [f"The following resource(s) failed to create: [{', '.join(made)}]. "] if made else []
        texts += [f"The following resource(s) failed to update: [{', '.join(changed)}]. "] if changed else []
        return "".join(texts)

    def _turn(self, world: "World", stack: Stack, reason: str) -> None:
        if self.before is not None:
            if self.on_failure == "ROLLBACK":
                self.roll_back(world, stack, reason)
                return
            stack.leftovers += self._outlived(stack)
            stack.deployment = None
            world.stacks.note(stack, "UPDATE_FAILED", reason)
            return
        stack.deployment = None
        if stack.parent or self.on_failure == "DO_NOTHING":  # a nested stack goes in the rollback of its parent
            world.stacks.note(stack, "CREATE_FAILED", reason)
            return
        now = world.clock.elapsed()
        if self.on_failure == "DELETE":
            world.stacks.operate(stack, "DELETE_STACK")
            world.stacks.note(stack, "DELETE_IN_PROGRESS", f"{reason}. Delete requested by user.")
            stack.deletion = Deletion(now, stack.token, new_go=self.new_go, rollback=True, ending="DELETE")
            return
        world.stacks.operate(stack, "ROLLBACK")
        world.stacks.note(stack, "ROLLBACK_IN_PROGRESS", f"{reason}. Rollback requested by user.")
        stack.deletion = Deletion(now, stack.token, new_go=self.new_go, rollback=True, ending="ROLLBACK")

    # -- back

    def roll_back(self, world: "World", stack: Stack, reason: str) -> None:
        """Turns an update round."""
        assert self.before is not None
        self.phase, self.turned = "back", world.clock.elapsed() + self.span
        world.stacks.operate(stack, "ROLLBACK")
        world.stacks.note(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        self.before.restore(stack)

    def go_on(self, world: "World", stack: Stack, skipped: frozenset[str]) -> None:
        """Tries again to finish a rollback that is stuck, leaving out some resources."""
        self.phase, self.turned, self.skipped = "back", world.clock.elapsed() + self.span, skipped
        self.tasks = {task.logical: task for task in reversed(self.stuck)}
        self.stuck = []
        world.stacks.operate(stack, "CONTINUE_ROLLBACK")
        world.stacks.note(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")

    def _take_back(self, world: "World", stack: Stack) -> None:
        """Undoes what was done, the last first."""
        while self.tasks:
            logical, task = list(self.tasks.items())[-1]
            try:
                self._undo(world, stack, task)
            except Busy:
                return
            except FAILURES as error:
                resource = stack.resources.of(logical)
                world.stacks.note(stack, "UPDATE_FAILED", why_not(error, world, stack, resource), resource)
                self.stuck.append(task)
            del self.tasks[logical]
        if self.stuck:
            self.phase = "stuck"
            names = ", ".join(task.logical for task in self.stuck)
            world.stacks.note(
                stack, "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{names}]. "
            )
            return
        self.phase = "cleanup"
        world.stacks.note(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "")

    def _undo(self, world: "World", stack: Stack, task: Task) -> None:
        resource = stack.resources.of(task.logical)
        if task.old is None:
            if self.new_go and resource.policy == "Retain":
                resource.policy = "Delete"
            stack.leftovers.append(resource)
            return
        if resource.physical != task.old.physical:
            stack.leftovers.append(replace(resource, policy="Delete"))
            stack.resources[task.logical] = task.old
            world.stacks.note(stack, "UPDATE_COMPLETE", "", task.old)
            return
        back = replace(task.old, status=resource.status)
        stack.resources[task.logical] = back
        if task.logical not in self.skipped:
            if id(task) not in self.cleaning:
                self.cleaning.add(id(task))
                world.stacks.note(stack, "UPDATE_IN_PROGRESS", "", back)
            world.stacks.refuse(stack, back, "rollback")
            kind_of(back.type).revert(Site(world, stack, back))
        world.stacks.note(stack, "UPDATE_COMPLETE", "", back)

    # -- cleanup

    def _clean(self, world: "World", stack: Stack) -> None:
        """Deletes what is not needed any more; what refuses is left behind, as on AWS."""
        back = "ROLLBACK" in stack.status
        stack.leftovers = [resource for resource in stack.leftovers if not self._gone(world, stack, resource, back)]
        if stack.leftovers:
            return
        stack.deployment = None
        world.stacks.note(stack, "UPDATE_ROLLBACK_COMPLETE" if back else "UPDATE_COMPLETE", "")
        stack.events[-1].configured = self.express

    def _gone(self, world: "World", stack: Stack, resource: Resource, back: bool) -> bool:
        """Whether the stack is done with it."""
        note = world.stacks.note
        if not resource.physical:
            note(stack, "DELETE_COMPLETE", "", resource)
        elif keeps(resource.policy, new=back):
            note(stack, "DELETE_SKIPPED", "", resource)
        else:
            if id(resource) not in self.cleaning:
                self.cleaning.add(id(resource))
                note(stack, "DELETE_IN_PROGRESS", "", resource)
            try:
                world.stacks.refuse(stack, resource, "delete")
                kind_of(resource.type).delete(Site(world, stack, resource))
            except Busy:
                return False
            except FAILURES as error:
                if not (isinstance(error, ClientError) and is_gone(error)):
                    note(stack, "DELETE_FAILED", reason_of(error, resource.type), resource)
                    return self._dropped(stack, resource)
            note(stack, "DELETE_COMPLETE", "", resource)
        return self._dropped(stack, resource)

    @staticmethod
    def _dropped(stack: Stack, resource: Resource) -> bool:
        if stack.resources.get(resource.logical) is resource:
            del stack.resources[resource.logical]
        return True
