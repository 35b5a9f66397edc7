"""Small SAM resources as an author would write them. Translating each shows what SAM generates for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SOURCE = "Probe"
EVENT = "Happening"
CONDITION = "Wanted"
GIVEN = "given"  # becomes "{path of the property}" so that generated statements say where a value came from

FUNCTION = "AWS::Serverless::Function"
STATE_MACHINE = "AWS::Serverless::StateMachine"
API = "AWS::Serverless::Api"
HTTP_API = "AWS::Serverless::HttpApi"
WEB_SOCKET_API = "AWS::Serverless::WebSocketApi"
GRAPHQL_API = "AWS::Serverless::GraphQLApi"
CONNECTOR = "AWS::Serverless::Connector"

_CODE = "s3://bucket/key"
_VPC = {"SubnetIds": ["subnet"], "SecurityGroupIds": ["sg"]}
_SWAGGER = {"swagger": "2.0", "info": {"title": "x", "version": "1"}, "paths": {}}
_OPEN_API = {"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {}}

SMALLEST: Mapping[str, Mapping[str, Any]] = {
    FUNCTION: {"Handler": "app.run", "Runtime": "python3.13", "CodeUri": _CODE},
    STATE_MACHINE: {"DefinitionUri": _CODE},
    API: {"StageName": "Given", "DefinitionBody": _SWAGGER},
    HTTP_API: {"DefinitionBody": _OPEN_API},
    WEB_SOCKET_API: {"RouteSelectionExpression": "$request.body.action", "Routes": {"told": {"FunctionArn": GIVEN}}},
    GRAPHQL_API: {"Auth": {"Type": "AWS_IAM"}, "SchemaInline": "type Query { x: String }"},
    CONNECTOR: {},
    "AWS::Serverless::SimpleTable": {},
    "AWS::Serverless::Application": {"Location": "https://s3.amazonaws.com/bucket/key"},
    "AWS::Serverless::LayerVersion": {"ContentUri": _CODE},
    "AWS::Serverless::CapacityProvider": {"VpcConfig": _VPC},
    "AWS::Serverless::NetworkConnector": {"VpcConfig": _VPC | {"NetworkProtocol": "IPv4"}},
    "AWS::Serverless::MicrovmImage": {
        "Name": "image",
        "BaseImageArn": GIVEN,
        "BaseImageVersion": "1",
        "CodeUri": _CODE,
    },
    "AWS::Serverless::WebFunction": {"Runtime": "python3.13", "CodeUri": _CODE, "AuthType": "IamAuth"},
}

COMPANIONS: Mapping[str, Mapping[str, Any]] = {
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Pool": {"Type": "AWS::Cognito::UserPool"},
    "Rest": {"Type": API, "Properties": {"StageName": "Given"}},
    "Http": {"Type": HTTP_API},
}
"""Resources that probes refer to; what they generate themselves is not counted."""


@dataclass(frozen=True)
class Probe:
    """One resource of `type`: `properties` laid over the smallest valid ones.

    `when` is what the author did to get what is generated (see tools/README.md). `names` are words of the
    probe that come back inside generated logical ids. `unless` holds further properties, one experiment
    each, that keep something from being generated; its dotted paths start where those of `when` do.
    """

    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    when: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    unless: Mapping[str, Any] = field(default_factory=dict)

    @property
    def event(self) -> str:
        """The type of the event source under probe, or "" when the resource itself is."""
        return str(self.when.get("event", ""))


def having(name: str, value: Any, type_: str = FUNCTION, **rest: Any) -> Probe:
    """A probe of a property whose presence is what matters."""
    return Probe(type_, {name: value}, {"present": [name]}, **rest)


def event(kind: str, properties: Mapping[str, Any], type_: str = FUNCTION, **rest: Any) -> Probe:
    """A probe of one event source; the paths in `rest` start at the event's own Properties."""
    when = {"event": kind} | rest.pop("when", {})
    return Probe(type_, {"Events": {EVENT: {"Type": kind, "Properties": properties}}}, when, **rest)


def destination(on: str, kind: str, *, given: bool) -> Probe:
    """A probe of a function's asynchronous destination, which SAM creates when none is given."""
    path = f"EventInvokeConfig.DestinationConfig.{on}"
    target = {"Type": kind} | ({"Destination": GIVEN} if given else {})
    when = {"equals": {f"{path}.Type": kind}} | ({"present": [f"{path}.Destination"]} if given else {})
    unless = {} if given else {f"{path}.Destination": GIVEN}
    return Probe(FUNCTION, {"EventInvokeConfig": {"DestinationConfig": {on: target}}}, when, unless=unless)


