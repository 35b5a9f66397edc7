"""AWS account ids: which twelve digits are one, which are nobody's, and how none is ever printed.

Sources: the placeholders of AWS's own documentation (123456789012, 111122223333, 444455556666 …); accounts that AWS
publishes (data/aws_accounts.json names the pages).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from s3ap_lint import data

SHOWN = "************"
"""What stands for an account id in everything that is printed; as long as one, so that columns stay right."""

_DIGITS = re.compile(r"(?<![0-9A-Za-z.])\d{12}(?![0-9A-Za-z]|\.\d)")
_TWELVE = re.compile(r"\d{12}")
_RUNS = "123456789" * 3
_BYTES = re.compile(rb"\d{12}")
_GROUPS = re.compile(r"(\d)\1{11}|(\d)\2{3}(\d)\3{3}(\d)\4{3}|(\d\d)\5{5}|(\d)\6{5}(\d)\7{5}|(\d)\8(?:(\d)\9){5}")
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]*):[^:\s]*:(?P<id>\d{12}):(?P<rest>\S*)")
_QUEUE = re.compile(r"sqs[.-][^/\s]*amazonaws\.com(?:\.cn)?/(?P<id>\d{12})(?=/)")
_BUCKET = re.compile(r"(?:s3://|arn:aws[a-z-]*:s3:::)[a-z0-9.-]*?-(?P<id>\d{12})(?![0-9A-Za-z])")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d")
_PUBLISHED = frozenset(("serverlessrepo",))


def is_documentation(digits: str) -> bool:
    """Whether twelve digits have the shape of an id in documentation: repeated digits or groups, or a sequence."""
    if _GROUPS.fullmatch(digits):
        return True
    if digits in _RUNS or digits[::-1] in _RUNS:
        return True
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    return steps in ({1}, {9})


@cache
def _of_aws() -> frozenset[str]:
    return frozenset(number for group in data.load("aws_accounts")["accounts"].values() for number in group)


def is_somebodys(digits: str) -> bool:
    """Whether twelve digits may be the account of somebody: not the documentation's, and none that AWS publishes."""
    return not is_documentation(digits) and digits not in _of_aws()


def may_have_account_ids(data: bytes) -> bool:
    """Whether a file is worth a look."""
    return _BYTES.search(data) is not None


def account_ids(text: str) -> Iterator[tuple[str, str]]:
    """Somebody's account ids at the places of a text that can only be one: (the id, what it stands in).

    A layer, an application of the Serverless Application Repository and an image belong to whoever publishes them.
    """
    if not _TWELVE.search(text):
        return
    for found in _ARN.finditer(text):
        published = found["service"] in _PUBLISHED or found["rest"].startswith("layer:")
        if not published and is_somebodys(found["id"]):
            yield found["id"], "an ARN"
    for pattern, what in ((_QUEUE, "the URL of a queue"), (_BUCKET, "the name of a bucket")):
        for found in pattern.finditer(text):
            if is_somebodys(found["id"]) and not _DATE.fullmatch(found["id"]):
                yield found["id"], what


def masked(text: str) -> str:
    """The text with everything that may be somebody's account id made unreadable."""
    return _DIGITS.sub(lambda found: SHOWN if is_somebodys(found[0]) else found[0], text)
