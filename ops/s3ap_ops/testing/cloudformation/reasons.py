"""Why a resource could not be made, changed or deleted, in CloudFormation's words."""

import re
import uuid
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from s3ap_ops.testing.cloudformation.replacement import name_of
from s3ap_ops.testing.replies import AwsError

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Resource, Stack
    from s3ap_ops.testing.world import World

_CODES = {
    "DependencyViolation": "InvalidRequest",
    "InvalidRequestException": "InvalidRequest",
    "AccessDenied": "AccessDenied",
}
_TAKEN = re.compile(r"Already|ResourceInUse|Duplicate|ResourceConflict|ConflictException")


def reason_of(error: Exception, kind: str) -> str:
    """The reason of a failure: what the handler of the resource type says."""
    if isinstance(error, AwsError):
        return error.message
    if not isinstance(error, ClientError):
        return str(error)
    told = error.response["Error"]
    service = {"EC2": "Ec2", "IAM": "Iam", "ECR": "Ecr"}.get(kind.split("::")[1], kind.split("::")[1])
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = _CODES.get(told["Code"], "GeneralServiceException")
    request = uuid.UUID(int=0)
    return (
        f'Resource handler returned message: "{told["Message"]} (Service: {service}, Status Code: {status}, '
        f'Request ID: {request})" (RequestToken: {request}, HandlerErrorCode: {code})'
    )


def why_not(error: Exception, world: "World", stack: "Stack", resource: "Resource") -> str:
    """As `reason_of`; of a name that is taken it says who has it."""
    name = name_of(resource.type, resource.properties)
    if isinstance(error, ClientError) and name is not None and is_taken(error):
        return taken(world, stack, resource.type, name)
    return reason_of(error, resource.type)


def is_taken(error: ClientError) -> bool:
    """Whether the service says that the name is in use."""
    told = error.response["Error"]
    return bool(_TAKEN.search(told["Code"])) or "already exist" in told.get("Message", "").lower()


def taken(world: "World", stack: "Stack", kind: str, name: str) -> str:
    """That a name is in use, and by which stack."""
    for other in world.stacks.in_region(stack.region):
        for resource in other.resources.values():
            owns = resource.type == kind and name in (resource.physical, resource.physical.rsplit(":", 1)[-1])
            if other.live and owns and resource.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
                return f"{name} already exists in stack {other.id}"
    return f"{name} already exists"
