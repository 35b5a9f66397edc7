"""S3AP107: a service is pointed at an access point that it cannot use."""

from collections.abc import Iterator
from dataclasses import replace

from s3ap_lint.api import (
    Finding,
    Function,
    Node,
    Options,
    Resource,
    SdkCall,
    Severity,
    Template,
    Traced,
    World,
    bad,
    detects,
    good,
    rule,
)
from s3ap_rules.access_points.volumes import bucket_of, deployed, is_on_volume

S3_OBJECT = ("S3Object", "Bucket")
_IMAGE = (("Image", *S3_OBJECT),)
_VIDEO = (("Video", *S3_OBJECT),)
_DOCUMENT = (("Document", *S3_OBJECT),)
_LOCATION = (("DocumentLocation", *S3_OBJECT),)

# Which arguments name a bucket that the service opens by itself, with its own client, for each operation.
OPERATIONS: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    **{
        ("rekognition", name): _IMAGE
        for name in (
            "detect_custom_labels",
            "detect_faces",
            "detect_labels",
            "detect_moderation_labels",
            "detect_protective_equipment",
            "detect_text",
            "index_faces",
            "recognize_celebrities",
            "search_faces_by_image",
            "search_users_by_image",
        )
    },
    ("rekognition", "compare_faces"): (("SourceImage", *S3_OBJECT), ("TargetImage", *S3_OBJECT)),
    **{
        ("rekognition", f"start_{name}"): _VIDEO
        for name in (
            "celebrity_recognition",
            "content_moderation",
            "face_detection",
            "face_search",
            "label_detection",
            "person_tracking",
            "segment_detection",
            "text_detection",
        )
    },
    **{("textract", name): _DOCUMENT for name in ("analyze_document", "analyze_expense", "detect_document_text")},
    ("textract", "analyze_id"): (("DocumentPages", "0", *S3_OBJECT), ("DocumentPages", "1", *S3_OBJECT)),
    **{
        ("textract", f"start_{name}"): _LOCATION
        for name in ("document_analysis", "document_text_detection", "expense_analysis", "lending_analysis")
    },
    ("athena", "start_query_execution"): (("ResultConfiguration", "OutputLocation"),),
}
NAMES = frozenset(name for _, name in OPERATIONS)
SERVICES = {"athena": "Athena", "rekognition": "Rekognition", "textract": "Textract"}

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      InputAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
      Uploads: {Type: String}
      Source: {Type: String, Default: bucket, AllowedValues: [volume, bucket]}
    Conditions:
      FromVolume: !Equals [!Ref Source, volume]
    Resources:
      Reader:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: reader/
          Environment:
            Variables:
              S3_ACCESS_POINT: !Ref InputAlias
              UPLOADS: !Ref Uploads
              SOURCE: !If [FromVolume, !Ref InputAlias, !Ref Uploads]
    """


@rule(
    code="S3AP107",
    subject=Function,
    severity=Severity.ERROR,
    since="0.1.0",
    options={"access-points": "auto"},
    examples=[
        bad(
            "a document on the volume, by its place",
            {
                "template.yaml": TEMPLATE,
                "reader/handler.py": """
                    import os

                    import boto3

                    def extract_text(alias, key, client=None):
                        if client is None:
                            client = boto3.client("textract")
                        return client.detect_document_text(
                            Document={"S3Object": {"Bucket": alias, "Name": key}},  # <- S3AP107
                        )

                    def handler(event, context):
                        alias = os.environ["S3_ACCESS_POINT"]
                        return extract_text(alias, event["Key"])
                    """,
            },
        ),
        bad(
            "an asynchronous operation, in one scenario",
            {
                "template.yaml": TEMPLATE,
                "reader/handler.py": """
                    import os

                    import boto3

                    rekognition = boto3.client("rekognition")
                    BUCKET = os.environ.get("SOURCE", "")

                    def handler(event, context):
                        video = {"S3Object": {"Bucket": BUCKET, "Name": event["Key"]}}
                        return rekognition.start_label_detection(Video=video)  # <- S3AP107
                    """,
            },
        ),
        bad(
            "results of Athena on the volume",
            {
                "template.yaml": TEMPLATE,
                "reader/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        results = f"s3://{os.environ['S3_ACCESS_POINT']}/athena/"
                        return boto3.client("athena").start_query_execution(
                            QueryString="SELECT 1",
                            ResultConfiguration={"OutputLocation": results},  # <- S3AP107
                        )
                    """,
            },
        ),
        good(
            "a real bucket, and bytes that the handler reads itself",
            {
                "template.yaml": TEMPLATE,
                "reader/handler.py": """
                    import os

                    import boto3

                    rekognition = boto3.client("rekognition")

                    def handler(event, context):
                        bucket = os.environ["UPLOADS"]
                        rekognition.detect_labels(Image={"S3Object": {"Bucket": bucket, "Name": event["Key"]}})
                        stored = boto3.client("s3").get_object(Bucket=os.environ["S3_ACCESS_POINT"], Key=event["Key"])
                        return rekognition.detect_labels(Image={"Bytes": stored["Body"].read()})
                    """,
            },
        ),
        good(
            "a bucket that the event names, and a helper of the project with the same method",
            {
                "template.yaml": TEMPLATE,
                "reader/handler.py": """
                    import os

                    import boto3
                    from reading import Reader

                    def handler(event, context):
                        image = {"S3Object": {"Bucket": event["bucket"], "Name": event["Key"]}}
                        document = {"S3Object": {"Bucket": os.environ["S3_ACCESS_POINT"], "Name": event["Key"]}}
                        Reader().analyze_document(Document=document)
                        return boto3.client("rekognition").detect_labels(Image=image)
                    """,
                "reader/reading.py": """
                    class Reader:
                        def analyze_document(self, Document):
                            return None
                    """,
            },
        ),
        good(
            "the helper that no handler calls",
            {
                "template.yaml": TEMPLATE,
                "reader/handler.py": """
                    import os

                    import boto3

                    def unused(key):
                        image = {"S3Object": {"Bucket": os.environ["S3_ACCESS_POINT"], "Name": key}}
                        return boto3.client("rekognition").detect_labels(Image=image)

                    def handler(event, context):
                        return event
                    """,
            },
        ),
        good(
            "nothing says that the alias is one of a file system",
            {
                "template.yaml": TEMPLATE.replace(', AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"', ""),
                "reader/handler.py": """
                    import os

                    import boto3

                    def handler(event, context):
                        image = {"S3Object": {"Bucket": os.environ["S3_ACCESS_POINT"], "Name": event["Key"]}}
                        return boto3.client("rekognition").detect_labels(Image=image)
                    """,
            },
        ),
    ],
)
def service_cannot_use_access_point(function: Function, options: Options) -> Iterator[Finding]:
    """
    A service is handed an access point of FSx for ONTAP that it cannot open by itself.

    Rekognition and Textract read an `S3Object` with their own client, and answer InvalidS3ObjectException whatever
    the policies say; Athena cannot write its results there, nor IVS its recordings. The bucket is followed from the
    call through parameters and variables to the function's environment, in every scenario of the template.

    Read the object in the handler and pass its bytes (`Image={"Bytes": …}`), which the synchronous operations take
    up to 5 MB. The asynchronous ones (`start_…`) take no bytes: copy the object to a bucket first. Athena and IVS
    need a bucket for their output.

    Spoken only where the access point is provably one of a file system: an alias that ends in `-ext-s3alias`, by the
    parameter's AllowedPattern or Default, or an AWS::FSx::S3AccessPointAttachment; with `access-points = "fsx"`,
    every alias and access point counts.
    """
    for call in function.sdk_calls(NAMES):
        for path in OPERATIONS.get((call.service, call.operation), ()):
            findings = [_checked(function, call, path, traced, options) for traced in call.texts(*path)]
            yield from [finding for finding in findings if finding is not None][:1]


