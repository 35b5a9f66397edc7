"""Whether every AWS call that a function makes can be listed, or others may be made that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

from s3ap_lint import sdk
from s3ap_lint.function import QUIET_PACKAGES, Function
from s3ap_lint.python.reach import Reach
from s3ap_lint.resolution import Code

_SIGNING = re.compile(
    rb"SigV4\w*Auth|AWSV4Sign|AWS4-HMAC|AWS_SESSION_TOKEN|(?i:session)[\w.]*(?:\([^()\n]*\))?\.get_credentials\("
)
"""What a module mentions that signs requests itself, or hands on the credentials of the role."""

_FRAMES = frozenset({"fastavro", "pandas", "pyarrow"})
"""Packages that read and write what lies in S3, when they are given the place."""

_IN_OUR_NAME = ("create", "delete", "execute", "rollback", "update")
"""Operations of CloudFormation that create and delete all kinds of resources with the permissions of who calls."""


def tells_every_call(function: Function) -> bool:
    """Whether every AWS call is known: the code was read to its end, and nobody and nothing else makes one."""
    closure, code = function.closure, function.code
    if closure is None or not isinstance(code, Code) or code.external_layers or function.started_elsewhere:
        return False
    if function.guess or not closure.complete or function.is_placeholder or _has_extension(function, code):
        return False
    if {missing.top for missing in closure.unresolved} - QUIET_PACKAGES or any(_outside_the_sdk(closure.reach())):
        return False
    if function.untold_calls() or function.unknown_methods:
        return False
    calls = function.sdk_calls()
    if any(call.service == "cloudformation" and call.operation.startswith(_IN_OUR_NAME) for call in calls):
        return False
    return all(sdk.operation(call.service, call.operation) is not None for call in calls)


def _has_extension(function: Function, code: Code) -> bool:
    """Whether a layer brings an extension: a program of its own, under the same role."""
    tree = function.application.project.tree
    return any("extensions" in tree.listdir(folder or ".") for folder in code.layers)


def _outside_the_sdk(reach: Reach) -> Iterator[bool]:
    """Whether each module that runs may call AWS past boto3: by signed requests, another program, a place in S3."""
    for module in {node.module for node, _ in reach.scopes if node.module is not None}:
        data = module.source.data
        yield _SIGNING.search(data) is not None
        tops = {imported.top for imported in module.imports if not imported.level}
        yield "subprocess" in tops or (b"s3://" in data and bool(tops & _FRAMES))
