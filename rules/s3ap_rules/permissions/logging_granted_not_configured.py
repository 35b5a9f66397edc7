"""S3AP407: a state machine may deliver logs and is not told to, or is told to and may not."""

from collections.abc import Iterator

from s3ap_lint.api import (
    STATE_MACHINE_TYPES,
    Covers,
    Finding,
    Node,
    Resource,
    Role,
    Severity,
    StateMachine,
    Statement,
    World,
    bad,
    choose,
    detects,
    good,
    grants_of,
    offer,
    references,
    rule,
    text,
    with_statements,
)

NEEDED = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
"""What the role of a state machine needs to log (Step Functions Developer Guide, "IAM Policies for logging")."""

TEMPLATE = """
    Resources:
      Log:
        Type: AWS::Logs::LogGroup
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {Statement: []}
          Policies:
            - PolicyName: Run
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: lambda:InvokeFunction
                    Resource: "*"
                  - Effect: Allow  # <- S3AP407
                    Action: [logs:CreateLogDelivery, logs:GetLogDelivery, logs:ListLogDeliveries]
                    Resource: "*"
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: !GetAtt Role.Arn
          DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
"""
LOGGING = """
          LoggingConfiguration:
            Level: ALL
            Destinations:
              - CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt Log.Arn}
"""
SILENT = TEMPLATE.replace("  # <- S3AP407", "")
SAM = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Log:
        Type: AWS::Logs::LogGroup
      Machine:
        Type: AWS::Serverless::StateMachine
        Properties:
          Definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}
          Policies:
            - Statement:
                - Effect: Allow
                  Action: logs:CreateLogGroup
                  Resource: "*"
          Logging:  # <- S3AP407
            Level: ERROR
            Destinations:
              - CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt Log.Arn}
"""

GRANTED = """
                  Action: logs:CreateLogGroup
                  Resource: "*"
"""
DELIVERY = """\
                - Effect: Allow
                  Action:
                    - logs:CreateLogDelivery
                    - logs:GetLogDelivery
                    - logs:UpdateLogDelivery
                    - logs:DeleteLogDelivery
                    - logs:ListLogDeliveries
                    - logs:PutResourcePolicy
                    - logs:DescribeResourcePolicies
                    - logs:DescribeLogGroups
                  Resource: "*"
"""


@rule(
    code="S3AP407",
    subject=Role,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad("granted, and nothing is logged", TEMPLATE),
        bad("switched off", TEMPLATE + LOGGING.replace("Level: ALL", 'Level: "OFF"')),
        good("granted and configured", SILENT + LOGGING),
        good(
            "one of two state machines logs",
            SILENT
            + LOGGING
            + """
      Second:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: !GetAtt Role.Arn
          DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
""",
        ),
        good(
            "everything about logs, and what a function's logs need",
            SILENT.replace(
                "[logs:CreateLogDelivery, logs:GetLogDelivery, logs:ListLogDeliveries]",
                '["logs:*", logs:CreateLogGroup, logs:CreateLogStream, logs:PutLogEvents]',
            ),
        ),
        good(
            "another resource delivers logs with the role",
            SILENT
            + """
      Pipe:
        Type: AWS::Pipes::Pipe
        Properties: {RoleArn: !GetAtt Role.Arn, Source: !Ref Queue, Target: !Ref Machine}
      Queue:
        Type: AWS::SQS::Queue
