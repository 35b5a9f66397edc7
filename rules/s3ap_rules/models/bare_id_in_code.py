"""S3AP711 in code: the id stands where the call is made, or is the default of a variable that nobody sets."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from s3ap_lint.api import (
    BedrockModel,
    BedrockUse,
    Finding,
    Fix,
    FromEnvironment,
    Function,
    Leaf,
    Location,
    ModelMention,
    Module,
    Options,
    PythonFile,
    Traced,
    bad,
    bedrock_lack,
    detects,
    good,
    meant_model,
    model_mentions_in,
    offer,
)
from s3ap_rules.models import replacement
from s3ap_rules.models.bare_model_id import calls_of, is_bare, message, served_by_client
from s3ap_rules.models.model_example import template

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
R1 = "deepseek.r1-v1:0"

LITERAL = """
    import json

    import boto3

    client = boto3.client("bedrock-runtime")

    def handler(event, context):
        body = {"prompt": event["text"], "max_tokens": 512}
        return client.invoke_model(
            modelId="MODEL",
            body=json.dumps(body),
        )["body"].read()
"""
DEFAULTED = """
    import os

    import boto3

    MODEL_ID = os.environ.get("SUMMARY_MODEL_ID", "MODEL")

    def handler(event, context):
        return boto3.client("bedrock-runtime").converse(modelId=MODEL_ID, messages=event["messages"])["output"]
"""


@detects(
    "S3AP711",
    subject=Function,
    examples=[
        bad(
            "the id in the call",
            {
                "template.yaml": template("x"),
                "functions/report.py": LITERAL.replace('"MODEL",', f'"{R1}",  # <- S3AP711'),
            },
            fixed={"functions/report.py": LITERAL.replace("MODEL", f"us.{R1}")},
        ),
        bad(
            "the default of a variable that the template does not set",
            {
                "template.yaml": template("x"),
                "functions/report.py": DEFAULTED.replace('MODEL")', f'{HAIKU}")  # <- S3AP711'),
            },
        ),
        good(
            "the default of a variable that the template sets",
            {
                "template.yaml": template(f"jp.{HAIKU}"),
                "functions/report.py": DEFAULTED.replace("SUMMARY_MODEL_ID", "BEDROCK_MODEL_ID").replace(
                    'MODEL")', f'{HAIKU}")'
                ),
            },
        ),
        good(
            "a list of models that something else is done with",
            {
                "template.yaml": template("x"),
                "functions/report.py": f"""
                    KNOWN = {{"{HAIKU}": 0.001, "{NOVA}": 0.0006}}

                    def handler(event, context):
                        return KNOWN[event["model"]]
                    """,
            },
        ),
    ],
)
def bare_model_id_in_code(function: Function, options: Options) -> Iterator[Finding]:
    """Ids that the code of a function calls a model by."""
    for call in calls_of(function):
        for traced in call.texts("modelId"):
            text = _by_itself(traced, function)
            model = meant_model(text) if text else None
            if model is None or not is_bare(model, options["region"]) or served_by_client(call, model.regions or ()):
                continue
            fix = _in_function(function, traced.at, model, options["region"])
            yield Finding(message(model, options["region"]), at=traced.at, fix=fix)


def _by_itself(traced: Traced, function: Function) -> str:
    """The id that the code itself gives, also as the default of a variable that the template does not set."""
    if traced.text or len(traced.pieces) != 1 or not isinstance(traced.pieces[0], FromEnvironment):
        return traced.text
    variable = traced.pieces[0]
    is_set = any(name in function.variables for name in variable.names) or not function.names_every_variable
    return "" if is_set else variable.default or ""


def _in_function(function: Function, at: Location, model: BedrockModel, region: str) -> Fix | None:
    """A fix where the literal stands, unless the role would then lack something."""
    new = replacement.wanted(model, region, frozenset())
    closure = function.closure
    if new is None or closure is None or _lacks(function, new):
        return None
    module = next((one for one in closure.modules if one.path == at.subject), None)
    edit = replacement.literal_edit(model.id, at, module, new.id) if module is not None else None
    return offer(f"Use {new.id}", edit)


def _lacks(function: Function, new: BedrockModel) -> bool:
    role = function.role
    if role is None:
        return False
    use = BedrockUse(new, Leaf((new.id,), function.resource.node))
    outcomes = role.template.outcomes(lambda world: role.exists(world) and bedrock_lack(role, use, world) is not None)
    return any(outcome.answer for outcome in outcomes)


@detects(
    "S3AP711",
    subject=PythonFile,
    examples=[
        bad(
            "a script",
            {
                "scripts/ask.py": f"""
                    import boto3

                    MODEL = "{R1}"  # <- S3AP711

                    print(boto3.client("bedrock-runtime").converse(modelId=MODEL, messages=[]))
                    """,
            },
            fixed={
                "scripts/ask.py": f"""
                    import boto3

                    MODEL = "us.{R1}"

                    print(boto3.client("bedrock-runtime").converse(modelId=MODEL, messages=[]))
                    """,
            },
        ),
        good(
            "a script for a Region that serves it, and a test",
            {
                "scripts/ask.py": f"""
                    import boto3

                    client = boto3.client("bedrock-runtime", region_name="us-east-1")
                    print(client.converse(modelId="{NOVA}", messages=[]))
                    """,
                "tests/test_ask.py": f"""
                    def test_ask(client):
                        client.converse(modelId="{NOVA}", messages=[])
                    """,
            },
        ),
    ],
)
def bare_model_id_in_file(file: PythonFile, options: Options) -> Iterator[Finding]:
    """Ids in the calls of a file that no function need run."""
    if file.vendored:
        return
    for mention in model_mentions_in(file.module):
        if mention.called and is_bare(mention.model, options["region"]) and not _names_one_of(file.module, mention):
            new = replacement.wanted(mention.model, options["region"], frozenset())
            fix = replacement.in_code(mention, file.module, new) if new is not None else None
            yield Finding(message(mention.model, options["region"]), at=mention.at, fix=fix)


def _names_one_of(module: Module, mention: ModelMention) -> bool:
    """Whether a file makes something for a Region that serves the model."""
    named = (one.value for one in module.nodes if isinstance(one, ast.keyword) and one.arg == "region_name")
    texts = {one.value for one in named if isinstance(one, ast.Constant)}
    return bool(texts & set(mention.model.regions or ()))
