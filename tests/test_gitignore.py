"""Patterns mean what they mean to git."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3ap_lint.discovery import discover
from s3ap_lint.gitignore import names, parsed, pattern_of
from s3ap_lint.workspace import Workspace

with_git = pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("x", "x d/x d/e/x x/"),
        ("/x", "x x/"),
        ("x/", "x/"),
        ("d/x", "d/x"),
        ("d/*", "d/x d/y.py"),
        ("d/**", "d/x d/y.py d/e/x"),
        ("**/x", "x d/x d/e/x x/"),
        ("d/**/x", "d/x d/e/x"),
        ("*.py", "d/y.py"),
        ("d**x", ""),
        ("/d[+-0]x", ""),
        ("?", "x d/x d/e/x x/"),
        ("[x-z]", "x d/x d/e/x x/"),
        ("[!x]*", "d/y.py"),
        (r"\x", "x d/x d/e/x x/"),
        ("[[:alpha:]]", "x d/x d/e/x x/"),
        ("[[:alpha:]x", ""),
        ("x ", "x d/x d/e/x x/"),
        ("*", "x d/x d/y.py d/e/x x/"),
    ],
)
def test_a_pattern_matches_some_entries(pattern: str, matched: str):
    patterns = parsed([pattern])
    entries = ["x", "d/x", "d/y.py", "d/e/x", "x/"]
    found = [
        e for e in entries if patterns.verdict(e.rstrip("/"), e.rstrip("/").rsplit("/")[-1], is_folder=e[-1] == "/")
    ]
    assert matched.split() == found


@pytest.mark.parametrize("line", ["", "  ", "# x", "/", "//", "!", "!/", "x\\", "[x", "[[:none:]]"])
def test_a_line_that_means_nothing_is_no_pattern(line: str):
    assert pattern_of(line) is None


@pytest.mark.parametrize("line", [r"\#x", r"\!x", "[z-a]", "x]", "^", r"x\ ", " x", "[]x]", "[^]x]", "é*"])
def test_odd_lines_are_patterns(line: str):
    assert pattern_of(line) is not None


def test_the_last_line_that_matches_decides():
    patterns = parsed(["*.py", "!keep.py", "# !x.py"])
    assert (True, False, None) == tuple(
        patterns.verdict(name, name, is_folder=False) for name in ("x.py", "keep.py", "x")
    )


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("tests", "tests/a.py app/tests/b/c.py"),
        ("tests/", "tests/a.py app/tests/b/c.py"),
        ("tests/**", "tests/a.py"),
        ("/tests", "tests/a.py"),
        ("*.py", "tests/a.py app/tests/b/c.py a.py"),
        ("app/*/b", "app/tests/b/c.py"),
        ("#", ""),
    ],
)
def test_a_path_is_named_by_a_pattern_for_it_or_a_folder_above(pattern: str, named: str):
    assert named.split() == [path for path in ("tests/a.py", "app/tests/b/c.py", "a.py") if names(pattern, path)]


# -- compared with git --------------------------------------------------------------------------------

PATHS = st.lists(st.sampled_from(["a", "b", "c.py", "d.yaml", "keep.py"]), min_size=1, max_size=4)
PATTERNS = st.tuples(
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "/", "**/"]),
    st.sampled_from(["a", "b", "*", "*.py", "a/b", "a/*", "b/**", "**/a", "?", "[ab]", "keep.py", "c.*", "a/**/b"]),
    st.sampled_from(["", "", "/"]),
).map("".join)


def tree(root: Path, paths: set[str], ignores: Mapping[str, list[str]]) -> None:
    """Folders `x.d` for every level, so that no name is a file and a folder at once."""
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    for where, lines in ignores.items():
        (root / where).mkdir(parents=True, exist_ok=True)
        (root / where / ".gitignore").write_text("\n".join(lines))


@with_git
@settings(max_examples=60, deadline=None)
@given(
    st.sets(PATHS.map(lambda parts: "/".join([*parts, "x.py"])), min_size=1, max_size=10),
    st.dictionaries(st.sampled_from(["", "a", "a/b", "b"]), st.lists(PATTERNS, max_size=4), max_size=3),
)
def test_what_git_leaves_out_of_a_tree_is_left_out(paths: set[str], ignores: dict[str, list[str]]):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        tree(root, paths, ignores)
        expected = sorted(path for path in git(root, "ls-files", "-zo", "--exclude-standard") if path.endswith(".py"))
        assert expected == list(discover([], Workspace(root), cwd=root, top=root).python)


# git compares bytes, so that ? is half of an é; only there do we differ, on purpose
NAMES = ["a", "ab", "b", "a b", "[", "]", "a]", "-", "\\", "!a", "#a", "^", "*", "a-b", "a ", "A", "0"]


@with_git
@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab*?[]!^-\\/ #:", min_size=1, max_size=7), min_size=1, max_size=3))
def test_what_git_reads_into_odd_patterns_is_read_into_them(lines: list[str]):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / ".gitignore").write_text("\n".join(lines))
        ignored = git(root, "check-ignore", "--no-index", "--stdin", "-z", given="\0".join([*NAMES, ""]))
        patterns = parsed(lines)
        assert [name for name in NAMES if name in ignored] == [
            name for name in NAMES if patterns.verdict(name, name, is_folder=False)
        ]


def git(root: Path, *command: str, given: str = "") -> list[str]:
    """What git answers in a new repository, item by item."""
    base = ["git", "-C", str(root), "-c", "core.excludesFile="]
    subprocess.run([*base, "init", "-q", "--template="], check=True)
    return subprocess.run([*base, *command], input=given, capture_output=True, text=True).stdout.split("\0")
