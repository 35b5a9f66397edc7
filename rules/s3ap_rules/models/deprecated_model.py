"""S3AP713: a model that is at its end, or near it."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import (
    Application,
    BedrockModel,
    Finding,
    Fix,
    Function,
    ModelMention,
    Options,
    PythonFile,
    Safety,
    Severity,
    bad,
    detects,
    good,
    model_mentions,
    model_mentions_in,
    models_measured,
    rule,
)
from s3ap_rules.models import replacement
from s3ap_rules.models.model_example import HANDLER, project, template

OLD_HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
TITAN_TEXT = "amazon.titan-text-express-v1"
SONNET_4_5 = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@rule(
    code="S3AP713",
    subject=Application,
    severity=Severity.WARNING,
    since="0.1.0",
    options={"region": ""},
    examples=[
        bad("a default past its end of life", project(OLD_HAIKU, "S3AP713")),
        bad(
            "the same where the Region says which profile of its successor is meant",
            project(OLD_HAIKU, "S3AP713"),
            fixed={"template.yaml": template(f"eu.{HAIKU}")},
            options={"region": "eu-central-1"},
        ),
        bad(
            "a profile of a model that has a successor in the same geography",
            project(f"jp.{SONNET_4_5}", "S3AP713"),
            fixed={"template.yaml": template("jp.anthropic.claude-sonnet-4-6")},
        ),
        bad(
            "a role that may call the one model only",
            {
                "template.yaml": template(f"us.{SONNET_4_5}", "S3AP713")
                .replace("foundation-model/*", f"foundation-model/{SONNET_4_5}")
                .replace("inference-profile/*", f"inference-profile/us.{SONNET_4_5}"),
                "functions/report.py": HANDLER,
            },
        ),
        bad("a successor that takes another request", project(TITAN_TEXT, "S3AP713")),
        bad(
            "one of the values that may be chosen",
            {
                "template.yaml": template(f"global.{HAIKU}").replace(
                    "    Resources:",
                    f"        AllowedValues:\n          - global.{HAIKU}\n"
                    f"          - {TITAN_TEXT}  # <- S3AP713\n    Resources:",
                    1,
                ),
                "functions/report.py": HANDLER,
            },
        ),
        good("models that are active", project(f"jp.{HAIKU}") | {"other.yaml": template("us.deepseek.r1-v1:0")}),
        good("a model that is not in the table", project("acme.model-v1:0")),
        good(
            "a parameter that only a grant names",
            {
                "template.yaml": template(OLD_HAIKU)
                .replace("foundation-model/*", "foundation-model/claude")
                .replace(
                    "- arn:aws:bedrock:*::foundation-model/claude",
                    '- !Sub "arn:aws:bedrock:*::foundation-model/${BedrockModelId}"',
                )
                .replace("!Ref BedrockModelId", f"jp.{HAIKU}"),
                "functions/report.py": HANDLER,
            },
        ),
    ],
)
def deprecated_model(application: Application, options: Options) -> Iterator[Finding]:
    """
    A model is legacy, or has reached its end of life.

    A legacy model cannot be taken up by accounts that do not use it, and is taken from those that pause; after its end
    of life every call ends in an error, in a stack that nobody changed. Migration never happens by itself.

    The dates are those of Bedrock's lifecycle page (data/bedrock_models.json says of which day), not those of the
    model's provider; a date counts as past if it was when the table was made, so that a run says the same on any
    day. Where some Regions still serve a model, the message names them; this says which one is deployed to:

        [rules.deprecated-model]
        region = "eu-west-1"

    Call the successor that the message names. Compare its answers first, and its request if it is of another family
    (S3AP714); S3AP408 says what to grant.
    """
    region = options["region"]
    used = replacement.prefixes_used(application)
    for one in application.templates:
        for mention in model_mentions(one) if not one.unknown_macros else ():
            said = message(mention.model, region)
            if not said or not (mention.called or mention.form == "mapping"):
                continue
            new = instead(mention, region, used)
            fix = replacement.in_template(mention, one, application, new) if new is not None else None
            yield Finding(said, at=mention.at, fix=fix)


def message(model: BedrockModel, region: str) -> str:
    """What is said about a model that is at its end, wherever it stands; "" about any other."""
    if not model.legacy:
        return ""
    then = f"; move to {model.successor.id}" if model.successor else ""
    if not model.end:
        return f"{model.base} is legacy, as seen on {models_measured()}; calls fail after its end of life{then}"
    if not model.ended:
        fact = f"{model.base} is legacy since {model.legacy} and reaches its end of life on {model.end}"
        return f"{fact}; calls fail from then on{then}"
    if region and region in model.left:
        fact = f"{model.base} is legacy since {model.legacy} and reached its end of life elsewhere on {model.end}"
        return f"{fact}; {region} is one of the last Regions to serve it{then}"
    but = f", except in {', '.join(model.left)}" if model.left else ""
    return f"{model.base} reached its end of life on {model.end}; calls of it fail{but}{then}"


def instead(mention: ModelMention, region: str, used: frozenset[str]) -> BedrockModel | None:
    """The id of the successor, if it takes the same request, by the profile that fits."""
    model, new = mention.model, mention.model.successor
    if new is None or new.body != model.body or new.legacy:
        return None
    return replacement.wanted(new, region, used, "" if region else model.prefix)


@detects(
    "S3AP713",
    subject=PythonFile,
    examples=[
        bad(
            "the default of a variable and of a parameter",
            {
                "functions/ask.py": f"""
                    import os

                    def ask(text, model_id=None, other_model="{TITAN_TEXT}"):  # <- S3AP713
                        model_id = model_id or os.environ.get("MODEL_ID", "{OLD_HAIKU}")  # <- S3AP713
                        return model_id, other_model, text
                    """,
            },
        ),
        bad(
            "a constant",
            {"functions/ask.py": f'DEFAULT_MODEL = "us.{SONNET_4_5}"  # <- S3AP713\n'},
        ),
        good(
            "a table of models that were, comparisons, and prose",
            {
                "scripts/check.py": f'''
                    """Once {OLD_HAIKU} was good enough."""

                    DEPRECATED = {{"{OLD_HAIKU}": "2026-09-10"}}
                    RETIRED_MODEL = "{OLD_HAIKU}"

                    def is_old(model_id):
                        return model_id == "{OLD_HAIKU}" or model_id in DEPRECATED
                    ''',
            },
        ),
    ],
)
def deprecated_model_in_file(file: PythonFile, options: Options) -> Iterator[Finding]:
    """Ids in code, whoever runs it."""
    for mention in model_mentions_in(file.module) if not file.vendored else ():
        said = message(mention.model, options["region"])
        if said:
            new = instead(mention, options["region"], frozenset())
            # whoever runs it grants the old one
            fix = Fix(f"Use {new.id}, and grant it", (), Safety.MANUAL) if new is not None else None
            yield Finding(said, at=mention.at, fix=fix)


@detects("S3AP713", subject=Function)
def deprecated_model_inline(function: Function, options: Options) -> Iterator[Finding]:
    """Ids in code that stands in the template."""
    for mention in model_mentions_in(function.inline) if function.inline is not None else ():
        said = message(mention.model, options["region"])
        if said:
            yield Finding(said, at=function.placed(mention.at))
