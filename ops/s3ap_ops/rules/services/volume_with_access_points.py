"""S3AP837: volumes of Amazon FSx with S3 access points that are not of the stacks that go."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveStacks, listed


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
                        - {name: uc1-ap, lifecycle: AVAILABLE, reason: ""}
                        - {name: uc1-old, lifecycle: MISCONFIGURED, reason: "The volume has no junction path"}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "the attachment is the stack's own, and goes before the volume",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Volume:
                    Type: AWS::FSx::Volume
                    Facts:
                      exists: true
                      attachments: [{name: uc1-ap, lifecycle: AVAILABLE, reason: ""}]
                  Attachment:
                    Type: AWS::FSx::S3AccessPointAttachment
                    PhysicalId: uc1-ap
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
                    Facts: {exists: true, attachments: [{name: uc1-ap, lifecycle: AVAILABLE, reason: ""}]}
                """
            },
        ),
    ],
)
def volume_with_access_points(stacks: LiveStacks) -> Iterator[Finding]:
    """
    An FSx volume of the stack has S3 access points attached that no stack here has.

    The volume cannot be deleted while they are ("associated with object store NAS buckets"), those in FAILED or
    MISCONFIGURED among them, which still hold on to it. Detaching cuts off whoever reads the files through them, so
    `s3ap-ops clean` refuses; detach them by hand, wait until none is left, and run it again.
    """
    own = {one.physical_id for stack in stacks.stacks for one in stack.of_type("AWS::FSx::S3AccessPointAttachment")}
    for stack in stacks.stacks:
        for volume in stack.of_type("AWS::FSx::Volume"):
            foreign = [one for one in volume.fact("attachments", ()) if one["name"] not in own]
            if not volume.goes or not foreign:
                continue
            broken = [
                f"{one['name']} is {one['lifecycle']}" + (f" ({one['reason']})" if one.get("reason") else "")
                for one in foreign
                if one["lifecycle"] in ("FAILED", "MISCONFIGURED")
            ]
            names = listed([one["name"] for one in foreign])
            told = f"; {listed(broken)}" if broken else ""
            commands = "; ".join(
                f"aws fsx detach-and-delete-s3-access-point --name {shlex.quote(one['name'])}" for one in foreign
            )
            yield Finding(
                f"{volume.physical_id} has S3 access points attached ({names}), so it cannot be deleted{told}",
                at=volume.at,
                fix=Fix(f"Detach them by hand, wait until they are gone, and run again: {commands}", (), Safety.MANUAL),
            )
