"""Every pair of a project made, mended and made back, and what the schema engines say of what was made.

    python -m bench.twins.in_step ROOT [--source NAME --generated NAME] [--engine cfn-lint --engine cfn-validate]

ROOT is copied; nothing in it is changed. For each folder with both files: `sync` over what is there, a second `sync`,
the generated half from nothing, and the source from that again, all by the installed program. The engines' findings
(E and W codes) are counted by file, source against generated: a file is *accepted* when there is no error. Prints a
table; exit status 0 whatever the figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """Two files of a folder, the one that the other is made from first."""

    source: Path
    generated: Path


def lint(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder."""
    command = ["s3ap-lint", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def pairs_in(root: Path, source: str, generated: str) -> list[Pair]:
    """The folders that have both files."""
    found = sorted(path for path in root.rglob(source) if (path.parent / generated).is_file())
    return [Pair(path.relative_to(root), path.relative_to(root).with_name(generated)) for path in found]


def differences(root: Path, pairs: Iterable[Pair]) -> int:
    """The findings of S3AP701 on pairs, as a run reports them."""
    written = ", ".join(f'{{source = "./{one.source}", generated = "./{one.generated}"}}' for one in pairs)
    (root / ".s3ap-lint.toml").write_text(f"pairs = [{written}]\n")
    ran = lint(root, "--select", "S3AP701", "--engine", "none", "--format", "json", "--exit-zero", "--no-cache")
    if ran.returncode:
        raise SystemExit(ran.stderr)
    return len(json.loads(ran.stdout)["findings"])


def complaints(root: Path, engine: str, paths: Sequence[Path]) -> dict[str, Counter[str]]:
    """The codes that an engine gives for each file."""
    arguments = ["--select", "E,W", "--format", "json", "--exit-zero", "--no-cache"]
    found = json.loads(lint(root, "--engine", engine, *arguments, *paths).stdout)["findings"]
    out: dict[str, Counter[str]] = {str(path): Counter() for path in paths}
    for one in found:
        out.setdefault(one["path"], Counter())[one["code"]] += 1
    return out


def accepted(codes: Counter[str]) -> bool:
    """Whether there is no error among an engine's codes."""
    return not any(code.startswith("E") for code in codes)


def told(root: Path, engine: str, pairs: Sequence[Pair], what: str) -> str:
    """A row: findings on sources and on generated files, and the pairs whose generated half is worse."""
    found = complaints(root, engine, [path for one in pairs for path in (one.source, one.generated)])
    sides = [(found[str(one.source)], found[str(one.generated)]) for one in pairs]
    more = sum(bool(made - source) for source, made in sides)
    extra = sum((made - source for source, made in sides), Counter[str]())
    lost = sum(accepted(source) and not accepted(made) for source, made in sides)
    counts = [sum(sum(side[index].values()) for side in sides) for index in (0, 1)]
    codes = ", ".join(f"{code} {number}" for code, number in extra.most_common()) or "none"
    return f"| {engine}, {what} | {counts[0]} | {counts[1]} | {more} | {codes} | {lost} of {len(pairs)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="ROOT")
    parser.add_argument("--source", default="template-deploy.yaml")
    parser.add_argument("--generated", default="template.yaml")
    parser.add_argument("--engine", action="append", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        shutil.copytree(options.root, root, ignore=shutil.ignore_patterns(".git"))
        pairs = pairs_in(root, options.source, options.generated)
        print(f"{len(pairs)} pairs, {options.source} → {options.generated}")
        print(f"differences before: {differences(root, pairs)}")
        first = lint(root, "sync")
        made = {one: (root / one.generated).read_bytes() for one in pairs}
        print(f"sync: exit {first.returncode}, {first.stdout.splitlines()[-1]}; differences {differences(root, pairs)}")
        again = lint(root, "sync")
        same = sum(made[one] == (root / one.generated).read_bytes() for one in pairs)
        print(f"second sync: exit {again.returncode}, {same} of {len(pairs)} files as they were")
        print("| engine | on sources | on generated | pairs with more | what more | accepted source, refused twin |")
        print("|---|---|---|---|---|---|")
        for engine in options.engine:
            print(told(root, engine, pairs, "mended"), flush=True)
        _from_nothing(root, pairs, options.engine)


def _from_nothing(root: Path, pairs: Sequence[Pair], engines: Sequence[str]) -> None:
    """Each generated half made anew, and the source of it again."""
    there, back = [], []
    for one in pairs:
        made = Pair(one.source, one.generated.with_name(f"made-{one.generated.name}"))
        again = Pair(made.generated, one.source.with_name(f"again-{one.source.name}"))
        if lint(root, "sync", "--pair", made.source, made.generated).returncode:
            continue
        there.append(made)
        if lint(root, "sync", "--pair", again.source, again.generated).returncode == 0:
            back.append(Pair(one.source, again.generated))
    for engine in engines:
        print(told(root, engine, there, "made from nothing"), flush=True)
    print(f"made from nothing: {len(there)} of {len(pairs)}, differences {differences(root, there)}")
    print(f"source → generated → source: {len(back)} of {len(pairs)}, differences {differences(root, back)}")


if __name__ == "__main__":
    main()
