"""What changed, told by a real git: which applications are checked, and what is ignored that was not before."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, Git, Ran, Repository, Write

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../
      Handler: FOLDER/handler.handler
      Runtime: python3.12
"""
HANDLER = (
    "import os\n\nfrom shared import names\n\n\ndef handler(event, context):\n    return os.environ['TABLE'], names\n"
)
LIBRARY = {
    "one/template.yaml": TEMPLATE.replace("FOLDER", "one"),
    "one/handler.py": HANDLER,
    "two/template.yaml": TEMPLATE.replace("FOLDER", "two"),
    "two/handler.py": HANDLER,
    "alone/template.yaml": TEMPLATE.replace("FOLDER", "alone"),
    "alone/handler.py": HANDLER.replace("from shared import names\n", "names = []\n"),
    "shared/names.py": "",
    "notes.txt": "",
}
IGNORED = HANDLER.replace("    return", "    # s3ap-lint: ignore[S3AP302] it is set by hand\n    return")
NOTHING = "changed, no template, code or deploy input among them; nothing was checked"


class Project(Repository):
    """A repository of three applications with one fault each, of which two import from `shared`."""

    def append(self, path: str, text: str) -> None:
        self.write(path, (self.folder / path).read_text(encoding="utf-8") + text)

    def changed(self, *arguments: str, **how: Any) -> Ran:
        return self.cli.lint("--changed", *arguments, **how)

    def found(self, *arguments: str) -> list[str]:
        """The files with findings."""
        ran = self.cli.lint("--format", "json", "--changed", *arguments)
        return sorted({finding["path"] for finding in json.loads(ran.out)["findings"]})

    def ignores(self, *arguments: str) -> list[tuple[object, ...]]:
        """What is silenced that was not: form, code, path, line, what, reason."""
        ran = self.cli.lint("--format", "json", "--changed", *arguments)
        added = json.loads(ran.out)["added_ignores"]
        return [tuple(one[key] for key in ("form", "code", "path", "line", "what", "reason")) for one in added]


@pytest.fixture
def library(write: Write, git: Git, cli: Cli) -> Project:
    made = Project(write(LIBRARY), git, cli)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit()
    return made


def said(ran: Ran) -> str:
    """The line of the summary that tells what was compared."""
    return next(line for line in ran.out.splitlines() if line.startswith("since "))


# -- which applications --------------------------------------------------------------------------------


def test_without_changes_nothing_is_checked_and_it_says_so(library: Project):
    ran = library.changed()
    short = library.git("rev-parse", "--short=7", "HEAD").strip()
    assert (0, f"since main ({short}): no file changed; nothing was checked", "") == (ran.status, said(ran), ran.err)
    assert 1 == library.cli.lint().status


def test_only_the_application_that_changed_is_reported(library: Project):
    library.append("one/handler.py", "# edited\n")
    ran = library.changed()
    assert (1, ": 1 file changed; checked 1 of 3 applications") == (ran.status, said(ran).partition(")")[2])
    assert ["one/handler.py"] == library.found()


def test_a_file_of_nobody_changes_nothing(library: Project):
    library.append("notes.txt", "more\n")
    library.write("picture.png", "")
    ran = library.changed()
    assert (0, f": 2 files {NOTHING}") == (ran.status, said(ran).partition(")")[2])
    concise = library.changed("--format", "concise")
    assert (0, "", True) == (concise.status, concise.out, NOTHING in concise.err)


def test_a_shared_module_changes_every_application_that_imports_it(library: Project):
    library.append("shared/names.py", "a = 1\n")
    assert ["one/handler.py", "two/handler.py"] == library.found()


def test_a_shared_module_that_is_gone_changes_them_too(library: Project):
    (library.folder / "shared/names.py").unlink()
    assert ["one/handler.py", "two/handler.py"] == library.found()


def test_a_shared_module_that_is_renamed_is_gone_and_new(library: Project):
    library.git("mv", "shared/names.py", "shared/words.py")
    assert ["one/handler.py", "two/handler.py"] == library.found()


def test_a_module_that_comes_in_front_of_another_changes_whom_it_serves(library: Project):
    """`shared` has no `__init__.py`, which everybody who imports from it asked for."""
    library.write("shared/__init__.py", "")
    assert ["one/handler.py", "two/handler.py"] == library.found()


