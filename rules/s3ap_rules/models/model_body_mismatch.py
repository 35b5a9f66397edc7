"""S3AP714: a model is sent a request of another family."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from s3ap_lint.api import (
    BedrockModel,
    Finding,
    FromEnvironment,
    Function,
    Location,
    Module,
    RequestMismatch,
    SdkCall,
    Severity,
    Traced,
    bad,
    bedrock_model,
    good,
    payload,
    request_mismatch,
    rule,
    tells_models_apart,
)
from s3ap_rules.models.model_example import project

OPERATIONS = ("invoke_model", "invoke_model_with_response_stream")

NOVA = "apac.amazon.nova-lite-v1:0"
HAIKU = "jp.anthropic.claude-haiku-4-5-20251001-v1:0"

INVOKE = """
    import json
    import os

    import boto3

    client = boto3.client("bedrock-runtime")

    def handler(event, context):
        model_id = os.environ.get("BEDROCK_MODEL_ID", "apac.amazon.nova-pro-v1:0")
        response = client.invoke_model(  # <- S3AP714
            modelId=model_id,
            body=json.dumps(
                BODY
            ),
        )
        return json.loads(response["body"].read())
"""
TITAN_BODY = '{"inputText": event["text"], "textGenerationConfig": {"maxTokenCount": 512}}'
CLAUDE_BODY = '{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 512, "messages": event["messages"]}'
NOVA_BODY = '{"messages": event["messages"], "inferenceConfig": {"maxTokens": 512}}'


def invoke(body: str, mark: bool = True) -> str:
    """A handler that sends a body."""
    return (INVOKE if mark else INVOKE.replace("  # <- S3AP714", "")).replace("BODY", body)


@rule(
    code="S3AP714",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("a request for Titan to Nova", project(NOVA, handler=invoke(TITAN_BODY))),
        bad("a request for Claude to Nova", project(NOVA, handler=invoke(CLAUDE_BODY))),
        bad("a request for Nova to Claude", project(HAIKU, handler=invoke(NOVA_BODY))),
        bad(
            "a body that is made before, for a model that the call names",
            project(
                "x",
                handler="""
                    import json

                    import boto3

                    def handler(event, context):
                        request = {"prompt": event["text"], "temperature": 0.1}
                        request["max_gen_len"] = 512
                        body = json.dumps(request).encode("utf-8")
                        client = boto3.client("bedrock-runtime")
                        model = "mistral.mistral-7b-instruct-v0:2"
                        answer = client.invoke_model(body=body, modelId=model)  # <- S3AP714
                        return json.loads(answer["body"].read())
                    """,
            ),
        ),
        bad(
            "a key without which the model takes nothing",
            project(HAIKU, handler=invoke('{"max_tokens": 512, "messages": event["messages"]}')),
        ),
        good("a request for the model", project(NOVA, handler=invoke(NOVA_BODY, mark=False))),
        good("a request for Claude", project(HAIKU, handler=invoke(CLAUDE_BODY, mark=False))),
        good("a model that is not in the table", project("acme.model-v1:0", handler=invoke(TITAN_BODY, mark=False))),
        good(
            "code that tells models apart",
            project(
                NOVA,
                handler="""
                    import json
                    import os

                    import boto3

                    MODEL_ID = os.environ["BEDROCK_MODEL_ID"]

                    def handler(event, context):
                        client = boto3.client("bedrock-runtime")
                        if "anthropic" in MODEL_ID:
                            body = {"anthropic_version": "bedrock-2023-05-31", "messages": event["ask"]}
                            return client.invoke_model(modelId=MODEL_ID, body=json.dumps(body))
                        return client.converse(modelId=MODEL_ID, messages=event["ask"])
                    """,
            ),
        ),
        good(
            "a body that is made elsewhere, or in more than one way",
            project(
                NOVA,
                handler="""
                    import json
                    import os

                    import boto3

                    client = boto3.client("bedrock-runtime")
                    MODEL_ID = os.environ["BEDROCK_MODEL_ID"]

                    def handler(event, context):
                        body = {"inputText": event["text"]}
                        if "messages" in event:
                            body = {"messages": event["messages"]}
                        client.invoke_model(modelId=MODEL_ID, body=json.dumps(body))
                        return client.invoke_model(modelId=MODEL_ID, body=json.dumps(event["body"]))
                    """,
            ),
        ),
    ],
)
def model_body_mismatch(function: Function) -> Iterator[Finding]:
    """
    The request that a handler sends to a model is one for another family of models.

    InvokeModel hands its body to the model as it is, and every family takes another: `anthropic_version` and `messages`
    for Claude, `messages` and `inferenceConfig` for Nova, `inputText` for Titan, `prompt` and `max_gen_len` for Llama.
    A key that the model does not know, or one that is missing, ends every call in ValidationException ("extraneous key
    […] is not permitted"). It happens where somebody changes the model's id in the template, and not the code.

    The id is followed from the call through the variable to the template; a parameter counts with its Default. Code
    that compares an id with the name of a family anywhere is taken to know what it does. What each family takes stands
    in data/bedrock_models.json, of keys that tell one from another.

    Send what the model takes, or call Converse, which takes the same request for every model.
    """
    for call in function.sdk_calls(OPERATIONS):
        if call.service != "bedrock-runtime" or not call.has("modelId"):
            continue
        told = [(model, at) for traced in call.texts("modelId") for model, at in _models(traced, function)]
        if not any(model.body for model, _ in told):
            continue
        found = _written(call, function)
        if found is None:
            continue
        sent = payload(found[0], "body", found[1])
        if sent is None or tells_models_apart(found[1]):
            continue
        for model, at in told:
            wrong = request_mismatch(model, sent.keys, sent.complete)
            if wrong is not None:
                yield Finding(
                    _message(model, wrong),
                    at=call.at,
                    related=(at.noted(f"{model.id} is called"), function.at.noted(f"{function.id} runs this")),
                )


def _message(model: BedrockModel, wrong: RequestMismatch) -> str:
    keys, fault = (wrong.alien, "no part of") if wrong.alien else (wrong.missing, "missing in")
    fact = (
        f"{_listed(keys)} {'is' if len(keys) == 1 else 'are'} {fault} the {wrong.title} request that {model.id} takes"
    )
    whose = f" (this is a request for {wrong.shape})" if wrong.shape else ""
    return f"{fact}{whose}; every call ends in ValidationException"


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _models(traced: Traced, function: Function) -> Iterator[tuple[BedrockModel, Location]]:
    """The models that a text may name, each with the place that says so: in the code, or in the template."""
    if traced.text:
        yield from _named(traced.text, traced.at)
        return
    variable = traced.pieces[0] if len(traced.pieces) == 1 else None
    if not isinstance(variable, FromEnvironment):
        return
    node = next((function.variables[name] for name in variable.names if name in function.variables), None)
    if node is None:
        if variable.default and function.names_every_variable:
            yield from _named(variable.default, traced.at)
        return
    reference = node.function
    if reference is not None and reference[0] == "Ref":
        parameter = function.template.space.parameters.get(reference[1].text)
        if parameter is not None and parameter.default:
            yield from _named(parameter.default, parameter.node["Default"].at)
    elif node.is_text:
        yield from _named(node.text, node.at)


def _named(text: str, at: Location) -> Iterator[tuple[BedrockModel, Location]]:
    found = bedrock_model(text)
    if found is not None:
        yield found, at


def _written(call: SdkCall, function: Function) -> tuple[ast.Call, Module] | None:
    """The syntax of a call, and the module that it stands in."""
    closure = function.closure
    for module in closure.modules if closure is not None else ():
        if any(name.encode() in module.source.data for name in OPERATIONS):
            found = (node for node in module.nodes if isinstance(node, ast.Call) and _is_invocation(node))
            here = next((node for node in found if function.placed(module.at(node)) == call.at), None)
            if here is not None:
                return here, module
    return None


def _is_invocation(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in OPERATIONS
