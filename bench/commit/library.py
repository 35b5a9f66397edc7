"""A repository of many applications that share a package: one sample, copied under many names."""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).with_name("sample")
COPIED = "depot"


def names(count: int) -> list[str]:
    """The folders of the applications."""
    return [f"{COPIED}-{number:02}" for number in range(1, count + 1)]


def make(folder: Path, count: int) -> None:
    """Write a library of so many applications into a folder. No two of their files are the same, so that a cache by
    content gains nothing."""
    for path in sorted(path for path in SAMPLE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        relative = path.relative_to(SAMPLE)
        if relative.parts[0] != COPIED:
            _write(folder / relative, path.read_text(encoding="utf-8"))
            continue
        text = path.read_text(encoding="utf-8")
        for name in names(count):
            _write(folder / name / relative.relative_to(COPIED), text.replace(COPIED.upper(), name))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
