"""S3AP842: an endpoint to be made in a VPC that has one in its place already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.resolving import property_of
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json
from s3ap_ops.wording import listed

ENDPOINT = "AWS::EC2::VPCEndpoint"

ROLLOUT = """
    Stack: uc2-demo
    Parameters: {{VpcId: vpc-1, EnableVpcEndpoints: "{switch}"}}
    Template:
      Parameters:
        VpcId: {{Type: "AWS::EC2::VPC::Id"}}
        EnableVpcEndpoints: {{Type: String, AllowedValues: ["true", "false"]}}
      Conditions:
        HasEndpoints: !Equals [!Ref EnableVpcEndpoints, "true"]
      Resources:
        Gateway:{gateway}
          Type: AWS::EC2::VPCEndpoint
          Condition: HasEndpoints
          Properties:
            ServiceName: !Sub com.amazonaws.${{AWS::Region}}.s3
            VpcId: !Ref VpcId
            RouteTableIds: [rtb-1, rtb-2]
        Logs:{logs}
          Type: AWS::EC2::VPCEndpoint
          Condition: HasEndpoints
          Properties:
            ServiceName: !Sub com.amazonaws.${{AWS::Region}}.logs
            VpcEndpointType: Interface
            PrivateDnsEnabled: {dns}
            VpcId: !Ref VpcId
    Facts:
      endpoints: {endpoints}
    """
S3 = "com.amazonaws.ap-northeast-1.s3"
LOGS = "com.amazonaws.ap-northeast-1.logs"
THEIRS_S3 = f"{{id: vpce-1, service: {S3}, vpc_id: vpc-1, kind: Gateway, stack: uc1-demo, route_table_ids: [rtb-2]}}"
THEIRS_LOGS = f'{{id: vpce-2, service: {LOGS}, vpc_id: vpc-1, kind: Interface, private_dns: true, stack: ""}}'


def _rollout(
    endpoints: str, *, gateway: bool = False, logs: bool = False, switch: str = "true", dns: str = "true"
) -> dict[str, str]:
    marks = {"gateway": "  # <- S3AP842" if gateway else "", "logs": "  # <- S3AP842" if logs else ""}
    return {"rollout.yaml": ROLLOUT.format(endpoints=endpoints, switch=switch, dns=dns, **marks)}


@rule(
    code="S3AP842",
    subject=Rollout,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("one of its route tables has a route to S3", _rollout(f"[{THEIRS_S3}]", gateway=True)),
        bad("the service's name leads to another endpoint", _rollout(f"[{THEIRS_LOGS}]", logs=True)),
        bad("both", _rollout(f"[{THEIRS_S3}, {THEIRS_LOGS}]", gateway=True, logs=True)),
        bad(
            "a route table that is added to what the stack has already",
            {
                "rollout.yaml": f"""
                Stack: uc2-demo
                Template:
                  Resources:
                    Gateway:  # <- S3AP842
                      Type: AWS::EC2::VPCEndpoint
                      Properties: {{ServiceName: {S3}, VpcId: vpc-1, RouteTableIds: [rtb-1, rtb-2]}}
                Existing:
                  Stack: uc2-demo
                  Resources:
                    Gateway: {{Type: "AWS::EC2::VPCEndpoint", PhysicalId: vpce-9}}
                Facts:
                  endpoints:
                  - {{id: vpce-9, service: {S3}, vpc_id: vpc-1, kind: Gateway, route_table_ids: [rtb-1]}}
                  - {THEIRS_S3}
                """
            },
        ),
        good("switched off", _rollout(f"[{THEIRS_S3}, {THEIRS_LOGS}]", switch="false")),
        good("without a private name the two stand side by side", _rollout(f"[{THEIRS_LOGS}]", dns="false")),
        good("other route tables", _rollout(f"[{THEIRS_S3}]".replace("rtb-2", "rtb-7"))),
        good("an endpoint of another VPC", _rollout(f"[{THEIRS_S3}, {THEIRS_LOGS}]".replace("vpc-1", "vpc-7"))),
        good("another service's", _rollout(f"[{THEIRS_S3}]".replace(".s3,", ".dynamodb,"))),
        good(
            "the stack's own",
            {
                "rollout.yaml": f"""
                Stack: uc1-demo
                Template:
                  Resources:
                    Gateway:
                      Type: AWS::EC2::VPCEndpoint
                      Properties: {{ServiceName: {S3}, VpcId: vpc-1, RouteTableIds: [rtb-2]}}
                Existing:
                  Stack: uc1-demo
                  Resources:
                    Gateway: {{Type: "AWS::EC2::VPCEndpoint", PhysicalId: vpce-1}}
                Facts: {{endpoints: [{THEIRS_S3}]}}
                """
            },
        ),
    ],
)
def endpoint_in_vpc(rollout: Rollout) -> Iterator[Finding]:
    """
    A VPC endpoint is to be made, and the VPC has one in its place already.

    A route table has one route to S3 or DynamoDB, and a VPC one private name for each service, so the second gateway
    endpoint on a route table and the second interface endpoint with private DNS are refused, and the stack is rolled
    back. One endpoint serves everything in the VPC: leave the second out. An endpoint without `PrivateDnsEnabled`
    stands beside others; CloudFormation's default is false.
    """
    found = dict(_conflicts(rollout))
    for logical_id, (other, why) in found.items():
        owner = f" of the stack {other['stack']}" if other.get("stack") else ", which no stack made"
        yield Finding(
            f"{logical_id} cannot be made: {why} {other['id']}{owner}",
            at=rollout.place(logical_id),
            fix=Fix(f"{_leave(logical_id, found, rollout)}, and use {other['id']}", (), Safety.MANUAL),
        )


def _conflicts(rollout: Rollout) -> Iterator[tuple[str, tuple[Mapping[str, Json], str]]]:
    """The endpoints that cannot be made, each with the one in its place and how that shows."""
    for logical_id, resource in rollout.resources(ENDPOINT).items():
        own = rollout.present(logical_id)
        for other in rollout.fact("endpoints", ()):
            is_own = own is not None and other["id"] == own.physical_id
            why = "" if is_own else _conflict(partial(property_of, resource), other, rollout)
            if why:
                yield logical_id, (other, why)
                break


def _leave(logical_id: str, found: Mapping[str, object], rollout: Rollout) -> str:
    """How to leave an endpoint out; with what else would go with it, and should not."""
    switch = rollout.switch(logical_id)
    if switch is None:
        return f"Leave {logical_id} out of the template"
    others = [one for one in rollout.left_out(switch, ENDPOINT) if one not in found]
    also = f" (which leaves out {listed(others)}, too, and nothing stands in for that)" if others else ""
    return f"Give {switch[0]}={switch[1]}{also}"


def _conflict(found: Callable[[str], Json], other: Mapping[str, Json], rollout: Rollout) -> str:
    """What keeps an endpoint from being made beside another, as a clause; empty if nothing does."""
    text = rollout.resolver.text
    service = text(found("ServiceName"))
    if not service or other["service"] != service or other["vpc_id"] != text(found("VpcId")):
        return ""
    kind = rollout.resolver.value(found("VpcEndpointType"))
    kind = "Gateway" if kind is None else kind
    if kind != other["kind"]:
        return ""
    if kind == "Gateway":
        routed = set(other.get("route_table_ids", ()))
        shared = [one for one in rollout.resolver.texts(found("RouteTableIds")) if one in routed]
        return f"{listed(shared)} already {'leads' if len(shared) == 1 else 'lead'} to" if shared else ""
    has_name = text(found("PrivateDnsEnabled")) == "true"
    if kind == "Interface" and has_name and other.get("private_dns"):
        return f"in {other['vpc_id']} the private name of {_short(service)} already leads to"
    return ""


def _short(service: str) -> str:
    return service.split(".", 3)[-1]
