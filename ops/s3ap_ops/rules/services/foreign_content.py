"""S3AP855: resources that hold others, which no stack here has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveStacks, count, listed

HOLDERS: Mapping[str, tuple[str, str, str]] = {
    "AWS::FSx::FileSystem": (
        "storage virtual machine or volume",
        "storage virtual machines and volumes",
        "aws fsx describe-volumes --filters Name=file-system-id,Values={id}",
    ),
    "AWS::FSx::StorageVirtualMachine": (
        "volume",
        "volumes",
        "aws fsx describe-volumes --filters Name=storage-virtual-machine-id,Values={id}",
    ),
    "AWS::SageMaker::ModelPackageGroup": (
        "model package",
        "model packages",
        "aws sagemaker list-model-packages --model-package-group-name {id}",
    ),
    "AWS::Scheduler::ScheduleGroup": ("schedule", "schedules", "aws scheduler list-schedules --group-name {id}"),
}
"""What each type holds, and the command that lists it. A schedule group is deleted with its schedules; the others are
not deleted while they hold anything."""


@rule(
    code="S3AP855",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "volumes that storage engineers made by hand, and registered models",
            {
                "stack.yaml": """
                Stack: storage
                Resources:
                  Machine:  # <- S3AP855
                    Type: AWS::FSx::StorageVirtualMachine
                    PhysicalId: svm-0123456789abcdef0
                    Facts: {exists: true, contents: [fsvol-0123456789abcdef0, fsvol-0123456789abcdef1]}
                  Models:  # <- S3AP855
                    Type: AWS::SageMaker::ModelPackageGroup
                    PhysicalId: arn:aws:sagemaker:ap-northeast-1:123456789012:model-package-group/uc9
                    Facts:
                      exists: true
                      contents: ["arn:aws:sagemaker:ap-northeast-1:123456789012:model-package/uc9/1"]
                  Volume:
                    Type: AWS::FSx::Volume
                    PhysicalId: fsvol-0123456789abcdef0
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "all of it is of stacks that go",
            {
                "stacks.yaml": """
                - Stack: storage
                  Resources:
                    Machine:
                      Type: AWS::FSx::StorageVirtualMachine
                      Facts: {exists: true, contents: [fsvol-0123456789abcdef0]}
                - Stack: volumes
                  Resources:
                    Volume:
                      Type: AWS::FSx::Volume
                      PhysicalId: fsvol-0123456789abcdef0
                """
            },
        ),
    ],
)
def foreign_content(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A file system, storage virtual machine or group of the stack holds things that no stack here made.

    A file system, a storage virtual machine and a model package group are not deleted while they hold anything, and the
    stack's deletion fails; a schedule group is deleted with every schedule in it. All of it is somebody's work, so
    `s3ap-ops clean` refuses and says how to look at it.
    """
    for stack in stacks.stacks:
        for holder in stack.of_type(*HOLDERS):
            others = [name for name in holder.fact("contents", ()) if name not in stacks.going]
            if not holder.goes or not others:
                continue
            noun, plural, command = HOLDERS[holder.type]
            name = holder.physical_id.rpartition("/")[2]
            yield Finding(
                f"{name} holds {count(len(others), noun, plural)} that no stack here has ({listed(others)})",
                at=holder.at,
                fix=Fix(f"Delete or move them by hand, then run again: {command.format(id=name)}", (), Safety.MANUAL),
            )
