"""The policy that a plan comes with: a role with it and nothing else carries the plan out, and little of it is to
spare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from slow_scenes import SLOW_SCENES
from wire import turned_to
from worlds import ESTATE, SCENES, Scene

from s3ap_ops.cli import main
from s3ap_ops.testing import World

NOT_IN_THE_ESTATE = ("access point", "attachment", "bus", "hold", "policy", "retained bucket")
MAY_BE_SPARED = {
    "s3:ListMultipartUploadParts",  # only uploads that do not end at once are looked at
    "s3:AbortMultipartUpload",  # there may be uploads by the time the bucket is emptied
    # AWS writes the rule of the default bus in two ways, and either may be what it asks for
    "events:DisableRule",
    "events:DeleteRule",
    "events:RemoveTargets",
}


def policy_of(scene: Scene, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The policy of a scene's plan, which is left in plan.json."""
    assert main(["plan", *scene.stacks, *scene.flags, "--format", "json", "-o", "plan.json"]) in (0, 1)
    capsys.readouterr()
    assert main(["plan", *scene.stacks, *scene.flags, "--iam-policy"]) in (0, 1)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


OTHERS = [*(one for one in SCENES if one.name in NOT_IN_THE_ESTATE), *SLOW_SCENES]


@pytest.mark.parametrize("scene", [*OTHERS, ESTATE], ids=str)
def test_a_role_with_only_the_policy_of_a_plan_carries_it_out(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with World() as world, turned_to(scene.build(world), monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        policy = policy_of(scene, capsys)
        world.permit(policy)
        status = main(["apply", "plan.json", "--yes", "--poll", "0.02"])
        assert [] == world.denied
        assert 0 == status, capsys.readouterr().err
        assert world.permissions is not None
        spare = {
            action for action, pattern in world.permissions.grants if (action, pattern) not in world.permissions.used
        }
        assert set() == spare - MAY_BE_SPARED


@pytest.mark.parametrize("action", ["s3:DeleteObjectVersion", "cloudformation:DeleteStack", "s3:DeleteBucket"])
def test_a_role_with_less_fails_and_says_so(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without this, the test above would not show much."""
    scene = SCENES[0]
    with World() as world, turned_to(scene.build(world), monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        policy = policy_of(scene, capsys)
        for statement in policy["Statement"]:
            statement["Action"] = [one for one in statement["Action"] if one != action]
        world.permit(policy)
        assert 1 == main(["apply", "plan.json", "--yes", "--poll", "0.02"])
        assert {action} == {one.partition(" on ")[0] for one in world.denied}
        assert "what the caller needs: s3ap-ops plan uc1 --iam-policy" in capsys.readouterr().out
