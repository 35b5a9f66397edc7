"""What docs/ops.md shows works: its commands and options exist, its settings are settings, its plugin does what it
says."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from s3ap_lint.config import Config
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import load
from s3ap_ops import collect, settings
from s3ap_ops.arguments import parser
from s3ap_ops.assess import assess
from s3ap_ops.cli import COMMANDS
from s3ap_ops.desk import FLAGS
from s3ap_ops.examples import Case
from s3ap_ops.reading import Look, by_type
from s3ap_ops.stack import LiveResource, LiveStack, LiveStacks
from s3ap_ops.testing import ACCOUNT, World

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/ops.md",
    "docs/runbooks/cleanup.md",
    "docs/runbooks/check.md",
    "docs/decisions/teardown.md",
    "docs/decisions/article.md",
    "ops/README.md",
)
TEXT = (REPOSITORY / "docs/ops.md").read_text("utf-8")


def blocks(language: str, text: str = TEXT) -> list[str]:
    """The blocks of a page in a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[list[str]]:
    """The commands of ours that a page shows, in its blocks and in running text, without comments and redirections."""
    lines = re.findall(r"^\s*(?:- run: |\$ )?s3ap-ops (.*)$", text, re.MULTILINE)
    lines += re.findall(r"`s3ap-ops ([a-z]+ [^`]*)`", text)
    for line in lines:
        yield shlex.split(re.sub(r"\s+>.*| ….*", "", line), comments=True)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_that_a_page_shows_are_understood(page: str) -> None:
    for words in commands((REPOSITORY / page).read_text("utf-8")):
        try:
            parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{page} shows s3ap-ops {shlex.join(words)}")


def options() -> set[str]:
    """Every option of every command that is told to people."""
    found = set()
    for action in parser()._actions:
        for command in (getattr(action, "choices", None) or {}).values():
            found |= {word for one in command._actions if one.help != "==SUPPRESS==" for word in one.option_strings}
    return {word for word in found if word.startswith("--")}


def test_every_option_that_the_page_names_exists() -> None:
    """Those of other programs stand in lines of theirs."""
    own = re.sub(r"^.*(?:pipx? install|s3ap_ops\.testing|aws ssm|account-ids).*$", "", TEXT, flags=re.MULTILINE)
    assert set() == set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", own)) - options() - {"--permission-type"}


def test_the_page_tells_of_every_command_and_every_wish() -> None:
    wishes = {f"--{one}" for one in ("include-retained", "accept", "retain", "role-arn")}
    wishes |= {flag for _, flag in FLAGS}
    assert set() == wishes - set(re.findall(r"^\| `(--[a-z-]+)", TEXT, re.MULTILINE))
    assert set(COMMANDS) == {words[0] for words in commands(TEXT)}


def test_the_settings_that_the_page_shows_are_all_there_are(tmp_path: Path) -> None:
    (shown,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(shown, "utf-8")
    loaded = settings.load(tmp_path)
    assert ("prod", "live") == loaded.denied_alias_terms
    assert ("nightly-*",) == loaded.groups["nightly"]
    table = tomllib.loads(shown)["tool"]["s3ap-ops"]
    assert {one.name.replace("_", "-") for one in fields(loaded) if one.name != "where"} == set(table)


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin that the page shows, as a module."""
    module = ModuleType("shared_document")
    monkeypatch.setitem(sys.modules, "shared_document", module)
    exec(compile(blocks("python")[0], "shared_document.py", "exec"), module.__dict__)
    return module


def test_the_rule_of_the_page_does_what_its_examples_say(plugin: ModuleType) -> None:
    manager = make_manager()
    manager.register(plugin, "acme", "shared_document")
    registry = load(manager)
    rule = registry.rules["ACME101"]
    assert 2 == len(rule.live_examples)
    for example in rule.live_examples:
        Case(rule, example, registry).check()


def test_the_reader_of_the_page_finds_what_the_rule_mends(plugin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared, found, no longer shared; and the undo shares it again."""
    with World() as world:
        for name, value in world.env.items():
            monkeypatch.setenv(name, value)
        ssm = world.client("ssm")
        ssm.create_document(Name="runbook", DocumentType="Command", Content='{"schemaVersion": "2.2", "mainSteps": []}')
        ssm.modify_document_permission(Name="runbook", PermissionType="Share", AccountIdsToAdd=["111122223333"])

        def shared_with() -> list[str]:
            return list(ssm.describe_document_permission(Name="runbook", PermissionType="Share")["AccountIds"])

        look = Look(world.session(), ACCOUNT, world.region)
        bare = LiveResource("uc1", "uc1/1", world.region, ACCOUNT, "Runbook", "AWS::SSM::Document", "runbook")
        (detector,) = plugin.shared_document.detectors
        (finding,) = detector.check(collect.read(bare, look, by_type([plugin.document])))
        (stop,) = finding.fix.changes
        ssm.modify_document_permission(**stop.params)
        assert [] == shared_with()
        ssm.modify_document_permission(**stop.undo.params)
        assert ["111122223333"] == shared_with()
        gone = collect.read(
            LiveResource("uc1", "uc1/1", world.region, ACCOUNT, "Runbook", "AWS::SSM::Document", "gone"),
            look,
            by_type([plugin.document]),
        )
        assert {"exists": False} == dict(gone.facts)
        assert [] == list(detector.check(gone))


def test_the_ignore_that_the_page_shows_is_heeded() -> None:
    shown = next(block for block in blocks("yaml") if block.startswith("Metadata"))
    kept = LiveResource(
        "uc1", "uc1/1", "ap-northeast-1", ACCOUNT, "History", "AWS::DynamoDB::Table", "uc1-history",
        deletion_policy="Retain", facts={"exists": True},
    )  # fmt: skip
    for template, reason in ({}, None), (yaml.safe_load(shown), "the history outlives every deployment"):
        stack = LiveStack("uc1", "uc1/1", "ap-northeast-1", ACCOUNT, template=template, resources=(kept,))
        config = Config(Path("/p"), Path("/p"), Path("/p"), select=("S3AP851",), engine="none", jobs=1)
        assert [reason] == [hazard.ignored for hazard in assess(LiveStacks((stack,)), load(make_manager()), config)]
