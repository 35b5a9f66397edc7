"""Which files paths stand for, which are left out, and what is said of the rest."""

from __future__ import annotations

import errno
import os
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3ap_lint.discovery import Candidate, Discovery, Given, discover
from s3ap_lint.errors import UsageError
from s3ap_lint.files import LIMIT
from s3ap_lint.model import Unchecked
from s3ap_lint.workspace import Workspace

TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A:\n    Type: AWS::SNS::Topic\n"


def project(root: Path, *names: str) -> Path:
    """Write files: Python is empty, all else is a template."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name.endswith(".py") else TEMPLATE)
    return root


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def search(root: Path, *paths: str, cwd: str = "", overlay: Mapping[str, bytes] | None = None, **how: Any) -> Discovery:
    return discover(paths, Workspace(root, overlay), cwd=root / cwd, **how)


def listed(found: Discovery) -> list[str]:
    return sorted((*found.python, *(candidate.path for candidate in found.templates)))


def below(root: Path, *paths: str, **how: Any) -> list[str]:
    return listed(search(root, *paths, **how))


# -- what a folder stands for -------------------------------------------------------------------------


def test_a_folder_stands_for_its_python_files_and_templates(tmp_path: Path):
    project(tmp_path, "app/template.yaml", "app/functions/x/handler.py", "conftest.py")
    write(
        tmp_path, {"README.md": "", "app/values.yaml": "a: 1", "stubs/x.pyi": "", "Makefile": "", "bin/run": "#!python"}
    )
    assert search(tmp_path) == Discovery(
        python=("app/functions/x/handler.py", "conftest.py"),
        templates=(Candidate("app/template.yaml", looks_like=True),),
        given=(Given(".", "folder", ("app/functions/x/handler.py", "app/template.yaml", "conftest.py")),),
        scope=search(tmp_path).scope,
    )


def test_only_what_lies_in_a_path_is_found_and_reported(tmp_path: Path):
    project(tmp_path, "a/x.py", "ab/y.py", "c/z.py")
    found = search(tmp_path, "a", "c/z.py")
    assert ["a/x.py", "c/z.py"] == listed(found)
    paths = ["a/x.py", "a/new/x.py", "a", "ab/y.py", "c/z.py", "c/other.py", "x.py"]
    assert ["a/x.py", "a/new/x.py", "a", "c/z.py"] == [path for path in paths if found.reported(path)]


def test_paths_are_relative_to_the_working_directory_and_results_to_the_root(tmp_path: Path):
    project(tmp_path, "a/x.py", "b/y.py")
    assert ["a/x.py", "b/y.py"] == below(tmp_path, ".", "../b/y.py", cwd="a")
    assert ["a/x.py"] == below(tmp_path, str(tmp_path / "a"), cwd="b")


def test_a_path_given_twice_counts_once(tmp_path: Path):
    project(tmp_path, "a/x.py")
    found = search(tmp_path, "a", "a/x.py", "a", "a/")
    assert ["a/x.py"] == listed(found)
    assert ["a", "a/x.py", "a/"] == [given.text for given in found.given]


def test_without_paths_the_working_directory_is_meant(tmp_path: Path):
    project(tmp_path, "a/x.py", "b/y.py")
    assert ["a/x.py"] == below(tmp_path, cwd="a")


# -- what there is nothing of -------------------------------------------------------------------------


def refused(root: Path, *paths: str, **how: Any) -> str:
    with pytest.raises(UsageError) as error:
        search(root, *paths, **how)
    return str(error.value)


def test_paths_that_do_not_exist_are_all_named(tmp_path: Path):
    project(tmp_path, "x.py")
    assert "there is no such file or folder: a, b/c.py" == refused(tmp_path, "a", "x.py", "b/c.py")


def test_a_path_outside_the_project_is_refused(tmp_path: Path):
    project(tmp_path, "app/x.py", "lib/y.py")
    message = f"../lib lies outside the project {tmp_path}/app; check it in a run of its own"
    assert message == refused(tmp_path / "app", "../lib")


def test_a_folder_with_nothing_to_check_is_told_from_a_file_that_is_none_of_ours(tmp_path: Path):
    write(tmp_path, {"empty/notes.md": "", "x.py": "", "values.yaml": "a: 1", "README.md": ""})
    found = search(tmp_path, "empty", "values.yaml", "README.md", "x.py", "*.md")
    assert (("empty",), ("values.yaml", "README.md", "*.md")) == (found.empty, found.foreign)


# -- globs --------------------------------------------------------------------------------------------

FILES = ("a/x.py", "a/b/y.py", "a/b/c/z.py", "a/template.yaml", "b/template.yaml", "x.py")


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("*.py", ["x.py"]),
        ("**/*.py", ["a/b/c/z.py", "a/b/y.py", "a/x.py", "x.py"]),
        ("a/**/z.py", ["a/b/c/z.py"]),
        ("a/**", ["a/b/c/z.py", "a/b/y.py", "a/template.yaml", "a/x.py"]),
        ("*/template.yaml", ["a/template.yaml", "b/template.yaml"]),
        ("[!a]/*", ["b/template.yaml"]),
        ("?/b", ["a/b/c/z.py", "a/b/y.py"]),
        ("a/*/", ["a/b/c/z.py", "a/b/y.py"]),
        ("a/../b/*.yaml", ["b/template.yaml"]),
    ],
)
def test_a_glob_that_the_shell_left_alone_is_expanded(tmp_path: Path, pattern: str, paths: list[str]):
    project(tmp_path, *FILES)
    found = search(tmp_path, pattern)
    assert paths == listed(found)
    assert paths == sorted(path for path in FILES if found.reported(path))


@pytest.mark.parametrize("pattern", ["*.yml", "c/**", "**/none/*", "a/[z-a]"])
def test_a_glob_without_a_match_is_refused(tmp_path: Path, pattern: str):
    project(tmp_path, *FILES)
    assert f"nothing that is not ignored matches {pattern}" == refused(tmp_path, pattern)


def test_a_name_with_brackets_is_no_glob_if_it_exists(tmp_path: Path):
    project(tmp_path, "[id].py", "i.py")
    assert ["[id].py"] == below(tmp_path, "[id].py")


def test_a_glob_does_not_bring_back_what_is_ignored(tmp_path: Path):
    project(tmp_path, "a/x.py", "a/node_modules/y.py", "a/gen.py")
    write(tmp_path, {".gitignore": "gen.py"})
    assert ["a/x.py"] == below(tmp_path, "**/*.py")
    assert ["a/node_modules/y.py"] == below(tmp_path, "a/node_modules/*.py")


# -- what is left out ---------------------------------------------------------------------------------


FILLED_BY_OTHERS = """
    .git node_modules .venv venv __pycache__ .aws-sam cdk.out .terraform .tox .mypy_cache .eggs site-packages x.egg-info
    boto3-1.0.dist-info {{cookiecutter.name}}
