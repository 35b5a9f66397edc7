"""What a resource is called once it is deployed: its name, its ARN, and which of these Ref and GetAtt return.

Facts: AWS CloudFormation, "AWS resource and property types reference" (Return values of each type), and the Service
Authorization Reference (ARN formats). SAM types count as what they become.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Piece, fused, is_fixed, texts
from s3ap_lint.template.worlds import World

NAME = "{}"


@dataclass(frozen=True, slots=True)
class Kind:
    """How resources of a type are called. `arn` has `{}` where the name stands; `property` is what sets the name.

    `ref` is what Ref returns: "name", "arn", "url" or "id". `arns` are the attributes that are the ARN, `names` those
    that are the name.
    """

    arn: str
    property: str = ""
    ref: str = "name"
    arns: tuple[str, ...] = ("Arn",)
    names: tuple[str, ...] = ()


_FUNCTION = Kind("arn:*:lambda:*:*:function:{}", "FunctionName")
_STATE_MACHINE = "arn:*:states:*:*:stateMachine:{}"
_TABLE = Kind("arn:*:dynamodb:*:*:table/{}", "TableName")

KINDS = {
    "AWS::AppSync::GraphQLApi": Kind("arn:*:appsync:*:*:apis/{}", ref="arn", names=("ApiId",)),
    "AWS::Athena::WorkGroup": Kind("arn:*:athena:*:*:workgroup/{}", "Name", arns=()),
    "AWS::Batch::JobDefinition": Kind("arn:*:batch:*:*:job-definition/{}:*", "JobDefinitionName", "arn"),
    "AWS::Batch::JobQueue": Kind("arn:*:batch:*:*:job-queue/{}", "JobQueueName", "arn", ("JobQueueArn",)),
    "AWS::Bedrock::Agent": Kind("arn:*:bedrock:*:*:agent/{}", ref="id", arns=("AgentArn",), names=("AgentId",)),
    "AWS::Bedrock::Guardrail": Kind(
        "arn:*:bedrock:*:*:guardrail/{}", ref="arn", arns=("GuardrailArn",), names=("GuardrailId",)
    ),
    "AWS::Bedrock::KnowledgeBase": Kind(
        "arn:*:bedrock:*:*:knowledge-base/{}", ref="id", arns=("KnowledgeBaseArn",), names=("KnowledgeBaseId",)
    ),
    "AWS::CodeBuild::Project": Kind("arn:*:codebuild:*:*:project/{}", "Name"),
    "AWS::Cognito::UserPool": Kind("arn:*:cognito-idp:*:*:userpool/{}", ref="id", names=("UserPoolId",)),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::ECR::Repository": Kind("arn:*:ecr:*:*:repository/{}", "RepositoryName"),
    "AWS::ECS::Cluster": Kind("arn:*:ecs:*:*:cluster/{}", "ClusterName"),
    "AWS::ECS::TaskDefinition": Kind("arn:*:ecs:*:*:task-definition/{}:*", "Family", "arn", ("TaskDefinitionArn",)),
    "AWS::EFS::AccessPoint": Kind(
        "arn:*:elasticfilesystem:*:*:access-point/{}", ref="id", names=("AccessPointId",)
    ),
    "AWS::EFS::FileSystem": Kind("arn:*:elasticfilesystem:*:*:file-system/{}", ref="id", names=("FileSystemId",)),
    "AWS::EMRServerless::Application": Kind(
        "arn:*:emr-serverless:*:*:/applications/{}", ref="id", names=("ApplicationId",)
    ),
    "AWS::Events::EventBus": Kind("arn:*:events:*:*:event-bus/{}", "Name", names=("Name",)),
    "AWS::Events::Rule": Kind("arn:*:events:*:*:rule/{}", "Name"),
    "AWS::FSx::S3AccessPointAttachment": Kind(
        "arn:*:s3:*:*:accesspoint/{}", "Name", arns=("S3AccessPoint.ResourceARN",)
    ),
    "AWS::Glue::Crawler": Kind("arn:*:glue:*:*:crawler/{}", "Name", arns=()),
    "AWS::Glue::Database": Kind("arn:*:glue:*:*:database/{}", "DatabaseInput.Name", arns=()),
    "AWS::Glue::Job": Kind("arn:*:glue:*:*:job/{}", "Name", arns=()),
    "AWS::IAM::ManagedPolicy": Kind("arn:*:iam::*:policy/{}", "ManagedPolicyName", "arn", ("PolicyArn",)),
    "AWS::IAM::Role": Kind("arn:*:iam::*:role/{}", "RoleName"),
    "AWS::KMS::Alias": Kind("arn:*:kms:*:*:{}", "AliasName", arns=()),
    "AWS::KMS::Key": Kind("arn:*:kms:*:*:key/{}", ref="id", names=("KeyId",)),
    "AWS::Kinesis::Stream": Kind("arn:*:kinesis:*:*:stream/{}", "Name"),
    "AWS::KinesisFirehose::DeliveryStream": Kind("arn:*:firehose:*:*:deliverystream/{}", "DeliveryStreamName"),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Logs::LogGroup": Kind("arn:*:logs:*:*:log-group:{}:*", "LogGroupName"),
    "AWS::OpenSearchServerless::Collection": Kind("arn:*:aoss:*:*:collection/{}", ref="id", names=("Id",)),
    "AWS::OpenSearchService::Domain": Kind("arn:*:es:*:*:domain/{}", "DomainName", arns=("Arn", "DomainArn")),
    "AWS::RDS::DBCluster": Kind("arn:*:rds:*:*:cluster:{}", "DBClusterIdentifier", arns=("DBClusterArn",)),
    "AWS::S3::AccessPoint": Kind("arn:*:s3:*:*:accesspoint/{}", "Name", names=("Name",)),
    "AWS::S3::Bucket": Kind("arn:*:s3:::{}", "BucketName"),
    "AWS::SNS::Topic": Kind("arn:*:sns:*:*:{}", "TopicName", "arn", ("TopicArn",), ("TopicName",)),
    "AWS::SQS::Queue": Kind("arn:*:sqs:*:*:{}", "QueueName", "url", ("Arn",), ("QueueName", "QueueUrl")),
    "AWS::SSM::Parameter": Kind("arn:*:ssm:*:*:parameter/{}", "Name", arns=()),
    "AWS::SageMaker::Endpoint": Kind(
        "arn:*:sagemaker:*:*:endpoint/{}", "EndpointName", "arn", (), ("EndpointName",)
    ),
    "AWS::SageMaker::Model": Kind("arn:*:sagemaker:*:*:model/{}", "ModelName", "arn", (), ("ModelName",)),
    "AWS::SecretsManager::Secret": Kind("arn:*:secretsmanager:*:*:secret:{}-??????", "Name", "arn", ("Id",)),
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Serverless::StateMachine": Kind(_STATE_MACHINE, "Name", "arn", names=("Name",)),
    "AWS::StepFunctions::Activity": Kind("arn:*:states:*:*:activity:{}", "Name", "arn", names=("Name",)),
    "AWS::StepFunctions::StateMachine": Kind(_STATE_MACHINE, "StateMachineName", "arn", names=("Name",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """The resource of the template that a hole names, by its ARN or by its name; `rest` follows the ARN."""

    resource: Resource
    kind: Kind
    rest: tuple[Piece, ...] = ()


def meaning(hole: Hole, template: Template) -> Meaning | None:
    """The resource that a hole of a template names, where its type is known."""
    if hole.filler not in (Filler.RESOURCE, Filler.ATTRIBUTE):
        return None
    owner, _, attribute = hole.name.partition(".")
    resource = template.resources.get(owner)
    if resource is None:
        return None
    if resource.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
        return _qualified(resource, template)
    kind = KINDS.get(resource.type)
    if kind is None:
        return None
    if resource.type == "AWS::Serverless::Function" and attribute in ("Alias", "Version"):
        qualifier = resource.property("AutoPublishAlias").text if attribute == "Alias" else ""
        return Meaning(resource, kind, (":", qualifier or OPAQUE))
    if not attribute or attribute in (*kind.arns, *kind.names):
        return Meaning(resource, kind)
    return None


def is_name(pieces: tuple[Piece, ...], template: Template) -> bool:
    """Whether a text begins with the name, id or URL of a resource of the template, where an ARN has to stand."""
    first = pieces[0] if pieces else ""
    found = meaning(first, template) if isinstance(first, Hole) else None
    if found is None or found.rest or not isinstance(first, Hole):
        return False
    attribute = first.name.partition(".")[2]
    if attribute:
        return attribute in found.kind.names and attribute not in found.kind.arns
    return found.kind.ref != "arn"


def _qualified(resource: Resource, template: Template) -> Meaning | None:
    """An alias or a version, whose Ref is the function's ARN and a qualifier."""
    world = World(template.space, {})
    qualifier: Piece = Hole(resource.id, Filler.RESOURCE)
    if resource.properties["Name"]:
        qualifier = resource.properties["Name"].text or OPAQUE
    for leaf in texts(resource.properties["FunctionName"], world) if is_fixed(resource.properties, world) else ():
        for inner in leaf.holes:
            found = meaning(inner, template)
            if found is not None and found.kind is _FUNCTION:
                return Meaning(found.resource, found.kind, (":", qualifier))
    return None


