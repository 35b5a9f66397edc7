"""Who has a name: asked of the service of each type whose names are taken once.

A function here returns what has the name, `(physical id, state)`, or None if nothing has. It raises ClientError when
the service does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from s3ap_ops.reading import Look, says
from s3ap_ops.stack import Json

GOING = "scheduled for deletion"


@dataclass(frozen=True)
class Held:
    """What has a name. `where` is empty in this account and region."""

    id: str
    state: str = ""
    where: str = ""


Ask = Callable[[Look, str], Held | None]


def _one(service: str, operation: str, parameter: str, *absent: str, at: str = "", state: str = "") -> Ask:
    """Ask for one thing by name; error codes of `absent` mean that there is none. `at` is the way to its id."""

    def ask(look: Look, name: str) -> Held | None:
        try:
            found = getattr(look.client(service), operation)(**{parameter: name})
        except ClientError as error:
            if any(says(error, code) for code in absent):
                return None
            raise
        return Held(_way(found, at) or name, _way(found, state))

    return ask


def _way(found: Json, way: str) -> str:
    for key in way.split(".") if way else ():
        found = found.get(key) if isinstance(found, Mapping) else None
    return str(found) if way and found else ""


def _bucket(look: Look, name: str) -> Held | None:
    """Every bucket of the world has its name alone: one of another account answers 403."""
    try:
        reply = look.client("s3").head_bucket(Bucket=name, **look.owner)
    except ClientError as error:
        if says(error, "404") or says(error, "NoSuchBucket"):
            return None
        if says(error, "403") or says(error, "AccessDenied"):
            return Held(name, where="another account")
        if says(error, "301") or says(error, "PermanentRedirect"):
            return Held(name, where="another region")
        raise
    headers = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = reply.get("BucketRegion") or headers.get("x-amz-bucket-region") or look.region
    return Held(name, where="" if region == look.region else "another region")


def _log_group(look: Look, name: str) -> Held | None:
    found = look.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return Held(name) if any(one["logGroupName"] == name for one in found) else None


def _workgroup(look: Look, name: str) -> Held | None:
    try:
        found = look.client("athena").get_work_group(WorkGroup=name)
    except ClientError as error:
        if says(error, "InvalidRequestException:is not found"):
            return None
        raise
    return Held(name) if found.get("WorkGroup") else None


def _policy(look: Look, name: str) -> Held | None:
    """A managed policy of the account; its name is its own, whatever its path."""
    found = look.once("policies", lambda: look.pages("iam", "list_policies", "Policies", Scope="Local"))
    return next((Held(one["Arn"]) for one in found if one["PolicyName"] == name), None)


def _state_machine(look: Look, name: str) -> Held | None:
    arn = f"arn:{_partition(look)}:states:{look.region}:{look.account}:stateMachine:{name}"
    return _MACHINE(look, arn)


def _secret(look: Look, name: str) -> Held | None:
    """A deleted secret keeps its name until its recovery window has passed."""
    found = _SECRET(look, name)
    return Held(found.id, GOING) if found is not None and found.state else found


def _repository(look: Look, name: str) -> Held | None:
    try:
        look.client("ecr").describe_repositories(repositoryNames=[name])
    except ClientError as error:
        if says(error, "RepositoryNotFoundException"):
            return None
        raise
    return Held(name)


def _alias(look: Look, name: str) -> Held | None:
    found = look.once("key aliases", lambda: look.pages("kms", "list_aliases", "Aliases"))
    return Held(name) if any(one["AliasName"] == name for one in found) else None


def _parameter(look: Look, name: str) -> Held | None:
    """Asked for by its description, so that no value is read."""
    wanted = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    return Held(name) if look.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=wanted) else None


def _access_point(look: Look, name: str) -> Held | None:
    try:
        look.client("s3control").get_access_point(AccountId=look.account, Name=name)
    except ClientError as error:
        if says(error, "NoSuchAccessPoint"):
            return None
        raise
    return Held(name)


def _attachment(look: Look, name: str) -> Held | None:
    """An access point on a volume of FSx has its name among those of S3, which does not list it."""
    try:
        found = look.client("fsx").describe_s3_access_point_attachments(Names=[name])["S3AccessPointAttachments"]
    except ClientError as error:
        if says(error, "S3AccessPointAttachmentNotFound"):
            return _access_point(look, name)
        raise
    if not found:
        return _access_point(look, name)
    return Held(name, "DELETING" if found[0].get("Lifecycle") == "DELETING" else "")


def _collection(look: Look, name: str) -> Held | None:
    """A collection keeps its name until it is gone."""
    found = look.client("opensearchserverless").batch_get_collection(names=[name]).get("collectionDetails") or ()
    return next((Held(one["id"], one.get("status", "")) for one in found), None)


def _knowledge_base(look: Look, name: str) -> Held | None:
    found = look.once(
        "knowledge bases", lambda: look.pages("bedrock-agent", "list_knowledge_bases", "knowledgeBaseSummaries")
    )
    return next((Held(one["knowledgeBaseId"], one.get("status", "")) for one in found if one["name"] == name), None)


def _partition(look: Look) -> str:
    return str(look.session.get_partition_for_region(look.region))


_MISSING = "ResourceNotFoundException"
_FUNCTION = _one("lambda", "get_function_configuration", "FunctionName", _MISSING)
_MACHINE = _one("stepfunctions", "describe_state_machine", "stateMachineArn", "StateMachineDoesNotExist")
_SECRET = _one("secretsmanager", "describe_secret", "SecretId", _MISSING, at="ARN", state="DeletedDate")
_TABLE = _one("dynamodb", "describe_table", "TableName", _MISSING, state="Table.TableStatus")

HOLDERS: Mapping[str, Ask] = {
    "AWS::Athena::WorkGroup": _workgroup,
    "AWS::Bedrock::KnowledgeBase": _knowledge_base,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::ECR::Repository": _repository,
    "AWS::FSx::S3AccessPointAttachment": _attachment,
    "AWS::Glue::Database": _one("glue", "get_database", "Name", "EntityNotFoundException"),
    "AWS::IAM::InstanceProfile": _one("iam", "get_instance_profile", "InstanceProfileName", "NoSuchEntity"),
    "AWS::IAM::ManagedPolicy": _policy,
    "AWS::IAM::Role": _one("iam", "get_role", "RoleName", "NoSuchEntity"),
    "AWS::KMS::Alias": _alias,
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::OpenSearchServerless::Collection": _collection,
    "AWS::OpenSearchService::Domain": _one("opensearch", "describe_domain", "DomainName", _MISSING),
    "AWS::S3::AccessPoint": _access_point,
    "AWS::S3::Bucket": _bucket,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Serverless::StateMachine": _state_machine,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
"""How to ask, by type. Types of which AWS silently takes over what is there (queues, topics, rules) are not here."""
