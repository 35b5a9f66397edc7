"""The changes of live subjects: API calls as data, with what they destroy and what they ask for.

A fix of a live finding is a tuple of these. Rules make them, plans hold them, appliers carry them out; a dry run is
the same objects, told.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from s3ap_ops.packaging.archive import Payload
from s3ap_ops.stack import Json, LiveResource


class Risk(IntEnum):
    """What a change costs when it was not wanted.

    READ and REVERSIBLE want no more than consent; DATA_LOSS wants a stack's name typed, or `--yes`; PROTECTION takes
    away what somebody put there to prevent exactly this, and wants a flag of its own kind. Nothing irreversible beyond
    that is ever offered.
    """

    READ = 0
    REVERSIBLE = 1
    DATA_LOSS = 2
    PROTECTION = 3


class Phase(IntEnum):
    """When a change is made, relative to the others of its stack."""

    UNPROTECT = 0
    QUIESCE = 1
    CLEAR = 2
    DELETE = 3
    AFTER = 4


@dataclass(frozen=True)
class Until:
    """How the end of what a call begins is told, where the service answers at once and goes on by itself.

    `operation` is a read of the same service. It says that there is nothing left by one of the error codes `gone`, or
    by an answer without anything at `state` ("Attachments.0.Lifecycle"). While the state is `going` the service is at
    it. Any other state, seen for a while, means that it gave up, for the reason at `why`. `what` is called so in
    messages; if that is empty, what the call acts on.
    """

    operation: str
    params: Mapping[str, Json]
    state: str
    why: str
    gone: tuple[str, ...]
    going: str = "DELETING"
    what: str = ""


@dataclass(frozen=True)
class ApiCall:
    """One AWS API call.

    `service` and `operation` are boto3's ("athena", "delete_work_group"); `target` is what it acts on: a physical id of
    the inventory, or an edge of one, which then stands in the facts of the resource. `destroys` is what cannot be
    brought back ("3 saved queries"). `done` are error codes that mean that there is nothing left to do; one with a
    colon ("InvalidRequestException:is not found") wants that text in the message too. `flag` is the option without
    which the
    call is not made. `undo` brings back what was. `waiter` is the name of the boto3 waiter that tells when the effect
    is there; `until` tells it where there is none.
    """

    subject: str
    service: str
    operation: str
    params: Mapping[str, Json]
    target: str
    risk: Risk = Risk.REVERSIBLE
    phase: Phase = Phase.CLEAR
    destroys: str = ""
    done: tuple[str, ...] = ()
    flag: str = ""
    undo: ApiCall | None = None
    waiter: str = ""
    waiter_params: Mapping[str, Json] = field(default_factory=dict)
    until: Until | None = None

    def describe(self) -> str:
        """The call as a command of the AWS CLI, for a shell."""
        return command_line(self.service, self.operation, self.params)


@dataclass(frozen=True)
class EmptyBucket:
    """Delete every version and delete marker of a bucket, and abort its incomplete uploads; the bucket stays.

    `bypass_governance` deletes locked versions too, where the caller may.
    """

    subject: str
    bucket: str
    region: str
    account: str
    destroys: str = ""
    bypass_governance: bool = False
    flag: str = ""
    risk: Risk = Risk.DATA_LOSS
    phase: Phase = Phase.CLEAR

    @property
    def target(self) -> str:
        """The bucket."""
        return self.bucket

    def describe(self) -> str:
        """The change in words, because no single command does it."""
        locked = ", also those under a governance lock" if self.bypass_governance else ""
        return f"delete all versions, delete markers and incomplete uploads in s3://{self.bucket}{locked}"


@dataclass(frozen=True)
class DeleteStack:
    """Have CloudFormation delete a stack, and wait until it is gone.

    `retain` are logical ids that CloudFormation gives up on, which it takes only when an earlier deletion failed.
    """

    subject: str
    stack_id: str
    stack: str
    region: str
    role_arn: str = ""
    retain: tuple[str, ...] = ()
    destroys: str = ""
    flag: str = ""
    risk: Risk = Risk.DATA_LOSS
    phase: Phase = Phase.DELETE

    @property
    def target(self) -> str:
        """The stack's id."""
        return self.stack_id

    def describe(self) -> str:
        """The command of the AWS CLI that does it."""
        params: dict[str, Json] = {"StackName": self.stack_id}
        params |= {"RoleARN": self.role_arn} if self.role_arn else {}
        params |= {"RetainResources": list(self.retain)} if self.retain else {}
        return command_line("cloudformation", "delete_stack", params)


