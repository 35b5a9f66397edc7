"""S3AP839: backup vaults that are not empty."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, count


@rule(
    code="S3AP839",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "one that can be emptied by hand, and one that is locked",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Vault:  # <- S3AP839
                    Type: AWS::Backup::BackupVault
                    PhysicalId: uc1-demo-vault
                    Facts: {exists: true, recovery_points: 14, locked: false, lock_date: ""}
                  Locked:  # <- S3AP839
                    Type: AWS::Backup::BackupVault
                    PhysicalId: uc1-demo-locked
                    Facts: {exists: true, recovery_points: 1, locked: true, lock_date: "2026-09-01"}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "an empty vault, or one that stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Vault:
                    Type: AWS::Backup::BackupVault
                    Facts: {exists: true, recovery_points: 0, locked: false, lock_date: ""}
                  Kept:
                    Type: AWS::Backup::BackupVault
                    DeletionPolicy: Retain
                    Facts: {exists: true, recovery_points: 14, locked: false, lock_date: ""}
                """
            },
        ),
    ],
)
def vault_with_recovery_points(vault: LiveResource) -> Iterator[Finding]:
    """
    A backup vault of the stack holds recovery points.

    CloudFormation's deletion of the vault fails ("cannot be deleted because it contains recovery points"). Backups are
    what is left when all else is gone, so `s3ap-ops clean` never deletes one: it refuses, and says how to look at them.
    """
    number = vault.fact("recovery_points", 0)
    if vault.type != "AWS::Backup::BackupVault" or not vault.goes or not number:
        return
    name = vault.physical_id
    lock = ", which Vault Lock keeps until they expire" if vault.fact("locked") else ""
    yield Finding(
        f"{name} holds {count(number, 'recovery point')}{lock}, so its stack cannot delete it",
        at=vault.at,
        fix=Fix(
            f"Deploy the stack with DeletionPolicy: Retain on {vault.logical_id}, or delete by hand those that nobody "
            "needs: aws backup list-recovery-points-by-backup-vault --backup-vault-name "
            f"{shlex.quote(name)}, then aws backup delete-recovery-point for each",
            (),
            Safety.MANUAL,
        ),
    )
