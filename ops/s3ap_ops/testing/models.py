"""botocore's service models, loaded once for a process, and the names under which a request may ask for one."""

from functools import cache

import botocore.session
from botocore.model import ServiceModel

# the scope of a signature -> botocore's name, where the two differ
_SIGNED_AS = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "elasticfilesystem": "efs",
    "tagging": "resourcegroupstaggingapi",
    "aoss": "opensearchserverless",
    "es": "opensearch",
    "email": "sesv2",
    "cognito-idp": "cognito-idp",
    "elasticloadbalancing": "elbv2",
    "bedrock": "bedrock-agent",
    "airflow": "mwaa",
    "kafka": "kafka",
    "application-autoscaling": "application-autoscaling",
    "s3express": "s3",
    "s3-outposts": "s3control",
}
GLOBAL_SERVICES = frozenset({"iam", "route53", "cloudfront", "organizations", "budgets", "ce"})


@cache
def session() -> botocore.session.Session:
    """The one session of this process; credentials and region are always given, never looked for."""
    return botocore.session.Session()


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service by botocore's name; not a client's own, for S3's take the bucket out of their paths."""
    return _readers_session().get_service_model(service)


@cache
def _readers_session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def known_services() -> frozenset[str]:
    """Every service that botocore knows."""
    return frozenset(session().get_available_services())


def service_of(scope: str, path: str) -> str:
    """botocore's name of the service that a signature's scope and a path mean."""
    if scope == "s3" and path.startswith("/v20180820/"):
        return "s3control"
    name = _SIGNED_AS.get(scope, scope)
    return name if name in known_services() else "s3"
