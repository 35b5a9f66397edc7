"""The command `baseline`: accept today's findings, take off the list what is mended, or show it."""

from __future__ import annotations

import argparse
import sys

from s3ap_lint import baseline
from s3ap_lint.errors import UsageError
from s3ap_lint.gate import nothing_checked
from s3ap_lint.invocation import config_of, write
from s3ap_lint.progress import Display
from s3ap_lint.roots import absolute
from s3ap_lint.run import check


def run(options: argparse.Namespace) -> int:
    """Carry it out; the exit status."""
    config = config_of(options, options.paths)
    path = absolute(options.file, config.cwd)
    if options.action == "show":
        for entry in baseline.load(path):
            print(f"{entry.path}: {entry.code} {entry.what}" + (f" ({entry.count} times)" if entry.count > 1 else ""))
        return 0
    known = baseline.load(path) if options.action == "update" else None
    before = sum(entry.count for entry in baseline.load(path)) if known is None and path.exists() else 0
    with Display(sys.stderr) as display:
        report, found, _ = check(options.paths, config, on_progress=display.update)
    empty = nothing_checked(found, config, False)
    if empty:
        raise UsageError(empty.message)
    if any(d.code in baseline.NEVER for d in report.findings):
        raise UsageError("a rule crashed, so there is no telling what it would find; nothing was written")
    accepted = report.findings if known is None else baseline.apply(report.findings, known).accepted
    entries = baseline.entries(accepted)
    unread = {d.place.path for d in report.findings if d.code == "S3AP901"}
    elsewhere = [e for e in known or () if not found.reported(e.path) or (e.path in unread and e not in entries)]
    write(baseline.dumps(sorted((*entries, *elsewhere))), str(path))
    left = sum(entry.count for entry in (*entries, *elsewhere))
    gone = sum(entry.count for entry in known) - left if known is not None else 0
    done = (
        f"{left} findings accepted"
        + (f" ({before} before)" if before else "")
        + (f", {gone} taken off the list" if known is not None else "")
    )
    print(f"{options.file}: {done}")
    return 0
