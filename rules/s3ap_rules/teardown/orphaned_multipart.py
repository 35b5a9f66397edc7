"""S3AP616: a bucket is written to in parts, and nothing removes the parts of uploads that broke off."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Application,
    Filler,
    Finding,
    Fix,
    Function,
    Given,
    Hole,
    Node,
    Permission,
    Resource,
    Severity,
    Value,
    World,
    bad,
    choose,
    edits,
    good,
    listed,
    offer,
    permissions_of,
    rule,
    text,
)
from s3ap_rules.teardown.belonging import plain_templates

IN_PARTS = frozenset({"create_multipart_upload", "upload_file", "upload_fileobj"})
DAYS = 7
ABORT = "AbortIncompleteMultipartUpload"
RULE: Value = {"Id": ABORT, "Status": "Enabled", ABORT: {"DaysAfterInitiation": DAYS}}

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Exports:  # 出力先  # <- S3AP616
        Type: AWS::S3::Bucket
        Properties:
          BucketEncryption:
            ServerSideEncryptionConfiguration:
              - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
      Export:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/export/
          Environment: {Variables: {BUCKET: !Ref Exports}}
          Policies:
            - S3WritePolicy: {BucketName: !Ref Exports}
    """
ENCRYPTED = """\
          BucketEncryption:
            ServerSideEncryptionConfiguration:
              - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
"""
LIFECYCLE = """\
          LifecycleConfiguration:
            Rules:
"""
ADDED = """\
              - Id: AbortIncompleteMultipartUpload
                Status: Enabled
                AbortIncompleteMultipartUpload:
                  DaysAfterInitiation: 7
"""
EXPIRES = """\
              - Id: Old
                Status: Enabled
                ExpirationInDays: 90
"""
CLEAN = TEMPLATE.replace("  # <- S3AP616", "")
HANDLER = """
    import os

    import boto3

    s3 = boto3.client("s3")

    def handler(event, context):
        with open("/tmp/export", "rb") as export:
            s3.upload_fileobj(export, os.environ["BUCKET"], event["key"])
    """
PARTS = """
    import os

    import boto3

    def handler(event, context):
        s3, bucket = boto3.client("s3"), os.environ["BUCKET"]
        upload = s3.create_multipart_upload(Bucket=bucket, Key=event["key"])
        return upload["UploadId"]
    """


def files(template: str, handler: str = HANDLER) -> dict[str, str]:
    """A template and the code of its function."""
    return {"template.yaml": template, "functions/export/handler.py": handler}


@rule(
    code="S3AP616",
    subject=Application,
    severity=Severity.INFO,
    strict=True,
    since="0.1.0",
    examples=[
        bad(
            "a file that boto3 uploads in parts",
            files(TEMPLATE),
            fixed={"template.yaml": CLEAN.replace(ENCRYPTED, ENCRYPTED + LIFECYCLE + ADDED)},
        ),
        bad(
            "parts by hand, and lifecycle rules about something else",
            files(TEMPLATE.replace(ENCRYPTED, LIFECYCLE + EXPIRES), PARTS),
            fixed={"template.yaml": CLEAN.replace(ENCRYPTED, LIFECYCLE + EXPIRES + ADDED)},
        ),
        bad(
            "a rule that is switched off",
            files(
                TEMPLATE.replace(ENCRYPTED, LIFECYCLE + ADDED.replace("Enabled", "Disabled")).replace(
                    "BUCKET: !Ref Exports", 'BUCKET: !Sub "${Exports}"'
                ),
                PARTS,
            ),
        ),
        bad(
            "a bucket without properties, by its name",
            files(
                TEMPLATE.replace(
                    "        Properties:\n" + ENCRYPTED, "        Properties: {BucketName: exports-1}\n"
                ).replace("BUCKET: !Ref Exports", "BUCKET: exports-1")
            ),
            fixed={
                "template.yaml": CLEAN.replace(
                    "        Properties:\n" + ENCRYPTED,
                    "        Properties: {BucketName: exports-1, LifecycleConfiguration: {Rules: [{Id: "
                    "AbortIncompleteMultipartUpload, Status: Enabled, AbortIncompleteMultipartUpload: "
                    "{DaysAfterInitiation: 7}}]}}\n",
                ).replace("BUCKET: !Ref Exports", "BUCKET: exports-1")
            },
        ),
        good("a rule that aborts them", files(CLEAN.replace(ENCRYPTED, LIFECYCLE + ADDED))),
        good(
            "a rule about a prefix, which may be the one",
            files(CLEAN.replace(ENCRYPTED, LIFECYCLE + ADDED + "                Prefix: exports/\n")),
        ),
        good("whole objects", files(CLEAN, PARTS.replace("create_multipart_upload", "put_object"))),
        good("a bucket that the event names", files(CLEAN, PARTS.replace('os.environ["BUCKET"]', 'event["bucket"]'))),
        good(
            "an access point, and rules that are not in the template",
            {
                **files(CLEAN.replace("BUCKET: !Ref Exports", "BUCKET: exports-abc-ext-s3alias")),
                "ruled/template.yaml": CLEAN.replace(
                    ENCRYPTED, "          LifecycleConfiguration: !Ref AWS::NoValue\n" + ENCRYPTED
                ).replace("!Ref AWS::NoValue", '{"Fn::Transform": {Name: Rules}}'),
                "ruled/functions/export/handler.py": HANDLER,
            },
        ),
    ],
)
def orphaned_multipart(application: Application) -> Iterator[Finding]:
    """
    A handler uploads to a bucket of the template in parts, and no lifecycle rule aborts uploads that broke off.

    When a function times out or runs out of memory between two parts, nobody completes or aborts the upload. Its parts
    stay, are paid for like objects, and no list of objects shows them. `upload_file` and `upload_fileobj` upload in
    parts what is larger than 8 MB.

    The rule follows the bucket of each such call, through helpers such as `put_stream` and the variables of the
    function, and speaks where it is a bucket of the template. The fix adds a lifecycle rule that aborts uploads after
    seven days, far more than a function can need for one; read it if others upload there as well. Access points of
    FSx for ONTAP have no lifecycle, and are not spoken of.

    `s3ap-ops` lists the uploads of each bucket that goes with the stack and aborts them, until no parts are left.
    """
    for template in plain_templates(application):
        functions = [function for function in application.functions if function.template is template]
        writers = [function for function in functions if function.sdk_calls(IN_PARTS)]
        for bucket in template.of_type("AWS::S3::Bucket") if writers else ():
            yield from _found(bucket, writers)


