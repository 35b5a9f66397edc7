"""What calls need of the keys that queues, topics and buckets of the template are encrypted with.

Who sends to a queue or topic that a key of the account encrypts has a data key made and decrypted with it, who
receives or reads decrypts, who writes an object has a data key made (Amazon SQS Developer Guide, "Configure KMS
permissions for Amazon SQS"; Amazon SNS Developer Guide, "Managing encryption keys and costs"; Amazon S3 User Guide,
"Using server-side encryption with AWS KMS keys"). DynamoDB and Kinesis work otherwise, and are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from s3ap_lint.function import Function
from s3ap_lint.permissions.configured_needs import Configured
from s3ap_lint.permissions.encryption import TYPES, encrypts, key_of
from s3ap_lint.permissions.members import member
from s3ap_lint.permissions.needs import Needed, Wanted
from s3ap_lint.permissions.standing import permissions_of
from s3ap_lint.permissions.switches import Switches
from s3ap_lint.physical import meaning
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Filler, Hole, Piece
from s3ap_lint.template.worlds import World

BOTH = ("kms:GenerateDataKey", "kms:Decrypt")
NEEDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("sqs", "send_message"): BOTH,
    ("sqs", "send_message_batch"): BOTH,
    ("sqs", "receive_message"): ("kms:Decrypt",),
    ("sns", "publish"): BOTH,
    ("sns", "publish_batch"): BOTH,
    ("s3", "put_object"): ("kms:GenerateDataKey",),
    ("s3", "upload_file"): ("kms:GenerateDataKey",),
    ("s3", "upload_fileobj"): ("kms:GenerateDataKey",),
    ("s3", "get_object"): ("kms:Decrypt",),
    ("s3", "download_file"): ("kms:Decrypt",),
    ("s3", "download_fileobj"): ("kms:Decrypt",),
}
"""What operations on something encrypted need of the key."""
FIRST = ("sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish", "s3:PutObject", "s3:GetObject")
"""The actions that name what such an operation is made on."""
OWN_KEY = ("ServerSideEncryption", "SSEKMSKeyId", "SSECustomerKey", "ExtraArgs")
"""Members that choose another encryption than the bucket's."""


class Encrypted:
    """The calls of a function that may be on something encrypted, and what they need of its key."""

    def __init__(self, function: Function, needed: list[Needed]) -> None:
        self.function = function
        self._needed = needed

    @cached_property
    def switches(self) -> Switches:
        """What decides about the calls."""
        return Switches(self.function, [one.call for one in self._needed])

    def needs(self, world: World) -> Iterator[Configured]:
        """What they need in a world, whichever are made there."""
        for one in self._needed:
            yield from self._of(one, world)

    def made(self, world: World) -> Iterator[Configured]:
        """What those need that are made in a world."""
        for one in self._needed:
            if self.switches.lets(one.call, world):
                yield from self._of(one, world)

    def _of(self, one: Needed, world: World) -> Iterator[Configured]:
        template, call = self.function.template, one.call
        for options in one.wanted(self.function.variables_in(world), world, template):
            on = _resource(options[0].resources[0], template) if _is_one(options) else None
            key = key_of(on, world) if on is not None else None
            if on is None or key is None:
                continue
            because = f"calls {call.service}.{call.operation} on {on.id}, which {key.id} encrypts"
            for action in NEEDS[call.service, call.operation]:
                hole = (Hole(key.id, Filler.RESOURCE),)
                yield Configured((action,), hole, because, "so the call is denied", call.at, call)


def encrypted(function: Function) -> Encrypted | None:
    """The calls that may be on something encrypted; None without any."""
    template = function.template
    if not encrypts(template):
        return None
    found = [one for one in permissions_of(function).needed if one.certain and _may_be_encrypted(one)]
    return Encrypted(function, found) if found else None


def _may_be_encrypted(one: Needed) -> bool:
    call = one.call
    if one.action not in FIRST or (call.service, call.operation) not in NEEDS:
        return False
    return call.service != "s3" or all(member(call, name).given is False for name in OWN_KEY)


def _is_one(options: list[Wanted]) -> bool:
    """Whether it can be told what a call is made on."""
    return len(options) == 1 and not options[0].empty and len(options[0].resources) == 1


def _resource(pieces: tuple[Piece, ...], template: Template) -> Resource | None:
    """The queue, topic or bucket that a call is made on."""
    named = (meaning(piece, template) for piece in pieces if isinstance(piece, Hole))
    found = [one.resource for one in named if one is not None]
    return found[0] if len(found) == 1 and found[0].type in TYPES else None
