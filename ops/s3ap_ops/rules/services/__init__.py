"""Live rules about other services, retained resources, and whose a resource is."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.services.broken_access_point import broken_access_point
from s3ap_ops.rules.services.changed_role import changed_role
from s3ap_ops.rules.services.deletion_protection import deletion_protection
from s3ap_ops.rules.services.final_backup import final_backup
from s3ap_ops.rules.services.foreign_content import foreign_content
from s3ap_ops.rules.services.foreign_resource import foreign_resource
from s3ap_ops.rules.services.foreign_rule_target import foreign_rule_target
from s3ap_ops.rules.services.locked_volume import locked_volume
from s3ap_ops.rules.services.nonempty_workgroup import nonempty_workgroup
from s3ap_ops.rules.services.recreated_log_group import recreated_log_group
from s3ap_ops.rules.services.repository_with_images import repository_with_images
from s3ap_ops.rules.services.retained_resource import retained_resource
from s3ap_ops.rules.services.running_execution import running_execution
from s3ap_ops.rules.services.running_glue_job import running_glue_job
from s3ap_ops.rules.services.shared_results_bucket import shared_results_bucket
from s3ap_ops.rules.services.unknown_resource_type import unknown_resource_type
from s3ap_ops.rules.services.unread_resource import unread_resource, unread_stack
from s3ap_ops.rules.services.vault_with_recovery_points import vault_with_recovery_points
from s3ap_ops.rules.services.volume_with_access_points import volume_with_access_points

RULES: tuple[Rule | Detector, ...] = (
    broken_access_point,
    changed_role,
    deletion_protection,
    final_backup,
    foreign_content,
    foreign_resource,
    foreign_rule_target,
    locked_volume,
    nonempty_workgroup,
    recreated_log_group,
    repository_with_images,
    retained_resource,
    running_execution,
    running_glue_job,
    shared_results_bucket,
    unknown_resource_type,
    unread_resource,
    unread_stack,
    vault_with_recovery_points,
    volume_with_access_points,
)
