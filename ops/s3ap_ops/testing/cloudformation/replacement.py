"""Whether a resource is changed in place or replaced, by the linter's table of create-only properties."""

from dataclasses import dataclass
from typing import Any

from s3ap_lint.compare.change import Fate
from s3ap_lint.compare.replacement import fate

NEVER, PERHAPS, ALWAYS = "Never", "Conditionally", "Always"
_RECREATION = {Fate.REPLACED: ALWAYS, Fate.PERHAPS: PERHAPS}
# the property that gives a resource its name; two of one name cannot be there at once
NAMES = {
    "AWS::ApiGateway::RestApi": "Name",
    "AWS::Athena::NamedQuery": "Name",
    "AWS::Athena::WorkGroup": "Name",
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Glue::Crawler": "Name",
    "AWS::Glue::Job": "Name",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::AccessPoint": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}


@dataclass(frozen=True)
class Difference:
    """A property that is no longer what it was."""

    name: str
    before: Any
    after: Any
    recreation: str


def differences(kind: str, before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """The properties at the top that differ, by name, with what that does to the resource."""
    return [
        Difference(name, before.get(name), after.get(name), recreation(kind, name, before.get(name), after.get(name)))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def recreation(kind: str, name: str, before: Any, after: Any) -> str:
    """Whether a change of this property replaces the resource: Never, Conditionally or Always."""
    return _RECREATION.get(fate(kind, name, before, after), NEVER)


def is_replaced(kind: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether another resource takes this one's place; where AWS decides at run time, it is changed in place."""
    return any(difference.recreation == ALWAYS for difference in differences(kind, before, after))


def name_of(kind: str, properties: dict[str, Any]) -> str | None:
    """The name that a template gives a resource, or None when CloudFormation makes one."""
    found = properties.get(NAMES.get(kind, ""))
    return None if found is None else str(found)
