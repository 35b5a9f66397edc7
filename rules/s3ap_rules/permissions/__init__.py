"""S3AP4xx: permissions needed and granted."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.permissions.broad_managed_policy import broad_managed_policy
from s3ap_rules.permissions.inference_profile_grant import inference_profile_grant
from s3ap_rules.permissions.logging_granted_not_configured import (
    logging_configured_not_granted,
    logging_granted_not_configured,
)
from s3ap_rules.permissions.missing_permission import missing_permission
from s3ap_rules.permissions.policy_template_parameter import policy_template_parameter
from s3ap_rules.permissions.task_not_permitted import task_not_permitted
from s3ap_rules.permissions.unproved_permission import unproved_permission
from s3ap_rules.permissions.unused_permission import unused_permission
from s3ap_rules.permissions.wildcard_resource import wildcard_resource


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        missing_permission,
        unused_permission,
        policy_template_parameter,
        task_not_permitted,
        logging_granted_not_configured,
        logging_configured_not_granted,
        broad_managed_policy,
        wildcard_resource,
        inference_profile_grant,
        unproved_permission,
    ]
