"""EC2: groups, their rules, endpoints, networks."""

from typing import Any

from s3ap_ops.testing.resources.kinds import Busy, Kind, Made, Refused, Site, kind, pick


def permissions(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """CloudFormation's rules in the API's form."""
    return [_permission(rule) for rule in rules]


def _permission(rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"IpProtocol": str(rule.get("IpProtocol", "-1"))}
    for name in ("FromPort", "ToPort"):
        if name in rule:
            found[name] = int(rule[name])
    said = {"Description": rule["Description"]} if rule.get("Description") else {}
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    prefix = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if group:
        found["UserIdGroupPairs"] = [{"GroupId": group, **said}]
    elif prefix:
        found["PrefixListIds"] = [{"PrefixListId": prefix, **said}]
    elif "CidrIpv6" in rule:
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **said}]
    else:
        found["IpRanges"] = [{"CidrIp": rule.get("CidrIp", "0.0.0.0/0"), **said}]
    return found


@kind("AWS::EC2::SecurityGroup")
class SecurityGroup(Kind):
    def create(self, site: Site) -> Made:
        ec2, given = site.aws("ec2"), site.properties
        vpc = given.get("VpcId") or _default_vpc(ec2)
        made = ec2.create_security_group(
            GroupName=site.name("GroupName", 255), Description=given.get("GroupDescription", "-"), VpcId=vpc
        )
        group = made["GroupId"]
        found = site.backend("ec2").get_security_group_from_id(group)
        found.add_tags(site.tags)  # the API refuses tags that begin with aws:
        if given.get("SecurityGroupIngress"):
            ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=permissions(given["SecurityGroupIngress"])
            )
        if given.get("SecurityGroupEgress"):
            found.egress_rules = []  # a template's rules stand in for the one that lets everything out
            ec2.authorize_security_group_egress(GroupId=group, IpPermissions=permissions(given["SecurityGroupEgress"]))
        return Made(group, {"GroupId": group, "VpcId": vpc})

    def update(self, site: Site) -> None:
        ec2, group = site.aws("ec2"), site.physical
        found = site.backend("ec2").get_security_group_from_id(group)
        if found is None:
            ec2.describe_security_groups(GroupIds=[group])  # says that it is gone
        own = "SecurityGroupIngress" in site.properties
        if own:
            found.ingress_rules = []
            if site.properties["SecurityGroupIngress"]:
                rules = permissions(site.properties["SecurityGroupIngress"])
                ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
        if site.properties.get("SecurityGroupEgress"):
            found.egress_rules = []
            rules = permissions(site.properties["SecurityGroupEgress"])
            ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules)

    def shown(self, site: Site) -> dict[str, Any]:
        """The rules, without those that are resources of their own."""
        group = site.aws("ec2").describe_security_groups(GroupIds=[site.physical])["SecurityGroups"][0]
        own = {row.physical for row in site.stack.resources.values() if row.type in _RULES}
        found = site.backend("ec2").get_security_group_from_id(site.physical)
        told = {}
        for name, rules, way in (
            ("SecurityGroupIngress", found.ingress_rules, "Source"),
            ("SecurityGroupEgress", found.egress_rules, "Destination"),
        ):
            shown = [_template_rule(rule, way) for rule in rules if rule.id not in own]
            given = [_template_rule_of(rule) for rule in site.properties.get(name, [])]
            if name not in site.properties and (way == "Destination" or not shown):
                continue
            kept = [wish for wish, plain in zip(site.properties.get(name, []), given, strict=True) if plain in shown]
            told[name] = kept + [rule for rule in shown if rule not in given]
        return told if group else {}

    def delete(self, site: Site) -> None:
        holders = site.world.interfaces.of_group(site.physical, site.region)
        began = site.stack.deletion.tried[site.resource.logical] if site.stack.deletion else 0
        if holders and site.world.clock.elapsed() < began + site.world.pace.group:
            raise Busy
        site.aws("ec2").delete_security_group(GroupId=site.physical)


_RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")


def _template_rule(rule: Any, way: str) -> dict[str, Any]:
    """A rule that is there, as a template gives it."""
    prefix = rule.prefix_list_id
    prefix = prefix.get("PrefixListId") if isinstance(prefix, dict) else prefix
    said = {
        "IpProtocol": rule.ip_protocol,
        "FromPort": rule.from_port,
        "ToPort": rule.to_port,
        f"{way}SecurityGroupId": (rule.source_group or {}).get("GroupId"),
        "CidrIp": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        f"{way}PrefixListId": prefix,
    }
    return {name: str(value) for name, value in said.items() if value not in (None, "")}


def _template_rule_of(rule: dict[str, Any]) -> dict[str, Any]:
    """A template's rule without its description, every value a text."""
    return {name: str(value) for name, value in rule.items() if name != "Description"}


