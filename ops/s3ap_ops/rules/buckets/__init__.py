"""Live rules about buckets and what is in them."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.buckets.access_point_as_bucket import access_point_as_bucket
from s3ap_ops.rules.buckets.attached_access_point import attached_access_point
from s3ap_ops.rules.buckets.denying_bucket_policy import denying_bucket_policy
from s3ap_ops.rules.buckets.nonempty_bucket import nonempty_bucket
from s3ap_ops.rules.buckets.object_lock import object_lock
from s3ap_ops.rules.buckets.refilling_bucket import refilling_bucket
from s3ap_ops.rules.buckets.unfinished_uploads import unfinished_uploads
from s3ap_ops.rules.buckets.unreachable_bucket import unreachable_bucket

RULES: tuple[Rule | Detector, ...] = (
    nonempty_bucket,
    unfinished_uploads,
    object_lock,
    denying_bucket_policy,
    attached_access_point,
    refilling_bucket,
    unreachable_bucket,
    access_point_as_bucket,
)
