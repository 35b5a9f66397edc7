"""S3AP615: a function's late log lines bring back the log group that was deleted with the stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from s3ap_lint.api import (
    FUNCTION_TYPES,
    Application,
    Covers,
    Filler,
    Finding,
    Fix,
    Leaf,
    Location,
    Node,
    Resource,
    Role,
    Severity,
    World,
    aws_managed,
    bad,
    edits,
    good,
    grants_of,
    offer,
    permissions_of,
    references,
    rewrites,
    rule,
    text,
)
from s3ap_rules.teardown.belonging import goes, plain_templates

CREATE = "logs:CreateLogGroup"
LOG_GROUP = "AWS::Logs::LogGroup"
MANY = 3
"""Names that a message lists before it counts the rest."""

TEMPLATE = """
    Resources:
      IntakeRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
          Policies:
            - PolicyName: Intake
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action:
                      - logs:CreateLogGroup  # ログ  # <- S3AP615
                      - logs:CreateLogStream
                      - logs:PutLogEvents
                    Resource: "*"
      IntakeLog:
        Type: AWS::Logs::LogGroup
        Properties:
          LogGroupName: !Sub "/aws/lambda/${AWS::StackName}-intake"
          RetentionInDays: 14
      Intake:
        Type: AWS::Lambda::Function
        Properties:
          FunctionName: !Sub "${AWS::StackName}-intake"
          Code: {ZipFile: "def handler(event, context): pass"}
          Runtime: python3.12
          Handler: index.handler
          Role: !GetAtt IntakeRole.Arn
    """
ACTIONS = """\
                    Action:
                      - logs:CreateLogGroup  # ログ  # <- S3AP615
                      - logs:CreateLogStream
                      - logs:PutLogEvents
"""
NARROWED = TEMPLATE.replace("                      - logs:CreateLogGroup  # ログ  # <- S3AP615\n", "")
ALONE = """\
                  - Effect: Allow
                    Action: logs:CreateLogGroup  # <- S3AP615
                    Resource: "*"
"""
MANAGED = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Log:
        Type: AWS::Logs::LogGroup
        Properties: {LogGroupName: !Sub "/aws/lambda/${Intake}"}
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
          ManagedPolicyArns:
            - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole  # <- S3AP615
      Intake:
        Type: AWS::Serverless::Function
        Properties:
          FunctionName: intake
          InlineCode: "def handler(event, context): pass"
          Runtime: python3.12
          Handler: index.handler
          Role: !GetAtt Role.Arn
    """
SECOND = """
      Other:
        Type: AWS::Lambda::Function
        Properties:
          FunctionName: !Sub "${AWS::StackName}-other"
          Code: {ZipFile: "def handler(event, context): pass"}
          Runtime: python3.12
          Handler: index.handler
          Role: !GetAtt IntakeRole.Arn
"""
CODED = TEMPLATE.replace('{ZipFile: "def handler(event, context): pass"}', "functions/intake/").replace(
    "index.handler", "handler.handler"
)
CREATES = """
    import boto3

    def handler(event, context):
        boto3.client("logs").create_log_group(logGroupName=event["group"])
    """
BOTH = TEMPLATE.replace(
    "          Policies:\n",
    "          ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]\n"
    "          Policies:\n",
)


@dataclass(frozen=True)
class Recreation:
    """What comes back in a world: log groups by the functions whose lines create them; `bare` functions have none.

    `granted` are the actions in statements that grant it, `else_at` is where something else does.
    """

    groups: tuple[tuple[Resource, Resource], ...]
    bare: tuple[str, ...]
    granted: tuple[Leaf, ...]
    else_at: Location | None


