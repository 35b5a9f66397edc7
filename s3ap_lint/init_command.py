"""The command `init`: find out what a project is like, and write the files that say so."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from s3ap_lint import config as configs
from s3ap_lint import history
from s3ap_lint.adoption import agents, hook, workflow
from s3ap_lint.adoption.configuration import configuration
from s3ap_lint.adoption.proposal import Proposal
from s3ap_lint.adoption.survey import Survey, survey
from s3ap_lint.config import Config
from s3ap_lint.disk import Replacement, make_file, replace_files
from s3ap_lint.errors import UsageError
from s3ap_lint.invocation import colored
from s3ap_lint.render.diff import diff
from s3ap_lint.render.wording import count, listed, one_line, relative_to
from s3ap_lint.roots import OWN_FILE, SHARED_FILE, shown

REASONS = 5

ASKED_FOR = (hook.PATH, workflow.PATH, agents.PATH)
"""What is only written on request: not to write it is to fail."""


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status: with `--diff` 1 if anything would be written, 2 if something is left to people."""
    config = _project(options.path)
    found = survey(config)
    proposals = _proposals(options, found, config)
    changes = [proposal for proposal in proposals if proposal.changes]
    seen = relative_to(str(Path.cwd()), str(config.root))
    if options.diff:
        _show(changes, config, color=colored(options))
    else:
        _write_all(changes, config.root, seen)
    for line in _told(found, config, proposals, seen, written=not options.diff):
        print(line, file=sys.stderr if options.diff else sys.stdout)
    if any(proposal.by_hand and proposal.path in ASKED_FOR for proposal in proposals):
        return 2
    return 1 if options.diff and changes else 0


def _show(changes: Iterable[Proposal], config: Config, *, color: bool) -> None:
    """The patch, relative to this folder, or to the root when it goes beyond: git applies nothing above its folder."""
    before = {proposal.path: proposal.before for proposal in changes}
    after = {proposal.path: proposal.after for proposal in changes}
    below = all((config.root / path).is_relative_to(config.cwd) for path in after)
    base = config.cwd if below else config.root
    seen = relative_to(str(base), str(config.root))
    patch = diff(before, after, seen, color=color)
    sys.stdout.flush()
    sys.stdout.buffer.write(patch.encode("utf-8"))
    sys.stdout.flush()
    if not below:
        line = f"the paths of this patch are relative to {base}; apply it with `git -C {shlex.quote(str(base))} apply`"
        print(f"s3ap-lint: {line}", file=sys.stderr)


def _project(path: str | None) -> Config:
    """The project that a folder is in, or with a folder that was named and has no configuration above it, that one."""
    if path is None:
        return configs.load()
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise UsageError(f"there is no folder {path}")
    found = configs.load([folder], cwd=folder)
    return found if found.file is not None else replace(found, root=folder)


def _proposals(options: argparse.Namespace, found: Survey, config: Config) -> list[Proposal]:
    names = (OWN_FILE, SHARED_FILE, hook.PATH, workflow.PATH, agents.PATH)
    files = {name: data for name in names if (data := _bytes(config.root / name)) is not None}
    made = [configuration(found, config, files)]
    made += [hook.hook(files)] if options.pre_commit else []
    made += [workflow.workflow(history.default_branch(config.top), files)] if options.github else []
    made += [agents.agents(found, files)] if options.agents else []
    return [proposal for proposal in made if proposal is not None]


def _bytes(file: Path) -> bytes | None:
    """What a file holds; None if there is none. Raises UsageError for one that cannot be read as text."""
    if not file.is_file():
        return None
    try:
        data = file.read_bytes()
        data.decode("utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8; nothing was written") from None
    return data


def _write_all(changes: Iterable[Proposal], root: Path, seen: Callable[[str], str]) -> None:
    """Write the files. Raises UsageError at the first that cannot be, saying which were written by then."""
    written: list[str] = []
    for proposal in changes:
        try:
            _write(root, proposal)
        except UsageError as error:
            raise UsageError(f"{error}; written before that: {listed(written) or 'nothing'}") from None
        written.append(seen(proposal.path))


def _write(root: Path, proposal: Proposal) -> None:
    file = root / proposal.path
    if proposal.before is None:
        try:
            make_file(file, proposal.after)
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {(error.strerror or str(error)).lower()}") from None
        return
    refused = replace_files(root, [[Replacement(proposal.path, proposal.before, proposal.after)]])
    for path, reason in refused.items():
        raise UsageError(f"{root / path} was not written: {reason}")


# -- what is told ------------------------------------------------------------------------------------


def _told(
    found: Survey, config: Config, proposals: Iterable[Proposal], seen: Callable[[str], str], *, written: bool
) -> Iterator[str]:
    yield f"found {_counts(found)} in {shown(config.root, Path.cwd()) if config.root != Path.cwd() else 'this folder'}"
    yield from _findings(found)
    done = list(proposals)
    if not any(proposal.path in (OWN_FILE, SHARED_FILE) for proposal in done) and config.file is None:
        yield "no configuration is needed: the defaults fit"
    for proposal in done:
        if proposal.by_hand:
            yield proposal.by_hand
        elif proposal.changes:
            verb = ("wrote" if proposal.before is None else "added to") if written else "would write"
            yield f"{verb} {seen(proposal.path)}" + (f", {one_line(proposal.remark)}" if proposal.remark else "")
        else:
            yield f"{seen(proposal.path)} is as it should be"
    yield from _next(written=written)


def _counts(found: Survey) -> str:
    counts = [count(found.templates, "template"), count(found.applications, "application")]
    counts.append(count(found.modules, "Python file"))
    return listed(counts)


def _findings(found: Survey) -> Iterator[str]:
    if found.functions:
        more = f", {len(found.code_map):,} more by the code map" if found.code_map else ""
        yield f"joined {found.joined:,} of {count(found.functions, 'function')} to their code{more}"
    for reason, number in found.lost[:REASONS]:
        yield "  " + one_line(f"{number:,} × {reason}")
    if found.pairs:
        yield f"{count(len(found.pairs), 'pair')} of templates that deploy the same in two ways"
    for folder, users in found.shared[:REASONS]:
        yield f"{folder}/ is shared: {count(users, 'application')} import from it"


def _next(*, written: bool) -> Iterator[str]:
    if not written:
        return
    yield "next: s3ap-lint, or s3ap-lint --engine none first, which takes seconds"
    yield "  more than you can mend today? s3ap-lint baseline write known.json, then s3ap-lint --baseline known.json,"
    yield "  in the hook as `args: [--baseline, known.json, --]`, in the workflow behind each `s3ap-lint`"
