"""What a deployment would meet in the account: read before anything is sent, for the rules about rollouts.

Every fact is read by itself. What cannot be read stands in `unread`, and the others are read all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from s3ap_ops.deploying.code import code_objects
from s3ap_ops.deploying.holders import HOLDERS, Held
from s3ap_ops.deploying.pairs import alias_of, pairs
from s3ap_ops.reading import Look, Notes, says
from s3ap_ops.reads.functions import STACK, STACK_ID
from s3ap_ops.resolving import property_of
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json

AT_ONCE = 16
ENDPOINT = "AWS::EC2::VPCEndpoint"
GONE = ("deleting", "deleted", "failed", "rejected", "expired")
"""States of endpoints that are in nobody's way, or not for long."""

ATTACHMENTS = "describe_s3_access_point_attachments"


def looked_ahead(rollout: Rollout, look: Look) -> Rollout:
    """A rollout with the facts that its docstring names, and with what could not be read of them."""
    notes = Notes()
    if "Fn::ImportValue" in json.dumps(rollout.template, default=str):
        notes("exports", lambda: _exports(look))
    known = replace(rollout, facts={**rollout.facts, **notes.facts})
    questions = [*_names(known, look), *_endpoints(known, look), *_objects(known, look), *_access_points(known, look)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda question: notes(*question), questions))
    if any(_is_odd(known, alias, name, notes.facts) for alias, name in pairs(known)):
        notes("aliases", lambda: _aliases(look))
    return replace(known, facts={**known.facts, **_gathered(notes.facts)}, unread={**rollout.unread, **notes.unread})


Question = tuple[str, Callable[[], Json]]
"""A fact's key in `unread`, and how to ask for it."""


def _gathered(found: Mapping[str, Json]) -> dict[str, Json]:
    """Facts under "kind/about" as one mapping for each kind; endpoints as one list."""
    facts: dict[str, Json] = {"taken": {}, "objects": {}, "access_points": {}, "endpoints": []}
    for key, value in found.items():
        kind, _, about = key.partition("/")
        if not about:
            facts[kind] = value
        elif kind == "endpoints":
            facts[kind] += value
        elif kind != "taken" or value is not None:
            facts[kind][about] = value
    return facts


def _exports(look: Look) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in look.pages("cloudformation", "list_exports", "Exports")}


def _names(rollout: Rollout, look: Look) -> Iterator[Question]:
    for logical_id, name in rollout.names.items():
        ask = HOLDERS.get(rollout.type_of(logical_id))
        if ask is not None and not rollout.has(logical_id):
            yield f"taken/{logical_id}", partial(_taken, ask, name, look)


def _taken(ask: Callable[[Look, str], Held | None], name: str, look: Look) -> Json:
    held = ask(look, name)
    if held is None:
        return None
    state = "" if held.state == "ACTIVE" else held.state
    owner = {} if held.where else _owner(held.id, look)
    return {"name": name, "id": held.id, "where": held.where, "state": state, **owner}


def _owner(physical_id: str, look: Look) -> dict[str, str]:
    """The stack that has something; empty if none has, or if CloudFormation does not say, which changes no answer."""
    try:
        found = look.client("cloudformation").describe_stack_resources(PhysicalResourceId=physical_id)
    except (ClientError, BotoCoreError):
        return {"stack": "", "stack_id": ""}
    first: dict[str, str] = next(iter(found["StackResources"]), {})
    return {"stack": first.get("StackName", ""), "stack_id": first.get("StackId", "")}


def _endpoints(rollout: Rollout, look: Look) -> Iterator[Question]:
    made = rollout.resources(ENDPOINT).values()
    found = (rollout.resolver.text(property_of(one, "VpcId")) for one in made)
    for vpc in dict.fromkeys(filter(None, found)):
        yield f"endpoints/{vpc}", partial(_endpoints_of, vpc, look)


