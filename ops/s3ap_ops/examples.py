"""What is asserted about every example of every live rule; made for the authors of plugins too.

The files of a live example are snapshots, as YAML; `# <- CODE` marks the lines of the resources, or of the `Stack:`,
that must be reported. `fixed={"calls": …}` lists what the fixes would do, one line each, in order.
A deployment is one file, `rollout.yaml`, in the layout of `snapshot.read_rollout`; its template may use short forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from s3ap_lint.admission import loaded_template
from s3ap_lint.config import Config
from s3ap_lint.engine import Session
from s3ap_lint.errors import S3apLintError
from s3ap_lint.examples import Mark, Marked, dedented, read
from s3ap_lint.memory import Memory
from s3ap_lint.model import Example, Rule
from s3ap_lint.plugins import make_manager
from s3ap_lint.registry import Registry, load
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_ops import snapshot
from s3ap_ops.assess import CRASHED, Hazard, assess, assess_rollout
from s3ap_ops.calls import ApiCall
from s3ap_ops.deploying import gate
from s3ap_ops.live_check import checked
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.package import packaged
from s3ap_ops.packaging.problem import Packing
from s3ap_ops.stack import LiveStack, LiveStacks

CALLS = "calls"
SNAPSHOT, TEMPLATE = "stack.yaml", "template.yaml"
"""The files of an example that has local code too."""
ROLLOUT = "rollout.yaml"
"""The file of an example of a rule about deployments."""


@dataclass(frozen=True)
class Case:
    """One example of one live rule."""

    rule: Rule
    example: Example
    registry: Registry

    def __str__(self) -> str:
        return f"{self.rule.code}-{self.example.title}"

    def problems(self) -> Iterator[str]:
        """What is wrong, each with what was expected."""
        marked = read(self.example.files)
        if {SNAPSHOT, TEMPLATE} <= marked.files.keys():
            yield from self._beside_code(marked)
            return
        if ROLLOUT in marked.files:
            yield from self._of_rollout(marked)
            return
        if TEMPLATE in marked.files:
            yield from self._of_packing(marked)
            return
        stacks: list[LiveStack] = []
        lines: dict[tuple[str, str], tuple[str, int]] = {}
        for path, data in marked.files.items():
            text = data.decode("utf-8")
            found = snapshot.read(text, path)
            stacks += found
            lines |= {key: (path, line) for key, line in _lines(text, found).items()}
        hazards = [hazard for hazard in self._look(tuple(stacks)) if hazard.code in (self.rule.code, CRASHED)]
        yield from self._marked(hazards, lines, marked)
        for hazard in hazards:
            yield from _untrusted(hazard, stacks)
        yield from self._calls(hazards)

    def _of_rollout(self, marked: Marked) -> Iterator[str]:
        """What is wrong with an example of a rule about deployments."""
        source = Source(ROLLOUT, marked.files[ROLLOUT])
        top = document.parse(source).top
        if top is None:
            yield f"{ROLLOUT} cannot be parsed"
            return
        rollout = snapshot.read_rollout(top.data(), ROLLOUT)
        places = {"": top["Stack"], **dict(top["Template"]["Resources"].items())}
        lines = {
            (rollout.subject, id_): (ROLLOUT, source.line_of((node.key_span or node.span).start))
            for id_, node in places.items()
        }
        hazards = assess_rollout(rollout, self.registry, self._config)
        yield from self._marked(hazards, lines, marked)
        yield from self._calls(hazards)

    def _of_packing(self, marked: Marked) -> Iterator[str]:
        """What is wrong with an example of a rule about the packaging of local code: its files are real ones."""
        with TemporaryDirectory() as folder:
            here = Path(folder).resolve()
            for path, data in marked.files.items():
                (here / path).parent.mkdir(parents=True, exist_ok=True)
                (here / path).write_bytes(data)
            project = LocalProject(here=here)
            template = project.template(str(here / TEMPLATE))
            done = packaged(template, project, "code", "lambda", region="us-east-1")
            packing = Packing(template.path, done.problems)
            found = gate.of_packing(template, packing, replace(self._config, root=here), self.registry)
        seen = {(one.place.path, one.place.line, one.code) for one in found}
        if self.example.bad != bool(marked.marks):
            yield f"a {'bad' if self.example.bad else 'good'} example has {len(marked.marks)} lines marked"
        yield from (f"{path}:{line} is marked {code} and not reported" for path, line, code in marked.marks - seen)
        yield from (f"reported and not marked: {path}:{line} {code}" for path, line, code in seen - marked.marks)

    def _marked(
        self, hazards: list[Hazard], lines: Mapping[tuple[str, str], tuple[str, int]], marked: Marked
    ) -> Iterator[str]:
        """Whether what is reported is what is marked."""
        seen = {self._mark(hazard, lines) for hazard in hazards if hazard.ignored is None}
        own = {mark for mark in marked.marks if mark[2] == self.rule.code}
        if self.example.bad != bool(own):
            yield f"a {'bad' if self.example.bad else 'good'} example has {len(own)} lines marked # <- {self.rule.code}"
        for path, line, _ in sorted(own - seen):
            yield f"{path}:{line} is marked and not reported"
        for hazard in hazards:
            if hazard.ignored is None and self._mark(hazard, lines) not in own:
                yield f"reported and not marked: {hazard.code} {hazard.finding.message}"

    def _beside_code(self, marked: Marked) -> Iterator[str]:
        """What is wrong with an example of a rule that looks at local code too: its marks are in the local files."""
        files = dict(marked.files)
        (stack,) = snapshot.read(files.pop(SNAPSHOT).decode(), SNAPSHOT)
        session = Session(self._config, self.registry, Memory(files))
        template = loaded_template(session, TEMPLATE)
        if template is None:
            yield f"there is no {TEMPLATE} in it"
            return
        found = checked(
            stack, template, [TEMPLATE], self._config, self.registry, lambda more: Memory({**files, **more})
        )
        seen = {(one.place.path, one.place.line, one.code) for one in found.report.findings}
        if self.example.bad != bool(marked.marks):
            yield f"a {'bad' if self.example.bad else 'good'} example has {len(marked.marks)} lines marked"
        yield from (f"{path}:{line} is marked {code} and not reported" for path, line, code in marked.marks - seen)
        yield from (f"reported and not marked: {path}:{line} {code}" for path, line, code in seen - marked.marks)

    @property
    def _config(self) -> Config:
        here = Path("/example")
        return Config(here, here, here, select=(self.rule.code,), engine="none", jobs=1)

    def check(self) -> None:
        """Raise AssertionError, in the words of `problems`, unless there are none."""
        wrong = list(self.problems())
        if wrong:
            raise AssertionError("\n".join([str(self), *(f"  - {one}" for one in wrong)]))

    def _look(self, stacks: tuple[LiveStack, ...]) -> list[Hazard]:
        return assess(LiveStacks(stacks), self.registry, self._config)

    def _mark(self, hazard: Hazard, lines: Mapping[tuple[str, str], tuple[str, int]]) -> Mark:
        path, line = lines.get((hazard.subject, hazard.logical_id), ("?", 0))
        return path, line, hazard.code

    def _calls(self, hazards: list[Hazard]) -> Iterator[str]:
        """Whether the fixes do what the example says; an example with a fix has to say it."""
        fixes = [hazard.finding.fix for hazard in hazards if hazard.finding.fix and hazard.ignored is None]
        done = [change.describe() for fix in fixes for change in fix.changes]  # type: ignore[attr-defined]
        said = dedented((self.example.fixed or {}).get(CALLS, "")).strip("\n").splitlines()
        if done != said:
            yield "\n    ".join(["the fixes would do this, and the example says otherwise:", *done])


def live_cases() -> list[Case]:
    """Every live example of every rule that is installed."""
    registry = load(make_manager())
    return [Case(rule, example, registry) for rule in registry.rules.values() for example in rule.live_examples]


def _lines(text: str, stacks: tuple[LiveStack, ...]) -> dict[tuple[str, str], int]:
    """The 1-based line of every stack and every resource of a snapshot in the layout of examples."""
    found: dict[tuple[str, str], int] = {}
    current = ""
    for number, line in enumerate(text.split("\n"), 1):
        if start := re.match(r"[\s-]*Stack: *(\S+)", line):
            current = next((stack.subject for stack in stacks if stack.name == start[1].strip("\"'")), "")
            found[current, ""] = number
        elif key := re.match(r" +([\w/\"']+):", line):
            found.setdefault((current, key[1].strip("\"'")), number)
    return found


def _untrusted(hazard: Hazard, stacks: list[LiveStack]) -> Iterator[str]:
    """What keeps a hazard's fix from being made: a target that nothing of the inventory leads to."""
    for change in hazard.finding.fix.changes if hazard.finding.fix else ():
        try:
            change.describe()  # type: ignore[attr-defined]
        except (S3apLintError, TypeError, ValueError) as error:
            yield f"the fix cannot be told: {error}"
        if isinstance(change, ApiCall) and not any(stack.knows(change.target) for stack in stacks):
            yield f"the fix acts on {change.target!r}, which no inventory and no fact knows"
