"""S3AP209: a workgroup that cannot be deleted once it was used."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import (
    Edit,
    Finding,
    Fix,
    Node,
    Resource,
    Safety,
    Severity,
    Template,
    Value,
    World,
    bad,
    choose,
    edits,
    good,
    offer,
    rule,
    value_of,
)

OPTION = "RecursiveDeleteOption"
TITLE = "Let the stack delete what the workgroup holds"


@rule(
    code="S3AP209",
    subject=Template,
    severity=Severity.WARNING,
    since="0.1.0",
    merges=("E3001", "E3002"),
    examples=[
        bad(
            "missing",
            """
            Resources:
              Workgroup:
                Type: AWS::Athena::WorkGroup  # 分析  # <- S3AP209
                Properties:
                  Name: !Sub "${AWS::StackName}-workgroup"
                  WorkGroupConfiguration:
                    EnforceWorkGroupConfiguration: true
            """,
            fixed="""
            Resources:
              Workgroup:
                Type: AWS::Athena::WorkGroup  # 分析
                Properties:
                  Name: !Sub "${AWS::StackName}-workgroup"
                  RecursiveDeleteOption: true
                  WorkGroupConfiguration:
                    EnforceWorkGroupConfiguration: true
            """,
        ),
        bad(
            "inside the configuration, and outside the properties",
            """
            Resources:
              Inside:
                Type: AWS::Athena::WorkGroup
                Properties:
                  Name: !Sub "${AWS::StackName}-one"
                  WorkGroupConfiguration:
                    RecursiveDeleteOption: true  # <- S3AP209
                    EnforceWorkGroupConfiguration: true
              Outside:
                Type: AWS::Athena::WorkGroup
                RecursiveDeleteOption: true  # <- S3AP209
                Properties:
                  Name: !Sub "${AWS::StackName}-two"
            """,
            fixed="""
            Resources:
              Inside:
                Type: AWS::Athena::WorkGroup
                Properties:
                  Name: !Sub "${AWS::StackName}-one"
                  RecursiveDeleteOption: true
                  WorkGroupConfiguration:
                    EnforceWorkGroupConfiguration: true
              Outside:
                Type: AWS::Athena::WorkGroup
                Properties:
                  Name: !Sub "${AWS::StackName}-two"
                  RecursiveDeleteOption: true
            """,
        ),
        bad(
            "missing outside production",
            """
            Parameters:
              Stage: {Type: String, Default: dev}
            Conditions:
              IsProd: !Equals [!Ref Stage, prod]
            Resources:
              Workgroup:
                Type: AWS::Athena::WorkGroup  # <- S3AP209
                Properties:
                  Name: !Sub "${AWS::StackName}-workgroup"
                  RecursiveDeleteOption: !If [IsProd, true, !Ref AWS::NoValue]
            """,
        ),
        good(
            "where it belongs",
            """
            Parameters:
              Recursive: {Type: String, Default: "true"}
            Resources:
              One:
                Type: AWS::Athena::WorkGroup
                Properties:
                  Name: !Sub "${AWS::StackName}-one"
                  RecursiveDeleteOption: true
              Two:
                Type: AWS::Athena::WorkGroup
                Properties:
                  Name: !Sub "${AWS::StackName}-two"
                  RecursiveDeleteOption: !Ref Recursive
            """,
        ),
        good(
            "a decision against it, and a workgroup that outlives its stack",
            """
            Resources:
              Kept:
                Type: AWS::Athena::WorkGroup
                Properties: {Name: !Sub "${AWS::StackName}-one", RecursiveDeleteOption: false}
              Retained:
                Type: AWS::Athena::WorkGroup
                DeletionPolicy: Retain
                Properties: {Name: !Sub "${AWS::StackName}-two"}
            """,
        ),
    ],
)
def athena_recursive_delete(template: Template) -> Iterator[Finding]:
    """
    An Athena workgroup has no RecursiveDeleteOption, or has it in the wrong place.

    Every query leaves its history and named queries behind, and Athena deletes no workgroup that is not empty: the
    stack ends in DELETE_FAILED ("WorkGroup is not empty") as soon as somebody used it. Inside WorkGroupConfiguration
    the option is an unknown key, with which the stack is not even created.

    Write `RecursiveDeleteOption: true` beside `Name`, directly below Properties; or `false`, if queries must outlive
    the stack. The fix that moves the option is safe: it does what was meant. The one that adds it wants to be read,
    because from then on deleting the stack deletes the history and the saved queries too.
    """
    for workgroup in template.of_type("AWS::Athena::WorkGroup"):
        misplaced = [node for node in _options(workgroup) if node.parent is not workgroup.properties]
        for node in misplaced:
            yield Finding(
                f"{OPTION} of {workgroup.id} belongs directly below Properties; here CloudFormation refuses it",
                at=node.key_at,
                related=(workgroup.at.noted("the workgroup"),),
                severity=Severity.ERROR,
                fix=_moved(workgroup, node, template),
            )
        if not misplaced and not _outlives(workgroup):
            yield from _missing(template, workgroup)


def _missing(template: Template, workgroup: Resource) -> Iterator[Finding]:
    def bare(world: World) -> bool:
        return workgroup.exists(world) and choose(workgroup.properties[OPTION], world) is None

    verdict = template.verdict(template.outcomes(bare), bool)
    if verdict is None or "Fn::Transform" in workgroup.properties:
        return
    yield Finding(
        f"{workgroup.id} has no {OPTION}; once a query ran in it, the stack cannot be deleted",
        at=workgroup.node["Type"].at,
        related=(workgroup.at.noted("the workgroup"),),
        scenario=verdict.scenario,
        fix=None if OPTION in workgroup.properties else offer(TITLE, _added(workgroup, True, template)),
    )


def _moved(workgroup: Resource, node: Node, template: Template) -> Fix | None:
    """The option where it belongs, and no longer where it stands."""
    removal = edits.remove(node, template.source)
    if OPTION in workgroup.properties:
        return offer("Remove it here", removal, safety=Safety.SAFE)
    addition = _added(workgroup, value_of(node), template)
    line = template.source.line_text(template.source.line_of(node.span.start))
    safety = Safety.REVIEW if "#" in line else Safety.SAFE  # a comment would stay behind
    return offer("Move it directly below Properties", removal, addition, safety=safety)


def _added(workgroup: Resource, value: Value, template: Template) -> Edit | None:
    """The option beside the name."""
    if "Name" in workgroup.properties:
        return edits.insert_after(workgroup.properties, template.source, "Name", OPTION, value)
    return edits.set(workgroup.properties, template.source, OPTION, value)


def _options(workgroup: Resource) -> Iterator[Node]:
    """Every mention of the option, below Properties or beside them."""
    yield from (node for node in workgroup.properties.walk() if node.key == OPTION)
    yield from (node for node in [workgroup.node[OPTION]] if node)


def _outlives(workgroup: Resource) -> bool:
    """Whether the workgroup stays when its stack is deleted, or may: a computed policy cannot be told."""
    policy = workgroup.node["DeletionPolicy"]
    return policy.is_mapping or policy.text.startswith("Retain")
