"""S3AP109: an object is written past the project's output writer."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from s3ap_lint.api import Finding, Function, Options, Severity, bad, good, rule

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/report/
    """

WRITER = """
    import os

    import boto3

    class OutputWriter:
        def __init__(self):
            self._client = boto3.client("s3")

        def put_json(self, key, body):
            self._client.put_object(Bucket=os.environ["OUTPUT_BUCKET"], Key=key, Body=body)
    """


@rule(
    code="S3AP109",
    subject=Function,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    options={"writers": ["shared.output_writer.OutputWriter", "shared.s3ap_helper.S3ApHelper"], "paths": []},
    examples=[
        bad(
            "boto3 is asked directly",
            {
                "template.yaml": TEMPLATE,
                "shared/output_writer.py": WRITER,
                "functions/report/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        s3 = boto3.client("s3")
                        s3.put_object(Bucket=os.environ["OUTPUT_BUCKET"], Key="報告.json", Body=b"{}")  # <- S3AP109
                    """,
            },
        ),
        good(
            "the writer, which asks boto3 itself",
            {
                "template.yaml": TEMPLATE,
                "shared/output_writer.py": WRITER,
                "functions/report/handler.py": """
                    from shared.output_writer import OutputWriter

                    def handler(event, context):
                        OutputWriter().put_json("report.json", b"{}")
                    """,
            },
        ),
        good(
            "something else that has such a method",
            {
                "template.yaml": TEMPLATE,
                "shared/output_writer.py": WRITER,
                "functions/report/handler.py": """
                    from cache import Cache

                    def handler(event, context):
                        Cache().put_object(Key="report.json", Body=b"{}")
                    """,
                "functions/report/cache.py": """
                    class Cache:
                        def put_object(self, Key, Body):
                            return None
                    """,
            },
        ),
        good(
            "a store that somebody else runs, perhaps",
            {
                "template.yaml": TEMPLATE,
                "shared/output_writer.py": WRITER,
                "functions/report/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        for endpoint in (event["origin"], os.environ["CDN_ENDPOINT"]):
                            publish(endpoint)
                        publish(os.environ["CDN_ENDPOINT"])

                    def publish(endpoint):
                        origin = boto3.client("s3", endpoint_url=endpoint)
                        origin.put_object(Bucket="videos", Key="report.json", Body=b"{}")
                    """,
            },
        ),
        good(
            "a project without a writer",
            {
                "template.yaml": TEMPLATE,
                "functions/report/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("s3").put_object(Bucket="reports", Key="report.json", Body=b"{}")
                    """,
            },
        ),
        good(
            "a folder that the configuration excepts",
            {
                "template.yaml": TEMPLATE,
                "shared/output_writer.py": WRITER,
                "functions/report/handler.py": """
                    import boto3

                    def handler(event, context):
                        boto3.client("s3").put_object(Bucket="reports", Key="report.json", Body=b"{}")
                    """,
            },
            options={"paths": ["functions/report/*"]},
        ),
    ],
)
def direct_put_object(function: Function, options: Options) -> Iterator[Finding]:
    """
    A handler writes with boto3's `put_object`, though the project has a writer for its outputs.

    The writer decides where outputs go: a bucket, or the volume by way of its access point. What is written past it
    stays in the bucket when the destination is switched, and is limited to 5 GB.

    `writers` names the classes that may call `put_object`, with their modules; where a function can import none of
    them, the rule is silent. `paths` are files, with wildcards, that may too.
    """
    writers = {}
    for writer in options["writers"]:
        module, _, name = writer.rpartition(".")
        path = function.importable(module)
        if path:
            writers[path, name] = name
    if not writers:
        return
    first = next(iter(writers.values()))
    for call in function.sdk_calls(["put_object"]):
        path = call.at.subject
        if call.service != "s3" or (path, call.scope.partition(".")[0]) in writers:
            continue
        endpoints = call.made_with("endpoint_url")
        if endpoints is None or not all("amazonaws.com" in endpoint for endpoint in endpoints):
            continue  # it may be the store of somebody else
        if any(fnmatchcase(path, pattern) for pattern in options["paths"]):
            continue
        yield Finding(
            f"put_object is called past {first}; this output stays where it is when the destination is switched",
            at=call.at,
            related=(function.at.noted(f"{function.id} runs this"),),
        )
