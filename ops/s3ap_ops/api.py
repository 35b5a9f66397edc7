"""What the author of a live rule may import, besides `s3ap_lint.api`; boto3 is not among it."""

from s3ap_ops.calls import Accept, ApiCall, DeleteReturned, DeleteStack, EmptyBucket, Phase, Risk, Until, call
from s3ap_ops.live_function import LiveFunction
from s3ap_ops.packaging.problem import Packing
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import Json, LiveResource, LiveStack, LiveStacks, LosingResource
from s3ap_ops.wording import count, listed, size, value

__all__ = [
    "Accept",
    "ApiCall",
    "DeleteReturned",
    "DeleteStack",
    "EmptyBucket",
    "Json",
    "LiveFunction",
    "LiveResource",
    "LiveStack",
    "LiveStacks",
    "LosingResource",
    "Packing",
    "Phase",
    "Risk",
    "Rollout",
    "Until",
    "call",
    "count",
    "listed",
    "size",
    "value",
]
