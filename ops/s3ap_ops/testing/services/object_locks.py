"""The retention of one version, which moto answers with the object itself."""

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from s3ap_ops.testing.replies import AwsError, Reply
from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@before("s3", "GetObjectRetention")
def retention(world: "World", call: Call) -> Reply:
    """Mode and end; without a lock, an error as S3 has it."""
    wanted = (call.params["Bucket"], call.params["Key"], call.params.get("VersionId"))
    key = world.backend("s3").get_object(*wanted)
    if key is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
    if key.lock_mode is None:
        message = "The specified object does not have a ObjectLock configuration"
        raise AwsError("NoSuchObjectLockConfiguration", message, 404)
    root = ElementTree.Element("Retention", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    ElementTree.SubElement(root, "Mode").text = key.lock_mode
    ElementTree.SubElement(root, "RetainUntilDate").text = str(key.lock_until)
    return Reply(200, ElementTree.tostring(root), {"Content-Type": "application/xml"})
