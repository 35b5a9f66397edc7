"""S3AP108: an S3 call that access points of FSx for ONTAP refuse."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Function, Options, SdkCall, Severity, Traced, World, bad, good, rule
from s3ap_rules.access_points.volumes import bucket_of, deployed, is_on_volume

# What access points of FSx for ONTAP do not know (AWS, "Access point compatibility" in the FSx for ONTAP user guide).
REFUSED = {
    "get_bucket_notification_configuration": "there are no notifications to configure",
    "put_bucket_notification_configuration": "there are no notifications to configure",
    "upload_part_copy": "parts cannot be copied on the volume",
}
CONDITIONAL = ("IfMatch", "IfNoneMatch")
ENCRYPTED = ("BucketKeyEnabled", "SSECustomerAlgorithm", "SSECustomerKey", "SSEKMSEncryptionContext", "SSEKMSKeyId")
GRANTED = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")
WRITES = frozenset({"complete_multipart_upload", "copy_object", "create_multipart_upload", "put_object"})
TRANSFERS = frozenset({"upload_file", "upload_fileobj"})
PRESIGNS = frozenset({"generate_presigned_url", "generate_presigned_post"})
NAMES = WRITES | TRANSFERS | PRESIGNS | REFUSED.keys()

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      OutputAlias: {Type: String, AllowedPattern: "^[a-z0-9-]+-ext-s3alias$"}
      Archive: {Type: String}
    Resources:
      Writer:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: writer/
          Environment:
            Variables:
              OUTPUT: !Ref OutputAlias
              ARCHIVE: !Ref Archive
    """


def _with(body: str) -> dict[str, str]:
    """A project whose handler does this with `s3`, `volume` and `archive`."""
    head = """
        import os

        import boto3
        from botocore.config import Config

        s3 = boto3.client("s3")
        volume, archive = os.environ["OUTPUT"], os.environ["ARCHIVE"]

        def handler(event, context):
        """
    lines = "".join(f"            {line}\n" for line in body.strip().splitlines())
    return {"template.yaml": TEMPLATE, "writer/handler.py": head.rstrip(" ") + lines}


@rule(
    code="S3AP108",
    subject=Function,
    severity=Severity.WARNING,
    since="0.1.0",
    options={"access-points": "auto"},
    examples=[
        bad(
            "a lock file that is written only when it is not there",
            _with('s3.put_object(Bucket=volume, Key="lock", IfNoneMatch="*")  # <- S3AP108'),
        ),
        bad(
            "encryption with a key of one's own, and an ACL, behind other names",
            _with("""
output = {"Bucket": volume, "ServerSideEncryption": "aws:kms"}
s3.put_object(**output, Key="報告.json")  # <- S3AP108
s3.upload_file("/tmp/x", volume, "x", ExtraArgs={"ACL": "public-read"})  # <- S3AP108
"""),
        ),
        bad(
            "an operation that does not exist there",
            _with("s3.get_bucket_notification_configuration(Bucket=volume)  # <- S3AP108"),
        ),
        bad(
            "a link signed the old way",
            _with('s3.generate_presigned_url("get_object", Params={"Bucket": volume, "Key": "x"})  # <- S3AP108'),
        ),
        good(
            "the same on a bucket",
            _with("""
s3.put_object(Bucket=archive, Key="lock", IfNoneMatch="*")
s3.put_object(Bucket=archive, Key="x", ServerSideEncryption="aws:kms", ACL="private")
s3.get_bucket_notification_configuration(Bucket=archive)
s3.generate_presigned_url("get_object", Params={"Bucket": archive, "Key": "x"})
"""),
        ),
        good(
            "what access points do accept",
            _with("""
s3.put_object(Bucket=volume, Key="x", ACL="bucket-owner-full-control", ServerSideEncryption="aws:fsx")
s3.get_object(Bucket=volume, Key="x", IfNoneMatch="etag")
"""),
        ),
        good(
            "links signed with version 4, for the region or for the access point's own host",
            _with("""
v4 = Config(signature_version="s3v4")
here = boto3.client("s3", endpoint_url=f"https://s3.{os.environ['AWS_REGION']}.amazonaws.com", config=v4)
here.generate_presigned_url("get_object", Params={"Bucket": volume, "Key": "x"})
virtual = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
boto3.client("s3", config=virtual).generate_presigned_url("get_object", Params={"Bucket": volume, "Key": "x"})
"""),
        ),
    ],
)
def unsupported_access_point_call(function: Function, options: Options) -> Iterator[Finding]:
    """
    An S3 call asks an access point of FSx for ONTAP for something that it does not do.

    Conditional writes (`IfNoneMatch`), UploadPartCopy, bucket notifications, encryption other than the file
    system's own and ACLs other than `bucket-owner-full-control` are refused. A presigned URL works when it is
    signed with version 4 for the right host; boto3 does neither by itself.

    Leave the argument out; the volume is encrypted anyway. For links, make the client with
    `Config(signature_version="s3v4")` and either a regional `endpoint_url` or `s3={"addressing_style": "virtual"}`.

    Spoken only where the bucket is provably an access point of a file system; see service-cannot-use-access-point.
    """
    for call in function.sdk_calls(NAMES):
        refused = _refused(call) if call.service == "s3" else ""
        if not refused:
            continue
        for traced in call.texts("Bucket"):
            finding = _checked(function, call, traced, refused, options)
            if finding is not None:
                yield finding
                break