def _checked(
    function: Function, call: SdkCall, path: tuple[str, ...], traced: Traced, options: Options
) -> Finding | None:
    def names_volume(world: World) -> bool:
        """Whether the call is made with an access point in a world."""
        if not function.resource.exists(world):
            return False
        return is_on_volume(bucket_of(deployed(function, world, traced)), function.template, options)

    outcomes = function.template.outcomes(names_volume)
    verdict = function.template.verdict(outcomes, bool)
    if verdict is None:
        return None
    named = " and ".join(str(variable) for variable in traced.variables) or traced.text
    service = SERVICES[call.service]
    effect = "cannot write there" if call.service == "athena" else "cannot read from it"
    guess = f" (its code was found by {function.guess})" if function.guess else ""
    return Finding(
        f"{call.operation} is given {named}, an access point of FSx for ONTAP, by {function.id}; "
        f"{service} {effect}, so the call fails{guess}",
        at=call.places.get(path[0], call.at),
        related=(function.at.noted(f"{function.id} runs this"), traced.at.noted("where the name comes from")),
        severity=Severity.WARNING if function.guess or not verdict.in_defaults else None,
        scenario=verdict.scenario,
        flow=(
            function.at.noted("the function"),
            traced.at.noted("the name of the access point"),
            *(at.noted("handed on here") for at in traced.via),
            call.at.noted("the call"),
        ),
    )


