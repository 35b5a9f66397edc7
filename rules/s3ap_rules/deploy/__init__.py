"""S3AP703–708: what is deployed with, and what must not be left in it."""

from collections.abc import Iterable

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_rules.deploy.empty_deploy_parameter import empty_deploy_parameter
from s3ap_rules.deploy.missing_capability import missing_capability
from s3ap_rules.deploy.missing_deploy_parameter import missing_deploy_parameter
from s3ap_rules.deploy.unknown_deploy_parameter import unknown_deploy_parameter


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules of this family."""
    return [unknown_deploy_parameter, missing_deploy_parameter, empty_deploy_parameter, missing_capability]
