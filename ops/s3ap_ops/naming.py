"""How resources are called by whoever writes the template: the property, what AWS takes for a name, and who is rid of
one that is left over.

Only types are here of which AWS refuses a second resource of a name. Lengths and characters are those of each service's
API reference (the Create operation); buckets:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

WORDS = r"[A-Za-z0-9_-]+"


@dataclass(frozen=True)
class Naming:
    """The names of a type. `noun` is what people call one; `pattern` matches names that are allowed, `chars` says it.

    `delete` is the command that deletes one, `{}` where its name stands; empty where a name is taken by nothing.
    """

    noun: str
    property: str
    least: int
    most: int
    pattern: str
    chars: str
    delete: str = ""

    def wrong(self, name: str) -> str:
        """What is wrong with a name, as the rest of a sentence that begins with it; empty if nothing is."""
        if len(name) > self.most:
            return f"has {len(name)} characters, and a {self.noun} may have {self.most}"
        if len(name) < self.least:
            return f"has {len(name)} characters, and a {self.noun} needs {self.least}"
        if not re.fullmatch(self.pattern, name, re.ASCII):
            return f"is no name for a {self.noun}, which consists of {self.chars}"
        return _bucket(name) if self.noun == "bucket" else ""


_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def _bucket(name: str) -> str:
    """What is wrong with a bucket's name whose characters are allowed."""
    if ".." in name:
        return "has two dots in a row, which no bucket may have"
    if reserved := next((one for one in _PREFIXES if name.startswith(one)), ""):
        return f"begins with {reserved}, which is reserved"
    if reserved := next((one for one in _SUFFIXES if name.endswith(one)), ""):
        return f"ends in {reserved}, which is reserved"
    try:
        IPv4Address(name)
    except ValueError:
        return ""
    return "is an IP address, which no bucket may be called"


_LETTERS = "letters, digits, hyphens and underscores"
_IAM = "letters, digits and _+=,.@-"
_DOTTED = "letters, digits, dots, hyphens and underscores"

_FUNCTION = Naming("function", "FunctionName", 1, 64, WORDS, _LETTERS, "aws lambda delete-function --function-name {}")
_MACHINE = "aws stepfunctions delete-state-machine --state-machine-arn {}"
_TABLE = Naming("table", "TableName", 3, 255, r"[A-Za-z0-9_.-]+", _DOTTED, "aws dynamodb delete-table --table-name {}")

