"""Which ids are inference profiles, and which models cannot do without one."""

from __future__ import annotations

import pytest

from s3ap_lint.bedrock import model


@pytest.mark.parametrize(
    ("text", "prefix", "base"),
    [
        ("us.amazon.nova-lite-v1:0", "us", "amazon.nova-lite-v1:0"),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-gov", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("amazon.nova-lite-v1:0:300k", "", "amazon.nova-lite-v1:0:300k"),
        ("arn:aws:bedrock:us-east-1:111122223333:inference-profile/eu.meta.llama3-2-1b-instruct-v1:0", "eu",
         "meta.llama3-2-1b-instruct-v1:0"),
        ("anthropic.claude-v2", "", "anthropic.claude-v2"),
    ],
)  # fmt: skip
def test_an_id_is_a_prefix_and_a_model(text: str, prefix: str, base: str) -> None:
    """Also at the end of an ARN."""
    found = model(text)
    assert found is not None
    assert (prefix, base) == (found.prefix, found.base)


@pytest.mark.parametrize("text", ["", "handler.handler", "reports/", "INFO", "gpt-4o", "zz.amazon.nova-lite-v1:0", "*"])
def test_other_texts_are_no_models_that_need_a_profile(text: str) -> None:
    found = model(text)
    assert found is None or not found.needs_profile


def test_a_model_needs_a_profile_when_the_table_says_so() -> None:
    """One that is not in the table is taken to be served on demand."""
    found = [model(text) for text in ("anthropic.claude-haiku-4-5-20251001-v1:0", "amazon.titan-embed-text-v2:0")]
    assert [True, False] == [one is not None and one.needs_profile for one in found]
