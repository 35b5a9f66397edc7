"""What a role is granted and nothing under it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from s3ap_lint.arn import matches
from s3ap_lint.model import Location, Span
from s3ap_lint.permissions.role_uses import RoleUse
from s3ap_lint.template.template import Template

OUTSIDE_CODE = (
    "cloudwatch:PutMetricData", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
    "dynamodb:ListStreams", "ec2:*NetworkInterface*", "ec2:Describe*", "ec2:*PrivateIpAddresses", "elasticfilesystem:*",
    "kafka*:*", "kinesis:*", "kms:*", "lambda:InvokeFunction", "logs:*", "s3:GetBucketLocation", "s3:GetObjectVersion",
    "s3:ListBucket", "s3-object-lambda:*", "s3files:*", "sns:Publish", "sqs:*", "ssmmessages:*",
    "events:PutEvents", "xray:*",
)  # fmt: skip
"""What Lambda and its extensions do with the role: logs, traces, networks, file systems, event sources, destinations,
keys; and what is granted beside a read so that a missing object answers 404 instead of 403."""

BESIDE_OTHERS = (
    "*:AddTags*", "*:CreateTags", "*:TagResource*", "bedrock:GetInferenceProfile", "ds:AccessDsData",
    "lambda:PassNetworkConnector",
)  # fmt: skip
"""What AWS demands beside another action and no operation is called like: for what is created with tags, for instance
(Service Authorization Reference, "dependent actions")."""

FOR_BROKERS = ("mq:DescribeBroker", "rds:DescribeDB*", "secretsmanager:GetSecretValue")
"""What Lambda does with the role to read from a broker, a cluster or a database (AWS Lambda Developer Guide, "Using
Lambda with Amazon MQ", "… with Amazon DocumentDB")."""


@dataclass(frozen=True, slots=True)
class Unused:
    """An action, or a SAM policy template as a whole, that is granted for nothing, and where."""

    what: str
    at: Location


def unused_grants(use: RoleUse) -> Iterator[Unused]:
    """Each action that a statement names, and each bundle that nothing needs a part of. Raises TooManyWorlds."""
    seen: set[Span] = set()
    for statement in use.statements:
        patterns = [leaf for leaf in statement.actions if not _needed(use, leaf.text)]
        if (
            not statement.allows
            or not statement.complete
            or (statement.bundled and len(patterns) < len(statement.actions))
        ):
            continue
        for leaf in patterns[:1] if statement.bundled else patterns:
            if leaf.node.span not in seen:
                seen.add(leaf.node.span)
                bundle = leaf.node.key if statement.bundled else ""
                yield Unused(bundle or leaf.text, leaf.node.key_at if bundle else leaf.at)


def _needed(use: RoleUse, pattern: str) -> bool:
    if use.may_need(pattern):
        return True
    brokers = FOR_BROKERS if _reads_from_brokers(use.role.template) else ()
    silent = (*OUTSIDE_CODE, *BESIDE_OTHERS, *brokers)
    known = any(fnmatchcase(pattern.lower(), known.lower()) for known in silent)
    return known or any(matches(pattern, action) for action in brokers)


def _reads_from_brokers(template: Template) -> bool:
    """Whether an event source of a template signs in to a broker or a database."""
    known = template.memo.get(_reads_from_brokers)
    if not isinstance(known, bool):
        nodes = (node for resource in template.resources.values() for node in resource.properties.walk())
        known = any(node.key == "SourceAccessConfigurations" or node.text == "MQ" for node in nodes)
        template.memo[_reads_from_brokers] = known
    return known
