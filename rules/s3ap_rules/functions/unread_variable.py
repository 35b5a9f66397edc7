"""S3AP303: a variable is set and never read."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Severity, bad, good, rule
from s3ap_rules.functions.code_places import code_of
from s3ap_rules.functions.environment_names import names_of

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
              SUFFIX_FILTER: .pdf  # <- S3AP303
    """
HERE = TEMPLATE.replace("  # <- S3AP303", "")
HANDLER = """
    import os

    def handler(event, context):
        return os.environ["ACCESS_POINT"]
    """


@rule(
    code="S3AP303",
    subject=Function,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad("nothing reads it", {"template.yaml": TEMPLATE, "functions/discovery/handler.py": HANDLER}),
        bad(
            "a docstring is no read",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": '''
                    """Lists an access point.

                    SUFFIX_FILTER: which files count
                    """

                    from listing import listed

                    def handler(event, context):
                        return listed()
                    ''',
                "functions/discovery/listing.py": """
                    import os

                    def listed():
                        return os.environ["ACCESS_POINT"]
                    """,
            },
        ),
        bad(
            "Globals sets it, and no function reads it",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Globals:
                      Function:
                        Runtime: python3.12
                        Environment:
                          Variables:
                            ACCESS_POINT: reports-alias
                            SUFFIX_FILTER: .pdf  # <- S3AP303
                    Resources:
                      Discovery:
                        Type: AWS::Serverless::Function
                        Properties:
                          CodeUri: functions/discovery/
                          Handler: handler.handler
                    """,
                "functions/discovery/handler.py": HANDLER,
            },
        ),
        good(
            "read by a module that the handler imports, or through a function of the project",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    from settings import text

                    def handler(event, context):
                        return text("ACCESS_POINT"), text("SUFFIX_FILTER")
                    """,
                "functions/discovery/settings.py": """
                    import os

                    def text(name):
                        return os.environ.get(name, "")
                    """,
            },
        ),
        good(
            "the environment is passed on whole",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        return dict(os.environ)
                    """,
            },
        ),
        good(
            "a settings class reads a variable for each field",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    from pydantic_settings import BaseSettings

                    class Settings(BaseSettings):
                        access_point: str
                        suffix_filter: str = ""

                    def handler(event, context):
                        return Settings().suffix_filter
                    """,
            },
        ),
        good(
            "a name that is put together, or a program that inherits the environment",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    import os

                    def handler(event, context):
                        return os.environ["ACCESS_POINT"], os.environ.get(event["kind"] + "_FILTER")
                    """,
            },
        ),
        good(
            "a layer that is not ours may read it",
            {
                "template.yaml": HERE.replace(
                    "Environment:",
                    "Layers: [arn:aws:lambda:ap-northeast-1:123456789012:layer:Scan:1]\n          Environment:",
                ),
                "functions/discovery/handler.py": HANDLER,
            },
        ),
        good(
            "an extension in a layer of the template may read it",
            {
                "template.yaml": HERE.replace(
                    "Environment:", "Layers: [!Ref Watching]\n          Environment:"
                ).rstrip()
                + """
      Watching:
        Type: AWS::Serverless::LayerVersion
        Properties:
          ContentUri: watching/
    """,
                "functions/discovery/handler.py": HANDLER,
                "watching/extensions/watch.py": "import os; print(os.environ['SUFFIX_FILTER'])",
            },
        ),
        good(
            "variables of the runtime, of Powertools and of telemetry",
            {
                "template.yaml": HERE.replace(
                    "SUFFIX_FILTER: .pdf",
                    "POWERTOOLS_SERVICE_NAME: discovery\n"
                    "              LOG_LEVEL: INFO\n"
                    "              OTEL_SERVICE_NAME: discovery\n"
                    "              PYTHONUNBUFFERED: 1\n"
                    "              AWS_STS_REGIONAL_ENDPOINTS: regional",
                ),
                "functions/discovery/handler.py": HANDLER,
            },
        ),
        good(
            "Globals sets it for another function",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Globals:
                      Function:
                        Runtime: python3.12
                        Handler: handler.handler
                        Environment:
                          Variables: {ACCESS_POINT: reports-alias, SUFFIX_FILTER: .pdf}
                    Resources:
                      Discovery:
                        Type: AWS::Serverless::Function
                        Properties: {CodeUri: functions/discovery/}
                      Report:
                        Type: AWS::Serverless::Function
                        Properties: {CodeUri: functions/report/}
                    """,
                "functions/discovery/handler.py": HANDLER,
                "functions/report/handler.py": HANDLER.replace("ACCESS_POINT", "SUFFIX_FILTER"),
            },
        ),
    ],
)
def unread_variable(function: Function) -> Iterator[Finding]:
    """
    A function sets an environment variable that its code never mentions.

    Whoever deploys the stack sets it and believes in it; the handler goes on with what is written in the code.
    Often the variable is read under another name, or the code that read it is gone.

    Read it, or take it out of the template, with the parameter that feeds it. The rule is silent where the environment
    is passed on whole, where a name is computed, and where a package or layer that is not ours may be the reader.
    """
    for name, node in names_of(function).unread.items():
        guess = f" (its code was found by {function.guess})" if function.guess else ""
        yield Finding(
            f"{name} is set, but nothing that {function.id} runs reads it; changing it has no effect{guess}",
            at=node.key_at,
            related=(function.at.noted("the function"), *code_of(function)),
        )
