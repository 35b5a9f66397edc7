"""S3AP406: a state machine's role cannot run one of its Tasks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from s3ap_lint.api import (
    Covers,
    Definition,
    Finding,
    Location,
    Role,
    Severity,
    State,
    StateMachine,
    Statement,
    Verdict,
    WantedByState,
    World,
    admitted,
    bad,
    good,
    grants_of,
    guards,
    rule,
    wanted_by_states,
)

HEAD = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Archive: {Type: String, Default: "true", AllowedValues: ["true", "false"]}
    Conditions:
      WithArchive: !Equals [!Ref Archive, "true"]
    Resources:
      Work:
        Type: AWS::Lambda::Function
        Properties: {Runtime: python3.12, Handler: index.handler, Code: {ZipFile: "def handler(event, context): pass"}}
      Other:
        Type: AWS::Lambda::Function
        Properties: {Runtime: python3.12, Handler: index.handler, Code: {ZipFile: "def handler(event, context): pass"}}
      Alerts:
        Type: AWS::SNS::Topic
      Child:
        Type: AWS::StepFunctions::StateMachine
        Properties: {RoleArn: !GetAtt Role.Arn, DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}'}
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {Statement: []}
          Policies:
            - PolicyName: Run
              PolicyDocument:
                Statement:
"""
MACHINE = """
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: !GetAtt Role.Arn
          Definition:
            StartAt: Work
            States:
              Work:
                Type: Task
                Resource: arn:aws:states:::lambda:invoke
                Parameters: {FunctionName: !GetAtt Work.Arn}
                Next: Tell
              Tell:
                Type: Task
                Resource: arn:aws:states:::sns:publish
                Parameters: {TopicArn: !Ref Alerts, "Message.$": $.text}
                End: true
"""
CHILD = """
      Machine:
        Type: AWS::StepFunctions::StateMachine
        Properties:
          RoleArn: !GetAtt Role.Arn
          DefinitionString: !Sub |
            {"StartAt": "Run", "States": {
              "Run": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
                      "Parameters": {"StateMachineArn": "${Child}"}, "End": true}}}
"""


def _allow(action: str, resource: str, marker: str = "") -> str:
    mark = "  # <- S3AP406" if marker else ""
    return f"""
                  - Effect: Allow{mark}
                    Action: {action}
                    Resource: {resource}
"""


BOTH = _allow("lambda:InvokeFunction", "!GetAtt Work.Arn") + _allow("sns:Publish", "!Ref Alerts")
EVENTS = _allow(
    "[events:PutTargets, events:PutRule, events:DescribeRule]",
    '!Sub "arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"',
)
SAM = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
      Machine:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: machine.asl.json
          DefinitionSubstitutions: {Table: !Ref Orders}
          Policies:
            - POLICY: {TableName: !Ref Orders}
