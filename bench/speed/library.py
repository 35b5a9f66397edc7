"""Libraries to measure on: a copy that may be written to, many copies in one, and what lies in them.

In a library made of many copies nothing may be found out once for all of them. Every copy has its own `shared`, its
applications have names of their own, and each file differs from its likes, so that a cache by content gains nothing.
"""

from __future__ import annotations

import re
import shutil
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = frozenset({".yaml", ".yml", ".json", ".template"})
COMMENTED = frozenset({".py", ".yaml", ".yml", ".toml", ".sh"})
LEFT_OUT = frozenset({".git", ".s3ap_lint_cache", "__pycache__"})


@dataclass(frozen=True)
class Application:
    """A folder with templates, the largest of them, and how many bytes they are together."""

    folder: Path
    template: Path
    size: int


def copy(library: Path, folder: Path) -> None:
    """The library as it is, in a folder that does not exist yet."""
    shutil.copytree(library, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))


def multiply(library: Path, folder: Path, copies: int) -> None:
    """That many copies of a library, as `copy-01/…`, `copy-02/…` below a folder."""
    names = sorted({application.folder.name for application in applications(library)} - {library.name})
    for number in range(1, copies + 1):
        ending = f"-{number:02}"
        renamed = {name: name + ending for name in names if "-" in name}  # other names are words as well
        for path in files(library):
            parts = path.relative_to(library).parts
            target = folder.joinpath(f"copy{ending}", *(renamed.get(part, part) for part in parts))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_rewritten(path, renamed, number))


def _rewritten(path: Path, renamed: Mapping[str, str], number: int) -> bytes:
    data = path.read_bytes()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    if renamed:
        names = "|".join(map(re.escape, sorted(renamed, key=len, reverse=True)))
        text = re.sub(rf"(?<![\w-])(?:{names})(?![\w-])", lambda match: renamed[match[0]], text)
    if path.suffix in COMMENTED:
        text = text if text.endswith("\n") or not text else text + "\n"
        text += f"# copy {number}\n"
    if path.suffix == ".json":
        text += "\n" * number
    return text.encode()


def files(library: Path) -> Iterator[Path]:
    """All files of a library, sorted; what links lead to is left out."""
    for path in sorted(library.rglob("*")):
        if path.is_file() and not path.is_symlink() and LEFT_OUT.isdisjoint(path.parts):
            yield path


def templates(library: Path) -> list[Path]:
    """The CloudFormation templates of a library, as far as they say that they are some."""
    candidates = (path for path in files(library) if path.suffix in TEMPLATES)
    return [path for path in candidates if b"AWSTemplateFormatVersion" in path.read_bytes()]


def applications(library: Path) -> list[Application]:
    """The folders with templates in them and Python below, the smallest first."""
    found: defaultdict[Path, list[Path]] = defaultdict(list)
    for template in templates(library):
        found[template.parent].append(template)
    with_code = {above for path in files(library) if path.suffix == ".py" for above in path.parents}
    sized = [
        Application(folder, max(paths, key=_size), sum(map(_size, paths)))
        for folder, paths in found.items()
        if folder in with_code
    ]
    return sorted(sized, key=lambda application: (application.size, application.folder))


def _size(path: Path) -> int:
    return path.stat().st_size


def median_and_largest(library: Path) -> dict[str, Application]:
    """The application in the middle by size, and the largest one."""
    found = applications(library)
    middle = statistics.median_low(range(len(found)))
    return {"median": found[middle], "largest": found[-1]}
