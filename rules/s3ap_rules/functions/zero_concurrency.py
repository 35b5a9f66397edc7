"""S3AP309: a function that may never run."""

from collections.abc import Iterator

from s3ap_lint.api import FUNCTION_TYPES, Finding, Resource, Severity, Template, World, bad, good, number, rule


@rule(
    code="S3AP309",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "written out",
            """
            Resources:
              Discovery:
                Type: AWS::Lambda::Function
                Properties:
                  Runtime: nodejs22.x
                  Code: {S3Bucket: packages, S3Key: discovery.zip}
                  ReservedConcurrentExecutions: 0  # <- S3AP309
            """,
        ),
        bad(
            "the default of a parameter",
            """
            Transform: AWS::Serverless-2016-10-31
            Parameters:
              Concurrency: {Type: Number, Default: 0}
            Globals:
              Function:
                ReservedConcurrentExecutions: !Ref Concurrency  # <- S3AP309
            Resources:
              Discovery:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: functions/discovery/
            """,
        ),
        good(
            "zero means that nothing is reserved",
            """
            Parameters:
              Concurrency: {Type: Number, Default: 0}
            Conditions:
              Reserved: !Not [!Equals [!Ref Concurrency, 0]]
            Resources:
              Discovery:
                Type: AWS::Lambda::Function
                Properties:
                  Code: {S3Bucket: packages, S3Key: discovery.zip}
                  ReservedConcurrentExecutions: !If [Reserved, !Ref Concurrency, !Ref AWS::NoValue]
            """,
        ),
        good(
            "a switch that is off by default",
            """
            Parameters:
              Paused: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
            Conditions:
              IsPaused: !Equals [!Ref Paused, "true"]
            Resources:
              Discovery:
                Type: AWS::Lambda::Function
                Properties:
                  Code: {S3Bucket: packages, S3Key: discovery.zip}
                  ReservedConcurrentExecutions: !If [IsPaused, 0, 5]
            """,
        ),
        good(
            "a number",
            """
            Resources:
              Discovery:
                Type: AWS::Lambda::Function
                Properties:
                  Code: {S3Bucket: packages, S3Key: discovery.zip}
                  ReservedConcurrentExecutions: 10
            """,
        ),
    ],
)
def zero_concurrency(template: Template) -> Iterator[Finding]:
    """
    A function has no concurrency: Lambda throttles every event.

    `ReservedConcurrentExecutions: 0` does not mean "reserve nothing", it means "never run". The stack deploys, and
    every invocation is answered with TooManyRequestsException. Only what the defaults deploy is reported: a switch that
    pauses a function is none of this rule's business.

    Leave the property out, with `!Ref AWS::NoValue` where a parameter decides.
    """
    for function in template.of_type(*FUNCTION_TYPES):
        node = function.property("ReservedConcurrentExecutions")
        if not node:
            continue

        def is_zero(world: World, function: Resource = function) -> bool:
            """Whether the function exists in a world and may never run there."""
            reserved = function.property("ReservedConcurrentExecutions")
            return function.exists(world) and number(reserved, world) == 0

        verdict = template.verdict(template.outcomes(is_zero), bool)
        if verdict is None or not verdict.in_defaults:
            continue
        yield Finding(
            f"{function.id} may run 0 times at once; every event is throttled",
            at=node.at,
            related=(function.at.noted("the function"),),
            scenario=verdict.scenario,
        )
