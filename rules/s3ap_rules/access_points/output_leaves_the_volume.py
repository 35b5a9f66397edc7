"""S3AP111: outputs go to the volume, but one of them goes to a bucket."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from s3ap_lint.api import (
    Finding,
    FromEnvironment,
    Function,
    Location,
    Options,
    SdkCall,
    Severity,
    Traced,
    World,
    bad,
    good,
    rule,
)
from s3ap_rules.access_points.volumes import bucket_of, deployed, is_bucket, is_on_volume, variable

# The argument that says where an operation writes to.
TARGETS = {
    ("s3", "put_object"): ("Bucket",),
    ("s3", "upload_fileobj"): ("Bucket",),
    ("athena", "start_query_execution"): ("ResultConfiguration", "OutputLocation"),
}
NAMES = frozenset(name for _, name in TARGETS)
_OUTPUT = re.compile(r"out|dest|target|result", re.IGNORECASE)

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Destination: {Type: String, Default: BUCKET, AllowedValues: [BUCKET, VOLUME]}
      OutputAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
      ResultsBucket: {Type: String}
    Conditions:
      ToVolume: !Equals [!Ref Destination, VOLUME]
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: report/
          Environment:
            Variables:
              DESTINATION: !Ref Destination
              OUTPUT_BUCKET: !If [ToVolume, "", !Ref ResultsBucket]
              OUTPUT_ALIAS: !If [ToVolume, !Ref OutputAlias, ""]
              RESULTS_BUCKET: !Ref ResultsBucket
    """


@rule(
    code="S3AP111",
    subject=Function,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    options={"access-points": "auto"},
    examples=[
        bad(
            "results of Athena stay in the bucket",
            {
                "template.yaml": TEMPLATE,
                "report/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        results = f"s3://{os.environ['RESULTS_BUCKET']}/結果/"
                        boto3.client("athena").start_query_execution(
                            QueryString="SELECT 1",
                            ResultConfiguration={"OutputLocation": results},  # <- S3AP111
                        )
                    """,
            },
        ),
        bad(
            "the bucket has no name in that scenario",
            {
                "template.yaml": TEMPLATE,
                "report/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        bucket = os.environ["OUTPUT_BUCKET"]
                        boto3.client("s3").put_object(Bucket=bucket, Key="report.json")  # <- S3AP111
                    """,
            },
        ),
        good(
            "the code follows the destination",
            {
                "template.yaml": TEMPLATE,
                "report/handler.py": """
                    import os

                    import boto3

                    s3 = boto3.client("s3")

                    def handler(event, context):
                        if os.environ["DESTINATION"] == "VOLUME":
                            return s3.put_object(Bucket=os.environ["OUTPUT_ALIAS"], Key="report.json")
                        return s3.put_object(Bucket=os.environ["OUTPUT_BUCKET"], Key="report.json")

                    def simpler(event, context):
                        s3.put_object(Bucket=os.environ.get("OUTPUT_ALIAS") or os.environ["OUTPUT_BUCKET"], Key="x")
                    """,
            },
        ),
        good(
            "the outputs are on the volume whoever names it",
            {
                "template.yaml": TEMPLATE.replace(
                    "DESTINATION: !Ref", "S3_OUTPUT: !If [Other, !Ref Other, !Ref Out]\n#"
                )
                .replace("#", "              #")
                .replace("!Ref Out]", "!Ref OutputAlias]")
                .replace("[Other,", "[HasOther,")
                .replace('!If [ToVolume, !Ref OutputAlias, ""]', '""')
                .replace("    Conditions:", "      Other: {Type: String, Default: ''}\n    Conditions:")
                .replace("ToVolume: !Eq", "HasOther: !Not [!Equals [!Ref Other, '']]\n      ToVolume: !Eq"),
                "report/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        boto3.client("s3").put_object(Bucket=os.environ["RESULTS_BUCKET"], Key="index.json")
                    """,
            },
        ),
        good(
            "there is no choice: this function has a bucket beside its access point",
            {
                "template.yaml": TEMPLATE.replace('!If [ToVolume, !Ref OutputAlias, ""]', "!Ref OutputAlias"),
                "report/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        boto3.client("s3").put_object(Bucket=os.environ["RESULTS_BUCKET"], Key="index.json")
                    """,
            },
        ),
    ],
)
def output_leaves_the_volume(function: Function, options: Options) -> Iterator[Finding]:
    """
    The template routes a function's outputs to the volume in some scenario, and its code writes to a bucket there.

    Data that was meant to stay on the file system leaves it; or, where the scenario also empties the bucket's
    variable, the call fails. Athena cannot write to an access point at all, so its results always leave.

    An output is routed where a variable such as OUTPUT_S3AP_ALIAS or S3_ACCESS_POINT_OUTPUT holds an access point
    of FSx for ONTAP in some scenarios and not in others.
    """
    template = function.template
    suspects = [call for call in function.sdk_calls(NAMES) if (call.service, call.operation) in TARGETS]
    if not suspects:
        return
    running: dict[frozenset[tuple[str, str | None]], frozenset[Location]] = {}

    def question(world: World) -> Routing:
        """Where outputs go in a world, and which calls write to a bucket nevertheless."""
        if not function.resource.exists(world):
            return Routing()
        routing = _routing(function, world, options)
        if not routing.volume:
            return routing
        known = _settled(function, world)
        if known not in running:
            running[known] = frozenset(call.at for call in function.sdk_calls(NAMES, dict(known)))
        said = ((call.at, _astray(function, world, call)) for call in suspects if call.at in running[known])
        return replace(routing, astray=frozenset((at, words) for at, words in said if words))

    outcomes = template.outcomes(question)
    chosen = {name for outcome in outcomes for name in outcome.answer.elsewhere}
    for call in suspects:

        def concerns(routing: Routing, at: Location = call.at) -> bool:
            """Whether this call writes to a bucket though somebody chose the volume."""
            return bool(routing.volume & chosen) and any(place == at for place, _ in routing.astray)

        verdict = template.verdict(outcomes, concerns)
        if verdict is None:
            continue
        answers = (outcome.answer for outcome in outcomes if concerns(outcome.answer))
        words = sorted(said for answer in answers for at, said in answer.astray if at == call.at)[0]
        yield Finding(
            f"{function.id} has its outputs on the volume in this scenario, but {call.operation} {words}",
            at=call.places.get(TARGETS[call.service, call.operation][0], call.at),
            related=(function.at.noted(f"{function.id} runs this"),),
            scenario=verdict.scenario,
        )


