"""S3AP207: a name that only one stack can have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Filler,
    Finding,
    Leaf,
    Node,
    Resource,
    Severity,
    Span,
    Template,
    World,
    bad,
    good,
    rule,
    texts,
)

# The property that must be unique in an account (or in one of its regions), by type. Left out are names that may be
# shared (an API's, a user pool's), that live inside another resource (a stage's, a Glue table's), and layers, which
# only get another version.
NAMES: dict[str, tuple[str, ...]] = {
    "AWS::ApiGateway::DomainName": ("DomainName",),
    "AWS::Athena::DataCatalog": ("Name",),
    "AWS::Athena::WorkGroup": ("Name",),
    "AWS::AutoScaling::AutoScalingGroup": ("AutoScalingGroupName",),
    "AWS::AutoScaling::LaunchConfiguration": ("LaunchConfigurationName",),
    "AWS::Backup::BackupVault": ("BackupVaultName",),
    "AWS::Batch::ComputeEnvironment": ("ComputeEnvironmentName",),
    "AWS::Batch::JobQueue": ("JobQueueName",),
    "AWS::Bedrock::Agent": ("AgentName",),
    "AWS::Bedrock::Guardrail": ("Name",),
    "AWS::Bedrock::KnowledgeBase": ("Name",),
    "AWS::Budgets::Budget": ("Budget", "BudgetName"),
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig", "Name"),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudFront::OriginRequestPolicy": ("OriginRequestPolicyConfig", "Name"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
    "AWS::CloudTrail::Trail": ("TrailName",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::CodeBuild::Project": ("Name",),
    "AWS::CodeCommit::Repository": ("RepositoryName",),
    "AWS::CodeDeploy::Application": ("ApplicationName",),
    "AWS::CodePipeline::Pipeline": ("Name",),
    "AWS::Cognito::UserPoolDomain": ("Domain",),
    "AWS::DynamoDB::GlobalTable": ("TableName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::EC2::KeyPair": ("KeyName",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateName",),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::EKS::Cluster": ("Name",),
    "AWS::ElastiCache::ReplicationGroup": ("ReplicationGroupId",),
    "AWS::ElasticLoadBalancing::LoadBalancer": ("LoadBalancerName",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name",),
    "AWS::Elasticsearch::Domain": ("DomainName",),
    "AWS::Events::Archive": ("ArchiveName",),
    "AWS::Events::Connection": ("Name",),
    "AWS::Events::EventBus": ("Name",),
    "AWS::Events::Rule": ("Name",),
    "AWS::FSx::S3AccessPointAttachment": ("Name",),
    "AWS::Glue::Crawler": ("Name",),
    "AWS::Glue::Database": ("DatabaseInput", "Name"),
    "AWS::Glue::Job": ("Name",),
    "AWS::Glue::Trigger": ("Name",),
    "AWS::Glue::Workflow": ("Name",),
    "AWS::IAM::Group": ("GroupName",),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::IAM::User": ("UserName",),
    "AWS::IoT::Policy": ("PolicyName",),
    "AWS::IoT::Thing": ("ThingName",),
    "AWS::IoT::TopicRule": ("RuleName",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::Destination": ("DestinationName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::MSK::Cluster": ("ClusterName",),
    "AWS::OpenSearchServerless::Collection": ("Name",),
    "AWS::OpenSearchService::Domain": ("DomainName",),
    "AWS::Pipes::Pipe": ("Name",),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier",),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier",),
    "AWS::RDS::DBSubnetGroup": ("DBSubnetGroupName",),
    "AWS::Redshift::Cluster": ("ClusterIdentifier",),
    "AWS::ResourceGroups::Group": ("Name",),
    "AWS::S3::AccessPoint": ("Name",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SSM::Document": ("Name",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::SageMaker::Endpoint": ("EndpointName",),
    "AWS::SageMaker::EndpointConfig": ("EndpointConfigName",),
    "AWS::SageMaker::Model": ("ModelName",),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName",),
    "AWS::SageMaker::NotebookInstance": ("NotebookInstanceName",),
    "AWS::Scheduler::Schedule": ("Name",),
    "AWS::Scheduler::ScheduleGroup": ("Name",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::Serverless::Function": ("FunctionName",),
    "AWS::Serverless::SimpleTable": ("TableName",),
    "AWS::Serverless::StateMachine": ("Name",),
    "AWS::StepFunctions::Activity": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
    "AWS::Synthetics::Canary": ("Name",),
    "AWS::WAFv2::IPSet": ("Name",),
    "AWS::WAFv2::WebACL": ("Name",),
    "AWS::XRay::Group": ("GroupName",),
}

# What a name need only be unique in, when the property is given.
SCOPES = {"AWS::Events::Rule": "EventBusName", "AWS::Scheduler::Schedule": "GroupName"}

# Names that AWS looks for as they are, so that there can be only one.
PRESCRIBED = ("AWSCloudFormationStackSet", "AWSControlTower", "AWSServiceRoleFor", "aws-controltower-")


@rule(
    code="S3AP207",
    subject=Template,
    severity=Severity.WARNING,
    since="0.1.0",
    strict=True,
    examples=[
        bad(
            "a literal, and one that only follows the account",
            """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Tiling:
                Type: AWS::Serverless::Function
                Properties:
                  FunctionName: satellite-tiling  # 衛星画像  # <- S3AP207
                  InlineCode: "def handler(e, c): pass"
                  Handler: index.handler
                  Runtime: python3.12
              Results:
                Type: AWS::S3::Bucket
                Properties:
                  BucketName: !Sub "satellite-results-${AWS::AccountId}"  # <- S3AP207
              Catalog:
                Type: AWS::Glue::Database
                Properties:
                  CatalogId: !Ref AWS::AccountId
                  DatabaseInput:
                    Name: satellite  # <- S3AP207
            """,
        ),
        bad(
            "unless another name is given",
            """
            Parameters:
              RoleName: {Type: String, Default: ""}
            Conditions:
              Named: !Not [!Equals [!Ref RoleName, ""]]
            Resources:
              Worker:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  RoleName: !If [Named, !Ref RoleName, worker]  # <- S3AP207
            """,
        ),
        good(
            "with the stack's name, a parameter, another resource, or none at all",
            """
            Parameters:
              Prefix: {Type: String, Default: satellite}
            Resources:
              Worker:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  RoleName: !Sub "${AWS::StackName}-worker"
              Results:
                Type: AWS::S3::Bucket
                Properties:
                  BucketName: !Join ["-", [!Ref Prefix, !Ref AWS::AccountId]]
              Alerts:
                Type: AWS::SNS::Topic
                Properties: {DisplayName: alerts}
              Log:
                Type: AWS::Logs::LogGroup
                Properties:
                  LogGroupName: !Sub "/aws/vendedlogs/${Alerts.TopicName}"
              Jobs:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: !Select [2, !Split ["/", !Ref AWS::StackId]]
            """,
        ),
        good(
            "names that may be shared, that belong to something else, and that AWS prescribes",
            """
            Resources:
              Api:
                Type: AWS::ApiGateway::RestApi
                Properties: {Name: satellite}
              Production:
                Type: AWS::ApiGateway::Stage
                Properties: {RestApiId: !Ref Api, StageName: prod}
              Bus:
                Type: AWS::Events::EventBus
                Properties: {Name: !Sub "${AWS::StackName}-orders"}
              Ordered:
                Type: AWS::Events::Rule
                Properties: {Name: ordered, EventBusName: !Ref Bus, EventPattern: {source: [shop]}}
              Execution:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument: {}
                  RoleName: AWSCloudFormationStackSetExecutionRole
            """,
        ),
    ],
)
def fixed_physical_name(template: Template) -> Iterator[Finding]:
    """
    A physical name is written out, so that only one stack can have it.

    A second stack of the template in the same account and region, a stack set's next instance, and a replacement that
    must exist before the old resource goes all end in "already exists". Buckets, roles and other names that
    are the same in every region collide between regions, too.

    Begin the name with `${AWS::StackName}`, take it from a parameter, or leave it out and let CloudFormation choose.
    """
    for resource in template.resources.values():
        name = _name(resource)
        if name:
            yield from _fixed(template, resource, name)


def _name(resource: Resource) -> Node:
    """The node of the resource's physical name; a missing one when it has none that must be unique."""
    node = resource.properties
    for key in NAMES.get(resource.type, ("",)):
        node = node[key]
    return node


