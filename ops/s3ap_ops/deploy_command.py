"""`s3ap-ops deploy`: judge the bytes, look ahead, show the change set, ask, carry it out, and say what failed first."""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from s3ap_lint import config as configs
from s3ap_lint.api import Severity, Template
from s3ap_lint.offers import RenderOptions
from s3ap_ops import assess, clean_command
from s3ap_ops import desk as desks
from s3ap_ops.arguments import parser
from s3ap_ops.assess import Hazard
from s3ap_ops.deploying import changes_text, changeset, gate, inputs, losses, operation
from s3ap_ops.deploying.changeset import ChangeSet
from s3ap_ops.deploying.inputs import Inputs
from s3ap_ops.deploying.streaming import GOOD, Event, Stream
from s3ap_ops.desk import Desk
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.hands import Hands
from s3ap_ops.local import LocalProject
from s3ap_ops.render.plan_text import clean, hazard_lines
from s3ap_ops.stack import LiveStack, LiveStacks
from s3ap_ops.watching import Patience

DONE, FAILED, UNFINISHED = 0, 1, 4
RUNBOOK = "docs/runbooks/deploy.md"
LEVELS = {level.value: level for level in Severity}


def run(options: argparse.Namespace) -> int:
    """0: deployed, or nothing to change; 1: it failed; 3: refused, nothing was written; 4: it goes on without us."""
    desk = desks.opened(options, writes=True)
    project = LocalProject()
    template = project.template(options.template)
    given = inputs.read(options.params, options.param, project.config.root)
    stack = desk.stacks([options.stack])[0]
    why = operation.refused(stack, recreates=options.recreate)
    if why:
        raise Refused(f"{why}; {RUNBOOK}#stuck-stack")
    return Deploy(desk, options, project, template, given, stack).through()