def _refused(call: SdkCall) -> str:
    """Why an access point refuses a call; "" when it does not, as far as can be told."""
    if call.operation in REFUSED:
        return f"{call.operation} is refused: {REFUSED[call.operation]}"
    if call.method in PRESIGNS:
        return _signed_badly(call)
    path = ("ExtraArgs",) if call.operation in TRANSFERS else ()
    for name in (*CONDITIONAL, *ENCRYPTED, *GRANTED):
        if call.texts(*path, name) or (not path and call.has(name)):
            what = "conditional writes" if name in CONDITIONAL else "keys" if name in ENCRYPTED else "grants"
            return f"{call.operation} with {name} is refused: it knows no {what}"
    for name, accepted in (("ACL", "bucket-owner-full-control"), ("ServerSideEncryption", "aws:fsx")):
        for traced in call.texts(*path, name):
            if traced.text and traced.text != accepted:
                return f'{call.operation} with {name}="{traced.text}" is refused: it accepts {accepted} only'
    return ""


def _signed_badly(call: SdkCall) -> str:
    version = call.made_with("config", "signature_version")
    if version is None:
        return ""
    if set(version) != {"s3v4"}:
        return "a URL that is presigned without signature version 4 is refused"
    endpoint, style = call.made_with("endpoint_url"), call.made_with("config", "s3", "addressing_style")
    if endpoint is None or style is None or set(style) == {"virtual"}:
        return ""
    regional = bool(endpoint) and "https://s3.amazonaws.com" not in endpoint
    return "" if regional else "a URL that is presigned for the global endpoint is redirected, and then refused"


def _checked(function: Function, call: SdkCall, traced: Traced, refused: str, options: Options) -> Finding | None:
    def names_volume(world: World) -> bool:
        """Whether the call is made on an access point in a world."""
        if not function.resource.exists(world):
            return False
        return is_on_volume(bucket_of(deployed(function, world, traced)), function.template, options)

    verdict = function.template.verdict(function.template.outcomes(names_volume), bool)
    if verdict is None:
        return None
    named = " and ".join(str(variable) for variable in traced.variables) or traced.text
    guess = f" (its code was found by {function.guess})" if function.guess else ""
    return Finding(
        f"{named} is an access point of FSx for ONTAP in {function.id}; {refused}{guess}",
        at=call.at,
        related=(function.at.noted(f"{function.id} runs this"), traced.at.noted("where the name comes from")),
        scenario=verdict.scenario,
    )
