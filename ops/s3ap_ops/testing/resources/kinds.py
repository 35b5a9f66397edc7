"""What a resource type is to CloudFormation, and the registry of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from s3ap_ops.testing.cloudformation.reasons import taken
from s3ap_ops.testing.cloudformation.replacement import name_of

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Resource, Stack
    from s3ap_ops.testing.world import World


class Refused(Exception):
    """The service refuses; the message is CloudFormation's reason."""


class Busy(Exception):
    """The creation or deletion is under way; it is asked for again when time has passed."""


@dataclass
class Made:
    """What a creation gives: the physical id, and what Fn::GetAtt answers."""

    physical: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Site:
    """One resource of one stack in one world, for its kind."""

    world: "World"
    stack: "Stack"
    resource: "Resource"

    @property
    def properties(self) -> dict[str, Any]:
        """The resource's properties, worked out."""
        return self.resource.properties

    @property
    def physical(self) -> str:
        """The physical id."""
        return self.resource.physical

    @property
    def region(self) -> str:
        """The stack's region."""
        return self.stack.region

    def aws(self, service: str) -> Any:
        """A client in the stack's region that no fault strikes and nobody counts."""
        return self.world.aws(service, self.region)

    def backend(self, service: str) -> Any:
        """moto's object for a service in the stack's region."""
        return self.world.backend(service, self.region)

    def name(self, given: str = "", length: int = 64, *, lower: bool = False) -> str:
        """The name that the template gives in this property, or one as CloudFormation makes it."""
        found = self.properties.get(given) if given else None
        if found:
            return str(found)
        made = f"{self.stack.name}-{self.resource.logical}"[: length - 13] + "-" + self.world.name()
        return made.lower() if lower else made

    @property
    def system_tags(self) -> dict[str, str]:
        """The tags that CloudFormation puts on what it makes, and the stack's own."""
        return {
            **self.stack.tags,
            "aws:cloudformation:stack-id": self.stack.id,
            "aws:cloudformation:stack-name": self.stack.name,
            "aws:cloudformation:logical-id": self.resource.logical,
        }

    @property
    def tags(self) -> dict[str, str]:
        """The resource's tags."""
        given = self.properties.get("Tags") or {}
        if isinstance(given, list):
            given = {tag["Key"]: str(tag["Value"]) for tag in given}
        return {**given, **self.system_tags}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """The resource's tags as most services take them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def arn(self, service: str, rest: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.world.account}:{rest}"


class Kind:
    """A resource type that the simulator keeps only a record of: it exists, and can be deleted."""

    def create(self, site: Site) -> Made:
        """Makes the resource. Raises Refused or ClientError."""
        physical = site.name()
        site.world.generic[physical] = {
            "Type": site.resource.type,
            "Region": site.region,
            "Properties": site.properties,
        }
        service = site.resource.type.split("::")[1].lower()
        return Made(physical, {"Arn": site.arn(service, physical), "Id": physical})

    def check(self, site: Site) -> None:
        """Raises Refused when the resource has a name that is taken and its service would not say so."""
        name = name_of(site.resource.type, site.properties)
        if site.stack.strict and name is not None and self.is_there(site, name):
            raise Refused(taken(site.world, site.stack, site.resource.type, name))

    def is_there(self, site: Site, name: str) -> bool:
        """Whether a resource of this type and name exists, for types that can be asked."""
        return False

    def update(self, site: Site) -> None:
        """Brings what is there to the new properties, as far as the simulator knows how. May raise as `create`."""

    def revert(self, site: Site) -> None:
        """Brings what is there back to the properties that it had. May raise as `create`."""
        self.update(site)

    def shown(self, site: Site) -> dict[str, Any] | None:
        """The properties that are really there, as a template gives them; None when that cannot be told.

        Raises the service's ClientError when the resource is gone.
        """
        return None

    def delete(self, site: Site) -> None:
        """Deletes the resource. Raises Refused, Busy or ClientError; a resource that is gone is no failure."""
        site.world.generic.pop(site.physical, None)


class Slow(Kind):
    """A resource type whose service takes the request to delete, and carries it out, or not, by itself."""

    def ask(self, site: Site) -> None:
        """Has the service begin. Raises ClientError."""
        raise NotImplementedError

    def state(self, site: Site) -> str:
        """How the thing is; empty when it is gone."""
        raise NotImplementedError

    def why(self, site: Site) -> str:
        """Why it is still there."""
        raise NotImplementedError

    def delete(self, site: Site) -> None:
        """The service is asked once in each deletion of the stack."""
        state = self.state(site)
        if not state:
            return
        if state == "DELETING":
            raise Busy
        begun = site.stack.deletion.begun if site.stack.deletion else set()
        if site.resource.logical in begun:
            raise Refused(self.why(site))
        self.ask(site)
        begun.add(site.resource.logical)
        raise Busy


KINDS: dict[str, Kind] = {}
_GENERIC = Kind()
_K = TypeVar("_K", bound=type[Kind])
_GONE = re.compile(r"NoSuch|NotFound|NonExistentQueue|NotExist|ResourceNotFound|EntityNotFound")


def kind(*names: str) -> Callable[[_K], _K]:
    """Registers a class for resource types."""

    def register(cls: _K) -> _K:
        for name in names:
            KINDS[name] = cls()
        return cls

    return register


def kind_of(name: str) -> Kind:
    """The kind for a resource type; a generic record for one that is not simulated."""
    if name.startswith("Custom::"):
        return KINDS["AWS::CloudFormation::CustomResource"]
    return KINDS.get(name, _GENERIC)


def is_gone(error: ClientError) -> bool:
    """Whether the service says that the thing is not there."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "404" or _GONE.search(code):
        return True
    return code == "InvalidRequestException" and "is not found" in message


def pick(properties: dict[str, Any], *names: str) -> dict[str, Any]:
    """Those of the properties that are given."""
    return {name: properties[name] for name in names if properties.get(name) is not None}
