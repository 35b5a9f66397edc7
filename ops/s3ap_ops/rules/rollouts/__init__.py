"""Live rules about what is about to be deployed."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.rollouts.drifted_resource import drifted_resource
from s3ap_ops.rules.rollouts.endpoint_in_vpc import endpoint_in_vpc
from s3ap_ops.rules.rollouts.failed_validation import failed_validation
from s3ap_ops.rules.rollouts.mismatched_access_point import mismatched_access_point
from s3ap_ops.rules.rollouts.missing_code_object import missing_code_object
from s3ap_ops.rules.rollouts.name_still_held import name_still_held
from s3ap_ops.rules.rollouts.overlong_name import overlong_name
from s3ap_ops.rules.rollouts.stateful_loss import stateful_loss
from s3ap_ops.rules.rollouts.unpackaged_code import unpackaged_code
from s3ap_ops.rules.rollouts.unread_input import unread_input

RULES: tuple[Rule | Detector, ...] = (
    unpackaged_code,
    mismatched_access_point,
    endpoint_in_vpc,
    name_still_held,
    missing_code_object,
    overlong_name,
    stateful_loss,
    unread_input,
    drifted_resource,
    failed_validation,
)