def test_a_new_file_in_folders_that_everybody_looks_into_changes_nobody(library: Project):
    """The folders were there; only one that was not answers otherwise than before."""
    library.write("shared/deep/deeper/a.py", "")
    library.commit()
    library.write("shared/deep/deeper/b.py", "")
    assert ": 1 file changed; checked 0 of 3 applications" == said(library.changed("HEAD")).partition(")")[2]


def test_an_application_that_lost_its_handler_is_changed(library: Project):
    library.git("rm", "--quiet", "two/handler.py")
    ran = library.changed()
    assert (1, ": 1 file changed; checked 1 of 3 applications") == (ran.status, said(ran).partition(")")[2])
    assert ["two/template.yaml"] == library.found()


def test_a_lost_file_that_a_template_names_is_told_as_one_to_be_checked(library: Project):
    machine = "  Machine:\n    Type: AWS::Serverless::StateMachine\n    Properties: {DefinitionUri: flow.asl.json}\n"
    library.append("two/template.yaml", machine)
    library.write("two/flow.asl.json", '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}\n')
    library.commit()
    library.git("rm", "--quiet", "two/flow.asl.json")
    library.append("notes.txt", "more\n")
    told = ": 2 files changed, 1 of them to be checked; checked 1 of 3 applications"
    assert told == said(library.changed("HEAD")).partition(")")[2]


def test_a_lost_template_leaves_the_others_alone(library: Project):
    library.git("rm", "--quiet", "two/template.yaml")
    ran = library.changed()
    assert (0, ": 1 file changed; checked 0 of 2 applications") == (ran.status, said(ran).partition(")")[2])


def test_untracked_and_staged_files_count_and_ignored_ones_do_not(library: Project):
    library.write(".gitignore", "three/\n")
    library.commit()
    for name in ("three", "four"):
        for file in ("template.yaml", "handler.py"):
            library.write(f"{name}/{file}", LIBRARY[f"alone/{file}"].replace("alone/", f"{name}/"))
    library.append("one/handler.py", "# staged\n")
    library.git("add", "one/handler.py")
    assert ["four/handler.py", "one/handler.py"] == library.found("HEAD")


def test_paths_narrow_it_further(library: Project):
    library.append("shared/names.py", "a = 1\n")
    ran = library.cli.lint("--format", "concise", "one", "--changed")
    assert ["one/handler.py"] == sorted({line.partition(":")[0] for line in ran.out.splitlines()})


def test_changed_settings_change_everything(library: Project):
    library.write(".s3ap-lint.toml", 'extend-select = ["S3AP904"]\n')
    ran = library.changed()
    assert (1, ": the settings changed, so everything was checked") == (ran.status, said(ran).partition(")")[2])
    assert ["alone/handler.py", "one/handler.py", "two/handler.py"] == library.found()


def test_a_pyproject_that_says_something_else_now_changes_nothing(library: Project):
    library.write("pyproject.toml", "[tool.s3ap-lint]\nstrict = false\n")
    library.commit()
    library.append("pyproject.toml", "[tool.other]\nstrict = true\n")
    assert [] == library.found("HEAD")


def test_what_a_run_must_have_looked_at_is_held_against_the_whole_project(library: Project):
    library.write(".s3ap-lint.toml", "[require]\ntemplates = 3\nfunctions_joined = 3\n")
    library.commit()
    assert (0, "") == ((ran := library.changed("HEAD")).status, ran.err)
    library.write(".s3ap-lint.toml", "[require]\ntemplates = 4\n")
    library.commit()
    assert 2 == library.changed("HEAD").status


def test_fixes_are_applied_to_what_changed_only(library: Project):
    for name in ("one", "two"):
        library.append(f"{name}/handler.py", "import json\n")
    library.commit()
    library.append("one/handler.py", "# edited\n")
    ran = library.changed("HEAD", "--fix")
    texts = [(library.folder / name / "handler.py").read_text() for name in ("one", "two")]
    assert (1, [False, True]) == (ran.status, ["import json" in text for text in texts])


def test_the_second_run_is_not_the_first_one_said_again(library: Project):
    """What changed is no matter of the files alone: a commit changes it, too."""
    library.append("one/handler.py", "# edited\n")
    assert [1, 1] == [library.changed().status, library.changed().status]
    library.commit()
    assert [0, 0] == [library.changed().status, library.changed().status]


