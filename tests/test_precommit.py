"""The hook as its users meet it: the real pre-commit, a real git repository, and this project installed by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

pytestmark = pytest.mark.xdist_group("pre-commit")  # the hook is installed once

REPOSITORY = Path(__file__).resolve().parent.parent

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/reader/
      Handler: handler.handler
      Runtime: python3.12
      Environment:
        Variables: {INPUT: a}
"""
HANDLER = "import os\n\n\ndef handler(event, context):\n    return os.environ['OUTPUT']\n"
FILES = {
    "uses/template.yaml": TEMPLATE,
    "uses/functions/reader/handler.py": HANDLER,
    "uses/functions/reader/clean.py": "",
    "unrelated/template.yaml": TEMPLATE,
    "unrelated/functions/reader/handler.py": HANDLER,
    "README.md": "# Notes\n",
    "settings.yaml": "a: 1\n",
}

ALL_OF_IT = """\
      - id: s3ap-lint
        alias: s3ap-lint-all
        name: s3ap-lint, the whole project
        args: []
        pass_filenames: false
        always_run: true
        stages: [manual]
"""

CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: s3ap-lint
      - id: s3ap-lint-fix
        stages: [manual]
"""


def _unavailable(why: str) -> NoReturn:
    """Tests that need the package registries are skipped at home and fail in CI, where there are some."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@dataclass(frozen=True)
class Library:
    """A repository of two applications with the same fault, whose hooks are this project's."""

    folder: Path
    hooks: Path
    cache: Path

    def git(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
        return self._run(["git", *who, *arguments], folder or self.folder)

    def pre_commit(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        done = self._run([sys.executable, "-m", "pre_commit", *map(str, arguments)], self.folder)
        if "Could not find a version" in done.stdout or "Could not fetch URL" in done.stdout:
            _unavailable(f"the package registries cannot be reached:\n{done.stdout}")
        return done

    def check(self, *files: str) -> subprocess.CompletedProcess[str]:
        """Run the hook on files, as `git commit` would on what is staged; installed once for all tests."""
        return self.pre_commit("run", "--verbose", "--files", *files)

    def commit(self, folder: Path) -> None:
        for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
            assert 0 == self.git(*arguments, folder=folder).returncode

    def _run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """In the user's environment, but with nobody's git settings and a cache of its own."""
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "PYTHON"))
        }
        env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        env |= {"PRE_COMMIT_COLOR": "never", "PRE_COMMIT_HOME": str(self.cache)}
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The repository, and beside it one with this project as it is now, tests and pages excepted."""
    top = tmp_path_factory.mktemp("pre-commit")
    made = Library(top / "library", top / "s3ap-lint", top / "cache")
    made.hooks.mkdir()
    for name in ("s3ap_lint", "rules"):
        shutil.copytree(REPOSITORY / name, made.hooks / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md"):
        shutil.copyfile(REPOSITORY / name, made.hooks / name)
    made.commit(made.hooks)
    revision = made.git("rev-parse", "HEAD", folder=made.hooks).stdout.strip()
    files = {**FILES, ".pre-commit-config.yaml": CONFIG.format(repository=made.hooks, revision=revision)}
    for name, text in files.items():
        (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / name).write_text(text, encoding="utf-8")
    made.commit(made.folder)
    return made


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What the hook itself printed: the lines below pre-commit's own about the hook."""
    return done.stdout.partition("- hook id: s3ap-lint\n")[2]


def test_a_changed_handler_is_checked_with_the_application_that_uses_it(library: Library):
    """As the README's recipe to try the hook; the application beside it has the same fault, and was not asked about."""
    file = "uses/functions/reader/handler.py"
    done = library.pre_commit("try-repo", library.hooks, "s3ap-lint", "--verbose", "--files", file)
    assert 1 == done.returncode, done.stdout
    assert "s3ap-lint................................................................Failed" in done.stdout
    assert f"{file}:5:12 error S3AP302 unset-variable\n" in said(done)
    assert "  uses/template.yaml:4:3: Reader runs this\n" in said(done)
    assert "1 error in 1 file\n" in said(done)
    assert "unrelated" not in said(done)


def test_a_changed_template_is_checked_with_its_code(library: Library):
    """And by cfn-lint, which was installed along."""
    done = library.check("unrelated/template.yaml")
    assert 1 == done.returncode, done.stdout
    assert "unrelated/functions/reader/handler.py:5:12 error S3AP302 unset-variable\n" in said(done)
    assert " with cfn-lint " in said(done)


def test_a_clean_file_passes(library: Library):
    done = library.check("uses/functions/reader/clean.py")
    assert 0 == done.returncode, done.stdout
    assert "Passed" in done.stdout
    assert "no findings\n" in said(done)


def test_a_yaml_file_that_is_no_template_passes(library: Library):
    """pre-commit cannot know what it is; the program looks, and finds nothing of its own."""
    done = library.check("settings.yaml")
    assert 0 == done.returncode, done.stdout
    assert "Passed" in done.stdout
    assert "no findings\n" in said(done)


def test_a_page_without_commands_passes(library: Library):
    done = library.check("README.md")
    assert 0 == done.returncode, done.stdout
    assert "no findings\n" in said(done)


