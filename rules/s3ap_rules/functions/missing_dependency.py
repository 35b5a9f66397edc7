"""S3AP307: an import that nothing in the function's package provides."""

from collections.abc import Iterable, Iterator

from s3ap_lint.api import Finding, Function, MissingImport, Severity, bad, good, rule
from s3ap_rules.functions.attached_layer import EXAMPLES, with_layer

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Collect:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/collect/
    """
WITH_LAYER = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      SharedLayer:
        Type: AWS::Serverless::LayerVersion
        Properties:
          ContentUri: .
        Metadata:
          BuildMethod: makefile
      Collect:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: handler.handler
          CodeUri: functions/collect/
          Layers:
            - !Ref SharedLayer
    """
PLAIN_LAYER = WITH_LAYER.replace("ContentUri: .", "ContentUri: layer/").replace(
    """
        Metadata:
          BuildMethod: makefile""",
    "",
)
USES_SHARED = """
    from shared.metrics import count

    def handler(event, context):
        return count(event)
    """
USES_SRC = USES_SHARED.replace("shared", "src")
OF_SRC = TEMPLATE.replace("functions/collect/", "src/")
OF_THE_ROOT = TEMPLATE.replace("functions/collect/", ".").replace("handler.h", "src/handler.h")
METRICS = """
    def count(event):
        return len(event)
    """
STREAMS = """
    def records(event):
        return event["Records"]
    """