def spelt_out(pieces: tuple[Piece, ...], template: Template, world: World, *, by_name: bool) -> tuple[Piece, ...]:
    """A text with the ARNs and names of the template's resources written out, as far as they are known.

    A resource's name is its hole (`${Table}`), or, `by_name`, what its own property says, where it says something.
    """
    return fused(list(_spelt(pieces, template, world, by_name)))


def _spelt(pieces: tuple[Piece, ...], template: Template, world: World, by_name: bool) -> Iterator[Piece]:
    for index, piece in enumerate(pieces):
        found = meaning(piece, template) if isinstance(piece, Hole) else None
        if found is None:
            yield piece
            continue
        name = called(found.resource, world) if by_name else _hole(found.resource)
        if index:
            yield from name
            yield from found.rest
            continue
        before, _, after = found.kind.arn.partition(NAME)
        if before.endswith("/") and name and isinstance(name[0], str) and name[0].startswith("/"):
            before = before[:-1]  # a parameter of Systems Manager that is called "/a/b" is parameter/a/b
        yield before + _path(found.resource)
        yield from name
        yield from [Hole(f"{found.resource.id} suffix", Filler.OPAQUE) if "?" in after else after]
        yield from found.rest


def _path(resource: Resource) -> str:
    """What stands before the name of a role in its ARN."""
    path = resource.properties["Path"].text if resource.type == "AWS::IAM::Role" else ""
    return path.removeprefix("/")