def test_any_number_of_processes_and_any_cache_say_the_same(library: Project):
    library.append("shared/names.py", "a = 1\n")
    runs = [library.changed(*how) for how in ((), ("--jobs", "1"), ("--no-cache",))]
    assert 1 == len({(ran.status, ran.out, ran.err) for ran in runs})


def test_json_says_what_was_compared(library: Project):
    library.append("one/handler.py", "# edited\n")
    ran = library.changed("main", "--format", "json")
    counts = {"files": 7, "templates": 3, "modules": 4, "applications": 3, "functions": 3, "functions_joined": 3}
    commit = library.git("rev-parse", "HEAD").strip()
    expected = {"ref": "main", "commit": commit, "files": 1, "ours": 1, "applications": 1, "of": 3, "settings": False}
    assert {**expected, "whole": counts} == json.loads(ran.out)["changed"]


# -- repositories inside of others -----------------------------------------------------------------------


@pytest.fixture
def inner(library: Project, tmp_path: Path) -> Project:
    """A submodule with two applications of its own."""
    folder = tmp_path / "inner"
    made = replace(library, folder=folder)
    for name in ("other", "same"):
        for file in ("template.yaml", "handler.py"):
            made.write(f"{name}/{file}", LIBRARY[f"alone/{file}"].replace("alone/", f"{name}/"))
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit()
    library.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(folder), "sub")
    library.commit()
    return replace(library, folder=library.folder / "sub")


def test_what_is_edited_in_a_submodule_has_changed(library: Project, inner: Project):
    assert [] == library.found("HEAD")
    inner.append("other/handler.py", "# edited\n")
    assert ["sub/other/handler.py"] == library.found("HEAD")
    ran = library.cli.lint("--format", "concise", "--changed-lines", "HEAD")
    assert ["sub/other/handler.py"] == sorted({line.partition(":")[0] for line in ran.out.splitlines()})


def test_a_submodule_of_another_commit_has_changed_by_what_differs_there(library: Project, inner: Project):
    inner.write("other/handler.py", IGNORED)
    inner.git("commit", "--quiet", "--all", "--message", "more")
    library.commit()
    assert ["sub/other/handler.py"] == [path for _, _, path, *_ in library.ignores("HEAD~1")]
    inner.append("other/handler.py", "import os\n")
    inner.git("commit", "--quiet", "--all", "--message", "more")
    library.commit()
    assert ["sub/other/handler.py"] == library.found("HEAD~1")


def test_in_a_submodule_without_the_commit_of_then_everything_has_changed(library: Project, inner: Project):
    inner.append("other/handler.py", "# edited\n")
    inner.git("commit", "--quiet", "--amend", "--all", "--message", "else")
    library.commit()
    inner.git("update-ref", "-d", "refs/remotes/origin/main")
    inner.git("update-ref", "-d", "refs/remotes/origin/HEAD")
    inner.git("reflog", "expire", "--expire=now", "--all")
    inner.git("gc", "--quiet", "--prune=now")
    assert ["sub/other/handler.py", "sub/same/handler.py"] == library.found("HEAD~1")


def test_an_untracked_folder_that_is_a_repository_is_new_with_all_it_has(library: Project, inner: Project):
    shutil.copytree(inner.folder.parent.parent / "inner", library.folder / "copy")
    assert ["copy/other/handler.py", "copy/same/handler.py"] == library.found("HEAD")
    ran = library.cli.lint("--format", "concise", "--changed-lines", "HEAD")
    assert ["copy/other/handler.py", "copy/same/handler.py"] == sorted(
        {line.partition(":")[0] for line in ran.out.splitlines()}
    )


# -- since when ----------------------------------------------------------------------------------------


def test_a_branch_is_compared_with_where_it_left_the_default_branch(library: Project):
    library.git("switch", "--quiet", "--create", "feature")
    library.append("one/handler.py", "# on the branch\n")
    library.commit()
    library.git("switch", "--quiet", "main")
    library.append("two/handler.py", "# on main\n")
    library.commit()
    library.git("switch", "--quiet", "feature")
    assert ["one/handler.py"] == library.found()
    assert ["one/handler.py"] == library.found("main")
    assert [] == library.found("HEAD")


@pytest.fixture
def clone(library: Project, tmp_path: Path) -> Project:
    """A clone whose branch has a change that the remote's default branch has not."""
    library.git("clone", "--quiet", f"file://{library.folder}", str(tmp_path / "clone"))
    made = replace(library, folder=tmp_path / "clone", cli=replace(library.cli, folder=tmp_path / "clone"))
    made.git("switch", "--quiet", "--create", "feature")
    made.append("one/handler.py", "# on the branch\n")
    made.commit()
    return made


