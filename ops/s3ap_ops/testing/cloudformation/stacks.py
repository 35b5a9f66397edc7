"""Every stack of a world: how it is found, created and updated. Its end is in `deletion`."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.deployment import Before, Deployment
from s3ap_ops.testing.cloudformation.needs import levels
from s3ap_ops.testing.cloudformation.records import Event, Resource, Stack
from s3ap_ops.testing.cloudformation.scopes import scope_of, wanted_of
from s3ap_ops.testing.cloudformation.wishes import parameters_of
from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.resources import Refused, Site

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

__all__ = ["Event", "Resource", "Stack", "Stacks", "Wish"]


@dataclass(frozen=True)
class Wish:
    """How an operation is to go."""

    on_failure: str = "ROLLBACK"  # or DO_NOTHING or DELETE
    express: bool = False
    new_go: bool = False  # RetainExceptOnCreate: what the operation made goes in its rollback, retained or not
    strict: bool = False


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

    def children(self, stack: Stack) -> list[Stack]:
        """The stacks that are nested right in this one, deleted ones too."""
        return [child for child in self.all.values() if child.parent == stack.id]

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
        wish: Wish | None = None,
    ) -> Stack:
        """A new stack whose resources come to be as time passes. Raises AwsError if refused."""
        stack = self.begin(name, template, region=region, parameters=parameters, tags=tags, role_arn=role_arn)
        wish = wish or Wish()
        stack.protected, stack.token, stack.strict = protected, token, wish.strict
        if parent is not None:
            stack.parent, stack.root = parent.id, parent.root or parent.id
            stack.strict = parent.strict
        self.build(stack, wish)
        return stack

    def begin(
        self,
        name: str,
        template: dict[str, Any] | str,
        *,
        region: str,
        parameters: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
    ) -> Stack:
        """A stack of which nothing is made yet. Raises AwsError if refused."""
        if self.find(name, region):
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        data, text = templates.read(template)
        values = parameters_of(data, parameters or {})
        stack = Stack(
            f"arn:aws:cloudformation:{region}:{self._world.account}:stack/{name}/{self.uuid()}",
            name, region, data, text, values, dict(tags or {}), role_arn, False, self._world.clock.now(),
        )  # fmt: skip
        stack.description = str(data.get("Description", ""))
        scope = scope_of(self._world, stack)
        levels(wanted_of(stack.processed, scope))
        self.all[stack.id] = stack
        return stack

    def review(self, name: str, region: str, tags: dict[str, str], role_arn: str | None) -> Stack:
        """A stack that so far has only a change set."""
        stack = Stack(
            f"arn:aws:cloudformation:{region}:{self._world.account}:stack/{name}/{self.uuid()}",
            name, region, {"Resources": {}}, "", {}, tags, role_arn, False, self._world.clock.now(),
        )  # fmt: skip
        self.all[stack.id] = stack
        self.note(stack, "REVIEW_IN_PROGRESS", "User Initiated")
        return stack

    def make_reviewed(
        self, stack: Stack, text: str, parameters: dict[str, Any], tags: dict[str, str], token: str, wish: Wish
    ) -> None:
        """Puts the creation of a stack in review under way."""
        stack.template, stack.text = templates.read(text)
        stack.parameters, stack.tags, stack.token, stack.strict = parameters, dict(tags), token, wish.strict
        stack.description = str(stack.template.get("Description", ""))
        self.build(stack, wish)

    def build(self, stack: Stack, wish: Wish) -> None:
        """Puts the creation of a stack's resources under way."""
        self.operate(stack, "CREATE_STACK")
        self.note(stack, "CREATE_IN_PROGRESS", "User Initiated")
        scope, pace = scope_of(self._world, stack), self._world.pace
        stack.disable_rollback = wish.on_failure == "DO_NOTHING"
        stack.deployment = Deployment(
            self._world.clock.elapsed(), pace.express if wish.express else pace.create, scope,
            wanted_of(stack.processed, scope), wish.on_failure, express=wish.express, new_go=wish.new_go,
        )  # fmt: skip
        stack.deployment.step(self._world, stack)

    def uuid(self) -> str:
        """A new id, the same in every world of the same seed."""
        return str(uuid.UUID(int=self._world.random.getrandbits(128), version=4))

    # -- updating

    def update(
        self,
        stack: Stack,
        template: dict[str, Any] | str | None,
        parameters: dict[str, str] | None,
        tags: dict[str, str] | None,
        token: str = "",
        wish: Wish | None = None,
    ) -> None:
        """Puts an update under way. Raises AwsError when it is refused."""
        self.check_updatable(stack)
        data, text = templates.read(template) if template is not None else (stack.template, stack.text)
        values = parameters_of(data, parameters if parameters is not None else {})
        wanted_tags = stack.tags if tags is None else tags
        unchanged = (data, values, wanted_tags) == (stack.template, stack.parameters, stack.tags)
        if unchanged and not stack.status.endswith("_FAILED"):
            raise AwsError("ValidationError", "No updates are to be performed.")
        before = Before(stack.template, stack.text, stack.parameters, stack.tags, stack.outputs, set(stack.imports))
        stack.template, stack.text, stack.parameters, stack.tags = data, text, values, dict(wanted_tags)
        scope = scope_of(self._world, stack)
        try:
            wanted = wanted_of(stack.processed, scope)
            _check_types(stack, wanted)
            levels(wanted)
        except AwsError:
            before.restore(stack)
            raise
        wish, pace = wish or Wish(), self._world.pace
        stack.imports = set()
        stack.token, stack.updated, stack.strict = token, self._world.clock.now(), stack.strict or wish.strict
        stack.description = str(data.get("Description", ""))
        self.operate(stack, "UPDATE_STACK")
        self.note(stack, "UPDATE_IN_PROGRESS", "User Initiated")
        stack.deployment = Deployment(
            self._world.clock.elapsed(), pace.express if wish.express else pace.update, scope, wanted,
            wish.on_failure, before, express=wish.express, new_go=wish.new_go,
        )  # fmt: skip
        stack.deployment.step(self._world, stack)

    def check_updatable(self, stack: Stack) -> None:
        """Raises AwsError when a stack can not be updated as it is."""
        over = ("ROLLBACK_COMPLETE", "DELETE_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
        if not stack.status.endswith(("_COMPLETE", "_FAILED")) or stack.status in over:
            raise AwsError("ValidationError", f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def continue_rollback(self, stack: Stack, skipped: frozenset[str], token: str) -> None:
        """Goes on with a rollback that is stuck. Raises AwsError."""
        deployment = stack.deployment
        if stack.status != "UPDATE_ROLLBACK_FAILED" or deployment is None:
            text = f"Stack:{stack.id} is in {stack.status} state and can not continue rolling back."
            raise AwsError("ValidationError", text)
        nested = {name for name in skipped if "." in name}
        wrong = sorted(skipped - nested - {task.logical for task in deployment.stuck})
        if wrong:
            raise AwsError(
                "ValidationError",
                f"Resources [{', '.join(wrong)}] cannot be skipped; only resources that failed to roll back can be",
            )
        stack.token = token
        deployment.go_on(self._world, stack, skipped)

    # -- time

    def settle(self, stack: Stack) -> None:
        """Completes the creation or update under way at once, as far as it depends on nobody's time."""
        while stack.deployment is not None:
            seen = sum(len(other.events) for other in self.all.values())
            stack.deployment.step(self._world, stack, hurry=True)
            for child in self.children(stack):
                self.settle(child)
            if seen == sum(len(other.events) for other in self.all.values()):
                break
        if stack.deletion is not None and stack.deletion.rollback:
            self._finish_rollback(stack)

    def _finish_rollback(self, stack: Stack) -> None:
        """Ends the rollback of a creation, nested stacks first."""
        for _ in self.all:  # as often as stacks can be nested
            for other in [*self.children(stack), stack]:
                if other.deletion is not None:
                    other.deletion.step(self._world, other, hurry=True)

    def tick(self) -> None:
        """Lets every operation under way come as far as the time allows."""
        for stack in reversed(list(self.all.values())):  # nested ones first: their parents wait for them
            if stack.deployment is not None:
                stack.deployment.step(self._world, stack)
        for stack in list(self.all.values()):
            if stack.deletion is not None:
                stack.deletion.step(self._world, stack)

    # -- help

    def operate(self, stack: Stack, kind: str) -> None:
        """Begins an operation with an id of its own: CREATE_STACK, UPDATE_STACK, DELETE_STACK or a ROLLBACK."""
        stack.operations.append((kind, self.uuid()))

    def refuse(self, stack: Stack, resource: Resource, verb: str) -> None:
        """Raises Refused when a test wants this to go wrong."""
        reason = self._world.refusals.get((resource.logical, verb))
        if reason is not None:
            raise Refused(reason)

    def note(self, stack: Stack, status: str, reason: str, resource: Resource | None = None) -> None:
        """Writes a status into the history, and onto the stack or the resource."""
        now = self._world.clock.now()
        if resource is None:
            stack.status, stack.reason = status, reason
            logical, physical, kind = stack.name, stack.id, "AWS::CloudFormation::Stack"
        else:
            resource.status, resource.reason, resource.changed = status, reason, now
            logical, physical, kind = resource.logical, resource.physical, resource.type
        operation, number = stack.operations[-1] if stack.operations else ("", "")
        stack.events.append(
            Event(self.uuid(), logical, physical, kind, status, reason, stack.token, now, number, operation)
        )

    def site(self, stack: Stack, resource: Resource) -> Site:
        """What a resource's kind needs to know to make or delete it."""
        return Site(self._world, stack, resource)


def _check_types(stack: Stack, wanted: dict[str, dict[str, Any]]) -> None:
    changed = sorted(
        logical
        for logical, source in wanted.items()
        if logical in stack.resources and stack.resources.of(logical).type != source["Type"]
    )
    if changed:
        raise AwsError(
            "ValidationError",
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(changed)}]",
        )
