"""S3AP834: state machines that still run."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, Phase, Risk, call, count


@rule(
    code="S3AP834",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "two executions",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Workflow:  # <- S3AP834
                    Type: AWS::StepFunctions::StateMachine
                    PhysicalId: arn:aws:states:ap-northeast-1:123456789012:stateMachine:uc1
                    Facts:
                      exists: true
                      capped: false
                      running:
                        - arn:aws:states:ap-northeast-1:123456789012:execution:uc1:monday
                        - arn:aws:states:ap-northeast-1:123456789012:execution:uc1:tuesday
                """
            },
            fixed={
                "calls": """
                aws stepfunctions stop-execution --execution-arn arn:aws:states:ap-northeast-1:123456789012:execution:uc1:monday --cause 'its stack is torn down'
                aws stepfunctions stop-execution --execution-arn arn:aws:states:ap-northeast-1:123456789012:execution:uc1:tuesday --cause 'its stack is torn down'
                """  # noqa: E501
            },
        ),
        good(
            "nothing runs, or the state machine stays",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Idle:
                    Type: AWS::StepFunctions::StateMachine
                    Facts: {exists: true, running: [], capped: false}
                  Kept:
                    Type: AWS::StepFunctions::StateMachine
                    DeletionPolicy: Retain
                    Facts: {exists: true, running: ["arn:aws:states:::execution:kept:monday"], capped: false}
                """
            },
        ),
    ],
)
def running_execution(machine: LiveResource) -> Iterator[Finding]:
    """
    A state machine of the stack has executions that run.

    Deleting it does not stop them: it stays DELETING until the last one has ended, a year at most, and its stack with
    it; meanwhile they write into buckets that are being emptied. `s3ap-ops clean` refuses the stack unless
    --stop-executions is given; then they are stopped before anything is deleted. What they had done stays done.
    """
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    if machine.type != "AWS::StepFunctions::StateMachine" or not machine.goes:
        return
    running = machine.fact("running", [])
    if not running:
        return
    said = ("more than " if machine.fact("capped", False) else "") + count(len(running), "execution")
    stops = tuple(
        call(
            machine,
            "stepfunctions",
            "stop_execution",
            executionArn=execution,
            cause="its stack is torn down",
            target=execution,
            phase=Phase.QUIESCE,
            risk=Risk.DATA_LOSS,
            destroys="the rest of an execution",
            flag="--stop-executions",
            done=("ExecutionDoesNotExist",),
        )
        for execution in running
    )
    name = machine.physical_id.rpartition(":")[2]
    yield Finding(
        f"{said} of {name} {'runs' if said == '1 execution' else 'run'}, and its stack is not gone before the last "
        "has ended",
        at=machine.at,
        fix=Fix(f"Stop what runs of {name}, or wait until it has ended", stops),
    )
