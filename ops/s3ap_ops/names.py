"""What can be told from a name alone."""

from __future__ import annotations

import re


def is_access_point(name: str) -> bool:
    """Whether a name that stands where a bucket is expected is the alias or the ARN of an access point.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html
    """
    return name.endswith(("-s3alias", "--ol-s3")) or bool(
        re.match(r"arn:[^:]*:s3[\w-]*:[^:]*:\d*:accesspoint[/:]", name)
    )