def called(resource: Resource, world: World) -> tuple[Piece, ...]:
    """The name of a resource of a known type in a world: what its property says, else a hole of its own."""
    kind = KINDS[resource.type]
    first, _, rest = kind.property.partition(".")
    node = resource.property(first)
    given = texts(node[rest] if rest else node, world)
    if not len(given):
        return _hole(resource)
    return given.leaves[0].pieces if len(given) == 1 else (OPAQUE,)


def is_there(pieces: Iterable[Piece], template: Template, world: World) -> bool:
    """Whether every resource of the template that a text names exists in a world."""
    holes = (piece for piece in pieces if isinstance(piece, Hole))
    named = (template.resources.get(hole.name.partition(".")[0]) for hole in holes if hole.filler in _OF_RESOURCES)
    return all(resource is None or resource.exists(world) for resource in named)


_OF_RESOURCES = (Filler.RESOURCE, Filler.ATTRIBUTE)


def names_are_fixed(template: Template, world: World) -> bool:
    """Whether every resource of a known type has the same name in every world."""
    known = template.memo.get(names_are_fixed)
    if not isinstance(known, bool):
        named = ((r, KINDS[r.type].property) for r in template.resources.values() if r.type in KINDS)
        known = all(not name or is_fixed(resource.property(name), world) for resource, name in named)
        template.memo[names_are_fixed] = known
    return known


def _hole(resource: Resource) -> tuple[Piece, ...]:
    return (Hole(resource.id, Filler.RESOURCE),)
