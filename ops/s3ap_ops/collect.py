"""An account's stacks as frozen data: what CloudFormation says of them, and what readers find out about their
resources.

Only the inventory that CloudFormation keeps says what things are called; templates say what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from cfn_flip import load as load_template

from s3ap_ops.errors import OpsError
from s3ap_ops.reading import Look, Notes, Reader, by_type, readers_of, says, told
from s3ap_ops.stack import ABSENT, Json, LiveResource, LiveStack
from s3ap_ops.wording import reason

READERS_AT_ONCE = 16
NESTED = "AWS::CloudFormation::Stack"
UNKNOWN_POLICY = "unknown"

NO_STACK = "ValidationError:does not exist"
"""How CloudFormation says that there is no such stack: the code alone is that of any bad request."""

NO_IMPORTS = "ValidationError:is not imported by any stack"


def collect(names: Iterable[str], look: Look, readers: Iterable[Reader]) -> tuple[LiveStack, ...]:
    """The stacks of some names or ids, in that order, with everything read about their resources.

    A name that no stack has gives a stack whose status is ABSENT. Raises OpsError when CloudFormation cannot be asked.
    """
    wanted = list(dict.fromkeys(names))
    known = by_type(readers)
    with ThreadPoolExecutor(READERS_AT_ONCE) as pool:
        stacks = list(pool.map(lambda name: _stack(name, look), wanted))
        bare = [resource for stack in stacks for resource in stack.resources]
        full = iter(list(pool.map(lambda resource: read(resource, look, known), bare)))
    return tuple(replace(stack, resources=tuple(next(full) for _ in stack.resources)) for stack in stacks)


def read(resource: LiveResource, look: Look, known: Mapping[str, tuple[Reader, ...]]) -> LiveResource:
    """A resource with what its readers find; as it is when it is gone or nobody reads its type."""
    if resource.is_gone:
        return resource
    notes = Notes()
    for reader in readers_of(resource.type, known):
        try:
            reader.read(look, replace(resource, facts=dict(notes.facts)), notes)
        except (ClientError, BotoCoreError) as error:  # asked for outside of a note
            notes.unread[reader.name] = told(error) if isinstance(error, ClientError) else str(error)
    return replace(resource, facts=notes.facts, unread=notes.unread)


def _stack(name: str, look: Look) -> LiveStack:
    found = described(name, look)
    if found is None:
        return LiveStack(name, name, look.region, look.account, status=ABSENT)
    stack = _bare(found, look)
    if stack.is_gone:
        return stack
    notes = Notes()
    template, rows = _inventory(stack.id, look, notes)
    exported = [output["ExportName"] for output in found.get("Outputs", ()) if output.get("ExportName")]
    exports = {export: _importers(export, look, notes) for export in exported}
    if stack.role_arn:
        _role(stack.role_arn, look, notes)
    if stack.parent_id:
        notes("parent_status", lambda: (described(stack.parent_id, look) or {}).get("StackStatus", ABSENT))
    resources = tuple(_resources(stack, rows, template, look, notes))
    facts = {key: value for key, value in notes.facts.items() if key not in ("template", "resources")}
    return replace(stack, template=template, exports=exports, resources=resources, facts=facts, unread=notes.unread)


def described(name: str, look: Look) -> dict[str, Json] | None:
    """What CloudFormation says of a stack, by name or id; None when there is none. Raises OpsError when it says
    nothing."""
    try:
        found: dict[str, Json] = look.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if says(error, NO_STACK):
            return None
        raise OpsError(f"CloudFormation does not say what {name} is: {told(error)}") from None
    except BotoCoreError as error:
        raise OpsError(f"CloudFormation cannot be asked about {name}: {error}") from None
    if name not in (found["StackName"], found["StackId"]):
        raise OpsError(
            f"CloudFormation was asked about {name!r} and answers about {found['StackName']}; nothing was done"
        )
    return found


def _bare(found: Mapping[str, Json], look: Look) -> LiveStack:
    return LiveStack(
        name=found["StackName"],
        id=found["StackId"],
        region=look.region,
        account=look.account,
        status=found["StackStatus"],
        reason=reason(found.get("StackStatusReason", "")),
        created=moment(found.get("CreationTime")),
        updated=moment(found.get("LastUpdatedTime")),
        description=found.get("Description", ""),
        is_protected=bool(found.get("EnableTerminationProtection")),
        role_arn=found.get("RoleARN", ""),
        parent_id=found.get("ParentId", ""),
        root_id=found.get("RootId", ""),
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
        parameters=parameters_of(found),
    )


def parameters_of(found: Mapping[str, Json]) -> dict[str, str]:
    """The parameters of a stack as CloudFormation describes it; of those from Parameter Store, what was read there."""
    given = found.get("Parameters", ())
    return {one["ParameterKey"]: str(one.get("ResolvedValue", one.get("ParameterValue", ""))) for one in given}


def moment(value: Any) -> str:
    """A time as AWS gives it, in ISO 8601 and UTC; empty if there is none."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else ""


