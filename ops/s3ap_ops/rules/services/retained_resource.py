"""S3AP851: what stays when its stack is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import EmptyBucket, LiveResource, LiveStack, Phase, Risk, call, count, size
from s3ap_ops.calls import ApiCall, LiveChange
from s3ap_ops.protections import SWITCHES
from s3ap_ops.rules.services.foreign_resource import is_foreign
from s3ap_ops.stack import Json

BY_HOUR = {
    "AWS::DocDB::DBCluster": "its instances by the hour",
    "AWS::EC2::Instance": "by the hour",
    "AWS::EC2::NatGateway": "by the hour",
    "AWS::EC2::VPCEndpoint": "by the hour",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "by the hour",
    "AWS::FSx::FileSystem": "by the hour, and its storage",
    "AWS::FSx::Volume": "its storage",
    "AWS::OpenSearchServerless::Collection": "by the hour",
    "AWS::OpenSearchService::Domain": "by the hour",
    "AWS::RDS::DBCluster": "its instances by the hour, and its storage",
    "AWS::RDS::DBInstance": "by the hour, and its storage",
    "AWS::SageMaker::Endpoint": "by the hour",
}
STORAGE = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Logs::LogGroup",
    "AWS::ECR::Repository",
)
MONTHLY = {"AWS::KMS::Key": "1 USD a month", "AWS::SecretsManager::Secret": "0.40 USD a month"}
NAMES = {
    "AWS::Bedrock::KnowledgeBase": "Name",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::FSx::S3AccessPointAttachment": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::OpenSearchServerless::AccessPolicy": "Name",
    "AWS::OpenSearchServerless::Collection": "Name",
    "AWS::OpenSearchServerless::LifecyclePolicy": "Name",
    "AWS::OpenSearchServerless::SecurityPolicy": "Name",
    "AWS::OpenSearchService::Domain": "DomainName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
}
"""The property that fixes a name; a template without it gets another name at the next deployment."""


@rule(
    code="S3AP851",
    subject=LiveStack,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a table with a name of its own",
            {
                "stack.yaml": """
                Stack: uc15-demo
                Resources:
                  History:  # <- S3AP851
                    Type: AWS::DynamoDB::Table
                    PhysicalId: uc15-demo-change-history
                    DeletionPolicy: Retain
                    Properties: {TableName: {"Fn::Sub": "${AWS::StackName}-change-history"}}
                    Facts: {exists: true, items: 1204, bytes: 3400000, deletion_protection: false}
                """
            },
            fixed={"calls": "aws dynamodb delete-table --table-name uc15-demo-change-history\n"},
        ),
        bad(
            "a bucket: it is emptied, then deleted",
            {
                "stack.yaml": """
                Stack: uc16-demo
                Resources:
                  Output:  # <- S3AP851
                    Type: AWS::S3::Bucket
                    PhysicalId: uc16-demo-output
                    DeletionPolicy: RetainExceptOnCreate
                    Facts: {exists: true}
                """
            },
            fixed={
                "calls": """
                delete all versions, delete markers and incomplete uploads in s3://uc16-demo-output
                aws s3api delete-bucket --bucket uc16-demo-output --expected-bucket-owner 123456789012
                """
            },
        ),
        bad(
            "a protected table, a log group, images, and a key, which waits for somebody to decide",
            {
                "stack.yaml": """
                Stack: uc16-demo
                Resources:
                  Images:  # <- S3AP851
                    Type: AWS::ECR::Repository
                    PhysicalId: uc16-demo-images
                    DeletionPolicy: Retain
                  Key:  # <- S3AP851
                    Type: AWS::KMS::Key
                    PhysicalId: 1234abcd-12ab-34cd-56ef-1234567890ab
                    DeletionPolicy: Retain
                  Logs:  # <- S3AP851
                    Type: AWS::Logs::LogGroup
                    PhysicalId: /uc16/audit
                    DeletionPolicy: Retain
                  Retention:  # <- S3AP851
                    Type: AWS::DynamoDB::Table
                    PhysicalId: uc16-demo-retention
                    DeletionPolicy: Retain
                    Facts: {exists: true, deletion_protection: true}
                """
            },
            fixed={
                "calls": """
                aws ecr delete-repository --repository-name uc16-demo-images --force
                aws logs delete-log-group --log-group-name /uc16/audit
                aws dynamodb update-table --table-name uc16-demo-retention --no-deletion-protection-enabled
                aws dynamodb delete-table --table-name uc16-demo-retention
                """
            },
        ),
        bad(
            "somebody else's by its tag: it is told, and never touched",
            {
                "stack.yaml": """
                Stack: uc16-demo
                Resources:
                  Output:  # <- S3AP851
                    Type: AWS::S3::Bucket
                    PhysicalId: uc16-demo-output
                    DeletionPolicy: Retain
                    Facts: {exists: true, stack_id: "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/other/1"}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "it goes, or is gone already",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Table:
                    Type: AWS::DynamoDB::Table
                    Facts: {exists: true}
                  Gone:
                    Type: AWS::DynamoDB::Table
                    DeletionPolicy: Retain
                    Facts: {exists: false}
                """
            },
        ),
    ],
)
def retained_resource(stack: LiveStack) -> Iterator[Finding]:
    """
    A resource stays when its stack is deleted, because its DeletionPolicy says so.

    It goes on costing what it holds, and when its name is fixed the next deployment fails on it ("already exists").
    `s3ap-ops clean` leaves it alone. With --include-retained LOGICAL_ID, given for each one that shall go, tables, log
    groups, repositories and buckets are deleted after their stack is gone.
    """
    for resource in stack.resources:
        if resource.is_gone or not resource.is_retained or resource.fact("exists") is False:
            continue
        changes = () if is_foreign(resource, stack) else tuple(_deleted(resource))
        yield Finding(
            f"{resource.physical_id} will remain{_cost(resource)}{_clash(resource)}{_by_hand(changes)}",
            at=resource.at,
            fix=Fix(f"Delete {resource.physical_id}, too", changes) if changes else LEFT_TO_HAND,
        )


LEFT_TO_HAND = Fix(
    "Delete it by hand when nobody needs it any more, in the console or with the AWS CLI", (), Safety.MANUAL
)


def _cost(resource: LiveResource) -> str:
    if cost := BY_HOUR.get(resource.type) or MONTHLY.get(resource.type):
        return f" and cost {cost}" if cost[0].isdigit() else f" and be paid for, {cost}"
    if resource.type not in STORAGE:
        return ""
    held = resource.fact("bytes")
    items = f"{count(resource.fact('items'), 'item')}, " if resource.fact("items") else ""
    return f" and be paid for by what it holds ({items}{size(held)})" if held else " and be paid for by what it holds"


def _clash(resource: LiveResource) -> str:
    fixed = NAMES.get(resource.type, "") in resource.properties
    return "; the next deployment fails, because the name is taken" if fixed else ""


def _by_hand(changes: tuple[LiveChange, ...]) -> str:
    """The command that deletes it later."""
    deletes = (one for one in changes if isinstance(one, ApiCall) and one.operation.startswith("delete"))
    return "".join(f"; later by hand: {one.describe()}" for one in deletes)


def _flag(resource: LiveResource) -> str:
    return f"--include-retained {resource.logical_id}"


def _deleted(resource: LiveResource) -> Iterator[LiveChange]:
    """The changes that delete it once its stack is gone; none for types of which nothing is known."""
    flag, name = _flag(resource), resource.physical_id
    if resource.type == "AWS::S3::Bucket":
        yield EmptyBucket(
            resource.subject,
            name,
            resource.region,
            resource.account,
            destroys="all that the bucket holds",
            flag=flag,
            phase=Phase.AFTER,
        )
    delete = DELETES.get(resource.type)
    if delete is None:
        return
    if resource.fact("deletion_protection") is True:
        yield SWITCHES[resource.type].call(resource, Phase.AFTER)
    service, operation, argument, rest, done = delete
    owner = {"ExpectedBucketOwner": resource.account} if service == "s3" else {}
    params: dict[str, Json] = {argument: name, **rest, **owner}
    yield call(
        resource,
        service,
        operation,
        risk=Risk.DATA_LOSS,
        phase=Phase.AFTER,
        destroys=f"{name} with all that it holds",
        flag=flag,
        done=(done,),
        **params,
    )


DELETES: Mapping[str, tuple[str, str, str, Mapping[str, bool], str]] = {
    "AWS::DynamoDB::Table": ("dynamodb", "delete_table", "TableName", {}, "ResourceNotFoundException"),
    "AWS::ECR::Repository": (
        "ecr",
        "delete_repository",
        "repositoryName",
        {"force": True},
        "RepositoryNotFoundException",
    ),
    "AWS::Logs::LogGroup": ("logs", "delete_log_group", "logGroupName", {}, "ResourceNotFoundException"),
    "AWS::S3::Bucket": ("s3", "delete_bucket", "Bucket", {}, "NoSuchBucket"),
}
