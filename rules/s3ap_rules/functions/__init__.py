"""S3AP3xx: a function and its handler."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.functions.float_in_dynamodb import float_in_dynamodb, float_in_dynamodb_in_template
from s3ap_rules.functions.handler_signature import handler_signature
from s3ap_rules.functions.interpolated_query import interpolated_query, interpolated_query_of_handler
from s3ap_rules.functions.missing_dependency import missing_dependency
from s3ap_rules.functions.naive_utcnow import naive_utcnow, naive_utcnow_in_template
from s3ap_rules.functions.patched_name_missing import patched_name_missing
from s3ap_rules.functions.runtime_syntax import runtime_syntax
from s3ap_rules.functions.stale_loop_variable import stale_loop_variable, stale_loop_variable_in_template
from s3ap_rules.functions.swallowed_failure import swallowed_failure
from s3ap_rules.functions.unbounded_poll import unbounded_poll, unbounded_poll_of_handler
from s3ap_rules.functions.unknown_helper_attribute import unknown_helper_attribute
from s3ap_rules.functions.unset_variable import unset_variable


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        unset_variable,
        missing_dependency,
        unknown_helper_attribute,
        patched_name_missing,
        handler_signature,
        runtime_syntax,
        swallowed_failure,
        stale_loop_variable,
        stale_loop_variable_in_template,
        unbounded_poll,
        unbounded_poll_of_handler,
        float_in_dynamodb,
        float_in_dynamodb_in_template,
        interpolated_query,
        interpolated_query_of_handler,
        naive_utcnow,
        naive_utcnow_in_template,
    ]