"""


@pytest.mark.parametrize("folder", FILLED_BY_OTHERS.split())
def test_folders_that_others_fill_are_left_out_at_any_depth_unless_named(tmp_path: Path, folder: str):
    project(tmp_path, "x.py", f"a/{folder}/b/y.py", f"a/{folder}/template.yaml")
    assert ["x.py"] == below(tmp_path)
    assert [f"a/{folder}/b/y.py", f"a/{folder}/template.yaml"] == below(tmp_path, f"a/{folder}")


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "CACHEDIR.TAG", "conda-meta"])
def test_an_environment_or_cache_is_known_by_its_mark(tmp_path: Path, mark: str):
    project(tmp_path, "x.py", "env/y.py", f"env/{mark}")
    assert ["x.py"] == below(tmp_path)
    assert ["env/y.py"] == below(tmp_path, "env")


def test_build_and_dist_are_looked_into_unless_setuptools_filled_them(tmp_path: Path):
    project(tmp_path, "build/x.py", "dist/template.yaml", "lib/build/lib/y.py", "lib/build/bdist.linux-x86_64/z")
    assert ["build/x.py", "dist/template.yaml"] == below(tmp_path)


def test_a_file_called_like_an_excluded_folder_is_kept(tmp_path: Path):
    project(tmp_path, "a/{{b}}.py")
    assert ["a/{{b}}.py"] == below(tmp_path)


def test_exclude_adds_to_the_defaults_and_can_take_back(tmp_path: Path):
    project(tmp_path, "a/x.py", "legacy/y.py", "cdk.out/template.yaml", ".venv/z.py")
    assert ["a/x.py", "cdk.out/template.yaml"] == below(tmp_path, exclude=["legacy/", "!cdk.out/"])


def test_exclude_wins_over_gitignore(tmp_path: Path):
    project(tmp_path, "gen/x.py", "y.py")
    write(tmp_path, {".gitignore": "gen/"})
    assert ["gen/x.py", "y.py"] == below(tmp_path, exclude=["!gen/"])


def test_exclude_is_relative_to_the_root_wherever_the_git_top_level_is(tmp_path: Path):
    project(tmp_path, "app/a/x.py", "app/b/a/y.py")
    assert ["app/b/a/y.py"] == [f"app/{path}" for path in below(tmp_path / "app", top=tmp_path, exclude=["/a"])]


@pytest.mark.parametrize("ignored_by", ["gitignore", "exclude", "default"])
def test_a_named_file_is_never_left_out(tmp_path: Path, ignored_by: str):
    project(tmp_path, "node_modules/x.py")
    write(tmp_path, {".gitignore": "x.py" if ignored_by == "gitignore" else ""})
    exclude = ["x.py"] if ignored_by == "exclude" else []
    assert ["node_modules/x.py"] == below(tmp_path, "node_modules/x.py", exclude=exclude)


@pytest.mark.parametrize("ignored_by", ["gitignore", "exclude", "default"])
def test_a_named_file_is_left_out_if_that_is_asked_for(tmp_path: Path, ignored_by: str):
    """It is given and stands for nothing; what is not ignored is taken, and so is what lies in a folder that is."""
    folder = "node_modules" if ignored_by == "default" else "gen"
    project(tmp_path, f"{folder}/x.py", "y.py")
    write(tmp_path, {".gitignore": "gen/" if ignored_by == "gitignore" else ""})
    exclude = ["gen/"] if ignored_by == "exclude" else []
    found = search(tmp_path, f"{folder}/x.py", "y.py", exclude=exclude, force=True)
    assert (["y.py"], (f"{folder}/x.py",)) == (listed(found), found.foreign)
    assert not found.reported(f"{folder}/x.py")
    assert [f"{folder}/x.py"] == below(tmp_path, folder, exclude=exclude, force=True)


def test_a_state_machine_is_ours_when_it_is_named(tmp_path: Path):
    """On a walk templates lead to those that they use."""
    write(tmp_path, {"day.asl.json": '{"StartAt": "A", "States": {}}', "more.json": '{"a": "StartAt", "b": "States"}'})
    assert ("day.asl.json",) == search(tmp_path, "day.asl.json", "more.json").definitions
    assert ((), ()) == (search(tmp_path).files, search(tmp_path).definitions)


def test_of_a_named_folder_only_what_lies_inside_may_be_left_out(tmp_path: Path):
    project(tmp_path, "gen/x.py", "gen/y.tmp.py", "gen/deep/gen/z.py", "gen/node_modules/w.py")
    write(tmp_path, {".gitignore": "/gen/\n*.tmp.py\n"})
    assert [] == below(tmp_path)
    assert ["gen/deep/gen/z.py", "gen/x.py"] == below(tmp_path, "gen")
    assert [] == below(tmp_path, "gen/deep", exclude=["gen"])


# -- .gitignore ---------------------------------------------------------------------------------------


def test_a_deeper_gitignore_overrides_a_higher_one(tmp_path: Path):
    project(tmp_path, "x.gen.py", "a/x.gen.py", "a/b/x.gen.py")
    write(tmp_path, {".gitignore": "*.gen.py", "a/.gitignore": "!*.gen.py", "a/b/.gitignore": "/x.gen.py"})
    assert ["a/x.gen.py"] == below(tmp_path)


def test_nothing_below_an_ignored_folder_comes_back(tmp_path: Path):
    project(tmp_path, "gen/x.py")
    write(tmp_path, {".gitignore": "gen/\n!gen/x.py", "gen/.gitignore": "!x.py"})
    assert [] == below(tmp_path)


def test_gitignore_files_count_from_the_git_top_level_down(tmp_path: Path):
    project(tmp_path, "app/src/x.py", "app/src/y.py", "app/src/z.py")
    write(tmp_path, {".gitignore": "/app/src/x.py", "app/.gitignore": "src/y.py"})
    assert ["src/z.py"] == below(tmp_path / "app", top=tmp_path)
    assert ["app/src/z.py"] == below(tmp_path, "app/src", top=tmp_path)


def test_gitignore_needs_no_git(tmp_path: Path):
    project(tmp_path, "x.py", "y.py")
    write(tmp_path, {".gitignore": "\ufeffx.py\r\n"})
    assert ["y.py"] == below(tmp_path)


def test_the_private_exclude_file_of_git_counts_also_in_a_worktree(tmp_path: Path):
    project(tmp_path, "main/x.py", "main/y.py", "tree/x.py", "tree/y.py")
    write(
        tmp_path,
        {
            "main/.git/info/exclude": "x.py",
            "main/.git/worktrees/tree/commondir": "../..",
            "tree/.git": f"gitdir: {tmp_path}/main/.git/worktrees/tree\n",
        },
    )
    assert (["y.py"], ["y.py"]) == (below(tmp_path / "main"), below(tmp_path / "tree"))


def test_a_line_that_git_cannot_read_matches_nothing(tmp_path: Path):
    project(tmp_path, "x.py")
    write(tmp_path, {".gitignore": "!\n[z-a]\n//\n"})
    assert ["x.py"] == below(tmp_path)


NAMES = st.sampled_from(["a", "b", "c.py", "d.yaml", "keep.py"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


# -- links and other odd entries ----------------------------------------------------------------------


def test_links_to_folders_are_not_walked(tmp_path: Path):
    project(tmp_path, "app/x.py", "shared/y.py")
    (tmp_path / "app/shared").symlink_to("../shared")
    (tmp_path / "app/loop").symlink_to("..")
    (tmp_path / "app/out").symlink_to("/")
    assert ["app/x.py", "shared/y.py"] == below(tmp_path)


def test_a_named_link_to_a_folder_is_that_folder(tmp_path: Path):
    project(tmp_path, "shared/y.py")
    (tmp_path / "link").symlink_to("shared")
    assert ["shared/y.py"] == below(tmp_path, "link")


def test_a_link_to_a_file_counts_unless_the_file_is_found_by_its_own_name(tmp_path: Path):
    project(tmp_path, "app/x.py", "shared/y.py")
    (tmp_path / "app/a.py").symlink_to("../shared/y.py")
    (tmp_path / "app/b.py").symlink_to("../shared/y.py")
    assert ["app/a.py", "app/x.py"] == below(tmp_path, "app")
    assert ["app/x.py", "shared/y.py"] == below(tmp_path)
    assert ["app/x.py", "shared/y.py"] == below(tmp_path, "app", "shared")
    assert ["app/b.py", "app/x.py", "shared/y.py"] == below(tmp_path, ".", "app/b.py")
    assert ["app/b.py", "app/x.py"] == below(tmp_path, "app", "app/b.py")


def test_what_cannot_be_looked_at_is_named_and_the_rest_is_found(tmp_path: Path):
    project(tmp_path, "ok.py", "template.yaml")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "out.json").symlink_to("/etc/hosts")
    (tmp_path / "large.json").write_bytes(b" " * (LIMIT + 1))
    (tmp_path / "README").symlink_to("nowhere")
    found = search(tmp_path)
    assert ["ok.py", "template.yaml"] == listed(found)
    assert found.unchecked == (
        Unchecked("dangling.yaml", "file", "does not exist"),
        Unchecked("large.json", "file", "is larger than 5 MB"),
        Unchecked("loop.yaml", "file", "does not exist"),
        Unchecked("out.json", "file", "lies outside the project"),
        Unchecked("pipe.py", "file", "is a device, a pipe or a socket, and is never opened"),
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pipe.py", "is a device, a pipe or a socket, and is never opened"),
        ("dangling.yaml", "does not exist"),
        ("out.py", "lies outside the project"),
    ],
)
def test_a_named_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, why: str):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "out.py").symlink_to("/etc/hosts")
    assert (Unchecked(name, "file", why),) == search(tmp_path, name).unchecked


def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project(tmp_path, "ok/x.py", "closed/y.py")
    scandir = os.scandir

    def guarded(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = search(tmp_path)
    assert (["ok/x.py"], (Unchecked("closed", "folder", "cannot be listed: permission denied"),)) == (
        listed(found),
        found.unchecked,
    )


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project(tmp_path, "ok.py", "template.yaml")

    def forbidden(*args: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    found = search(tmp_path)
    assert (Unchecked("template.yaml", "file", "cannot be read: permission denied"),) == found.unchecked


def test_odd_names_are_found_and_names_that_are_not_utf8_are_told(tmp_path: Path):
    names = ["with space.py", "出力/テンプレート.yaml", "new\nline.py"]
    project(tmp_path, *names)
    project(tmp_path, os.fsdecode(b"caf\xe9.py"), os.fsdecode(b"dir\xff/x.py"), os.fsdecode(b"caf\xe9.txt"))
    found = search(tmp_path)
    assert sorted(names) == listed(found)
    assert found.unchecked == (
        Unchecked("caf\\xe9.py", "file", "has a name that is not UTF-8"),
        Unchecked("dir\\xff", "folder", "has a name that is not UTF-8"),
    )
    assert found.unchecked[:1] == search(tmp_path, os.fsdecode(b"caf\xe9.py")).unchecked


def test_a_missing_path_with_an_odd_name_makes_one_printable_line(tmp_path: Path):
    assert "there is no such file or folder: 'a\\nb', 'caf\\udce9'" == refused(
        tmp_path, "a\nb", os.fsdecode(b"caf\xe9")
    )


def test_a_very_deep_tree_does_no_harm(tmp_path: Path):
    where = tmp_path
    for _ in range(300):
        where = where / "d"
    where.mkdir(parents=True)
    (where / "x.py").write_bytes(b"")
    assert 1 == len(below(tmp_path))


# -- buffers ------------------------------------------------------------------------------------------


def test_a_buffer_is_found_like_a_file(tmp_path: Path):
    project(tmp_path, "a/x.py")
    write(tmp_path, {".gitignore": "gen/"})
    overlay = {"a/new.py": b"", "a/new.yaml": TEMPLATE.encode(), "gen/y.py": b"", "node_modules/z.py": b"", "n.md": b""}
    assert ["a/new.py", "a/new.yaml", "a/x.py"] == below(tmp_path, overlay=overlay)
    assert ["gen/y.py"] == below(tmp_path, "gen/y.py", overlay=overlay)


def test_a_buffer_decides_whether_a_file_is_a_template(tmp_path: Path):
    project(tmp_path, "stack.yaml")
    assert [] == below(tmp_path, overlay={"stack.yaml": b"a: 1"})


# -- laws ---------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.sets(PATHS, max_size=12), st.integers())
def test_the_order_in_which_files_were_made_does_not_matter(paths: set[str], seed: int):
    def made(order: Sequence[str]) -> Discovery:
        with tempfile.TemporaryDirectory() as folder:
            for path in order:
                project(Path(folder), f"{path}.d/x.py", f"{path}.yaml")
            return search(Path(folder).resolve())

    shuffled = sorted(paths)
    random.Random(seed).shuffle(shuffled)
    assert made(sorted(paths)) == made(shuffled)


@settings(max_examples=30, deadline=None)
@given(st.sets(PATHS, min_size=1, max_size=12))
def test_the_order_of_the_paths_does_not_matter(paths: set[str]):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path in paths:
            project(root, f"{path}.d/x.py", f"{path}.yaml")
        given_ = sorted(f"{path}.d" for path in paths) + sorted(f"{path}.yaml" for path in paths)
        one, two = search(root, *given_), search(root, *reversed(given_))
        assert (one.python, one.templates) == (two.python, two.templates)
        everything = search(root)
        assert set(listed(one)) <= set(listed(everything))
        assert all(one.reported(path) for path in listed(one))
