"""--changed-lines: real repositories, real git, and what is shown of the findings in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from s3ap_lint.changed_lines import WHOLE_FILE, since
from s3ap_lint.errors import UsageError

if TYPE_CHECKING:
    from conftest import Cli, Git, Write

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/
      Handler: handler.handler
      Runtime: python3.12
      Environment:
        Variables: {INPUT: a}
"""
HANDLER = "import os\nimport json\n\n\ndef handler(event, context):\n    return os.environ['INPUT']\n"
OLD_AND_NEW = [
    "functions/handler.py:2:8: F401 'json' imported but unused",
    "functions/handler.py:6:12: S3AP302 OUTPUT is required here, but Reader does not set it, "
    "so the events that come this way fail",
]


@pytest.fixture
def branch(write: Write, git: Git) -> None:
    """A commit on main, and a branch on which the handler reads a variable that nobody sets."""
    folder = write({"template.yaml": TEMPLATE, "functions/handler.py": HANDLER})
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Begin")
    git(folder, "checkout", "--quiet", "-b", "work")
    write({"functions/handler.py": HANDLER.replace("INPUT", "OUTPUT")})
    git(folder, "commit", "--quiet", "-am", "Read another variable")


@pytest.mark.usefixtures("branch")
def test_only_findings_on_changed_lines_are_shown_and_the_rest_is_counted(cli: Cli):
    everything = cli.listed()
    ran = cli.lint("--format", "concise", "--changed-lines", "main")
    assert OLD_AND_NEW == everything
    told = "s3ap-lint: 1 finding not shown, on lines that have not changed since main\n"
    assert (1, everything[1:], told) == (ran.status, ran.out.splitlines(), ran.err)


@pytest.mark.usefixtures("branch")
def test_without_a_finding_on_them_the_run_passes(cli: Cli, write: Write, git: Git, project):
    write({"functions/handler.py": HANDLER + "# a remark\n"})
    git(project, "commit", "--quiet", "-am", "Read it no more")
    assert (0, "") == (cli.lint("-q", "--changed-lines", "main").status, cli.lint("-q", "--changed-lines", "main").out)


@pytest.mark.usefixtures("branch")
def test_what_main_did_since_is_not_ours(cli: Cli, write: Write, git: Git, project):
    """The comparison is with the commit at which the branches parted."""
    git(project, "checkout", "--quiet", "main")
    write({"functions/handler.py": HANDLER.replace("json", "sys")})
    git(project, "commit", "--quiet", "-am", "Go on")
    git(project, "checkout", "--quiet", "work")
    assert 1 == len(cli.lint("-q", "--format", "concise", "--changed-lines", "main").out.splitlines())


@pytest.mark.usefixtures("branch")
def test_a_finding_counts_by_its_related_places_too(cli: Cli, write: Write, git: Git, project):
    """The function's own line is changed, and the handler, which is not, is where the fault is found."""
    write({"functions/handler.py": HANDLER})
    git(project, "commit", "--quiet", "-am", "Back")
    write({"template.yaml": TEMPLATE.replace("  Reader:", "  Reader: # takes nothing").replace("INPUT", "OTHER")})
    found = cli.lint("-q", "--format", "concise", "--changed-lines", "main").out
    assert "functions/handler.py:6:12: S3AP302 INPUT is required here" in found


@pytest.mark.usefixtures("branch")
def test_that_nothing_was_checked_is_told_whatever_has_changed(cli: Cli, project):
    (project / "empty").mkdir()
    ran = cli.lint("-q", "--format", "concise", "--changed-lines", "main", "empty")
    assert (2, True) == (ran.status, "S3AP906" in ran.out)


def test_every_kind_of_change_has_its_lines(write: Write, git: Git, project):
    """Changed, added, removed; a new file, staged or not; a moved one; names that git has to quote."""
    before = {
        "a.txt": "1\n2\n3\n4\n5\n6\n",
        "gone.txt": "x\n",
        'sp ace "q"\t案件.txt': "1\n2\n",
        "moved.txt": "1\n2\n",
        "same.txt": "1\n",
    }
    write({**before, ".gitattributes": "a.txt binary\n", ".gitignore": "ignored.txt\n"})
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "Begin")
    for name in ("noprefix", "mnemonicPrefix"):
        git(project, "config", f"diff.{name}", "true")
    git(project, "config", "diff.interHunkContext", "9")
    git(project, "rm", "--quiet", "gone.txt")
    git(project, "mv", "moved.txt", "renamed.txt")
    write(
        {
            "a.txt": "one\n3\n4\nnew\n++ b/same.txt\n5\nsix\n",
            'sp ace "q"\t案件.txt': "1\nzwei",
            "staged.txt": "1\n2\n3\n",
            "new 案件.txt": "1\n",
            "ignored.txt": "1\n",
        }
    )
    git(project, "add", "staged.txt")
    assert {
        "a.txt": [(1, 1), (4, 5), (7, 7)],
        'sp ace "q"\t案件.txt': [(2, 2)],
        "renamed.txt": [(1, 2)],
        "staged.txt": [(1, 3)],
        "new 案件.txt": [WHOLE_FILE],
    } == since("HEAD", project)


def test_where_lines_were_only_removed_those_around_them_count(write: Write, git: Git, project):
    write({"a.txt": "1\n2\n3\n4\n"})
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "Begin")
    write({"a.txt": "1\n4\n"})
    assert {"a.txt": [(1, 2)]} == since("HEAD", project)


@pytest.mark.usefixtures("branch")
def test_a_project_below_the_top_of_its_repository_is_compared_too(cli: Cli, write: Write, git: Git, project):
    write({".s3ap-lint.toml": "", "solutions/uc1/.s3ap-lint.toml": "", "solutions/uc1/other.py": "import os\n"})
    found = cli.listed("-q", "--changed-lines", "main", cwd="solutions/uc1")
    assert ["other.py:1:8: F401 'os' imported but unused"] == found


@pytest.mark.usefixtures("branch")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--changed-lines", "nowhere"],
            "--changed-lines: git knows no commit 'nowhere' here; in a shallow clone, run `git fetch --unshallow`, "
            "or give actions/checkout `fetch-depth: 0`",
        ),
        (
            ["--changed-lines", "--output=evil"],
            "argument --changed-lines: expected one argument; see `s3ap-lint --help`",
        ),
        (
            ["--changed-lines", "main", "--fix"],
            "--changed-lines is about files as they are; it goes with no --fix, --diff or standard input",
        ),
    ],
)
def test_what_cannot_be_compared_is_2_and_says_why(cli: Cli, arguments: list[str], message: str):
    ran = cli.lint(*arguments)
    assert (2, "", f"s3ap-lint: {message}\n") == (ran.status, ran.out, ran.err)


@pytest.mark.usefixtures("branch")
def test_a_shallow_clone_without_the_common_commit_is_told(git: Git, project, tmp_path):
    """`actions/checkout` makes one unless it is asked for more."""
    git(project, "checkout", "--quiet", "main")
    git(project, "commit", "--quiet", "--allow-empty", "-m", "Go on")
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", project.as_uri(), "shallow")
    with pytest.raises(UsageError, match="'origin/work' and HEAD have no commit in common; in a shallow clone, run"):
        since("origin/work", tmp_path / "shallow")


def test_a_folder_that_is_no_repository_is_told(cli: Cli, write: Write):
    write({"a.py": "import os\n"})
    ran = cli.lint("--changed-lines", "main")
    assert (2, "") == (ran.status, ran.out)
    assert ran.err.startswith("s3ap-lint: --changed-lines: git knows no commit 'main' here")
