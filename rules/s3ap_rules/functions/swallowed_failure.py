"""S3AP310: a Task that fails and says that it did not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Returned, Severity, Task, bad, good, mentioned, rule

STATUS = "statusCode"
HTTP_TYPES = (
    "AWS::ApiGateway",
    "AWS::ApiGatewayV2",
    "AWS::AppSync",
    "AWS::ElasticLoadBalancing",
    "AWS::Lambda::Url",
    "AWS::Serverless::Api",
    "AWS::Serverless::GraphQLApi",
    "AWS::Serverless::HttpApi",
)
"""Resources, by the beginning of their type, whose callers read a status code."""

HTTP_PRINCIPALS = frozenset({"apigateway.amazonaws.com", "elasticloadbalancing.amazonaws.com"})

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.handler
      Workflow:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: arn:aws:iam::123456789012:role/workflow
          DefinitionString: !Sub |
            {
              "Comment": "No state looks at the statusCode",
              "StartAt": "Discover",
              "States": {
                "Discover": {
                  "Type": "Task",
                  "Resource": "${Discovery.Arn}",
                  "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}],
                  "Next": "Pause"
                },
                "Pause": {"Type": "Wait", "Seconds": ${AWS::AccountId}, "End": true}
              }
            }
    """

WITH_API = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.handler
          Events:
            Search:
              Type: Api
              Properties: {Path: /search, Method: get}
      Workflow:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: workflow.asl.json
          DefinitionSubstitutions:
            DiscoveryArn: !GetAtt Discovery.Arn
    """

ASL = """
    {
      "StartAt": "Discover",
      "States": {
        "Discover": {
          "Type": "Task",
          "Resource": "arn:aws:states:::lambda:invoke",
          "Parameters": {"FunctionName": "${DiscoveryArn}", "Payload.$": "$"},
          "End": true
        }
      }
    }
    """

SWALLOWING = """
    import json

    def handler(event, context):
        try:
            return {"objects": find(event)}
        except Exception as error:
            return {"statusCode": 500, "body": json.dumps({"error": str(error)})}

    def find(event):
        raise RuntimeError
    """


def _marked(text: str) -> str:
    return text.replace("str(error)})}", "str(error)})}  # <- S3AP310")


@rule(
    code="S3AP310",
    subject=Function,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "an answer for HTTP, given to a state machine",
            {"template.yaml": TEMPLATE, "functions/discovery/handler.py": _marked(SWALLOWING)},
        ),
        bad(
            "by a decorator of the project, and a state machine in a file of its own",
            {
                "template.yaml": WITH_API.replace(
                    """
          Events:
            Search:
              Type: Api
              Properties: {Path: /search, Method: get}""",
                    "",
                ),
                "workflow.asl.json": ASL,
                "functions/discovery/handler.py": """
                    from errors import answered

                    @answered
                    def handler(event, context):
                        return {"objects": event["objects"]}
                    """,
                "functions/discovery/errors.py": """
                    import functools

                    def answered(function):
                        @functools.wraps(function)
                        def wrapper(event, context):
                            try:
                                return function(event, context)
                            except Exception as error:
                                return answer(502, str(error))

                        return wrapper

                    def answer(status, message):
                        return {"statusCode": status, "message": message}  # <- S3AP310
                    """,
            },
        ),
        bad(
            "by a check that comes first",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        problem = connect(event["bucket"])
                        if problem is not None:
                            return problem
                        return {"objects": []}

                    def connect(bucket):
                        try:
                            open(bucket)
                            return None
                        except OSError as error:
                            return {"statusCode": 503, "message": str(error)}  # <- S3AP310
                    """,
            },
        ),
        good(
            "raised again",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        try:
                            return {"statusCode": 200, "objects": open(event["path"]).read()}
                        except OSError:
                            response = {"statusCode": 500}
                            print(response)
                            raise
                    """,
            },
        ),
        good(
            "a function that answers HTTP requests",
            {
                "template.yaml": WITH_API,
                "workflow.asl.json": ASL,
                "functions/discovery/handler.py": SWALLOWING,
            },
        ),
        good(
            "a function that no state machine runs",
            {
                "template.yaml": TEMPLATE.replace("${Discovery.Arn}", "${Other.Arn}"),
                "functions/discovery/handler.py": SWALLOWING,
            },
        ),
        good(
            "one function in several roles, told apart by a key of the event",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        if "httpMethod" in event:
                            return answer(event)
                        return {"objects": search(event)}

                    def answer(event):
                        try:
                            return {"statusCode": 200, "body": search(event)}
                        except Exception as error:
                            return {"statusCode": 500, "body": str(error)}

                    def search(event):
                        return event["prefix"]
                    """,
            },
        ),
        good(
            "the next state looks at the status code",
            {
                "template.yaml": TEMPLATE.replace(
                    '"Pause": {"Type": "Wait", "Seconds": ${AWS::AccountId}, "End": true}',
                    """"Pause": {
                  "Type": "Choice",
                  "Choices": [{"Variable": "$.statusCode", "NumericEquals": 200, "Next": "Done"}],
                  "Default": "Failed"
                },
                "Done": {"Type": "Succeed"},
                "Failed": {"Type": "Fail"}""",
                ),
                "functions/discovery/handler.py": SWALLOWING,
            },
        ),
        good(
            "what was asked for is not there, which is an answer",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        try:
                            return {"statusCode": 200, "path": event["path"]}
                        except KeyError:
                            return {"statusCode": 404}
                    """,
            },
        ),
    ],
)
def swallowed_failure(function: Function) -> Iterator[Finding]:
    """
    A Task of a state machine catches its failure and returns `{"statusCode": 5…}`.

    Lambda then reports success: Retry and Catch never fire, and the machine goes on with a result that lacks what the
    next state needs. What fails in the end is another state, with an error about a missing path.

    Log the exception and raise it again. An answer for HTTP belongs to functions that API Gateway, AppSync, a load
    balancer or a function URL calls; they are left alone, and so are machines that look at the status code.
    """
    closure = function.closure
    if closure is None or not any(STATUS.encode() in module.source.data for module in closure.modules):
        return
    tasks = [task for task in function.tasks if not (task.waits or task.detached or _is_read(task, function))]
    if not tasks or _answers_http(function):
        return
    task = tasks[0]
    found = {one.at: one for one in function.returned() if one.caught is not None and not one.chosen}
    for one in found.values():
        status = _status(one)
        if 500 <= status <= 599:
            yield Finding(
                f"a failure becomes a success with {STATUS} {status}; Retry and Catch of the state machine never fire",
                at=function.placed(one.at),
                related=(
                    function.at.noted(f"{function.id} returns it"),
                    task.state.at.noted(f"{task.state.name} is the Task that runs {function.id}"),
                ),
            )


def _status(returned: Returned) -> int:
    """The status code of a dictionary that is written out; 0 for anything else."""
    if not isinstance(returned.value, ast.Dict):
        return 0
    for key, value in zip(returned.value.keys, returned.value.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == STATUS:
            told = returned.literal(value)
            if isinstance(told, int):
                return int(told)
            return int(told) if isinstance(told, str) and told.isdigit() else 0
    return 0


def _is_read(task: Task, function: Function) -> bool:
    """Whether the machine looks at the status code, in a state or in a function that another Task runs."""
    definition = task.state.definition
    if definition.mentions(STATUS):
        return True
    others = {id_ for one in definition.tasks for id_ in one.functions} - {function.id}
    known = [one for one in function.application.functions if one.template is function.template and one.id in others]
    return any(_reads_status(one) for one in known)


def _reads_status(function: Function) -> bool:
    """Whether the handler's own module takes a status code out of something."""
    module = function.closure.root.module if function.closure is not None else None
    if module is None or STATUS.encode() not in module.source.data:
        return False
    for node in module.nodes:
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            key = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            key = node.args[0] if node.args else None
        if isinstance(key, ast.Constant) and key.value == STATUS:
            return True
    return False


def _answers_http(function: Function) -> bool:
    """Whether something calls the function that reads a status code."""
    if function.resource.properties["FunctionUrlConfig"]:
        return True
    if any(event["Type"].text in ("Api", "HttpApi") for _, event in function.resource.properties["Events"].items()):
        return True
    for resource in function.template.resources.values():
        asks = resource.type.startswith(HTTP_TYPES) or (
            resource.type == "AWS::Lambda::Permission" and resource.properties["Principal"].text in HTTP_PRINCIPALS
        )
        if asks and any(found.name == function.id for found in mentioned(resource.node, function.template)):
            return True
    return False
