"""S3AP112: events are expected from an access point that sends none."""

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import Filler, Finding, Leaf, Node, Options, Resource, Severity, Template, World, bad, good, rule

HEAD = """
    Parameters:
      InputAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
      Uploads: {Type: String}
    """


@rule(
    code="S3AP112",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    options={"access-points": "auto"},
    examples=[
        bad(
            "a rule that waits for objects on the volume",
            HEAD
            + """
    Resources:
      OnUpload:
        Type: AWS::Events::Rule
        Properties:
          EventPattern:
            source: [aws.s3]
            detail-type: [Object Created]
            detail:
              bucket:
                name: [!Ref InputAlias]  # アップロード  # <- S3AP112
    """,
        ),
        good(
            "a bucket does send them, and a schedule needs none",
            HEAD
            + """
    Resources:
      OnUpload:
        Type: AWS::Events::Rule
        Properties:
          EventPattern:
            source: [aws.s3]
            detail:
              bucket:
                name: [!Ref Uploads]
      Nightly:
        Type: AWS::Events::Rule
        Properties:
          ScheduleExpression: rate(1 day)
    """,
        ),
        good(
            "nothing says that the access point is on a file system",
            """
            Parameters:
              InputAlias: {Type: String}
            Resources:
              OnUpload:
                Type: AWS::Events::Rule
                Properties:
                  EventPattern: {source: [aws.s3], detail: {bucket: {name: [!Ref InputAlias]}}}
            """,
        ),
    ],
)
def silent_event_source(template: Template, options: Options) -> Iterator[Finding]:
    """
    An S3 event is expected from an access point of FSx for ONTAP, which sends none.

    Objects that arrive on the volume raise no S3 notification and no EventBridge event. The rule deploys and
    waits forever.

    Poll on a schedule, or use the file system's own FPolicy events.
    """
    for resource in template.of_type("AWS::Events::Rule", "AWS::Serverless::Function", "AWS::Serverless::StateMachine"):
        for pattern in _patterns(resource.properties):
            if not any(node.text == "aws.s3" for node in pattern["source"]):
                continue
            name = pattern["detail"]["bucket"]["name"]
            outcomes = template.outcomes(partial(_waited_for, resource, name, options))
            verdict = template.verdict(outcomes, bool)
            leaves = {leaf.node.span: leaf for outcome in outcomes for leaf in outcome.answer}
            for _, leaf in sorted(leaves.items()) if verdict else ():
                yield Finding(
                    f"{resource.id} waits for S3 events of {leaf.text}, an access point of FSx for ONTAP; "
                    "it sends none, so this never runs",
                    at=leaf.at,
                    related=(resource.at.noted("the rule"),),
                    severity=None if verdict and verdict.in_defaults else Severity.WARNING,
                    scenario=verdict.scenario if verdict else None,
                )


def _waited_for(resource: Resource, name: Node, options: Options, world: World) -> tuple[Leaf, ...]:
    """The aliases of access points on file systems that a pattern names in a world."""
    if not resource.exists(world):
        return ()
    template = resource.template
    return tuple(leaf for leaf in template.texts(name, world) if _on_file_system(leaf, template, options))


def _patterns(properties: Node) -> Iterator[Node]:
    yield properties["EventPattern"]
    for event in properties["Events"].children():
        yield event["Properties"]["Pattern"]
        yield event["Properties"]["EventPattern"]


def _on_file_system(leaf: Leaf, template: Template, options: Options) -> bool:
    """Whether a bucket name is provably the alias of an access point on a file system."""
    if leaf.text.endswith("-ext-s3alias"):
        return True
    if len(leaf.holes) != 1 or leaf.text != str(leaf.holes[0]):
        return False
    hole = leaf.holes[0]
    if hole.filler is Filler.ATTRIBUTE:
        owner = template.resource(hole.name.split(".", 1)[0])
        return owner is not None and owner.type == "AWS::FSx::S3AccessPointAttachment"
    parameter = template.space.parameters.get(hole.name)
    if parameter is None:
        return False
    declared = parameter.node["AllowedPattern"].text + parameter.node["Default"].text
    return "-ext-s3alias" in declared or (options["access-points"] == "fsx" and "alias" in hole.name.lower())
