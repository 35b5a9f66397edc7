"""Lambda and Step Functions."""

import json
from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.testing.resources.kinds import Busy, Kind, Made, Refused, Site, kind, pick

_CODE = {"ZipFile": b"PK\x05\x06" + bytes(18)}  # an archive of nothing


@kind("AWS::Lambda::Function")
class Function(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("FunctionName")
        wanted: dict[str, Any] = {
            "FunctionName": name,
            "Role": given.get("Role") or f"arn:aws:iam::{site.world.account}:role/none",
            "Code": self._code(site),
            "Tags": site.tags,
            **pick(given, "Handler", "Runtime", "Environment", "VpcConfig", "Layers", "Description", "TracingConfig"),
        }
        wanted.update({name: int(given[name]) for name in ("Timeout", "MemorySize") if given.get(name)})
        wanted.setdefault("Handler", "index.handler")
        wanted.setdefault("Runtime", "python3.12")
        if _variables(given):
            wanted["Environment"] = {"Variables": _variables(given)}
        made = site.aws("lambda").create_function(**wanted)
        if given.get("ReservedConcurrentExecutions") is not None:
            site.aws("lambda").put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=int(given["ReservedConcurrentExecutions"])
            )
        return Made(name, {"Arn": made["FunctionArn"]})

    def _code(self, site: Site) -> dict[str, bytes]:
        """The archive; what a stack that came by the API names in S3 has to be there."""
        code = site.properties.get("Code") or {}
        if not site.stack.strict or "S3Bucket" not in code:
            return _CODE
        wanted = {"Bucket": code["S3Bucket"], "Key": code.get("S3Key", "")}
        if code.get("S3ObjectVersion"):
            wanted["VersionId"] = code["S3ObjectVersion"]
        try:
            return {"ZipFile": site.aws("s3").get_object(**wanted)["Body"].read()}
        except ClientError as error:
            told = error.response["Error"]
            raise Refused(
                'Resource handler returned message: "Error occurred while GetObject. '
                f"S3 Error Code: {told['Code']}. S3 Error Message: {told['Message']} "
                '(Service: Lambda, Status Code: 400, Request ID: 00000000-0000-0000-0000-000000000000)" '
                "(RequestToken: 00000000-0000-0000-0000-000000000000, HandlerErrorCode: InvalidRequest)"
            ) from error

    def update(self, site: Site) -> None:
        given, functions = site.properties, site.aws("lambda")
        wanted = pick(given, "Handler", "Runtime", "Description", "Role")
        wanted.update({name: int(given[name]) for name in ("Timeout", "MemorySize") if given.get(name)})
        wanted["Environment"] = {"Variables": _variables(given)}
        functions.update_function_configuration(FunctionName=site.physical, **wanted)
        if "S3Bucket" in (given.get("Code") or {}):
            functions.update_function_code(FunctionName=site.physical, **self._code(site))

    def shown(self, site: Site) -> dict[str, Any]:
        found = site.aws("lambda").get_function_configuration(FunctionName=site.physical)
        told: dict[str, Any] = {
            name: found.get(name) for name in ("Handler", "Runtime", "Timeout", "MemorySize") if name in site.properties
        }
        variables = found.get("Environment", {}).get("Variables", {})
        if variables or "Environment" in site.properties:
            told["Environment"] = {"Variables": variables}
        return told

    def delete(self, site: Site) -> None:
        """The function goes at once; the stack waits for its network interfaces."""
        held = site.world.interfaces.held_by(site.physical, site.region)
        if site.physical in {item.function_name for item in site.backend("lambda").list_functions("ALL") or []}:
            site.aws("lambda").delete_function(FunctionName=site.physical)
            held = site.world.interfaces.held_by(site.physical, site.region)
        if held:
            raise Busy


def _variables(given: dict[str, Any]) -> dict[str, str]:
    found = (given.get("Environment") or {}).get("Variables") or {}
    return {key: str(value) for key, value in found.items()}


@kind("AWS::Lambda::Permission")
class Permission(Kind):
    def create(self, site: Site) -> Made:
        given, statement = site.properties, site.name(length=100)
        wanted = pick(given, "Action", "Principal", "SourceArn", "SourceAccount", "FunctionName")
        site.aws("lambda").add_permission(StatementId=statement, **wanted)
        return Made(statement, {"Id": statement})

    def delete(self, site: Site) -> None:
        site.aws("lambda").remove_permission(FunctionName=site.properties["FunctionName"], StatementId=site.physical)


@kind("AWS::Lambda::LayerVersion")
class Layer(Kind):
    def create(self, site: Site) -> Made:
        made = site.aws("lambda").publish_layer_version(
            LayerName=site.name("LayerName"),
            Content=_CODE,
            CompatibleRuntimes=site.properties.get("CompatibleRuntimes", ["python3.12"]),
        )
        return Made(made["LayerVersionArn"], {"LayerVersionArn": made["LayerVersionArn"]})

    def delete(self, site: Site) -> None:
        layer, version = site.physical.rsplit(":", 1)
        site.aws("lambda").delete_layer_version(LayerName=layer, VersionNumber=int(version))


@kind("AWS::Lambda::EventSourceMapping")
class Mapping(Kind):
    def create(self, site: Site) -> Made:
        wanted = pick(site.properties, "EventSourceArn", "FunctionName", "BatchSize", "StartingPosition")
        made = site.aws("lambda").create_event_source_mapping(**wanted)
        return Made(made["UUID"], {"Id": made["UUID"]})

    def delete(self, site: Site) -> None:
        site.aws("lambda").delete_event_source_mapping(UUID=site.physical)


@kind("AWS::StepFunctions::StateMachine")
class StateMachine(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties
        text = given.get("DefinitionString") or json.dumps(given.get("Definition") or _EMPTY)
        for name, value in given.get("DefinitionSubstitutions", {}).items():
            text = text.replace(f"${{{name}}}", str(value))
        made = site.aws("stepfunctions").create_state_machine(
            name=site.name("StateMachineName", 80),
            definition=text,
            roleArn=given["RoleArn"],
            type=given.get("StateMachineType") or "STANDARD",
            tags=[{"key": key, "value": value} for key, value in site.tags.items()],
        )
        arn = made["stateMachineArn"]
        return Made(arn, {"Arn": arn, "Name": arn.rsplit(":", 1)[-1]})

    def delete(self, site: Site) -> None:
        """A machine that has executions under way is DELETING until they end; the stack waits."""
        states = site.aws("stepfunctions")
        running = states.list_executions(stateMachineArn=site.physical, statusFilter="RUNNING")["executions"]
        if running:
            raise Busy
        states.delete_state_machine(stateMachineArn=site.physical)


_EMPTY = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
