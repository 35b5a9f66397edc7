"""The network interfaces that Lambda keeps for functions in a VPC, and releases long after it needs them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.replies import AwsError, Reply
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import after, before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

Place = tuple[str, str, frozenset[str]]  # region, subnet, groups


@dataclass
class Held:
    """An interface; functions with the same subnet and groups share it."""

    eni: str
    users: set[str]  # functions that used it last
    free_at: float | None = None  # in virtual seconds, once nothing uses it


class Interfaces:
    """Every interface of Lambda's in a world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._held: dict[Place, Held] = {}

    def sync(self, region: str) -> None:
        """Makes the interfaces that the functions of a region need; starts the clock for those that none needs."""
        wanted: dict[Place, set[str]] = {}
        for function in self._world.backend("lambda", region).list_functions("ALL") or []:
            config = function.vpc_config or {}
            for subnet in config.get("SubnetIds", []):
                place = (region, subnet, frozenset(config.get("SecurityGroupIds", [])))
                wanted.setdefault(place, set()).add(function.function_name)
        for place, users in wanted.items():
            if place not in self._held:
                eni = self._make(place, sorted(users)[0])
                if eni is not None:
                    self._held[place] = Held(eni, users)
                continue
            self._held[place].users, self._held[place].free_at = users, None
        for place, held in self._held.items():
            if place[0] == region and place not in wanted and held.free_at is None:
                held.free_at = self._world.clock.elapsed() + self._world.pace.eni
        self.release()

    def _make(self, place: Place, function: str) -> str | None:
        region, subnet, groups = place
        backend = self._world.backend("ec2", region)
        if not any(subnet in zone for zone in backend.subnets.values()):
            return None
        eni = backend.create_network_interface(subnet, "", group_ids=sorted(groups))
        eni.description = f"AWS Lambda VPC ENI-{function}-00000000-0000-0000-0000-000000000000"
        eni.interface_type, eni.requester_managed, eni.status = "lambda", True, "in-use"
        eni.requester_id = "AROAEXAMPLE:123456789012"
        return str(eni.id)

    def release(self) -> None:
        """Lets go of what is due."""
        now = self._world.clock.elapsed()
        for place, held in list(self._held.items()):
            if held.free_at is not None and held.free_at <= now:
                self._world.backend("ec2", place[0]).enis.pop(held.eni, None)
                del self._held[place]

    def held_by(self, function: str, region: str) -> list[str]:
        """The interfaces that wait for nothing but their release since this function went."""
        return [
            held.eni
            for place, held in self._held.items()
            if place[0] == region and held.free_at is not None and held.users == {function}
        ]

    def of_group(self, group: str, region: str) -> list[str]:
        """The interfaces about to be released that carry a group."""
        return [
            held.eni for place, held in self._held.items() if place[0] == region and group in place[2] and held.free_at
        ]

    def of_subnet(self, subnet: str, region: str) -> list[str]:
        """The interfaces about to be released in a subnet."""
        return [held.eni for place, held in self._held.items() if place[:2] == (region, subnet) and held.free_at]


@after("lambda", "CreateFunction", "DeleteFunction", "UpdateFunctionConfiguration", "PublishVersion")
def follow_functions(world: "World", call: Call, reply: Reply) -> Any:
    """The interfaces follow the functions."""
    if reply.status < 300:
        world.interfaces.sync(call.region)


@before("ec2", "CreateVpcEndpoint")
def one_gateway_for_a_route_table(world: "World", call: Call) -> None:
    """A route table takes one gateway for a service; a second one is refused.

    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    wanted = set(call.params.get("RouteTableIds") or ())
    for other in world.backend("ec2", call.region).vpc_end_points.values():
        taken = wanted & set(other.route_table_ids or ())
        if taken and other.state != "deleted" and other.service_name == call.params.get("ServiceName"):
            said = f"route table {min(taken)} already has a route with destination-prefix-list-id pl-61a54008"
            raise AwsError("RouteAlreadyExists", said)


@after("ec2", "CreateVpcEndpoint", "ModifyVpcEndpoint")
def sign_endpoints(world: "World", call: Call, reply: Reply) -> Any:
    """The interfaces of an endpoint say whose they are, carry its groups, and are not anybody's to delete."""
    backend = world.backend("ec2", call.region)
    for endpoint in backend.vpc_end_points.values():
        for eni in filter(None, (backend.enis.get(id_) for id_ in endpoint.network_interface_ids)):
            eni.description = f"VPC Endpoint Interface {endpoint.id}"
            eni.interface_type, eni.requester_managed, eni.status = "vpc_endpoint", True, "in-use"
            groups = [one if isinstance(one, str) else one.id for one in endpoint.security_group_ids or ()]
            found = [backend.get_security_group_from_id(one) for one in groups]
            eni._group_set = [one for one in found if one is not None] or eni._group_set
