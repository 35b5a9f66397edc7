"""Endpoints that are addresses, as AWS_ENDPOINT_URL may name them: a subdomain of 127.0.0.1 is no host."""

from __future__ import annotations

import re
from typing import Any

_ACCOUNT_BEFORE_ADDRESS = re.compile(r"^(https?://)\d{12}\.(?=\d{1,3}(\.\d{1,3}){3}[:/]|\d{1,3}(\.\d{1,3}){3}$)")


def suit_addresses(client: Any) -> None:
    """Have a client leave the account out of the host where that is an IP address; S3 Control has it in a header, too.

    botocore puts the account before every endpoint of S3 Control, and no setting ends that.
    """
    client.meta.events.register("before-call.s3-control", _without_account)


def _without_account(params: dict[str, Any], **_: Any) -> None:
    params["url"] = _ACCOUNT_BEFORE_ADDRESS.sub(r"\1", params["url"])