@dataclass
class Deploy:
    """One deployment, from the template's bytes to the stack's last event."""

    desk: Desk
    options: argparse.Namespace
    project: LocalProject
    template: Template
    given: Inputs
    stack: LiveStack
    hands: Hands = field(init=False)
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self.hands = Hands(self.desk.look.session, self.desk.look.region)
        self.patience = Patience(poll=self.options.poll, deadline=self.options.deadline * 60, stop=threading.Event())

    def through(self) -> int:
        """All of it; the exit status."""
        judgement = self._judged(gate.source_of(self.template))
        if self.stack.status in operation.RECREATED and not self._recreated():
            return FAILED
        found = self._change_set(judgement)
        if found.is_empty:
            changeset.take_away(found, self.hands)
            print(f"{self.stack.name}: nothing to change")
            return DONE
        if found.failed:
            changeset.take_away(found, self.hands)
            print(f"{self.stack.name}: the change set failed: {found.failed}")
            return FAILED
        try:
            self._agreed(found)
        except BaseException:  # also when somebody presses Ctrl-C at the question
            changeset.take_away(found, self.hands)
            raise
        if self.options.change_set_only:
            changeset.take_away(found, self.hands)
            print("the change set was taken away again")
            return DONE
        return self._carried_out(found)

    def _judged(self, data: bytes) -> gate.Judgement:
        """The judgement on the bytes that will be sent. Raises Refused when it keeps them from being sent."""
        here = self.project.config
        config = configs.load([here.root / self.template.path], cwd=here.cwd, overrides={"jobs": 1})
        capabilities = operation.CAPABILITIES
        deployment = self.given.deployment(
            self.template, capabilities, exists=self.stack.status not in operation.NOTHING_THERE
        )
        found = gate.of_inputs(
            deployment, config, self.project.registry, {self.given.source.path: self.given.source.data}
        )
        judgement = gate.judged(self.template.path, data, config, found)
        failing = judgement.failing(LEVELS[self.options.fail_on])
        if judgement.report.findings:
            rules = judgement.registry.described({one.code for one in judgement.report.findings})
            renderer = judgement.registry.renderers["text"]
            sys.stdout.write(renderer.render(judgement.report, rules, RenderOptions()))
        if failing:
            raise Refused(
                f"{len(failing)} of these findings keep {self.template.path} from being deployed; mend them, or ignore them in "
                f"the template with a reason, or choose another --fail-on; {RUNBOOK}#findings"
            )
        return judgement

    def _recreated(self) -> bool:
        """Whether a stack whose creation failed is gone now, torn down by a plan like any other."""
        words = ["clean", self.stack.name, "--region", self.desk.pin.region, "--account", self.desk.pin.account]
        words += ["--profile", self.options.profile] if self.options.profile else []
        words += ["--yes"] if self.options.yes else []
        if clean_command.run(parser().parse_args([*words, "--poll", str(self.options.poll)])) != DONE:
            return False
        self.stack = self.desk.fresh().stacks([self.stack.name])[0]
        return True

    def _change_set(self, judgement: gate.Judgement) -> ChangeSet:
        for id_ in () if self.stack.is_gone else changeset.stale(self.stack.id, self.desk.look):
            changeset.take_away(ChangeSet(id_, self.stack.id), self.hands)
        url = "" if judgement.body.is_direct else self._uploaded(judgement)
        name = f"s3ap-ops-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        params = operation.creation(
            self.stack,
            name,
            judgement.body,
            url,
            operation.parameters(self.given, self.template, self.stack),
            dict(desks.pair(text) for text in self.options.stack_tag),
            self.options.on_failure,
            self.options.role_arn or "",
        )
        if self.options.express:
            params = operation.with_express(params, self.hands)
        return changeset.make(params, self.desk.look, self.hands, self.patience)

    def _uploaded(self, judgement: gate.Judgement) -> str:
        raise OpsError(
            f"{self.template.path} has {judgement.body.size:,} bytes, and CloudFormation takes 51,200 directly; name a "
            "bucket with --bucket"
        )

    def _agreed(self, found: ChangeSet) -> None:
        """Show what would change and what would be lost. Raises Refused unless somebody agrees."""
        sys.stdout.write(changes_text.render(found))
        hazards = self._hazards(found)
        for hazard in hazards:
            print("\n".join(clean(line) for line in hazard_lines(hazard)))
        missing = [hazard for hazard in hazards if self._blocks(hazard)]
        if missing:
            flags = sorted({flag for hazard in missing for flag in hazard.wants})
            to_go_on = f"; to go on: {' '.join(flags)}" if flags else ""
            raise Refused(f"{len(missing)} of these would go wrong, or take away what nobody gets back{to_go_on}")
        sys.stdout.flush()
        if self.options.change_set_only or self.options.yes:
            return
        if not sys.stdin.isatty():
            raise Refused("nobody can be asked here; if the change set is what you want, add --yes")
        print(f"Type {self.stack.name} to carry this out: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != self.stack.name:
            raise Refused("it was not confirmed; the change set is taken away again")

    def _hazards(self, found: ChangeSet) -> Sequence[Hazard]:
        """What the rules about teardown say of everything that the change set removes or replaces."""
        losing = losses.lost(self.stack, found)
        hazards = assess.assess(LiveStacks((losing,)), self.desk.registry, self.desk.config)
        return [hazard for hazard in hazards if hazard.logical_id and hazard.ignored is None]

    def _blocks(self, hazard: Hazard) -> bool:
        """Whether a hazard stands in the way: what a teardown would clear away, an update does not."""
        if hazard.severity is not Severity.ERROR:
            return False
        accepted = f"--accept {hazard.code}" in self.desk.wishes.flags
        return not accepted

    def _carried_out(self, found: ChangeSet) -> int:
        token = f"s3ap-ops-{secrets.token_hex(8)}"
        stream = Stream(self.desk.look, found.stack_id, token, _told)
        changeset.carry_out(found, operation.execution(token, self.options.on_failure), self.hands)
        status = stream.follow(self.patience)
        if not status:
            print(f"{self.stack.name}: CloudFormation goes on; `s3ap-ops status {self.stack.name}` says how it ends")
            return UNFINISHED
        print(f"{self.stack.name}: {status}")
        if status in GOOD:
            self._outputs(found.stack_id)
            return DONE
        cause = stream.root_cause
        if cause is not None:
            print(clean(f"what failed first: {cause.logical_id} of {cause.stack} ({cause.type}): {cause.why}"))
        print(f"what to do next: {RUNBOOK}#{_anchor(status)}")
        return FAILED

    def _outputs(self, stack_id: str) -> None:
        found = self.desk.look.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0]
        for one in found.get("Outputs", ()):
            print(clean(f"  {one['OutputKey']} = {one['OutputValue']}"))


def _told(event: Event) -> None:
    why = f": {event.why}" if event.why else ""
    mark = "!" if event.is_failure else " "
    line = f"{mark} {event.at:%H:%M:%S} {event.status:<24} {event.stack}/{event.logical_id} ({event.type}){why}"
    print(clean(line), file=sys.stderr, flush=True)


def _anchor(status: str) -> str:
    return "failed-update" if status.startswith("UPDATE_") else "failed-creation"
