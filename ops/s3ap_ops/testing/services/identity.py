"""IAM where moto is more lenient than AWS."""

from typing import TYPE_CHECKING

from s3ap_ops.testing.replies import AwsError
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@before("iam", "DeletePolicy")
def policy_is_attached_nowhere(world: "World", call: Call) -> None:
    """A policy that is attached stays."""
    policy = world.backend("iam").managed_policies.get(call.params["PolicyArn"])
    if policy is not None and policy.attachment_count > 0:
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