# Which properties name a bucket that a service writes to.
WRITERS = {
    "AWS::Athena::WorkGroup": (
        "Athena",
        "query results",
        ("WorkGroupConfiguration", "ResultConfiguration", "OutputLocation"),
    ),
    "AWS::IVS::RecordingConfiguration": ("IVS", "recordings", ("DestinationConfiguration", "S3", "BucketName")),
}


@detects(
    "S3AP107",
    subject=Template,
    examples=[
        bad(
            "a workgroup and a recording that write to the volume",
            """
            Resources:
              Attachment:
                Type: AWS::FSx::S3AccessPointAttachment
              Queries:
                Type: AWS::Athena::WorkGroup
                Properties:
                  WorkGroupConfiguration:
                    ResultConfiguration:
                      OutputLocation: !Sub "s3://${Attachment.S3AccessPoint.Alias}/結果/"  # <- S3AP107
              Recording:
                Type: AWS::IVS::RecordingConfiguration
                Properties:
                  DestinationConfiguration:
                    S3:
                      BucketName: !GetAtt Attachment.S3AccessPoint.Alias  # <- S3AP107
            """,
        ),
        good(
            "results go to a bucket; who names it is free to name an access point",
            """
            Parameters:
              Results: {Type: String, AllowedPattern: "^([a-z0-9.-]+|[a-z0-9-]+-ext-s3alias)$"}
            Resources:
              Queries:
                Type: AWS::Athena::WorkGroup
                Properties:
                  WorkGroupConfiguration:
                    ResultConfiguration:
                      OutputLocation: !Sub "s3://${Results}/athena/"
            """,
        ),
    ],
)
def written_to_an_access_point(template: Template, options: Options) -> Iterator[Finding]:
    """A workgroup or a recording that is configured to write to an access point."""
    for resource in template.of_type(*WRITERS):
        service, what, path = WRITERS[resource.type]
        node = resource.properties
        for name in path:
            node = node[name]
        if not node:
            continue

        def names_volume(world: World, resource: Resource = resource, node: Node = node) -> bool:
            if not resource.exists(world):
                return False
            leaves = template.texts(node, world).leaves
            return any(is_on_volume(bucket_of(leaf.pieces), template, options) for leaf in leaves)

        verdict = template.verdict(template.outcomes(names_volume), bool)
        if verdict is None:
            continue
        finding = Finding(
            f"{resource.id} sends {what} to an access point of FSx for ONTAP; {service} cannot write there",
            at=node.at,
            related=(resource.at.noted("the resource"),),
            scenario=verdict.scenario,
        )
        yield finding if verdict.in_defaults else replace(finding, severity=Severity.WARNING)
