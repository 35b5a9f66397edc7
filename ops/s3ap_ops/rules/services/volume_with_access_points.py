"""S3AP837: volumes of Amazon FSx with S3 access points that are not of the stacks that go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, Json, LiveResource, LiveStacks, Phase, Risk, Until, call
from s3ap_ops.rules.services.broken_access_point import ATTACHMENT, state_of

DETACH = "aws fsx detach-and-delete-s3-access-point --name {}\n"


@rule(
    code="S3AP837",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "one that works, and one that nobody saw fail",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Volume:  # <- S3AP837
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef0
                    Facts:
                      exists: true
                      attachments:
                        - {name: uc1-ap, lifecycle: AVAILABLE, reason: "", stack: ""}
                        - {name: uc1-old, lifecycle: FAILED, reason: "The S3 access point was deleted", stack: ""}
                """
            },
            fixed={"calls": DETACH.format("uc1-ap") + DETACH.format("uc1-old")},
        ),
        bad(
            "of a stack that stays, and of the stack itself, which retains it; a policy of Snapshot deletes the volume",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Volume:  # <- S3AP837
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef0
                    DeletionPolicy: Snapshot
                    Facts:
                      exists: true
                      attachments:
                        - {name: readers-ap, lifecycle: AVAILABLE, reason: "", stack: readers}
                        - {name: uc1-kept, lifecycle: AVAILABLE, reason: "", stack: uc1-demo}
                  Kept:
                    Type: AWS::FSx::S3AccessPointAttachment
                    PhysicalId: uc1-kept
                    DeletionPolicy: Retain
                """
            },
            fixed={"calls": DETACH.format("readers-ap") + DETACH.format("uc1-kept")},
        ),
        good(
            "the attachment is the stack's own, or of another one that goes first",
            {
                "stacks.yaml": """
                - Stack: uc1-demo
                  Resources:
                    Volume:
                      Type: AWS::FSx::Volume
                      PhysicalId: fsvol-0123456789abcdef0
                      Facts:
                        exists: true
                        attachments:
                          - {name: uc1-ap, lifecycle: AVAILABLE, reason: "", stack: uc1-demo}
                          - {name: readers-ap, lifecycle: AVAILABLE, reason: "", stack: readers}
                    Attachment:
                      Type: AWS::FSx::S3AccessPointAttachment
                      PhysicalId: uc1-ap
                - Stack: readers
                  Resources:
                    Attachment:
                      Type: AWS::FSx::S3AccessPointAttachment
                      PhysicalId: readers-ap
                """
            },
        ),
        good(
            "no attachments, or the volume stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Volume:
                    Type: AWS::FSx::Volume
                    Facts: {exists: true, attachments: []}
                  Kept:
                    Type: AWS::FSx::Volume
                    DeletionPolicy: Retain
                    Facts: {exists: true, attachments: [{name: uc1-ap, lifecycle: AVAILABLE, reason: "", stack: ""}]}
                """
            },
        ),
    ],
)
def volume_with_access_points(stacks: LiveStacks) -> Iterator[Finding]:
    """
    An FSx volume of the stack has an S3 access point attached that does not go with the stacks.

    FSx deletes no volume with access points ("Cannot delete volume while it has one or multiple S3 access points"),
    and one that is FAILED or MISCONFIGURED holds on to the volume, too. Whoever made it may read files through it, so
    `s3ap-ops clean` refuses. With --detach-access-point NAME it is detached and deleted first, until nothing is left of
    it. A new one of the same name gets another alias, so this cannot be undone. One that another stack has goes with
    that stack when both are named.
    """
    own = stacks.names_going(ATTACHMENT)
    for stack in stacks.stacks:
        for volume in stack.of_type("AWS::FSx::Volume"):
            for point in volume.fact("attachments") or () if volume.goes else ():
                if point["name"] not in own:
                    yield _attached(volume, point)


def _attached(volume: LiveResource, point: Mapping[str, Json]) -> Finding:
    name, owner = point["name"], point.get("stack", "")
    own = owner == volume.stack
    whose = ", which its stack retains" if own else f" of {owner}" if owner else ", which no stack has"
    state = f"; it is {state_of(point)}" if point["lifecycle"] != "AVAILABLE" else ""
    advice = f", or tear {owner} down with {volume.stack}" if owner and not own else ""
    return Finding(
        f"{volume.physical_id} has the S3 access point {name}{whose}, so it cannot be deleted{state}",
        at=volume.at,
        fix=Fix(f"Detach and delete the access point {name}{advice}", (_detached(volume, name),)),
    )


def _detached(volume: LiveResource, name: str) -> ApiCall:
    until = Until(
        "describe_s3_access_point_attachments",
        {"Names": [name]},
        "S3AccessPointAttachments.0.Lifecycle",
        "S3AccessPointAttachments.0.LifecycleTransitionReason.Message",
        ("S3AccessPointAttachmentNotFound",),
    )
    return call(
        volume,
        "fsx",
        "detach_and_delete_s3_access_point",
        target=name,
        risk=Risk.DATA_LOSS,
        phase=Phase.QUIESCE,
        destroys=f"the access point {name}, its policy and its alias",
        done=("S3AccessPointAttachmentNotFound",),
        flag=f"--detach-access-point {name}",
        until=until,
        Name=name,
    )