def test_a_clone_is_compared_with_the_default_branch_of_its_origin(clone: Project):
    assert (1, "since origin/main (") == ((ran := clone.changed()).status, said(ran)[:19])
    assert ["one/handler.py"] == clone.found()


def test_a_pull_request_is_compared_with_the_branch_that_it_goes_to(clone: Project):
    clone.git("update-ref", "refs/remotes/origin/release", "HEAD")
    ran = clone.changed(env={"GITHUB_BASE_REF": "release"})
    assert (0, "since origin/release (") == (ran.status, said(ran)[:22])


def test_a_server_that_looks_at_the_default_branch_itself_is_told_so(clone: Project):
    """Nothing could ever be found there: that is no gate."""
    clone.git("switch", "--quiet", "main")
    ran = clone.changed(env={"CI": "true"})
    assert (2, "", "s3ap-lint: --changed: HEAD is what origin/main holds already") == (
        ran.status,
        ran.out,
        ran.err[:60],
    )
    assert 1 == ran.err.count("\n")
    assert 0 == clone.changed("HEAD", env={"CI": "true"}).status


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        ((), {"GITHUB_BASE_REF": "main"}, "origin/main is not in this clone; run `git fetch origin main:refs/remotes/"),
        (("HEAD~1",), {}, "--changed HEAD~1: this clone does not reach back so far; run `git fetch --unshallow`, or"),
        (("v1",), {}, "v1 is not in this clone; run `git fetch origin v1"),
        (("one",), {}, "that is no commit but a path; name paths first: s3ap-lint one --changed"),
    ],
    ids=["the target of a pull request", "a commit before", "a tag", "a path"],
)
def test_a_shallow_clone_without_the_commit_says_what_to_fetch(
    library: Project, tmp_path: Path, arguments: tuple[str, ...], env: dict[str, str], message: str
):
    library.git("switch", "--quiet", "--create", "feature")
    library.append("one/handler.py", "#\n")
    library.commit()
    shallow = ("--depth", "1", "--single-branch", "--branch", "feature")
    library.git("clone", "--quiet", *shallow, f"file://{library.folder}", str(tmp_path / "clone"))
    cli = replace(library.cli, folder=tmp_path / "clone")
    ran = cli.lint("--changed", *arguments, env=env)
    assert (2, "", True, 1) == (ran.status, ran.out, message in ran.err, ran.err.count("\n")), ran.err
    assert ("fetch-depth: 0" in ran.err) == (arguments != ("one",))


