"""S3AP302: the code needs a variable that its function does not set."""

from collections.abc import Collection, Iterable, Iterator

from s3ap_lint.api import (
    Finding,
    Function,
    Location,
    ReachedRead,
    Severity,
    Span,
    Verdict,
    World,
    bad,
    good,
    rule,
    runtime_sets,
)
from s3ap_rules.functions.environment_values import declared

TEMPLATE = """
    Parameters:
      Archive: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
    Conditions:
      WithArchive: !Equals [!Ref Archive, "true"]
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.12
        Environment:
          Variables:
            LOG_FORMAT: json
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: functions/discovery/
          Handler: handler.handler
          Environment:
            Variables:
              OUTPUT_PREFIX: reports/
              ARCHIVE_BUCKET: !If [WithArchive, archive, !Ref AWS::NoValue]
    """

READS = """
    import os

    def handler(event, context):
        return os.environ["NAME"]  # <- S3AP302
    """
ALONE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      ReportPrefix: {Type: String, Default: reports/}
      OrdersSecret: {Type: String, NoEcho: true}
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
      ReportTopic:
        Type: AWS::SNS::Topic
    """
SIBLINGS = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      ReportsAlias: {Type: String, Default: reports-ext-s3alias}
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
          Environment:
            Variables:
              NAME: !Sub "${ReportsAlias}"  # 報告
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
          Environment:
            Variables:
              PAGE_SIZE: "100"
    """
WAITING = """
    Transform: AWS::Serverless-2016-10-31
    Conditions:
      WithAlerts: !Not [!Equals [!Ref AWS::Region, us-east-2]]
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
      Workflow:
        Type: AWS::Serverless::StateMachine
        Properties:
          Definition:
            StartAt: Report
            States: {Report: {Type: Task, Resource: !GetAtt Report.Arn, End: true}}
          Policies: [LambdaInvokePolicy: {FunctionName: !Ref Report}]
      Alerts:
        Type: AWS::SNS::Topic
        Condition: WithAlerts
    """


