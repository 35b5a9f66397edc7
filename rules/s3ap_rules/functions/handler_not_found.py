"""S3AP301: the handler that a template names does not exist."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from s3ap_lint.api import Answer, Finding, Fix, Function, Severity, bad, good, rule
from s3ap_rules.functions.code_places import code_of, stand_ins_of
from s3ap_rules.functions.handler_meant import found_in_folder, named_in_folder, named_in_module, named_inline

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          CodeUri: functions/discovery/
          Handler: handler.lambda_handler  # <- S3AP301
    """
HERE = TEMPLATE.replace("  # <- S3AP301", "")

INLINE = """
    Resources:
      Discovery:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler  # <- S3AP301
          Code:
            ZipFile: |
              def handler(event, context):
                  return event
    """


@rule(
    code="S3AP301",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "the function has another name",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        return event
                    """,
            },
            fixed={"template.yaml": HERE.replace("lambda_handler", "handler")},
        ),
        bad(
            "one of two is spelt nearly the same",
            {
                "template.yaml": TEMPLATE.replace("handler.lambda_handler", '"handler.lamda_handler"'),
                "functions/discovery/handler.py": """
                    def lambda_handler(event, context):
                        return event

                    def on_failure(event, context):
                        return event
                    """,
            },
            fixed={"template.yaml": HERE.replace("handler.lambda_handler", '"handler.lambda_handler"')},
        ),
        bad(
            "either of two may be meant",
            {
                "template.yaml": TEMPLATE,
                "functions/discovery/handler.py": """
                    def on_event(event, context):
                        return event

                    def on_failure(event, context):
                        return event

                    async def lambda_handlers(event, context):
                        return event
                    """,
            },
        ),
        bad(
            "the file has another name",
            {
                "template.yaml": TEMPLATE.replace("handler.lambda_handler", "index.handler"),
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        return event
                    """,
            },
            fixed={"template.yaml": HERE.replace("handler.lambda_handler", "handler.handler")},
        ),
        bad(
            "the folder is not there",
            {
                "template.yaml": TEMPLATE.replace("  # <- S3AP301", "").replace(
                    "CodeUri: functions/discovery/", "CodeUri: functions/discover/  # <- S3AP301"
                ),
                "functions/discovery/handler.py": """
                    def lambda_handler(event, context):
                        return event
                    """,
            },
            fixed={"template.yaml": HERE},
        ),
        bad(
            "a folder of the path has another name by now",
            {
                "template.yaml": TEMPLATE.replace("functions/discovery/", ".").replace(
                    "handler.lambda_handler", "functions/discover/handler.lambda_handler"
                ),
                "functions/discovery/handler.py": """
                    def lambda_handler(event, context):
                        return event
                    """,
            },
            fixed={
                "template.yaml": HERE.replace("functions/discovery/", ".").replace(
                    "handler.lambda_handler", "functions/discovery/handler.lambda_handler"
                )
            },
        ),
        bad(
            "a folder of code, although builds write into folders of that name",
            {
                "template.yaml": TEMPLATE.replace("functions/discovery/", "functions/publish/"),
                "functions/publish/publisher.py": """
                    def lambda_handler(event, context):
                        return event
                    """,
            },
            fixed={
                "template.yaml": HERE.replace("functions/discovery/", "functions/publish/").replace(
                    "handler.lambda_handler", "publisher.lambda_handler"
                )
            },
        ),
        bad(
            "code in the template is always index.py",
            INLINE,
            fixed=INLINE.replace("handler.handler  # <- S3AP301", "index.handler"),
        ),
        bad(
            "no function is named at all",
            {
                "template.yaml": TEMPLATE.replace("handler.lambda_handler", "handler"),
                "functions/discovery/handler.py": """
                    def handler(event, context):
                        return event
                    """,
            },
            fixed={"template.yaml": HERE.replace("handler.lambda_handler", "handler.handler")},
        ),
        bad(
            "a stub, until a script uploads what is meant",
            {
                "infra/template.yaml": """
                    Resources:
                      Interceptor:
                        Type: AWS::Lambda::Function
                        Properties:
                          Runtime: python3.12
                          Handler: interceptor.handler  # <- S3AP301
                          Code:
                            ZipFile: |
                              def handler(event, context):
                                  return event
                    """,
                "upload_interceptor.py": "client.update_function_code(FunctionName=name, ZipFile=archive)\n",
            },
        ),
        good(
            "defined with a decorator",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    from aws_lambda_powertools import Tracer

                    tracer = Tracer()

                    @tracer.capture_lambda_handler
                    def lambda_handler(event, context):
                        return event
                    """,
            },
        ),
        good(
            "an instance that can be called",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    class Discovery:
                        def __call__(self, event, context):
                            return event

                    lambda_handler = Discovery()
                    """,
            },
        ),
        good(
            "imported from another module, from a package, or by a star",
            {
                "template.yaml": HERE,
                "functions/discovery/handler.py": """
                    from entry import *
                    """,
                "functions/discovery/entry.py": """
                    from impl import run as lambda_handler
                    """,
                "functions/discovery/impl.py": """
                    from mangum import Mangum

                    run = Mangum(None)
                    """,
            },
        ),
        good(
            "a package, with dots or slashes",
            {
                "template.yaml": HERE.replace("handler.lambda_handler", "discovery/handler.lambda_handler").replace(
                    "functions/discovery/", "functions"
                ),
                "functions/discovery/handler.py": """
                    def lambda_handler(event, context):
                        return event
                    """,
            },
        ),
        good(
            "in a layer of the template",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Resources:
                      Shared:
                        Type: AWS::Serverless::LayerVersion
                        Properties:
                          ContentUri: layer/
                      Discovery:
                        Type: AWS::Serverless::Function
                        Properties:
                          Runtime: python3.12
                          CodeUri: functions/
                          Layers: [!Ref Shared]
                          Handler: common.entry.handler
                    """,
                "functions/settings.py": "PREFIX = 'reports/'",
                "layer/python/common/entry.py": """
                    def handler(event, context):
                        return event
                    """,
            },
        ),
        good(
            "in a layer that is not ours, which wraps the handler",
            {
                "template.yaml": HERE.replace(
                    "handler.lambda_handler",
                    "datadog_lambda.handler.handler\n"
                    "          Layers: [arn:aws:lambda:ap-northeast-1:123456789012:layer:Datadog:1]",
                ),
                "functions/discovery/app.py": "def handler(event, context): ...",
            },
        ),
        good(
            "a program that a web adapter starts",
            {
                "template.yaml": HERE.replace(
                    "handler.lambda_handler",
                    "run.sh\n          Environment: {Variables: {AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap}}",
                ),
                "functions/discovery/app.py": "PORT = 8080",
            },
        ),
        good("a build product that is not checked in", HERE.replace("functions/discovery/", "dist/discovery.zip")),
        good("a folder that a build writes", HERE.replace("functions/discovery/", "build/discovery")),
        good(
            "another language",
            HERE.replace("python3.12", "nodejs22.x"),
        ),
        good(
            "what a makefile puts together",
            {
                "template.yaml": HERE.rstrip() + "\n        Metadata: {BuildMethod: makefile}\n",
                "functions/discovery/Makefile": "build-Discovery:\n\tcp ../*.py $(ARTIFACTS_DIR)\n",
            },
        ),
    ],
)
def handler_not_found(function: Function) -> Iterator[Finding]:
    """
    The handler that a function names does not exist.

    When the folder is missing, the build fails; when the file or the function in it is, the function deploys and
    every event ends in `Runtime.ImportModuleError` or `Runtime.HandlerNotFound`.

    `Handler` is the module and the function in it (`handler.lambda_handler` for `lambda_handler` in `handler.py`),
    looked up from the folder that `CodeUri` names. Imported names, decorators and layers count. Code that is made by a
    build, or lies in a bucket, is not looked for; such functions are counted as unchecked.
    """
    found = _no_function(function) or _missing_code(function) or _missing_name(function)
    if found is not None:
        yield found


def _no_function(function: Function) -> Finding | None:
    name = function.handler
    if not name or "." in name or function.started_elsewhere or "{" in name:
        return None
    return Finding(
        f"Handler {name!r} names a module and no function in it; every event of {function.id} fails",
        at=function.resource.property("Handler").at,
        related=(function.at.noted("the function"),),
        fix=named_inline(function) if function.is_inline else _module_too(function),
    )


def _module_too(function: Function) -> Fix | None:
    """A fix that names the module as well, where one alone can be meant."""
    missing = function.missing_code
    return named_in_folder(function, missing.folder) if missing is not None and missing.lacks == "file" else None


def _missing_code(function: Function) -> Finding | None:
    missing = function.missing_code
    if missing is None:
        return None
    handler, uri = function.resource.property("Handler"), function.resource.property("CodeUri")
    if missing.lacks == "folder":
        code = uri or function.resource.properties["Code"]
        return Finding(
            f"{code.text!r} is not there; {function.id} cannot be built",
            at=code.at,
            related=(function.at.noted("the function"), *stand_ins_of(function)),
            fix=found_in_folder(function, missing.folder),
        )
    module = function.handler.rpartition(".")[0]
    near = _near(module.replace("/", "."), function.modules_in(missing.folder))
    where = missing.folder or "the project's folder"
    return Finding(
        f"{where} has no module {module!r} for {function.id}{near}; every event fails with ImportModuleError",
        at=handler.at,
        related=(function.at.noted("the function"), *stand_ins_of(function)),
        fix=named_in_folder(function, missing.folder),
    )


def _missing_name(function: Function) -> Finding | None:
    closure, handler = function.closure, function.resource.property("Handler")
    if closure is None or function.started_elsewhere:
        return None
    module, _, name = function.handler.rpartition(".")
    if function.is_inline and module != "index":
        return _misnamed_inline_code(function, module)
    if closure.handler_exists is not Answer.NO or not function.runs_named_module:
        return None
    near = _near(name, function.entry_candidates)
    guess = f" (its code was found by {function.guess})" if function.guess else ""
    return Finding(
        f"{closure.entry} does not define {name!r}{near}; every event of {function.id} fails{guess}",
        at=handler.at,
        related=(function.at.noted("the function"), *code_of(function)),
        fix=named_in_module(function),
        severity=Severity.WARNING if function.guess else None,
    )


def _misnamed_inline_code(function: Function, module: str) -> Finding:
    until = " until another package takes its place" if function.is_placeholder else ""
    return Finding(
        f"code in a template is the module 'index', not {module!r}; every event of {function.id} fails{until}",
        at=function.resource.property("Handler").at,
        related=(function.at.noted("the function"),),
        fix=named_inline(function),
        severity=Severity.WARNING if until else None,
    )


def _near(name: str, candidates: Iterable[str]) -> str:
    """The candidate that is meant, most likely, as a part of a message."""
    known = [one for one in dict.fromkeys(candidates) if one != name]
    close = get_close_matches(name, known, 1, 0.5) or [one for one in known if "handler" in one.rpartition(".")[2]][:1]
    close = close or (known if len(known) == 1 else [])
    return f" (did you mean {close[0]!r}?)" if close else ""