def _fixed(template: Template, resource: Resource, name: Node) -> Iterator[Finding]:
    outcomes = template.outcomes(partial(_literals, resource, name))
    for span in sorted({span for outcome in outcomes for span in outcome.answer}):
        verdict = template.verdict(outcomes, partial(_stands_at, span))
        if verdict is None:
            continue
        leaf = next(o.answer[span] for o in outcomes if span in o.answer)
        yield Finding(
            f"the {name.key} of {resource.id} is fixed, {leaf.text}; a second stack fails, because it exists already",
            at=leaf.at,
            related=(resource.at.noted("the resource"),),
            scenario=verdict.scenario,
        )


def _literals(resource: Resource, name: Node, world: World) -> dict[Span, Leaf]:
    """The name, by its place, if it is the same for every stack of an account and region."""
    if not resource.exists(world):
        return {}
    scope = texts(resource.properties[SCOPES.get(resource.type, "")], world)
    if any(not _same_for_all(leaf) for leaf in scope):
        return {}
    return {leaf.node.span: leaf for leaf in texts(name, world) if _same_for_all(leaf)}


def _same_for_all(leaf: Leaf) -> bool:
    if not leaf.text or leaf.text.startswith(PRESCRIBED):
        return False
    return all(
        hole.filler is Filler.PSEUDO and hole.name not in {"AWS::StackName", "AWS::StackId"} for hole in leaf.holes
    )


def _stands_at(span: Span, found: dict[Span, Leaf]) -> bool:
    return span in found
