"""S3AP3xx: a function and its handler."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.functions.code_key_mismatch import code_key_mismatch
from s3ap_rules.functions.discovery_sizing import discovery_sizing
from s3ap_rules.functions.function_without_code import function_without_code
from s3ap_rules.functions.handler_not_found import handler_not_found
from s3ap_rules.functions.mixed_runtimes import mixed_runtimes
from s3ap_rules.functions.optional_variable_unset import optional_variable_unset
from s3ap_rules.functions.renamed_variable import renamed_variable
from s3ap_rules.functions.timeout_contract import timeout_contract
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
        code_key_mismatch,
        zero_concurrency,
        discovery_sizing,
        mixed_runtimes,
        timeout_contract,
    ]
