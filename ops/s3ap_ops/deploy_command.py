"""`s3ap-ops deploy`: judge the bytes, look ahead, show the change set, ask, carry it out, and say what failed first."""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from s3ap_lint import config as configs
from s3ap_lint.api import Severity, Template
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.offers import RenderOptions
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_ops import assess, clean_command
from s3ap_ops import desk as desks
from s3ap_ops.appliers import Means
from s3ap_ops.arguments import parser
from s3ap_ops.assess import Hazard
from s3ap_ops.calls import UploadObject
from s3ap_ops.deploying import changes_text, changeset, gate, inputs, losses, operation, packaging
from s3ap_ops.deploying.changeset import ChangeSet
from s3ap_ops.deploying.inputs import Inputs
from s3ap_ops.deploying.look_ahead import looked_ahead
from s3ap_ops.deploying.streaming import GOOD, Event, Stream
from s3ap_ops.desk import Desk
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.hands import Hands
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.upload import UPLOADING, uploads
from s3ap_ops.render.plan_text import clean, hazard_lines
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import LiveStack, LiveStacks
from s3ap_ops.watching import Patience
from s3ap_ops.wording import count, listed

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
        judgement, parts = self._judged()
        self._looked_ahead(judgement, parts)
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
            self._agreed(found, parts)
            if self.options.change_set_only:
                changeset.take_away(found, self.hands)
                print("the change set was taken away again")
                return DONE
            self._uploaded(parts)
        except BaseException:  # also when somebody presses Ctrl-C at the question
            changeset.take_away(found, self.hands)
            raise
        return self._carried_out(found)

    def _judged(self) -> tuple[gate.Judgement, tuple[UploadObject, ...]]:
        """The judgement on the bytes that will be sent, and what is uploaded beside them.

        Raises Refused when findings keep them from being sent, OpsError when something local cannot be packaged.
        """
        here = self.project.config
        config = configs.load([here.root / self.template.path], cwd=here.cwd, overrides={"jobs": 1})
        data = gate.source_of(self.template)
        judgement = gate.judged(self.template.path, data, config, self._of_inputs(config))
        self._pass(judgement)
        done = packaging.packaged(self.template, self.project, self.options, self.desk.pin, self._values())
        if done.text.encode("utf-8") != data:
            judgement = gate.judged(self.template.path, done.text.encode("utf-8"), config)
            self._pass(judgement)
        return judgement, uploads(done, self.options.bucket or "", self.desk.pin, self.stack.subject)

    def _of_inputs(self, config: Config) -> tuple[Diagnostic, ...]:
        exists = self.stack.status not in operation.NOTHING_THERE
        deployment = self.given.deployment(self.template, operation.CAPABILITIES, exists=exists)
        source = self.given.source
        return gate.of_inputs(deployment, config, self.project.registry, {source.path: source.data})

    def _pass(self, judgement: gate.Judgement) -> None:
        failing = judgement.failing(LEVELS[self.options.fail_on])
        if judgement.report.findings:
            rules = judgement.registry.described({one.code for one in judgement.report.findings})
            renderer = judgement.registry.renderers["text"]
            sys.stdout.write(renderer.render(judgement.report, rules, RenderOptions()))
        if failing:
            raise Refused(
                f"{count(len(failing), 'finding')} of level {self.options.fail_on} or above; mend them, or ignore them "
                f"in the template with a reason; {RUNBOOK}#failing-findings"
            )

    def _values(self) -> dict[str, str]:
        """The parameters with the values that they will have, as far as they are known."""
        kept = {} if self.stack.status in operation.NOTHING_THERE else dict(self.stack.parameters)
        return {**inputs.with_defaults(self.given, self.template), **kept, **self.given.values}

    def _looked_ahead(self, judgement: gate.Judgement, parts: Sequence[UploadObject]) -> None:
        """Look at what is there already. Raises Refused when the deployment would fail on it."""
        exists = self.stack.status not in operation.NOTHING_THERE
        top = document.parse(Source(self.template.path, judgement.body.sent().encode("utf-8"))).top
        rollout = Rollout(
            stack=self.stack.name,
            region=self.desk.pin.region,
            account=self.desk.pin.account,
            path=self.template.path,
            template=top.data() if top is not None else {},
            values=self._values(),
            given=frozenset(self.given.values),
            existing=self.stack if exists else None,
        )
        seen = looked_ahead(rollout, self.desk.look)
        coming = {f"{one.bucket}/{one.key}": True for one in parts}
        seen = replace(seen, facts={**seen.facts, "objects": {**seen.facts.get("objects", {}), **coming}})
        self._refuse(assess.assess_rollout(seen, self.desk.registry, self.desk.config))

    def _refuse(self, hazards: Sequence[Hazard]) -> None:
        """Show hazards. Raises Refused when some stand in the way that nobody has accepted."""
        shown = [hazard for hazard in hazards if hazard.ignored is None and hazard.severity is not Severity.INFO]
        for hazard in shown:
            print("\n".join(clean(line) for line in hazard_lines(hazard)))
            if hazard.finding.fix and self._blocks(hazard):
                print(clean(f"          next: {hazard.finding.fix.title}"))
        blocking = [hazard for hazard in shown if self._blocks(hazard)]
        if not blocking:
            return
        sys.stdout.flush()
        flags = sorted({flag for hazard in blocking for flag in hazard.wants})
        to_go_on = f"; to go on, add: {' '.join(flags)}" if flags else ""
        names = sorted({hazard.name for hazard in blocking})
        raise Refused(f"{listed(names, 8)}: see above{to_go_on}; {RUNBOOK}#{names[0]}")

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
        url = "" if judgement.body.is_direct else self._placed(judgement)
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

    def _placed(self, judgement: gate.Judgement) -> str:
        """Where a template lies that is too large for a request: in the bucket, under the hash of what was judged."""
        if not self.options.bucket:
            raise OpsError(
                f"{self.template.path} has {judgement.body.size:,} bytes, and CloudFormation takes 51,200 in a "
                "request; name a bucket to put it in: --bucket"
            )
        return packaging.place(judgement.body, self.options, self.desk.pin, self.hands)

    def _agreed(self, found: ChangeSet, parts: Sequence[UploadObject]) -> None:
        """Show what would change and what would be lost. Raises Refused unless somebody agrees."""
        sys.stdout.write(changes_text.render(found))
        for one in parts:
            print(clean(f"  {one.describe()}"))
        self._refuse(self._hazards(found))
        sys.stdout.flush()
        if self.options.change_set_only or self.options.yes:
            return
        if not sys.stdin.isatty():
            raise Refused("nobody can be asked here; if the change set is what you want, add --yes")
        print(f"Type {self.stack.name} to carry this out: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != self.stack.name:
            raise Refused("it was not confirmed; the change set is taken away again")

    def _uploaded(self, parts: Sequence[UploadObject]) -> None:
        """Upload what the template names. Raises OpsError when one part cannot be."""
        means = Means(self.desk.look, self.hands, self.patience, "", _say, quiet=True)
        for one in parts:
            result = UPLOADING.apply(one, means)
            if not result.is_good:
                raise OpsError(f"{one.describe()}: {result.said}; nothing was deployed")

    def _hazards(self, found: ChangeSet) -> Sequence[Hazard]:
        """What the rules about teardown say of everything that the change set removes or replaces."""
        losing = losses.lost(self.stack, found)
        hazards = assess.assess(LiveStacks((losing,)), self.desk.registry, self.desk.config)
        return [hazard for hazard in hazards if hazard.logical_id]

    def _blocks(self, hazard: Hazard) -> bool:
        """Whether a hazard stands in the way: what a teardown would clear away, an update does not."""
        return hazard.severity is Severity.ERROR and f"--accept {hazard.code}" not in self.desk.wishes.flags

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


def _say(text: str) -> None:
    print(clean(text), file=sys.stderr, flush=True)


def _told(event: Event) -> None:
    why = f": {event.why}" if event.why else ""
    mark = "!" if event.is_failure else " "
    line = f"{mark} {event.at:%H:%M:%S} {event.status:<24} {event.stack}/{event.logical_id} ({event.type}){why}"
    print(clean(line), file=sys.stderr, flush=True)


def _anchor(status: str) -> str:
    return "failed-update" if status.startswith("UPDATE_") else "failed-creation"
