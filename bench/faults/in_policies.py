"""Operators that take an action out of a role: one that the code needs, and one that it does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bench.faults.application import Application, Function, changed, line_of
from bench.faults.damage import Break
from bench.faults.script import FUNCTIONS, Script
from s3ap_lint.template import edits
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import Resource, Template

HARMLESS = "sts:GetCallerIdentity"
"""What stands in for the action that is gone: an action that needs no permission."""

CLIENTS = {"cloudwatch": "cloudwatch", "logs": "logs", "states": "stepfunctions", "bedrock": "bedrock-runtime"}
"""IAM's prefix → the client's name, where they differ or more than one client has it."""

OPERATIONS = {
    "s3:GetObject": ("get_object", "head_object", "download_file", "download_fileobj"),
    "s3:PutObject": ("put_object", "upload_file", "upload_fileobj"),
    "s3:ListBucket": ("list_objects_v2", "head_bucket"),
    "execute-api:ManageConnections": ("delete_connection", "get_connection", "post_to_connection"),
    "bedrock:InvokeModel": ("invoke_model", "converse"),
    "lambda:InvokeFunction": ("invoke",),
    "sqs:SendMessage": ("send_message", "send_message_batch"),
}
"""The actions whose operations have other names, as AWS's service authorization reference has them."""

BY_CONFIGURATION = (
    "iam:", "ec2:CreateNetwork", "ec2:DeleteNetwork", "ec2:DescribeNetwork", "kinesis:", "sqs:", "sns:Publish",
    "dynamodb:GetRecords", "dynamodb:GetShard", "dynamodb:DescribeStream", "events:PutEvents", "lambda:InvokeFunction",
)  # fmt: skip
"""What may be needed without a call of that name: roles are passed on, Lambda polls and sends on, joins networks."""

CALLS_BY_ITSELF = (b"aws_lambda_powertools", b"aws_secretsmanager_caching")
"""Packages that make calls which the code does not name."""

OTHER_POLICIES = (
    "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::SecretsManager::ResourcePolicy", "AWS::KMS::Key",
    "AWS::S3::AccessPoint", "AWS::Serverless::Connector",
)  # fmt: skip


@dataclass(frozen=True)
class Granted:
    """An action as a role's statement names it. `owner` has the policies, `users` run under it."""

    action: str
    node: Node
    owner: Resource
    users: tuple[Function, ...]

    @property
    def template(self) -> Template:
        return self.owner.template


def remove_needed_action(app: Application) -> Iterator[Break]:
    """An action that a function's own file calls for is no longer granted."""
    for granted in _granted(app):
        callers = [function for function in granted.users if _calls(app.scripts[function.file], granted.action)]
        data = changed(granted.template, edits.replace(granted.node, granted.template.source, HARMLESS))
        if not callers or data is None:
            continue
        words = (granted.action, *(function.id for function in callers))
        doubts = [_doubt(app, granted, function) for function in callers]
        yield _break(granted, data, words, "" if "" in doubts else doubts[0])


def remove_unneeded_action(app: Application) -> Iterator[Break]:
    """An action that no code of the application speaks of is no longer granted; nothing is to be said about it."""
    for granted in _granted(app):
        text = b"\n".join(script.data for script in app.scripts.values())
        if granted.action.startswith(BY_CONFIGURATION) or any(package in text for package in CALLS_BY_ITSELF):
            continue
        if any(name.encode() in text for name in _operations(granted.action)):
            continue
        data = changed(granted.template, edits.replace(granted.node, granted.template.source, HARMLESS))
        if data is not None:
            yield _break(granted, data, (), "")


def _break(granted: Granted, data: bytes, words: tuple[str, ...], doubt: str) -> Break:
    template = granted.template
    what = f"{granted.action} of {granted.owner.id}"
    return Break({template.path: data}, template.path, line_of(template, granted.node), what, words, doubt)


def _granted(app: Application) -> Iterator[Granted]:
    """The single actions that the templates grant to functions whose file is there."""
    for function in app.functions:
        if function.file in app.scripts and not function.resource.property("Role"):
            yield from _written(function.resource, (function,))
    for template in app.templates:
        for role in template.of_type("AWS::IAM::Role"):
            users = [f for f in app.functions if f.template is template and _role_of(f) == role.id]
            if users and all(function.file in app.scripts for function in users):
                yield from _written(role, tuple(users))


def _written(owner: Resource, users: tuple[Function, ...]) -> Iterator[Granted]:
    for node in owner.properties["Policies"].walk():
        if node.key != "Action" or node.parent is None or node.parent["Effect"].text != "Allow":
            continue
        for item in list(node) if node.is_sequence else [node]:
            if re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", item.text):
                yield Granted(item.text, item, owner, users)


def _role_of(function: Function) -> str:
    node = function.resource.property("Role")
    named = node["Fn::GetAtt"]
    return node["Ref"].text or named.text.partition(".")[0] or named[0].text


def _operations(action: str) -> tuple[str, ...]:
    """The operations that an action is named after, or authorises under other names."""
    name = action.partition(":")[2]
    return OPERATIONS.get(action, (re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower(),))


def _calls(script: Script, action: str) -> list[ast.Call]:
    """The calls of an action's operations on a name that is bound once, to a client of its service."""
    prefix = action.partition(":")[0]
    service, operations = CLIENTS.get(prefix, prefix), _operations(action)
    clients = {name for name in _clients(script, service) if script.bound[name] == 1}
    return [
        node
        for node in ast.walk(script.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.attr in operations
        and node.func.value.id in clients
    ]


def _clients(script: Script, service: str) -> Iterator[str]:
    """The names at the top of a file that are given `boto3.client("service")`."""
    for statement in script.tree.body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="boto3"), attr="client"),
                    args=[ast.Constant(value=str(given))],
                ),
            ) if given == service:
                yield name


def _doubt(app: Application, granted: Granted, function: Function) -> str:
    """Why it cannot be told that a function is denied from now on; "" when it is for sure."""
    template = granted.template
    script = app.scripts[function.file]
    if not function.written:
        return "the code is named by the twin only"
    if not _on_every_event(script, function.entry, granted.action):
        return "called where not every event comes along"
    others = [node.text for node in granted.owner.properties["Policies"].walk() if node is not granted.node]
    if any(
        ":" in text and fnmatchcase(granted.action.lower(), text.lower()) for text in (*others, "*" * ("*" in others))
    ):
        return "granted twice"
    if any(node.function or len(node.keys()) == 1 for node in granted.owner.properties["Policies"]):
        return "a policy that is not written out"
    managed = granted.owner.properties["ManagedPolicyArns"].walk()
    if any(
        node.is_text and "policy/" in node.text and "AWSLambdaBasicExecutionRole" not in node.text for node in managed
    ):
        return "a managed policy may grant it"
    if any(True for _ in template.of_type(*OTHER_POLICIES)):
        return "another policy may grant it"
    if template.top["Conditions"]:
        return "the template has Conditions"
    return ""


def _on_every_event(script: Script, entry: str, action: str) -> bool:
    """Whether the handler makes such a call itself, or calls a function of its file that does, at once."""
    calls = {id(call) for call in _calls(script, action)}
    handler = script.function(entry)
    if handler is None:
        return False
    seen: set[str] = set()
    todo = [handler]
    while todo:
        function = todo.pop()
        for node in script.on_every_call(function):
            if id(node) in calls:
                return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in seen:
                seen.add(node.func.id)
                inner = script.function(node.func.id)
                todo += [inner] if isinstance(inner, FUNCTIONS) else []
    return False
