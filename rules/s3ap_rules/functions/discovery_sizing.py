"""S3AP319: a function that lists a volume from inside a VPC is too small for it."""

from collections.abc import Iterator

from s3ap_lint.api import (
    Finding,
    Fix,
    Function,
    Location,
    Node,
    Options,
    Severity,
    World,
    bad,
    good,
    number,
    offer,
    rule,
)
from s3ap_rules.functions.number_set import number_set
from s3ap_rules.functions.timeout_contract import has_impatient_caller

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Timeout: {Type: Number, Default: 900}
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.handler
          MemorySize: 256  # <- S3AP319
          Timeout: !Ref Timeout
          Policies: [AmazonS3ReadOnlyAccess]
          VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
    """
HANDLER = """
    import boto3

    def handler(event, context):
        pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="reports-alias")
        return [item["Key"] for page in pages for item in page["Contents"]]
    """
FITTING = TEMPLATE.replace("256  # <- S3AP319", "512")
LISTS = ("list_objects_v2", "list_objects", "list_object_versions")


@rule(
    code="S3AP319",
    subject=Function,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    options={"memory": 512, "timeout": 900},
    examples=[
        bad(
            "too little memory",
            {"template.yaml": TEMPLATE, "functions/discovery/handler.py": HANDLER},
            fixed={"template.yaml": FITTING},
        ),
        bad(
            "too little time",
            {
                "template.yaml": FITTING.replace("!Ref Timeout", "!Ref Timeout  # <- S3AP319").replace("900", "300"),
                "functions/discovery/handler.py": HANDLER,
            },
            fixed={"template.yaml": FITTING},
        ),
        bad(
            "a queue waits for it, and the parameter is another function's as well",
            {
                "template.yaml": FITTING.replace("Timeout: !Ref Timeout", "Timeout: 25  # <- S3AP319").rstrip()
                + """
          Events:
            Arrived: {Type: SQS, Properties: {Queue: !GetAtt Incoming.Arn}}
      Incoming:
        Type: AWS::SQS::Queue
    """,
                "functions/discovery/handler.py": HANDLER,
                "other/template.yaml": FITTING.replace("!Ref Timeout", "!Ref Timeout  # <- S3AP319").replace(
                    "Default: 900", "Default: 300"
                )
                + """
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: nodejs22.x
          CodeUri: functions/report/
          Timeout: !Ref Timeout
    """,
                "other/functions/discovery/handler.py": HANDLER,
            },
        ),
        good("both fit", {"template.yaml": FITTING, "functions/discovery/handler.py": HANDLER}),
        good(
            "not in a VPC",
            {
                "template.yaml": FITTING.replace("MemorySize: 512", "MemorySize: 128").replace(
                    "VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}", "Description: lists"
                ),
                "functions/discovery/handler.py": HANDLER,
            },
        ),
        good(
            "it reads one object",
            {
                "template.yaml": FITTING.replace("512", "128").replace("Discovery:", "Reader:"),
                "functions/discovery/handler.py": """
                    import boto3

                    def handler(event, context):
                        return boto3.client("s3").get_object(Bucket="reports-alias", Key=event["key"])
                    """,
            },
        ),
        good(
            "less is asked for",
            {"template.yaml": FITTING.replace("512", "256"), "functions/discovery/handler.py": HANDLER},
            options={"memory": 256},
        ),
    ],
)
def discovery_sizing(function: Function, options: Options) -> Iterator[Finding]:
    """
    A function in a VPC lists objects, and has little memory or time for it.

    Listing an access point of FSx for ONTAP from inside a VPC is slow at first (network interfaces, the ONTAP login)
    and grows with the volume; memory also buys processor and network. What works on a hundred files may end in
    a time-out on a million.

    `memory` (MB) and `timeout` (seconds) are the least that is asked for, and compared with what the defaults deploy.
    """
    if not function.resource.property("VpcConfig") or not _lists(function):
        return
    for name, absent, least, unit in (
        ("MemorySize", 128, options["memory"], "MB"),
        ("Timeout", 3, options["timeout"], "seconds"),
    ):
        node = function.resource.property(name)
        value = _in_defaults(function, node, absent)
        if value is None or value >= least:
            continue
        yield Finding(
            f"{function.id} lists from a VPC with {value} {unit}, less than {least}; a large volume may be too much",
            at=node.at if node else function.at,
            related=(function.at.noted("the function"), *_parameter(function, node)),
            fix=_enough(function, name, least, unit),
        )


def _enough(function: Function, name: str, least: int, unit: str) -> Fix | None:
    """A fix that gives what is asked for; no more time where something waits for the function, and not that long."""
    waits = (task.state.node["TimeoutSeconds"] for task in function.tasks)
    if name == "Timeout" and (has_impatient_caller(function.resource) or any(waits)):
        return None
    return offer(f"Give it {least} {unit}", number_set(function.resource, name, least))


def _lists(function: Function) -> bool:
    if any(call.service == "s3" for call in function.sdk_calls(LISTS)):
        return True
    return not function.joined and "discovery" in function.id.lower()


def _in_defaults(function: Function, node: Node, absent: int) -> int | None:
    """The one value that the defaults deploy; None when it cannot be told or there are several."""

    def asked(world: World) -> int | None:
        return number(node, world, absent) if function.resource.exists(world) else None

    found = {outcome.answer for outcome in function.template.outcomes(asked) if outcome.is_default}
    found.discard(None)
    return found.pop() if len(found) == 1 else None


def _parameter(function: Function, node: Node) -> Iterator[Location]:
    parameter = function.template.space.parameters.get(node["Ref"].text)
    if parameter is not None:
        yield parameter.node.key_at.noted("the parameter")
