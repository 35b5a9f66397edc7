"""S3AP206: an output that is called an ARN, a name or a URL, and is something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import partial

from s3ap_lint.api import Filler, Finding, Leaf, Node, Severity, Template, World, bad, good, rule, texts


class Sort(Enum):
    """What a text is, as it reads in a message."""

    ARN = "an ARN"
    NAME = "a name"
    URL = "a URL"
    ID = "an id"


# What `Ref` gives, by type (CloudFormation, "Return values" of each resource type). What is not here cannot be told.
REFERENCES = {
    Sort.ARN: (
        "AWS::Batch::ComputeEnvironment",
        "AWS::Batch::JobDefinition",
        "AWS::Batch::JobQueue",
        "AWS::CertificateManager::Certificate",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::IAM::ManagedPolicy",
        "AWS::Lambda::Alias",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Version",
        "AWS::MSK::Cluster",
        "AWS::SNS::Topic",
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Model",
        "AWS::SecretsManager::Secret",
        "AWS::Serverless::LayerVersion",
        "AWS::Serverless::StateMachine",
        "AWS::StepFunctions::Activity",
        "AWS::StepFunctions::StateMachine",
    ),
    Sort.NAME: (
        "AWS::Athena::WorkGroup",
        "AWS::CloudTrail::Trail",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::CodeBuild::Project",
        "AWS::CodePipeline::Pipeline",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::ECS::Cluster",
        "AWS::Events::EventBus",
        "AWS::Glue::Crawler",
        "AWS::Glue::Database",
        "AWS::Glue::Job",
        "AWS::IAM::Group",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::Role",
        "AWS::IAM::User",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SSM::Parameter",
        "AWS::Serverless::Function",
        "AWS::Serverless::SimpleTable",
    ),
    Sort.URL: ("AWS::SQS::Queue",),
    Sort.ID: (
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
        "AWS::CloudFront::Distribution",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::EC2::Instance",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPC",
        "AWS::EFS::FileSystem",
        "AWS::FSx::FileSystem",
        "AWS::FSx::StorageVirtualMachine",
        "AWS::FSx::Volume",
        "AWS::KMS::Key",
        "AWS::Serverless::Api",
        "AWS::Serverless::HttpApi",
    ),
}
REF_IS = {kind: sort for sort, kinds in REFERENCES.items() for kind in kinds}

CLAIMS = {"Arn": Sort.ARN, "ARN": Sort.ARN, "Name": Sort.NAME, "Url": Sort.URL, "URL": Sort.URL}
ATTRIBUTES = {**CLAIMS, "Id": Sort.ID}
_LAST_WORD = re.compile(r"(?:^|[a-z0-9_.-])(ARN|URL|[A-Z][a-z]+)$")

HEAD = """
    Resources:
      Alerts:
        Type: AWS::SNS::Topic
      Jobs:
        Type: AWS::SQS::Queue
      Results:
        Type: AWS::S3::Bucket
      Flow:
        Type: AWS::StepFunctions::StateMachine
        Properties: {RoleArn: "arn:aws:iam::123456789012:role/flow", DefinitionString: "{}"}
    """


@rule(
    code="S3AP206",
    subject=Template,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "Ref and GetAtt that give something else",
            HEAD
            + """
    Outputs:
      AlertsTopicName:
        Value: !Ref Alerts  # 通知先  # <- S3AP206
      ResultsBucketArn:
        Value: !Sub "${Results}"  # <- S3AP206
      JobsQueueName:
        Value: !Ref Jobs  # <- S3AP206
      JobsQueueURL:
        Value: !GetAtt Jobs.Arn  # <- S3AP206
      StateMachineName:
        Value: !Ref Flow  # <- S3AP206
    """,
        ),
        bad(
            "in one arm",
            """
    Parameters:
      Stage: {Type: String, Default: dev}
    Conditions:
      IsProd: !Equals [!Ref Stage, prod]
    """.rstrip(" ")
            + HEAD.lstrip("\n")
            + """
    Outputs:
      AlertsTopicArn:
        Value: !If [IsProd, !Ref Alerts, !GetAtt Alerts.TopicName]  # <- S3AP206
    """,
        ),
        good(
            "what they say",
            HEAD
            + """
    Outputs:
      AlertsTopicArn: {Value: !Ref Alerts}
      AlertsTopicName: {Value: !GetAtt Alerts.TopicName}
      JobsQueueUrl: {Value: !Ref Jobs}
      JobsQueueName: {Value: !GetAtt Jobs.QueueName}
      ResultsBucketName: {Value: !Ref Results}
      ResultsArn: {Value: !Sub "arn:${AWS::Partition}:s3:::${Results}"}
      ConsoleUrl: {Value: !Sub "https://console.aws.amazon.com/s3/buckets/${Results}"}
      StateMachineName: {Value: !GetAtt Flow.Name}
    """,
        ),
        good(
            "what cannot be told, and words that only look like it",
            HEAD
            + """
      Nested:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: "https://example.com/nested.yaml"}
      Lookup:
        Type: Custom::Lookup
        Properties: {ServiceToken: "arn:aws:lambda:eu-central-1:123456789012:function:lookup"}
      Front:
        Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Outputs:
      TableArn: {Value: !GetAtt Nested.Outputs.TableName}
      ItemArn: {Value: !Ref Lookup}
      FrontName: {Value: !GetAtt Front.DNSName}
      FrontUrl: {Value: !GetAtt Front.DNSName}
      Rename: {Value: !Ref Alerts}
    """,
        ),
    ],
)
def output_says_otherwise(template: Template) -> Iterator[Finding]:
    """
    An output is called an ARN, a name or a URL, and its value is another one of these.

    Whoever imports it by its name gets a stack that fails later and elsewhere: a queue's URL in a policy, a topic's ARN
    where CloudWatch wants its name, a bucket's name as the resource of a grant.

    What `Ref` gives differs from type to type: a topic's ARN, a queue's URL, a function's name. Take the attribute
    that the output is called after, or call the output after what it gives.
    """
    for name, output in template.top["Outputs"].items():
        claim = _claimed(name)
        if claim is not None:
            yield from _otherwise(template, name, output, claim)


def _otherwise(template: Template, name: str, output: Node, claim: Sort) -> Iterator[Finding]:
    outcomes = template.outcomes(partial(_different, template, output, claim))
    verdict = template.verdict(outcomes, bool)
    if verdict is None:
        return
    leaf, sort = next(outcome.answer for outcome in outcomes if outcome.answer)
    yield Finding(
        f"the output {name} is {sort.value}, {leaf.text}; what takes it for {claim.value} gets something else",
        at=leaf.at,
        related=(output.key_at.noted("the output"),),
        scenario=verdict.scenario,
    )


def _claimed(name: str) -> Sort | None:
    """What an output's name says that it is."""
    found = _LAST_WORD.search(name)
    return CLAIMS.get(found.group(1)) if found else None