def test_a_shallow_clone_that_does_not_reach_back_says_what_to_fetch(clone: Project, tmp_path: Path):
    clone.git("push", "--quiet", "origin", "feature")
    shallow = ("--depth", "1", "--no-single-branch")
    clone.git("clone", "--quiet", *shallow, f"file://{tmp_path / 'project'}", str(tmp_path / "shallow"))
    there = replace(clone, folder=tmp_path / "shallow", cli=replace(clone.cli, folder=tmp_path / "shallow"))
    there.git("switch", "--quiet", "feature")
    ran = there.changed("origin/main")
    message = (
        "does not reach back to where HEAD left origin/main; run `git fetch --unshallow`, or give actions/checkout"
    )
    assert (2, "", True) == (ran.status, ran.out, message in ran.err), ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--changed", "nowhere"), "--changed nowhere: there is no such commit, branch or tag"),
        (("--changed=--output=x",), "--changed --output=x: there is no such commit, branch or tag"),
        (
            ("--changed", ""),
            "argument --changed: an empty REF names no commit; is a variable not set; see `s3ap-lint --help`",
        ),
        (("--no-new-ignores",), "--no-new-ignores goes with --changed, which tells what is new"),
        (
            ("--changed", "HEAD", "--no-new-ignores", "--diff"),
            "--diff only shows what --fix would do; --no-new-ignores needs a run of its own",
        ),
        (
            ("-", "--stdin-filename", "one/handler.py", "--changed"),
            "--changed compares files with what they were; what is read from standard input was nothing",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_on_one_line(library: Project, arguments: tuple[str, ...], message: str):
    ran = library.cli.lint(*arguments)
    assert (2, "", f"s3ap-lint: {message}\n") == (ran.status, ran.out, ran.err)


def test_without_git_nothing_tells_what_changed(library: Project):
    shutil.rmtree(library.folder / ".git")
    ran = library.changed()
    message = f"--changed: {library.folder} is not in a git repository, so nothing tells what changed"
    assert (2, "", f"s3ap-lint: {message}\n") == (ran.status, ran.out, ran.err)


@pytest.mark.parametrize("option", ["--changed", "--changed-lines"])
def test_a_repository_of_somebody_else_is_told_in_the_words_of_git(library: Project, option: str):
    ran = library.cli.lint(f"{option}=main", env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    message = (
        f"{option}: git says: detected dubious ownership in repository at '{library.folder}'; "
        f"if you trust it, run `git config --global --add safe.directory {library.folder}`"
    )
    assert (2, "", f"s3ap-lint: {message}\n") == (ran.status, ran.out, ran.err)


def test_before_the_first_commit_there_is_nothing_to_compare_with(library: Project):
    shutil.rmtree(library.folder / ".git")
    library.git("init", "--quiet")
    ran = library.changed()
    assert (2, "", True) == (ran.status, ran.out, "there is no commit yet" in ran.err)


def test_a_project_below_the_top_of_its_repository(library: Project):
    """Its own configuration makes it one; what changes outside of it is nothing to it."""
    shutil.copytree(library.folder / "alone", library.folder / "apps/alone")
    library.write("apps/.s3ap-lint.toml", "")
    library.commit()
    library.append("one/handler.py", "#\n")
    ran = library.changed("HEAD", cwd="apps")
    assert (0, "no file changed") == (ran.status, said(ran).partition("): ")[2].partition(";")[0])
    library.append("apps/alone/handler.py", "#\n")
    assert ": 1 file changed; checked 1 of 1 application" == said(library.changed("HEAD", cwd="apps")).partition(")")[2]


def test_names_of_files_may_be_anything(library: Project):
    library.write("one/名前 \\n.py", "import json\n")
    assert ["one/handler.py", "one/名前 \\n.py"] == library.found()


def test_no_program_of_the_repository_is_run(library: Project):
    """An external diff, a text conversion and a monitor are things that a repository's settings can name."""
    library.write(".gitattributes", "*.py diff=own\n")
    library.commit()
    for name in ("diff.external", "diff.own.textconv", "diff.own.command", "core.fsmonitor"):
        library.git("config", name, f"touch {library.folder}/ran;")
    library.append("one/handler.py", "#\n")
    (library.folder / "ran").unlink(missing_ok=True)
    assert ["one/handler.py"] == library.found("HEAD")
    assert not (library.folder / "ran").exists()


# -- ignores that were added -----------------------------------------------------------------------------


def test_every_kind_of_ignore_is_listed_with_its_reason(library: Project):
    library.write(
        "one/template.yaml",
        LIBRARY["one/template.yaml"]
        + "  Topic:\n    Type: AWS::SNS::Topic # s3ap-lint: ignore[S3AP202] not yet\n    Metadata:\n"
        "      s3ap-lint: {ignore: [{code: S3AP101, reason: told twice}]}\n"
        "      cfn-lint: {config: {ignore_checks: [W3002]}}\n",
    )
    library.append("one/handler.py", "import json  # noqa: F401, E501 for the tests\n")
    library.write(".cfnlintrc", "ignore_checks:\n  - W1031\n")
    library.write(
        ".s3ap-lint.toml",
        'ignore = ["S3AP303"]  # later\nexclude = ["old/"]\n[per-path]\n"tests/**" = { ignore = ["F841"] }\n',
    )
    expected = [
        ("cfn-lint", "W1031", ".cfnlintrc", 2, "", ""),
        ("configuration", "S3AP303", ".s3ap-lint.toml", 1, "", "later"),
        ("configuration", "", ".s3ap-lint.toml", 2, "exclude old/", ""),
        ("configuration", "F841", ".s3ap-lint.toml", 4, "tests/**", ""),
        ("noqa", "F401", "one/handler.py", 8, "", "for the tests"),
        ("comment", "S3AP202", "one/template.yaml", 11, "Resources/Topic/Type", "not yet"),
        ("metadata", "S3AP101", "one/template.yaml", 13, "Resources/Topic", "told twice"),
        ("cfn-lint", "W3002", "one/template.yaml", 14, "Resources/Topic", ""),
    ]
    assert expected == library.ignores()


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("", 'select = ["S3AP3", "S3AP4", "F", "E", "W", "S3AP2", "S3AP7", "S3AP9"]\n', "select, which leaves out"),
        ('select = ["S3AP302", "F401"]\n', 'select = ["F401"]\n', "select, which leaves out S3AP302"),
        ('extend-select = ["S3AP904"]\n', "", "extend-select, which leaves out S3AP904"),
        ("", '[per-path]\n"one/**" = { select = ["S3AP", "E", "W", "F4"] }\n', "select of one/**, which leaves out F"),
        ("", '[per-path]\n"one/**" = { severity = "info" }\n', "severity info of one/**"),
        ("", 'fail-on = "error"\n', "fail-on error, which was warning"),
        ('fail-on = "info"\n', "", "fail-on warning, which was info"),
        ("", 'engine = "none"\n', "engine none, which was cfn-lint"),
    ],
)
def test_settings_that_look_for_less_are_listed(library: Project, before: str, now: str, expected: str):
    library.write(".s3ap-lint.toml", before)
    library.commit()
    library.write(".s3ap-lint.toml", now)
    ((form, code, path, _, what, _),) = library.ignores("HEAD")
    assert ("configuration", "", ".s3ap-lint.toml", expected) == (form, code, path, str(what)[: len(expected)])
    assert 1 == library.changed("HEAD", "--no-new-ignores", "--fail-on", "error").status


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ('select = ["S3AP302"]\n', 'select = ["unset-variable"]\n'),
        ('select = ["S3AP302"]\n', 'select = ["S3AP3"]\n'),
        ('select = ["S3AP302"]\n', ""),
        ('fail-on = "error"\n', 'fail-on = "warning"\n'),
        ('engine = "none"\n', 'engine = "none"\nstrict = true\n'),
    ],
)
def test_settings_that_look_for_as_much_or_more_are_not(library: Project, before: str, now: str):
    library.write("pyproject.toml", f"[tool.s3ap-lint]\n{before}")
    library.commit()
    (library.folder / "pyproject.toml").unlink()
    library.write(".s3ap-lint.toml", now)
    assert [] == library.ignores("HEAD")


