"""Databases, instances, user pools and load balancers: there, and not deleted while they are protected."""

from typing import Any

from s3ap_ops.testing.resources.kinds import Kind, Made, Refused, Site, kind
from s3ap_ops.testing.services.guarded import BALANCER, INSTANCE, KINDS, Guarded


@kind(*KINDS)
class Protectable(Kind):
    def create(self, site: Site) -> Made:
        type_, service = site.resource.type, site.resource.type.split("::")[1].lower()
        name = f"i-{site.world.name(length=17).lower()}" if type_ == INSTANCE else site.name(length=60, lower=True)
        arn = site.arn(service, name)
        physical = arn if type_ == BALANCER else name
        tags = {**site.tags}
        site.world.guarded[physical] = Guarded(type_, physical, arn, _is_protected(site.properties), tags)
        return Made(physical, {"Arn": arn})

    def delete(self, site: Site) -> None:
        found = site.world.guarded.get(site.physical)
        if found is not None and found.is_protected:
            raise Refused(f"{site.physical} cannot be deleted because deletion protection is enabled")
        site.world.guarded.pop(site.physical, None)


def _is_protected(given: dict[str, Any]) -> bool:
    """Whether a template switches it on, however the type calls that."""
    attributes = {row["Key"]: row["Value"] for row in given.get("LoadBalancerAttributes", ())}
    said = [given.get(name) for name in ("DeletionProtection", "DeletionProtectionEnabled", "DisableApiTermination")]
    return any(str(one).lower() in ("true", "active") for one in (*said, attributes.get("deletion_protection.enabled")))