"""
ASL = """
    {"StartAt": "Keep", "QueryLanguage": "JSONata", "States": {
      "Keep": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
               "Arguments": {"TableName": "${Table}", "Item": "{% $states.input.item %}"}, "End": true}}}
    """


@rule(
    code="S3AP406",
    subject=StateMachine,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "another function of the template",
            HEAD + _allow("lambda:InvokeFunction", "!GetAtt Other.Arn", "here") + _allow("sns:*", '"*"') + MACHINE,
        ),
        bad(
            "nothing about topics",
            HEAD
            + _allow("lambda:InvokeFunction", '"*"')
            + MACHINE.replace("RoleArn: !GetAtt Role.Arn", "RoleArn: !GetAtt Role.Arn  # <- S3AP406"),
        ),
        bad(
            "versions only, and the function itself is run",
            HEAD
            + _allow("lambda:InvokeFunction", '!Sub "${Work.Arn}:*"', "here")
            + _allow("sns:Publish", "!Ref Alerts")
            + MACHINE,
        ),
        bad(
            "waiting for a child without a rule to hear of its end",
            HEAD
            + _allow("[states:StartExecution, states:DescribeExecution, states:StopExecution]", '"*"')
            + CHILD.replace("RoleArn: !GetAtt Role.Arn", "RoleArn: !GetAtt Role.Arn  # <- S3AP406"),
        ),
        bad(
            "a policy template that reads, where a table is written",
            {
                "template.yaml": SAM.replace("Policies:", "Policies:  # <- S3AP406").replace(
                    "POLICY", "DynamoDBReadPolicy"
                ),
                "machine.asl.json": ASL,
            },
        ),
        good("each on what it needs", HEAD + BOTH + MACHINE),
        good("everything", HEAD + _allow('"*"', '"*"') + MACHINE),
        good(
            "by a pattern of names",
            HEAD
            + _allow("lambda:Invoke*", '!Sub "arn:${AWS::Partition}:lambda:*:*:function:${AWS::StackName}-*"')
            + _allow("sns:Publish", '!Sub "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:${Alerts.TopicName}"')
            + MACHINE,
        ),
        good(
            "a child with all that waiting needs",
            HEAD
            + _allow("[states:StartExecution, states:DescribeExecution, states:StopExecution]", '"*"')
            + EVENTS
            + CHILD,
        ),
        good(
            "a child that nobody waits for",
            HEAD + _allow("states:StartExecution", "!Ref Child") + CHILD.replace(".sync:2", ""),
        ),
        good(
            "a policy that is not here",
            HEAD.replace("Policies:", "ManagedPolicyArns: [!ImportValue RunPolicy]\n          Policies:")
            + _allow("sns:Publish", "!Ref Alerts")
            + MACHINE,
        ),
        good(
            "a connector",
            HEAD
            + _allow("sns:Publish", "!Ref Alerts")
            + MACHINE
            + """
      Runs:
        Type: AWS::Serverless::Connector
        Properties: {Source: {Id: Machine}, Destination: {Id: Work}, Permissions: [Write]}
""",
        ),
        good(
            "a policy template that writes",
            {"template.yaml": SAM.replace("POLICY", "DynamoDBWritePolicy"), "machine.asl.json": ASL},
        ),
        good(
            "the topic lets the role in",
            HEAD
            + _allow("lambda:InvokeFunction", "!GetAtt Work.Arn")
            + MACHINE
            + """
      Open:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Alerts]
          PolicyDocument:
            Statement:
              - {Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: sns:Publish, Resource: !Ref Alerts}