def connection(kind: str, source: Mapping[str, str], destination_: Mapping[str, str], permission: str) -> Probe:
    """A probe of one way in which a connector grants."""
    ends = {"Source": source, "Destination": destination_, "Permissions": [permission]}
    return Probe(CONNECTOR, ends, {"connector": kind}, names={permission: "{permission}"})


def _stage(type_: str, **rest: Any) -> tuple[Probe, Probe, Probe]:
    def named(kind: str, value: Any, **names: Any) -> Probe:
        return Probe(type_, {"StageName": value}, {"value": {"StageName": kind}}, **rest, **names)

    return (
        named("alphanumeric", "Given", names={"Given": "{stage}"}),
        named("intrinsic", {"Ref": "Stage"}),
        named("other text", "in-between"),
    )


_QUEUE = {"QueueArn": GIVEN, "QueueUrl": GIVEN}
_OWN_QUEUE = {"DeadLetterConfig": {"Type": "SQS"}}
_WITH_OWN_QUEUE = {"equals": {"DeadLetterConfig.Type": "SQS"}}
_HOURLY = {"Schedule": "rate(1 hour)"}
_HOURLY_V2 = {"ScheduleExpression": "rate(1 hour)"}
_PATTERN = {"Pattern": {"source": ["aws.s3"]}}
_ROUTE = {"Path": "/x", "Method": "get"}
_STREAM = {"Stream": GIVEN, "StartingPosition": "LATEST"}
_BASIC_AUTH = {"SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": GIVEN}]}
_KAFKA_AUTH = {"SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": GIVEN}]}
_ALIAS = {"AutoPublishAlias": "live"}
_ALIAS_NAME = {"live": "{alias}"}
_DOMAIN = {"DomainName": "example.com", "CertificateArn": GIVEN}
_ROUTED = _DOMAIN | {"Route53": {"HostedZoneId": "Z1"}}
_UNDER_PATH = _DOMAIN | {"BasePath": ["orders"]}
_AUTHORIZER = {"FunctionArn": GIVEN}
_AUTHORIZER_V2 = _AUTHORIZER | {"AuthorizerPayloadFormatVersion": "2.0", "EnableFunctionDefaultPermissions": True}
_STAGED = {"Given": "{stage}"}
_ROUTED_BY_WORD = {"Told": "{route}"}
_RESOLVING = {"DataSource": "NONE", "InlineCode": "x", "Runtime": {"Name": "APPSYNC_JS", "Version": "1"}}

FUNCTION_PROBES = (
    Probe(FUNCTION, unless={"Role": GIVEN}),
    having("VpcConfig", _VPC),
    Probe(FUNCTION, {"Tracing": "Active"}, {"equals": {"Tracing": "Active"}}),
    *(
        Probe(
            FUNCTION,
            {"DeadLetterQueue": {"Type": kind, "TargetArn": GIVEN}},
            {"equals": {"DeadLetterQueue.Type": kind}},
        )
        for kind in ("SQS", "SNS")
    ),
    having("AutoPublishAlias", "live", names=_ALIAS_NAME),
    Probe(
        FUNCTION,
        _ALIAS | {"DeploymentPreference": {"Type": "AllAtOnce"}},
        {"present": ["AutoPublishAlias", "DeploymentPreference"]},
        names=_ALIAS_NAME,
        unless={"DeploymentPreference.Role": GIVEN},
    ),
    having("FunctionUrlConfig", {"AuthType": "AWS_IAM"}),
    Probe(FUNCTION, {"FunctionUrlConfig": {"AuthType": "NONE"}}, {"equals": {"FunctionUrlConfig.AuthType": "NONE"}}),
    having("EventInvokeConfig", {"MaximumRetryAttempts": 1}),
    *(destination(on, kind, given=False) for on in ("OnFailure", "OnSuccess") for kind in ("SNS", "SQS")),
    *(
        destination(on, kind, given=True)
        for on in ("OnFailure", "OnSuccess")
        for kind in ("EventBridge", "Lambda", "S3Bucket", "SNS", "SQS")
    ),
)

