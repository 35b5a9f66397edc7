"""S3 where moto is more lenient than AWS."""

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from s3ap_ops.testing.replies import AwsError, Reply
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import after, before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World

_MOST_KEYS = 1000
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@before("s3", "*")
def owner_is_as_expected(world: "World", call: Call) -> None:
    """A bucket of another account than the one expected is out of reach."""
    expected = call.headers.get("x-amz-expected-bucket-owner")
    if expected is None or "Bucket" not in call.params:
        return
    if expected != world.owners.get(call.params["Bucket"], world.account):
        raise AwsError("AccessDenied", "Access Denied", 403)


@before("s3", "*")
def bucket_is_in_reach(world: "World", call: Call) -> None:
    """A bucket that a test gave to another account answers nobody here."""
    if world.owners.get(call.params.get("Bucket", ""), world.account) != world.account:
        raise AwsError("AccessDenied", "Access Denied", 403)


@before("s3", "DeleteObjects")
def at_most_a_thousand(world: "World", call: Call) -> None:
    """A batch of more than 1,000 keys is malformed."""
    if len(call.params.get("Delete", {}).get("Objects", [])) > _MOST_KEYS:
        raise AwsError(
            "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
        )


@after("s3", "DeleteObjects")
def errors_name_their_versions(world: "World", call: Call, reply: Reply) -> Reply | None:
    """An error of a key that was asked for by version says which, as S3's does and moto's does not.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Error.html
    """
    if reply.status != 200 or b"<Error>" not in reply.body:
        return None
    root = ElementTree.fromstring(reply.body)
    gone = {(row.findtext(f"{_S3}Key"), row.findtext(f"{_S3}VersionId")) for row in root.iter(f"{_S3}Deleted")}
    objects = [(item["Key"], item.get("VersionId")) for item in call.params["Delete"]["Objects"]]
    stay = [asked for asked in objects if asked not in gone]
    for row in root.iter(f"{_S3}Error"):
        found = next(asked for asked in stay if asked[0] == row.findtext(f"{_S3}Key"))
        stay.remove(found)
        if found[1] is not None and row.find(f"{_S3}VersionId") is None:
            ElementTree.SubElement(row, f"{_S3}VersionId").text = found[1]
    return Reply(reply.status, ElementTree.tostring(root, default_namespace=_S3[1:-1]), reply.headers)


@before("s3", "DeleteBucket")
def no_access_point_is_attached(world: "World", call: Call) -> None:
    """A bucket with access points stays, and so does one that is not empty, by moto's own rule."""
    name = call.params["Bucket"]
    points = world.backend("s3control").access_points.get(world.account, {}).values()
    if name in world.backend("s3").buckets and any(point.bucket == name for point in points):
        raise AwsError(
            "BucketHasAccessPointsAttached",
            "The bucket you tried to delete has access points attached. "
            "Delete your access points before deleting your bucket.",
        )


@after("s3", "DeleteBucket")
def tags_go_with_the_bucket(world: "World", call: Call, reply: Reply) -> None:
    """A bucket made later under the name has none of them."""
    if reply.status < 300:
        world.bucket_tags.pop(call.params["Bucket"], None)


@before("s3", "GetBucketTagging")
def with_system_tags(world: "World", call: Call) -> Reply | None:
    """moto refuses tags that begin with aws:, so those that CloudFormation sets are added to its answer."""
    name = call.params["Bucket"]
    system = world.bucket_tags.get(name)
    bucket = world.backend("s3").buckets.get(name)
    if not system or bucket is None:
        return None
    own = world.backend("s3").get_bucket_tagging(name).get("Tags", [])
    root = ElementTree.Element("Tagging", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    tags = ElementTree.SubElement(root, "TagSet")
    for key, value in {**{tag["Key"]: tag["Value"] for tag in own}, **system}.items():
        tag = ElementTree.SubElement(tags, "Tag")
        ElementTree.SubElement(tag, "Key").text = key
        ElementTree.SubElement(tag, "Value").text = value
    return Reply(200, ElementTree.tostring(root), {"Content-Type": "application/xml"})
