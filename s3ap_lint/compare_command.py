"""The command `compare`: what a change of templates means once they are deployed, and whether it may."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from s3ap_lint.compare import run as comparing
from s3ap_lint.compare.change import Comparisons
from s3ap_lint.config import Config
from s3ap_lint.errors import UsageError
from s3ap_lint.history import Repository
from s3ap_lint.invocation import colored, config_of, write
from s3ap_lint.progress import Display
from s3ap_lint.render.compare import RENDERERS
from s3ap_lint.render.wording import Seen, count, one_line, relative_to
from s3ap_lint.roots import absolute

SHOWN = 20
"""Templates that a failure names."""


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status."""
    if not options.what:
        raise UsageError("compare: name a revision to compare with, or two files: s3ap-lint compare HEAD")
    given = [options.what, *options.paths] if Path(options.what).is_file() else options.paths
    config = config_of(options, given)
    with Display(sys.stderr) as display:
        if _is_file(options.what, config):
            report, root = comparing.two_files(*_two(options, config), config, only_default=_only_default(options))
        else:
            report = comparing.revisions(
                options.what, options.paths, config, only_default=_only_default(options), on_progress=display.update
            )
            root = config.root
    seen = relative_to(str(config.cwd), str(root))
    write(RENDERERS[options.format](report, seen, colored(options)), options.output)
    return _status(report, options, seen)


def _only_default(options: argparse.Namespace) -> bool:
    return bool(options.scenario == "default")


def _is_file(text: str, config: Config) -> bool:
    """Whether a file is meant and not a revision. Raises UsageError where it may be either."""
    path = absolute(text, config.cwd)
    if not path.is_file():
        if path.is_dir():
            raise UsageError(f"compare: {text} is a folder; name a revision first: s3ap-lint compare HEAD {text}")
        return False
    if "/" not in text and (config.top / ".git").exists() and Repository(config.top, config.root).commit_of(text):
        raise UsageError(f"compare: {text} is a file and a revision; write ./{text} or {text}^{{commit}}")
    return True


def _two(options: argparse.Namespace, config: Config) -> tuple[Path, Path]:
    if len(options.paths) != 1:
        what = "a second file" if not options.paths else "one second file, not several paths"
        raise UsageError(f"compare: {options.what} is a file; it needs {what}: s3ap-lint compare OLD NEW")
    other = absolute(options.paths[0], config.cwd)
    if not other.is_file():
        raise UsageError(f"compare: there is no file {options.paths[0]} to compare {options.what} with")
    return absolute(options.what, config.cwd), other


def _status(report: Comparisons, options: argparse.Namespace, seen: Seen) -> int:
    """What to answer: 2 where nothing was compared or a promise could not be judged, 1 where it is broken."""
    if not report.looked and not report.templates:
        print("s3ap-lint: compare: no template could be compared", file=sys.stderr)
        return 2
    if options.require_unchanged:
        broken = report.changed_defaults
        if broken:
            names = [one_line(seen(one.path)) for one in broken]
            more = f" and {count(len(names) - SHOWN, 'more template')}" if len(names) > SHOWN else ""
            print(f"s3ap-lint: the default deployment changes: {', '.join(names[:SHOWN])}{more}", file=sys.stderr)
        if report.unjudged:
            number = count(len(report.unjudged), "thing")
            print(f"s3ap-lint: {number} could not be compared, so that nothing is proven", file=sys.stderr)
            return 2
        return 1 if broken else 0
    return 1 if options.exit_code and any(one.changes for one in report.templates) else 0