EVENT_PROBES = (
    event("S3", {"Bucket": {"Ref": "Bucket"}, "Events": "s3:ObjectCreated:*"}),
    event("SNS", {"Topic": GIVEN}, unless={"SqsSubscription": True}),
    event("SNS", {"Topic": GIVEN, "SqsSubscription": True}, when={"equals": {"SqsSubscription": True}}),
    event("SNS", {"Topic": GIVEN, "SqsSubscription": _QUEUE}, when={"present": ["SqsSubscription.QueueArn"]}),
    event("Kinesis", _STREAM),
    event("DynamoDB", _STREAM),
    event("SQS", {"Queue": GIVEN}),
    event("MSK", _STREAM | {"Topics": ["t"]}),
    event("MQ", {"Broker": GIVEN, "Queues": ["q"]} | _BASIC_AUTH),
    event("SelfManagedKafka", {"KafkaBootstrapServers": ["k:1"], "Topics": ["t"]} | _KAFKA_AUTH),
    event("DocumentDB", {"Cluster": GIVEN, "DatabaseName": "d", "StartingPosition": "LATEST"} | _BASIC_AUTH),
    event("Schedule", _HOURLY),
    event("Schedule", _HOURLY | _OWN_QUEUE, when=_WITH_OWN_QUEUE),
    event("ScheduleV2", _HOURLY_V2, unless={"RoleArn": GIVEN}),
    event("ScheduleV2", _HOURLY_V2 | _OWN_QUEUE, when=_WITH_OWN_QUEUE),
    event("EventBridgeRule", _PATTERN),
    event("EventBridgeRule", _PATTERN | _OWN_QUEUE, when=_WITH_OWN_QUEUE),
    event("CloudWatchEvent", _PATTERN),
    event("CloudWatchEvent", _PATTERN | _OWN_QUEUE, when=_WITH_OWN_QUEUE),
    event("CloudWatchLogs", {"LogGroupName": "g", "FilterPattern": ""}),
    event("IoTRule", {"Sql": "SELECT 1"}),
    event("AlexaSkill", {}),
    event("Cognito", {"UserPool": {"Ref": "Pool"}, "Trigger": "PreSignUp"}),
    event("Api", _ROUTE, unless={"RestApiId": {"Ref": "Rest"}}),
    event("Api", _ROUTE | {"RestApiId": {"Ref": "Rest"}}, when={"present": ["RestApiId"]}, names=_STAGED),
    event("HttpApi", _ROUTE, unless={"ApiId": {"Ref": "Http"}}),
)

STATE_MACHINE_PROBES = (
    Probe(STATE_MACHINE, unless={"Role": GIVEN}),
    Probe(STATE_MACHINE, {"Tracing": {"Enabled": True}}, {"equals": {"Tracing.Enabled": True}}),
    having("AutoPublishAlias", "live", STATE_MACHINE, names=_ALIAS_NAME),
    event("Schedule", _HOURLY, STATE_MACHINE, unless={"RoleArn": GIVEN}),
    event("Schedule", _HOURLY | _OWN_QUEUE, STATE_MACHINE, when=_WITH_OWN_QUEUE),
    event("ScheduleV2", _HOURLY_V2, STATE_MACHINE, unless={"RoleArn": GIVEN}),
    event("ScheduleV2", _HOURLY_V2 | _OWN_QUEUE, STATE_MACHINE, when=_WITH_OWN_QUEUE),
    event("EventBridgeRule", _PATTERN, STATE_MACHINE),
    event("EventBridgeRule", _PATTERN | _OWN_QUEUE, STATE_MACHINE, when=_WITH_OWN_QUEUE),
    event("CloudWatchEvent", _PATTERN, STATE_MACHINE),
    event("CloudWatchEvent", _PATTERN | _OWN_QUEUE, STATE_MACHINE, when=_WITH_OWN_QUEUE),
    event("Api", _ROUTE, STATE_MACHINE, unless={"RestApiId": {"Ref": "Rest"}}),
)

API_PROBES = (
    Probe(API, unless={"StageName": "Given"}, names=_STAGED),
    *_stage(API),
    having("Domain", _DOMAIN, API, names=_STAGED, unless={"Domain.BasePath": ["orders"]}),
    Probe(API, {"Domain": _ROUTED}, {"present": ["Domain.Route53"]}, names=_STAGED),
    Probe(API, {"Domain": _UNDER_PATH}, {"present": ["Domain.BasePath"]}, names=_STAGED | {"orders": "{path}"}),
    Probe(
        API,
        {"Auth": {"Authorizers": {"Guard": _AUTHORIZER}}},
        {"present": ["Auth.Authorizers"]},
        names=_STAGED | {"Guard": "{authorizer}"},
    ),
    *(
        Probe(
            API,
            {"Auth": {"UsagePlan": {"CreateUsagePlan": kind}}},
            {"equals": {"Auth.UsagePlan.CreateUsagePlan": kind}},
            names=_STAGED,
        )
        for kind in ("PER_API", "SHARED")
    ),
    Probe(HTTP_API, unless={"StageName": "Given"}),
    *_stage(HTTP_API),
    having("Domain", _DOMAIN, HTTP_API, unless={"Domain.BasePath": ["orders"]}),
    Probe(HTTP_API, {"Domain": _ROUTED}, {"present": ["Domain.Route53"]}),
    Probe(HTTP_API, {"Domain": _UNDER_PATH}, {"present": ["Domain.BasePath"]}, names={"orders": "{path}"}),
    Probe(
        HTTP_API,
        {"Auth": {"Authorizers": {"Guard": _AUTHORIZER_V2}}},
        {"equals": {"Auth.Authorizers.{authorizer}.EnableFunctionDefaultPermissions": True}},
        names={"Guard": "{authorizer}"},
    ),
    Probe(WEB_SOCKET_API, unless={"StageName": "Given"}, names=_ROUTED_BY_WORD),
    Probe(
        WEB_SOCKET_API,
        {"StageName": "Given"},
        {"value": {"StageName": "alphanumeric"}},
        names=_ROUTED_BY_WORD | _STAGED,
    ),
    having("Domain", _DOMAIN, WEB_SOCKET_API, names=_ROUTED_BY_WORD),
)

