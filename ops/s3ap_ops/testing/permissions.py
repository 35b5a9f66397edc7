"""What a caller may do in a world: the grants of one identity policy, and which request they do not cover.

What an operation needs is in the linter's table of the SDK; what CloudFormation needs to delete a resource in its
caller's name, in the schemas of its resource types. Conditions, denials, boundaries and policies of resources are not
looked at: the policies that are tried here have none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

from botocore import xform_name

from s3ap_lint import sdk
from s3ap_ops.testing.requests import Call

_MEMBER = re.compile(r"\$\{([^}]*)\}")


class Permissions:
    """The grants of a policy document. `used` are those that a request needed: (action, pattern of resources)."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        self.grants = [
            (action, resource)
            for statement in policy["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
        ]
        self.used: set[tuple[str, str]] = set()

    def refusal(self, call: Call) -> str:
        """The first IAM action that a request needs and nothing grants, with the resource; empty where it may pass."""
        known = sdk.operation(call.service, xform_name(call.operation))
        if known is None:
            return f"{call.service}:{call.operation} (it is not known what this needs)"
        for need in known.needs:
            if not _applies(need, call):
                continue
            wanted = list(_resources(need, call))
            if not any(self._grants(need.action, resource) for resource in wanted):
                return f"{need.action} on {' or '.join(wanted)}"
        bypass = "s3:BypassGovernanceRetention"
        if call.params.get("BypassGovernanceRetention") and not self._grants(bypass, f"{_bucket(call)}/*"):
            return f"{bypass} on {_bucket(call)}/*"
        return ""

    def refusal_to_delete(self, type_: str) -> str:
        """The first IAM action that CloudFormation needs to delete a resource of a type, and nothing grants; empty
        where it may."""
        return next((action for action in _deleting().get(type_, ()) if not self._grants(action, "*")), "")

    def _grants(self, action: str, resource: str) -> bool:
        """Whether an action is granted. A "*" in the resource is what the request does not tell, not a wish for all."""
        found = [
            (granted, pattern)
            for granted, pattern in self.grants
            if granted.lower() == action.lower() and (fnmatchcase(resource, pattern) or fnmatchcase(pattern, resource))
        ]
        self.used.update(found)
        return bool(found)


def _bucket(call: Call) -> str:
    return f"arn:aws:s3:::{call.params['Bucket']}"


def _applies(need: sdk.Need, call: Call) -> bool:
    if need.when and not list(_values(call.params, need.when)):
        return False
    if need.unless and list(_values(call.params, need.unless)):
        return False
    if need.action == "s3:DeleteObjectVersion":
        return any("VersionId" in one for one in call.params.get("Delete", {}).get("Objects", [call.params]))
    return need.certain or need.action in (
        "s3:AbortMultipartUpload",
        "s3:DeleteAccessPoint",
        "s3:ListMultipartUploadParts",
    )


def _resources(need: sdk.Need, call: Call) -> Iterator[str]:
    """The ARNs that a request is authorised on, any of which will do; "*" where it names none."""
    found = [arn for pattern in need.resources for arn in _filled(pattern, call)]
    yield from found or ["*"]


def _filled(pattern: str, call: Call) -> Iterator[str]:
    own = {"Partition": "aws", "Region": call.region, "Account": call.account}
    names = [name for name in _MEMBER.findall(pattern) if name not in own]
    for values in product(*(list(_values(call.params, name)) for name in names)):
        given = {**own, **dict(zip(names, values, strict=True))}
        text = _MEMBER.sub(lambda found: given[found[1]], pattern)  # noqa: B023
        if text.count("arn:") <= 1 and (text.startswith("arn:") or not pattern.startswith("${")):
            yield text


def _values(params: Any, path: str) -> Iterator[str]:
    """The texts at a path of a request: `Member`, `Member.Member`, each item of `Member[]`."""
    name, _, rest = path.partition(".")
    value = params.get(name.removesuffix("[]").removesuffix("[keys]")) if isinstance(params, Mapping) else None
    items = value if isinstance(value, list | Mapping) and name.endswith("]") else [value]
    for item in items:
        if rest:
            yield from _values(item, rest)
        elif item not in (None, "", {}, []):
            yield str(item)


@cache
def _deleting() -> Mapping[str, list[str]]:
    text = files("s3ap_ops.data").joinpath("delete_permissions.json").read_text("utf-8")
    found: Mapping[str, list[str]] = json.loads(text)["delete"]
    return found
