"""What a request asks for, and what CloudFormation refuses at once: parameters, capabilities, template bodies."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from s3ap_ops.testing.cloudformation import templates
from s3ap_ops.testing.cloudformation.intrinsics import references
from s3ap_ops.testing.replies import AwsError

if TYPE_CHECKING:
    from s3ap_ops.testing.cloudformation.records import Stack
    from s3ap_ops.testing.requests import Call
    from s3ap_ops.testing.world import World

LARGEST_BODY, LARGEST_OBJECT = 51_200, 1_048_576  # bytes
_IDENTITY = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy",
             "AWS::IAM::InstanceProfile", "AWS::IAM::AccessKey", "AWS::IAM::UserToGroupAddition",
             "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy")  # fmt: skip
_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")
_HOSTED = re.compile(r"^(?P<bucket>.+?)\.s3[.-]")


def refusal(message: str) -> AwsError:
    """A ValidationError."""
    return AwsError("ValidationError", message)


# -- template bodies


def body_of(world: "World", call: "Call") -> str | None:
    """The template of a request, or None when it has none. Raises AwsError when it is too long or not there."""
    if "TemplateURL" in call.params:
        return template_at(world, str(call.params["TemplateURL"]), call.region)
    body = call.params.get("TemplateBody")
    if body is None:
        return None
    if len(str(body).encode()) > LARGEST_BODY:
        raise refusal(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LARGEST_BODY}"
        )
    return str(body)


def template_at(world: "World", url: str, region: str) -> str:
    """The template at a URL: one of `world.templates`, or an object of the world. Raises AwsError."""
    if url in world.templates:
        return world.templates[url]
    bucket, key = _place(url)
    if not (bucket and key):
        raise refusal(f"TemplateURL must be a supported URL: {url}")
    version = parse_qs(urlsplit(url).query).get("versionId", [])
    asked = {"Bucket": bucket, "Key": key} | ({"VersionId": version[0]} if version else {})
    try:
        body = world.aws("s3", region).get_object(**asked)["Body"].read()
    except ClientError as error:
        raise refusal(f"S3 error: {error.response['Error']['Message']}") from error
    if len(body) > LARGEST_OBJECT:
        raise refusal(f"Template may not exceed {LARGEST_OBJECT} bytes in size.")
    return str(body.decode())


def _place(url: str) -> tuple[str, str]:
    """The bucket and key that a URL names, by host or by path."""
    parts = urlsplit(url)
    path, hosted = unquote(parts.path.lstrip("/")), _HOSTED.match(parts.netloc)
    if hosted and not parts.netloc.startswith(("s3.", "s3-")):
        return hosted["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def check_template(template: dict[str, Any]) -> None:
    """Raises AwsError when the template speaks of what it does not have."""
    resources = template["Resources"]
    known = {*resources, *template.get("Parameters", {})}
    without = [name for name, resource in resources.items() if not isinstance(resource, dict) or "Type" not in resource]
    if without:
        raise refusal(f"Template format error: [/Resources/{without[0]}] Every Resources object must contain a Type.")
    for block in ("Resources", "Outputs"):
        named = references(list(template.get(block, {}).values()))
        missing = sorted(name for name in named - known if not name.startswith("AWS::") and not name.startswith("${"))
        if missing:
            raise refusal(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                f"in the {block} block of the template"
            )


# -- parameters


def given_parameters(call: "Call", stack: "Stack | None" = None) -> dict[str, str]:
    """The parameters of a request, a previous value being the stack's. Raises AwsError."""
    found: dict[str, str] = {}
    for item in call.params.get("Parameters", []):
        name = item["ParameterKey"]
        if not item.get("UsePreviousValue"):
            found[name] = item.get("ParameterValue", "")
            continue
        if stack is None or name not in stack.parameters:
            raise refusal(
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key "
                "not in the previous template"
            )
        found[name] = str(stack.parameters[name])
    return found


def parameters_of(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """Every parameter's value. Raises AwsError for one that is unknown, missing or not allowed."""
    declared = template.get("Parameters", {})
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise refusal(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = sorted(name for name, parameter in declared.items() if name not in given and "Default" not in parameter)
    if missing:
        raise refusal(f"Parameters: [{', '.join(missing)}] must have values")
    found = {name: given.get(name, parameter.get("Default")) for name, parameter in declared.items()}
    for name, value in found.items():
        _check_value(name, str(value), declared[name])
    return found


def _check_value(name: str, value: str, declared: dict[str, Any]) -> None:
    allowed = declared.get("AllowedValues")
    if allowed is not None and value not in [_text(item) for item in allowed]:
        raise refusal(f"Parameter '{name}' must be one of AllowedValues")
    pattern = declared.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, value):
        raise refusal(declared.get("ConstraintDescription") or f"Parameter '{name}' must match pattern {pattern}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- capabilities


def capability_of(template: dict[str, Any]) -> tuple[str | None, list[str]]:
    """The capability that a template's resources need, and the resources that need it."""
    found = {
        logical: resource
        for logical, resource in templates.processed(template)["Resources"].items()
        if resource["Type"] in _IDENTITY
    }
    if not found:
        return None, []
    named = any(name in resource.get("Properties", {}) for resource in found.values() for name in _NAMES)
    return "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM", sorted(found)


def check_capabilities(template: dict[str, Any], given: list[str], *, reviewed: bool = False) -> None:
    """Raises AwsError when a capability is missing. `reviewed`: a change set shows what a macro makes of it."""
    wanted, _ = capability_of(template)
    enough = {wanted, "CAPABILITY_NAMED_IAM"}  # the greater holds the smaller
    missing = [wanted] if wanted is not None and not enough & set(given) else []
    nested = any(resource["Type"] == "AWS::CloudFormation::Stack" for resource in template["Resources"].values())
    macros = "Transform" in template and (nested or not reviewed)
    if macros and "CAPABILITY_AUTO_EXPAND" not in given:
        missing.append("CAPABILITY_AUTO_EXPAND")
    if missing:
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(map(str, missing))}]")
