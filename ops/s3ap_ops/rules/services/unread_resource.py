"""S3AP854: what could not be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Severity, bad, detects, good, rule
from s3ap_ops.api import Accept, LiveResource, LiveStack, listed

FLAG = "--accept S3AP854"
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden", "403")
NAMED_OTHERWISE = {
    "BatchGetCollection": "aoss:BatchGetCollection",
    "DescribeStackResources": "cloudformation:DescribeStackResources",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketReplication": "s3:GetReplicationConfiguration",
    "GetKnowledgeBase": "bedrock:GetKnowledgeBase",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "GetRole": "iam:GetRole",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListDataSources": "bedrock:ListDataSources",
    "ListKnowledgeBases": "bedrock:ListKnowledgeBases",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
}
"""Actions that are not called like their operations, or are of another service than the resource.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""


@rule(
    code="S3AP854",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a permission is missing",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Output:  # <- S3AP854
                    Type: AWS::S3::Bucket
                    Facts: {exists: true}
                    Unread: {versioning: "AccessDenied from GetBucketVersioning: Access Denied"}
                """
            },
            fixed={"calls": "go on all the same, because of --accept S3AP854\n"},
        ),
        good(
            "everything was read, or it stays anyway",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Read:
                    Type: AWS::S3::Bucket
                    Facts: {exists: true}
                  Kept:
                    Type: AWS::S3::Bucket
                    DeletionPolicy: Retain
                    Unread: {versioning: "AccessDenied from GetBucketVersioning: Access Denied"}
                """
            },
        ),
    ],
)
def unread_resource(resource: LiveResource) -> Iterator[Finding]:
    """
    Something about a resource that goes could not be read, so a hazard in it may be hidden.

    Whether it is protected, holds something, or is used by others is not known, and the stack may fail halfway or take
    something along. `s3ap-ops clean` refuses; let the caller read what is named, or accept it.
    """
    if resource.goes and resource.unread:
        yield _told(f"of {resource.physical_id}", resource, resource.unread, resource.physical_id)


@detects(
    "S3AP854",
    subject=LiveStack,
    examples=[
        bad(
            "who imports from the stack cannot be told",
            {
                "stack.yaml": """
                Stack: uc1-demo  # <- S3AP854
                Unread: {exports: "AccessDenied from ListImports: not authorized to perform: cloudformation:ListImports"}
                """  # noqa: E501
            },
            fixed={"calls": "go on all the same, because of --accept S3AP854\n"},
        ),
        good("a stack that was read", {"stack.yaml": "Stack: uc1-demo\n"}),
    ],
)
def unread_stack(stack: LiveStack) -> Iterator[Finding]:
    """Something about the stack itself could not be read."""
    if stack.unread and not stack.is_gone:
        yield _told("of the stack", stack, stack.unread, stack.id)


def _told(of: str, about: LiveResource | LiveStack, unread: Mapping[str, str], target: str) -> Finding:
    names = [name.replace("_", " ") for name in unread]
    reasons = list(dict.fromkeys(unread.values()))
    wanted = list(dict.fromkeys(action for reason in reasons if (action := _action(reason, about))))
    allow = f"Allow {listed(wanted, 6)}" if wanted else "Run it again, or find out why"
    return Finding(
        f"not known {of}: {listed(names, 6)} ({'; '.join(reasons[:3])}); it may be protected, or not empty",
        at=about.at,
        fix=Fix(f"{allow}; or accept that it is not known", (Accept(about.subject, FLAG, target),)),
    )


def _action(reason: str, about: LiveResource | LiveStack) -> str:
    """The IAM action that is missing, when that is what a reason says; else nothing."""
    if named := re.search(r"not authorized to perform:? ([a-z0-9-]+:\w+)", reason):
        return named[1]
    said = re.match(r"(\w+) from (\w+)", reason)
    if said is None or said[1] not in DENIED:
        return ""
    if said[2] in NAMED_OTHERWISE:
        return NAMED_OTHERWISE[said[2]]
    service = about.type.split("::")[1] if isinstance(about, LiveResource) and "::" in about.type else "CloudFormation"
    return f"{PREFIXES.get(service, service.lower())}:{said[2]}"


PREFIXES = {
    "CertificateManager": "acm",
    "Cognito": "cognito-idp",
    "DocDB": "rds",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "Neptune": "rds",
    "OpenSearchServerless": "aoss",
    "OpenSearchService": "es",
    "StepFunctions": "states",
}
"""The services whose actions do not begin with the name in their resource types."""
