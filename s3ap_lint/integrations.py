"""What a state machine asks other services for, and the IAM actions that its role needs for that.

Facts: AWS Step Functions Developer Guide, "How Step Functions generates IAM policies for integrated services" and its
page for each service, "IAM policies for using Distributed Map states", "Run a Job (.sync)". What a plain call needs is
what the operation of the SDK needs (s3ap_lint.sdk).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from s3ap_lint import sdk
from s3ap_lint.physical import is_there, meaning
from s3ap_lint.statemachine import Definition, State
from s3ap_lint.template.node import Node
from s3ap_lint.template.parameters import PSEUDO_PARAMETERS
from s3ap_lint.template.values import OPAQUE, Filler, Hole, Piece, fused, texts
from s3ap_lint.template.worlds import World

Pieces = tuple[Piece, ...]

ANYTHING: Pieces = ("*",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One IAM action that a state needs on any one of some resources; none: on one that cannot be told.

    `purpose` is "" for the call itself, else what goes wrong without it although the call is made; that `is_late` where
    the execution may succeed all the same.
    """

    state: State
    action: str
    resources: tuple[Pieces, ...]
    purpose: str = ""
    is_late: bool = False


# What waiting for a job needs besides starting it: actions to look at it, actions to end it, and the rule by which
# EventBridge tells of its end.
_WAITING = {
    "athena:startQueryExecution": (("athena:GetQueryExecution",), ("athena:StopQueryExecution",), ""),
    "batch:submitJob": (("batch:DescribeJobs",), ("batch:TerminateJob",), "StepFunctionsGetEventsForBatchJobsRule"),
    "codebuild:startBuild": (
        ("codebuild:BatchGetBuilds",),
        ("codebuild:StopBuild",),
        "StepFunctionsGetEventForCodeBuildStartBuildRule",
    ),
    "ecs:runTask": (("ecs:DescribeTasks",), ("ecs:StopTask",), "StepFunctionsGetEventsForECSTaskRule"),
    "emr-serverless:startJobRun": (
        ("emr-serverless:GetJobRun",),
        ("emr-serverless:CancelJobRun",),
        "StepFunctionsGetEventsForEMRServerlessJobRule",
    ),
    "glue:startJobRun": (("glue:GetJobRun",), ("glue:BatchStopJobRun",), ""),
    "sagemaker:createProcessingJob": (
        ("sagemaker:DescribeProcessingJob",),
        ("sagemaker:StopProcessingJob",),
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    ),
    "sagemaker:createTrainingJob": (
        ("sagemaker:DescribeTrainingJob",),
        ("sagemaker:StopTrainingJob",),
        "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    ),
    "sagemaker:createTransformJob": (
        ("sagemaker:DescribeTransformJob",),
        ("sagemaker:StopTransformJob",),
        "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    ),
    "states:startExecution": (
        ("states:DescribeExecution",),
        ("states:StopExecution",),
        "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ),
}
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")

# What is no operation of the SDK, or another one.
_OTHERWISE = {
    "apigateway:invoke": (),  # it may ask without credentials
    "elasticmapreduce:addStep": ("elasticmapreduce:AddJobFlowSteps",),
    "elasticmapreduce:cancelStep": ("elasticmapreduce:CancelSteps",),
    "elasticmapreduce:createCluster": ("elasticmapreduce:RunJobFlow",),
    "elasticmapreduce:terminateCluster": ("elasticmapreduce:TerminateJobFlows",),
    "http:invoke": ("states:InvokeHTTPEndpoint", "events:RetrieveConnectionCredentials"),
}

# How boto3 calls what Step Functions calls by another name.
_CLIENTS = {
    "states": "stepfunctions",
    "sfn": "stepfunctions",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "elasticmapreduce": "emr",
    "bedrock": "bedrock-runtime",
    "bedrockruntime": "bedrock-runtime",
    "bedrockagent": "bedrock-agent",
    "bedrockagentruntime": "bedrock-agent-runtime",
    "rdsdata": "rds-data",
    "redshiftdata": "redshift-data",
    "cognitoidentityprovider": "cognito-idp",
    "emrserverless": "emr-serverless",
    "emrcontainers": "emr-containers",
    "costexplorer": "ce",
    "elasticloadbalancingv2": "elbv2",
    "databasemigration": "dms",
    "sagemakerruntime": "sagemaker-runtime",
    "iotdataplane": "iot-data",
    "timestreamquery": "timestream-query",
    "timestreamwrite": "timestream-write",
}

_INTEGRATION = re.compile(
    r"arn:[^:]+:states:::(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<operation>\w+)(?:\.(?P<pattern>.+))?"
)
_MEMBER = re.compile(r"(\$\{[^{}]*\})")
_CALLER = {"Partition": "AWS::Partition", "Region": "AWS::Region", "Account": "AWS::AccountId"}


def wanted(definition: Definition, machine: str, world: World) -> Iterator[Wanted]:
    """Everything that the states of a definition need in a world, as far as that can be told.

    What names a resource that is not there in that world is refused before a role matters.
    """
    for state in definition.states:
        if state.type == "Task":
            found = _task(state, definition, world)
        else:
            found = _map(state, definition, machine, world) if state.type == "Map" else iter(())
        for one in found:
            if all(is_there(resource, definition.template, world) for resource in one.resources):
                yield one


def _task(state: State, definition: Definition, world: World) -> Iterator[Wanted]:
    if state.node["Credentials"]:
        return  # another role does it
    resource = pieces(state.node["Resource"], definition, world)
    first = resource[0] if resource else ""
    found = meaning(first, definition.template) if isinstance(first, Hole) else None
    if found is not None and found.resource.type.endswith("::Function"):
        yield Wanted(state, "lambda:InvokeFunction", (resource,))
        return
    text = "".join(str(piece) for piece in resource)
    if re.match(r"arn:[^:]+:lambda:[^:]*:[^:]*:function:.", text):
        yield Wanted(state, "lambda:InvokeFunction", (resource,))
        return
    integration = _INTEGRATION.fullmatch(text)
    if integration is not None:
        yield from _integrated(state, integration, definition, world)


def _integrated(state: State, match: re.Match[str], definition: Definition, world: World) -> Iterator[Wanted]:
    name = f"{match['service']}:{match['operation']}"
    given = state.node["Parameters"] or state.node["Arguments"]
    if not match["sdk"] and name in _OTHERWISE:
        yield from (Wanted(state, action, ()) for action in _OTHERWISE[name])
    else:
        yield from _operation(state, match["service"], match["operation"], given, definition, world)
    if name == "ecs:runTask":
        yield from _passed(state, given, definition, world)
    if match["sdk"] or not (match["pattern"] or "").startswith("sync") or name not in _WAITING:
        return
    looks, ends, rule = _WAITING[name]
    lost = "the state waits on when the event of its end is lost" if rule else "the execution fails there"
    yield from (Wanted(state, action, (), lost, bool(rule)) for action in looks)
    yield from (
        Wanted(state, action, (), "an execution that is stopped leaves the job running", True) for action in ends
    )
    arn = fused([*_arn("events"), f"rule/{rule}"])
    for action in _RULE_ACTIONS if rule else ():
        yield Wanted(state, action, (arn,), "the state machine is refused when it is created")


def _passed(state: State, given: Node, definition: Definition, world: World) -> Iterator[Wanted]:
    """The roles that a task definition of the template hands on to its containers."""
    named = _value("TaskDefinition", given, definition, world) or ()
    found = [meaning(piece, definition.template) for piece in named if isinstance(piece, Hole)]
    for task in (one.resource for one in found if one is not None and one.resource.type == "AWS::ECS::TaskDefinition"):
        for name in ("TaskRoleArn", "ExecutionRoleArn"):
            for role in texts(task.properties[name], world):
                yield Wanted(state, "iam:PassRole", () if role.is_opaque else (role.pieces,))


def _operation(
    state: State, service: str, operation: str, given: Node, definition: Definition, world: World
) -> Iterator[Wanted]:
    """What a call of the SDK needs for sure."""
    found = sdk.operation(_CLIENTS.get(service, service), _snake(operation))
    for need in found.needs if found is not None else ():
        if not need.certain or (need.when and not _given(need.when, given)) or _given(need.unless, given):
            continue
        if need.resources == ("*",):
            yield Wanted(state, need.action, (ANYTHING,))
            continue
        filled = (_filled(pattern, given, definition, world) for pattern in need.resources)
        known = tuple(one for one in filled if one is not None)
        uncertain = any(_is_unknown(one) for one in known) or (service == "s3" and any(map(_may_be_alias, known)))
        yield Wanted(state, need.action, () if uncertain else known)


def _snake(operation: str) -> str:
    """The name of an operation as boto3 spells it."""
    apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", operation)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", apart).lower()


def _is_unknown(resource: Pieces) -> bool:
    """Whether the value of a member is only known when the state runs."""
    return any(piece == OPAQUE for piece in resource)


def _may_be_alias(resource: Pieces) -> bool:
    """Whether a bucket's name may be the alias of an access point, which is authorised as something else."""
    return any(
        piece.filler is Filler.PARAMETER if isinstance(piece, Hole) else "-s3alias" in piece for piece in resource
    )


def _map(state: State, definition: Definition, machine: str, world: World) -> Iterator[Wanted]:
    """What a Distributed Map needs: to start itself for each batch, to read its items and to write its results."""
    processor = state.node["ItemProcessor"] or state.node["Iterator"]
    if processor["ProcessorConfig"]["Mode"].text != "DISTRIBUTED":
        return
    yield Wanted(state, "states:StartExecution", ((Hole(machine, Filler.RESOURCE),),))
    for part in ("ItemReader", "ResultWriter"):
        match = _INTEGRATION.fullmatch("".join(map(str, pieces(state.node[part]["Resource"], definition, world))))
        given = state.node[part]["Parameters"] or state.node[part]["Arguments"]
        if match is None:
            continue
        if part == "ItemReader":
            yield from _operation(state, match["service"], match["operation"], given, definition, world)
        else:
            yield from _results(state, given, definition, world)


def _results(state: State, given: Node, definition: Definition, world: World) -> Iterator[Wanted]:
    bucket = _value("Bucket", given, definition, world)
    known = bucket is not None and not _is_unknown(bucket) and not _may_be_alias(bucket)
    resource = fused(["arn:", _PARTITION, ":s3:::", *(bucket or ()), "/", OPAQUE])
    yield Wanted(state, "s3:PutObject", (resource,) if known else ())


# -- members of the input ------------------------------------------------------------------------


_PARTITION = Hole("AWS::Partition", Filler.PSEUDO)


def _arn(service: str) -> list[Piece]:
    region, account = Hole("AWS::Region", Filler.PSEUDO), Hole("AWS::AccountId", Filler.PSEUDO)
    return ["arn:", _PARTITION, f":{service}:", region, ":", account, ":"]


def _filled(pattern: str, given: Node, definition: Definition, world: World) -> Pieces | None:
    """A pattern of an ARN with the members of the input in their places; None where one is not given."""
    out: list[Piece] = []
    for part in _MEMBER.split(pattern):
        if not part.startswith("${"):
            out.append(part)
        elif part[2:-1] in _CALLER:
            out.append(Hole(_CALLER[part[2:-1]], Filler.PSEUDO))
        else:
            value = _value(part[2:-1], given, definition, world)
            if value is None:
                return None
            out += value
    return fused(out)


def _value(path: str, given: Node, definition: Definition, world: World) -> Pieces | None:
    """The value of a member; None where it is not given, an opaque piece where only the run tells."""
    if not given.is_mapping:
        return (OPAQUE,) if given else None
    node = given
    for key in path.split("."):
        name = key.removesuffix("[]")
        found = _member(node, name)
        if found is None:
            return None
        node = found
        if node.key.endswith(".$"):
            return (OPAQUE,)
        if key.endswith("[]"):
            if len(node) != 1:
                return (OPAQUE,)
            node = node[0]
    return pieces(node, definition, world)


def _member(node: Node, name: str) -> Node | None:
    """An entry by its name, whose first letter is large in a state; also one that is computed."""
    for key, value in node.items():
        if key.removesuffix(".$").lower() == name.lower():
            return value
    return None


def _given(path: str, given: Node) -> bool:
    """Whether a member is given, computed or not."""
    if not path:
        return False
    node = given
    for key in path.split("."):
        found = _member(node, key.removesuffix("[]").removesuffix("[keys]"))
        if found is None:
            return False
        node = found[0] if key.endswith("[]") else found
    return True


def pieces(node: Node, definition: Definition, world: World) -> Pieces:
    """A text of a definition with what the template puts into it; opaque where only the run tells."""
    if node.function is not None:
        found = texts(node, world)
        return found.leaves[0].pieces if len(found) == 1 else (OPAQUE,)
    if not node.is_text:
        return (OPAQUE,)
    text = node.text
    if text.startswith(("$", "{%", "States.")) and not text.startswith("${"):
        return (OPAQUE,)
    out: list[Piece] = []
    for part in _MEMBER.split(text):
        out += _substituted(part[2:-1].strip(), definition, world) if part.startswith("${") else [part]
    return fused(out)


def _substituted(name: str, definition: Definition, world: World) -> Pieces:
    if name in definition.substitutions:
        found = texts(definition.substitutions[name], world)
        return found.leaves[0].pieces if len(found) == 1 else (OPAQUE,)
    template = definition.template
    if name in PSEUDO_PARAMETERS:
        return (Hole(name, Filler.PSEUDO),)
    if name in template.space.parameters:
        return (Hole(name, Filler.PARAMETER),)
    owner, dot, _ = name.partition(".")
    if template.resource(owner) is not None:
        return (Hole(name, Filler.ATTRIBUTE if dot else Filler.RESOURCE),)
    return (OPAQUE,)
