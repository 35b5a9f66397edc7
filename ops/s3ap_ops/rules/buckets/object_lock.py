"""S3AP811: versions that are locked against deletion."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import Accept, ApiCall, LiveResource, Phase, Risk, call, count
from s3ap_ops.rules.buckets.contents import emptying_locked, is_bucket, is_filled, unchecked


@rule(
    code="S3AP811",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "in governance mode, which a permission bypasses",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {versions: 3, object_lock: true, locks: {checked: 3, governance: 2}}
                """
            },
            fixed={
                "calls": (
                    "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output,"
                    " also those under a governance lock\n"
                ),
            },
        ),
        bad(
            "in compliance mode, which nobody ends",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      versions: 3
                      object_lock: true
                      locks: {checked: 3, compliance: 1, until: "2031-01-01T00:00:00Z"}
                """
            },
        ),
        bad(
            "under a legal hold",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts:
                      versions: 1
                      object_lock: true
                      locks: {checked: 1, holds: 1, held: [{key: 契約/2026.pdf, version_id: v1}]}
                """
            },
            fixed={
                "calls": (
                    "aws s3api put-object-legal-hold --bucket uc1-demo-output --expected-bucket-owner 123456789012"
                    " --key '契約/2026.pdf' --version-id v1 --legal-hold '{\"Status\": \"OFF\"}'\n"
                ),
            },
        ),
        bad(
            "under more legal holds than are named",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    Facts:
                      versions: 400
                      object_lock: true
                      locks: {checked: 400, holds: 400, held: [{key: a, version_id: v1}]}
                """
            },
        ),
        bad(
            "more versions than were asked for their locks",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {versions: 14203, object_lock: true, default_lock: "", locks: {checked: 1000}}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP811\n"},
        ),
        bad(
            "more than were asked, and all that are new are locked in governance mode",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    PhysicalId: uc1-demo-output
                    Facts: {versions: 9000, object_lock: true, default_lock: GOVERNANCE, locks: {checked: 1000}}
                """
            },
            fixed={
                "calls": (
                    "go on all the same, because of --accept S3AP811\n"
                    "delete all versions, delete markers and incomplete uploads in s3://uc1-demo-output,"
                    " also those under a governance lock\n"
                ),
            },
        ),
        bad(
            "versions that only a device of the owner deletes",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  OutputBucket:  # <- S3AP811
                    Type: AWS::S3::Bucket
                    Facts: {versions: 3, mfa_delete: true}
                """
            },
        ),
        good(
            "locks that are over, an empty bucket, and one that stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Over:
                    Type: AWS::S3::Bucket
                    Facts: {versions: 3, object_lock: true, locks: {checked: 3, governance: 0, compliance: 0, holds: 0}}
                  Empty:
                    Type: AWS::S3::Bucket
                    Facts: {versions: 0, markers: 0, mfa_delete: true, object_lock: true, locks: {checked: 0}}
                  Kept:
                    Type: AWS::S3::Bucket
                    DeletionPolicy: Retain
                    Facts: {versions: 3, object_lock: true, locks: {checked: 3, compliance: 3}}
                """
            },
        ),
    ],
)
def object_lock(bucket: LiveResource) -> Iterator[Finding]:
    """
    Versions in a bucket are locked against deletion, by retention, by legal hold, or by MFA delete.

    S3 refuses to delete them ("Access Denied because object protected by object lock."), so the bucket does not get
    empty and its stack ends in DELETE_FAILED. Nobody ends a lock in compliance mode before its time, not even the
    root user, and versions under MFA delete want the root user's device: both are firm refusals. With
    `--bypass-governance` the versions in governance mode are deleted, by callers with
    s3:BypassGovernanceRetention; with `--release-legal-hold` the holds that are known are taken off first. The first
    1,000 versions are asked for their locks; what was not asked counts as locked until somebody accepts it.
    """
    if not is_bucket(bucket) or not is_filled(bucket):
        return
    if bucket.fact("mfa_delete"):
        yield _firm(
            bucket,
            f"{bucket.physical_id} has MFA delete, so only the root user with a device can delete its versions",
            f"Turn MFA delete of {bucket.physical_id} off as the root user, then plan again",
        )
    name, locks = bucket.physical_id, bucket.fact("locks") or {}
    if locks.get("compliance"):
        until = locks.get("until") or "the end of its lock"
        yield _firm(
            bucket,
            f"{name} holds {count(locks['compliance'], 'version')} locked in compliance mode until {until};"
            " nobody can delete what is locked so",
            f"Plan again after {until}; or deploy the stack with DeletionPolicy: Retain on {bucket.logical_id}, and"
            " tear down without it",
        )
    if locks.get("holds"):
        yield _holds(bucket, locks["holds"], locks.get("held") or [])
    if locks.get("governance"):
        yield Finding(
            f"{name} holds {count(locks['governance'], 'version')} locked in governance mode; to delete what"
            " is locked so takes the permission s3:BypassGovernanceRetention",
            at=bucket.at,
            fix=Fix(f"Delete everything in {bucket.physical_id}, locked or not", (emptying_locked(bucket),)),
        )
    if number := unchecked(bucket):
        yield _unchecked(bucket, number, locks.get("checked", 0))


def _unchecked(bucket: LiveResource, number: int, checked: int) -> Finding:
    """What may be locked, for all that is known; in governance mode, if that is what new versions get."""
    least = "at least " if bucket.fact("capped") else ""
    accepted = Accept(bucket.subject, "--accept S3AP811", bucket.physical_id)
    bypassing = (emptying_locked(bucket),) if bucket.fact("default_lock") == "GOVERNANCE" else ()
    return Finding(
        f"{bucket.physical_id} holds {least}{count(number, 'version')} that may be locked; only the first {checked:,}"
        " were asked",
        at=bucket.at,
        fix=Fix(f"Accept that {bucket.physical_id} may be emptied in part only", (accepted, *bypassing)),
    )


def _firm(bucket: LiveResource, message: str, title: str) -> Finding:
    return Finding(message, at=bucket.at, fix=Fix(title, (), Safety.MANUAL))


def _holds(bucket: LiveResource, number: int, known: list[dict[str, str]]) -> Finding:
    """What is under a legal hold; released only where every hold that was seen is named."""
    name = bucket.physical_id
    if number > len(known):
        return _firm(
            bucket,
            f"{name} holds {count(number, 'version')} under a legal hold, too many to be released one by one",
            f"Release the holds in {name} by an S3 Batch Operations job, then plan again",
        )
    return Finding(
        f"{name} holds {count(number, 'version')} under a legal hold; nobody can delete what is held so",
        at=bucket.at,
        fix=Fix(f"Release the legal holds in {name}", tuple(_released(bucket, version) for version in known)),
    )


def _released(bucket: LiveResource, version: dict[str, str]) -> ApiCall:
    return call(
        bucket,
        "s3",
        "put_object_legal_hold",
        risk=Risk.PROTECTION,
        phase=Phase.UNPROTECT,
        destroys=f"the legal hold on {version['key']}",
        done=("NoSuchKey", "NoSuchVersion", "NoSuchBucket"),
        flag="--release-legal-hold",
        undo=_hold(bucket, version, "ON"),
        **_hold(bucket, version, "OFF").params,
    )


def _hold(bucket: LiveResource, version: dict[str, str], status: str) -> ApiCall:
    return call(
        bucket,
        "s3",
        "put_object_legal_hold",
        Bucket=bucket.physical_id,
        ExpectedBucketOwner=bucket.account,
        Key=version["key"],
        VersionId=version["version_id"],
        LegalHold={"Status": status},
    )
