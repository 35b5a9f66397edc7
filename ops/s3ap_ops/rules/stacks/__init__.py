"""Live rules about a stack as a whole, and what it is to others."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.stacks.failed_deletion import failed_deletion
from s3ap_ops.rules.stacks.imported_export import imported_export
from s3ap_ops.rules.stacks.missing_service_role import missing_service_role
from s3ap_ops.rules.stacks.nested_stack import nested_stack
from s3ap_ops.rules.stacks.service_owned_stack import service_owned_stack
from s3ap_ops.rules.stacks.stack_in_progress import stack_in_progress
from s3ap_ops.rules.stacks.termination_protection import termination_protection

RULES: tuple[Rule | Detector, ...] = (
    stack_in_progress,
    termination_protection,
    imported_export,
    missing_service_role,
    nested_stack,
    failed_deletion,
    service_owned_stack,
)