def test_templates_that_cfn_lint_passes_over_are_listed(library: Project):
    library.write(".cfnlintrc", "ignore_templates:\n  - one/*.yaml\n")
    assert [("cfn-lint", "", ".cfnlintrc", 2, "ignore_templates one/*.yaml", "")] == library.ignores()


def test_text_lists_them_below_the_summary(library: Project):
    library.write("one/handler.py", IGNORED)
    ran = library.changed()
    expected = "1 ignore added since main:\n  one/handler.py:7: comment S3AP302 in handler: it is set by hand\n"
    assert (0, True) == (ran.status, expected in ran.out)


def test_no_new_ignores_fails_on_them(library: Project):
    library.write("one/handler.py", IGNORED)
    assert (0, 1) == (library.changed().status, library.changed("HEAD", "--no-new-ignores").status)
    concise = library.changed("HEAD", "--no-new-ignores", "--format", "concise")
    line = "s3ap-lint: one/handler.py:7: comment S3AP302 in handler: it is set by hand\n"
    assert (1, "", True) == (concise.status, concise.out, line in concise.err)
    told = "s3ap-lint: failed: 1 ignore added (--no-new-ignores)\n"
    assert (True, False) == (told in concise.err, told in library.changed("HEAD").err)


def test_every_report_says_that_an_ignore_is_what_fails(library: Project):
    library.write("one/handler.py", IGNORED)
    what = "comment S3AP302 in handler: it is set by hand"
    ran = {name: library.changed("HEAD", "--no-new-ignores", "--format", name) for name in ("text", "github", "junit")}
    assert "\nfailed: 1 ignore added (--no-new-ignores)\n" in ran["text"].out
    annotation = "::error file=one/handler.py,line=7,endLine=7,title=ignore added (--no-new-ignores)::"
    assert f"{annotation}{what}\n" == ran["github"].out
    assert 'tests="1" failures="1"' in ran["junit"].out
    assert f'classname="one/handler.py" name="ignore added: {what}" file="one/handler.py" line="7"' in ran["junit"].out
    allowed = library.changed("HEAD", "--no-new-ignores", "--exit-zero", "--format", "github")
    assert (0, "") == (allowed.status, allowed.out)


