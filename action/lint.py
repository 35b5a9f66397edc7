"""Run s3ap-lint for the log, code scanning, annotations and the page of the run: one analysis in three formats."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import events
from runner import Refused, event, flag, given, needed, show, summarize, tell
from summary import page

SET_BY_US = ("--format", "--output", "--changed-lines", "--exit-zero", "--fix", "--diff", "--quiet", "--")

CHECKS_NOTHING = ("--version", "--help")


def run() -> None:
    """Outputs: `status`, `sarif-file`, `annotations`, `repository`, `category`, and whether to `upload`.

    Findings do not fail this step: there are steps behind it that have to run. Raises Refused.
    """
    upload_wanted, folder = flag("upload-sarif"), _folder()
    asked = [*options(), *_changed(folder), *paths()]
    results = Path(tempfile.mkdtemp(prefix="s3ap-lint-results-", dir=needed("RUNNER_TEMP")))
    sarif, annotations = results / "s3ap-lint.sarif", results / "annotations.txt"
    told = _lint(asked, folder)
    show(told.stdout + told.stderr)
    as_sarif = _lint(["--format=sarif", f"--output={sarif}", *asked], folder)
    annotated = _lint(["--format=github", f"--output={annotations}", *asked], folder)
    status = max(ran.returncode if ran.returncode in (0, 1) else 2 for ran in (told, as_sarif, annotated))
    reason = why_no_upload(status) if upload_wanted else ""
    if reason:
        show(f"nothing is uploaded: {reason}")
    summarize(page(told.stdout, told.stderr, sarif.read_text("utf-8") if sarif.is_file() else ""))
    tell(
        {
            "status": str(status),
            "sarif-file": str(sarif) if sarif.is_file() else "",
            "annotations": str(annotations),
            "repository": str(_repository(folder)),
            "category": given("sarif-category") or _category(folder),
            "upload": "true" if upload_wanted and not reason else "false",
        }
    )


def why_no_upload(status: int) -> str:
    """Why the results stay here; "" if they can be uploaded."""
    if status == 2:
        return "the job could not be done, and what was not looked for would count as mended"
    name, actor = os.environ.get("GITHUB_EVENT_NAME", ""), os.environ.get("GITHUB_ACTOR", "")
    return events.why_no_upload(name, event(), actor)


def options() -> list[str]:
    """What the inputs ask of the program. Raises Refused for what this action sets itself."""
    try:
        further = shlex.split(given("args"))
    except ValueError as error:
        raise Refused(f"args cannot be split like a command line: {str(error).lower()}") from None
    for word in further:
        letters = word[1:] if re.fullmatch(r"-[A-Za-z]+", word) else ""  # -qv is -q -v
        if word.split("=")[0] in SET_BY_US or "q" in letters:
            raise Refused(f"args: {word} is set by this action")
        if word in CHECKS_NOTHING or "h" in letters:
            raise Refused(f"args: with {word} nothing is checked")
    named = [(f"--{name}", given(name)) for name in ("select", "engine", "fail-on")]
    return [*(f"{option}={value}" for option, value in named if value), *further]


def paths() -> list[str]:
    """The paths, one on a line; one that begins like an option is none."""
    lines = [line.strip() for line in given("paths").splitlines() if line.strip()]
    return [f"./{line}" if line.startswith("-") else line for line in lines] or ["."]


def _workspace() -> Path:
    return Path(needed("GITHUB_WORKSPACE")).resolve()


def _folder() -> Path:
    folder = (_workspace() / (given("working-directory") or ".")).resolve()
    if not folder.is_relative_to(_workspace()):
        raise Refused(f"working-directory: {given('working-directory')} is not below the workspace")
    if not folder.is_dir():
        raise Refused(f"working-directory: {given('working-directory')} is no folder of the workspace")
    return folder


def _repository(folder: Path) -> Path:
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _category(folder: Path) -> str:
    """Two jobs, or one job for two folders, must not take each other's results away."""
    below = folder.relative_to(_workspace()).parts
    return "/".join(("s3ap-lint", os.environ.get("GITHUB_JOB", "lint"), *below))


def _changed(folder: Path) -> list[str]:
    if not flag("changed-only"):
        return []
    name = os.environ.get("GITHUB_EVENT_NAME", "")
    ref = events.base(name, event(), _merged_by_github(folder))
    if not ref:
        show(f"changed-only: everything is reported, for this is no pull request but a {name}")
        return []
    if _git(folder, "merge-base", ref, "HEAD").returncode:
        depth = 2 if os.environ.get("GITHUB_REF", "").endswith("/merge") else 0
        raise Refused(
            f"changed-only: the commit before is not in the checkout; give actions/checkout fetch-depth: {depth}"
        )
    return [f"--changed-lines={ref}"]


def _merged_by_github(folder: Path) -> list[str]:
    """The parents of the merge that a pull request is checked out as, if it is that and they are there."""
    commits = _git(folder, "rev-list", "--parents", "--max-count=1", "HEAD").stdout.split()
    merge = os.environ.get("GITHUB_REF", "").endswith("/merge") and commits[:1] == [os.environ.get("GITHUB_SHA")]
    return commits[1:] if merge else []


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def _lint(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-m", "s3ap_lint", *arguments]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("INPUT_", "PYTHON"))}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
