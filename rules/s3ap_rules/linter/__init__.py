"""S3AP9xx: the linter itself, what it cannot read, and how it is told to be silent."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.linter.analysis_incomplete import analysis_incomplete
from s3ap_rules.linter.ignore_without_reason import ignore_without_reason
from s3ap_rules.linter.nothing_checked import nothing_checked
from s3ap_rules.linter.rule_crashed import rule_crashed
from s3ap_rules.linter.unparsable_file import unparsable_file
from s3ap_rules.linter.unused_ignore import unused_ignore


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        unparsable_file,
        rule_crashed,
        unused_ignore,
        ignore_without_reason,
        analysis_incomplete,
        nothing_checked,
    ]
