"""S3AP711, S3AP712 and S3AP713 where a deployment names a model: samconfig, parameter files, commands."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import (
    BedrockModel,
    Deployment,
    Edit,
    Finding,
    Fix,
    GivenParameter,
    Location,
    ModelMention,
    Options,
    bad,
    detects,
    good,
    is_called_model,
    meant_model,
    model_mentions,
    offer,
)
from s3ap_rules.models import replacement
from s3ap_rules.models.bare_model_id import is_bare
from s3ap_rules.models.bare_model_id import message as said_of_bare
from s3ap_rules.models.deprecated_model import instead as successor
from s3ap_rules.models.deprecated_model import message as said_of_deprecated
from s3ap_rules.models.invalid_inference_profile import instead as existing
from s3ap_rules.models.invalid_inference_profile import message as said_of_invalid
from s3ap_rules.models.model_example import HANDLER, template

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
SONNET_4_5 = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def project(default: str, given: str, mark: str = "") -> dict[str, str]:
    """A template with a default, and a samconfig that gives something else."""
    behind = f"  # <- {mark}" if mark else ""
    return {
        "template.yaml": template(default),
        "functions/report.py": HANDLER,
        "samconfig.toml.example": f"""
            version = 0.1

            [default.deploy.parameters]
            stack_name = "reports"
            capabilities = "CAPABILITY_IAM"
            parameter_overrides = [
                "BedrockModelId={given}",{behind}
            ]
            """,
    }


@detects(
    "S3AP711",
    subject=Deployment,
    examples=[
        bad(
            "a bare id where the template names a profile",
            project(f"apac.{NOVA}", NOVA, "S3AP711"),
            fixed=project(f"apac.{NOVA}", f"apac.{NOVA}"),
        ),
        good("a profile where the template has another", project(f"apac.{NOVA}", f"eu.{NOVA}")),
        good(
            "a Region that is deployed to and serves it", project(f"apac.{NOVA}", NOVA), options={"region": "us-east-1"}
        ),
    ],
)
def bare_model_id_given(deployment: Deployment, options: Options) -> Iterator[Finding]:
    """Bare ids that a deployment gives."""
    region = options["region"]
    for given, mention in _mentions(deployment):
        if is_bare(mention.model, region):
            new = replacement.wanted(mention.model, region, _prefixes(deployment))
            yield _finding(said_of_bare(mention.model, region), given, deployment, new)


@detects(
    "S3AP712",
    subject=Deployment,
    examples=[
        bad(
            "a profile that the model does not have",
            project(f"jp.{HAIKU}", f"apac.{HAIKU}", "S3AP712"),
            fixed=project(f"jp.{HAIKU}", f"jp.{HAIKU}"),
        ),
        good("a profile that it has", project(f"jp.{HAIKU}", f"au.{HAIKU}")),
    ],
)
def invalid_inference_profile_given(deployment: Deployment, options: Options) -> Iterator[Finding]:
    """Profiles that a deployment gives."""
    region = options["region"]
    for given, mention in _mentions(deployment):
        said = said_of_invalid(mention, region)
        if said:
            new = existing(mention, region, _prefixes(deployment))
            yield _finding(said, given, deployment, new)


@detects(
    "S3AP713",
    subject=Deployment,
    examples=[
        bad(
            "a model near its end",
            project(f"jp.{HAIKU}", f"global.{SONNET_4_5}", "S3AP713"),
            fixed=project(f"jp.{HAIKU}", "global.anthropic.claude-sonnet-4-6"),
        ),
        good("an active one", project(f"jp.{HAIKU}", "global.anthropic.claude-sonnet-4-6")),
    ],
)
def deprecated_model_given(deployment: Deployment, options: Options) -> Iterator[Finding]:
    """Models at their end that a deployment gives."""
    region = options["region"]
    for given, mention in _mentions(deployment):
        said = said_of_deprecated(mention.model, region)
        if said:
            new = successor(mention, region, _prefixes(deployment))
            yield _finding(said, given, deployment, new)


def _mentions(deployment: Deployment) -> Iterator[tuple[GivenParameter, ModelMention]]:
    """The models that are given to parameters whose value is called."""
    for given in deployment.given:
        model = meant_model(given.value) if given.value else None
        known = given.name in deployment.template.space.parameters
        if model is not None and known and is_called_model(given.name, deployment.template):
            yield given, ModelMention(given.value or "", model, given.at, "given", True, parameter=given.name)


def _prefixes(deployment: Deployment) -> frozenset[str]:
    found = (one.model for one in model_mentions(deployment.template) if one.exists is not False)
    return frozenset(model.prefix for model in found if model.prefix)


def _finding(said: str, given: GivenParameter, deployment: Deployment, new: BedrockModel | None) -> Finding:
    declared = deployment.template.space.parameters[given.name].node.key_at
    at = Location(deployment.path, given.value_span)
    return Finding(said, at=at, related=(declared.noted("its declaration"),), fix=_fix(given, deployment, new))


def _fix(given: GivenParameter, deployment: Deployment, new: BedrockModel | None) -> Fix | None:
    span, data = given.value_span, deployment.source.data
    if new is None or data[span.start : span.end] != (given.value or "").encode():
        return None
    if not deployment.template.space.parameters[given.name].admits(new.id):
        return None
    return offer(f"Use {new.id}", Edit(deployment.path, span, new.id))
