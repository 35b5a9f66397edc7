"""S3AP3xx: a function and its handler."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.functions.code_key_mismatch import code_key_mismatch
from s3ap_rules.functions.discovery_sizing import discovery_sizing
from s3ap_rules.functions.float_in_dynamodb import float_in_dynamodb, float_in_dynamodb_in_template
from s3ap_rules.functions.function_without_code import function_without_code
from s3ap_rules.functions.handler_not_found import handler_not_found
from s3ap_rules.functions.handler_signature import handler_signature
from s3ap_rules.functions.interpolated_query import interpolated_query, interpolated_query_of_handler
from s3ap_rules.functions.missing_dependency import missing_dependency
from s3ap_rules.functions.mixed_runtimes import mixed_runtimes
from s3ap_rules.functions.naive_utcnow import naive_utcnow, naive_utcnow_in_template
from s3ap_rules.functions.optional_variable_unset import optional_variable_unset
from s3ap_rules.functions.patched_name_missing import patched_name_missing
from s3ap_rules.functions.renamed_variable import renamed_variable
from s3ap_rules.functions.runtime_syntax import runtime_syntax
from s3ap_rules.functions.stale_loop_variable import stale_loop_variable, stale_loop_variable_in_template
from s3ap_rules.functions.swallowed_failure import swallowed_failure
from s3ap_rules.functions.timeout_contract import task_timeout_contract, timeout_contract
from s3ap_rules.functions.unbounded_poll import unbounded_poll, unbounded_poll_of_handler
from s3ap_rules.functions.unknown_helper_attribute import unknown_helper_attribute
from s3ap_rules.functions.unread_variable import unread_variable
from s3ap_rules.functions.unset_variable import unset_variable
from s3ap_rules.functions.zero_concurrency import zero_concurrency


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        handler_not_found,
        unset_variable,
        unread_variable,
        renamed_variable,
        optional_variable_unset,
        function_without_code,
        missing_dependency,
        code_key_mismatch,
        zero_concurrency,
        swallowed_failure,
        unknown_helper_attribute,
        stale_loop_variable,
        stale_loop_variable_in_template,
        unbounded_poll,
        unbounded_poll_of_handler,
        float_in_dynamodb,
        float_in_dynamodb_in_template,
        interpolated_query,
        interpolated_query_of_handler,
        patched_name_missing,
        handler_signature,
        runtime_syntax,
        discovery_sizing,
        mixed_runtimes,
        naive_utcnow,
        naive_utcnow_in_template,
        timeout_contract,
        task_timeout_contract,
    ]
