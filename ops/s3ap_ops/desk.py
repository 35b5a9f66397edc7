"""What every command begins with: who and where, the rules, the readers, and the stacks that are meant."""

from __future__ import annotations

import argparse
import difflib
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from s3ap_lint.config import Config
from s3ap_lint.plugins import Manager, make_manager
from s3ap_lint.registry import Registry, load
from s3ap_ops import assess, collect, planner, settings, snapshot
from s3ap_ops.appliers import APPLIERS, Applier
from s3ap_ops.errors import OpsError
from s3ap_ops.identity import Pin, check_names, pinned, refuse_placeholders, session_for
from s3ap_ops.plan import Plan
from s3ap_ops.planner import Wishes
from s3ap_ops.reading import Look, Reader
from s3ap_ops.stack import LiveStack, LiveStacks
from s3ap_ops.watching import Patience
from s3ap_ops.wording import listed

FLAGS = (
    ("disable_termination_protection", "--disable-termination-protection"),
    ("disable_deletion_protection", "--disable-deletion-protection"),
    ("bypass_governance", "--bypass-governance"),
    ("release_legal_hold", "--release-legal-hold"),
    ("delete_bucket_policy", "--delete-bucket-policy"),
    ("delete_access_points", "--delete-access-points"),
    ("stop_executions", "--stop-executions"),
    ("detach_policies", "--detach-policies"),
    ("remove_targets", "--remove-targets"),
)
"""The options that stand for themselves: what argparse calls them, and what changes call them."""

NAMING = (
    ("include_retained", "--include-retained"),
    ("accept", "--accept"),
    ("detach_access_point", "--detach-access-point"),
    ("delete_data_source", "--delete-data-source"),
    ("delete_knowledge_base", "--delete-knowledge-base"),
)
"""The options that name what they are about, which changes have behind them: "--accept S3AP613"."""


@dataclass(frozen=True)
class Desk:
    """One run's means, made from the command line: `pin` and `look` are the account as it was found."""

    options: argparse.Namespace
    settings: settings.Settings
    pin: Pin
    look: Look
    wishes: Wishes

    @cached_property
    def _manager(self) -> Manager:
        return make_manager()

    @cached_property
    def registry(self) -> Registry:
        """The rules of all plugins."""
        return load(self._manager)

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        """The readers of all plugins."""
        return tuple(one for _, one in self._manager.call("s3ap_loaders") if isinstance(one, Reader))

    @cached_property
    def appliers(self) -> dict[type, Applier]:
        """How each type of change is made: our own, and those of plugins for types of theirs."""
        theirs = [one for _, one in self._manager.call("s3ap_appliers") if isinstance(one, Applier)]
        return {one.change: one for one in (*theirs, *APPLIERS)}

    @cached_property
    def config(self) -> Config:
        """Every rule, as it is: what stands in the way of a deletion is nobody's taste."""
        here = Path.cwd()
        return Config(here, here, here, engine="none", jobs=1)

    def stacks(self, names: Iterable[str]) -> tuple[LiveStack, ...]:
        """Some stacks as they are now."""
        if sys.stderr is not None and sys.stderr.isatty():
            print("looking at the account …", file=sys.stderr)
        found = {stack.id: stack for stack in collect.collect(names, self.look, self.readers)}
        names_of_several = [stack.name for stack in found.values()]
        twice = sorted({name for name in names_of_several if names_of_several.count(name) > 1})
        if twice:
            raise OpsError(f"two stacks that were named are called {twice[0]}; take one at a time, by its id")
        return tuple(found.values())

    def fresh(self) -> Desk:
        """The same, with nothing of what was read kept."""
        return replace(self, look=Look(self.look.session, self.look.account, self.look.region))

    def check_wishes(self, stacks: Sequence[LiveStack]) -> None:
        """Raise OpsError for a wish about nothing: a resource that none of the stacks has, a code that no rule has.

        A stack that is gone may have had the resource: who repeats a command that has done its work is told so, no
        more.
        """
        logical = sorted({one.logical_id for stack in stacks for one in stack.resources})
        gone = listed([stack.name for stack in stacks if stack.is_gone])
        for flag in sorted(self.wishes.flags):
            option, _, value = flag.partition(" ")
            if option == "--include-retained" and value not in logical:
                _nothing_has(flag, gone, near(value, logical))
            if option == "--accept" and value not in self.registry.rules:
                raise OpsError(f"{flag}: there is no such code{near(value, self.registry.rules)}")
        for value in self.wishes.retain:
            if value not in logical:
                _nothing_has(f"--retain {value}", gone, near(value, logical))

    def planned(self, stacks: Sequence[LiveStack]) -> Plan:
        """What would be done about some stacks.

        A stack that is refused stays, so the others are looked at once more without it, until nothing new comes up:
        what it uses of theirs would be missing.
        """
        hazards = assess.assess(LiveStacks(tuple(stacks)), self.registry, self.config)
        while True:
            plan = planner.plan(stacks, hazards, self.wishes, time.time())
            left = LiveStacks(tuple(stack for stack in stacks if stack.name not in plan.refused))
            if not plan.refusals or not left.stacks:
                return plan
            worse = assess.worse(hazards, assess.assess(left, self.registry, self.config))
            if not worse:
                return plan
            hazards = sorted([*hazards, *worse], key=lambda hazard: hazard.sort_key)

    def patience(self, stop: threading.Event) -> Patience:
        """How long to wait; `stop` ends the waiting."""
        options = self.options
        return Patience(poll=options.poll, deadline=options.deadline * 60, waits=not options.no_wait, stop=stop)


