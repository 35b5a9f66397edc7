"""S3AP838: volumes of Amazon FSx that hold what must not be deleted yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource

LOCKED = re.compile(r"snaplock|\bworm\b|\block|retention|retained|tamper|legal hold", re.IGNORECASE)
PASSING = re.compile(r"object store NAS buckets", re.IGNORECASE)


@rule(
    code="S3AP838",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "SnapLock, an audit log, and snapshots that an earlier attempt found locked",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Archive:  # <- S3AP838
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef0
                    Facts: {exists: true, lifecycle: CREATED, reason: "", snaplock: COMPLIANCE, audit_log: false}
                  Audit:  # <- S3AP838
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef1
                    Facts: {exists: true, lifecycle: CREATED, reason: "", snaplock: ENTERPRISE, audit_log: true}
                  Data:  # <- S3AP838
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef2
                    Facts: {exists: true, lifecycle: CREATED, reason: The volume has locked snapshots, snaplock: ""}
                """
            },
            fixed={"calls": ""},
        ),
        bad(
            "an earlier attempt was taken back for another reason, which may have passed",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Data:  # <- S3AP838
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef0
                    Facts:
                      exists: true
                      lifecycle: CREATED
                      reason: Failed to delete volume because it has one or more clones.
                      snaplock: ""
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "an ordinary volume, or one that stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Data:
                    Type: AWS::FSx::Volume
                    Facts: {exists: true, lifecycle: CREATED, reason: "", snaplock: "", audit_log: false}
                  Archive:
                    Type: AWS::FSx::Volume
                    DeletionPolicy: Retain
                    Facts: {exists: true, lifecycle: CREATED, reason: "", snaplock: COMPLIANCE, audit_log: false}
                """
            },
        ),
    ],
)
def locked_volume(volume: LiveResource) -> Iterator[Finding]:
    """
    An FSx volume of the stack is under SnapLock, or has locked snapshots.

    Its service takes the request to delete it ("DELETING"), and brings the volume back ("CREATED") when it finds files
    or snapshots whose retention has not ended; the stack waits and fails. Only the volume's state later tells. An audit
    log volume keeps its storage virtual machine and file system, too, for six months at least. Nothing here lifts a
    retention, and no option goes on in spite of it: `s3ap-ops clean` refuses.

    When the reason that the volume gives of an earlier attempt is another one, it is told, and the deletion tried.
    """
    # https://docs.aws.amazon.com/fsx/latest/ONTAPGuide/snaplock-delete-volume.html
    if volume.type != "AWS::FSx::Volume" or not volume.goes:
        return
    why = _why(volume)
    if why:
        yield Finding(
            f"{volume.physical_id} {why}; its deletion is accepted and then taken back while anything is retained",
            at=volume.at,
            fix=Fix(
                f"Deploy the stack with DeletionPolicy: Retain on {volume.logical_id}, or wait until the retention has "
                "ended and a storage administrator has deleted the volume",
                (),
                Safety.MANUAL,
            ),
        )
        return
    reason = str(volume.fact("reason") or "")
    if volume.fact("lifecycle") == "CREATED" and "delete" in reason.lower() and not PASSING.search(reason):
        yield Finding(
            f"an earlier deletion of {volume.physical_id} was accepted and then taken back ({reason.rstrip('.')})",
            at=volume.at,
            severity=Severity.WARNING,
            fix=Fix("See to that first; what is in a recovery queue of ONTAP counts, too", (), Safety.MANUAL),
        )


def _why(volume: LiveResource) -> str:
    if volume.fact("audit_log") is True:
        return "keeps a SnapLock audit log"
    if volume.fact("snaplock"):
        return f"is a SnapLock {str(volume.fact('snaplock')).title()} volume"
    reason = str(volume.fact("reason", ""))
    return f"says: {reason.rstrip('.')}" if LOCKED.search(reason) else ""