@dataclass(frozen=True)
class DeleteReturned:
    """Delete a log group that was written to, and so made again, after its stack had deleted it."""

    subject: str
    log_group: str
    region: str
    destroys: str = ""
    flag: str = ""
    risk: Risk = Risk.DATA_LOSS
    phase: Phase = Phase.AFTER

    @property
    def target(self) -> str:
        """The log group's name."""
        return self.log_group

    def describe(self) -> str:
        """The command of the AWS CLI, and when it is given."""
        told = command_line("logs", "delete_log_group", {"logGroupName": self.log_group})
        return f"{told}   # if a late log line makes it again"


@dataclass(frozen=True)
class Accept:
    """No call at all: somebody takes responsibility for what a finding says, by a flag."""

    subject: str
    flag: str
    target: str = ""
    destroys: str = ""
    risk: Risk = Risk.PROTECTION
    phase: Phase = Phase.UNPROTECT

    def describe(self) -> str:
        """The flag."""
        return f"go on all the same, because of {self.flag}"


@dataclass(frozen=True)
class UploadObject:
    """Put an object into a bucket unless it is there: its key holds the hash of what is in it, so that the same key is
    the same object.

    `size` is in bytes and before compression, `sha256` the hash of the contents in hexadecimal.
    """

    subject: str
    bucket: str
    key: str
    region: str
    account: str
    size: int
    sha256: str
    source: Payload
    destroys: str = ""
    flag: str = ""
    risk: Risk = Risk.REVERSIBLE
    phase: Phase = Phase.UNPROTECT

    @property
    def target(self) -> str:
        """The object's address."""
        return f"s3://{self.bucket}/{self.key}"

    def describe(self) -> str:
        """The change in words, because the object is made on the way."""
        files = f"{len(self.source.entries)} files, " if len(self.source.entries) > 1 else ""
        return f"upload {self.target} ({files}{self.size:,} bytes), unless it is there"


LiveChange = ApiCall | EmptyBucket | DeleteStack | DeleteReturned | UploadObject | Accept


def call(
    resource: LiveResource,
    service: str,
    operation: str,
    /,
    *,
    risk: Risk = Risk.REVERSIBLE,
    phase: Phase = Phase.CLEAR,
    target: str = "",
    destroys: str = "",
    done: tuple[str, ...] = (),
    flag: str = "",
    undo: ApiCall | None = None,
    waiter: str = "",
    waiter_params: Mapping[str, Json] | None = None,
    until: Until | None = None,
    **params: Json,
) -> ApiCall:
    """A call on a resource, or on the edge of it that `target` names; the keyword arguments are the call's."""
    return ApiCall(
        resource.subject,
        service,
        operation,
        params,
        target or resource.physical_id,
        risk,
        phase,
        destroys,
        done,
        flag,
        undo,
        waiter,
        waiter_params or {},
        until,
    )


def command_line(service: str, operation: str, params: Mapping[str, Json]) -> str:
    """A call as the AWS CLI takes it, quoted for a POSIX shell."""
    words = ["aws", _CLI_SERVICES.get(service, service), operation.replace("_", "-")]
    for name, value in params.items():
        words += _argument(_kebab(name), value)
    return " ".join(words)


_CLI_SERVICES = {"s3": "s3api"}


def _kebab(name: str) -> str:
    """An argument's name as the AWS CLI spells it, for instance role-arn for roleARN."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1-\2", parted).lower()


def _argument(name: str, value: Json) -> list[str]:
    if value is True:
        return [f"--{name}"]
    if value is False:
        return [f"--no-{name}"]
    if isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        return [f"--{name}", *(shlex.quote(str(one)) for one in value)]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return [f"--{name}", shlex.quote(text)]
