"""S3AP703–709: what is deployed with, and what must not be left in it."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.deploy.empty_deploy_parameter import empty_deploy_parameter
from s3ap_rules.deploy.literal_account_id import account_id_in_code, account_id_in_script, literal_account_id
from s3ap_rules.deploy.missing_capability import missing_capability
from s3ap_rules.deploy.missing_deploy_parameter import missing_deploy_parameter
from s3ap_rules.deploy.placeholder_value import placeholder_in_input, placeholder_value
from s3ap_rules.deploy.refused_deploy_parameter import refused_deploy_parameter
from s3ap_rules.deploy.unknown_deploy_parameter import unknown_deploy_parameter


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [
        placeholder_value,
        placeholder_in_input,
        literal_account_id,
        account_id_in_code,
        account_id_in_script,
        unknown_deploy_parameter,
        missing_deploy_parameter,
        empty_deploy_parameter,
        missing_capability,
        refused_deploy_parameter,
    ]
