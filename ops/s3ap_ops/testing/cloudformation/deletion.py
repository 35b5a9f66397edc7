"""The end of a stack: resources go in reverse order of need, over virtual time, and some refuse to."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from s3ap_ops.testing.cloudformation.reasons import reason_of
from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.resources import Busy, Refused, is_gone, kind_of

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Resource, Stack
    from s3ap_ops.testing.world import World

_OVER = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})


@dataclass
class Deletion:
    """A deletion under way. `began` is in virtual seconds."""

    began: float
    token: str
    retain: frozenset[str] = frozenset()
    force: bool = False
    rollback: bool = False  # of a failed creation: RetainExceptOnCreate does not hold
    ending: str = "DELETE"  # it ends in DELETE_COMPLETE, or in ROLLBACK_COMPLETE
    new_go: bool = False  # in such a rollback Retain does not hold either
    tried: dict[str, float] = field(default_factory=dict)  # when each resource's deletion was begun
    begun: set[str] = field(default_factory=set)  # resources whose slow service was asked
    failed: set[str] = field(default_factory=set)

    def step(self, world: "World", stack: "Stack", *, hurry: bool = False) -> None:
        """Goes as far as the virtual time allows, or in a hurry to where something else is waited for."""
        if world.clock.elapsed() <= self.began and not hurry:
            return  # DeleteStack answers before anything is deleted
        progress = True
        while progress:
            changed = [self._try(world, stack, resource) for resource in self._free(stack)]
            progress = any(changed)
        left = [resource for resource in stack.resources.values() if resource.status not in _OVER]
        if any(resource.logical not in self.failed for resource in left if not self._blocked(stack, resource)):
            return
        if world.clock.elapsed() < self.began + world.pace.delete and not hurry:
            return
        self._end(world, stack, left)

    def _free(self, stack: "Stack") -> list["Resource"]:
        """The resources that nothing left in the stack needs, and that were not given up."""
        left = [resource for resource in stack.resources.values() if resource.status not in _OVER]
        needed = {logical for resource in left for logical in resource.needs if logical != resource.logical}
        return [resource for resource in left if resource.logical not in needed and resource.logical not in self.failed]

    def _blocked(self, stack: "Stack", resource: "Resource") -> bool:
        """Whether something that could not be deleted needs this one, directly or not."""
        users = [
            other for other in stack.resources.values() if resource.logical in other.needs and other is not resource
        ]
        left = [other for other in users if other.status not in _OVER]
        return any(other.logical in self.failed or self._blocked(stack, other) for other in left)

    def _try(self, world: "World", stack: "Stack", resource: "Resource") -> bool:
        """Whether anything changed."""
        note = world.stacks.note
        if not resource.physical:  # it never came to be
            note(stack, "DELETE_COMPLETE", "", resource)
            return True
        if self._keeps(resource):
            note(stack, "DELETE_SKIPPED", "", resource)
            return True
        if resource.logical not in self.tried:
            self.tried[resource.logical] = world.clock.elapsed()
            note(stack, "DELETE_IN_PROGRESS", "", resource)
        try:
            world.stacks.refuse(stack, resource, "delete")
            self._check_caller(world, stack, resource)
            kind_of(resource.type).delete(world.stacks.site(stack, resource))
        except Busy:
            return False
        except (Refused, ClientError, AwsError) as error:
            if isinstance(error, ClientError) and is_gone(error):
                note(stack, "DELETE_COMPLETE", "", resource)
                return True
            return self._give_up(world, stack, resource, reason_of(error, resource.type))
        note(stack, "DELETE_COMPLETE", "", resource)
        return True

    def _check_caller(self, world: "World", stack: "Stack", resource: "Resource") -> None:
        """Raises Refused when the stack has no role, and whoever asks may not delete such a resource."""
        if world.permissions is None or stack.role_arn:
            return
        if lacking := world.permissions.refusal_to_delete(resource.type):
            world.denied.append(lacking)
            raise Refused(f"User is not authorized to perform: {lacking}")

    def _give_up(self, world: "World", stack: "Stack", resource: "Resource", reason: str) -> bool:
        self.failed.add(resource.logical)
        if self.force:
            world.stacks.note(stack, "DELETE_SKIPPED", reason, resource)
        else:
            world.stacks.note(stack, "DELETE_FAILED", reason, resource)
        return True

    def _keeps(self, resource: "Resource") -> bool:
        if resource.logical in self.retain:
            return True
        if self.rollback and self.new_go:
            return False
        return keeps(resource.policy, new=self.rollback)

    def _end(self, world: "World", stack: "Stack", left: list["Resource"]) -> None:
        stack.deletion = None
        refused = sorted(resource.logical for resource in left if resource.logical in self.failed)
        if refused:
            world.stacks.note(
                stack, f"{self.ending}_FAILED", f"The following resource(s) failed to delete: [{', '.join(refused)}]. "
            )
            return
        if self.ending == "ROLLBACK":
            world.stacks.note(stack, "ROLLBACK_COMPLETE", "")
            return
        world.stacks.note(stack, "DELETE_COMPLETE", "")
        stack.deleted = world.clock.now()


def keeps(policy: str, *, new: bool) -> bool:
    """Whether a DeletionPolicy keeps a resource; `new`: it was made by the operation that is rolled back."""
    return policy == "Retain" or (policy == "RetainExceptOnCreate" and not new)