@rule(
    code="S3AP307",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a package of the project that lies beside the function's folder",
            {
                "template.yaml": TEMPLATE,
                "functions/collect/handler.py": USES_SHARED.replace("count\n", "count  # <- S3AP307\n", 1),
                "shared/metrics.py": METRICS,
            },
        ),
        bad(
            "first imported by an event that comes a certain way, and a folder on sys.path that is not deployed",
            {
                "template.yaml": TEMPLATE,
                "functions/collect/handler.py": """
                    import os
                    import sys

                    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))

                    def handler(event, context):
                        if os.environ.get("DEMO"):
                            return {}
                        try:
                            from shared.metrics import count  # <- S3AP307

                            return {"count": count(event)}
                        except Exception as error:
                            return {"error": str(error)}
                    """,
                "shared/__init__.py": "",
                "shared/metrics.py": METRICS,
            },
        ),
        bad(
            "a layer whose recipe leaves a part of the package behind",
            {
                "template.yaml": WITH_LAYER,
                "Makefile": (
                    "build-SharedLayer:\n"
                    '\tmkdir -p "$(ARTIFACTS_DIR)/python/shared"\n'
                    '\tcp -r shared/*.py "$(ARTIFACTS_DIR)/python/shared/"\n'
                ),
                "functions/collect/handler.py": USES_SHARED,
                "shared/__init__.py": "from .streams import records  # <- S3AP307\n",
                "shared/metrics.py": METRICS,
                "shared/streams/__init__.py": STREAMS,
            },
        ),
        bad(
            "a package from elsewhere that no requirements file names",
            {
                "template.yaml": TEMPLATE,
                "functions/collect/handler.py": """
                    import json
                    import boto3
                    import requests
                    import yaml  # <- S3AP307

                    def handler(event, context):
                        return json.dumps(yaml.safe_load(requests.get(event["url"]).text))
                    """,
                "functions/collect/requirements.txt": "requests>=2.32\n",
            },
        ),
        bad(
            "a layer whose folder has no folder python",
            {
                "template.yaml": PLAIN_LAYER,
                "functions/collect/handler.py": USES_SHARED.replace("count\n", "count  # <- S3AP307\n", 1),
                "layer/shared/__init__.py": "",
                "layer/shared/metrics.py": METRICS,
            },
        ),
        bad(
            "a layer that is the folder python",
            {
                "template.yaml": PLAIN_LAYER.replace("layer/", "layer/python"),
                "functions/collect/handler.py": USES_SHARED.replace("count\n", "count  # <- S3AP307\n", 1),
                "layer/python/shared/__init__.py": "",
                "layer/python/shared/metrics.py": METRICS,
            },
        ),
        bad(
            "imported by its path from the root of the repository",
            {
                "template.yaml": OF_SRC,
                "README.md": "The code is in src/.\n",
                "src/handler.py": """
                    from src.lib.metrics import count  # <- S3AP307

                    def handler(event, context):
                        return count(event)
                    """,
                "src/lib/__init__.py": "",
                "src/lib/metrics.py": METRICS,
            },
        ),
        good(
            "layers that have a folder python, get one from their build or from a script, or are looked into",
            {
                "plain/template.yaml": PLAIN_LAYER,
                "plain/functions/collect/handler.py": USES_SHARED,
                "plain/layer/python/shared/metrics.py": METRICS,
                "built/template.yaml": f"{PLAIN_LAYER.rstrip()}".replace(
                    "ContentUri: layer/",
                    "ContentUri: layer/\n        Metadata:\n          BuildMethod: python3.13",
                ),
                "built/functions/collect/handler.py": USES_SHARED,
                "built/layer/shared/metrics.py": METRICS,
                "scripted/template.yaml": PLAIN_LAYER,
                "scripted/stage.sh": "mkdir -p build/python && cp -r layer/shared build/python/ && mv build layer\n",
                "scripted/functions/collect/handler.py": USES_SHARED,
                "scripted/layer/shared/metrics.py": METRICS,
                "added/template.yaml": PLAIN_LAYER,
                "added/functions/collect/handler.py": """
                    import sys

                    sys.path.append("/opt")
                    from shared.metrics import count

                    def handler(event, context):
                        return count(event)
                    """,
                "added/layer/shared/metrics.py": METRICS,
            },
        ),
        good(
            "the path from the root where a script copies the folder, or where the package is the root",
            {
                "copied/template.yaml": OF_SRC,
                "copied/build.sh": "cp -r src build/ && mv build/src src/src\n",
                "copied/src/handler.py": USES_SRC,
                "copied/src/metrics.py": METRICS,
                "whole/template.yaml": OF_THE_ROOT,
                "whole/src/handler.py": USES_SRC,
                "whole/src/metrics.py": METRICS,
            },
        ),
        good(
            "a layer that holds all of it",
            {
                "template.yaml": WITH_LAYER,
                "Makefile": (
                    "build-SharedLayer:\n"
                    '\tmkdir -p "$(ARTIFACTS_DIR)/python/shared"\n'
                    "\t# everything, since __init__.py imports it\n"
                    '\tcp -r shared/. "$(ARTIFACTS_DIR)/python/shared/"\n'
                    '\trm -rf "$(ARTIFACTS_DIR)/python/shared/tests"\n'
                ),
                "functions/collect/handler.py": USES_SHARED,
                "shared/__init__.py": "from .streams import records\n",
                "shared/metrics.py": METRICS,
                "shared/streams/__init__.py": STREAMS,
            },
        ),
        good(
            "a script that stages the package",
            {
                "template.yaml": TEMPLATE,
                "build.sh": "for each in functions/*/; do\n  cp -r shared $each\ndone\nsam build\n",
                "functions/collect/handler.py": USES_SHARED,
                "shared/metrics.py": METRICS,
            },
        ),
        good(
            "a script for every application that stages the package beside each handler",
            {
                "archive/template.yaml": TEMPLATE,
                "package.sh": 'for each in "$1"/functions/*/; do\n  cp -R shared "$each"\ndone\n',
                "archive/functions/collect/handler.py": USES_SHARED,
                "shared/metrics.py": METRICS,
            },
        ),
        good(
            "a layer from elsewhere may hold anything",
            {
                "template.yaml": WITH_LAYER.replace(
                    "!Ref SharedLayer", "!Sub arn:aws:lambda:${AWS::Region}:111122223333:layer:tools:1"
                ),
                "functions/collect/handler.py": USES_SHARED,
                "shared/metrics.py": METRICS,
            },
        ),
        good(
            "the package is made elsewhere",
            {
                "template.yaml": """
                    Resources:
                      Collect:
                        Type: AWS::Lambda::Function
                        Properties:
                          Runtime: python3.13
                          Handler: handler.handler
                          Code:
                            S3Bucket: artifacts
                            S3Key: collect.zip
                    """,
                "functions/collect/handler.py": USES_SHARED,
                "shared/metrics.py": METRICS,
            },
        ),
        good(
            "the program does without, or never asks",
            {
                "template.yaml": TEMPLATE,
                "functions/collect/handler.py": """
                    import sys
                    from typing import TYPE_CHECKING

                    if TYPE_CHECKING:
                        from mypy_boto3_s3 import S3Client

                    try:
                        import orjson
                    except ImportError:
                        import json as orjson

                    if sys.version_info < (3, 11):
                        import tomli as tomllib
                    else:
                        import tomllib

                    def handler(event, context):
                        return orjson.dumps(event)

                    def for_the_shell():
                        import click

                        return click.echo("hello")
                    """,
            },
        ),
        good(
            "what comes with Lambda, with requirements, and under another name",
            {
                "template.yaml": TEMPLATE,
                "functions/collect/handler.py": """
                    import dateutil.parser
                    import urllib3
                    import numpy
                    import yaml
                    from botocore.config import Config

                    def handler(event, context):
                        return yaml.safe_dump(numpy.zeros(3).tolist())
                    """,
                "functions/collect/requirements.txt": "PyYAML==6.0.2  # for the report\npandas>=2\n",
            },
        ),
        good(
            "requirements that may bring anything",
            {
                "template.yaml": TEMPLATE,
                "functions/collect/handler.py": """
                    import yaml

                    def handler(event, context):
                        return yaml.safe_dump(event)
                    """,
                "functions/collect/requirements.txt": "acme-tools\n",
            },
        ),
        *EXAMPLES,
    ],
)
def missing_dependency(function: Function) -> Iterator[Finding]:
    """
    A handler imports a module that nothing in its package provides.

    The function deploys, then fails with ModuleNotFoundError: on every event when the import stands at the top of a
    module, else on the first event that comes that way. On a laptop it works, because the repository's root or the
    virtual environment is on `sys.path` there. In Lambda there is the folder of `CodeUri`, what `requirements.txt` in
    it names, the layers, the runtime's own packages (boto3 and what it needs), and nothing else. Recipes of Makefiles
    and build scripts are read as text: what they may stage counts as there.

    A layer's folder becomes `/opt`, and Python looks in `/opt/python`: without a `BuildMethod`, it needs a folder
    `python` of its own. The folder that `CodeUri` names is not in the package itself, only what is in it.

    Attach a layer that holds the module, stage it into the folder before `sam build`, or add it to
    `requirements.txt`.

    A package of the project under `except ImportError` is reported as information: the function runs, and what
    the package is for never does.
    """
    for missing in first_of_each(function.missing_imports):
        yield _finding(function, missing)