def test_a_commit_with_a_fault_is_stopped_and_one_without_is_made(library: Library):
    """With the hook installed into git, and the fault mended in the template."""
    assert 0 == library.pre_commit("install").returncode
    template = library.folder / "uses/template.yaml"
    template.write_text(TEMPLATE.replace("INPUT: a", "INPUT: b"), encoding="utf-8")
    stopped = library.git("commit", "--all", "--message", "another value")
    assert 1 == stopped.returncode
    assert "uses/functions/reader/handler.py:5:12 error S3AP302 unset-variable" in stopped.stdout + stopped.stderr
    template.write_text(TEMPLATE.replace("INPUT: a", "OUTPUT: a"), encoding="utf-8")
    made = library.git("commit", "--all", "--message", "the variable that is read")
    assert 0 == made.returncode, made.stdout + made.stderr
    assert "the variable that is read\n" == library.git("log", "-1", "--format=%s").stdout


def test_the_fixing_hook_fixes_what_is_committed_and_nothing_else(library: Library):
    """As pre-commit has it, the commit fails once because files changed, and passes the second time."""
    spare, fixed = f"import json\n{HANDLER}".replace("OUTPUT", "INPUT"), HANDLER.replace("OUTPUT", "INPUT")
    for application in ("uses", "unrelated"):
        (library.folder / application / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
        (library.folder / application / "functions/reader/handler.py").write_text(spare, encoding="utf-8")
    file = "uses/functions/reader/handler.py"
    arguments = ("run", "s3ap-lint-fix", "--hook-stage", "manual", "--verbose", "--files", file)
    first = library.pre_commit(*arguments)
    assert 1 == first.returncode, first.stdout
    assert "files were modified by this hook" in first.stdout
    assert "fixed 1 finding in 1 file\n" in first.stdout
    assert fixed == (library.folder / file).read_text(encoding="utf-8")
    assert spare == (library.folder / "unrelated/functions/reader/handler.py").read_text(encoding="utf-8")
    second = library.pre_commit(*arguments)
    assert 0 == second.returncode, second.stdout


def test_a_file_is_a_file_whatever_its_name(library: Library):
    """An option as a name would run code of the checkout, or silence the run; templates have names of many kinds."""
    library.git("commit", "--all", "--no-verify", "--message", "what other tests left")
    texts = dict.fromkeys(["--plugin-path=reader.py", "--exit-zero.py", "-v.py", "a b/日本語.py"], "import os\n")
    texts["a b/stack.template"] = "Resources: {Topic: {Type: 'AWS::SNS::Topi'}}\n"
    (library.folder / "a b").mkdir()
    for name, text in texts.items():
        (library.folder / name).write_text(text, encoding="utf-8")
    library.git("add", "--all")
    done = library.pre_commit("run", "--verbose")
    library.git("reset", "--hard")
    assert 1 == done.returncode
    assert "1 error and 4 warnings in 5 files\n" in said(done)
    for name in texts:
        assert f"{name}:1:" in said(done)


def test_what_the_configuration_leaves_out_and_asks_for_is_that_of_the_whole_project(library: Library):
    """A commit of one file is not the whole project, and the file may be one that nobody wants checked."""
    settings = library.folder / ".s3ap-lint.toml"
    settings.write_text('exclude = ["unrelated/"]\n[require]\ntemplates = 2\n', encoding="utf-8")
    left_out = library.check("unrelated/functions/reader/handler.py")
    mine = library.check("uses/functions/reader/clean.py")
    settings.write_text('exclude = "unrelated/"\n', encoding="utf-8")
    broken = library.check(".s3ap-lint.toml")
    settings.unlink()
    assert (0, 0, 1) == (left_out.returncode, mine.returncode, broken.returncode)
    assert "no findings\nchecked 0 templates, 0 Python files, 0 applications\n" in said(left_out)
    assert "no findings\n" in said(mine)
    assert "s3ap-lint: .s3ap-lint.toml: exclude must be a list of gitignore-style patterns" in said(broken)


def test_a_handler_of_another_name_is_missed_by_the_template(library: Library):
    """The template is not part of the commit, and the finding in it is shown all the same."""
    (library.folder / "uses/template.yaml").write_text(TEMPLATE, encoding="utf-8")
    handler = library.folder / "uses/functions/reader/handler.py"
    handler.rename(handler.with_name("main.py"))
    done = library.check("uses/functions/reader/main.py")
    handler.with_name("main.py").rename(handler)
    assert "uses/template.yaml:8:16 error S3AP301 handler-not-found\n" in said(done)
    assert "  uses/functions/reader/main.py:1:1: has a function 'handler'\n" in said(done)


def test_a_handler_that_is_gone_is_missed_by_a_hook_for_the_whole_project(library: Library):
    """pre-commit hands over no name of a deleted file; the pages tell how to have everything checked."""
    config = library.folder / ".pre-commit-config.yaml"
    usual = config.read_text(encoding="utf-8")
    config.write_text(usual + ALL_OF_IT, encoding="utf-8")
    handler = library.folder / "uses/functions/reader/handler.py"
    text = handler.read_text(encoding="utf-8")
    handler.unlink()
    library.git("add", "--all")
    skipped = library.pre_commit("run", "s3ap-lint", "--files", "uses/functions/reader/handler.py")
    found = library.pre_commit("run", "s3ap-lint-all", "--hook-stage", "manual")
    handler.write_text(text, encoding="utf-8")
    config.write_text(usual, encoding="utf-8")
    library.git("add", "--all")
    assert "(no files to check)Skipped" in skipped.stdout
    assert 1 == found.returncode
    assert "uses/template.yaml:8:16 error S3AP301 handler-not-found\n" in said(found)