def _found(bucket: Resource, writers: list[Function]) -> Iterator[Finding]:
    template = bucket.template
    unruled = template.outcomes(partial(_is_unruled, bucket))
    if not any(outcome.answer for outcome in unruled):
        return
    calls = {function.id: call for function in writers for call in _uploads(function, bucket)[:1]}
    if not calls:
        return
    verdict = template.verdict(unruled, bool)
    names = " and ".join(sorted(calls))
    yield Finding(
        f"{names} may upload to {bucket.id} in parts, and no lifecycle rule aborts what breaks off; its parts stay, "
        "are paid for, and no list shows them",
        at=bucket.at,
        related=tuple(call.needed.at.noted(f"{name} uploads here") for name, call in calls.items()),
        scenario=verdict.scenario if verdict is not None else None,
        fix=_aborting(bucket),
    )


def _uploads(function: Function, bucket: Resource) -> list[Permission]:
    """The calls of a function that upload in parts to a bucket of its template, in some world."""
    found = [
        permission
        for outcome in permissions_of(function).outcomes
        for permission in outcome.answer or ()
        if permission.needed.action == "s3:PutObject" and permission.needed.call.operation in IN_PARTS
        if _is_named(bucket, permission.wanted.arguments.get("Bucket"), outcome.world)
    ]
    return sorted(found, key=lambda one: one.needed.certain, reverse=True)


def _is_named(bucket: Resource, given: Given | None, world: World) -> bool:
    """Whether an argument is the name of a bucket."""
    if given is None or not given.pieces:
        return False
    if given.pieces == (Hole(bucket.id, Filler.RESOURCE),):
        return True
    name = text(bucket.properties["BucketName"], world)
    return name is not None and not name.is_opaque and name.pieces == given.pieces


def _is_unruled(bucket: Resource, world: World) -> bool:
    """Whether a bucket has surely no rule that aborts uploads."""
    if not bucket.exists(world):
        return False
    lifecycle = choose(bucket.properties["LifecycleConfiguration"], world)
    if lifecycle is None:
        return "Fn::Transform" not in bucket.properties
    rules = listed(lifecycle["Rules"], world)
    if lifecycle.function is not None or any(one.function is not None for one in rules):
        return False
    return not any(_may_abort(one, world) for one in rules)


def _may_abort(one: Node, world: World) -> bool:
    status = text(one["Status"], world)
    return choose(one[ABORT], world) is not None and not (status is not None and status.text == "Disabled")


def _aborting(bucket: Resource) -> Fix | None:
    """A fix that adds the rule; none where the rules are chosen by a condition, or one of its name is there."""
    lifecycle, source = bucket.properties["LifecycleConfiguration"], bucket.template.source
    rules = lifecycle["Rules"]
    title = f"Abort uploads that are not complete after {DAYS} days"
    if lifecycle and any(one["Id"].text == ABORT for one in rules):
        return None
    if lifecycle:
        return offer(title, edits.append(rules, source, RULE))
    if bucket.properties:
        return offer(title, edits.set(bucket.properties, source, "LifecycleConfiguration", {"Rules": [RULE]}))
    return offer(title, edits.set(bucket.node, source, "Properties", {"LifecycleConfiguration": {"Rules": [RULE]}}))
