"""S3AP701–702: two templates that must mean the same."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.twins.fix_in_one_half import fix_in_one_half
from s3ap_rules.twins.twin_drift import twin_drift


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [twin_drift, fix_in_one_half]
