"""S3AP3xx: a function and its handler."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.functions.handler_signature import handler_signature
from s3ap_rules.functions.missing_dependency import missing_dependency
from s3ap_rules.functions.patched_name_missing import patched_name_missing
from s3ap_rules.functions.runtime_syntax import runtime_syntax
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
    ]