def first_of_each(imports: Iterable[MissingImport]) -> list[MissingImport]:
    """One import of each missing package: the one that fails for sure and first."""
    out: dict[str, MissingImport] = {}
    for missing in sorted(imports, key=lambda missing: (missing.expected, not missing.on_import)):
        out.setdefault(missing.top, missing)
    return list(out.values())


def _finding(function: Function, missing: MissingImport) -> Finding:
    related = [function.at.noted(f"{function.id} runs this")]
    if missing.left_out is not None:
        copied = f"{missing.found} is not among what this copies"
        lies = "this folder becomes /opt as it is" if missing.lands else copied
        related.append(missing.left_out.noted(lies))
    effect = "so every event fails at import" if missing.on_import else "so the events that come this way fail"
    severity = None
    if missing.expected:
        effect, severity = "so what is done without it is all that is ever done", Severity.INFO
    return Finding(
        f"{_fact(function, missing)}, {effect}",
        at=missing.at,
        related=tuple(related),
        fix=with_layer(function, missing),
        severity=severity,
    )


def _fact(function: Function, missing: MissingImport) -> str:
    if missing.relative:
        return f"{missing.name} starts from a package, but {function.id} runs this module by itself"
    if missing.lands:
        return (
            f"{missing.name} is imported here, but the layer of {function.id} brings it to {missing.lands}, "
            "and Python looks in /opt/python"
        )
    if missing.around:
        return f"{missing.name} is imported here, but {function.id}'s package starts below the folder {missing.top}"
    if missing.left_out is not None:
        return f"{missing.name} is imported here, but the layer of {function.id} is made without it"
    if missing.found:
        return f"{missing.name} is imported here, but neither {function.id}'s package nor a layer holds it"
    return f"{missing.name} is imported here, but nothing provides it to {function.id}"
