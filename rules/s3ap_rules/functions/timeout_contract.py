"""S3AP322: a function may run longer than what calls it waits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from s3ap_lint.api import (
    FUNCTION_TYPES,
    Finding,
    Fix,
    Location,
    Node,
    Resource,
    Severity,
    StateMachine,
    Template,
    World,
    bad,
    detects,
    good,
    number,
    offer,
    rule,
)
from s3ap_rules.functions.number_set import number_set


@dataclass(frozen=True)
class Caller:
    """What calls a function and waits for it: how long, and what happens when that is too short.

    `slack` are seconds more that nobody minds: 30 is what everybody gives a function behind an API that waits for 29.
    `mended` is a fix, given how long the function may run; None where one or the other may be meant.
    """

    function: Resource
    name: str
    effect: str
    at: Location
    waits: Callable[[World], int | None]
    exists: Callable[[World], bool] = lambda world: True
    slack: int = 0
    mended: Callable[[int], Fix | None] = lambda runs: None


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
MAPPING = """
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
        bad(
            "a queue that hands the message out again",
            QUEUE,
            fixed=QUEUE.replace("  # <- S3AP322", "").replace("60", "1800"),
        ),
        bad(
            "the default of a queue",
            MAPPING,
            fixed=MAPPING.replace("  # <- S3AP322", "").replace(
                "SQS::Queue\n", "SQS::Queue\n        Properties:\n          VisibilityTimeout: 1800\n"
            ),
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
    for caller in (*_queues(template, functions), *_apis(template)):
        yield from _outlasting(template, caller)


def has_impatient_caller(function: Resource) -> bool:
    """Whether a queue or an API of the template waits for a function."""
    every = {one.id: one for one in function.template.of_type(*FUNCTION_TYPES)}
    callers = (*_queues(function.template, every), *_apis(function.template))
    return any(caller.function.id == function.id for caller in callers)


def _outlasting(template: Template, caller: Caller) -> Iterator[Finding]:
    """The finding about one caller, if the defaults deploy a function that may outlast it."""

    def too_long(world: World) -> bool:
        function = caller.function
        if not function.exists(world) or not caller.exists(world):
            return False
        waits, runs = caller.waits(world), number(function.property("Timeout"), world, 3)
        return waits is not None and runs is not None and runs > waits + caller.slack

    outcomes = template.outcomes(too_long)
    verdict = template.verdict(outcomes, bool)
    if verdict is None or not verdict.in_defaults:
        return
    world = next(outcome.world for outcome in outcomes if outcome.answer)
    node = caller.function.property("Timeout")
    runs, waits = number(node, world, 3) or 0, caller.waits(world) or 0
    yield Finding(
        f"{caller.function.id} may run {runs} seconds, but {caller.name} waits {waits}; {caller.effect}",
        at=node.at if node else caller.function.at,
        related=(caller.at.noted("what waits for it"), caller.function.at.noted("the function")),
        fix=caller.mended(runs),
        scenario=verdict.scenario,
    )


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

    def longer(runs: int) -> Fix | None:
        """A fix that lets the queue wait as long as AWS advises (Lambda Developer Guide, "Configuring a queue")."""
        seconds = min(6 * runs, 43200)
        return offer(f"Let {queue.id} wait {seconds} seconds", number_set(queue, "VisibilityTimeout", seconds))

    effect = "the message is handed out again while it is worked on"
    at = node.at if node else queue.at
    yield Caller(function, f"the queue {queue.id}", effect, at, waits, exists, mended=longer)


# -- state machines


@detects(
    "S3AP322",
    subject=StateMachine,
    examples=[
        bad(
            "a task of a definition in a file of its own",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Convert:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.13
                          Handler: app.handler
                          CodeUri: convert/
                          Timeout: 60  # <- S3AP322
                      Nightly:
                        Type: AWS::Serverless::StateMachine
                        Properties:
                          DefinitionUri: nightly.asl.json
                          DefinitionSubstitutions:
                            ConvertArn: !GetAtt Convert.Arn
                    """,
                "nightly.asl.json": """
                    {"StartAt": "Convert", "States": {
                      "Convert": {"Type": "Task", "Resource": "${ConvertArn}", "TimeoutSeconds": 30, "End": true}}}
                    """,
                "convert/app.py": "def handler(event, context):\n    return event\n",
            },
        ),
        good(
            "a task that waits for a token, and one that waits long enough",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Convert:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.13
                          Handler: app.handler
                          CodeUri: convert/
                          Timeout: 60
                      Nightly:
                        Type: AWS::Serverless::StateMachine
                        Properties:
                          Definition:
                            StartAt: Ask
                            States:
                              Ask:
                                Type: Task
                                Resource: arn:aws:states:::lambda:invoke.waitForTaskToken
                                Parameters: {FunctionName: !GetAtt Convert.Arn}
                                TimeoutSeconds: 30
                                Next: Convert
                              Convert:
                                Type: Task
                                Resource: !GetAtt Convert.Arn
                                TimeoutSeconds: 90
                                End: true
                    """,
                "convert/app.py": "def handler(event, context):\n    return event\n",
            },
        ),
    ],
)
def task_timeout_contract(machine: StateMachine) -> Iterator[Finding]:
    """The tasks of a state machine, wherever its definition is written."""
    effect = "the task fails, or is tried again, while the function goes on"
    for definition in machine.definitions or ():
        for task in definition.tasks:
            seconds = task.state.node["TimeoutSeconds"]
            if task.waits or task.detached or not seconds.text.isdigit():
                continue
            at, waits, exists = definition.placed(seconds.at), _always(int(seconds.text)), machine.resource.exists
            for name in sorted(task.functions):
                called = machine.template.resources[name]
                caller = Caller(called, f"the task {task.state.name!r}", effect, at, waits, exists)
                yield from _outlasting(machine.template, caller)


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