def opened(options: argparse.Namespace, *, writes: bool = False) -> Desk:
    """The means of a command that asks AWS. Raises OpsError or Refused before anything else is asked.

    An account whose alias keeps teardowns out may be looked at all the same: only what `writes` is kept out.
    """
    if options.account is not None and not options.account.strip():
        raise OpsError("--account is empty; give the account's id, or leave the option out")
    refuse_placeholders([*getattr(options, "stacks", ()), options.region or "", options.account or ""])
    known = settings.load(Path.cwd())
    session = session_for(options.region or "", options.profile or "")
    pin, look = pinned(session, options.account or "", known.accounts, known.denied_alias_terms if writes else ())
    return Desk(options, known, pin, look, wishes_of(options))


def offline(options: argparse.Namespace) -> tuple[Desk, tuple[LiveStack, ...]]:
    """The means of a command about a snapshot, which asks nobody, and its stacks. Raises OpsError when it cannot be
    read."""
    path = Path(options.from_)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise OpsError(f"{path} cannot be read: {reason}") from None
    stacks = snapshot.read(text, str(path))
    wanted = set(options.stacks)
    missing = sorted(wanted - {stack.name for stack in stacks})
    if missing:
        raise OpsError(
            f"{path} holds no stack {missing[0]!r}; it holds {', '.join(sorted(one.name for one in stacks))}"
        )
    stacks = tuple(stack for stack in stacks if not wanted or stack.name in wanted)
    pin = Pin(stacks[0].account, stacks[0].region, f"a snapshot ({path})")
    session = session_for(stacks[0].region)
    look = Look(session, pin.account, pin.region)
    return Desk(options, settings.load(Path.cwd()), pin, look, wishes_of(options)), stacks


def names_of(desk: Desk) -> tuple[str, ...]:
    """The stacks that the command line means; what groups and wildcards stand for is shown first.

    Raises OpsError when none is given, or something stands for nothing.
    """
    if not desk.options.stacks:
        raise OpsError("no stack is named; give its name, or a group of the configuration")
    names, was_short = settings.expanded(desk.options.stacks, desk.settings, _Existing(desk.look))
    check_names(names, desk.pin)
    names = _with_tags(names, desk) if desk.options.tag else names
    if was_short or desk.options.tag:
        print(f"meant are {', '.join(names) or 'no stacks at all'}", file=sys.stderr)
    if not names:
        raise OpsError("none of these stacks has such tags")
    return names


def _nothing_has(wish: str, gone: str, hint: str) -> None:
    """Say that a wish may have been about a stack that is gone. Raises OpsError when none is."""
    if not gone:
        raise OpsError(f"{wish}: none of these stacks has such a resource{hint}")
    print(f"{wish}: none of these stacks has it any more; of {gone} nothing is left to look at", file=sys.stderr)


class _Existing(Iterable[str]):
    """The names of all stacks that are there, asked for when somebody iterates over them."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def __iter__(self) -> Iterator[str]:
        found = self._look.pages("cloudformation", "describe_stacks", "Stacks")
        return iter([stack["StackName"] for stack in found if not stack.get("ParentId")])


def _with_tags(names: Sequence[str], desk: Desk) -> tuple[str, ...]:
    """Those of some stacks that have all the tags that are asked for; one that is not there stays, to be said so."""
    wanted = dict(pair(text) for text in desk.options.tag)
    kept = []
    for name in names:
        found = collect.described(name, desk.look)
        tags = {tag["Key"]: tag["Value"] for tag in (found or {}).get("Tags", ())}
        if found is None or all(tags.get(key) == value for key, value in wanted.items()):
            kept.append(name)
    return tuple(kept)


def pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise OpsError(f"--tag {text}: write it like --tag team=storage")
    return key, value


def wishes_of(options: argparse.Namespace) -> Wishes:
    """The wishes that a command line states."""
    flags = {flag for name, flag in FLAGS if getattr(options, name, False)}
    for name, flag in NAMING:
        flags |= {f"{flag} {value}" for value in _listed(getattr(options, name, None))}
    role = getattr(options, "role_arn", None) or ""
    flags |= {"--role-arn ARN"} if role else set()
    return Wishes(frozenset(flags), tuple(_listed(getattr(options, "retain", None))), role)


def near(given: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant; empty if nothing is like it."""
    found = difflib.get_close_matches(given, list(known), 1)
    return f"; did you mean {found[0]}?" if found else ""


def _listed(given: Sequence[str] | None) -> list[str]:
    """The values of an option that may be given several times, each with several separated by commas."""
    return [part.strip() for text in given or () for part in text.split(",") if part.strip()]
