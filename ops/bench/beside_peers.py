"""Other programs that delete stacks: what each is called on PATH, how it is told of stacks, and its own flags.

None of them is installed or fetched by the bench. Each has the folder of a run to itself for what it wants to read
there; the stacks' templates lie in it as NAME.json.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3ap_ops.testing import ACCOUNT

Commands = list[list[str]]
Needs = Mapping[str, Sequence[str]]  # stack -> the stacks that it needs


@dataclass(frozen=True)
class Ask:
    """What is asked for: stacks in the order in which they are named (`cases`: by the library's names), their region,
    and a folder to run in. `needs` is told to those that have a word for it."""

    stacks: Sequence[str]
    cases: Sequence[str]
    region: str
    folder: Path
    needs: Needs

    def write(self, name: str, content: Any) -> str:
        """The name of a file of the folder, now with this content as JSON, which is YAML as well."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return name

    def links(self, folder: str) -> None:
        """The templates, in a folder of their own too."""
        for stack in self.stacks:
            self.write(f"{folder}/{stack}.json", (self.folder / f"{stack}.json").read_text("utf-8"))


@dataclass(frozen=True)
class Peer:
    """A program: its name on PATH, the arguments that make it tell its version, and its commands. `waits` is how its
    pauses pass: by Python's time.sleep, by the timeout of an event of Python's, "really", where neither can be made to
    pass on a world's clock, or "long", where it would really take half a minute between two looks at a stack and bears
    that the stack is gone at the first. `forced` is a second way to call it."""

    program: str
    version: Sequence[str]
    commands: Callable[[Ask], Commands]
    forced: Callable[[Ask], Commands] | None = None
    flag: str = ""  # what `forced` is called by
    waits: str = "sleep"

    def is_there(self) -> bool:
        """Whether it is on PATH."""
        return shutil.which(self.program) is not None

    def said(self) -> str:
        """The first line with a digit of what it says of its version."""
        command = [self.program, *self.version]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        lines = (line.strip() for line in done.stdout.splitlines())
        return next((line for line in lines if any(letter.isdigit() for letter in line)), "a version it does not say")


def one_by_one(*words: str) -> Callable[[Ask], Commands]:
    """Those that take a stack at a time; "{stack}" and "{region}" are filled in."""
    return lambda ask: [[word.format(stack=stack, region=ask.region) for word in words] for stack in ask.stacks]


# -- the AWS CLI has no command that deletes and waits: two of its commands, and a third and fourth by force

_DELETE = 'aws cloudformation delete-stack --stack-name "$0" && aws cloudformation wait stack-delete-complete --stack-name "$0"'  # fmt: skip # noqa: E501 - a command
_FORCE = (
    f"{_DELETE} || (aws cloudformation delete-stack --deletion-mode FORCE_DELETE_STACK "
    '--stack-name "$0" && aws cloudformation wait stack-delete-complete --stack-name "$0")'
)


# -- those that want a project


def _sceptre(ask: Ask) -> Commands:
    ask.links("templates")
    ask.write("config/config.yaml", {"project_code": "audit", "region": ask.region})
    for stack in ask.stacks:
        needs = [f"audit/{name}.yaml" for name in ask.needs.get(stack, ())]
        template = {"type": "file", "path": f"{stack}.json"}
        ask.write(f"config/audit/{stack}.yaml", {"template": template, "stack_name": stack, "dependencies": needs})
    return [["sceptre", "delete", "--yes", "audit"]]


def _cdk(ask: Ask) -> Commands:
    ask.links("cdk.out")
    place = f"aws://{ACCOUNT}/{ask.region}"
    artifacts = {
        stack: {
            "type": "aws:cloudformation:stack",
            "environment": place,
            "properties": {"templateFile": f"{stack}.json", "stackName": stack},
            "dependencies": list(ask.needs.get(stack, ())),
            "displayName": stack,
        }
        for stack in ask.stacks
    }
    ask.write("cdk.out/manifest.json", {"version": "36.0.0", "artifacts": artifacts})
    return [["cdk", "destroy", "--force", "--all", "--app", "cdk.out", "--no-notices"]]


def _osls(ask: Ask) -> Commands:
    def commands() -> Iterator[list[str]]:
        for stack in ask.stacks:
            provider = {"name": "aws", "region": ask.region, "stackName": stack, "runtime": "python3.12"}
            name = ask.write(f"{stack}.yml", {"service": "audit", "provider": provider})
            yield ["osls", "remove", "--config", name]

    return list(commands())


def _runway(ask: Ask) -> Commands:
    rows = [
        {"name": stack, "template_path": f"{stack}.json", "requires": list(ask.needs.get(stack, ()))}
        for stack in ask.stacks
    ]
    ask.links("audit.cfn")
    ask.write("audit.cfn/stacks.yaml", {"namespace": "", "cfngin_bucket": "", "stacks": rows})
    module = {"path": "audit.cfn", "environments": {"audit": True}}
    ask.write("runway.yml", {"deployments": [{"modules": [module], "regions": [ask.region]}]})
    return [["runway", "destroy", "--ci", "--deploy-environment", "audit"]]


def _delstack(*flags: str) -> Callable[[Ask], Commands]:
    def commands(ask: Ask) -> Commands:
        named = [word for stack in ask.stacks for word in ("-s", stack)]
        return [["delstack", *named, "-r", ask.region, "-y", *flags]]

    return commands


PEERS: Mapping[str, Peer] = {
    "aws": Peer("aws", ("--version",), one_by_one("sh", "-c", _DELETE, "{stack}"),
                one_by_one("sh", "-c", _FORCE, "{stack}"), "FORCE_DELETE_STACK"),
    "sam": Peer("sam", ("--version",),
                one_by_one("sam", "delete", "--no-prompts", "--stack-name", "{stack}", "--region", "{region}")),
    "cdk": Peer("cdk", ("--version",), _cdk, waits="really"),
    "sceptre": Peer("sceptre", ("--version",), _sceptre),
    "osls": Peer("osls", ("--version",), _osls, waits="really"),
    "formica": Peer("formica", ("--version",), one_by_one("formica", "remove", "--stack", "{stack}")),
    "runway": Peer("runway", ("--version",), _runway, waits="event"),
    "stackility": Peer("stackility", ("--version",),
                       one_by_one("stackility", "delete", "--stack", "{stack}", "--region", "{region}")),
    "rain": Peer("rain", ("--version",), one_by_one("rain", "rm", "--yes", "--region", "{region}", "{stack}"),
                 waits="really"),
    "delstack": Peer("delstack", ("--version",), _delstack(), _delstack("-f"), "-f", waits="long"),
}  # fmt: skip
