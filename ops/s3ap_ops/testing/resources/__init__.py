"""Resource types: how CloudFormation makes and deletes each, and what it says when it cannot."""

from s3ap_ops.testing.resources import (
    compute,
    data,
    files,
    guarded,
    identity,
    knowledge,
    messaging,
    network,
    operations,
    stacks,
    storage,
)
from s3ap_ops.testing.resources.kinds import KINDS, Busy, Kind, Made, Refused, Site, is_gone, kind, kind_of

__all__ = ["KINDS", "Busy", "Kind", "Made", "Refused", "Site", "is_gone", "kind", "kind_of"]
_REGISTERED = (compute, data, files, guarded, identity, knowledge, messaging, network, operations, stacks, storage)
