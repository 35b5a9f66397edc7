"""All fixes of a library, applied in memory: how many, what they touch, and what is found afterwards.

    python -m bench.fixes FOLDER… [--unsafe] [--strict] [--engine cfn-lint] [--write FOLDER]

Nothing in FOLDER is changed. *beyond the edit* are lines that differ from what the edits of a round alone make of a
file, by another way of applying them than the program's; *new* are findings that were not there before, by code and
message and wherever their lines have moved to; *again* are files that fixing a second time would change.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s3ap_lint import fixes
from s3ap_lint.config import load
from s3ap_lint.diagnostic import Diagnostic, Report
from s3ap_lint.model import Safety
from s3ap_lint.run import Run

Key = tuple[str, str, str]


@dataclass
class Library:
    """A folder whose fixes are applied in memory, and what was seen on the way."""

    run: Run
    unsafe: bool
    rounds: list[tuple[dict[str, bytes], Report]] = field(default_factory=list)

    def settle(self) -> fixes.Fixed:
        """Apply the fixes that are wanted; each look is kept."""
        look = self.run.look

        def noted(changed: Mapping[str, bytes] | None = None, *, engines: bool = True) -> Report:
            report = look(changed, engines=engines)
            self.rounds.append((dict(changed or {}), report))
            return report

        self.run.look = noted  # type: ignore[method-assign]
        try:
            return fixes.fixed(self.run, fixes.wish(self.run, unsafe=self.unsafe))
        finally:
            del self.run.look

    def beyond(self, done: fixes.Fixed) -> int:
        """How many lines changed on which no edit of an applied fix lies."""
        count = 0
        applied = {id(finding) for finding in done.settled.applied}
        for (before, report), (after, _) in zip(self.rounds, self.rounds[1:], strict=False):
            edits = [e for f in report.findings if id(f) in applied and f.fix for e in f.fix.edits]
            for path, data in after.items():
                old = before[path] if path in before else self.run.read(path)
                made = {(e.place.start, e.place.end, e.text.encode()) for e in edits if e.place.path == path}
                count += len(set(touched(spliced(old, made), data)))
        return count


def spliced(data: bytes, made: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The bytes with some ranges replaced, the last one first."""
    for start, end, text in sorted(made, reverse=True):
        data = data[:start] + text + data[end:]
    return data


def touched(old: bytes, new: bytes) -> Iterable[int]:
    """The 1-based lines of a file that are gone or changed, or before which one was inserted."""
    matcher = difflib.SequenceMatcher(None, old.split(b"\n"), new.split(b"\n"), autojunk=False)
    for kind, start, end, _, _ in matcher.get_opcodes():
        if kind == "insert":
            yield start + 1
        elif kind != "equal":
            yield from range(start + 1, end + 1)


def keys(findings: Iterable[Diagnostic]) -> Counter[Key]:
    """Findings without their lines."""
    return Counter((finding.code, finding.place.path, finding.message) for finding in findings)


def lines(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[int, int]:
    """How many lines were added and removed."""
    added = removed = 0
    for path, data in after.items():
        old, new = before[path].decode().split("\n"), data.decode().split("\n")
        for line in difflib.unified_diff(old, new, n=0, lineterm=""):
            added += line.startswith("+") and not line.startswith("+++ ")
            removed += line.startswith("-") and not line.startswith("--- ")
    return added, removed


def by_code(findings: Iterable[Diagnostic]) -> str:
    """Counts per code, the most frequent first."""
    return ", ".join(f"{code} {count}" for code, count in Counter(f.code for f in findings).most_common())


def evaluate(folder: str, options: argparse.Namespace) -> bool:
    """Print what became of one library; whether nothing went wrong."""
    overrides = {"strict": options.strict or None, "engine": options.engine, "select": options.select}
    config = load([folder], cwd=Path(folder), overrides=overrides)
    run = Run([folder], config, fixing=True)
    run.hold()
    before = run.look()
    library = Library(run, options.unsafe)
    done = library.settle()
    beyond = library.beyond(done)
    after = done.settled.report
    new = keys(after.findings) - keys(before.findings)
    again = fixes.fixed(Run([folder], config, dict(done.files), fixing=True), fixes.wish(run, unsafe=options.unsafe))
    safety = Counter(f.fix.safety for f in before.findings if f.fix)
    added, removed = lines(done.before, done.files)
    print(f"## {folder}")
    print(f"findings {len(before.findings)}; offered " + ", ".join(f"{k.value} {safety[k]}" for k in Safety))
    print(f"applied {len(done.settled.applied)} in {len(done.files)} files, {len(library.rounds)} looks")
    print(f"  {by_code(done.settled.applied)}")
    print(f"lines added {added}, removed {removed}, beyond the edit {beyond}")
    print(f"refused {len(done.settled.refused)}, restless {sorted(done.restless)}, again {len(again.files)} files")
    left = Counter(f.fix.safety for f in after.findings if f.fix)
    print(f"findings afterwards {len(after.findings)}; left: " + ", ".join(f"{k.value} {left[k]}" for k in Safety))
    print(f"new findings {new.total()}")
    for (code, path, message), count in sorted(new.items()):
        print(f"  {code} {path}: {message[:160]}" + (f" ({count} times)" if count > 1 else ""))
    for finding in done.settled.refused:
        print(f"  refused: {finding.code} {finding.place.path}:{finding.place.line}")
    if options.write:
        for path, data in done.files.items():
            target = Path(options.write) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return not (beyond or new or again.files or done.settled.refused or done.restless)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", nargs="+")
    parser.add_argument("--unsafe", action="store_true", help="also fixes to be reviewed")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--engine", default="none")
    parser.add_argument("--select", action="append")
    parser.add_argument("--write", metavar="FOLDER", help="write the changed files there")
    options = parser.parse_args()
    right = [evaluate(folder, options) for folder in options.folders]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
