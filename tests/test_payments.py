"""The payment service: clean as it is, and told what is wrong with it once one of three faults is in it.

The faults are those that a published experiment injects into a service of this kind while it runs: a function
that may not run at all, a variable that is read on import and gone, and a role that may not use the table.
"""

from __future__ import annotations

import shutil
from difflib import ndiff
from pathlib import Path

import pytest

from s3ap_lint import config, run
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.testing import installed

PAYMENTS = Path(__file__).resolve().parent.parent / "fixtures/payments"
FAULTS = {"throttled": "S3AP309", "unset": "S3AP302", "denied": "S3AP401"}
REGISTERED = installed().rules.keys()

CHANGED = {
    "throttled": """\
-   AuthorizeConcurrency:
-     Type: Number
-     Default: 100
-     MinValue: 1
-     Description: What the card networks accept from us at a time
-       ReservedConcurrentExecutions: !Ref AuthorizeConcurrency
+       ReservedConcurrentExecutions: 0
""",
    "unset": """\
-           TABLE_NAME: !Sub "${AWS::StackName}-payments"
""",
    "denied": """\
-               - Effect: Allow
-                 Action: dynamodb:UpdateItem
-                 Resource: !Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${AWS::StackName}-payments"
""",  # noqa: E501
}
"""All in which the template of a fault differs from the clean one."""


def _template(folder: str) -> list[str]:
    text = (PAYMENTS / folder / "template.yaml").read_text(encoding="utf-8")
    return text.replace("../../", "").splitlines(keepends=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_change_to_the_clean_template(fault: str):
    """Apart from the paths, which lead out of the fault's folder."""
    different = [line for line in ndiff(_template("."), _template(f"faults/{fault}")) if line[0] in "-+"]
    assert CHANGED[fault].splitlines(keepends=True) == different


def findings(folder: Path, **options: object) -> list[Diagnostic]:
    """What is found in a folder under the strict rules; nothing may stay unchecked or be suppressed."""
    settings = config.load([folder], cwd=folder, overrides={"strict": True, "engine": "none", "jobs": 1, **options})
    report, _, _ = run.check([str(folder)], settings)
    assert ((), ()) == (report.unchecked, report.suppressed)
    assert report.stats.functions == report.stats.functions_joined > 0
    return list(report.findings)


@pytest.mark.parametrize("engine", ["none", "cfn-lint"])
def test_the_clean_service_has_no_finding(tmp_path: Path, engine: str):
    """Under the strict rules and cfn-lint's remarks too."""
    clean = shutil.copytree(PAYMENTS, tmp_path / "payments", ignore=shutil.ignore_patterns("faults"))
    assert [] == findings(clean, engine=engine)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Diagnostic]:
    """What one run over everything finds, in a copy outside of any git repository."""
    return findings(shutil.copytree(PAYMENTS, tmp_path_factory.mktemp("fixtures") / "payments"))


def of(fault: str, found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings that stand in a fault's template, or point to it."""
    path = f"faults/{fault}/template.yaml"
    return [finding for finding in found if path in {place.path for place in (finding.place, *finding.related)}]


def test_every_fault_whose_rule_exists_is_told_in_one_run(found: list[Diagnostic]):
    """Each is one error of the rule that is meant, and nothing else is said of the whole folder."""
    assert "S3AP302" in REGISTERED
    expected = {fault: [(code, "error")] for fault, code in FAULTS.items() if code in REGISTERED}
    told = {fault: [(finding.code, finding.severity.value) for finding in of(fault, found)] for fault in FAULTS}
    assert {fault: expected.get(fault, []) for fault in FAULTS} == told
    assert len(expected) == len(found)


def test_the_variable_is_missed_where_it_is_read(found: list[Diagnostic]):
    """The line of the handler that fails, and the function that does not set it."""
    (finding,) = of("unset", found)
    (related,) = finding.related
    assert ("functions/authorize/handler.py", 11) == (finding.place.path, finding.place.line)
    assert ("faults/unset/template.yaml", "  AuthorizeFunction:") == (related.path, related.excerpt)
    assert finding.message == (
        "TABLE_NAME is required here, but AuthorizeFunction does not set it, so every event fails at import"
    )