""",
        ),
    ],
)
def task_not_permitted(machine: StateMachine) -> Iterator[Finding]:
    """
    A state machine has a Task that its role may not run.

    The definition says which function is invoked, which topic is published to, which child is started; the role has to
    grant it, on that very resource. The execution fails with AccessDenied at that state, late when it is the last one.
    For work that a state waits for (`.sync`) the role also needs to look at the job, to stop it, and the rule of
    EventBridge that tells of its end; without the rule the state machine is not even created. A Distributed Map starts
    the state machine itself.

    What the Tasks need is taken from the operation they call. A Task whose resource is only known when it runs is
    compared by action alone, and a role with a policy that cannot be read is not judged.

    Grant the action on the resource that the definition names.
    """
    role = machine.role
    if role is None or not machine.definitions:
        return
    found: dict[tuple[str, str], Lack] = {}

    def lacking(world: World) -> frozenset[tuple[str, str]]:
        """What the role lacks in a world, by action and resource."""
        if not machine.resource.exists(world) or not role.exists(world):
            return frozenset()
        out = set()
        for lack in _lacks(machine, role, world):
            known = found.setdefault(lack.key, lack)
            known.states.setdefault(lack.first.name, lack.first)
            out.add(lack.key)
        return frozenset(out)

    outcomes = machine.template.outcomes(lacking)
    groups: dict[tuple[str, str, Verdict, Location], list[Lack]] = {}
    for key, lack in found.items():
        verdict = machine.template.verdict(outcomes, partial(_holds, key))
        if verdict is not None:
            apart = lack.wanted.purpose or lack.wanted.action
            groups.setdefault((apart, _said(lack.wanted), verdict, _place(machine, lack)), []).append(lack)
    for (_, _, verdict, at), lacks in groups.items():
        yield _finding(machine, role, lacks, verdict, at)


def _holds(key: tuple[str, str], answer: frozenset[tuple[str, str]]) -> bool:
    return key in answer


@dataclass(frozen=True)
class Lack:
    """An action that a role lacks, and the states that need it."""

    wanted: WantedByState
    states: dict[str, State]
    nearest: Statement | None

    @property
    def first(self) -> State:
        return self.wanted.state

    @property
    def about(self) -> Statement | None:
        """The statement that grants the action elsewhere."""
        return self.nearest if self.nearest is not None and self.nearest.covers(self.wanted.action) else None

    @property
    def key(self) -> tuple[str, str]:
        return self.wanted.action, _said(self.wanted)


def _lacks(machine: StateMachine, role: Role, world: World) -> Iterator[Lack]:
    grants = grants_of(role, world)
    asked: dict[object, bool] = {}
    for definition in _defined(machine, world):
        for wanted in wanted_by_states(definition, machine.id, world):
            key = wanted.action, wanted.resources
            if key not in asked:
                resources = wanted.resources or ((),)
                refused = all(grants.covers(wanted.action, one) is Covers.NO for one in resources)
                asked[key] = refused and not admitted(role, wanted.action, world)
            if asked[key]:
                nearest = grants.nearest(wanted.action, wanted.resources[0] if wanted.resources else ())
                yield Lack(wanted, {}, nearest)


def _defined(machine: StateMachine, world: World) -> list[Definition]:
    """The definition that holds in a world, of those that `!If`s offer."""
    every = machine.definitions or ()
    return [
        one
        for one in every
        if all(world.holds(condition) is truth for condition, truth in guards(one.holder or one.top))
    ]


def _said(wanted: WantedByState) -> str:
    """The resource as a reader knows it: as an ARN, where there is one."""
    texts = ["".join(str(piece) for piece in one) for one in wanted.resources]
    arns = [text for text in texts if text.startswith(("arn:", "${"))] or texts
    shortest = min(arns, key=len, default="")
    return "" if shortest == "*" else shortest


def _place(machine: StateMachine, lack: Lack) -> Location:
    """The statement about the action, else where the state machine names its role, or what stands for it."""
    if lack.about is not None:
        return lack.about.node.at
    for name in ("RoleArn", "Role", "Policies"):
        node = machine.resource.properties[name]
        if node:
            return node.key_at
    return machine.at


def _finding(machine: StateMachine, role: Role, lacks: list[Lack], verdict: Verdict, at: Location) -> Finding:
    lack, wanted = lacks[0], lacks[0].wanted
    states = list(lack.states.values())
    named = _few([state.name for state in states])
    actions = ", ".join(one.wanted.action for one in lacks)
    where = f" on {_said(wanted)}" if _said(wanted) else ""
    owner = "its role" if role.is_implicit else role.id
    only = f"; it does so on {_few(lack.about.resources.texts)} only" if lack.about is not None else ""
    places = [state.at.noted(f"{state.name} needs {wanted.action}") for state in states[:5]]
    sure = verdict.in_defaults and not wanted.is_late
    return Finding(
        f"{named} of {machine.id} {'need' if len(states) > 1 else 'needs'} {actions}{where}, "
        f"which {owner} does not grant{only}; {wanted.purpose or 'the execution fails there'}",
        at=at,
        related=(*places, role.at.noted("the role"), machine.at.noted("the state machine")),
        severity=None if sure else Severity.WARNING,
        scenario=verdict.scenario,
        flow=(machine.at.noted("the state machine"), *places, role.at.noted("its role")),
    )


def _few(texts: Sequence[str]) -> str:
    """A list that a reader gets through."""
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return ", ".join(texts[:3]) + more