""",
        ),
    ],
)
def logging_granted_not_configured(role: Role) -> Iterator[Finding]:
    """
    A state machine's role may deliver logs, and no log is configured; or one is configured, and the role may not.

    With the permission alone nothing is written: an execution that fails leaves no trace once its history is gone, and
    an Express workflow has no history at all. With the configuration alone the state machine is not created: "The state
    machine IAM Role is not authorized to access the Log Destination".

    Configure `LoggingConfiguration` (`Logging` in SAM) with a level other than OFF, or take the statement away; grant
    logs:CreateLogDelivery and its companions on `"*"` where a log is configured.
    """
    machines = [user for user in role.users if user.type in STATE_MACHINE_TYPES]
    if not machines or _is_used_elsewhere(role):
        return
    found: dict[Node, Statement] = {}

    def granted_for_nothing(world: World) -> bool:
        here = [machine for machine in machines if machine.exists(world)]
        if not role.exists(world) or not here or any(_logging(one, world) is not False for one in here):
            return False
        statements = [one for one in role.policies(world).statements if one.allows and _is_delivery(one)]
        found.update({one.node: one for one in statements[:1]})
        return bool(statements)

    outcomes = role.template.outcomes(granted_for_nothing)
    verdict = role.template.verdict(outcomes, bool)
    if verdict is None:
        return
    names = " and ".join(machine.id for machine in machines)
    for node in found:
        yield Finding(
            f"{role.id} may deliver logs, but {names} {'has' if len(machines) == 1 else 'have'} no log configured; "
            "nothing of an execution is written",
            at=node.at,
            related=tuple(machine.at.noted("runs under the role") for machine in machines),
            scenario=verdict.scenario,
        )


@detects(
    "S3AP407",
    subject=StateMachine,
    examples=[
        bad(
            "configured, and only a function's logs are granted",
            SAM,
            fixed=SAM.replace("  # <- S3AP407", "").replace(GRANTED, GRANTED + DELIVERY),
        ),
        bad(
            "granted on the log group, which these actions do not take",
            TEMPLATE.replace("  # <- S3AP407", "").replace(
                'ListLogDeliveries]\n                    Resource: "*"',
                "ListLogDeliveries]\n                    Resource: !GetAtt Log.Arn",
            )
            + LOGGING.replace("LoggingConfiguration:", "LoggingConfiguration:  # <- S3AP407"),
        ),
        good(
            "granted by a wildcard",
            SAM.replace("logs:CreateLogGroup", '"logs:*"').replace("  # <- S3AP407", ""),
        ),
        good("off", SAM.replace("Level: ERROR", 'Level: "OFF"').replace("  # <- S3AP407", "")),
        good(
            "a policy that is not here",
            SAM.replace("          Policies:", "          Policies:\n            - !ImportValue LogPolicy").replace(
                "  # <- S3AP407", ""
            ),
        ),
    ],
)
def logging_configured_not_granted(machine: StateMachine) -> Iterator[Finding]:
    role = machine.role
    if role is None or not _setting(machine.resource):
        return

    def refused(world: World) -> tuple[str, ...]:
        """The actions that the role lacks to log as it is told."""
        if not machine.resource.exists(world) or not role.exists(world) or not _logging(machine.resource, world):
            return ()
        grants = grants_of(role, world)
        if grants.covers(NEEDED[0], ("*",)) is not Covers.NO:
            return ()
        return tuple(action for action in NEEDED if grants.covers(action, ("*",)) is Covers.NO)

    outcomes = machine.template.outcomes(refused)
    verdict = machine.template.verdict(outcomes, bool)
    if verdict is None:
        return
    lacking = max((outcome.answer for outcome in outcomes), key=len)
    owner = "its role" if role.is_implicit else role.id
    yield Finding(
        f'{machine.id} logs, but {owner} does not grant {", ".join(lacking)} on "*"; it is not created: '
        '"The state machine IAM Role is not authorized to access the Log Destination"',
        at=_setting(machine.resource).key_at,
        related=(role.at.noted("the role"),),
        fix=offer(
            "Grant the delivery of logs",
            with_statements(role, [{"Effect": "Allow", "Action": list(lacking), "Resource": "*"}]),
        ),
        scenario=verdict.scenario,
    )


def _setting(machine: Resource) -> Node:
    """Where a state machine says whether it logs."""
    own = machine.properties["LoggingConfiguration"]
    return own if own else machine.property("Logging")


def _logging(machine: Resource, world: World) -> bool | None:
    """Whether a state machine logs in a world; None where that cannot be told."""
    chosen = choose(_setting(machine), world)
    if chosen is None:
        return False
    if chosen.function is not None:
        return None
    level = text(chosen["Level"], world)
    if level is None:
        return None if chosen["Level"] else False
    if level.holes:
        return None
    return level.text not in ("OFF", "false") and bool(chosen["Destinations"])


def _is_delivery(statement: Statement) -> bool:
    """Whether a statement names the delivery of logs itself; one about all of logs is there for something else."""
    return any("logdeliver" in action.lower() for action in statement.actions.texts)


def _is_used_elsewhere(role: Role) -> bool:
    """Whether something that is neither a state machine, a function nor a policy has the role."""
    if role.is_implicit:
        return False
    known = {user.id for user in role.users}
    holders = {one.holder for one in references(role.template) if one.section == "Resources" and one.name == role.id}
    resources = [role.template.resources[name] for name in holders - known if name in role.template.resources]
    return any(not resource.type.startswith("AWS::IAM::") for resource in resources)
