"""Who acts, in which account and region: established before anything else, and held for the whole run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from s3ap_lint.api import placeholders
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.reading import Look, told

PLACEHOLDER = re.compile(r"<[A-Za-z_][\w -]*>")
"""What a value that nobody filled in looks like: the library's own scripts have <ACCOUNT_ID> as defaults."""


@dataclass(frozen=True)
class Pin:
    """The account, region and caller of a run. `alias` is the account's; None when it could not be read."""

    account: str
    region: str
    caller: str
    alias: str | None = ""

    @property
    def place(self) -> str:
        """Where, for people: "123456789012 (example-dev), ap-northeast-1"."""
        return f"{self.account}{f' ({self.alias})' if self.alias else ''}, {self.region}"


def session_for(region: str, profile: str = "") -> boto3.session.Session:
    """A session whose region was said by somebody. Raises OpsError when nobody did, or there is no such profile."""
    try:
        session = boto3.session.Session(profile_name=profile or None, region_name=region or None)
    except BotoCoreError as error:
        raise OpsError(str(error)) from None
    if not session.region_name:
        raise OpsError("no region was given; add --region, or set AWS_REGION")
    return session


def refuse_placeholders(values: Sequence[str]) -> None:
    """Raise OpsError for a value that still is a placeholder, such as <ACCOUNT_ID>."""
    for value in values:
        if PLACEHOLDER.search(value) or any(placeholders(value)):
            raise OpsError(f"{value!r} is a placeholder that nobody filled in; write what it stands for")


NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
ARN = re.compile(
    r"arn:[\w-]+:cloudformation:(?P<region>[\w-]+):(?P<account>\d{12}):stack/[A-Za-z][A-Za-z0-9-]{0,127}/[\w-]+"
)
"""What a stack can be called, and its id.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""


def check_names(names: Sequence[str], pin: Pin) -> None:
    """Raise OpsError for what no stack can be called, and for the id of a stack that is elsewhere."""
    for name in names:
        found = ARN.fullmatch(name)
        if found is None and not NAME.fullmatch(name):
            said = repr(name) if name.strip() else "an empty name"
            raise OpsError(f"{said} is no stack's name or id; a name has letters, digits and hyphens")
        if found is not None and (found["account"], found["region"]) != (pin.account, pin.region):
            raise OpsError(f"{name} is a stack of {found['account']}, {found['region']}; this is {pin.place}")


def pinned(
    session: boto3.session.Session, wanted: str, allowed: Sequence[str], denied_terms: Sequence[str]
) -> tuple[Pin, Look]:
    """Who and where, checked, and the account as readers see it.

    `wanted` is the account that the command line names, `allowed` the accounts of the configuration, `denied_terms`
    words that an account's alias must not contain. Raises Refused when the caller is elsewhere, or is root; OpsError
    when nobody can be found out.
    """
    look = Look(session, "", session.region_name)
    try:
        identity = look.client("sts").get_caller_identity()
    except ClientError as error:
        raise OpsError(f"AWS does not say who you are: {told(error)}; check your credentials") from None
    except (BotoCoreError, ValueError) as error:
        raise OpsError(
            f"AWS cannot be asked who you are: {error}; `aws sts get-caller-identity` must work first"
        ) from None
    account, caller = str(identity["Account"]), str(identity["Arn"])
    if caller.endswith(":root"):
        raise Refused("these are the root user's credentials; use a role that may do this and nothing else")
    if wanted and account != wanted:
        raise Refused(f"these credentials are for account {account}, not {wanted}; change the profile or --account")
    if allowed and account not in allowed:
        raise Refused(f"account {account} is not among `accounts` of the configuration ({', '.join(allowed)})")
    alias = _alias(look)
    if denied_terms and alias is None:
        raise Refused(
            "the account's alias cannot be read (iam:ListAccountAliases), so it may be one that is kept out; let the "
            "caller read it, or set `denied-alias-terms = []` in the configuration"
        )
    for term in denied_terms:
        if alias and term.lower() in alias.lower():
            raise Refused(
                f"the account's alias {alias!r} contains {term!r}; if this is meant, set `denied-alias-terms` without "
                "it, in [tool.s3ap-ops] of pyproject.toml or in s3ap-ops.toml"
            )
    look.account = account
    return Pin(account, session.region_name, caller, alias), look


def _alias(look: Look) -> str | None:
    try:
        return next(iter(look.client("iam").list_account_aliases().get("AccountAliases", [])), "")
    except (ClientError, BotoCoreError):
        return None
