"""S3AP322: a function may run longer than what calls it waits."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from s3ap_lint.api import (
    FUNCTION_TYPES,
    Finding,
    Location,
    Node,
    Resource,
    Severity,
    Template,
    World,
    bad,
    good,
    number,
    rule,
)

QUEUE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Incoming:
        Type: AWS::SQS::Queue
        Properties:
          VisibilityTimeout: 60
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: functions/discovery/
          Timeout: 300  # <- S3AP322
          Events:
            Arrived: {Type: SQS, Properties: {Queue: !GetAtt Incoming.Arn}}
    """
TASK = """
    Resources:
      Discovery:
        Type: AWS::Lambda::Function
        Properties:
          Code: {S3Bucket: packages, S3Key: discovery.zip}
          Timeout: 900  # <- S3AP322
      Workflow:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: arn:aws:iam::123456789012:role/workflow
          Definition:
            StartAt: Discover
            States:
              Discover:
                Type: Task
                Resource: !GetAtt Discovery.Arn
                TimeoutSeconds: 300
                End: true
    """
API = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Search:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: functions/search/
          Timeout: 120  # <- S3AP322
          Events:
            Asked: {Type: Api, Properties: {Path: /search, Method: get}}
    """


@rule(
    code="S3AP322",
    subject=Template,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad("a queue that hands the message out again", QUEUE),
        bad(
            "the default of a queue",
            """
            Parameters:
              Timeout: {Type: Number, Default: 300}
            Resources:
              Incoming:
                Type: AWS::SQS::Queue
              Discovery:
                Type: AWS::Lambda::Function
                Properties:
                  Code: {S3Bucket: packages, S3Key: discovery.zip}
                  Timeout: !Ref Timeout  # <- S3AP322
              Mapping:
                Type: AWS::Lambda::EventSourceMapping
                Properties:
                  EventSourceArn: !GetAtt Incoming.Arn
                  FunctionName: !Ref Discovery
            """,
        ),
        bad("a task that gives up first", TASK),
        bad(
            "a task in a definition that is a text",
            """
            Resources:
              Discovery:
                Type: AWS::Lambda::Function
                Properties:
                  Code: {S3Bucket: packages, S3Key: discovery.zip}
                  Timeout: 900  # <- S3AP322
              Workflow:
                Type: AWS::StepFunctions::StateMachine
                Properties:
                  RoleArn: arn:aws:iam::123456789012:role/workflow
                  DefinitionString: !Sub |
                    {"StartAt": "Discover", "States": {"Discover": {"Type": "Task", "End": true, "TimeoutSeconds": 300,
                     "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "${Discovery.Arn}"}}}}
            """,
        ),
        bad("an API that answers 504 after 29 seconds", API),
        good(
            "the queue waits longer",
            QUEUE.replace("VisibilityTimeout: 60", "VisibilityTimeout: 1800").replace("  # <- S3AP322", ""),
        ),
        good(
            "the task waits longer",
            TASK.replace("TimeoutSeconds: 300", "TimeoutSeconds: 900").replace("  # <- S3AP322", ""),
        ),
        good(
            "a task that waits for a token, not for the function",
            TASK.replace("  # <- S3AP322", "").replace(
                "Resource: !GetAtt Discovery.Arn",
                'Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken"\n'
                "                Parameters: {FunctionName: !GetAtt Discovery.Arn}",
            ),
        ),
        good("as long as an API waits", API.replace("120  # <- S3AP322", "30")),
        good(
            "the API is not the only caller",
            API.replace("  # <- S3AP322", "").rstrip()
            + "\n            Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}\n",
        ),
        good(
            "an answer that is streamed",
            API.replace("120  # <- S3AP322", "120").rstrip()
            + "\n          FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM}\n",
        ),
        good(
            "a time that cannot be told",
            QUEUE.replace("Timeout: 300  # <- S3AP322", "Timeout: !ImportValue DiscoveryTimeout"),
        ),
    ],
)
def timeout_contract(template: Template) -> Iterator[Finding]:
    """
    A function may run longer than its caller waits for it.

    A queue hands the message out again while the first run is still at it (Lambda refuses such a mapping when it is
    made); a state machine's task gives up and retries, and both runs write; an API answers 504 after 29 or 30 seconds
    while the function goes on. Compared is what the defaults deploy.

    Give the function less time, or its caller more: AWS advises six times the function's for a queue. For
    an API the rule looks at functions that nothing else calls.
    """
    functions = {function.id: function for function in template.of_type(*FUNCTION_TYPES)}
    for caller in (*_queues(template, functions), *_tasks(template, functions), *_apis(template)):

        def too_long(world: World, caller: Caller = caller) -> bool:
            """Whether the function may outlast its caller in a world."""
            function = caller.function
            if not function.exists(world) or not caller.exists(world):
                return False
            waits, runs = caller.waits(world), number(function.property("Timeout"), world, 3)
            return waits is not None and runs is not None and runs > waits + caller.slack

        outcomes = template.outcomes(too_long)
        verdict = template.verdict(outcomes, bool)
        if verdict is None or not verdict.in_defaults:
            continue
        world = next(outcome.world for outcome in outcomes if outcome.answer)
        node = caller.function.property("Timeout")
        runs, waits = number(node, world, 3), caller.waits(world)
        yield Finding(
            f"{caller.function.id} may run {runs} seconds, but {caller.name} waits {waits}; {caller.effect}",
            at=node.at if node else caller.function.at,
            related=(caller.at.noted("what waits for it"), caller.function.at.noted("the function")),
            scenario=verdict.scenario,
        )


@dataclass(frozen=True)
class Caller:
    """What calls a function and waits for it: how long, and what happens when that is too short.

    `slack` are seconds more that nobody minds: 30 is what everybody gives a function behind an API that waits for 29.
    """

    function: Resource
    name: str
    effect: str
    at: Location
    waits: Callable[[World], int | None]
    exists: Callable[[World], bool] = lambda world: True
    slack: int = 0


def _always(seconds: int) -> Callable[[World], int]:
    return lambda world: seconds


def _named(node: Node) -> str:
    """The logical id of the resource that a value names by Ref, GetAtt or Sub alone."""
    function = node.function
    if function is None:
        return ""
    name, argument = function
    if name == "Fn::GetAtt":
        return argument.text.partition(".")[0] or argument[0].text
    if name == "Ref":
        return argument.text
    found = re.fullmatch(r"\$\{(\w+)(\.Arn)?\}", argument.text) if name == "Fn::Sub" else None
    return found.group(1) if found else ""


# -- queues


def _queues(template: Template, functions: dict[str, Resource]) -> Iterator[Caller]:
    for function in functions.values():
        for event in function.properties["Events"].children():
            if event["Type"].text == "SQS":
                yield from _queue(template, function, event["Properties"]["Queue"], lambda world: True)
    for mapping in template.of_type("AWS::Lambda::EventSourceMapping"):
        called = functions.get(_named(mapping.properties["FunctionName"]))
        if called is not None:
            yield from _queue(template, called, mapping.properties["EventSourceArn"], mapping.exists)


def _queue(template: Template, function: Resource, source: Node, exists: Callable[[World], bool]) -> Iterator[Caller]:
    queue = template.resources.get(_named(source))
    if queue is None or queue.type != "AWS::SQS::Queue":
        return
    node = queue.properties["VisibilityTimeout"]

    def waits(world: World) -> int | None:
        return number(node, world, 30) if queue.exists(world) else None

    effect = "the message is handed out again while it is worked on"
    yield Caller(function, f"the queue {queue.id}", effect, node.at if node else queue.at, waits, exists)


# -- state machines


def _tasks(template: Template, functions: dict[str, Resource]) -> Iterator[Caller]:
    for machine in template.of_type("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"):
        definition = machine.properties["Definition"] or machine.properties["DefinitionString"]
        given = machine.properties["DefinitionSubstitutions"]
        for name, target, waits, at in (*_written(definition), *_in_text(definition)):
            called = functions.get(_named(given[target[2:-1]]) if target[2:-1] in given else target[2:-1])
            if called is not None:
                effect = "the task fails, or is tried again, while the function goes on"
                yield Caller(called, f"the task {name!r}", effect, at, _always(waits), machine.exists)


def _written(definition: Node) -> Iterator[tuple[str, str, int, Location]]:
    """The tasks of a definition that is written in the template: name, function as "${Id}", seconds, place."""
    for node in definition.walk():
        seconds = node["TimeoutSeconds"]
        if node["Type"].text != "Task" or not seconds.text.isdigit() or _waits_for_token(node["Resource"].text):
            continue
        for target in (node["Resource"], node["Parameters"]["FunctionName"], node["Arguments"]["FunctionName"]):
            named = _named(target) or "".join(re.findall(r"^\$\{(\w+)(?:\.Arn)?\}$", target.text))
            if named:
                yield node.key, "${" + named + "}", int(seconds.text), seconds.at


def _in_text(definition: Node) -> Iterator[tuple[str, str, int, Location]]:
    """The same for a definition that is a JSON text, as it is or in a Sub."""
    function = definition.function
    node = function[1] if function is not None and function[0] == "Fn::Sub" else definition
    if not node.is_text or "TimeoutSeconds" not in node.text:
        return
    try:
        top = json.loads(re.sub(r"(:\s*)\$\{[\w.:]+\}(?=\s*[,}\]])", r"\1null", node.text))  # numbers to be filled in
    except (ValueError, RecursionError):
        return
    todo = [("", top)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, list):
            todo += [("", item) for item in value]
        if not isinstance(value, dict):
            continue
        todo += list(value.items())
        seconds, resource = value.get("TimeoutSeconds"), str(value.get("Resource", ""))
        if value.get("Type") != "Task" or not isinstance(seconds, int) or _waits_for_token(resource):
            continue
        inner = value.get("Parameters") or value.get("Arguments")
        targets = [resource, str(inner.get("FunctionName", "")) if isinstance(inner, dict) else ""]
        for target in targets:
            found = re.fullmatch(r"\$\{(\w+)(?:\.Arn)?\}", target)
            if found:
                yield str(name), "${" + found.group(1) + "}", seconds, node.at


def _waits_for_token(resource: str) -> bool:
    return resource.endswith((".waitForTaskToken", ":activity"))


# -- APIs

_LONGEST = {"Api": 29, "HttpApi": 30}


def _apis(template: Template) -> Iterator[Caller]:
    for function in template.of_type("AWS::Serverless::Function"):
        events = function.properties["Events"].children()
        if not events or any(event["Type"].text not in _LONGEST for event in events):
            continue
        event = events[0]
        own = event["Properties"]["TimeoutInMillis"].text
        most = int(own) // 1000 if own.isdigit() else _LONGEST[event["Type"].text]
        if b"RESPONSE_STREAM" in template.source.data or b"esponseTransferMode" in template.source.data:
            continue  # a streamed answer may take longer
        effect = "the caller is told 504 while the function goes on"
        yield Caller(function, "its API", effect, event.key_at, _always(most), slack=1)