@pytest.fixture
def ignoring(library: Project) -> Project:
    library.write("one/handler.py", IGNORED)
    library.commit()
    return library


@pytest.mark.parametrize(
    "text",
    [
        "# more\n\n\n" + IGNORED,
        IGNORED.replace("    # s3ap-lint", "    x = 1\n    # s3ap-lint"),
        IGNORED.replace("os.environ['TABLE']", 'os.environ["TABLE"]'),
        IGNORED.replace("handler(event, context)", "main(event, context)"),
        IGNORED.replace("it is set by hand", "of another reason"),
    ],
    ids=["further down", "behind another line", "of an edited line", "in a renamed function", "of another reason"],
)
def test_an_ignore_that_moved_is_not_new(ignoring: Project, text: str):
    ignoring.write("one/handler.py", text)
    assert [] == ignoring.ignores("HEAD")


def test_an_ignore_in_a_renamed_file_is_not_new(ignoring: Project):
    ignoring.git("mv", "one", "uno")
    assert [] == ignoring.ignores("HEAD")


def test_an_ignore_of_another_application_does_not_pay_for_a_new_one(ignoring: Project):
    ignoring.write("one/handler.py", HANDLER)
    ignoring.write("two/handler.py", IGNORED)
    assert [("comment", "S3AP302", "two/handler.py", 7, "handler", "it is set by hand")] == ignoring.ignores("HEAD")


def test_a_second_ignore_of_the_same_is_new(ignoring: Project):
    ignoring.append(
        "one/handler.py", "\n\ndef other():\n    return os.environ['B']  # s3ap-lint: ignore[S3AP302] too\n"
    )
    assert [("comment", "S3AP302", "one/handler.py", 12, "other", "too")] == ignoring.ignores("HEAD")


def test_a_code_more_in_an_old_ignore_is_new(ignoring: Project):
    ignoring.write("one/handler.py", IGNORED.replace("[S3AP302]", "[S3AP302, S3AP303]"))
    assert [("comment", "S3AP303")] == [one[:2] for one in ignoring.ignores("HEAD")]


def test_settings_that_move_to_another_file_are_not_new(library: Project):
    library.write("pyproject.toml", '[tool.s3ap-lint]\nignore = ["S3AP303"]\n')
    library.commit()
    (library.folder / "pyproject.toml").unlink()
    library.write(".s3ap-lint.toml", 'ignore = ["S3AP303"]\n')
    assert [] == library.ignores("HEAD")


def test_entries_of_a_baseline_that_are_new_are_listed(library: Project):
    library.cli("baseline", "write", "known.json", "--engine", "none", "one")
    library.commit()
    library.cli("baseline", "write", "known.json", "--engine", "none")
    ran = library.changed("HEAD", "--baseline", "known.json", "--format", "json")
    added = json.loads(ran.out)["added_ignores"]
    assert [("baseline", "S3AP302", "known.json"), ("baseline", "S3AP302", "known.json")] == [
        (one["form"], one["code"], one["path"]) for one in added
    ]
    assert ["alone/handler.py", "two/handler.py"] == [one["what"].partition(":")[0] for one in added]
    assert [True, True] == [
        one["what"].partition(":")[0] in (library.folder / "known.json").read_text().splitlines()[one["line"] - 1]
        for one in added
    ]


def test_entries_of_a_baseline_for_a_renamed_file_are_not_new(library: Project):
    library.cli("baseline", "write", "known.json", "--engine", "none")
    library.commit()
    text = (library.folder / "known.json").read_text()
    library.write("known.json", text.replace("alone/handler.py", "solo/handler.py"))
    assert [] == library.ignores("HEAD", "--baseline", "known.json")


def test_a_baseline_of_another_name_is_not_new(library: Project):
    library.cli("baseline", "write", "known.json", "--engine", "none")
    library.commit()
    library.git("mv", "known.json", "k3.json")
    assert [] == library.ignores("HEAD", "--baseline", "k3.json")


def test_more_of_one_entry_are_one_line(library: Project):
    library.cli("baseline", "write", "known.json", "--engine", "none", "one")
    library.commit()
    library.write("known.json", (library.folder / "known.json").read_text().replace('"count": 1', '"count": 5'))
    ((_, _, _, _, what, _),) = library.ignores("HEAD", "--baseline", "known.json")
    assert str(what).endswith(", 4 times")