@rule(
    code="S3AP302",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a required variable nobody sets",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    access_point = os.environ["S3_ACCESS_POINT"]  # <- S3AP302

                    def handler(event, context):
                        return access_point
                    """,
            },
        ),
        bad(
            "set in one scenario only, and read by a helper that the handler calls",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    from store import keep

                    def handler(event, context):
                        return keep(event)
                    """,
                "functions/discovery/store.py": """
                    import os

                    def keep(event):
                        return os.environ["ARCHIVE_BUCKET"]  # <- S3AP302
                    """,
            },
        ),
        bad(
            "two of a list that a loop goes through",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    NEEDED = ("OUTPUT_PREFIX", "INDEX", "LEDGER")

                    def handler(event, context):
                        for name in NEEDED:
                            os.environ[name]  # <- S3AP302
                    """,
            },
        ),
        bad(
            "needed as the default of another",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        return os.environ.get("OUTPUT", os.environ["FALLBACK"])  # <- S3AP302
                    """,
            },
        ),
        bad(
            "the field of a settings class",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/requirements.txt": "pydantic-settings\n",
                "functions/discovery/handler.py": """
                    from pydantic_settings import BaseSettings

                    class Settings(BaseSettings):
                        output_prefix: str
                        ledger: str
                        suffix: str = ".pdf"

                    settings = Settings()  # <- S3AP302

                    def handler(event, context):
                        return settings.ledger
                    """,
            },
        ),
        bad(
            "the one parameter that has its name, and a resource with the form that its ending asks for",
            {
                "template.yaml": ALONE,
                "functions/report/handler.py": """
                    import os

                    def handler(event, context):
                        return os.environ["REPORT_PREFIX"], os.environ["REPORT_TOPIC_ARN"]  # <- S3AP302
                    """,
            },
            fixed={
                "template.yaml": ALONE.replace(
                    "functions/report/\n",
                    """functions/report/
          Environment:
            Variables:
              REPORT_PREFIX: !Ref ReportPrefix
              REPORT_TOPIC_ARN: !Ref ReportTopic
""",
                ),
            },
        ),
        bad(
            "what the other function sets it to",
            {"template.yaml": SIBLINGS, "functions/report/handler.py": READS},
            fixed={
                "template.yaml": SIBLINGS.replace(
                    'PAGE_SIZE: "100"\n', 'PAGE_SIZE: "100"\n              NAME: !Sub "${ReportsAlias}"\n'
                )
            },
        ),
        bad(
            "what waits for the function, may be left out, or is a secret, is not offered",
            {
                "template.yaml": WAITING,
                "secret/template.yaml": ALONE,
                "functions/report/handler.py": """
                    import os

                    def handler(event, context):
                        return os.environ["WORKFLOW_ARN"], os.environ["ALERTS_ARN"]  # <- S3AP302
                    """,
                "secret/functions/report/handler.py": READS.replace("NAME", "ORDERS_SECRET"),
            },
        ),
        good(
            "a settings class that says where its values come from, or is given them",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/requirements.txt": "pydantic-settings\n",
                "functions/discovery/handler.py": """
                    from pydantic_settings import BaseSettings, SettingsConfigDict

                    class Prefixed(BaseSettings):
                        model_config = SettingsConfigDict(env_prefix="OUTPUT_")
                        prefix: str
                        other: str

                    class Given(BaseSettings):
                        table: str

                    def handler(event, context):
                        return Prefixed(), Given(table=event["table"])
                    """,
            },
        ),
        good(
            "set in the template, by Globals, by the runtime, or read with a default",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    prefix = os.environ["OUTPUT_PREFIX"]
                    region = os.environ["AWS_REGION"]
                    layout = os.environ["LOG_FORMAT"]
                    suffix = os.environ.get("SUFFIX_FILTER", "")

                    def handler(event, context):
                        if "DEBUG_BUCKET" in os.environ:
                            return os.environ["DEBUG_BUCKET"]
                        try:
                            return os.environ["OPTIONAL"]
                        except KeyError:
                            return None
                    """,
            },
        ),
        good(
            "read by a function of a shared module that serves other handlers",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    from shared.store import prefix

                    def handler(event, context):
                        return prefix()
                    """,
                "shared/store.py": """
                    import os

                    def prefix():
                        return os.environ["OUTPUT_PREFIX"]

                    def table():
                        return os.environ["TABLE_NAME"]
                    """,
            },
        ),
    ],
)
def unset_variable(function: Function) -> Iterator[Finding]:
    """
    A handler requires an environment variable that its function does not set.

    The function deploys, then fails with KeyError: on every event when the variable is read at
    import, else on the first event that comes that way. Everything the handler imports and
    reaches is read, in every scenario of the template; SAM's Globals and the variables of the Lambda
    runtime count as set.

    Set the variable under `Environment`, or read it with a default if it is optional.
    """
    if not needed(function.environment_reads()):
        return

    def environment(world: World) -> frozenset[tuple[str, str | None]] | None:
        """The variables that are set in a world, with their values where they can be told; None if more may be."""
        if not function.resource.exists(world):
            return None
        found = function.environment(world)
        return found.known if found.complete else None

    outcomes = function.template.outcomes(environment)
    missed: dict[tuple[Location, str], ReachedRead] = {}
    absent: dict[frozenset[tuple[str, str | None]] | None, frozenset[tuple[Location, str]]] = {None: frozenset()}
    for variables in dict.fromkeys(outcome.answer for outcome in outcomes if outcome.answer is not None):
        known = dict(variables)
        lacking = [read for read in needed(function.environment_reads(known)) if not sets(known, read)]
        missed |= {(read.at, read.name): read for read in lacking}
        absent[variables] = frozenset((read.at, read.name) for read in lacking)
    groups: dict[tuple[Location, Verdict], list[ReachedRead]] = {}
    for read in first_of_each(missed.values()):
        without = {variables for variables, places in absent.items() if (read.at, read.name) in places}
        verdict = function.template.verdict(outcomes, without.__contains__)
        if verdict is not None:
            groups.setdefault((read.at, verdict), []).append(read)
    for (_, verdict), reads in groups.items():
        yield _finding(function, reads, verdict)


def sets(variables: Collection[str], read: ReachedRead) -> bool:
    """Whether a variable is set; the fields of pydantic-settings do not mind the case of its name."""
    if read.form == "settings":
        return read.name in {name.upper() for name in variables}
    return read.name in variables


def needed(reads: Iterable[ReachedRead]) -> list[ReachedRead]:
    """The reads that fail without their variable, as surely as can be told."""
    found = [read for read in reads if read.required and read.certain and not read.conditional]
    return [read for read in found if not runtime_sets(read.name)]


def first_of_each(reads: Iterable[ReachedRead]) -> list[ReachedRead]:
    """One read of each variable: the one at import, else the first."""
    out: dict[str, ReachedRead] = {}
    for read in sorted(reads, key=lambda read: (not read.on_import, read.at.subject, read.at.span or Span(0, 0))):
        out.setdefault(read.name, read)
    return list(out.values())


def _finding(function: Function, reads: list[ReachedRead], verdict: Verdict) -> Finding:
    """One place may read several variables, in a loop over their names."""
    read = reads[0]
    names = ", ".join(sorted(one.name for one in reads))
    are, them = ("is", "it") if len(reads) == 1 else ("are", "them")
    effect = "so every event fails at import" if read.on_import else "so the events that come this way fail"
    guess = f" (its code was found by {function.guess})" if function.guess else ""
    return Finding(
        f"{names} {are} required here, but {function.id} does not set {them}, {effect}{guess}",
        at=read.at,
        related=(function.at.noted(f"{function.id} runs this"), *read.related),
        fix=None if any(one.name in function.variables for one in reads) else declared(function, reads),
        severity=Severity.WARNING if function.guess or not verdict.in_defaults else None,
        scenario=verdict.scenario,
        flow=(function.at.noted("the function"), *read.via, read.at.noted("the read")),
    )
