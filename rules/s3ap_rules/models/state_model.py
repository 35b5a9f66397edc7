"""S3AP711, S3AP712 and S3AP713 where a state machine calls a model itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from s3ap_lint.api import (
    Finding,
    ModelMention,
    Options,
    StateMachine,
    bad,
    detects,
    good,
    model_mentions_in_states,
)
from s3ap_rules.models.bare_model_id import is_bare
from s3ap_rules.models.bare_model_id import message as said_of_bare
from s3ap_rules.models.deprecated_model import message as said_of_deprecated
from s3ap_rules.models.invalid_inference_profile import message as said_of_invalid

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"

MACHINE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Summary:
        Type: AWS::Serverless::StateMachine
        Properties:
          DefinitionUri: summary.asl.json
    """
DEFINITION = """
    {
      "StartAt": "Summarise",
      "States": {
        "Summarise": {
          "Type": "Task",
          "Resource": "arn:aws:states:::bedrock:invokeModel",
          "Parameters": {
            "ModelId": "MODEL",MARK
            "Body": {"messages.$": "$.messages", "max_tokens": 512}
          },
          "End": true
        }
      }
    }
    """


def project(model: str, mark: str = "") -> dict[str, str]:
    """A state machine of one state that calls a model."""
    behind = f"  # <- {mark}" if mark else ""
    definition = DEFINITION.replace('"MODEL",MARK', f'"{model}",{behind}')
    return {"template.yaml": MACHINE, "summary.asl.json": definition}


@detects(
    "S3AP711",
    subject=StateMachine,
    examples=[
        bad("a state that calls a model by its bare id", project(HAIKU, "S3AP711")),
        good("a state that calls a profile", project(f"us.{HAIKU}")),
    ],
)
def bare_model_id_in_state(machine: StateMachine, options: Options) -> Iterator[Finding]:
    """Bare ids that states call."""
    region = options["region"]
    yield from _findings(machine, lambda one: said_of_bare(one.model, region) if is_bare(one.model, region) else "")


@detects(
    "S3AP712",
    subject=StateMachine,
    examples=[bad("a state that calls a profile that is not there", project(f"apac.{HAIKU}", "S3AP712"))],
)
def invalid_inference_profile_in_state(machine: StateMachine, options: Options) -> Iterator[Finding]:
    """Profiles that states call."""
    yield from _findings(machine, lambda one: said_of_invalid(one, options["region"]))


@detects(
    "S3AP713",
    subject=StateMachine,
    examples=[bad("a state that calls a model past its end", project("cohere.command-text-v14", "S3AP713"))],
)
def deprecated_model_in_state(machine: StateMachine, options: Options) -> Iterator[Finding]:
    """Models at their end that states call."""
    yield from _findings(machine, lambda one: said_of_deprecated(one.model, options["region"]))


def _findings(machine: StateMachine, said: Callable[[ModelMention], str]) -> Iterator[Finding]:
    for definition in machine.definitions or ():
        for mention in model_mentions_in_states(definition):
            message = said(mention)
            if message:
                yield Finding(message, at=mention.at)
