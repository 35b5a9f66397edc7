"""A runner for action.yml: bash runs its shell steps as on GitHub, the actions that it uses are functions of the test.

Of GitHub's expressions it knows what action.yml is made of: names, texts, `==`, `!=`, `&&` and `||`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Used = Callable[[Mapping[str, str]], Mapping[str, str] | None]
"""An action: from its inputs to its outputs, None if it fails."""


@dataclass
class Done:
    """What a run left behind: exit status, log, step summary, and the inputs that each action was given."""

    status: int = 0
    log: str = ""
    summary: str = ""
    used: dict[str, Mapping[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """Runs an action in a workspace; `temporary` is emptied by nobody, as between two steps of a job."""

    action: Path
    workspace: Path
    temporary: Path
    env: Mapping[str, str]
    uses: Mapping[str, Used]

    def __call__(self, inputs: Mapping[str, str], github: Mapping[str, str]) -> Done:
        definition = yaml.safe_load((self.action / "action.yml").read_text())
        values = {name: str(spec.get("default", "")) for name, spec in definition["inputs"].items()} | dict(inputs)
        assert values.keys() == definition["inputs"].keys()
        context: dict[str, str] = {f"inputs.{name}": value for name, value in values.items()}
        context |= {f"github.{name}": value for name, value in github.items()} | {"runner.os": "Linux"}
        done, failed = Done(), False
        for number, step in enumerate(definition["runs"]["steps"]):
            wanted = _holds(step.get("if", "success()"), context) and not failed
            fine = wanted and self._step(step, context, done, github, self.temporary / str(number))
            if "id" in step:
                context[f"steps.{step['id']}.outcome"] = "success" if fine else "failure" if wanted else "skipped"
            failed = failed or bool(wanted and not fine and not step.get("continue-on-error"))
        named = definition["outputs"].items()
        done.outputs = {name: _filled(spec["value"], context) for name, spec in named}
        return done

    def _step(self, step: Any, context: dict[str, str], done: Done, github: Mapping[str, str], folder: Path) -> bool:
        if "uses" in step:
            name = step["uses"].partition("@")[0]
            done.used[name] = {key: _filled(str(value), context) for key, value in step.get("with", {}).items()}
            outputs = self.uses[name](done.used[name])
        else:
            outputs = self._bash(step, context, done, github, folder)
        for key, value in (outputs or {}).items():
            context[f"steps.{step.get('id')}.outputs.{key}"] = value
        return outputs is not None

    def _bash(
        self, step: Any, context: dict[str, str], done: Done, github: Mapping[str, str], folder: Path
    ) -> Mapping[str, str] | None:
        assert "${{" not in step["run"], "a value in a script is a command"
        folder.mkdir()
        files = {"GITHUB_OUTPUT": folder / "output", "GITHUB_STEP_SUMMARY": folder / "summary"}
        env = {**self.env, "RUNNER_TEMP": str(self.temporary), "GITHUB_ACTION_PATH": str(self.action)}
        env |= {"GITHUB_WORKSPACE": str(self.workspace), "CI": "true", "GITHUB_ACTIONS": "true"}
        env |= {f"GITHUB_{name.upper()}": value for name, value in github.items()}
        env |= {name: str(path) for name, path in files.items()}
        env |= {name: _filled(str(value), context) for name, value in step.get("env", {}).items()}
        (folder / "script.sh").write_text(step["run"])
        bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", folder / "script.sh"]
        ran = subprocess.run(bash, cwd=self.workspace, env=env, capture_output=True, encoding="utf-8", check=False)
        done.log += ran.stdout + ran.stderr
        done.summary += files["GITHUB_STEP_SUMMARY"].read_text() if files["GITHUB_STEP_SUMMARY"].exists() else ""
        done.status = done.status or ran.returncode
        told = files["GITHUB_OUTPUT"].read_text() if files["GITHUB_OUTPUT"].exists() else ""
        outputs = {name: value for name, _, value in re.findall(r"(?ms)^([\w-]+)<<(\w+)\n(.*?)\n\2$", told)}
        for key, value in outputs.items():
            context[f"steps.{step.get('id')}.outputs.{key}"] = value
        return outputs if ran.returncode == 0 else None


def _filled(text: str, context: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: context.get(found[1], ""), text)


def _holds(condition: str, context: Mapping[str, str]) -> bool:
    if condition == "success()":
        return True
    alternatives = (part.split("&&") for part in condition.split("||"))
    return any(all(_compared(one.strip(), context) for one in one_of) for one_of in alternatives)


def _compared(comparison: str, context: Mapping[str, str]) -> bool:
    found = re.fullmatch(r"([\w.-]+) (==|!=) '([^']*)'", comparison)
    assert found, comparison
    return (context.get(found[1], "") == found[3]) == (found[2] == "==")


def environment(home: Path) -> dict[str, str]:
    """What a runner's shell passes on."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8"}