GRAPHQL_PROBES = (
    Probe(GRAPHQL_API, unless={"Logging": False}),
    having("ApiKeys", {"Named": {}}, GRAPHQL_API, names={"Named": "{key}"}),
    having("Cache", {"ApiCachingBehavior": "FULL_REQUEST_CACHING", "Ttl": 1, "Type": "SMALL"}, GRAPHQL_API),
    having("DomainName", _DOMAIN, GRAPHQL_API),
    Probe(
        GRAPHQL_API,
        {"DataSources": {"DynamoDb": {"Named": {"TableName": "t", "TableArn": GIVEN}}}},
        {"present": ["DataSources.DynamoDb"]},
        names={"Named": "{source}"},
        unless={"DataSources.DynamoDb.Named.ServiceRoleArn": GIVEN},
    ),
    Probe(
        GRAPHQL_API,
        {"DataSources": {"Lambda": {"Named": {"FunctionArn": GIVEN}}}},
        {"present": ["DataSources.Lambda"]},
        names={"Named": "{source}"},
        unless={"DataSources.Lambda.Named.ServiceRoleArn": GIVEN},
    ),
    having(
        "Functions",
        {"Named": _RESOLVING | {"DataSource": {"Ref": "Stage"}}},
        GRAPHQL_API,
        names={"Named": "{function}"},
    ),
    Probe(
        GRAPHQL_API,
        {"Functions": {"Named": _RESOLVING}},
        {"equals": {"Functions.{function}.DataSource": "NONE"}},
        names={"Named": "{function}"},
    ),
)

CONNECTOR_PROBES = (
    connection(
        "AWS_IAM_ROLE_MANAGED_POLICY",
        {"Type": "AWS::Lambda::Function", "Arn": GIVEN, "RoleName": "role"},
        {"Type": "AWS::S3::Bucket", "Arn": GIVEN},
        "Read",
    ),
    connection(
        "AWS_LAMBDA_PERMISSION",
        {"Type": "AWS::S3::Bucket", "Arn": GIVEN},
        {"Type": "AWS::Lambda::Function", "Arn": GIVEN},
        "Write",
    ),
    connection(
        "AWS_SNS_TOPIC_POLICY",
        {"Type": "AWS::Events::Rule", "Arn": GIVEN},
        {"Type": "AWS::SNS::Topic", "Arn": GIVEN},
        "Write",
    ),
    connection(
        "AWS_SQS_QUEUE_POLICY",
        {"Type": "AWS::SNS::Topic", "Arn": GIVEN},
        {"Type": "AWS::SQS::Queue", "Arn": GIVEN, "QueueUrl": "url"},
        "Write",
    ),
)

OTHER_PROBES = (
    Probe("AWS::Serverless::SimpleTable"),
    Probe("AWS::Serverless::Application"),
    Probe("AWS::Serverless::LayerVersion"),
    Probe("AWS::Serverless::CapacityProvider", unless={"OperatorRole": GIVEN}),
    Probe("AWS::Serverless::NetworkConnector", unless={"OperatorRole": GIVEN}),
    Probe("AWS::Serverless::MicrovmImage", unless={"BuildRoleArn": GIVEN}),
    Probe("AWS::Serverless::WebFunction", unless={"ExecutionRoleArn": GIVEN}),
)

PROBES: tuple[Probe, ...] = (
    *FUNCTION_PROBES,
    *EVENT_PROBES,
    *STATE_MACHINE_PROBES,
    *API_PROBES,
    *GRAPHQL_PROBES,
    *CONNECTOR_PROBES,
    *OTHER_PROBES,
)
