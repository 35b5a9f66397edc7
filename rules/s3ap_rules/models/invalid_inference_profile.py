"""S3AP712: the id of an inference profile that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import (
    Application,
    BedrockModel,
    Finding,
    Function,
    ModelMention,
    Options,
    PythonFile,
    Severity,
    bad,
    called_from,
    detects,
    good,
    model_mentions,
    model_mentions_in,
    models_measured,
    rule,
)
from s3ap_rules.models import replacement
from s3ap_rules.models.model_example import HANDLER, project, template

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
NOVA = "amazon.nova-lite-v1:0"


@rule(
    code="S3AP712",
    subject=Application,
    severity=Severity.ERROR,
    since="0.1.0",
    options={"region": ""},
    examples=[
        bad(
            "a geography that the model has no profile for; one profile is called from all of it",
            project(f"apac.{HAIKU}", "S3AP712"),
            fixed={"template.yaml": template(f"global.{HAIKU}")},
        ),
        bad(
            "the same where the Region is known",
            project(f"apac.{HAIKU}", "S3AP712"),
            fixed={"template.yaml": template(f"jp.{HAIKU}")},
            options={"region": "ap-northeast-1"},
        ),
        bad(
            "a model that has no profile",
            project(f"us.{TITAN}", "S3AP712"),
            fixed={"template.yaml": template(TITAN)},
        ),
        bad("a prefix that no profile has", project(f"asia.{NOVA}", "S3AP712")),
        bad(
            "a version that the model does not have",
            project("us.anthropic.claude-sonnet-4-6-v1:0", "S3AP712"),
            fixed={"template.yaml": template("us.anthropic.claude-sonnet-4-6")},
        ),
        bad(
            "a profile of other Regions than the one that is deployed to",
            project(f"apac.{NOVA}", "S3AP712"),
            fixed={"template.yaml": template(f"eu.{NOVA}")},
            options={"region": "eu-west-3"},
        ),
        bad(
            "one of the values that may be chosen",
            {
                "template.yaml": template(f"global.{HAIKU}").replace(
                    "    Resources:",
                    f"        AllowedValues:\n          - global.{HAIKU}\n"
                    f"          - ca.{HAIKU}  # <- S3AP712\n    Resources:",
                    1,
                ),
                "functions/report.py": HANDLER,
            },
        ),
        good("profiles that exist", project(f"jp.{HAIKU}") | {"other.yaml": template("us.deepseek.r1-v1:0")}),
        good("a partition that was not measured", project(f"us-gov.{HAIKU}")),
        good("a model that is not in the table", project("us.acme.model-v1:0")),
        good("a model that may be newer than the table", project("us.amazon.nova-lite-v7:0")),
        good("a model past its end of life, of which something else is said", project("eu.anthropic.claude-v2:1")),
    ],
)
def invalid_inference_profile(application: Application, options: Options) -> Iterator[Finding]:
    """
    The id of an inference profile names one that does not exist.

    A profile has the id of a model behind the prefix of a geography. Which geographies there are differs from model
    to model: `apac.` has the older ones only, newer ones have `jp.`, `au.`, `in.` or `global.` there, and many models
    have no profile at all. The id looks right, the stack deploys, and every call ends in ValidationException ("The
    provided model identifier is invalid").

    What exists was measured in every commercial Region (data/bedrock_models.json says when); prefixes of other
    partitions, and models that are not in the table, are left alone. With the Region that is deployed to, profiles
    that cannot be called from there are reported too:

        [rules.invalid-inference-profile]
        region = "eu-west-1"

    Name a profile that exists, or the bare id of a model that needs none.
    """
    used = replacement.prefixes_used(application)
    for one in application.templates:
        for mention in model_mentions(one) if not one.unknown_macros else ():
            said = message(mention, options["region"])
            if not said or not (mention.called or mention.form == "mapping"):
                continue
            new = instead(mention, options["region"], used)
            yield Finding(
                said,
                at=mention.at,
                fix=replacement.in_template(mention, one, application, new) if new is not None else None,
                severity=Severity.WARNING if mention.form == "allowed" else None,
            )


def message(mention: ModelMention, region: str) -> str:
    """What is wrong about the id of a profile, wherever it stands; "" when nothing is."""
    model, day = mention.model, models_measured()
    if mention.exists is False:
        there = ", ".join(f"{one}.{model.base}" for one in model.profiles)
        fact = f"{mention.text} is no inference profile"
        if model.base not in mention.text:
            fact += f"; the model is called {model.base}"
        has = (
            f"its profiles are {there} ({day})" if there else f"the model has none ({day}) and is called by its bare id"
        )
        return f"{fact}; every call ends in ValidationException; {has}"
    if mention.exists and region and called_from(model.prefix) and region not in called_from(model.prefix):
        return f"{mention.text} cannot be called from {region}; every call there ends in ValidationException"
    return ""


def instead(mention: ModelMention, region: str, used: frozenset[str]) -> BedrockModel | None:
    """The id that is meant; None when several may be."""
    model = mention.model
    near = not region or region in called_from(model.prefix)
    return replacement.wanted(model, region, used - {model.prefix}, model.prefix if near else "")


@detects(
    "S3AP712",
    subject=PythonFile,
    examples=[
        bad(
            "in a call, and as the default of a variable",
            {
                "functions/ask.py": f"""
                    import os

                    import boto3

                    MODEL_ID = os.environ.get("MODEL_ID", "apac.{HAIKU}")  # <- S3AP712

                    def embed(body):
                        client = boto3.client("bedrock-runtime")
                        return client.invoke_model(modelId="us.{TITAN}", body=body)  # <- S3AP712
                    """,
            },
            fixed={
                "functions/ask.py": f"""
                    import os

                    import boto3

                    MODEL_ID = os.environ.get("MODEL_ID", "global.{HAIKU}")

                    def embed(body):
                        client = boto3.client("bedrock-runtime")
                        return client.invoke_model(modelId="{TITAN}", body=body)
                    """,
            },
        ),
        good("a profile that exists", {"functions/ask.py": f'MODEL_ID = "jp.{HAIKU}"\n'}),
        good(
            "ids that nothing is done with",
            {"scripts/check.py": f'INVALID_MODELS = ["us.{TITAN}"]\nBAD_MODEL = "us.{TITAN}"\n'},
        ),
    ],
)
def invalid_inference_profile_in_file(file: PythonFile, options: Options) -> Iterator[Finding]:
    """Ids in code, whoever runs it."""
    for mention in model_mentions_in(file.module) if not file.vendored else ():
        said = message(mention, options["region"])
        if said:
            new = instead(mention, options["region"], frozenset())
            fix = replacement.in_code(mention, file.module, new) if new is not None else None
            yield Finding(said, at=mention.at, fix=fix)


@detects("S3AP712", subject=Function)
def invalid_inference_profile_inline(function: Function, options: Options) -> Iterator[Finding]:
    """Ids in code that stands in the template."""
    for mention in model_mentions_in(function.inline) if function.inline is not None else ():
        said = message(mention, options["region"])
        if said:
            yield Finding(said, at=function.placed(mention.at))
