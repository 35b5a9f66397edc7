"""S3AP614, live: rules of other groups name a group of the stack, which then cannot be deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, call, count, listed
from s3ap_ops.stack import Json

GROUP = "AWS::EC2::SecurityGroup"
RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
OWNER = "s3ap-lint:owner"
"""The tag by which the custom resource for such rules says whose one is: the stack's id, a slash, the logical id."""

GONE = ("InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "InvalidGroup.NotFound")


def _stack(*referrers: str, mark: bool = True, peers: str = "", more: str = "") -> dict[str, str]:
    """A stack with a group that some rules name."""
    at = "  # <- S3AP614" if mark else ""
    return {
        "uc1.yaml": f"""
                Stack: uc1-demo
                Id: "arn:uc1"
                Resources:
                  FunctionGroup:{at}
                    Type: AWS::EC2::SecurityGroup
                    PhysicalId: sg-0a1
                    Facts:
                      exists: true
                      group_id: sg-0a1
                      vpc_id: vpc-1
                      referrers: [{", ".join(referrers)}]
                      peers: [{peers}]
{more}                """
    }


def _referrer(rule: str, group: str, more: str = "", port: int = 443, vpc: str = "vpc-1", tags: str = "") -> str:
    """A rule as the reader tells it."""
    permission = f"{{IpProtocol: tcp, FromPort: {port}, ToPort: {port}, UserIdGroupPairs: [{{GroupId: sg-0a1}}]}}"
    told = f"rule_id: {rule}, group_id: {group}, group_name: name, vpc_id: {vpc}, stack: uc7-demo, stack_id: other"
    return (
        f"{{{told}, is_egress: {'true' if more == 'egress' else 'false'}, permission: {permission}, tags: {{{tags}}}}}"
    )


MANAGED = """\
                  Opened:
                    Type: Custom::VpcEndpointSgRule
                    Facts: {provider: manager, provider_exists: true, provider_state: Active}
"""
TAG = f'"{OWNER}": "arn:uc1/Opened"'
REVOKED = "aws ec2 revoke-security-group-ingress --group-id sg-0e1 --security-group-rule-ids sgr-1\n"


@detects(
    "S3AP614",
    subject=LiveStack,
    examples=[
        bad(
            "rules in and out, in two groups, on any port",
            _stack(
                _referrer("sgr-1", "sg-0e1"),
                _referrer("sgr-2", "sg-0e1", port=8443),
                _referrer("sgr-3", "sg-0e2", "egress"),
            ),
            fixed={
                "calls": REVOKED
                + """
                aws ec2 revoke-security-group-ingress --group-id sg-0e1 --security-group-rule-ids sgr-2
                aws ec2 revoke-security-group-egress --group-id sg-0e2 --security-group-rule-ids sgr-3
                """.replace("                ", "").lstrip("\n")
            },
        ),
        bad(
            "a rule of the stack that stays behind, in a group of another",
            _stack(
                _referrer("sgr-1", "sg-0e1"),
                more="""\
                  Opened:
                    Type: AWS::EC2::SecurityGroupIngress
                    PhysicalId: sgr-1
                    DeletionPolicy: Retain
""",
            ),
            fixed={"calls": REVOKED},
        ),
        bad(
            "a rule of a custom resource whose function is gone",
            _stack(
                _referrer("sgr-1", "sg-0e1", tags=TAG),
                more=MANAGED.replace("provider_exists: true", "provider_exists: false"),
            ),
            fixed={"calls": REVOKED},
        ),
        bad(
            "the other group is the stack's, and is retained",
            _stack(
                _referrer("sgr-1", "sg-0e1"),
                more="""\
                  Kept:
                    Type: AWS::EC2::SecurityGroup
                    PhysicalId: sg-0e1
                    DeletionPolicy: Retain
""",
            ),
            fixed={"calls": REVOKED},
        ),
        bad(
            "rules across a peering, which keep nothing and are left behind",
            _stack(peers="{vpc_id: vpc-9, connection: pcx-1}"),
        ),
        bad("a rule across a peering in the same account", _stack(_referrer("sgr-1", "sg-0e1", vpc="vpc-9"))),
        good(
            "CloudFormation's business: a rule that is a resource, by either name, and a group of the stack",
            _stack(
                _referrer("sgr-1", "sg-0e1"),
                _referrer("sgr-2", "sg-0e1"),
                _referrer("sgr-3", "sg-0a2"),
                mark=False,
                more="""\
                  Opened:
                    Type: AWS::EC2::SecurityGroupIngress
                    PhysicalId: sgr-1
                  Reopened:
                    Type: AWS::EC2::SecurityGroupIngress
                    PhysicalId: uc1-Reopened-1ABC
                    Facts: {exists: true, rule_id: sgr-2}
                  Own:
                    Type: AWS::EC2::SecurityGroup
                    PhysicalId: sg-0a2
""",
            ),
        ),
        good(
            "a rule that a custom resource made and can take back",
            _stack(_referrer("sgr-1", "sg-0e1", tags=TAG), mark=False, more=MANAGED),
        ),
        good(
            "nobody names the group, or it stays",
            {
                "uc1.yaml": """
                Stack: uc1-demo
                Resources:
                  Alone:
                    Type: AWS::EC2::SecurityGroup
                    Facts: {exists: true, group_id: sg-0a1, vpc_id: vpc-1, referrers: [], peers: []}
                """,
                "uc2.yaml": _stack(_referrer("sgr-1", "sg-0e1"), mark=False)["uc1.yaml"]
                .replace("PhysicalId", "DeletionPolicy: Retain\n                    PhysicalId")
                .replace("uc1", "uc2"),
            },
        ),
    ],
)
def foreign_security_group_edge(stack: LiveStack) -> Iterator[Finding]:
    """
    Rules of other security groups name a group of the stack, so that it cannot be deleted.

    EC2 says "DependencyViolation: resource sg-… has a dependent object", and CloudFormation gives up after trying for a
    while. `s3ap-ops clean` revokes exactly these rules, by their ids, whatever their ports, protocol and direction, and
    writes down what each of them was; every other rule of the other groups stays. Rules that the stack itself takes
    back, as resources or by a custom resource whose function answers, are left to it. Rules in another VPC, across a
    peering, keep nothing: they are left behind, and point at nothing.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
    """
    for group in stack.of_type(GROUP):
        if not group.goes:
            continue
        near = [one for one in group.fact("referrers", ()) if _is_in(group, one)]
        kept = [one for one in near if not _is_taken_back(one, stack)]
        if kept:
            yield _kept(group, kept)
        if far := _far(group):
            yield Finding(
                f"rules in {listed(far)} name {group.physical_id} across a peering; they are left behind and point at "
                "nothing",
                at=group.at,
                severity=Severity.WARNING,
            )


def _is_in(group: LiveResource, rule: Mapping[str, Json]) -> bool:
    """Whether a rule is in the VPC of the group that it names; also if that cannot be told."""
    vpcs = {rule["vpc_id"], group.fact("vpc_id", "")} - {""}
    return len(vpcs) < 2


def _far(group: LiveResource) -> list[str]:
    """The other VPCs with rules that name a group."""
    seen = {one["vpc_id"] for one in group.fact("referrers", ()) if not _is_in(group, one)}
    return sorted(seen | {one["vpc_id"] for one in group.fact("peers", ())})


def _is_taken_back(rule: Mapping[str, Json], stack: LiveStack) -> bool:
    """Whether the deletion of the stack removes a rule before the group that it names."""
    for one in stack.resources:
        if not one.goes:
            continue
        if one.type == GROUP and rule["group_id"] in (one.physical_id, one.fact("group_id")):
            return True
        if one.type in RULES and rule["rule_id"] in (one.physical_id, one.fact("rule_id")):
            return True
        if rule["tags"].get(OWNER) == f"{one.stack_id}/{one.logical_id}" and _answers(one):
            return True
    return False


def _answers(custom: LiveResource) -> bool:
    """Whether the function behind a custom resource is surely there to take back what it did."""
    alive = custom.fact("provider_exists") is True and custom.fact("provider_state") == "Active"
    return alive and custom.fact("provider_concurrency") != 0


def _kept(group: LiveResource, rules: list[Mapping[str, Json]]) -> Finding:
    holders = list(dict.fromkeys(_holder(rule) for rule in rules))
    return Finding(
        f"{count(len(rules), 'rule')} of {listed(holders)} {'names' if len(rules) == 1 else 'name'} "
        f"{group.physical_id}, which therefore cannot be deleted",
        at=group.at,
        severity=Severity.ERROR,
        fix=Fix(
            f"Revoke exactly {'this rule' if len(rules) == 1 else 'these rules'} in {listed(holders)}",
            tuple(_revoked(group, rule) for rule in rules),
        ),
    )


def _holder(rule: Mapping[str, Json]) -> str:
    return f"{rule['group_id']}" + (f" of {rule['stack']}" if rule["stack"] else "")


def _revoked(group: LiveResource, rule: Mapping[str, Any]) -> ApiCall:
    """One rule to a call: of several, one that is gone would make EC2 refuse all."""
    way = "egress" if rule["is_egress"] else "ingress"
    again: dict[str, Json] = {"GroupId": rule["group_id"], "IpPermissions": [rule["permission"]]}
    if rule["tags"]:
        tags = [{"Key": key, "Value": value} for key, value in rule["tags"].items()]
        again["TagSpecifications"] = [{"ResourceType": "security-group-rule", "Tags": tags}]
    return call(
        group,
        "ec2",
        f"revoke_security_group_{way}",
        GroupId=rule["group_id"],
        SecurityGroupRuleIds=[rule["rule_id"]],
        target=rule["rule_id"],
        done=GONE,
        undo=call(group, "ec2", f"authorize_security_group_{way}", target=rule["rule_id"], **again),
    )
