"""What a world knows of a stack: its resources, its history, what is under way with it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.deletion import Deletion

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.deployment import Deployment


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
    replaced: str = "Delete"  # what becomes of it when another takes its place
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
    operation: str = ""  # the id of the operation that it belongs to
    operation_type: str = ""
    configured: bool = False  # its configuration is applied, though it may not be ready yet


@dataclass
class Drift:
    """What a detection found out about a resource."""

    logical: str
    physical: str
    type: str
    status: str
    expected: dict[str, Any]
    actual: dict[str, Any] | None
    differences: list[dict[str, str]]
    at: datetime
    reason: str = ""  # why it is not known


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
    under: str = ""  # of a nested stack: its parent's operation that it last took part in
    deletion: Deletion | None = None
    deployment: "Deployment | None" = None  # a creation or update under way, or a rollback that is stuck
    leftovers: list[Resource] = field(default_factory=list)  # to be deleted in the cleanup of an update
    strict: bool = False  # made through the API: what AWS would refuse fails
    operations: list[tuple[str, str]] = field(default_factory=list)  # type and id, oldest first
    drift: dict[str, "Drift"] = field(default_factory=dict)  # logical id -> what the last detection found
    drift_status: str = "NOT_CHECKED"
    capabilities: list[str] = field(default_factory=list)
    description: str = ""
    disable_rollback: bool = False
    deletion_mode: str = "STANDARD"
    unseen: int = 0  # so many looks still show it as it was before its last operation
    shown: str = ""  # its status then

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
