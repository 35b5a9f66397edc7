"""What there is to read about rules is made from them, complete, and current."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3ap_lint import config, pages, settings
from s3ap_lint.config import Config
from s3ap_lint.errors import UsageError
from s3ap_lint.model import Severity
from s3ap_lint.page import Code, of_rule
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import Registry, load


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(make_manager())


@pytest.fixture
def fresh(tmp_path: Path) -> Config:
    """The configuration of a project that has none."""
    return config.load([tmp_path])


def row(registry: Registry, settings: Config, code: str) -> str:
    """The line of the list that is about a rule."""
    (line,) = (line for line in pages.listing(registry, settings).splitlines() if line.split()[:1] == [code])
    return line


# -- the folder of pages -----------------------------------------------------------------------------


def test_the_pages_are_current(repository: Path, registry: Registry):
    behind = pages.stale(repository / "docs" / "rules", registry)
    assert [] == behind, f"{', '.join(behind)} in docs/rules are not what the rules say; run `{pages.COMMAND}`"


def test_every_rule_has_a_page_and_a_row_in_the_index(registry: Registry):
    made = pages.files(registry)
    assert {f"{code}.md" for code in registry.rules} | {"README.md"} == set(made)
    assert all(f"[{code}]({code}.md)" in made["README.md"] for code in registry.rules)


def test_writing_again_changes_nothing_and_removes_what_is_gone(tmp_path: Path, registry: Registry):
    assert set(pages.files(registry)) == {path.name for path in pages.write(tmp_path, registry)}
    assert [] == pages.write(tmp_path, registry)
    assert [] == pages.stale(tmp_path, registry)
    (tmp_path / "S3AP000.md").write_text("gone")
    (tmp_path / "S3AP101.md").write_text("changed")
    assert ["S3AP000.md", "S3AP101.md"] == pages.stale(tmp_path, registry)
    assert ["S3AP000.md", "S3AP101.md"] == sorted(path.name for path in pages.write(tmp_path, registry))


def test_rules_of_other_distributions_get_no_page_here(registry: Registry):
    rule = replace(registry.rules["S3AP901"], code="ACME001")
    more = replace(registry, rules={**registry.rules, "ACME001": rule}, owners={**registry.owners, "ACME001": "acme"})
    assert "ACME001.md" not in pages.files(more)
    assert "# ACME001 unparsable-file" in pages.page(rule, more)


def test_a_page_has_no_line_that_is_only_space_and_ends_in_one_newline(registry: Registry):
    for text in pages.files(registry).values():
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


# -- the list ----------------------------------------------------------------------------------------


def test_the_list_says_what_is_on(registry: Registry, fresh: Config):
    assert ["S3AP101", "alias-only-grant", "error", "on"] == row(registry, fresh, "S3AP101").split()[:4]
    assert ["S3AP904", "ignore-without-reason", "warning", "strict"] == row(registry, fresh, "S3AP904").split()[:4]
    assert " off " in row(registry, replace(fresh, ignore=("S3AP1",)), "S3AP101")
    assert " off " in row(registry, replace(fresh, select=("S3AP1",)), "S3AP904")
    assert " on " in row(registry, replace(fresh, strict=True), "S3AP904")
    assert " on " in row(registry, replace(fresh, extend_select=("S3AP904",)), "S3AP904")


def test_the_list_says_what_is_on_below_some_paths_only(registry: Registry, fresh: Config):
    below = replace(fresh, select=("S3AP9",), per_path=(settings.PerPath("new/**", select=("S3AP1",)),))
    assert " partly " in row(registry, below, "S3AP101")


def test_the_list_groups_by_family_and_names_the_plugin(registry: Registry, fresh: Config):
    listed = pages.listing(registry, fresh)
    assert "S3AP1xx (plugin access-points)\n  S3AP101 " in listed
    assert registry.rules["S3AP101"].summary in row(registry, fresh, "S3AP101")
    assert " fix " in row(registry, fresh, "S3AP903")


def test_the_list_has_a_line_for_each_engine(registry: Registry, fresh: Config):
    without = [
        line for line in pages.listing(registry, replace(fresh, engine="none")).splitlines() if "codes about" in line
    ]
    assert ["cfn-lint", "pyflakes"] == [line.split()[0] for line in without]
    assert without[0].endswith("off, for the engine is none")
    assert without[1].endswith(" on")


def test_without_a_rule_the_list_says_so(fresh: Config):
    assert "no plugin offers a rule\n" == pages.listing(Registry(), fresh)


def test_the_json_list_has_these_keys_and_every_code(registry: Registry):
    listed: list[dict[str, Any]] = json.loads(pages.listing_json(registry))
    keys = ["code", "name", "severity", "strict", "fixable", "plugin", "summary"]
    assert all(keys == list(entry) for entry in listed)
    by_code = {entry["code"]: entry for entry in listed}
    assert len(listed) == len(by_code)
    assert set(registry.rules) | set(registry.catalogue) == set(by_code)
    assert {
        "code": "S3AP903",
        "name": "unused-ignore",
        "severity": "warning",
        "strict": False,
        "fixable": True,
        "plugin": "linter",
        "summary": "An ignore silences nothing.",
    } == by_code["S3AP903"]
    assert ("pyflakes", False) == (by_code["F821"]["plugin"], by_code["F821"]["fixable"])
    assert "cfn-lint" == by_code["E3012"]["plugin"]


# -- one page ----------------------------------------------------------------------------------------


def test_a_page_shows_the_finding_as_it_is_printed_and_the_fix_as_a_difference(registry: Registry):
    text = pages.explained("S3AP903", registry)
    assert "An ignore silences nothing." in text
    assert "template.yaml:5:24 warning S3AP903 unused-ignore" in text
    assert "-      DisplayName: 通知  # s3ap-lint: ignore[S3AP901] stood twice" in text
    assert "# <-" not in text


def test_a_rule_is_found_by_its_name_and_in_any_case(registry: Registry):
    assert pages.explained("S3AP101", registry) == pages.explained("alias-only-grant", registry)
    assert pages.explained("S3AP101", registry) == pages.explained("s3ap101", registry)


def test_a_foreign_code_has_its_summary_its_link_and_its_engine(registry: Registry):
    text = pages.explained("F401", registry)
    assert "A module or name is imported and not used." in text
    assert "from pyflakes" in text
    assert "https://" in text
    assert "rules.md#E3012" in pages.explained("E3012", registry)


def test_a_foreign_code_says_which_of_ours_speaks_in_its_place(registry: Registry):
    assert "Where S3AP202 unguarded-reference says the same" in pages.explained("W1001", registry)
    assert "(W1001)" in pages.explained("S3AP202", registry)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("S3AP9O1", "S3AP901"), ("alias-grant", "alias-only-grant"), ("F83", "F8"), ("E30122", "E3")],
)
def test_a_code_that_is_none_names_the_nearest(registry: Registry, given: str, meant: str):
    with pytest.raises(UsageError, match=f"there is no rule '{given}'; did you mean '{meant}"):
        pages.explained(given, registry)


def test_a_word_that_is_nothing_like_a_code_points_to_the_list(registry: Registry):
    with pytest.raises(UsageError, match="`s3ap-lint rules` lists them"):
        pages.explained("zzzzzzzzz", registry)


def test_the_ways_of_silencing_are_ways_that_work(registry: Registry, tmp_path: Path):
    blocks = [block for part in of_rule(registry.rules["S3AP101"], registry) for block in part.blocks]
    (text,) = [block.text for block in blocks if isinstance(block, Code) and block.language == "toml"]
    (tmp_path / ".s3ap-lint.toml").write_text(text)
    silenced = config.load([tmp_path])
    assert ("S3AP101",) == silenced.ignore
    assert ("S3AP101",) == silenced.at("legacy/template.yaml").ignore[-1:]
    assert tomllib.loads(text)


def test_what_the_program_says_about_a_run_cannot_be_silenced_on_a_line(registry: Registry):
    assert "s3ap-lint: ignore" not in pages.explained("S3AP902", registry)


def test_options_are_shown_with_their_defaults(registry: Registry):
    rule = replace(
        registry.rules["S3AP901"], options={"least": 3, "names": ["a"]}, security=7.5, severity=Severity.INFO
    )
    text = pages.page(rule, registry)
    assert '[rules.S3AP901]\nleast = 3\nnames = ["a"]' in text
    assert "info · security 7.5" in text


def test_a_good_example_that_begins_like_the_bad_one_is_shown_from_where_it_differs(registry: Registry):
    assert "# … as above" in pages.explained("S3AP101", registry)