def _endpoints_of(vpc: str, look: Look) -> Json:
    wanted = [{"Name": "vpc-id", "Values": [vpc]}]
    found = look.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=wanted)
    return [_endpoint(one) for one in found if str(one.get("State", "")).lower() not in GONE]


def _endpoint(found: Mapping[str, Json]) -> dict[str, Json]:
    tags = {one["Key"]: one["Value"] for one in found.get("Tags") or ()}
    return {
        "id": found["VpcEndpointId"],
        "service": found.get("ServiceName", ""),
        "vpc_id": found.get("VpcId", ""),
        "kind": found.get("VpcEndpointType", ""),
        "private_dns": bool(found.get("PrivateDnsEnabled")),
        "stack": tags.get(STACK, ""),
        "stack_id": tags.get(STACK_ID, ""),
        "route_table_ids": sorted(found.get("RouteTableIds") or ()),
    }


def _objects(rollout: Rollout, look: Look) -> Iterator[Question]:
    """Buckets that the deployment itself makes are filled by it, too, so they are not asked."""
    buckets = (id_ for id_ in rollout.names if rollout.type_of(id_) == "AWS::S3::Bucket")
    own = {rollout.names[id_] for id_ in buckets if rollout.present(id_) is None}
    for place in dict.fromkeys(place for _, place in code_objects(rollout)):
        if place.bucket not in own:
            yield f"objects/{place.key_of_fact}", partial(_is_there, place.head, look)


def _is_there(head: Mapping[str, str], look: Look) -> bool:
    """Code may be deployed from another account's bucket, so nothing is said about whose it has to be."""
    try:
        look.client("s3").head_object(**head)
    except ClientError as error:
        if any(says(error, code) for code in ("404", "NoSuchKey", "NoSuchBucket", "NoSuchVersion")):
            return False
        raise
    return True


def _access_points(rollout: Rollout, look: Look) -> Iterator[Question]:
    for name in dict.fromkeys(name for _, name in pairs(rollout)):
        yield f"access_points/{rollout.values[name]}", partial(_access_point, rollout.values[name], look)


def _access_point(name: str, look: Look) -> Json:
    """FSx is asked first, and S3 about what FSx does not know, or does not say."""
    refusal: ClientError | BotoCoreError | None = None
    try:
        found = look.pages("fsx", ATTACHMENTS, "S3AccessPointAttachments", Names=[name])
        if found:
            point = found[0].get("S3AccessPoint", {})
            return {"alias": point.get("Alias", ""), "arn": point.get("ResourceARN", ""), "bucket": ""}
    except (ClientError, BotoCoreError) as error:
        is_none = isinstance(error, ClientError) and says(error, "S3AccessPointAttachmentNotFound")
        refusal = None if is_none else error
    try:
        point = look.client("s3control").get_access_point(AccountId=look.account, Name=name)
    except ClientError as error:
        if refusal is not None:
            raise refusal from None
        if says(error, "NoSuchAccessPoint"):
            return None
        raise
    return {
        "alias": point.get("Alias", ""),
        "arn": point.get("AccessPointArn", ""),
        "bucket": point.get("Bucket", ""),
    }


def _is_odd(rollout: Rollout, alias: str, name: str, facts: Mapping[str, Json]) -> bool:
    """Whether a name is none, or that of an access point with another alias than is given."""
    key, given = f"access_points/{rollout.values[name]}", alias_of(rollout.values[alias])
    return bool(given) and key in facts and (facts[key] or {}).get("alias") != given


def _aliases(look: Look) -> dict[str, str]:
    """The access points of the account and region, by alias."""
    attached = look.pages("fsx", ATTACHMENTS, "S3AccessPointAttachments")
    found = {one.get("S3AccessPoint", {}).get("Alias", ""): one["Name"] for one in attached}
    listed: Iterable[Json] = look.pages("s3control", "list_access_points", "AccessPointList", AccountId=look.account)
    found |= {one.get("Alias", ""): one["Name"] for one in listed}
    found.pop("", None)
    return found
