"""`s3ap-ops deploy`: judge the bytes, look ahead, show the change set, ask, carry it out, and say what failed first."""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from s3ap_lint import config as configs
from s3ap_lint.api import Severity, Template
from s3ap_lint.config import Config
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.registry import Registry
from s3ap_lint.source import Source
from s3ap_lint.tasks import registry_for
from s3ap_lint.template import document
from s3ap_ops import assess, clean_command, interrupts, output_file
from s3ap_ops import desk as desks
from s3ap_ops.appliers import Means
from s3ap_ops.arguments import parser
from s3ap_ops.calls import UploadObject
from s3ap_ops.deploying import (
    changes_text,
    changeset,
    drift,
    gate,
    inputs,
    losses,
    operation,
    packaging,
    report_file,
    smoke,
)
from s3ap_ops.deploying.carrying import Carrying, carried_outputs
from s3ap_ops.deploying.changeset import ChangeSet
from s3ap_ops.deploying.counter import RUNBOOK, Counter
from s3ap_ops.deploying.inputs import Inputs
from s3ap_ops.deploying.look_ahead import looked_ahead
from s3ap_ops.deploying.packaging import Packages
from s3ap_ops.deploying.report_file import Told
from s3ap_ops.deploying.validation import validated
from s3ap_ops.desk import Desk
from s3ap_ops.errors import OpsError, Refused
from s3ap_ops.hands import Hands
from s3ap_ops.identity import check_names
from s3ap_ops.local import LocalProject
from s3ap_ops.packaging.package import Packaged
from s3ap_ops.packaging.problem import Packing
from s3ap_ops.render.plan_text import clean
from s3ap_ops.rollout import Rollout
from s3ap_ops.stack import LiveStack, LiveStacks
from s3ap_ops.watching import Patience

DONE, FAILED = 0, 1
OUTCOMES = {0: "deployed", 1: "failed", 4: "CloudFormation goes on"}
"""What became of a change set that was carried out, by the exit status."""


def run(options: argparse.Namespace) -> int:
    """0: deployed, or nothing to change; 1: it failed; 3: refused, nothing was deployed; 4: it goes on without us; 130:
    interrupted before it was carried out."""
    with interrupts.raised():
        try:
            deploy = _opened(options)
            with deploy.reported():
                return deploy.through()
        except KeyboardInterrupt as interrupted:
            left = f"; {interrupted}" if str(interrupted) else ""
            print(clean(f"\ns3ap-ops: interrupted; nothing was deployed{left}"), file=sys.stderr)
            return interrupts.ENDED