NAMINGS = {
    "AWS::Athena::WorkGroup": Naming(
        "workgroup", "Name", 1, 128, r"[A-Za-z0-9._-]+", _DOTTED,
        "aws athena delete-work-group --work-group {} --recursive-delete-option",
    ),
    "AWS::Bedrock::KnowledgeBase": Naming(
        "knowledge base", "Name", 1, 100, r"([0-9a-zA-Z][_-]?)+", _LETTERS,
        "aws bedrock-agent delete-knowledge-base --knowledge-base-id {}",
    ),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::ECR::Repository": Naming(
        "repository", "RepositoryName", 2, 256, r"[a-z0-9]+([._/-]+[a-z0-9]+)*",
        "lower case letters and digits, with single separators . _ - / between",
        "aws ecr delete-repository --repository-name {} --force",
    ),
    "AWS::Events::Rule": Naming("rule", "Name", 1, 64, r"[A-Za-z0-9._-]+", _DOTTED),
    "AWS::FSx::S3AccessPointAttachment": Naming(
        "access point", "Name", 3, 50, r"[a-z0-9][a-z0-9-]*[a-z0-9](?<!-s3alias)(?<!--ol-s3)",
        "lower case letters, digits and hyphens, none of these at an end",
        "aws fsx detach-and-delete-s3-access-point --name {}",
    ),
    "AWS::Glue::Database": Naming(
        "database", "DatabaseInput.Name", 1, 255, r"[^\r\n\t]+", "any characters but control characters",
        "aws glue delete-database --name {}",
    ),
    "AWS::IAM::InstanceProfile": Naming(
        "instance profile", "InstanceProfileName", 1, 128, r"[\w+=,.@-]+", _IAM,
        "aws iam delete-instance-profile --instance-profile-name {}",
    ),
    "AWS::IAM::ManagedPolicy": Naming(
        "managed policy", "ManagedPolicyName", 1, 128, r"[\w+=,.@-]+", _IAM, "aws iam delete-policy --policy-arn {}"
    ),
    "AWS::IAM::Role": Naming(
        "role", "RoleName", 1, 64, r"[\w+=,.@-]+", _IAM, "aws iam delete-role --role-name {}"
    ),
    "AWS::KMS::Alias": Naming(
        "key alias", "AliasName", 7, 256, r"alias/(?!aws/)[A-Za-z0-9/_-]+", "alias/ and letters, digits, / _ and -",
        "aws kms delete-alias --alias-name {}",
    ),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Lambda::LayerVersion": Naming("layer", "LayerName", 1, 140, r"[A-Za-z0-9_:-]+", _LETTERS),
    "AWS::Logs::LogGroup": Naming(
        "log group", "LogGroupName", 1, 512, r"[A-Za-z0-9._/#-]+", "letters, digits and . _ - / #",
        "aws logs delete-log-group --log-group-name {}",
    ),
    "AWS::OpenSearchServerless::Collection": Naming(
        "collection", "Name", 3, 32, r"[a-z][a-z0-9-]+", "lower case letters, digits and hyphens, a letter first",
        "aws opensearchserverless delete-collection --id {}",
    ),
    "AWS::OpenSearchService::Domain": Naming(
        "domain", "DomainName", 3, 28, r"[a-z][a-z0-9-]+", "lower case letters, digits and hyphens, a letter first",
        "aws opensearch delete-domain --domain-name {}",
    ),
    "AWS::S3::AccessPoint": Naming(
        "access point", "Name", 3, 50, r"(?!xn--)[a-z0-9][a-z0-9-]*[a-z0-9](?<!-s3alias)(?<!--ol-s3)",
        "lower case letters, digits and hyphens, none of these at an end",
        "aws s3control delete-access-point --account-id {account} --name {}",
    ),
    "AWS::S3::Bucket": Naming(
        "bucket", "BucketName", 3, 63, r"[a-z0-9][a-z0-9.-]*[a-z0-9]",
        "lower case letters, digits, dots and hyphens, with a letter or digit at both ends",
        "aws s3api delete-bucket --bucket {}",
    ),
    "AWS::SNS::Topic": Naming(
        "topic", "TopicName", 1, 256, r"[A-Za-z0-9_-]+(\.fifo)?", _LETTERS
    ),
    "AWS::SQS::Queue": Naming("queue", "QueueName", 1, 80, r"[A-Za-z0-9_-]+(\.fifo)?", _LETTERS),
    "AWS::SSM::Parameter": Naming(
        "parameter of Parameter Store", "Name", 1, 2048, r"[A-Za-z0-9_./-]+", "letters, digits and . _ - /",
        "aws ssm delete-parameter --name {}",
    ),
    "AWS::Scheduler::Schedule": Naming("schedule", "Name", 1, 64, r"[A-Za-z0-9._-]+", _DOTTED),
    "AWS::SecretsManager::Secret": Naming(
        "secret", "Name", 1, 512, r"[A-Za-z0-9/_+=.@-]+", "letters, digits and / _ + = . @ -",
        "aws secretsmanager delete-secret --secret-id {} --force-delete-without-recovery",
    ),
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Serverless::StateMachine": Naming("state machine", "Name", 1, 80, WORDS, _LETTERS, _MACHINE),
    "AWS::StepFunctions::StateMachine": Naming(
        "state machine", "StateMachineName", 1, 80, r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]+",
        "characters other than white space, brackets, wildcards and \"#%\\^|~`$&,;:/", _MACHINE,
    ),
}  # fmt: skip
