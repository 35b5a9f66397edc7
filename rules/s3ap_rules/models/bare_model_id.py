"""S3AP711: a model is called by its bare id, and is not served so."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import (
    MODEL_CALLS,
    Application,
    BedrockModel,
    BedrockUse,
    Finding,
    FromEnvironment,
    Function,
    ModelMention,
    Options,
    Role,
    SdkCall,
    Severity,
    Template,
    World,
    allowed_models,
    bad,
    good,
    model_mentions,
    rule,
)
from s3ap_rules.models import replacement
from s3ap_rules.models.model_example import HANDLER, TEMPLATE, project, template

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
R1 = "deepseek.r1-v1:0"

GRANTED = """                    Resource:
                      - arn:aws:bedrock:*::foundation-model/*
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"
"""
ONE_REGION = """                    Resource:
                      - !Sub "arn:aws:bedrock:${AWS::Region}::foundation-model/${BedrockModelId}"
"""
BOTH = """                    Resource:
                      - arn:aws:bedrock:*::foundation-model/*
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/${BedrockModelId}"
"""


@rule(
    code="S3AP711",
    subject=Application,
    severity=Severity.WARNING,
    since="0.1.0",
    options={"region": ""},
    examples=[
        bad("a default that few Regions serve", project(NOVA, "S3AP711")),
        bad(
            "a model with one profile only",
            project(R1, "S3AP711"),
            fixed={"template.yaml": template(f"us.{R1}")},
        ),
        bad(
            "a Region that leaves one profile",
            project(NOVA, "S3AP711"),
            fixed={"template.yaml": template(f"eu.{NOVA}")},
            options={"region": "eu-west-1"},
        ),
        bad(
            "a role that may call the model only",
            {
                "template.yaml": template(R1, "S3AP711").replace(GRANTED, ONE_REGION),
                "functions/report.py": HANDLER,
            },
            fixed={"template.yaml": template(f"us.{R1}").replace(GRANTED, BOTH)},
        ),
        bad(
            "the prefix that its sibling has, and the values that may be chosen",
            {
                "template.yaml": template(NOVA, "S3AP711").replace(
                    "    Resources:",
                    f"        AllowedValues: [{NOVA}, amazon.titan-embed-text-v2:0]\n"
                    f'      OtherModelId: {{Type: String, Default: "apac.amazon.nova-pro-v1:0"}}\n    Resources:',
                    1,
                ),
                "functions/report.py": HANDLER,
            },
            fixed={
                "template.yaml": template(f"apac.{NOVA}").replace(
                    "    Resources:",
                    f"        AllowedValues: [apac.{NOVA}, amazon.titan-embed-text-v2:0]\n"
                    f'      OtherModelId: {{Type: String, Default: "apac.amazon.nova-pro-v1:0"}}\n    Resources:',
                    1,
                ),
            },
        ),
        bad(
            "written into a variable",
            {
                "template.yaml": TEMPLATE.replace("Default: MODEL", 'Default: ""').replace(
                    "!Ref BedrockModelId", f'"{HAIKU}"  # <- S3AP711'
                ),
                "functions/report.py": HANDLER,
            },
        ),
        good("a profile", project(f"global.{HAIKU}")),
        good("a model that is served on demand", project("amazon.titan-embed-text-v2:0")),
        good("a model that is not in the table", project("acme.model-v1:0")),
        good("a Region that serves it on demand", project(NOVA), options={"region": "us-east-1"}),
        good(
            "grants for Regions that serve it on demand",
            {
                "template.yaml": template(NOVA).replace(
                    GRANTED,
                    "                    Resource: !Sub "
                    '"arn:aws:bedrock:us-east-1::foundation-model/${BedrockModelId}"\n',
                ),
                "functions/report.py": HANDLER,
            },
        ),
        good(
            "a parameter for the grant of a profile's model",
            {
                "template.yaml": template(NOVA)
                .replace("!Ref BedrockModelId", '!Sub "apac.${BedrockModelId}"')
                .replace(GRANTED, GRANTED.replace("foundation-model/*", "foundation-model/amazon.nova-lite-v1:0")),
                "functions/report.py": HANDLER,
            },
        ),
        good(
            "a prefix that the code puts in front",
            project(NOVA, handler=HANDLER.replace("modelId=MODEL_ID", 'modelId="apac." + MODEL_ID')),
        ),
        good(
            "a client in a Region that serves it on demand",
            project(
                NOVA, handler=HANDLER.replace('("bedrock-runtime")', '("bedrock-runtime", region_name="us-east-1")')
            ),
        ),
        good(
            "provisioned throughput, which is bought for a model",
            """
            Resources:
              Throughput:
                Type: AWS::Bedrock::ProvisionedModelThroughput
                Properties:
                  ModelId: amazon.nova-lite-v1:0
                  ModelUnits: 1
                  ProvisionedModelName: reports
            """,
        ),
    ],
)
def bare_model_id(application: Application, options: Options) -> Iterator[Finding]:
    """
    A model is called by its bare id, and cannot be: not everywhere, or not at all.

    Newer models have no on-demand throughput of their own. They are called through an inference profile, which has
    the id of the model behind a prefix: `us.`, `eu.`, `apac.`, `jp.`, `global.`. By its bare id the call ends in
    ValidationException ("on-demand throughput isn't supported"), and a stack that deploys fails on its first event.

    Some models are served on demand in a few Regions; a template does not say where it is deployed, so they are
    reported too, unless the grants or the client name a Region that serves them, or this says so:

        [rules.bare-model-id]
        region = "us-east-1"

    Looked at are the values that reach a call: defaults of parameters, variables, literals in code, and defaults of
    variables that the template does not set. Facts: data/bedrock_models.json, with its sources and their dates. A
    model that is not in it is taken to be served on demand.

    Name a profile, and grant it beside the model (S3AP408). Which one is a choice: it decides where the data may go.
    """
    for one in application.templates:
        if one.unknown_macros:
            continue
        for mention in model_mentions(one):
            told = _is_told(mention) and is_bare(mention.model, options["region"])
            if told and not _otherwise(mention, one, application):
                yield _in_template(mention, one, application, options["region"])


def _is_told(mention: ModelMention) -> bool:
    """Whether an id is what a call gets, not one of several; ARNs are also given to what takes no profiles."""
    if mention.form == "arn":
        return bool({"Variables", "DefinitionSubstitutions"} & set(mention.at.path))
    return mention.called and mention.form != "allowed"


def is_bare(model: BedrockModel, region: str) -> bool:
    """Whether an id is one that cannot be called as it is, in a Region or everywhere."""
    return not model.prefix and model.regions is not None and region not in model.regions


def message(model: BedrockModel, region: str) -> str:
    """What is said about a bare id, wherever it stands."""
    fact = f"{model.id} is not served on demand{f' in {region}' if region else ''}; by this id the call"
    if model.regions and not region:
        fact = f"{model.id} is served on demand in {', '.join(model.regions)} only; by this id a call from elsewhere"
    prefixes = ", ".join(f"{one}." for one in model.profiles)
    return f"{fact} ends in ValidationException; name one of its inference profiles ({prefixes})"


def _in_template(mention: ModelMention, template: Template, application: Application, region: str) -> Finding:
    new = replacement.wanted(mention.model, region, replacement.prefixes_used(application))
    fix = replacement.in_template(mention, template, application, new) if new is not None else None
    return Finding(message(mention.model, region), at=mention.at, fix=fix)


def _otherwise(mention: ModelMention, template: Template, application: Application) -> bool:
    """Whether the code or the grants make something else of an id: a prefix before it, a Region that serves it."""
    served = mention.model.regions or ()
    for function in application.functions:
        if function.template is template:
            names = frozenset(name for name, node in function.variables.items() if _holds(node.walk(), mention))
            if names and any(_prefixed(call, names) or served_by_client(call, served) for call in calls_of(function)):
                return True
    roles = (role for role in application.roles if role.template is template)
    return any(
        _granted_where_served(role, use, world) for role in roles for use, world in replacement.uses_of(role, mention)
    )


def _holds(nodes: Iterator[object], mention: ModelMention) -> bool:
    wanted = {mention.parameter, "${" + mention.parameter + "}"} if mention.parameter else {mention.text}
    return any(getattr(node, "text", "") in wanted for node in nodes)


def calls_of(function: Function) -> Iterator[SdkCall]:
    """The calls that a function makes of models."""
    return (call for call in function.sdk_calls(MODEL_CALLS) if call.service == "bedrock-runtime")


def _prefixed(call: SdkCall, names: frozenset[str]) -> bool:
    """Whether a call makes its model of a variable and something in front of it."""
    for traced in call.texts("modelId"):
        pieces = traced.pieces
        if len(pieces) > 1 and any(names & set(one.names) for one in pieces if isinstance(one, FromEnvironment)):
            return True
    return False


def served_by_client(call: SdkCall, regions: tuple[str, ...]) -> bool:
    """Whether the client is made for Regions that serve the model."""
    named = call.made_with("region_name")
    return bool(named) and set(named or ()) <= set(regions)


def _granted_where_served(role: Role, use: BedrockUse, world: World) -> bool:
    has = allowed_models(role, use, world)
    return has is not None and bool(has.regions) and not has.profile and has.regions <= set(use.model.regions or ())
