"""S3AP408: a model is called through an inference profile, and the role may call only one half of it."""

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    BedrockLack,
    Finding,
    Fix,
    Role,
    Severity,
    Verdict,
    World,
    bad,
    bedrock_lack,
    good,
    model_uses,
    rule,
)
from s3ap_rules.permissions.model_grant import granted

TEMPLATE = """
    Parameters:
      ModelId: {Type: String, Default: "amazon.nova-lite-v1:0"}
    Resources:
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: index.handler
          Role: !GetAtt ReportRole.Arn
          Code: {ZipFile: "def handler(event, context): pass"}
          Environment:
            Variables:
              MODEL_ID: !Ref ModelId
      ReportRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {Statement: []}
          Policies:
            - PolicyName: Models
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: [bedrock:InvokeModel]
                    Resource:
"""
BARE = """
                      - !Sub "arn:aws:bedrock:${AWS::Region}::foundation-model/${ModelId}"  # <- S3AP408
"""
FIXED = """
                      - !Sub "arn:aws:bedrock:${AWS::Region}::foundation-model/${ModelId}"
                      - arn:aws:bedrock:*::foundation-model/*
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"
"""
BOTH = """
                      - !Sub "arn:aws:bedrock:*::foundation-model/*"
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"
"""
IMPLICIT = """
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Environment:
          Variables:
            MODEL_ID: us.anthropic.claude-sonnet-4-6
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: index.handler
          InlineCode: "def handler(event, context): pass"
          Policies:
            - Statement:
                - Effect: Allow
                  Action: bedrock:InvokeModel*
                  Resource: RESOURCE  # <- S3AP408
"""


def _default(text: str, model: str) -> str:
    return text.replace("amazon.nova-lite-v1:0", model, 1)


@rule(
    code="S3AP408",
    subject=Role,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("a model that few Regions serve without a profile; its bare id has to change, too", TEMPLATE + BARE),
        bad(
            "the id of a profile in the place of a model's",
            _default(TEMPLATE, "apac.amazon.nova-lite-v1:0") + BARE,
            fixed=_default(TEMPLATE, "apac.amazon.nova-lite-v1:0") + FIXED,
        ),
        bad(
            "a profile, and every model but no profile",
            IMPLICIT.replace("RESOURCE", '"arn:aws:bedrock:*::foundation-model/*"'),
            fixed=IMPLICIT.replace(
                " RESOURCE  # <- S3AP408",
                """
                    - "arn:aws:bedrock:*::foundation-model/*"
                    - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/PROFILE\"""",
            ).replace("PROFILE", "us.anthropic.claude-sonnet-4-6"),
        ),
        bad(
            "a profile alone",
            IMPLICIT.replace("RESOURCE", '!Sub "arn:aws:bedrock:*:${AWS::AccountId}:inference-profile/*"'),
            fixed=IMPLICIT.replace(
                " RESOURCE  # <- S3AP408",
                """
                    - !Sub "arn:aws:bedrock:*:${AWS::AccountId}:inference-profile/*"
                    - arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-6""",
            ),
        ),
        bad(
            "a profile that leads to other Regions, and the model in one",
            _default(TEMPLATE, "us.amazon.nova-lite-v1:0")
            + """
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/us.amazon.nova*"
                      - !Sub "arn:aws:bedrock:${AWS::Region}::foundation-model/amazon.nova-lite-v1:0"  # <- S3AP408
""",
            fixed=_default(TEMPLATE, "us.amazon.nova-lite-v1:0")
            + """
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/us.amazon.nova*"
                      - arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0
""",
        ),
        bad(
            "one of the values that may be chosen",
            TEMPLATE.replace(
                'Default: "amazon.nova-lite-v1:0"',
                "Default: amazon.titan-embed-text-v2:0, "
                "AllowedValues: [amazon.titan-embed-text-v2:0, eu.anthropic.claude-haiku-4-5-20251001-v1:0]",
            )
            + BARE,
            fixed=TEMPLATE.replace(
                'Default: "amazon.nova-lite-v1:0"',
                "Default: amazon.titan-embed-text-v2:0, "
                "AllowedValues: [amazon.titan-embed-text-v2:0, eu.anthropic.claude-haiku-4-5-20251001-v1:0]",
            )
            + FIXED,
        ),
        good("both", TEMPLATE + BOTH),
        good("everything", IMPLICIT.replace("RESOURCE  # <- S3AP408", '"*"')),
        good(
            "a model that is served on demand, and an embedding",
            _default(TEMPLATE, "anthropic.claude-3-haiku-20240307-v1:0") + BARE.replace("  # <- S3AP408", ""),
        ),
        good(
            "a profile that is a parameter of its own",
            _default(TEMPLATE, "us.amazon.nova-lite-v1:0")
            + """
                      - "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
                      - "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0"
                      - !Sub "arn:aws:bedrock:us-east-1:${AWS::AccountId}:inference-profile/${ModelId}"
""",
        ),
        good(
            "a Region that serves the model on demand",
            TEMPLATE
            + """
                      - "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
""",
        ),
        good(
            "a managed policy of Bedrock",
            IMPLICIT.replace(
                "            - Statement:", "            - AmazonBedrockFullAccess\n            - Statement:"
            ).replace("RESOURCE  # <- S3AP408", '"arn:aws:bedrock:*::foundation-model/*"'),
        ),
        good(
            "no model at all",
            TEMPLATE.replace("MODEL_ID: !Ref ModelId", "TABLE: orders")
            + """
                      - "arn:aws:bedrock:*::foundation-model/*"
""",
        ),
    ],
)
def inference_profile_grant(role: Role) -> Iterator[Finding]:
    """
    A role's model is an inference profile, or cannot be called without one, and the role may not call all of it.

    A call through a profile is authorised twice: on the profile (`inference-profile/us.…`, in the caller's account)
    and on the model (`foundation-model/…`) in every Region that the profile leads to. With one of them alone the call
    ends in AccessDeniedException. Newer models have no on-demand throughput, or have it in few Regions: elsewhere
    their bare id is answered with ValidationException, and the profile that helps is not granted.

    The model ids are those of the environment of the functions that run under the role, of the substitutions of its
    state machines, and of the statements themselves; a parameter counts with its Default and AllowedValues. What a
    model needs stands in a table by hand (data/bedrock_models.json); a model that is not in it is taken to be served
    on demand.

    Grant both:

        - !Sub "arn:${AWS::Partition}:bedrock:*::foundation-model/*"
        - !Sub "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"
    """
    if not any("bedrock" in inner.text.lower() for node in role.policy_nodes for inner in node.walk() if inner.is_text):
        return

    def faults(world: World) -> tuple[BedrockLack, ...]:
        if not role.exists(world):
            return ()
        found = (bedrock_lack(role, use, world) for use in model_uses(role, world) if use.model.needs_profile)
        return tuple(fault for fault in found if fault is not None)

    outcomes = role.template.outcomes(faults)
    every = [fault for outcome in outcomes for fault in outcome.answer]
    first: dict[tuple[str, str], BedrockLack] = {}
    for fault in sorted(every, key=lambda fault: not fault.use.is_default):
        first.setdefault(_key(fault), fault)
    for key, fault in first.items():
        verdict = role.template.verdict(outcomes, partial(_holds, key))
        if verdict is not None:
            yield _finding(role, fault, verdict)


