"""`selftest` tells a configuration under which rules fire from one under which they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3ap_lint import config, selftest
from s3ap_lint.api import Finding, Severity, Template, bad, good, rule
from s3ap_lint.model import Options
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import Registry, load
from s3ap_lint.settings import PerPath

TOPIC = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: NAME}}}"


@rule(
    code="ACME001",
    subject=Template,
    severity=Severity.WARNING,
    since="1.0",
    options={"word": "TODO", "least": 1},
    examples=[
        bad(
            "a placeholder", "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: TODO}}}  # <- ACME001"
        ),
        good("a name", "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: alerts}}}"),
    ],
)
def placeholder_name(template: Template, options: Options) -> Iterator[Finding]:
    """A topic is called TODO."""
    found = [t for t in template.of_type("AWS::SNS::Topic") if t.properties["DisplayName"].text == options["word"]]
    for topic in found if len(found) >= options["least"] else ():
        yield Finding("called TODO", at=topic.at)


@pytest.fixture(scope="module")
def everything() -> Registry:
    return load(make_manager())


@pytest.fixture
def ours() -> Registry:
    return Registry({"ACME001": placeholder_name}, {"ACME001": "acme"})


def told(registry: Registry, folder: Path, **said: Any) -> tuple[str, bool]:
    """What selftest says under some settings."""
    return selftest.report(registry, replace(config.load([folder]), **said))


def test_every_rule_of_a_fresh_installation_fires(everything: Registry, tmp_path: Path):
    text, passed = told(everything, tmp_path, engine="none", strict=True)
    assert passed, text
    assert "fires        S3AP101   alias-only-grant" in text
    assert "not asked    S3AP905   analysis-incomplete" in text
    assert "CANNOT" not in text


def test_engines_are_asked_too(everything: Registry, tmp_path: Path):
    text, passed = told(everything, tmp_path, select=("F821", "E3012"))
    assert passed
    assert ["E3012", "F821"] == [line.split()[1] for line in text.splitlines() if line.startswith("fires")]


def test_an_engine_that_is_not_used_is_not_asked(everything: Registry, tmp_path: Path):
    assert "E3012" not in told(everything, tmp_path, engine="none")[0]


def test_an_engine_that_its_own_configuration_silences_cannot_fire(everything: Registry, tmp_path: Path):
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E3012]\n")
    text, passed = told(everything, tmp_path, select=("E3012",))
    assert not passed
    assert "CANNOT FIRE" in text
    assert "does a .cfnlintrc at the root ignore it?" in text


def test_what_is_not_selected_is_not_listed(ours: Registry, everything: Registry, tmp_path: Path):
    assert "S3AP201" not in told(everything, tmp_path, select=("S3AP101",))[0]


def test_no_rule_at_all_does_not_pass(ours: Registry, tmp_path: Path):
    text, passed = told(ours, tmp_path, ignore=("ALL",))
    assert not passed
    assert "this configuration finds nothing" in text


def test_only_rules_that_no_file_can_show_do_not_pass(everything: Registry, tmp_path: Path):
    assert not told(everything, tmp_path, select=("S3AP905", "S3AP906"))[1]


def test_the_option_that_hides_a_rule_is_named(ours: Registry, tmp_path: Path):
    text, passed = told(ours, tmp_path, rules={"placeholder-name": {"word": "TODO", "least": 9}})
    assert not passed
    assert "CANNOT FIRE  ACME001   placeholder-name  the option least = 9 of the configuration hides it" in text


def test_a_rule_that_its_examples_do_not_make_fire_is_broken(ours: Registry, tmp_path: Path):
    detector = replace(placeholder_name.detectors[0], check=lambda template: (), takes_options=False)
    ours.rules["ACME001"] = replace(placeholder_name, detectors=(detector,))
    assert "the rule is broken" in told(ours, tmp_path)[0]


def test_a_rule_whose_detector_is_missing_cannot_fire(ours: Registry, tmp_path: Path):
    ours.rules["ACME001"] = replace(placeholder_name, detectors=())
    text, passed = told(ours, tmp_path)
    assert not passed
    assert "the plugin that does is missing or disabled" in text


def test_a_rule_wanted_below_a_path_only_is_tried_there(ours: Registry, tmp_path: Path):
    text, passed = told(ours, tmp_path, select=("S3AP9",), per_path=(PerPath("stacks/*/prod/**", select=("ACME001",)),))
    assert passed, text
    assert "on 1 of 1 example in stacks/any/prod/any" in text


def test_a_rule_ignored_where_its_examples_happen_to_lie_is_tried_elsewhere(ours: Registry, tmp_path: Path):
    assert told(ours, tmp_path, per_path=(PerPath("/template.yaml", ignore=("ACME001",)),))[1]


def test_a_rule_ignored_in_every_file_of_its_kind_cannot_fire(ours: Registry, tmp_path: Path):
    text, passed = told(ours, tmp_path, per_path=(PerPath("*.yaml", ignore=("ACME001",)),))
    assert not passed
    assert "per-path ignores it in files such as those of its examples" in text


def test_the_projects_own_files_are_not_looked_at(ours: Registry, tmp_path: Path):
    (tmp_path / "template.yaml").write_text("- nothing\n")
    assert told(ours, tmp_path)[1]
