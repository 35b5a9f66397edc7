"""S3AP2xx: references and documents."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.references.athena_recursive_delete import athena_recursive_delete
from s3ap_rules.references.condition_as_value import condition_as_value
from s3ap_rules.references.empty_resource_parameter import empty_resource_parameter
from s3ap_rules.references.empty_statement_list import empty_statement_list
from s3ap_rules.references.fixed_physical_name import fixed_physical_name
from s3ap_rules.references.output_says_otherwise import output_says_otherwise
from s3ap_rules.references.permission_in_trust_policy import permission_in_trust_policy
from s3ap_rules.references.silenced_alarms import silenced_alarms
from s3ap_rules.references.unguarded_reference import unguarded_reference


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        condition_as_value,
        unguarded_reference,
        empty_resource_parameter,
        empty_statement_list,
        permission_in_trust_policy,
        output_says_otherwise,
        fixed_physical_name,
        silenced_alarms,
        athena_recursive_delete,
    ]
