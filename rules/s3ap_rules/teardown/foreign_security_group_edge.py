"""S3AP614: a rule joins a security group of this stack with one of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Application,
    Finding,
    Location,
    Node,
    Resource,
    Severity,
    Span,
    Template,
    World,
    bad,
    choose,
    good,
    listed,
    mentioned,
    rule,
)
from s3ap_rules.teardown.belonging import (
    Owner,
    called,
    custom_resources,
    goes,
    is_foreign,
    is_part_of_another,
    owner,
    plain_templates,
)

GROUP = "AWS::EC2::SecurityGroup"
RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
ENDS = ("SourceSecurityGroupId", "DestinationSecurityGroupId")
INLINE = ("SecurityGroupIngress", "SecurityGroupEgress")
_OF_A_GROUP = re.compile(r"security_?groups?(_?ids?)?$|(^|[a-z_])sgs?(_?ids?)?$", re.IGNORECASE)

HEAD = """
    Parameters:
      VpcId: {Type: "AWS::EC2::VPC::Id"}
      EndpointSecurityGroupId: {Type: "AWS::EC2::SecurityGroup::Id"}
    Resources:
      FunctionGroup:
        Type: AWS::EC2::SecurityGroup
        Properties:
          GroupDescription: functions
          VpcId: !Ref VpcId
    """
INGRESS = """
      FromEndpoint:
        Type: AWS::EC2::SecurityGroupIngress
        Properties:
          GroupId: !GetAtt FunctionGroup.GroupId
          IpProtocol: "-1"
          SourceSecurityGroupId: !Ref EndpointSecurityGroupId  # <- S3AP614
    """
EGRESS = """
          SecurityGroupEgress:
            - IpProtocol: tcp
              FromPort: 443
              ToPort: 443
              DestinationSecurityGroupId: !Ref EndpointSecurityGroupId  # 出口  # <- S3AP614
    """
OPENED = """
      Opened:
        Type: AWS::EC2::SecurityGroupIngress
        Properties:
          GroupId: !Ref EndpointSecurityGroupId
          IpProtocol: tcp
          FromPort: 443
          ToPort: 443
          SourceSecurityGroupId: !GetAtt FunctionGroup.GroupId
    """


@rule(
    code="S3AP614",
    subject=Application,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad("a rule inside of the group", HEAD + EGRESS),
        bad("a rule that is a resource", HEAD + INGRESS),
        bad(
            "a custom resource that opens the group of the endpoints",
            HEAD
            + """
      Opened:  # <- S3AP614
        Type: Custom::VpcEndpointSgRule
        Properties:
          ServiceToken: !ImportValue SgManager
          VpcEndpointSgId: !Ref EndpointSecurityGroupId
          SourceSgId: !GetAtt FunctionGroup.GroupId
    """,
        ),
        bad(
            "a rule that stays where it is, and points at a group that goes",
            HEAD
            + OPENED.replace("Opened:", "Opened:  # <- S3AP614").replace(
                "Properties:", "DeletionPolicy: Retain\n        Properties:"
            ),
        ),
        bad(
            "where the group is given",
            HEAD.replace("Resources:", "Conditions:\n      Given: !Not [!Equals [!Ref VpcId, vpc-0]]\n    Resources:")
            + EGRESS.replace("!Ref EndpointSecurityGroupId", "!If [Given, !Ref EndpointSecurityGroupId, !Ref Own]")
            + """
      Own:
        Type: AWS::EC2::SecurityGroup
        Properties: {GroupDescription: endpoints, VpcId: !Ref VpcId}
    """,
        ),
        good("a rule of this stack in the other's group, which goes before the group does", HEAD + OPENED),
        good(
            "both groups are the stack's",
            HEAD.replace("FunctionGroup:", "Own:")
            + HEAD.partition("Resources:")[2]
            + INGRESS.replace("!Ref EndpointSecurityGroupId  # <- S3AP614", "!GetAtt Own.GroupId"),
        ),
        good(
            "an import, which CloudFormation keeps in order",
            HEAD + INGRESS.replace("!Ref EndpointSecurityGroupId  # <- S3AP614", "!ImportValue EndpointGroup"),
        ),
        good(
            "a part of another stack, which may have made the other group",
            {
                "functions.yaml": HEAD + INGRESS.replace("  # <- S3AP614", ""),
                "main.yaml": """
                    Resources:
                      Functions:
                        Type: AWS::CloudFormation::Stack
                        Properties:
                          TemplateURL: functions.yaml
                    """,
            },
        ),
        good(
            "addresses, a prefix list, and the stack's own group in the default group of its VPC",
            """
            Parameters:
              Lists: {Type: String}
            Resources:
              Vpc:
                Type: AWS::EC2::VPC
                Properties: {CidrBlock: 10.0.0.0/16}
              FunctionGroup:
                Type: AWS::EC2::SecurityGroup
                Properties:
                  GroupDescription: functions
                  VpcId: !Ref Vpc
                  SecurityGroupIngress:
                    - {IpProtocol: "-1", SourceSecurityGroupId: !GetAtt Vpc.DefaultSecurityGroup}
                  SecurityGroupEgress:
                    - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
                    - {IpProtocol: tcp, FromPort: 443, ToPort: 443, DestinationPrefixListId: !Ref Lists}
            """,
        ),
    ],
)
def foreign_security_group_edge(application: Application) -> Iterator[Finding]:
    """
    A rule joins a security group of this stack with one of another, so that one of the two cannot be deleted.

    EC2 deletes no group that a rule of another group names ("DependencyViolation: resource … has a dependent object").
    A rule in a group of this stack that names a group given by parameter keeps that one: whoever deletes its stack
    first waits, and gets DELETE_FAILED. A rule in the other group that names one of this stack's keeps this one, when
    the rule stays behind: because its DeletionPolicy says so, or because a custom resource made it and its function is
    gone, or fails, when the stack is deleted.

    Let the rule be a resource of this stack in the other's group (`GroupId` of the other, `SourceSecurityGroupId` of
    this one): CloudFormation deletes it before the group. Or import the other group, so that CloudFormation
    refuses the wrong order from the start; or allow addresses or a prefix list in its place. These, templates that
    another one beside them nests, and groups of which cannot be told whose they are, are no findings.

    `s3ap-ops` asks EC2 for the rules of all other groups that name one of the stack's, also such as no template knows,
    revokes exactly these, by their ids, and writes down what they were.
    """
    for template in plain_templates(application):
        if is_part_of_another(template, application):
            continue
        for resource in template.of_type(GROUP, *RULES):
            yield from _kept(template, resource)
        for one in template.of_type(*RULES):
            yield from _left(template, one)
        for one in custom_resources(template):
            yield from _made(template, one)


def _kept(template: Template, resource: Resource) -> Iterator[Finding]:
    """Groups of other stacks that a rule in a group of this one names."""
    outcomes = template.outcomes(partial(_given_ends, template, resource))
    for span in sorted({span for outcome in outcomes for span in outcome.answer}):
        verdict = template.verdict(outcomes, partial(_stands_at, span))
        if verdict is None:
            continue
        end, group = next(outcome.answer[span] for outcome in outcomes if span in outcome.answer)
        other = called(end, template)
        yield Finding(
            f"a rule of {group} names {other}, a group that is not this stack's; that one cannot be deleted as long "
            "as this stack stands",
            at=end.at,
            related=(template.resources[group].at.noted("the group with the rule"),),
            scenario=verdict.scenario,
        )


Ends = dict[Span, tuple[Node, str]]


def _given_ends(template: Template, resource: Resource, world: World) -> Ends:
    """The given groups that rules in a group of the stack name, by place, each with the group that has the rule."""
    if not resource.exists(world):
        return {}
    rules = [(resource.properties, _own_group(resource.properties["GroupId"], template, world))]
    if resource.type == GROUP:
        inline = [item for key in INLINE for item in listed(resource.properties[key], world)]
        rules = [(item, resource.id) for item in inline]
    ends = [(choose(one[key], world), group) for one, group in rules if group for key in ENDS]
    return {end.span: (end, group) for end, group in ends if end is not None and owner(end, template) is Owner.GIVEN}


def _stands_at(span: Span, ends: Ends) -> bool:
    return span in ends


def _left(template: Template, one: Resource) -> Iterator[Finding]:
    """A rule in another group that stays there, and names a group of this stack."""
    outcomes = template.outcomes(partial(_stays_behind, template, one))
    verdict = template.verdict(outcomes, bool)
    if verdict is None:
        return
    group = next(outcome.answer for outcome in outcomes if outcome.answer)
    yield Finding(
        f"{one.id} stays in a group that is not this stack's, and names {group}, which then cannot be deleted",
        at=one.at,
        related=(template.resources[group].at.noted("the group that it names"),),
        scenario=verdict.scenario,
    )


def _stays_behind(template: Template, one: Resource, world: World) -> str:
    """The group of this stack that a rule names which is not deleted with it; "" for any other rule."""
    policy = choose(one.node["DeletionPolicy"], world)
    holder = choose(one.properties["GroupId"], world)
    if not one.exists(world) or policy is None or policy.text != "Retain":
        return ""
    if holder is None or not is_foreign(holder, template):
        return ""
    named = (_own_group(one.properties[key], template, world) for key in ENDS)
    return next((group for group in named if group and goes(template.resources[group], world)), "")


def _made(template: Template, one: Resource) -> Iterator[Finding]:
    """A custom resource that is given a group of this stack and one of another."""
    outcomes = template.outcomes(partial(_joined_by, template, one))
    verdict = template.verdict(outcomes, bool)
    if verdict is None:
        return
    group, other, at = next(outcome.answer for outcome in outcomes if outcome.answer)
    yield Finding(
        f"{one.id} joins {group} with {other}, a group that is not this stack's; if its function cannot take the rule "
        f"back, {group} cannot be deleted",
        at=one.at,
        related=(template.resources[group].at.noted("the stack's group"), at.noted("the other group")),
        scenario=verdict.scenario,
    )


def _joined_by(template: Template, one: Resource, world: World) -> tuple[str, str, Location] | None:
    """The stack's group, and the other, that a custom resource is given."""
    if not one.exists(world):
        return None
    given = [choose(node, world) for key, node in one.properties.items() if _OF_A_GROUP.search(key)]
    values = [node for node in given if node is not None]
    own = next((name for node in values if (name := _own_group(node, template, world))), "")
    other = next((node for node in values if is_foreign(node, template)), None)
    if not own or other is None or not goes(template.resources[own], world):
        return None
    return own, called(other, template), other.at


def _own_group(node: Node, template: Template, world: World) -> str:
    """The group of the template that a value names, or ""."""
    chosen = choose(node, world)
    names = [found.name for found in mentioned(chosen, template)] if chosen is not None else []
    groups = [name for name in names if name in template.resources and template.resources[name].type == GROUP]
    return groups[0] if groups else ""
