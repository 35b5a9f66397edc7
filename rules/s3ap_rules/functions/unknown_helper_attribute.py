"""S3AP311: an attribute that the project's own class or module does not have."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Severity, UnknownAttribute, bad, good, rule

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Extract:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/extract/
    """
HELPER = """
    import boto3

    LIMIT = 5

    class S3ApHelper:
        chunk = 8

        def __init__(self, access_point):
            self.access_point = access_point
            self._client = boto3.client("s3")

        def get_object(self, key):
            return self._client.get_object(Bucket=self.access_point, Key=key)
    """


def project(handler: str, helper: str = HELPER) -> dict[str, str]:
    """A function with a helper of the project beside it."""
    return {
        "template.yaml": TEMPLATE,
        "functions/extract/handler.py": handler,
        "functions/extract/s3ap_helper.py": helper,
    }


@rule(
    code="S3AP311",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a method that the helper does not have",
            project("""
                import os

                from s3ap_helper import S3ApHelper

                def handler(event, context):
                    s3ap = S3ApHelper(os.environ["S3_ACCESS_POINT"])
                    try:
                        return s3ap.get_object_bytes(key=event["key"])  # <- S3AP311
                    except Exception as error:
                        return str(error)
                """),
        ),
        bad(
            "a name that the module does not have",
            project("""
                import s3ap_helper
                from s3ap_helper import S3ApWriter  # <- S3AP311

                def handler(event, context):
                    return S3ApWriter, s3ap_helper.MAXIMUM  # <- S3AP311
                """),
        ),
        bad(
            "a helper that is made once, and one that is kept in an attribute",
            project("""
                from s3ap_helper import S3ApHelper

                helper = S3ApHelper("documents")

                class Reader:
                    def __init__(self):
                        self.source = S3ApHelper("documents")

                    def read(self, key):
                        return self.source.read_object(key)  # <- S3AP311

                def handler(event, context):
                    Reader().read(event["key"])
                    return helper.head_object(event["key"])  # <- S3AP311
                """),
        ),
        good(
            "what the class, its instances and the module have",
            project("""
                import s3ap_helper
                from s3ap_helper import S3ApHelper

                class Cached(S3ApHelper):
                    pass

                def handler(event, context):
                    helper = Cached("documents")
                    helper.seen = 1
                    print(helper.access_point, helper.chunk, helper.seen, helper.__class__.__name__, s3ap_helper.LIMIT)
                    return helper.get_object(event["key"])
                """),
        ),
        good(
            "a name that gets another meaning, here or in a scope inside",
            project("""
                import boto3
                from s3ap_helper import S3ApHelper

                def handler(event, context):
                    helper = S3ApHelper("documents")
                    if event.get("direct"):
                        helper = boto3.client("s3")
                    helper.list_buckets()
                    other = S3ApHelper("documents")
                    names = [other.upper() for other in event["names"]]
                    for each in (lambda other: other.title(), str.lower):
                        names += map(each, names)
                    return names
                """),
        ),
        good(
            "attributes that come about while the program runs",
            project(
                """
                from s3ap_helper import Lazy, Record, Settings, open_it

                def handler(event, context):
                    settings = Settings()
                    with open_it("documents") as helper:
                        helper.anything()
                    record = Record(event)
                    if hasattr(record, "region"):
                        print(record.region)
                    return Lazy().anything, settings.bucket, record.keys()
                """,
                """
                import contextlib

                from acme import Base

                class Lazy:
                    def __getattr__(self, name):
                        return name

                class Settings:
                    def __init__(self):
                        for name in ("bucket", "prefix"):
                            setattr(self, name, name.upper())

                class Record(dict):
                    pass

                class Foreign(Base):
                    pass

                @contextlib.contextmanager
                def open_it(name):
                    yield Foreign(name)
                """,
            ),
        ),
        good(
            "the program is ready for another version of the helper",
            project("""
                from s3ap_helper import S3ApHelper

                try:
                    from s3ap_helper import streamed
                except ImportError:
                    streamed = None

                def handler(event, context):
                    helper = S3ApHelper("documents")
                    try:
                        return helper.get_object_bytes(event["key"])
                    except AttributeError:
                        return helper.get_object(event["key"])["Body"].read()

                def for_the_shell():
                    return S3ApHelper("documents").unused()
                """),
        ),
    ],
)
def unknown_helper_attribute(function: Function) -> Iterator[Finding]:
    """
    A handler asks a class or module of the project for an attribute that it does not have.

    The import or the event that comes this way fails with ImportError or AttributeError. Tests do not notice when the
    helper is mocked: a mock has every attribute that it is asked for.

    Looked at is code that the handler reaches, and names whose meaning is certain. Classes that derive from others'
    classes, have `__getattr__` or set attributes by name, and names that mean different things, are left alone.

    Call what there is, or add what is missing to the class.
    """
    for unknown in function.unknown_attributes:
        yield _finding(function, unknown)


def _finding(function: Function, unknown: UnknownAttribute) -> Finding:
    effect = "so every event fails at import" if unknown.on_import else "so the events that come this way fail"
    return Finding(
        f"{unknown.owner} has no {unknown.name}, {effect}",
        at=unknown.at,
        related=(
            function.at.noted(f"{function.id} runs this"),
            unknown.defined.noted(f"the {'module' if unknown.kind == 'module' else 'class'}"),
        ),
        severity=Severity.WARNING if function.guess else None,
    )
