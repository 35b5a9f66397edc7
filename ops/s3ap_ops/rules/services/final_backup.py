"""S3AP856: backups that Amazon FSx takes of what is deleted."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource

TAKEN = {"AWS::FSx::Volume": ("ONTAP",), "AWS::FSx::FileSystem": ("ONTAP", "OPENZFS", "WINDOWS")}
"""Of which kinds of each type a backup is taken unless the request to delete says otherwise, which no template can."""

FILTERS = {"AWS::FSx::Volume": "volume-id", "AWS::FSx::FileSystem": "file-system-id"}


@rule(
    code="S3AP856",
    subject=LiveResource,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a volume and its file system, and a volume that SnapMirror writes to",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Data:  # <- S3AP856
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef0
                    Facts: {exists: true, kind: ONTAP, is_destination: false}
                  Copy:  # <- S3AP856
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef1
                    Facts: {exists: true, kind: ONTAP, is_destination: true}
                  Files:  # <- S3AP856
                    Type: AWS::FSx::FileSystem
                    PhysicalId: fs-0123456789abcdef0
                    Facts: {exists: true, kind: ONTAP}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "of these none is taken, or they stay",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Scratch:
                    Type: AWS::FSx::FileSystem
                    Facts: {exists: true, kind: LUSTRE}
                  Child:
                    Type: AWS::FSx::Volume
                    Facts: {exists: true, kind: OPENZFS}
                  Kept:
                    Type: AWS::FSx::Volume
                    DeletionPolicy: Retain
                    Facts: {exists: true, kind: ONTAP}
                """
            },
        ),
    ],
)
def final_backup(resource: LiveResource) -> Iterator[Finding]:
    """
    A volume or file system of FSx leaves a backup behind when its stack deletes it.

    CloudFormation has no property to leave it out, and `AutomaticBackupRetentionDays: 0` does not. The backup has no
    tags, is paid for by what it holds, and belongs to nobody. A volume that SnapMirror writes to cannot be deleted with
    a backup at all ("In order to delete a DP Volume, SkipFinalBackup must be set to true"): the stack may fail on it.
    """
    if resource.type not in TAKEN or not resource.goes or resource.fact("kind") not in TAKEN[resource.type]:
        return
    id_ = resource.physical_id
    if resource.fact("is_destination") is True:
        delete = f"aws fsx delete-volume --volume-id {id_} --ontap-configuration SkipFinalBackup=true"
        yield Finding(
            f"{id_} is written to by SnapMirror, and FSx takes no backup of such a volume, which its deletion by "
            "CloudFormation asks for; the stack may fail on it",
            at=resource.at,
            fix=Fix(f"If it does, delete the volume by hand, and run again: {delete}", (), Safety.MANUAL),
        )
        return
    look = f"aws fsx describe-backups --filters Name={FILTERS[resource.type]},Values={id_}"
    yield Finding(
        f"FSx takes a backup of {id_} when it is deleted, which stays without tags and is paid for by what it holds",
        at=resource.at,
        fix=Fix(f"Afterwards, look for it ({look}), and delete what nobody needs", (), Safety.MANUAL),
    )