@rule(
    code="S3AP615",
    subject=Application,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad("a statement of its role", TEMPLATE, fixed=NARROWED),
        bad(
            "a statement about nothing else, for one log group",
            TEMPLATE.replace(
                "                  - Effect: Allow\n" + ACTIONS,
                ALONE.replace('"*"', '!Sub "arn:aws:logs:*:*:log-group:/aws/lambda/${AWS::StackName}-intake:*"')
                + "                  - Effect: Allow\n"
                + ACTIONS.replace("                      - logs:CreateLogGroup  # ログ  # <- S3AP615\n", ""),
            ),
            fixed=NARROWED,
        ),
        bad("a managed policy, which no edit can narrow", MANAGED),
        bad(
            "the role that SAM makes",
            MANAGED.replace("Role: !GetAtt Role.Arn", "MemorySize: 256")
            .replace("  # <- S3AP615", "")
            .replace("      Intake:\n", "      Intake:  # <- S3AP615\n"),
        ),
        bad("another function with the role has no log group yet", TEMPLATE + SECOND),
        bad(
            "the code creates log groups",
            {"template.yaml": CODED, "functions/intake/handler.py": CREATES},
        ),
        bad(
            "a wildcard, which grants more, and a policy beside the statement",
            {
                "template.yaml": TEMPLATE.replace("logs:CreateLogGroup  #", '"logs:Create*"  #'),
                "both/template.yaml": BOTH,
            },
        ),
        bad(
            "a group that the function names itself",
            TEMPLATE.replace("/aws/lambda/${AWS::StackName}-intake", "/uc/${AWS::StackName}/intake").replace(
                "Role: !GetAtt IntakeRole.Arn",
                "Role: !GetAtt IntakeRole.Arn\n          LoggingConfig: {LogGroup: !Ref IntakeLog}",
            ),
            fixed=NARROWED.replace("/aws/lambda/${AWS::StackName}-intake", "/uc/${AWS::StackName}/intake").replace(
                "Role: !GetAtt IntakeRole.Arn",
                "Role: !GetAtt IntakeRole.Arn\n          LoggingConfig: {LogGroup: !Ref IntakeLog}",
            ),
        ),
        good("the role may only write", NARROWED),
        good(
            "a statement that takes it away again",
            TEMPLATE.replace("  # <- S3AP615", "").replace(
                "                Statement:\n                  - Effect: Allow\n",
                '                Statement:\n                  - {Effect: Deny, Action: "logs:CreateLogGroup", '
                'Resource: "*"}\n                  - Effect: Allow\n',
            ),
        ),
        good(
            "a name that no other deployment gets, and a group that stays",
            {
                "template.yaml": MANAGED.replace("          FunctionName: intake\n", "").replace("  # <- S3AP615", ""),
                "kept/template.yaml": TEMPLATE.replace("  # <- S3AP615", "").replace(
                    "Type: AWS::Logs::LogGroup", "Type: AWS::Logs::LogGroup\n        DeletionPolicy: Retain"
                ),
            },
        ),
        good(
            "the group of another function, and what a role may do elsewhere",
            TEMPLATE.replace("  # <- S3AP615", "")
            .replace("${AWS::StackName}-intake", "${AWS::StackName}-other", 1)
            .replace('Resource: "*"', "Resource: !GetAtt IntakeLog.Arn"),
        ),
        good(
            "a boundary of which cannot be told what it leaves",
            MANAGED.replace("  # <- S3AP615", "").replace(
                "          ManagedPolicyArns:",
                "          PermissionsBoundary: !ImportValue B\n          ManagedPolicyArns:",
            ),
        ),
    ],
)
def recreated_log_group(application: Application) -> Iterator[Finding]:
    """
    A function may create the log group that the template creates for it.

    Lambda delivers log lines some seconds after they were written. Those that come after CloudFormation has deleted the
    log group create it again, without its retention and outside of any stack, and the next deployment under the same
    name fails: "/aws/lambda/… already exists". A function behind a custom resource runs during the deletion, so that it
    happens nearly every time.

    Take logs:CreateLogGroup out of the role: with a log group in the template, logs:CreateLogStream and
    logs:PutLogEvents are enough. The fix does so where nothing else grants it, every function with the role has a log
    group, and no code creates one. AWSLambdaBasicExecutionRole and what SAM gives by itself grant it too: write the two
    actions into a statement, and take the policy away. The rule is silent about names that CloudFormation makes up,
    which nobody gets twice, and about state machines, which create no log groups.

    `s3ap-ops` looks for each log group again when the stack is gone, and deletes one that was created after the
    deletion began.
    """
    for template in plain_templates(application):
        for role in application.roles:
            if role.template is template and not role.owner.property("PermissionsBoundary"):
                yield from _found(application, role)


def _found(application: Application, role: Role) -> Iterator[Finding]:
    functions = [user for user in role.users if user.type in FUNCTION_TYPES]
    if not functions or not any(role.template.of_type(LOG_GROUP)):
        return
    outcomes = role.template.outcomes(partial(_recreations, role, functions))
    verdict = role.template.verdict(outcomes, _is_fault)
    if verdict is None:
        return
    faults = [outcome.answer for outcome in outcomes if _is_fault(outcome.answer)]
    first = faults[0]
    places = [*(leaf.at for leaf in first.granted), first.else_at]
    at, *others = [place for place in places if place is not None] or [role.at]
    yield Finding(
        f"{_listed([function.id for function, _ in first.groups])} may create "
        f"{_listed([group.id for _, group in first.groups])} again once the stack is deleted; then the next deployment "
        f"fails, because {'it exists' if len(first.groups) == 1 else 'they exist'} already",
        at=at,
        related=(
            *(group.at.noted("the log group") for _, group in first.groups),
            *(other.noted("grants it as well") for other in others),
        ),
        scenario=verdict.scenario,
        fix=_withdrawn(application, role, faults),
    )


