"""What stands for a value that somebody still has to fill in: `<ACCOUNT_ID>`, `YOUR_BUCKET`, `vpc-xxxxxxxx`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_UPPER = r"<[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+>"
_WORD = (
    r"<(?:ACCOUNT|ACCOUNTID|ALIAS|BUCKET|BUCKETNAME|DOMAIN|EMAIL|ENVIRONMENT|NAME|REGION|STACK|STACKNAME|STAGE|SUBNET"
    r"|VPC|VPCID|AccountId|AWSAccountId|BucketName|Region|StackName)>"
)
_YOURS = r"<(?:[Yy]our|my|insert|enter|replace|REPLACE|the|account|bucket|region|aws|stack)[-_ ][\w -]*>"
_SHOUTED = r"(?<![A-Za-z0-9_])YOUR[_-][A-Z0-9]+(?:[_-][A-Z0-9]+)*(?![a-z])"
_ORDERS = (
    r"(?<![A-Za-z0-9_])(?:REPLACE[_-]?(?:ME|THIS|WITH[A-Z0-9_-]*)|CHANGE[_-]?ME|INSERT_[A-Z0-9_]+|[A-Z0-9_]+_HERE)"
    r"(?![a-z0-9])"
)
_CROSSED = (
    r"(?<![A-Za-z0-9])(?:vpc|subnet|sg|fs|svm|ami|i|eni|rtb|igw|nat|acl|vpce|fsvol|lt|vol|snap|ap|key)-[xX]{3,17}"
    r"(?![A-Za-z0-9])|(?<![A-Za-z0-9.])(?:[xX]{8}-[xX]{4}-[xX]{4}-[xX]{4}-[xX]{12}|[xX]{12}|XXXX+)(?![A-Za-z0-9])"
)
_PLACEHOLDER = re.compile("|".join(f"(?:{one})" for one in (_UPPER, _WORD, _YOURS, _SHOUTED, _ORDERS, _CROSSED)))
_HINT = re.compile(r"<[A-Za-z]|YOUR[_-]|REPLACE|CHANGE|INSERT_|_HERE|[xX]{3}")
"""What is in every placeholder, and is found ten times as fast."""
_QUICK = re.compile(rb"<[A-Za-z]|YOUR[_-]|REPLACE|CHANGE|INSERT_|_HERE|xxx|XXX")

ACCOUNT = re.compile(
    r"<(?:AWS[_-]?)?ACCOUNT(?:[_-]?ID)?>|<(?:AWS)?Account-?Id>|<(?:your|aws)[-_ ]account[-_ ]id>", re.IGNORECASE
)
REGION = re.compile(r"<(?:AWS[_-]?)?REGION>|<(?:your|aws)[-_ ]region>", re.IGNORECASE)


def placeholders(text: str) -> Iterator[str]:
    """The placeholders in a value; in a text of several words only those inside an ARN."""
    if not _HINT.search(text) or not _PLACEHOLDER.search(text):
        return
    words = text.split()
    for word in words if len(words) != 1 else (text,):
        bare = word.lstrip("\"'[({,:")
        if len(words) == 1 or bare.startswith("arn:"):
            yield from (found[0] for found in _PLACEHOLDER.finditer(word))


def of_this_account(text: str) -> str | None:
    """A text with the account and region of the stack in place of their placeholders; None if others are left."""
    filled = REGION.sub("${AWS::Region}", ACCOUNT.sub("${AWS::AccountId}", text))
    return filled if filled != text and not any(True for _ in placeholders(filled)) else None


def may_have_placeholders(data: bytes) -> bool:
    """Whether a file is worth a look."""
    return _QUICK.search(data) is not None
