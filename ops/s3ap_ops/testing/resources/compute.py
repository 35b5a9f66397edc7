"""Lambda and Step Functions."""

import json
from typing import Any

from s3ap_ops.testing.resources.kinds import Busy, Kind, Made, Site, kind, pick

_CODE = {"ZipFile": b"PK\x05\x06" + bytes(18)}  # an archive of nothing


@kind("AWS::Lambda::Function")
class Function(Kind):
    def create(self, site: Site) -> Made:
        given, name = site.properties, site.name("FunctionName")
        wanted: dict[str, Any] = {
            "FunctionName": name,
            "Role": given.get("Role") or f"arn:aws:iam::{site.world.account}:role/none",
            "Code": _CODE,
            "Tags": site.tags,
            **pick(given, "Handler", "Runtime", "Environment", "VpcConfig", "Layers", "Description", "TracingConfig"),
        }
        wanted.update({name: int(given[name]) for name in ("Timeout", "MemorySize") if given.get(name)})
        wanted.setdefault("Handler", "index.handler")
        wanted.setdefault("Runtime", "python3.12")
        environment = wanted.get("Environment", {}).get("Variables")
        if environment:
            wanted["Environment"] = {"Variables": {key: str(value) for key, value in environment.items()}}
        made = site.aws("lambda").create_function(**wanted)
        if given.get("ReservedConcurrentExecutions") is not None:
            site.aws("lambda").put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=int(given["ReservedConcurrentExecutions"])
            )
        return Made(name, {"Arn": made["FunctionArn"]})

    def delete(self, site: Site) -> None:
        """The function goes at once; the stack waits for its network interfaces."""
        held = site.world.interfaces.held_by(site.physical, site.region)
        if site.physical in {item.function_name for item in site.backend("lambda").list_functions("ALL") or []}:
            site.aws("lambda").delete_function(FunctionName=site.physical)
            held = site.world.interfaces.held_by(site.physical, site.region)
        if held:
            raise Busy


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