def _is_fault(found: Recreation) -> bool:
    return bool(found.groups)


def _listed(names: list[str]) -> str:
    if len(names) > MANY:
        return f"{', '.join(names[: MANY - 1])} and {len(names) - MANY + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# -- what comes back -----------------------------------------------------------------------------


def _recreations(role: Role, functions: list[Resource], world: World) -> Recreation:
    if not role.exists(world):
        return Recreation((), (), (), None)
    here = [function for function in functions if function.exists(world)]
    grouped = {function: _group_of(function, world) for function in here}
    bare = tuple(function.id for function, group in grouped.items() if group is None)
    pairs = [(function, group) for function, group in grouped.items() if group is not None and goes(group, world)]
    back = tuple((function, group) for function, group in pairs if _may_create(role, group, world))
    if not back:
        return Recreation((), bare, (), None)
    statements = role.policies(world, CREATE).statements
    granted = tuple(
        leaf
        for statement in statements
        if statement.allows and statement.covers(CREATE)
        for leaf in statement.actions
        if _is_about(leaf.text)
    )
    return Recreation(back, bare, granted, _otherwise(role, world))


def _is_about(pattern: str) -> bool:
    return pattern.lower() == CREATE.lower() or "*" in pattern


def _otherwise(role: Role, world: World) -> Location | None:
    """Where something grants it that is no statement: a managed policy, or SAM."""
    for leaf in role.managed_policies:
        if any(grant.covers(CREATE) for grant in aws_managed(leaf.text) or ()):
            return leaf.at
    policies = grants_of(role, world, CREATE).policies
    return role.at if any(grant.covers(CREATE) for grant in policies.grants) else None


def _group_of(function: Resource, world: World) -> Resource | None:
    """The log group of the template that a function writes to, if the next deployment gives it the same name."""
    given = text(function.property("LoggingConfig")["LogGroup"], world)
    own = text(function.property("FunctionName"), world)
    name = own.text if own is not None else ""
    wanted = given.text if given is not None else f"/aws/lambda/{name}"
    for group in function.template.of_type(LOG_GROUP):
        written = text(group.properties["LogGroupName"], world)
        if written is None or written.is_opaque or not group.exists(world):
            continue
        if any(hole.filler is Filler.RESOURCE and hole.name != function.id for hole in written.holes):
            continue  # the name is another one next time, or that of something else
        called = written.text.replace("${" + function.id + "}", name) if name else written.text
        if "${" + function.id + "}" not in called and wanted in (called, "${" + group.id + "}"):
            return group
    return None


def _may_create(role: Role, group: Resource, world: World) -> bool:
    """Whether a role surely may create a log group; policies name it with and without what follows its name."""
    written = text(group.properties["LogGroupName"], world)
    pieces = written.pieces if written is not None else ()
    grants = grants_of(role, world, CREATE)
    wanted = [("arn:*:logs:*:*:log-group:", *pieces), ("arn:*:logs:*:*:log-group:", *pieces, ":log-stream:")]
    return any(grants.covers(CREATE, one) is Covers.YES for one in wanted)


# -- the fix -------------------------------------------------------------------------------------


def _withdrawn(application: Application, role: Role, faults: list[Recreation]) -> Fix | None:
    """A fix that takes the action out of the role, where that is all that grants it and nobody needs it."""
    granted = list({leaf.node.span: leaf for fault in faults for leaf in fault.granted}.values())
    if any(fault.bare or fault.else_at is not None for fault in faults) or not _is_for_functions(role):
        return None
    if not all(leaf.text == CREATE and leaf.node.path[1:2] == (role.id,) for leaf in granted):
        return None  # a wildcard grants more, and what stands elsewhere may be others' too
    code = [f for f in application.functions if f.template is role.template and f.resource in role.users]
    if any(CREATE in permissions_of(function).perhaps_needed for function in code):
        return None
    source = role.template.source
    removals = [
        edits.remove(leaf.node, source) if _has_others(leaf) else rewrites.take_out(_statement(leaf), source)
        for leaf in granted
    ]
    return offer(f"Take {CREATE} away", *removals)


def _is_for_functions(role: Role) -> bool:
    """Whether nothing but functions of the template has the role."""
    users = {user.id for user in role.users if user.type in FUNCTION_TYPES}
    named = {found.holder for found in references(role.template) if found.name == role.id}
    return len(users) == len(role.users) and named <= users


def _has_others(leaf: Leaf) -> bool:
    parent = leaf.node.parent
    return parent is not None and parent.is_sequence and len(parent) > 1


def _statement(leaf: Leaf) -> Node:
    """The statement that an action stands in."""
    node = leaf.node
    while node.parent is not None and "Effect" not in node:
        node = node.parent
    return node
