"""What the plugins offer, joined: codes, detectors, options, and which rules a selection asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3ap_lint.config import Config, Selection
from s3ap_lint.errors import ConfigError, PluginError
from s3ap_lint.model import Detector, Example, Finding, Options, Rule, Severity, detects, rule
from s3ap_lint.offers import Catalogued, Renderer
from s3ap_lint.plugins import Manager, hookimpl
from s3ap_lint.project import PythonFile
from s3ap_lint.registry import Registry, load
from s3ap_lint.settings import PerPath
from s3ap_lint.template.template import Template

ROOT = Path("/project")


def made(code: str, name: str = "some-fault", **said: Any) -> Rule:
    """A rule that finds nothing."""

    @rule(code=code, name=name, subject=Template, severity=Severity.ERROR, since="1.0", examples=[], **said)
    def some_fault(template: Template) -> Iterable[Finding]:
        """Something is wrong."""
        return ()

    return some_fault


class Linter:
    """A foreign linter with one code."""

    kind = "template"
    version = "1.0"

    def __init__(self, name: str, code: str) -> None:
        self.name, self.code = name, code

    def catalogue(self) -> Iterable[Catalogued]:
        """The code."""
        return [Catalogued(self.code, "their-name", Severity.INFO, "Theirs.")]

    def check(self, unit: object) -> Iterable[Finding]:
        """Nothing."""
        return ()


def joined(**plugins: Mapping[str, Iterable[object]]) -> Registry:
    """What plugins of these names come to; each maps a hook to what it returns."""
    manager = Manager()
    for name, hooks in plugins.items():
        plugin = type("Plugin", (), {})()
        for hook, things in hooks.items():
            setattr(plugin, hook, _hook(hook, things))
        manager.register(plugin, name)
    return load(manager)


def _hook(name: str, things: Iterable[object]) -> object:
    def hook() -> Iterable[object]:
        return things

    hook.__name__ = name
    return hookimpl(hook)


def settings(**said: Any) -> Config:
    """A configuration of these settings."""
    return Config(ROOT, ROOT, ROOT, **said)


@pytest.fixture
def registry() -> Registry:
    return joined(
        mine={
            "s3ap_rules": [
                made("ACME101", "first-fault", options={"least": 3, "names": ["a"]}),
                made("ACME102", "second-fault", strict=True),
                made("ACME201", "third-fault", merges=("E3012",)),
            ]
        }
    )


# -- joining -----------------------------------------------------------------------------------------


def test_rules_are_sorted_and_know_their_plugin():
    registry = joined(b={"s3ap_rules": [made("ACME002", "b-fault")]}, a={"s3ap_rules": [made("ACME001")]})
    assert ["ACME001", "ACME002"] == list(registry.rules)
    assert {"ACME001": "a", "ACME002": "b"} == registry.owners


def test_a_code_that_two_plugins_define_names_both():
    with pytest.raises(PluginError, match="ACME001 is defined by both 'one' and 'two'; disable one with --no-plugin"):
        joined(one={"s3ap_rules": [made("ACME001")]}, two={"s3ap_rules": [made("ACME001", "other-fault")]})


def test_a_detector_joins_the_rule_that_owns_its_code():
    @detects("ACME001", subject=PythonFile, examples=[Example("x", {}, bad=True)])
    def half(file: PythonFile) -> Iterable[Finding]:
        return ()

    registry = joined(a={"s3ap_rules": [half]}, b={"s3ap_rules": [made("ACME001")]})
    assert [Template, PythonFile] == [detector.subject for detector in registry.rules["ACME001"].detectors]
    assert 1 == len(registry.by_subject[PythonFile])
    assert ["x"] == [example.title for example in registry.rules["ACME001"].examples]


def test_a_detector_whose_rule_is_not_there_is_left_out():
    registry = joined(a={"s3ap_rules": [detects("ACME009", subject=PythonFile)(lambda file: ())]})
    assert {} == registry.rules


def test_detecting_twice_on_one_kind_of_subject_is_refused():
    twice = detects("ACME001", subject=Template)(lambda template: ())
    with pytest.raises(PluginError, match="ACME001 is detected twice on Template; the second is 'b'"):
        joined(a={"s3ap_rules": [made("ACME001")]}, b={"s3ap_rules": [twice]})


def test_what_is_no_rule_is_refused():
    with pytest.raises(PluginError, match="plugin 'a' offers 42 as a rule"):
        joined(a={"s3ap_rules": [42]})


def test_engines_and_formats_have_names_of_their_own():
    with pytest.raises(PluginError, match="two engines are called 'lint'; disable one with --no-plugin b"):
        joined(a={"s3ap_engines": [Linter("lint", "Q1")]}, b={"s3ap_engines": [Linter("lint", "Q2")]})
    plain = Renderer("plain", "", lambda report, rules, options: "")
    with pytest.raises(PluginError, match="two formats are called 'plain'; disable one with --no-plugin b"):
        joined(a={"s3ap_renderers": [plain]}, b={"s3ap_renderers": [plain]})
    manager = Manager()
    with pytest.raises(PluginError, match="two formats are called 'plain'"):
        load(manager, [plain, plain])


def test_foreign_codes_are_described_and_merged(registry: Registry):
    both = replace(registry, engines={"lint": Linter("lint", "E3012")})
    assert {"E3012": ("ACME201",)} == both.merged
    assert ["ACME101", "E3012"] == list(both.described(["ACME101", "E3012", "E9999", "ACME101"]))


def test_a_rule_knows_whether_its_check_takes_options():
    @rule(code="ACME001", subject=Template, severity=Severity.INFO, since="1.0", examples=[], options={"a": 1})
    def with_options(template: Template, options: Options) -> Iterable[Finding]:
        """Something."""
        return [Finding(str(options["a"]), at=template.top.at)]

    (detector,) = with_options.detectors
    assert isinstance(detector, Detector)
    assert detector.takes_options
    assert "with-options" == with_options.name


# -- options -----------------------------------------------------------------------------------------


def test_options_are_the_defaults_and_what_is_said(registry: Registry):
    assert {"least": 3, "names": ["a"]} == registry.options(settings(), "ACME101")
    said = settings(rules={"ACME101": {"least": 5}, "first-fault": {"names": ["b"]}})
    assert {"least": 5, "names": ["b"]} == registry.options(said, "ACME101")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"laest": 5}, "there is no option 'laest' of ACME101; did you mean 'least'?"),
        ({"least": "5"}, "option 'least' of ACME101 must be int, not '5'"),
    ],
)
def test_options_that_are_none_or_of_another_type_are_refused(registry: Registry, option: Mapping[str, Any], said: str):
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        registry.options(settings(rules={"ACME101": option}), "ACME101")


# -- selection ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), ["ACME101", "ACME201"]),
        (Selection(strict=True), ["ACME101", "ACME102", "ACME201"]),
        (Selection(select=("ACME1",)), ["ACME101", "ACME102"]),
        (Selection(select=("ACME",), ignore=("ACME1",)), ["ACME201"]),
        (Selection(select=("ACME101",), ignore=("ACME1",)), ["ACME101"]),
        (Selection(select=("ACME1",), ignore=("ACME1",)), []),
        (Selection(select=("second-fault",)), ["ACME102"]),
        (Selection(extend_select=("ACME102",)), ["ACME101", "ACME102", "ACME201"]),
        (Selection(ignore=("first-fault",)), ["ACME201"]),
        (Selection(select=("ALL",)), ["ACME101", "ACME102", "ACME201"]),
        (Selection(select=("ALL",), ignore=("ACME2",)), ["ACME101", "ACME102"]),
        (Selection(ignore=("ALL",)), []),
        (Selection(ignore=("ALL",), extend_select=("ACME201",)), ["ACME201"]),
        (Selection(select=("ACME101",), strict=True), ["ACME101"]),
        (Selection(select=()), []),
    ],
)
def test_the_longer_selector_wins_and_between_equals_ignoring_does(
    registry: Registry, selection: Selection, wanted: list[str]
):
    assert wanted == [code for code in registry.rules if registry.wants(selection, code)]


def test_foreign_codes_are_selected_like_our_own(registry: Registry):
    assert registry.wants(Selection(), "E3012")
    assert not registry.wants(Selection(ignore=("E3",)), "E3012")
    assert registry.wants(Selection(select=("E",)), "E3012")
    assert not registry.wants(Selection(select=("ACME",)), "E3012")


@pytest.mark.parametrize("selector", ["ACME101", "ACME1", "ACME", "first-fault", "ALL", "E3012", "E", "F401"])
def test_selectors_that_mean_something_are_fine(registry: Registry, selector: str):
    registry.check_selectors(settings(select=(selector,), rules={"first-fault": {"least": 1}}))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"select": ("frist-fault",)}, "there is no rule 'frist-fault'; did you mean 'first-fault'"),
        ({"ignore": ("ACME301",)}, "there is no rule 'ACME301'; did you mean 'ACME"),
        ({"extend_select": ("nothing-like-it-at-all",)}, "`s3ap-lint rules` lists them"),
        ({"per_path": (PerPath("a/**", ignore=("frist-fault",)),)}, "did you mean 'first-fault'"),
        ({"rules": {"ACME109": {"least": 1}}}, "there is no rule 'ACME109'"),
    ],
)
def test_selectors_that_mean_nothing_are_refused(registry: Registry, said: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message):
        registry.check_selectors(settings(**said))


# -- what is installed -------------------------------------------------------------------------------


def test_no_two_rules_share_a_name(installed_codes: list[dict[str, Any]]):
    names = [entry["name"] for entry in installed_codes]
    assert [] == sorted({name for name in names if names.count(name) > 1})


def test_our_own_codes_belong_to_the_family_of_their_plugin(installed_codes: list[dict[str, Any]]):
    families: dict[str, set[str]] = {}
    for entry in installed_codes:
        if entry["code"].startswith("S3AP"):
            families.setdefault(entry["plugin"], set()).add(entry["code"][:5])
    assert all(len(codes) == 1 for codes in families.values()), families


@pytest.fixture(scope="module")
def installed_codes() -> list[dict[str, Any]]:
    from s3ap_lint.pages import listing_json
    from s3ap_lint.plugins import make_manager

    listed: list[dict[str, Any]] = json.loads(listing_json(load(make_manager())))
    return listed
