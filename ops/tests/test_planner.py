"""Plans from snapshots: which changes, in which order, and what each of them waits for."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from s3ap_lint.config import Config
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import load
from s3ap_ops import planner, snapshot
from s3ap_ops.assess import assess
from s3ap_ops.plan import Plan
from s3ap_ops.planner import Wishes
from s3ap_ops.stack import LiveStacks

REGISTRY = load(make_manager())

RETAINED = """
Stack: uc1
Resources:
  History:
    Type: AWS::DynamoDB::Table
    PhysicalId: uc1-history
    DeletionPolicy: Retain
    Facts: {exists: true, deletion_protection: true}
"""
BUS = """
Stack: uc1
Resources:
  Bus:
    Type: AWS::Events::EventBus
    PhysicalId: uc1-bus
    Facts:
      exists: true
      rules: {by-hand: {EventPattern: "{}", Targets: {t: {Id: t, Arn: "arn:aws:sqs:ap-northeast-1:123456789012:q"}}}}
"""
PAIR = """
- Stack: uc1
  Exports: {topic: [uc2]}
  Resources:
    Output: {Type: AWS::S3::Bucket, PhysicalId: uc1-output, Facts: {exists: true, versions: 3, bytes: 3}}
- Stack: uc2
  Resources:
    Output: {Type: AWS::S3::Bucket, PhysicalId: uc2-output, Facts: {exists: true, versions: 3, bytes: 3}}
"""
HOLD = """
Stack: uc1
Protected: true
Resources:
  Output: {Type: AWS::S3::Bucket, PhysicalId: uc1-output, Facts: {exists: true, versions: 3, bytes: 3}}
"""


def planned(text: str, *flags: str) -> Plan:
    """The plan of a snapshot with some flags."""
    stacks = snapshot.read(dedent(text), "snapshot")
    here = Path()
    hazards = assess(LiveStacks(stacks), REGISTRY, Config(here, here, here, engine="none", jobs=1))
    return planner.plan(stacks, hazards, Wishes(frozenset(flags)))


def order(plan: Plan) -> dict[str, tuple[str, list[str]]]:
    """What each action does, in a word, and the ids of what it waits for."""
    words = {one.id: getattr(one.change, "operation", type(one.change).__name__) for one in plan.actions}
    return {one.id: (words[one.id], sorted({*one.after, *one.needs})) for one in plan.actions}


def test_a_protected_table_that_is_retained_loses_its_protection_first() -> None:
    plan = planned(RETAINED, "--include-retained History", "--disable-deletion-protection")
    assert {
        "uc1/001": ("DeleteStack", []),
        "uc1/002": ("update_table", ["uc1/001"]),
        "uc1/003": ("delete_table", ["uc1/001", "uc1/002"]),
    } == order(plan)


def test_targets_are_removed_before_the_rule() -> None:
    plan = planned(BUS, "--remove-targets")
    assert {
        "uc1/001": ("remove_targets", []),
        "uc1/002": ("delete_rule", ["uc1/001"]),
        "uc1/003": ("DeleteStack", ["uc1/001", "uc1/002"]),
    } == order(plan)


def test_nothing_of_an_exporter_is_touched_before_its_importer_is_gone() -> None:
    assert {
        "uc2/001": ("EmptyBucket", []),
        "uc2/002": ("DeleteStack", ["uc2/001"]),
        "uc1/001": ("EmptyBucket", ["uc2/002"]),
        "uc1/002": ("DeleteStack", ["uc1/001", "uc2/002"]),
    } == order(planned(PAIR))


def test_a_protection_comes_off_before_anything_is_lost() -> None:
    assert {
        "uc1/001": ("update_termination_protection", []),
        "uc1/002": ("EmptyBucket", ["uc1/001"]),
        "uc1/003": ("DeleteStack", ["uc1/001", "uc1/002"]),
    } == order(planned(HOLD, "--disable-termination-protection"))


@pytest.mark.parametrize("text", [HOLD, BUS])
def test_without_its_flag_a_stack_is_refused_and_has_no_actions(text: str) -> None:
    plan = planned(text)
    assert (frozenset({"uc1"}), ()) == (plan.refused, plan.actions)


PASSED_OVER = """
Stack: uc1
Status: DELETE_FAILED
Resources:
  History:
    Type: AWS::DynamoDB::Table
    PhysicalId: uc1-history
    Status: DELETE_SKIPPED
    Facts: {exists: true, deletion_protection: false}
  Topic: {Type: AWS::SNS::Topic, Status: DELETE_FAILED}
"""


def test_what_a_failed_deletion_has_passed_over_is_still_there_and_can_still_be_asked_for() -> None:
    plan = planned(PASSED_OVER, "--include-retained History")
    assert {"uc1/001": ("DeleteStack", []), "uc1/002": ("delete_table", ["uc1/001"])} == order(plan)
    assert ["History"] == [one.logical_id for one in planned(PASSED_OVER).remaining]


def test_what_a_failed_deletion_gave_up_can_be_given_up_again() -> None:
    stacks = snapshot.read(dedent(PASSED_OVER), "snapshot")
    plan = planner.plan(stacks, [], Wishes(retain=("History", "Topic")))
    assert [("History", "Topic")] == [action.change.retain for action in plan.actions]  # type: ignore[union-attr]
