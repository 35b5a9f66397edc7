"""Which names are buckets whose versions may be deleted, and which stand for something else."""

from __future__ import annotations

_OTHERS = {
    "-s3alias": "an access point; its data may be a customer's file system",
    "--ol-s3": "an Object Lambda access point; its data may be a customer's file system",
    "--x-s3": "a directory bucket, which keeps no versions",
    "--table-s3": "a table bucket; its tables are deleted by their own API",
    ".mrap": "a multi-region access point; it stands for several buckets",
}


def ordinary(bucket: str) -> str:
    """The name, when it is one of an ordinary bucket; raises ValueError for an ARN or another kind of bucket."""
    if bucket.startswith("arn:"):
        raise ValueError(f"{bucket} is an ARN, not the name of a bucket; nothing is deleted through it")
    for ending, kind in _OTHERS.items():
        if bucket.endswith(ending):
            raise ValueError(f"{bucket} is {kind}; name the bucket itself, if that is what is to be emptied")
    return bucket