def _default_vpc(ec2: Any) -> str:
    found = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not found:
        raise Refused("No default VPC for this user")
    return str(found[0]["VpcId"])


class _Rule(Kind):
    way = "ingress"

    def create(self, site: Site) -> Made:
        given = site.properties
        made = getattr(site.aws("ec2"), f"authorize_security_group_{self.way}")(
            GroupId=given["GroupId"], IpPermissions=permissions([given])
        )
        rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(rule, {"Id": rule})

    def delete(self, site: Site) -> None:
        getattr(site.aws("ec2"), f"revoke_security_group_{self.way}")(
            GroupId=site.properties["GroupId"], SecurityGroupRuleIds=[site.physical]
        )


@kind("AWS::EC2::SecurityGroupIngress")
class Ingress(_Rule):
    """A rule of its own."""


@kind("AWS::EC2::SecurityGroupEgress")
class Egress(_Rule):
    way = "egress"


@kind("AWS::EC2::VPCEndpoint")
class Endpoint(Kind):
    def check(self, site: Site) -> None:
        """A second interface endpoint to a service may not have its private name in the same network."""
        given = site.properties
        private = str(given.get("PrivateDnsEnabled", False)).lower() == "true"
        if not site.stack.strict or given.get("VpcEndpointType") != "Interface" or not private:
            return
        for point in site.backend("ec2").vpc_end_points.values():
            same = (point.vpc_id, point.service_name) == (given.get("VpcId"), given.get("ServiceName"))
            if same and point.state != "deleted" and str(point.private_dns_enabled).lower() == "true":
                host = f"{point.service_name.rsplit('.', 1)[-1]}.{site.region}.amazonaws.com"
                text = "private-dns-enabled cannot be set because there is already a conflicting DNS domain"
                raise Refused(
                    f'Resource handler returned message: "{text} for {host} in the VPC {point.vpc_id} (Service: Ec2, '
                    'Status Code: 400, Request ID: 00000000-0000-0000-0000-000000000000)" '
                    "(RequestToken: 00000000-0000-0000-0000-000000000000, HandlerErrorCode: InvalidRequest)"
                )

    def create(self, site: Site) -> Made:
        given = site.properties
        names = ("VpcId", "ServiceName", "RouteTableIds", "SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled")
        made = site.aws("ec2").create_vpc_endpoint(
            VpcEndpointType=given.get("VpcEndpointType", "Gateway"), **pick(given, *names)
        )
        found = made["VpcEndpoint"]["VpcEndpointId"]
        site.backend("ec2").vpc_end_points[found].add_tags(site.tags)
        return Made(found, {"Id": found})

    def delete(self, site: Site) -> None:
        site.aws("ec2").delete_vpc_endpoints(VpcEndpointIds=[site.physical])


@kind("AWS::EC2::VPC")
class Vpc(Kind):
    def create(self, site: Site) -> Made:
        made = site.aws("ec2").create_vpc(CidrBlock=site.properties.get("CidrBlock", "10.0.0.0/16"))["Vpc"]
        site.backend("ec2").get_vpc(made["VpcId"]).add_tags(site.tags)
        group = site.aws("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [made["VpcId"]]}])
        return Made(
            made["VpcId"],
            {
                "VpcId": made["VpcId"],
                "CidrBlock": made["CidrBlock"],
                "DefaultSecurityGroup": group["SecurityGroups"][0]["GroupId"],
            },
        )

    def delete(self, site: Site) -> None:
        site.aws("ec2").delete_vpc(VpcId=site.physical)


@kind("AWS::EC2::Subnet")
class Subnet(Kind):
    def create(self, site: Site) -> Made:
        made = site.aws("ec2").create_subnet(**pick(site.properties, "VpcId", "CidrBlock", "AvailabilityZone"))[
            "Subnet"
        ]
        site.backend("ec2").get_subnet(made["SubnetId"]).add_tags(site.tags)
        return Made(
            made["SubnetId"],
            {"SubnetId": made["SubnetId"], "VpcId": made["VpcId"], "AvailabilityZone": made["AvailabilityZone"]},
        )

    def delete(self, site: Site) -> None:
        if site.world.interfaces.of_subnet(site.physical, site.region):
            raise Busy
        site.aws("ec2").delete_subnet(SubnetId=site.physical)


@kind("AWS::EC2::RouteTable")
class RouteTable(Kind):
    def create(self, site: Site) -> Made:
        made = site.aws("ec2").create_route_table(VpcId=site.properties["VpcId"])["RouteTable"]["RouteTableId"]
        return Made(made, {"RouteTableId": made})

    def delete(self, site: Site) -> None:
        site.aws("ec2").delete_route_table(RouteTableId=site.physical)
