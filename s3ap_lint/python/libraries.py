"""What libraries for Lambda call: Powertools (parameters, idempotency, feature flags), the cache of secrets.

From the documentation of Powertools for AWS Lambda, "Parameters" (IAM permissions), "Idempotency" (required
resources) and "Feature flags", and from the README of aws-secretsmanager-caching-python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from s3ap_lint.python.bindings import assigned, calls_in, imported_name
from s3ap_lint.python.graph import Node
from s3ap_lint.python.memo import remembered
from s3ap_lint.python.module import Module
from s3ap_lint.python.scope import Scope
from s3ap_lint.python.state import chain_of
from s3ap_lint.python.traces import Traces
from s3ap_lint.python.worth import Worth

PACKAGES = ("aws_lambda_powertools.", "aws_secretsmanager_caching.")

_APP_CONFIG = (("appconfigdata", "start_configuration_session"), ("appconfigdata", "get_latest_configuration"))
_PROFILE = {
    "name": "ConfigurationProfileIdentifier",
    "environment": "EnvironmentIdentifier",
    "application": "ApplicationIdentifier",
}
_SECRET = (("secretsmanager", "describe_secret"), ("secretsmanager", "get_secret_value"))
_ITEMS = tuple(("dynamodb", name) for name in ("get_item", "put_item", "update_item", "delete_item"))

_CALLS: Mapping[str, tuple[tuple[tuple[str, str], ...], Mapping[str, str]]] = {
    "get_app_config": (_APP_CONFIG, _PROFILE),
    "get_parameter": ((("ssm", "get_parameter"),), {"name": "Name"}),
    "get_parameters": ((("ssm", "get_parameters_by_path"),), {"path": "Path"}),
    "get_parameters_by_name": ((("ssm", "get_parameters"),), {"parameters": "Names"}),
    "get_secret": ((("secretsmanager", "get_secret_value"),), {"name": "SecretId"}),
    "set_parameter": ((("ssm", "put_parameter"),), {"name": "Name", "value": "Value"}),
    "set_secret": ((("secretsmanager", "put_secret_value"),), {"name": "SecretId", "value": "SecretString"}),
    "AppConfigStore": (
        _APP_CONFIG,
        {
            "environment": "EnvironmentIdentifier",
            "application": "ApplicationIdentifier",
            "name": "ConfigurationProfileIdentifier",
        },
    ),
    "DynamoDBPersistenceLayer": (_ITEMS, {"table_name": "TableName"}),
    "AppConfigProvider.get": (_APP_CONFIG, {"name": "ConfigurationProfileIdentifier"}),
    "DynamoDBProvider.get": ((("dynamodb", "get_item"),), {}),
    "DynamoDBProvider.get_multiple": ((("dynamodb", "query"),), {}),
    "SecretsProvider.get": ((("secretsmanager", "get_secret_value"),), {"name": "SecretId"}),
    "SecretsProvider.set": ((("secretsmanager", "put_secret_value"),), {"name": "SecretId", "value": "SecretString"}),
    "SecretCache.get_secret_binary": (_SECRET, {"secret_id": "SecretId"}),
    "SecretCache.get_secret_string": (_SECRET, {"secret_id": "SecretId"}),
    "SSMProvider.get": ((("ssm", "get_parameter"),), {"name": "Name"}),
    "SSMProvider.get_multiple": ((("ssm", "get_parameters_by_path"),), {"path": "Path"}),
    "SSMProvider.get_parameters_by_name": ((("ssm", "get_parameters"),), {"parameters": "Names"}),
    "SSMProvider.set": ((("ssm", "put_parameter"),), {"name": "Name", "value": "Value"}),
}
"""Function, class that is made, or method → what it calls, and which of its parameters, in order, is which member."""

_OF_PROVIDERS: Mapping[str, Mapping[str, str]] = {
    "AppConfigProvider": {"environment": "EnvironmentIdentifier", "application": "ApplicationIdentifier"},
    "DynamoDBProvider": {"table_name": "TableName"},
    "SecretCache": {},
    "SecretsProvider": {},
    "SSMProvider": {},
}
"""What a provider is made with."""

_METHODS = frozenset(name.partition(".")[2] for name in _CALLS if "." in name)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One operation that a call of a library comes to."""

    service: str
    operation: str
    place: ast.Call
    members: Mapping[str, Worth]


@remembered
def mentioned(module: Module) -> bool:
    """Whether a module has anything to do with them."""
    return any(package[:-1].encode() in module.source.data for package in PACKAGES)


def calls(traces: Traces, node: Node, scope: Scope) -> Iterator[Use]:
    """What the calls in a scope itself come to."""
    for call in calls_in(scope):
        chain = chain_of(call.func)
        name = _name(chain, scope)
        known: dict[str, Worth] = {}
        if not name and len(chain) == 2 and chain[1] in _METHODS:
            name, known = _of_provider(traces, chain, node, scope)
        if name not in _CALLS:
            continue
        operations, parameters = _CALLS[name]
        members = known | _members(traces, call, parameters, node, scope)
        for service, operation in operations:
            yield Use(service, operation, call, members)


def _name(chain: tuple[str, ...], scope: Scope) -> str:
    """The last part of a name of these packages; "" for any other."""
    name = imported_name(chain, scope)
    return name.rpartition(".")[2] if name.startswith(PACKAGES) else ""


def _of_provider(traces: Traces, chain: tuple[str, ...], node: Node, scope: Scope) -> tuple[str, dict[str, Worth]]:
    at: Scope | None = scope
    while at is not None:
        for expression, holder in assigned(chain[0], node, at):
            if isinstance(expression, ast.Call):
                provider = _name(chain_of(expression.func), holder)
                if provider in _OF_PROVIDERS:
                    return f"{provider}.{chain[1]}", _members(traces, expression, _OF_PROVIDERS[provider], node, holder)
        at = at.parent
    return "", {}


def _members(
    traces: Traces, call: ast.Call, parameters: Mapping[str, str], node: Node, scope: Scope
) -> dict[str, Worth]:
    given = dict(zip(parameters, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg}
    return {
        member: traces.worth(given[name], node, scope, None) for name, member in parameters.items() if name in given
    }