def _key(fault: BedrockLack) -> tuple[str, str]:
    return fault.use.model.id, fault.what


def _holds(key: tuple[str, str], answer: tuple[BedrockLack, ...]) -> bool:
    return any(_key(fault) == key for fault in answer)


def _finding(role: Role, fault: BedrockLack, verdict: Verdict) -> Finding:
    use, model = fault.use, fault.use.model
    chosen = "" if use.is_default else f" (when {use.parameter} is {model.id!r})"
    profile = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/"
    models = "arn:${AWS::Partition}:bedrock:*::foundation-model/"
    only = fault.leaf.text
    if fault.what == "model":
        message = (
            f"{role.id} may call the inference profile {model.id}, but not the model behind it; every call is denied; "
            f"also grant {models}{model.base}"
        )
    elif fault.what == "regions":
        message = (
            f"{role.id} may call {model.base} in one Region only, but {model.id} leads to others as well, where the "
            f"call is denied; grant {models}{model.base}"
        )
    elif model.prefix:
        message = (
            f"{model.id} is an inference profile, but {role.id} may call only {only}; every call is denied; "
            f"grant {profile}{model.id} and {models}{model.base}"
        )
    else:
        where = f"only {', '.join(model.regions)} serve it on demand" if model.regions else "it is not served on demand"
        message = (
            f"{model.id} is called through an inference profile ({where}), but {role.id} may call only {only}; "
            f"name a profile, and grant {profile}* and {models}{model.base}"
        )
    sure = verdict.in_defaults and use.is_default and fault.everywhere
    return Finding(
        message + chosen,
        at=fault.leaf.at,
        related=(role.at.noted(f"{role.id}"), use.leaf.at.noted(f"{model.id} reaches the role here")),
        fix=_fix(role, fault),
        severity=None if sure else Severity.WARNING,
        scenario=verdict.scenario,
    )


def _fix(role: Role, fault: BedrockLack) -> Fix | None:
    """The grant that is missing, where a profile is really called; a bare id has to change first."""
    use = fault.use
    if not use.model.prefix or use.leaf.node is fault.leaf.node:
        return None
    return granted(use, fault.leaf, fault.what, "*" in fault.regions, role.template)
