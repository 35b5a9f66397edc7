"""The values of a template that name something in the project, and what takes their place once it is uploaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Value
from s3ap_lint.template.template import Resource, Template

FOLDER, FILE, TEMPLATE = "folder", "file", "template"

_SAM = ("Bucket", "Key", "Version")
_LAMBDA = ("S3Bucket", "S3Key", "S3ObjectVersion")


@dataclass(frozen=True)
class Way:
    """How one property names what is uploaded: as what it is packed, under which keys an object is named, and whether a
    URI may stand there instead ("s3" or "https")."""

    packed: str
    keys: tuple[str, str, str] | None
    uri: str = ""

    def value(self, bucket: str, key: str, version: str, host: str) -> Value:
        """What names an object."""
        if self.uri == "https":
            return f"https://{bucket}.{host}/{key}{f'?versionId={version}' if version else ''}"
        if self.uri == "s3" and not version:
            return f"s3://{bucket}/{key}"
        names = self.keys or _SAM
        given = {names[0]: bucket, names[1]: key}
        return given | ({names[2]: version} if version else {})


WAYS: Mapping[tuple[str, str], Way] = {
    ("AWS::Serverless::Function", "CodeUri"): Way(FOLDER, _SAM, "s3"),
    ("AWS::Lambda::Function", "Code"): Way(FOLDER, _LAMBDA),
    ("AWS::Serverless::LayerVersion", "ContentUri"): Way(FOLDER, _SAM, "s3"),
    ("AWS::Lambda::LayerVersion", "Content"): Way(FOLDER, _LAMBDA),
    ("AWS::Serverless::StateMachine", "DefinitionUri"): Way(FILE, _SAM, "s3"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"): Way(FILE, _SAM),
    ("AWS::Serverless::Api", "DefinitionUri"): Way(FILE, _SAM, "s3"),
    ("AWS::Serverless::HttpApi", "DefinitionUri"): Way(FILE, _SAM, "s3"),
    ("AWS::CloudFormation::Stack", "TemplateURL"): Way(TEMPLATE, None, "https"),
    ("AWS::Serverless::Application", "Location"): Way(TEMPLATE, None, "https"),
}
"""What is packaged. https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html has more."""

_REFUSED: Mapping[tuple[str, str], str] = {
    ("AWS::ApiGateway::RestApi", "BodyS3Location"): "an API definition",
    ("AWS::AppSync::GraphQLSchema", "DefinitionS3Location"): "a schema",
    ("AWS::AppSync::Resolver", "RequestMappingTemplateS3Location"): "a mapping template",
    ("AWS::AppSync::Resolver", "ResponseMappingTemplateS3Location"): "a mapping template",
    ("AWS::AppSync::Resolver", "CodeS3Location"): "a resolver's code",
    ("AWS::AppSync::FunctionConfiguration", "CodeS3Location"): "a resolver's code",
    ("AWS::AppSync::FunctionConfiguration", "RequestMappingTemplateS3Location"): "a mapping template",
    ("AWS::AppSync::FunctionConfiguration", "ResponseMappingTemplateS3Location"): "a mapping template",
    ("AWS::CloudFormation::ModuleVersion", "ModulePackage"): "a module",
    ("AWS::CloudFormation::ResourceVersion", "SchemaHandlerPackage"): "a resource type",
    ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"): "an application",
    ("AWS::Glue::Job", "Command.ScriptLocation"): "a script",
    ("AWS::Serverless::GraphQLApi", "SchemaUri"): "a schema",
}


@dataclass(frozen=True)
class Named:
    """One such value: `node` is missing where a function's code is its template's folder."""

    resource: Resource
    name: str
    node: Node
    way: Way

    @property
    def is_local(self) -> bool:
        """Whether it is text that is no address."""
        return is_local(self.node)


def is_local(node: Node) -> bool:
    """Whether a value is a path rather than an address."""
    return node.is_text and "://" not in node.text and not node.text.startswith("arn:")


def named_values(template: Template) -> Iterator[Named]:
    """The values that packaging is about, of every resource in order, whether or not they are paths."""
    for resource in template.resources.values():
        for (type_, name), way in WAYS.items():
            if resource.type == type_:
                yield Named(resource, name, resource.property(name), way)


def refused_values(template: Template) -> Iterator[tuple[str, Node, str]]:
    """(logical id, value, what it is) for paths that are not packaged; the id is "" outside resources."""
    for resource in template.resources.values():
        for (type_, name), what in _REFUSED.items():
            first, _, rest = name.partition(".")
            node = resource.property(first)
            node = node[rest] if rest else node
            if resource.type == type_ and is_local(node):
                yield resource.id, node, what
    for node in template.top.walk():  # a macro is asked for beside other keys, too, and at the top of the template
        location = node["Parameters"]["Location"]
        if node["Name"].text == "AWS::Include" and is_local(location):
            yield "", location, "text that AWS::Include takes in"
    for loop, _ in template.open_loops:
        for node in loop.walk():
            if node.key in {name for _, name in WAYS} and is_local(node):
                yield "", node, "what a loop names that cannot be written out"
