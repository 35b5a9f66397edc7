"""S3AP305: code offers a setting that its function does not pass on."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Severity, bad, good, rule
from s3ap_rules.functions.environment_names import names_of
from s3ap_rules.functions.environment_values import from_parameter

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.handler
          Environment:
            Variables:
              ACCESS_POINT: reports-alias
    """

LEADS_NOWHERE = TEMPLATE.replace(
    "    Resources:", "    Parameters:\n      ReportPrefix: {Type: String, Default: daily/}\n    Resources:"
)
HANDLER = """
    import os

    def handler(event, context):
        return os.environ["ACCESS_POINT"], os.environ.get("REPORT_PREFIX", "reports/")  # <- S3AP305
    """


@rule(
    code="S3AP305",
    subject=Function,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad(
            "a default stands in for a variable that nobody sets",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        prefix = os.environ.get("REPORT_PREFIX", "reports/")  # <- S3AP305
                        return os.environ["ACCESS_POINT"], prefix
                    """,
            },
        ),
        bad(
            "through a function of the project",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    def text(name, default=""):
                        return os.getenv(name, default)

                    def handler(event, context):
                        return text("ACCESS_POINT"), text("REPORT_PREFIX", "reports/")  # <- S3AP305
                    """,
            },
        ),
        bad(
            "a parameter that leads nowhere",
            {"template.yaml": LEADS_NOWHERE, "functions/discovery/handler.py": HANDLER},
            fixed={
                "template.yaml": LEADS_NOWHERE.replace(
                    "reports-alias\n", "reports-alias\n              REPORT_PREFIX: !Ref ReportPrefix\n"
                )
            },
        ),
        bad(
            "a parameter of another name may mean something else",
            {
                "template.yaml": LEADS_NOWHERE.replace("ReportPrefix:", "PrefixOfReports:"),
                "functions/discovery/handler.py": HANDLER,
            },
        ),
        good(
            "set in some scenario",
            {
                "template.yaml": TEMPLATE.replace(
                    "ACCESS_POINT: reports-alias", "REPORT_PREFIX: !If [HasPrefix, reports/, !Ref AWS::NoValue]"
                ).replace("Resources:", 'Conditions: {HasPrefix: !Equals ["a", "b"]}\n    Resources:'),
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        return os.environ.get("REPORT_PREFIX", "reports/")
                    """,
            },
        ),
        good(
            "the second choice after one that is set",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        first = os.environ.get("ACCESS_POINT") or os.environ.get("BUCKET")
                        return first, os.environ.get("ACCESS_POINT", os.environ.get("OLD_ACCESS_POINT"))
                    """,
            },
        ),
        good(
            "variables of the runtime and of those who try the code out",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    import os

                    level = os.environ.get("LOG_LEVEL", "INFO")
                    region = os.environ.get("AWS_REGION", "ap-northeast-1")
                    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "discovery")

                    def handler(event, context):
                        return os.environ["ACCESS_POINT"], os.environ.get("DEBUG")
                    """,
            },
        ),
        good(
            "a setting of a shared module",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    from shared.listing import listed

                    def handler(event, context):
                        return listed()
                    """,
                "shared/listing.py": """
                    import os

                    def listed():
                        return os.environ["ACCESS_POINT"], os.environ.get("PAGE_SIZE", "1000")
                    """,
            },
        ),
    ],
)
def optional_variable_unset(function: Function) -> Iterator[Finding]:
    """
    A handler reads an optional environment variable that its function sets in no scenario.

    The default in the code is what runs, always, and no deployment can change it. Often the template passes the value
    on under another name, or has a parameter that leads nowhere.

    Set the variable, from a parameter if it is meant to vary, or write the constant into the code. Only what
    the handler's own package reads is looked at: shared modules have settings that most functions leave alone.
    """
    for name, read in names_of(function).unset.items():
        default = "its default" if read.default is None else repr(read.default)
        where = f" of {function.template.path}" if len(function.application.templates) > 1 else ""
        guess = f" (its code was found by {function.guess})" if function.guess else ""
        yield Finding(
            f"{name} is read here, but {function.id}{where} never sets it; it is never anything but {default}{guess}",
            at=read.at,
            related=(function.at.noted(f"{function.id} runs this"), *read.related),
            fix=from_parameter(function, name),
        )