def _opened(options: argparse.Namespace) -> Deploy:
    if options.output:
        output_file.check(options.output)
    desk = desks.opened(options, writes=True)
    check_names([options.stack], desk.pin)
    desk.check_wishes(())
    project = LocalProject()
    template = project.template(options.template)
    given = inputs.read(options.params, options.param, project.config.root)
    stack = desk.stacks([options.stack])[0]
    why = operation.refused(stack, recreates=options.recreate)
    if why:
        raise Refused(f"{why}; {RUNBOOK}#stuck-stack")
    deploy = Deploy(desk, options, project, template, given, stack)
    operation.check(options, stack, deploy.hands)
    return deploy


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
    counter: Counter = field(init=False)
    told: Told = field(init=False)

    def __post_init__(self) -> None:
        self.hands = Hands(self.desk.look.session, self.desk.look.region)
        self.counter = Counter(self.options.fail_on, self.desk.wishes.flags)
        paths = self.project.report_paths
        self.told = Told(self.stack.name, self.desk.pin.region, self.template, paths, self.stack.subject)

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Inside, whatever ends it, the file that somebody wants is written. Raises OpsError when it cannot be."""
        try:
            yield
        except BaseException as ended:
            self.told.outcome = "interrupted" if isinstance(ended, KeyboardInterrupt) else str(ended)
            raise
        finally:
            if self.options.output:
                text = report_file.rendered(self.options.format, self.told, self.counter, self._registry)
                output_file.write(self.options.output, text)

    def through(self) -> int:
        """All of it; the exit status."""
        judgement, done = self._judged()
        packaging.check_bucket(self.packages.parts(done), self.desk.look)
        self._looked_ahead(judgement, self.packages.parts(done))
        if self.stack.status in operation.RECREATED:
            torn_down = self._torn_down()
            if torn_down != DONE:
                self.told.outcome = "nothing was deployed, because the stack is not gone"
                print(f"{self.stack.name}: {self.told.outcome}", file=sys.stderr)
                return torn_down
        self._take_away_stale()
        judgement, parts = self._brought(judgement, done)
        self.told.sha256 = judgement.body.sha256
        with self._proposed(judgement) as found:
            self.told.of_change_set(found)
            if found.is_empty or found.failed:
                self._told_by_validation(found, judgement)
                changeset.take_away(found, self.desk.look, self.hands, poll=self.options.poll)
                self.told.outcome = "nothing to change" if found.is_empty else f"the change set failed: {found.failed}"
                print(clean(f"{self.stack.name}: {self.told.outcome}"))
                if found.is_empty and self.options.smoke_test:  # a run that is repeated is held to the same
                    outputs = carried_outputs(self.desk.look, self.stack.id)
                    return smoke.tested(self.options.smoke_test, self.stack.name, self.desk.pin, outputs)
                return DONE if found.is_empty else FAILED
            self._agreed(found, judgement, parts)
            if self.options.change_set_only:
                changeset.take_away(found, self.desk.look, self.hands, poll=self.options.poll)
                self.told.outcome = "the change set was taken away again"
                print(self.told.outcome)
                return DONE
            for one in parts:
                packaging.uploaded(one, self._means)
            carrying = Carrying(self.desk, self.hands, self.patience, self.stack.name)
            status = carrying.out(found)
            self.told.status, self.told.outputs, self.told.cause = carrying.status, carrying.outputs, carrying.cause
            self.told.outcome = OUTCOMES[status]
        if status != DONE or not self.options.smoke_test:
            return status
        return smoke.tested(self.options.smoke_test, self.stack.name, self.desk.pin, carrying.outputs)

    # -- the template

    @cached_property
    def packages(self) -> Packages:
        """How the template's local code is packaged."""
        return Packages(self.template, self.project, self.options, self.desk.pin, self._values(), self.stack.subject)

    @cached_property
    def _registry(self) -> Registry:
        """The rules and renderers of a run over this template, its engines among them."""
        return registry_for(self._config)

    @cached_property
    def _config(self) -> Config:
        here = self.project.config
        return configs.load([here.root / self.template.path], cwd=here.cwd, overrides={"jobs": 1})

    @cached_property
    def _updates(self) -> bool:
        """Whether there is a stack that is changed; not one that is made, or made anew."""
        return operation.updates(self.stack, recreates=self.options.recreate)

    @property
    def patience(self) -> Patience:
        """How long to wait for the next thing that CloudFormation has to do."""
        return Patience(poll=self.options.poll, deadline=self.options.deadline * 60, stop=threading.Event())

    @property
    def _means(self) -> Means:
        return Means(self.desk.look, self.hands, self.patience, "", _say, quiet=True)

    def _judged(self) -> tuple[gate.Judgement, Packaged]:
        """The judgement on the bytes that will be sent, and the template with its local code packaged.

        Raises Refused when findings keep them from being sent.
        """
        data = gate.source_of(self.template)
        judgement = gate.judged(self.template.path, data, self._config, self._of_inputs()).without(gate.PACKED)
        self.counter.judged(judgement)
        done = self.packages.made()
        packing = Packing(self.template.path, done.problems)
        found = gate.of_packing(self.template, packing, self._config, self.project.registry)
        self.counter.judged(judgement.with_more(found))
        return self._again(judgement, done), done

    def _again(self, judgement: gate.Judgement, done: Packaged) -> gate.Judgement:
        """The judgement on a template with its code packaged. Raises Refused when it must not be sent."""
        data = done.text.encode("utf-8")
        if data == judgement.body.sent().encode("utf-8"):
            return judgement
        again = gate.judged(self.template.path, data, self._config)
        self.counter.judged(again)
        return again

    def _of_inputs(self) -> tuple[Diagnostic, ...]:
        deployment = self.given.deployment(self.template, operation.CAPABILITIES, exists=self._updates)
        source = self.given.source
        return gate.of_inputs(deployment, self._config, self.project.registry, {source.path: source.data})

    def _values(self) -> dict[str, str]:
        """The parameters with the values that they will have, as far as they are known."""
        kept = dict(self.stack.parameters) if self._updates else {}
        return {**inputs.with_defaults(self.given, self.template), **kept, **self.given.values}

    def _brought(self, judgement: gate.Judgement, done: Packaged) -> tuple[gate.Judgement, tuple[UploadObject, ...]]:
        """The judgement on the bytes to send, and what is still to be uploaded, once somebody has agreed to them."""
        parts = self.packages.parts(done)
        nests = operation.has_nested(self.stack, self.template)
        if not packaging.go_first(parts, self.desk.look, nests=nests):
            return judgement, parts
        return self._again(judgement, self.packages.pinned(done, self._means)), ()

    # -- what is there

    def _rollout(self, judgement: gate.Judgement) -> Rollout:
        top = document.parse(Source(self.template.path, judgement.body.sent().encode("utf-8"))).top
        # of a stack that is made anew only what stays behind keeps its name
        going = tuple(one for one in self.stack.resources if one.goes)
        there = self.stack if self._updates else replace(self.stack, resources=going)
        return Rollout(
            stack=self.stack.name,
            region=self.desk.pin.region,
            account=self.desk.pin.account,
            path=self.template.path,
            template=top.data() if top is not None else {},
            values=self._values(),
            given=frozenset(self.given.values),
            existing=None if self.stack.status in operation.NOTHING_THERE else there,
        )

    def _looked_ahead(self, judgement: gate.Judgement, parts: Sequence[UploadObject]) -> None:
        """Look at what is there already. Raises Refused when the deployment would fail on it."""
        seen = looked_ahead(self._rollout(judgement), self.desk.look)
        coming = {f"{one.bucket}/{one.key}": True for one in parts}
        seen = replace(seen, facts={**seen.facts, "objects": {**seen.facts.get("objects", {}), **coming}})
        if self.options.drift and self._updates:
            _say(f"CloudFormation compares {self.stack.name} with its template …")
            notes = drift.drift(self.stack, self.desk.look, self.hands, self.patience)
            seen = replace(seen, facts={**seen.facts, **notes.facts}, unread={**seen.unread, **notes.unread})
        elif self.options.drift:
            _say(f"{self.stack.name} is not there yet, so nothing of it can have been changed by hand")
        self.counter.met(assess.assess_rollout(seen, self.desk.registry, self.desk.config))
        if self.options.drift and self._updates and not seen.fact("drift") and not seen.unread_of("drift"):
            print(f"{self.stack.name}: nothing was changed by hand, as far as CloudFormation compares it")

    def _torn_down(self) -> int:
        """0 when a stack whose creation failed is gone now, torn down by a plan like any other; else the status."""
        words = ["clean", self.stack.name, "--region", self.desk.pin.region, "--account", self.desk.pin.account]
        words += ["--profile", self.options.profile] if self.options.profile else []
        words += ["--yes"] if self.options.yes else []
        status = clean_command.run(parser().parse_args([*words, "--poll", str(self.options.poll)]))
        if status == DONE:
            self.stack = self.desk.fresh().stacks([self.stack.name])[0]
        return status

    # -- the change set

    def _take_away_stale(self) -> None:
        if self.stack.is_gone or self.options.change_set_only:  # who only looks takes nothing away from others
            return
        for one in changeset.stale(self.stack.id, self.desk.look):
            changeset.take_away(one, self.desk.look, self.hands)
            _say(f"took away {one.id}, which another run had made and has not carried out")

    @contextmanager
    def _proposed(self, judgement: gate.Judgement) -> Iterator[ChangeSet]:
        """A change set, which is taken away again when what is done with it ends in an error, or in Ctrl-C."""
        url = "" if judgement.body.is_direct else self.packages.place(judgement.body, self._means)
        name = f"{changeset.OURS}{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        params = operation.creation(
            self.stack,
            name,
            judgement.body,
            url,
            operation.parameters(self.given, self.template, self.stack),
            self._tags(),
            operation.has_nested(self.stack, self.template),
            self.options,
        )
        found = changeset.make(params, self.desk.look, self.hands, self.patience)
        try:
            yield found
        except BaseException as ended:
            self._taken_away_after(found, ended)
            raise

    def _taken_away_after(self, found: ChangeSet, ended: BaseException) -> None:
        poll = self.options.poll if isinstance(ended, Refused) else 0.0  # who is in a hurry does not wait
        try:
            changeset.take_away(found, self.desk.look, self.hands, poll=poll)
        except OpsError as error:
            if not isinstance(ended, OpsError) or str(ended) != str(error):
                _say(str(error))

    def _tags(self) -> Mapping[str, str]:
        return dict(desks.pair(text) for text in self.options.stack_tag)

    def _agreed(self, found: ChangeSet, judgement: gate.Judgement, parts: Sequence[UploadObject]) -> None:
        """Show what would change and what would be lost. Raises Refused unless somebody agrees."""
        sys.stdout.write(changes_text.render(found))
        for one in parts:
            print(clean(f"  {one.describe()}"))
        self._told_by_validation(found, judgement)
        losing = losses.lost(self.stack, found)
        hazards = assess.assess(LiveStacks((losing,)), self.desk.registry, self.desk.config)
        # what a teardown would clear away by itself, an update does not; it is told, and not in the way
        self.counter.met([one for one in hazards if one.logical_id], least=Severity.WARNING)
        if self.options.change_set_only or self.options.yes:
            return
        if sys.stdin is None or not sys.stdin.isatty():
            raise Refused("nobody can be asked here; if the change set is what you want, add --yes")
        print(f"Type {self.stack.name} to carry this out: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() != self.stack.name:
            raise Refused("it was not confirmed; the change set is taken away again")

    def _told_by_validation(self, found: ChangeSet, judgement: gate.Judgement) -> None:
        """Show what CloudFormation's own validation found. Raises Refused when a warning stands in the way."""
        if found.is_empty:
            return
        notes = validated(found, self.desk.look, self.hands)
        bare = replace(self._rollout(judgement), facts=notes.facts, unread=notes.unread)
        hazards = assess.assess_rollout(bare, self.desk.registry, self.desk.config)
        own = [one for one in hazards if one.code in ("S3AP847", "S3AP849")]
        if found.failed:  # which ends it, whatever of it is accepted
            self.counter.shown(own)
            return
        self.counter.met(own)


def _say(text: str) -> None:
    print(clean(text), file=sys.stderr, flush=True)