@dataclass(frozen=True)
class Routing:
    """The variables for outputs that hold an access point in a world, those that certainly do not, what goes astray."""

    volume: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    astray: frozenset[tuple[Location, str]] = frozenset()


def _routing(function: Function, world: World, options: Options) -> Routing:
    template = function.template
    names = [name for name in function.environment(world).variables if _OUTPUT.search(name)]
    values = {name: bucket_of(variable(function, world, FromEnvironment((name,)))) for name in names}
    return Routing(
        frozenset(name for name, value in values.items() if is_on_volume(value, template, options)),
        frozenset(name for name, value in values.items() if not value or is_bucket(value, template)),
    )


def _settled(function: Function, world: World) -> frozenset[tuple[str, str | None]]:
    """The variables with their texts, those of parameters with AllowedValues included."""
    found: dict[str, str | None] = {}
    for name, node in function.environment(world).variables.items():
        reference = node.function
        owner = reference[1].text if reference is not None and reference[0] == "Ref" else ""
        parameter = world.space.parameters.get(owner)
        found[name] = node.text if node.is_text else None
        if parameter is not None and parameter.allowed is not None:
            value = world.value(owner)
            found[name] = value if isinstance(value, str) else None
    return frozenset(found.items())


def _astray(function: Function, world: World, call: SdkCall) -> str:
    """What a call writes to instead of the volume; "" when that cannot be told."""
    for traced in call.texts(*TARGETS[call.service, call.operation]):
        bucket = bucket_of(deployed(function, world, traced))
        named = " and ".join(map(str, traced.variables)) or traced.text
        if not bucket and _names_bucket(traced):
            return f"writes to {named}, which is empty"
        if is_bucket(bucket, function.template):
            return f"writes to the bucket in {named}" if traced.variables else f"writes to the bucket {named}"
    return ""


def _names_bucket(traced: Traced) -> bool:
    """Whether the bucket is wholly what a variable says."""
    first = next((piece for piece in traced.pieces if piece != "s3://"), None)
    return isinstance(first, FromEnvironment)