def _inventory(stack_id: str, look: Look, notes: Notes) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """The processed template of a stack, and CloudFormation's list of its resources."""
    template = notes("template", lambda: _template(stack_id, look))
    rows = notes("resources", lambda: look.pages("cloudformation", "list_stack_resources", _ROWS, StackName=stack_id))
    return template or {}, rows or []


def _template(stack_id: str, look: Look) -> dict[str, Json]:
    body = look.client("cloudformation").get_template(StackName=stack_id, TemplateStage="Processed")["TemplateBody"]
    if isinstance(body, str):
        try:
            body, _ = load_template(body)
        except Exception as error:  # whatever cfn-flip and PyYAML raise; policies are then unknown, which protects
            raise OpsError(f"the template of {stack_id} cannot be parsed: {' '.join(str(error).split())}") from None
    return _plain(body) if isinstance(body, Mapping) else {}


def _plain(value: Json) -> Json:
    """Ordered dictionaries and the like as plain data."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _importers(export: str, look: Look, notes: Notes) -> tuple[str, ...]:
    try:
        return tuple(look.pages("cloudformation", "list_imports", "Imports", ExportName=export))
    except ClientError as error:
        if not says(error, NO_IMPORTS):
            notes.unread[f"imports of {export}"] = told(error)
    except BotoCoreError as error:
        notes.unread[f"imports of {export}"] = str(error)
    return ()


def _role(arn: str, look: Look, notes: Notes) -> None:
    name = arn.rpartition("/")[2]
    notes("role_exists", lambda: bool(look.client("iam").get_role(RoleName=name)), {"NoSuchEntity": False})


_ROWS = "StackResourceSummaries"


def _resources(
    stack: LiveStack, rows: Sequence[Mapping[str, Json]], template: Mapping[str, Json], look: Look, notes: Notes
) -> Iterator[LiveResource]:
    """The resources of a stack, and behind each nested stack its own, under "Nested/Logical"."""
    for row in rows:
        logical = row["LogicalResourceId"]
        resource = _resource(stack, row, template, "template" in notes.unread)
        yield resource
        if resource.type == NESTED and not resource.is_gone:
            inner = Notes()
            body, listed = _inventory(resource.physical_id, look, inner)
            for child in _resources(replace(stack, id=resource.physical_id), listed, body, look, inner):
                policy = resource.deletion_policy if resource.is_retained else child.deletion_policy
                yield replace(child, logical_id=f"{logical}/{child.logical_id}", deletion_policy=policy)
            notes.unread.update({f"{logical}: {name}": why for name, why in inner.unread.items()})


def _resource(
    stack: LiveStack, row: Mapping[str, Json], template: Mapping[str, Json], is_template_unread: bool
) -> LiveResource:
    logical = row["LogicalResourceId"]
    written = template.get("Resources", {}).get(logical, {})
    written = written if isinstance(written, Mapping) else {}
    policy = written.get("DeletionPolicy", "Delete")
    properties = written.get("Properties")
    return LiveResource(
        stack=stack.name,
        stack_id=stack.id,
        region=stack.region,
        account=stack.account,
        logical_id=logical,
        type=row["ResourceType"],
        physical_id=row.get("PhysicalResourceId", "") or "",
        status=row["ResourceStatus"],
        reason=reason(row.get("ResourceStatusReason", "") or ""),
        deletion_policy=policy if isinstance(policy, str) and not is_template_unread else UNKNOWN_POLICY,
        properties=properties if isinstance(properties, Mapping) else {},
    )
