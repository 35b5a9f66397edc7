"""S3AP612: a bucket that fills, and that nothing empties when the stack goes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Application,
    Finding,
    Hole,
    Leaf,
    Node,
    Resource,
    Role,
    Severity,
    Template,
    World,
    bad,
    good,
    mentioned,
    rule,
    text,
)
from s3ap_rules.teardown.belonging import custom_resources, goes, plain_templates

WRITERS = {
    "AWS::Athena::WorkGroup": "OutputLocation",
    "AWS::CloudTrail::Trail": "S3BucketName",
    "AWS::CodePipeline::Pipeline": "Location",
    "AWS::Config::DeliveryChannel": "S3BucketName",
    "AWS::EC2::FlowLog": "LogDestination",
    "AWS::KinesisFirehose::DeliveryStream": "BucketARN",
    "AWS::S3::Bucket": "DestinationBucketName",
}
"""Where resources of a type name the bucket that AWS writes to for them."""

VERSIONED = """
    Resources:
      OutputBucket:  # 出力先  # <- S3AP612
        Type: AWS::S3::Bucket
        Properties:
          VersioningConfiguration:
            Status: Enabled
    """
WRITTEN = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Results:  # <- S3AP612
        Type: AWS::S3::Bucket
      Report:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: "def handler(event, context): pass"
          Handler: index.handler
          Runtime: python3.12
          Policies:
            - S3WritePolicy: {BucketName: !Ref Results}
    """
UNMARKED = VERSIONED.replace("  # <- S3AP612", "")


@rule(
    code="S3AP612",
    subject=Application,
    severity=Severity.WARNING,
    strict=True,
    since="0.1.0",
    examples=[
        bad("it keeps versions", VERSIONED),
        bad("it kept versions once, which are still there", VERSIONED.replace("Enabled", "Suspended")),
        bad("a function of the stack may write to it", WRITTEN),
        bad(
            "Athena writes to it, and it is kept in production only",
            """
            Parameters:
              Stage: {Type: String, AllowedValues: [test, prod]}
            Conditions:
              IsProd: !Equals [!Ref Stage, prod]
            Resources:
              Kept:
                Type: AWS::S3::Bucket
                Condition: IsProd
                DeletionPolicy: Retain
              Answers:  # <- S3AP612
                Type: AWS::S3::Bucket
                DeletionPolicy: !If [IsProd, Retain, Delete]
              Workgroup:
                Type: AWS::Athena::WorkGroup
                Properties:
                  Name: !Sub "${AWS::StackName}-answers"
                  RecursiveDeleteOption: true
                  WorkGroupConfiguration:
                    ResultConfiguration:
                      OutputLocation: !Sub "s3://${Answers}/"
            """,
        ),
        good(
            "it stays when the stack goes",
            UNMARKED.replace("Properties:", "DeletionPolicy: RetainExceptOnCreate\n        Properties:"),
        ),
        good(
            "a custom resource knows the bucket, and may empty it",
            UNMARKED
            + """
      Emptied:
        Type: Custom::EmptyBucket
        Properties:
          ServiceToken: !ImportValue BucketEmptier
          BucketName: !Ref OutputBucket
    """,
        ),
        good(
            "a custom resource whose function knows the bucket, and one that knows its name",
            {
                "template.yaml": UNMARKED
                + """
      Emptied:
        Type: AWS::CloudFormation::CustomResource
        Properties:
          ServiceToken: !GetAtt Emptier.Arn
      Emptier:
        Type: AWS::Lambda::Function
        Properties:
          Code: {ZipFile: "def handler(event, context): pass"}
          Handler: index.handler
          Runtime: python3.12
          Role: !ImportValue EmptierRole
          Environment: {Variables: {BUCKET: !Ref OutputBucket}}
    """,
                "named/template.yaml": UNMARKED.replace(
                    "Properties:", 'Properties:\n          BucketName: !Sub "${AWS::StackName}-output"'
                )
                + """
      Emptied:
        Type: Custom::EmptyBucket
        Properties:
          ServiceToken: !ImportValue BucketEmptier
          BucketName: !Sub "${AWS::StackName}-output"
    """,
            },
        ),
        good(
            "nothing is known to write to it, and what is read from it was put there by somebody else",
            WRITTEN.replace("  # <- S3AP612", "").replace("S3WritePolicy", "S3ReadPolicy"),
        ),
        good(
            "rain empties it, or whoever gives the setting may not want versions",
            """
            Parameters:
              Versioning: {Type: String, Default: Suspended}
            Resources:
              Emptied:
                Type: AWS::S3::Bucket
                Metadata: {Rain: {EmptyOnDelete: true}}
                Properties: {VersioningConfiguration: {Status: Enabled}}
              Chosen:
                Type: AWS::S3::Bucket
                Properties: {VersioningConfiguration: {Status: !Ref Versioning}}
            """,
        ),
    ],
)
def undeletable_bucket(application: Application) -> Iterator[Finding]:
    """
    A bucket keeps versions or is written to by its own stack, and nothing empties it when the stack is deleted.

    CloudFormation deletes no bucket with something in it, and has no option for that: the stack ends in DELETE_FAILED
    ("The bucket you tried to delete is not empty"). Where versioning is enabled, or was suspended, emptying the bucket
    by hand is not enough, because each deleted object leaves its versions and a delete marker, which neither
    the list of objects nor `aws s3 rm --recursive` shows.

    The rule speaks of buckets that keep versions, and of those that a role of the template may put objects into or
    that AWS writes to for another resource of it (query results, trails, access logs). It is silent where a custom
    resource, or the function behind one, knows the bucket. A lifecycle rule that expires everything empties a bucket
    within days, not when the stack is deleted.

    Say `DeletionPolicy: Retain` where what is in it must outlive the stack; else let a custom resource empty it, or
    `s3ap-ops`: its plan counts the versions and markers of the live bucket, and after the confirmation it
    deletes them, before the stack; a bucket with Retain is never touched.
    """
    for template in plain_templates(application):
        roles = [role for role in application.roles if role.template is template]
        for bucket in template.of_type("AWS::S3::Bucket"):
            if not _may_be_emptied(bucket, template):
                yield from _found(bucket, roles)


