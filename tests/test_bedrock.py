"""Which ids are inference profiles, and which models cannot do without one."""

from __future__ import annotations

import pytest

from s3ap_lint.bedrock import known_profile, mismatch, misspelt, model, prefix_for


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


class TestProfiles:
    @pytest.mark.parametrize(
        ("exists", "text"),
        [
            (True, "jp.anthropic.claude-haiku-4-5-20251001-v1:0"),
            (False, "apac.anthropic.claude-haiku-4-5-20251001-v1:0"),
            (False, "us.amazon.titan-embed-text-v2:0"),
            (None, "us-gov.amazon.nova-lite-v1:0"),
            (None, "us.anthropic.claude-v2:1"),
            (None, "amazon.nova-lite-v1:0"),
            (None, "us.acme.model-v1:0"),
        ],
    )
    def test_a_profile_exists_or_not_or_was_not_measured(self, exists: bool | None, text: str) -> None:
        found = model(text)
        assert found is not None
        assert exists is known_profile(found)

    @pytest.mark.parametrize(
        ("meant", "text"),
        [
            ("anthropic.claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6-v1:0"),
            ("anthropic.claude-sonnet-4-20250514-v1:0", "us.anthropic.claude-sonnet-4"),
            ("amazon.nova-lite-v1:0", "asia.amazon.nova-lite-v1:0"),
            ("", "us.amazon.nova-lite-v7:0"),
            ("", "us-gov.amazon.nova-lite-v1"),
            ("", "amazon.nova-lite-v1"),
        ],
    )
    def test_an_id_may_mean_a_model_by_another_version_or_prefix(self, meant: str, text: str) -> None:
        found = misspelt(text)
        assert meant == (found.base if found else "")


class TestThePrefixThatFits:
    HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"

    def fitting(self, text: str, region: str = "", used: tuple[str, ...] = (), instead_of: str = "") -> str:
        found = model(text)
        assert found is not None
        return prefix_for(found, region, used, instead_of)

    def test_a_region_has_a_geography(self) -> None:
        assert "jp" == self.fitting(self.HAIKU, "ap-northeast-1")

    def test_outside_every_geography_there_is_the_global_one(self) -> None:
        assert "global" == self.fitting(self.HAIKU, "sa-east-1")

    def test_the_only_one(self) -> None:
        assert "us" == self.fitting("deepseek.r1-v1:0")

    def test_the_one_that_the_project_uses(self) -> None:
        assert "eu" == self.fitting(self.HAIKU, used=("eu", "apac"))

    def test_the_one_that_is_called_from_wherever_the_other_was(self) -> None:
        assert "global" == self.fitting(self.HAIKU, instead_of="apac")

    def test_else_a_person_decides(self) -> None:
        assert ["", ""] == [self.fitting(self.HAIKU), self.fitting(self.HAIKU, used=("eu", "us"))]


class TestRequests:
    def mismatched(
        self, text: str, *keys: str, complete: bool = True
    ) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        found = model(text)
        assert found is not None
        wrong = mismatch(found, keys, complete)
        return (wrong.alien, wrong.missing) if wrong else None

    def test_a_request_of_the_model(self) -> None:
        assert self.mismatched("us.amazon.nova-lite-v1:0", "messages", "inferenceConfig", "system") is None

    def test_keys_of_another_family(self) -> None:
        assert (("inputText",), ("messages",)) == self.mismatched("us.amazon.nova-lite-v1:0", "inputText")

    def test_a_key_is_missing_for_sure_only_when_all_are_known(self) -> None:
        keys = ("max_tokens", "messages")
        assert ((), ("anthropic_version",)) == self.mismatched("us.anthropic.claude-sonnet-4-6", *keys)
        assert self.mismatched("us.anthropic.claude-sonnet-4-6", *keys, complete=False) is None

    def test_keys_that_tell_nothing(self) -> None:
        assert self.mismatched("us.amazon.nova-lite-v1:0", "temperature", "top_p") is None
