"""A template with every resource type that a world simulates, for the tests of the world."""

from typing import Any

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
BUCKET: dict[str, Any] = {"Type": "AWS::S3::Bucket"}
GROUP: dict[str, Any] = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "for a test"}}


def one(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource."""
    return {"Type": kind, "Properties": properties}


def of(**resources: dict[str, Any]) -> dict[str, Any]:
    """A template."""
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def ref(name: str) -> dict[str, str]:
    """A Ref."""
    return {"Ref": name}


def arn(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    """A GetAtt."""
    return {"Fn::GetAtt": [name, attribute]}


def glue() -> dict[str, Any]:
    """Glue's types."""
    return of(
        Role=one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST),
        Database=one("AWS::Glue::Database", CatalogId=ref("AWS::AccountId"), DatabaseInput={"Name": "base"}),
        GlueTable=one("AWS::Glue::Table", DatabaseName=ref("Database"), TableInput={"Name": "rows"}),
        Job=one("AWS::Glue::Job", Role=arn("Role"), Command={"Name": "glueetl", "ScriptLocation": "s3://b/k"}),
        Crawler=one("AWS::Glue::Crawler", Role=arn("Role"), DatabaseName=ref("Database"), Targets={"S3Targets": []}),
    )  # fmt: skip


def everything(subnet: str, vpc: str) -> dict[str, Any]:
    """Every other type, wired up; the subnet is in the network."""
    policy = {**ALLOW, "Statement": [{**ALLOW["Statement"][0], "Principal": "*"}]}  # type: ignore[dict-item]
    return of(
        Bucket=one("AWS::S3::Bucket", VersioningConfiguration={"Status": "Enabled"}, Tags=[{"Key": "a", "Value": "b"}]),
        BucketPolicy=one("AWS::S3::BucketPolicy", Bucket=ref("Bucket"), PolicyDocument=policy),
        Point=one("AWS::S3::AccessPoint", Bucket=ref("Bucket"), Name="point"),
        WorkGroup=one("AWS::Athena::WorkGroup", Name="group"),
        Query=one("AWS::Athena::NamedQuery", WorkGroup=ref("WorkGroup"), Database="d", QueryString="select 1"),
        Group=one("AWS::EC2::SecurityGroup", GroupDescription="d", VpcId=vpc),
        Other=one("AWS::EC2::SecurityGroup", GroupDescription="e", VpcId=vpc),
        In=one("AWS::EC2::SecurityGroupIngress", GroupId=ref("Group"), IpProtocol="tcp", FromPort=443, ToPort=443,
               SourceSecurityGroupId=ref("Other")),
        Out=one("AWS::EC2::SecurityGroupEgress", GroupId=ref("Other"), IpProtocol="tcp", FromPort=443, ToPort=443,
                DestinationSecurityGroupId=ref("Group")),
        Endpoint=one("AWS::EC2::VPCEndpoint", VpcId=vpc, ServiceName="com.amazonaws.ap-northeast-1.s3"),
        Role=one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST,
                 ManagedPolicyArns=["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
                 Policies=[{"PolicyName": "own", "PolicyDocument": ALLOW}]),
        Policy=one("AWS::IAM::Policy", PolicyName="beside", PolicyDocument=ALLOW, Roles=[ref("Role")]),
        Managed=one("AWS::IAM::ManagedPolicy", PolicyDocument=ALLOW, Roles=[ref("Role")]),
        Profile=one("AWS::IAM::InstanceProfile", Roles=[ref("Role")]),
        Function=one("AWS::Lambda::Function", Role=arn("Role"), Handler="index.handler", Runtime="python3.12",
                     Code={"S3Bucket": "nowhere", "S3Key": "k"}, Environment={"Variables": {"A": 1}},
                     VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [ref("Group")]}),
        Permission=one("AWS::Lambda::Permission", FunctionName=ref("Function"), Action="lambda:InvokeFunction",
                       Principal="events.amazonaws.com"),
        Layer=one("AWS::Lambda::LayerVersion", LayerName="layer"),
        Mapping=one("AWS::Lambda::EventSourceMapping", FunctionName=ref("Function"), EventSourceArn=arn("Queue")),
        Log=one("AWS::Logs::LogGroup", LogGroupName={"Fn::Sub": "/aws/lambda/${Function}"}, RetentionInDays=7),
        Topic=one("AWS::SNS::Topic"),
        Subscription=one("AWS::SNS::Subscription", TopicArn=ref("Topic"), Protocol="sqs", Endpoint=arn("Queue")),
        TopicPolicy=one("AWS::SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=policy),
        Queue=one("AWS::SQS::Queue"),
        QueuePolicy=one("AWS::SQS::QueuePolicy", Queues=[ref("Queue")], PolicyDocument=policy),
        Rule=one("AWS::Events::Rule", ScheduleExpression="rate(1 hour)", Targets=[{"Arn": arn("Function"), "Id": "f"}]),
        Bus=one("AWS::Events::EventBus", Name="bus"),
        Schedule=one("AWS::Scheduler::Schedule", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"},
                     Target={"Arn": arn("Machine"), "RoleArn": arn("Role")}),
        Machine=one("AWS::StepFunctions::StateMachine", RoleArn=arn("Role")),
        Table=one("AWS::DynamoDB::Table", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                  AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}]),
        Images=one("AWS::ECR::Repository"),
        Key=one("AWS::KMS::Key", KeyPolicy=policy),
        Secret=one("AWS::SecretsManager::Secret", Name="secret"),
        Alarm=one("AWS::CloudWatch::Alarm", MetricName="m", Namespace="n", EvaluationPeriods=1, Threshold=1, Period=60,
                  Statistic="Sum", ComparisonOperator="GreaterThanThreshold"),
        Dashboard=one("AWS::CloudWatch::Dashboard", DashboardName="board", DashboardBody='{"widgets": []}'),
        Vault=one("AWS::Backup::BackupVault", BackupVaultName="vault"),
        Files=one("AWS::FSx::FileSystem", FileSystemType="ONTAP"),
        Storage=one("AWS::FSx::StorageVirtualMachine", FileSystemId=ref("Files"), Name="svm"),
        Volume=one("AWS::FSx::Volume", Name="vol", VolumeType="ONTAP",
                   OntapConfiguration={"StorageVirtualMachineId": ref("Storage")}),
        Reader=one("AWS::FSx::S3AccessPointAttachment", Name="reader", Type="ONTAP",
                   OntapConfiguration={"VolumeId": ref("Volume"), "FileSystemIdentity": {"Type": "UNIX"}}),
        Encryption=one("AWS::OpenSearchServerless::SecurityPolicy", Name="encryption", Type="encryption",
                       Policy='{"Rules": [{"ResourceType": "collection", "Resource": ["collection/vec*"]}]}'),
        Expiry=one("AWS::OpenSearchServerless::LifecyclePolicy", Name="expiry", Type="retention", Policy="{}"),
        Collection={**one("AWS::OpenSearchServerless::Collection", Name="vectors", Type="VECTORSEARCH"),
                    "DependsOn": "Encryption"},
        Access=one("AWS::OpenSearchServerless::AccessPolicy", Name="access", Type="data", Policy={"Fn::Sub":
                   '[{"Rules": [{"Resource": ["index/vectors/*"]}], "Principal": ["${Role.Arn}"]}]'}),
        Base=one("AWS::Bedrock::KnowledgeBase", Name="base", RoleArn=arn("Role"),
                 KnowledgeBaseConfiguration={"Type": "VECTOR"},
                 StorageConfiguration={"Type": "OPENSEARCH_SERVERLESS",
                                       "OpensearchServerlessConfiguration": {
                                           "CollectionArn": arn("Collection"), "VectorIndexName": "i",
                                           "FieldMapping": {"VectorField": "v", "TextField": "t",
                                                            "MetadataField": "m"}}}),
        Source={**one("AWS::Bedrock::DataSource", Name="source", KnowledgeBaseId=ref("Base"),
                      DataSourceConfiguration={"Type": "S3"}, DataDeletionPolicy="RETAIN"), "DependsOn": "Access"},
        Custom=one("Custom::Thing", ServiceToken=arn("Function")),
        Stranger=one("AWS::SageMaker::Model", ExecutionRoleArn=arn("Role")),
    )  # fmt: skip