def _found(bucket: Resource, roles: list[Role]) -> Iterator[Finding]:
    outcomes = bucket.template.outcomes(partial(_filled_by, bucket, roles))
    verdict = bucket.template.verdict(outcomes, bool)
    if verdict is None:
        return
    told = next(outcome.answer for outcome in outcomes if outcome.answer)
    yield Finding(
        f"{told}, and nothing empties it; once something is in it, deleting the stack ends in DELETE_FAILED",
        at=bucket.at,
        scenario=verdict.scenario,
    )


def _filled_by(bucket: Resource, roles: list[Role], world: World) -> str:
    """Why a bucket that goes with its stack will not be empty by then; "" where that cannot be told."""
    if not goes(bucket, world):
        return ""
    status = text(bucket.properties["VersioningConfiguration"]["Status"], world)
    if status is not None and status.text == "Enabled":
        return f"{bucket.id} keeps every version"
    if status is not None and status.text == "Suspended":
        return f"{bucket.id} keeps the versions from before versioning was suspended"
    writer = next(_writers(bucket, roles, world), "")
    return f"{writer} to {bucket.id}" if writer else ""


def _writers(bucket: Resource, roles: list[Role], world: World) -> Iterator[str]:
    """Who writes to a bucket in a world."""
    for resource in bucket.template.of_type(*WRITERS):
        nodes = (node for node in resource.properties.walk() if node.key == WRITERS[resource.type])
        if resource.exists(world) and any(_is_known_to(bucket, node) for node in nodes):
            yield f"{resource.id} writes"
    for role in roles:
        if role.exists(world) and any(_is_put_into(bucket, leaf) for leaf in _put_on(role, world)):
            yield f"{role.id} may write"


def _put_on(role: Role, world: World) -> Iterator[Leaf]:
    """What a role may put objects into, as its statements name it."""
    for statement in role.policies(world, "s3:PutObject").statements:
        if statement.allows and statement.covers("s3:PutObject"):
            yield from statement.resources


def _is_put_into(bucket: Resource, leaf: Leaf) -> bool:
    named = {piece.name.partition(".")[0] for piece in leaf.pieces if isinstance(piece, Hole)}
    return bucket.id in named


def _may_be_emptied(bucket: Resource, template: Template) -> bool:
    """Whether something in the stack knows the bucket that may empty it."""
    if bucket.node["Metadata"]["Rain"]["EmptyOnDelete"].text == "true":
        return True
    for resource in custom_resources(template):
        providers = (template.resources.get(found.name) for found in mentioned(_token(resource), template))
        if any(_is_known_to(bucket, one.properties) for one in (resource, *providers) if one is not None):
            return True
    return False


def _token(resource: Resource) -> Node:
    return resource.properties["ServiceToken"]


def _is_known_to(bucket: Resource, node: Node) -> bool:
    """Whether a value names a bucket, by its logical id or in the words of its name."""
    if any(found.name == bucket.id for found in mentioned(node, bucket.template)):
        return True
    name = bucket.properties["BucketName"].data()
    return bool(name) and any(inner.data() == name for inner in node.walk())