def _different(template: Template, output: Node, claim: Sort, world: World) -> tuple[Leaf, Sort] | None:
    """The value of the output and what it is, when that is not what its name says."""
    condition = output["Condition"].text
    if condition and not world.holds(condition):
        return None
    leaves = texts(output["Value"], world).leaves
    sort = _sort(leaves[0], template) if len(leaves) == 1 else None
    return (leaves[0], sort) if sort is not None and sort is not claim else None


def _sort(leaf: Leaf, template: Template) -> Sort | None:
    """What a text is; None when that cannot be told."""
    first = leaf.pieces[0] if leaf.pieces else ""
    if isinstance(first, str):
        return Sort.ARN if first.startswith("arn:") else Sort.URL if re.match("https?://", first) else None
    if len(leaf.pieces) > 1 or first.filler not in {Filler.RESOURCE, Filler.ATTRIBUTE}:
        return None
    owner, _, attribute = first.name.partition(".")
    resource = template.resources.get(owner)
    if resource is None or not resource.type.startswith("AWS::") or attribute.startswith("Outputs."):
        return None
    if not attribute:
        return REF_IS.get(resource.type)
    if attribute.endswith(("DNSName", "DomainName")) or resource.type == "AWS::SecretsManager::Secret":
        return None  # a host is called by its name; a secret's Id is its ARN
    found = _LAST_WORD.search(attribute)
    return ATTRIBUTES.get(found.group(1)) if found else None
