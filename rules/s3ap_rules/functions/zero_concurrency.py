"""S3AP309: a function that may never run."""

from collections.abc import Iterator

from s3ap_lint.api import (
    FUNCTION_TYPES,
    Edit,
    Finding,
    Fix,
    Node,
    Resource,
    Severity,
    Template,
    World,
    bad,
    edits,
    good,
    number,
    offer,
    rewrites,
    rule,
)

WRITTEN = """
    Resources:
      Discovery:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: nodejs22.x
          Code: {S3Bucket: packages, S3Key: discovery.zip}
          ReservedConcurrentExecutions: 0  # <- S3AP309
    """
GIVEN = """
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
    """
RESERVED = "!If [HasConcurrency, !Ref Concurrency, !Ref AWS::NoValue]"
KNOWN = """
    Conditions:
      Reserved: !Not [!Equals [!Ref Concurrency, 0]]
    """


@rule(
    code="S3AP309",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "written out",
            WRITTEN,
            fixed=WRITTEN.replace("          ReservedConcurrentExecutions: 0  # <- S3AP309\n", ""),
        ),
        bad(
            "the default of a parameter",
            GIVEN,
            fixed=GIVEN.replace("!Ref Concurrency  # <- S3AP309", RESERVED).replace(
                "    Globals:",
                "    Conditions:\n      HasConcurrency: !Not [!Equals [!Ref Concurrency, 0]]\n    Globals:",
            ),
        ),
        bad(
            "there is a condition for it already",
            GIVEN + KNOWN,
            fixed=GIVEN.replace("!Ref Concurrency  # <- S3AP309", RESERVED.replace("HasConcurrency", "Reserved"))
            + KNOWN,
        ),
        bad(
            "all that Globals says",
            GIVEN.replace("!Ref Concurrency", "0"),
            fixed=GIVEN.replace(
                "    Globals:\n      Function:\n        ReservedConcurrentExecutions: !Ref Concurrency  # <- S3AP309\n",
                "",
            ),
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
            fix=_lifted(node, template),
            scenario=verdict.scenario,
        )


def _lifted(node: Node, template: Template) -> Fix | None:
    """A fix that reserves nothing where zero is meant to be nothing."""
    if node.is_text:
        return offer("Take ReservedConcurrentExecutions out", rewrites.take_out(node, template.source))
    name = node["Ref"].text
    if name not in template.space.parameters:
        return None
    known = next((one for one, test in template.space.conditions.items() if test.data() == _is_not_zero(name)), "")
    condition = known or f"Has{name}"
    if not known and condition in template.top["Conditions"]:
        return None
    reserved = edits.if_(condition, edits.ref(name), edits.NO_VALUE)
    made = () if known else (_with_condition(template, condition, name),)
    return offer("Reserve nothing where it is 0", *made, edits.replace(node, template.source, reserved))


def _is_not_zero(parameter: str) -> object:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, 0]}]}


def _with_condition(template: Template, name: str, parameter: str) -> Edit | None:
    """The edit that makes a condition of a parameter that is not 0."""
    test = edits.Fn("Not", [edits.Fn("Equals", [edits.ref(parameter), 0])])
    if template.top["Conditions"]:
        return edits.set(template.top["Conditions"], template.source, name, test)
    return edits.insert_after(template.top, template.source, "Parameters", "Conditions", {name: test})
