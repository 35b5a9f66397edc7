"""S3AP61x: what keeps a stack from going away, and what it leaves behind or takes along."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.teardown.foreign_security_group_edge import foreign_security_group_edge
from s3ap_rules.teardown.orphaned_multipart import orphaned_multipart
from s3ap_rules.teardown.recreated_log_group import recreated_log_group
from s3ap_rules.teardown.shared_endpoint_owner import shared_endpoint_owner
from s3ap_rules.teardown.undeletable_bucket import undeletable_bucket


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        undeletable_bucket,
        shared_endpoint_owner,
        foreign_security_group_edge,
        recreated_log_group,
        orphaned_multipart,
    ]
