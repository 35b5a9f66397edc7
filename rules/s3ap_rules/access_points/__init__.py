"""S3AP1xx: authorisation and API limits of S3 access points."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.access_points.access_point_arn_level import access_point_arn_level
from s3ap_rules.access_points.access_point_policy_action import access_point_policy_action
from s3ap_rules.access_points.alias_only_grant import alias_only_grant
from s3ap_rules.access_points.direct_put_object import direct_put_object
from s3ap_rules.access_points.inert_alias_grant import inert_alias_grant
from s3ap_rules.access_points.mispaired_access_point import mispaired_access_point
from s3ap_rules.access_points.optional_access_point_name import optional_access_point_name
from s3ap_rules.access_points.output_leaves_the_volume import output_leaves_the_volume
from s3ap_rules.access_points.service_cannot_use_access_point import (
    service_cannot_use_access_point,
    written_to_an_access_point,
)
from s3ap_rules.access_points.silent_event_source import silent_event_source
from s3ap_rules.access_points.unsupported_access_point_call import unsupported_access_point_call


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        alias_only_grant,
        optional_access_point_name,
        access_point_arn_level,
        mispaired_access_point,
        access_point_policy_action,
        service_cannot_use_access_point,
        written_to_an_access_point,
        unsupported_access_point_call,
        direct_put_object,
        inert_alias_grant,
        output_leaves_the_volume,
        silent_event_source,
    ]
