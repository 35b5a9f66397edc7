"""Who stands in a group or a subnet of a stack: what goes with the stacks, what nobody uses, and strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from s3ap_ops.api import LiveResource, LiveStacks
from s3ap_ops.stack import Json

FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")

SERVICES = (
    ("rds", ("AWS::RDS::", "AWS::Neptune::", "AWS::DocDB::")),
    ("elasticache", ("AWS::ElastiCache::",)),
    ("sagemaker", ("AWS::SageMaker::",)),
    ("glue", ("AWS::Glue::",)),
    ("dms", ("AWS::DMS::",)),
    ("redshift", ("AWS::Redshift",)),
    ("es", ("AWS::OpenSearchService::", "AWS::Elasticsearch::")),
    ("codebuild", ("AWS::CodeBuild::",)),
    ("ecs", ("AWS::ECS::",)),
    ("eks", ("AWS::EKS::",)),
    ("fsx", ("AWS::FSx::",)),
    ("efs", ("AWS::EFS::",)),
    ("elb", ("AWS::ElasticLoadBalancing",)),
    ("quicksight", ("AWS::QuickSight::",)),
)
"""How services sign the interfaces that they make, in words of the description or the requester, and the types of
resources that have them make some. The signature does not say for which resource one was made."""


@dataclass(frozen=True)
class Tenants:
    """Who is in a group or subnet. `strangers` and `late` are in words, `loose` are ids of interfaces.

    Strangers stay when the stacks go; loose ones belong to nobody; late ones are Lambda's, which has yet to let go.
    """

    strangers: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


def tenants(place: LiveResource, stacks: LiveStacks) -> Tenants:
    """Who is in a group or subnet of one of the stacks, but for what goes with the stacks."""
    known = _known(place, stacks)
    used = place.fact("functions")
    strangers = [_function(user, known) for user in used or () if not _goes(user["function"], known)]
    loose, late = [], []
    for interface in place.fact("interfaces", ()):
        if is_lambdas(interface):
            late += [interface["id"]] if used == [] else []  # else it is its functions', and they are told above
        elif owner := _owner(interface, known):
            strangers += [] if owner.goes else [f"the retained {owner.logical_id} of {owner.stack}"]
        elif interface["status"] == "available" and not interface["is_managed"] and not interface["stack"]:
            loose.append(interface["id"])
        elif not _may_be_of(interface, known):
            strangers.append(_told(interface))
    return Tenants(tuple(dict.fromkeys(strangers)), tuple(loose), tuple(late))


def goes(function: str, place: LiveResource, stacks: LiveStacks) -> bool:
    """Whether a function of the account and region of a resource is deleted with one of the stacks."""
    return _goes(function, _known(place, stacks))


def is_lambdas(interface: Mapping[str, Json]) -> bool:
    """Whether Lambda made an interface; several functions may share it, whichever one its description names."""
    return interface["type"] == "lambda" or str(interface["description"]).startswith("AWS Lambda VPC ENI")


Known = Mapping[str, Sequence[LiveResource]]
"""Resources by every name that one may go by; a role and its function, say, often have the same."""


def _known(place: LiveResource, stacks: LiveStacks) -> Known:
    """The resources of the stacks in the account and region of a place."""
    found: dict[str, list[LiveResource]] = {}
    for one in (one for stack in stacks.stacks for one in stack.resources if _is_near(one, place)):
        for name in dict.fromkeys((*_names(one.physical_id), *one.fact("interface_ids", ()))):
            found.setdefault(name, []).append(one)
    return found


def _is_near(one: LiveResource, place: LiveResource) -> bool:
    return not one.is_gone and (one.region, one.account) == (place.region, place.account)


def _names(physical: str) -> Iterator[str]:
    """A physical id, and of an ARN the parts at its end by which descriptions call a thing."""
    yield physical
    if physical.startswith("arn:"):
        yield physical.rpartition(":loadbalancer/")[2]
        yield re.split("[:/]", physical)[-1]


def _goes(function: str, known: Known) -> bool:
    return any(one.goes for one in _functions(function, known))


def _functions(name: str, known: Known) -> list[LiveResource]:
    return [one for one in known.get(name, ()) if one.type in FUNCTIONS]


def _function(user: Mapping[str, Json], known: Known) -> str:
    name = str(user["function"])
    if _functions(name, known):
        return f"the retained function {name}"
    return f"the function {name}" + (f" of {user['stack']}" if user["stack"] else "")


def _owner(interface: Mapping[str, Json], known: Known) -> LiveResource | None:
    """The resource that an interface belongs to: itself, its instance, or what its description names.

    Of several of that name it is one that stays, because it may be that one's.
    """
    names = re.findall(r"[\w.:/-]+", str(interface["description"]))
    telling = (name for name in names if re.search(r"[\d/-]", name))  # words such as "Interface" name nothing
    found = (known.get(name, ()) for name in (interface["id"], interface["instance"], *telling))
    owners = next((ones for ones in found if ones), ())
    return min(owners, key=lambda one: one.goes, default=None)


def _may_be_of(interface: Mapping[str, Json], known: Known) -> bool:
    """Whether a service made it that also has a resource among those that go: then it may be that resource's."""
    signed = set(re.split(r"[^a-z]+", f"{interface['description']} {interface['requester']}".lower()))
    types = [type_ for word, those in SERVICES for type_ in those if any(one.startswith(word) for one in signed)]
    going = (one for ones in known.values() for one in ones if one.goes)
    return any(one.type.startswith(tuple(types)) for one in going) if types else False


def _told(interface: Mapping[str, Json]) -> str:
    if interface["instance"]:
        return f"the instance {interface['instance']}"
    said = interface["description"] or interface["requester"] or interface["type"] or "without a description"
    return f"{interface['id']} ({said})" + (f" of {interface['stack']}" if interface["stack"] else "")
