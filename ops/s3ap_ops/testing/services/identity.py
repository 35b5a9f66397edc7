"""IAM where moto is more lenient than AWS."""

from typing import TYPE_CHECKING, Any

from moto.iam.models import AWSManagedPolicy

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


@before("iam", "ListEntitiesForPolicy")
def whom_it_bounds(world: "World", call: Call) -> dict[str, Any] | None:
    """Whose permissions a policy bounds, when only they are asked for; moto counts those to whom it is attached."""
    if call.params.get("PolicyUsageFilter") != "PermissionsBoundary":
        return None
    backend, arn, kind = world.backend("iam"), call.params["PolicyArn"], call.params.get("EntityFilter")
    if arn not in backend.managed_policies:
        raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    everybody = {"Role": backend.roles.values(), "User": backend.users.values(), "Group": ()}
    found: dict[str, Any] = {"IsTruncated": False}
    for name, those in everybody.items():
        bounded = [one for one in those if getattr(one, "permissions_boundary_arn", None) == arn]
        rows = [{f"{name}Name": one.name, f"{name}Id": one.id} for one in bounded if kind in (None, name)]
        found[f"Policy{name}s"] = rows
    return found


@before("iam", "AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy")
def awss_own_policies_exist(world: "World", call: Call) -> None:
    """A policy of AWS's own comes into being as it is named; moto has none of them unless it loads them all."""
    arn, known = call.params["PolicyArn"], world.backend("iam").managed_policies
    if arn in known or ":iam::aws:policy/" not in arn:
        return
    folder, _, name = arn.split(":policy/")[1].rpartition("/")
    data = {
        "Document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        "Path": f"/{folder}/" if folder else "/",
        "DefaultVersionId": "v1",
        "CreateDate": "2020-01-01T00:00:00+00:00",
        "UpdateDate": "2020-01-01T00:00:00+00:00",
    }
    known[arn] = AWSManagedPolicy.from_data(name, world.account, world.region, data)
