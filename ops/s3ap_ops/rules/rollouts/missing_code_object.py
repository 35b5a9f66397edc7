"""S3AP844: an object that code is deployed from, and that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.deploying.code import code_objects
from s3ap_ops.rollout import Rollout

ROLLOUT = """
    Stack: uc1-demo
    Parameters: {{Bucket: code}}
    Template:
      Parameters: {{Bucket: {{Type: String}}}}
      Resources:
        Report:{mark}
          Type: AWS::Lambda::Function
          Properties:
            Code: {{S3Bucket: !Ref Bucket, S3Key: lambda/report.zip}}
    Facts: {facts}
    """


@rule(
    code="S3AP844",
    subject=Rollout,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a zip that nobody has uploaded",
            {"rollout.yaml": ROLLOUT.format(mark="  # <- S3AP844", facts="{objects: {code/lambda/report.zip: false}}")},
        ),
        bad(
            "a layer's version, and what a state machine is defined by",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template:
                  Resources:
                    Shared:  # <- S3AP844
                      Type: AWS::Lambda::LayerVersion
                      Properties: {Content: {S3Bucket: code, S3Key: shared.zip, S3ObjectVersion: v1}}
                    Flow:  # <- S3AP844
                      Type: AWS::Serverless::StateMachine
                      Properties: {DefinitionUri: s3://code/flow.json}
                Facts: {objects: {"code/shared.zip?versionId=v1": false, code/flow.json: false}}
                """
            },
        ),
        good(
            "it is there", {"rollout.yaml": ROLLOUT.format(mark="", facts="{objects: {code/lambda/report.zip: true}}")}
        ),
        good("it could not be asked for", {"rollout.yaml": ROLLOUT.format(mark="", facts="{}")}),
        good(
            "code that stands in the template, or lies beside it",
            {
                "rollout.yaml": """
                Stack: uc1-demo
                Template:
                  Resources:
                    Inline: {Type: "AWS::Lambda::Function", Properties: {Code: {ZipFile: "pass"}}}
                    Local: {Type: "AWS::Serverless::Function", Properties: {CodeUri: functions/report/}}
                """
            },
        ),
    ],
)
def missing_code_object(rollout: Rollout) -> Iterator[Finding]:
    """
    Code is to be deployed from an object in S3 that is not there.

    Lambda refuses the function ("S3 Error Code: NoSuchKey"), and the stack is rolled back. The zip was not uploaded, or
    to another bucket or key. `s3ap-ops deploy` packages local code itself; an object that a template names is somebody
    else's to upload. Buckets that the deployment itself makes are not asked.
    """
    known = rollout.fact("objects", {})
    for logical_id, place in code_objects(rollout):
        if known.get(place.key_of_fact) is False:
            version = f" in the version {place.version}" if place.version else ""
            yield Finding(
                f"{logical_id} is deployed from s3://{place.bucket}/{place.key}{version}, which is not there, "
                "so it cannot be made",
                at=rollout.place(logical_id),
                fix=Fix(f"Upload it: aws s3 cp FILE s3://{place.bucket}/{place.key}", (), Safety.MANUAL),
            )
