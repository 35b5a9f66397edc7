"""The runbooks and the hazards that point at them: every name has its section, every section its hazard, every link an
end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import s3ap_ops
from s3ap_lint.api import Finding, Location, Rule, Severity
from s3ap_lint.testing import installed
from s3ap_ops.assess import Hazard
from s3ap_ops.render.plan_text import RUNBOOK, more

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = Path(s3ap_ops.__file__).parent
CLEANUP, CHECK = REPOSITORY / RUNBOOK, REPOSITORY / "docs/runbooks/check.md"
DEPLOY = REPOSITORY / "docs/runbooks/deploy.md"
PAGES = (
    "docs/ops.md",
    "docs/runbooks/check.md",
    "docs/runbooks/cleanup.md",
    "docs/runbooks/deploy.md",
    "docs/decisions/article.md",
    "docs/decisions/teardown.md",
    "ops/README.md",
)


def live_rules(command: str) -> set[str]:
    """The names of the rules whose live halves a command reports."""
    return {rule.name for rule in installed().rules.values() if command in _commands(rule)}


def _commands(rule: Rule) -> set[str]:
    if not rule.code.startswith("S3AP"):
        return set()
    return {getattr(one.subject, "command", "plan") for one in rule.detectors if one.is_live}


def beside_rules() -> set[str]:
    """The names that refusals and summaries carry and no rule has."""
    return {name for path in SOURCES.rglob("*.py") if not _deploys(path) for name in _names_in(path)}


def beside_gates() -> set[str]:
    """The same for what deployments say."""
    return {name for path in SOURCES.rglob("*.py") if _deploys(path) for name in _names_in(path)}


def _deploys(path: Path) -> bool:
    return path.name == "deploy_command.py" or "deploying" in path.parts


def _names_in(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    yield from re.findall(r"\{RUNBOOK\}#([a-z-]+)", text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
            name = node.args[2]
            if isinstance(name, ast.Constant):
                yield str(name.value)
    if path.name == "assess.py":
        yield Hazard(Finding("", Location("")), None, Severity.ERROR).name


def headings(page: Path) -> list[str]:
    """The headings of a page, without what stands in its blocks."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def sections(page: Path) -> list[str]:
    """The headings that are names of hazards."""
    return [heading for heading in headings(page) if re.fullmatch(r"[a-z]+(-[a-z]+)+|leftover", heading)]


@cache
def anchors(page: Path) -> frozenset[str]:
    """What can stand behind a # in a link to a page, as GitHub makes it of the headings."""
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page))


def test_there_are_names_that_no_rule_has() -> None:
    """Otherwise the search of the sources has gone blind."""
    assert {"leftover", "not-confirmed", "retained-too-early", "rule-crashed", "imported-export"} <= beside_rules()


def test_every_hazard_has_one_section_of_its_name_and_every_section_its_hazard() -> None:
    assert sorted(live_rules("plan") | beside_rules()) == sorted(sections(CLEANUP))


def test_every_fault_of_what_runs_has_one_section_of_its_name() -> None:
    assert sorted(live_rules("check")) == sorted(sections(CHECK))


def test_every_gate_that_looks_at_the_account_has_a_section() -> None:
    assert {"failing-findings", "stuck-stack", "failed-cleanup"} <= beside_gates()
    assert live_rules("deploy") | beside_gates() <= set(sections(DEPLOY))


@pytest.mark.parametrize("page", [CLEANUP, CHECK, DEPLOY], ids=lambda page: page.stem)
def test_every_section_is_found_by_what_somebody_sees(page: Path) -> None:
    table = "\n".join(line for line in page.read_text("utf-8").splitlines() if line.startswith("|"))
    assert sorted(sections(page)) == sorted(set(re.findall(r"\]\(#([a-z-]+)\)", table)))


def test_a_hazard_of_a_plugin_leads_to_its_own_page() -> None:
    """The runbook cannot know it."""
    assert "s3ap-lint explain ACME001" == more("ACME001", "unencrypted-ledger")
    assert f"{RUNBOOK}#object-lock" == more("S3AP811", "object-lock")


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = REPOSITORY / name
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [] == [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not _leads_somewhere(link, page)]


def test_the_pages_of_rules_lead_into_the_runbooks() -> None:
    links = [
        (page, link)
        for page in (REPOSITORY / "docs/rules").glob("*.md")
        for link in re.findall(r"\]\((\.\./runbooks/[^)]+)\)", page.read_text("utf-8"))
    ]
    assert len(live_rules("plan") | live_rules("check") | live_rules("deploy")) == len(links)
    assert [] == [link for page, link in links if not _leads_somewhere(link, page)]


def _leads_somewhere(link: str, page: Path) -> bool:
    if "://" in link:
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))
