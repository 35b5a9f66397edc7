"""`s3ap-lint init`: what it finds out, what it writes, and what it leaves alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import REPOSITORY, Cli, Git, Ran, Write

from s3ap_lint.adoption.hook import HOOK

FUNCTION = """\
  ID:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.12
      Role: arn:aws:iam::123456789012:role/r
      Code: {S3Bucket: packages, S3Key: KEY}
"""
PLAIN = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n' + FUNCTION.replace("ID", "Reader").replace(
    "KEY", "r.zip"
)
SAM = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: index.handler, Runtime: python3.12}
"""
HANDLER = "def handler(event, context):\n    return None\n"
SHELF = "".join(f"  {name}: {{Type: AWS::S3::Bucket}}\n" for name in ("Inbox", "Outbox", "Archive"))
SHELF_ALONE = f"Resources:\n{SHELF}"
TWINS = {"app/template.yaml": SAM, "app/template-deploy.yaml": PLAIN, "app/code/index.py": HANDLER}
NEXT = """\
next: s3ap-lint, or s3ap-lint --engine none first, which takes seconds
  more than you can mend today? s3ap-lint baseline write known.json, then s3ap-lint --baseline known.json,
  in the hook as `args: [--baseline, known.json, --]`, in the workflow behind each `s3ap-lint`
"""


def settings(folder: Path, name: str = ".s3ap-lint.toml") -> dict[str, object]:
    found = tomllib.loads((folder / name).read_text(encoding="utf-8"))
    return found["tool"]["s3ap-lint"] if name == "pyproject.toml" else found


def twice(cli: Cli, *arguments: str) -> Ran:
    """The second run, which changes nothing."""
    first = cli("init", *arguments)
    assert (0, "") == (first.status, first.err)
    before = {path: path.read_bytes() for path in cli.folder.rglob("*") if path.is_file()}
    again = cli("init", *arguments)
    assert before == {path: path.read_bytes() for path in cli.folder.rglob("*") if path.is_file()}
    assert 0 == cli("init", "--diff", *arguments).status
    return again


# -- what is found -------------------------------------------------------------------------------------


def test_an_empty_folder_is_no_project(cli: Cli, project: Path):
    ran = cli("init")
    message = f"s3ap-lint: there is no template and no Python file in {project}; nothing was written\n"
    assert (2, "", message) == (ran.status, ran.out, ran.err)
    assert [] == list(project.iterdir())


def test_a_project_that_the_defaults_fit_needs_no_configuration(cli: Cli, write: Write, project: Path):
    write({"template.yaml": SAM, "code/index.py": HANDLER})
    found = """\
found 1 template, 1 application and 1 Python file in this folder
joined 1 of 1 function to their code
no configuration is needed: the defaults fit
"""
    assert Ran(0, found + NEXT, "") == twice(cli)
    assert {"template.yaml", "code"} == {path.name for path in project.iterdir()}


def test_twins_become_a_pair_whose_source_is_assumed_and_said_to_be(cli: Cli, write: Write, project: Path):
    write(TWINS)
    ran = cli("init")
    found = """\
found 2 templates, 1 application and 1 Python file in this folder
joined 2 of 2 functions to their code
1 pair of templates that deploy the same in two ways
wrote .s3ap-lint.toml
"""
    assert Ran(0, found + NEXT, "") == ran
    text = """\
# Settings of s3ap-lint that differ from the defaults; `s3ap-lint config show` prints all in force.

# Templates that must say the same: `source` is the half that people edit.
# Where no comment says why, nothing told which half that is: it was taken to be the one that is not SAM,
# for a plain template can always be carried over to SAM, but not the reverse. Turn it round if that is wrong.
pairs = [
  { source = "app/template-deploy.yaml", generated = "app/template.yaml" },
]
"""
    assert text == (project / ".s3ap-lint.toml").read_text()
    assert 0 == cli("config", "show").status
    assert ".s3ap-lint.toml is as it should be\n" in twice(cli).out


def test_a_half_that_says_that_it_is_generated_is_believed(cli: Cli, write: Write, project: Path):
    write({**TWINS, "app/template-deploy.yaml": f"# Generated from template.yaml\n{PLAIN}"})
    cli("init")
    assert [{"source": "app/template.yaml", "generated": "app/template-deploy.yaml"}] == settings(project)["pairs"]
    assert "},  # template-deploy.yaml says that it is generated\n" in (project / ".s3ap-lint.toml").read_text()


def test_the_half_that_was_edited_last_is_the_source_and_others_follow(
    cli: Cli, write: Write, git: Git, project: Path, monkeypatch: pytest.MonkeyPatch
):
    """Of a pair that was always committed together nothing is known but what most others are like."""
    write({**TWINS, **{path.replace("app", "other"): text for path, text in TWINS.items()}})
    git(project, "init", "--quiet")
    for day, text in ((1, SAM), (2, f"{SAM}# edited\n")):
        write({"app/template.yaml": text})
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-0{day}T00:00:00Z")
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "all")
    cli("init")
    assert [{"source": "template.yaml", "generated": "template-deploy.yaml"}] == settings(project)["pairs"]
    (line,) = [line for line in (project / ".s3ap-lint.toml").read_text().splitlines() if "source =" in line]
    assert "# template.yaml was edited last (1 of 2); as most other pairs here (1 of 2)" == line[line.index("#") :]


def test_pairs_of_other_names_are_written_down_one_by_one(cli: Cli, write: Write, project: Path):
    """So are those of one name where a folder has two such templates that are no pair."""
    third = {"third/template.yaml": SAM, "third/template-deploy.yaml": SHELF_ALONE}
    write({**TWINS, **{path.replace("app", "other"): text for path, text in TWINS.items()}, **third})
    cli("init")
    pairs = [
        {"source": "app/template-deploy.yaml", "generated": "app/template.yaml"},
        {"source": "other/template-deploy.yaml", "generated": "other/template.yaml"},
    ]
    assert pairs == settings(project)["pairs"]
    (project / "third/template-deploy.yaml").unlink()
    (project / ".s3ap-lint.toml").unlink()
    cli("init")
    assert [{"source": "template-deploy.yaml", "generated": "template.yaml"}] == settings(project)["pairs"]
    assert ".s3ap-lint.toml is as it should be\n" in twice(cli).out


@pytest.mark.parametrize(
    "files",
    [
        {"template-a.yaml": PLAIN, "template-b.yaml": PLAIN},
        {"template.yaml": SAM + SHELF, "template-other.yaml": PLAIN.replace("Reader", "Writer") + SHELF},
        {"one/template.yaml": SAM, "two/template.yaml": PLAIN},
    ],
    ids=["two of one kind", "two of different functions", "two applications"],
)
def test_templates_that_only_look_alike_are_no_pair(cli: Cli, write: Write, files: dict[str, str]):
    write({**files, "index.py": HANDLER})
    assert "pair" not in cli("init").out


def test_code_that_no_template_leads_to_is_found_by_its_name(cli: Cli, write: Write, project: Path):
    functions = [("Resize", "packages/thumbnails.zip"), ("Mail", "packages/mail.zip"), ("Lost", "packages/lost.zip")]
    template = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n'
    template += "".join(FUNCTION.replace("ID", name).replace("KEY", key) for name, key in functions)
    write({"infra/template.yaml": template, "services/thumbnails/index.py": HANDLER})
    write({"services/mail_sender/index.py": HANDLER, "services/lost/index.py": "def another():\n    pass\n"})
    ran = cli("init")
    found = """\
found 1 template, 1 application and 3 Python files in this folder
joined 0 of 3 functions to their code, 2 more by the code map
  1 × no folder is named after its package 'packages/lost.zip'
wrote .s3ap-lint.toml
"""
    assert Ran(0, found + NEXT, "") == ran
    text = """\
# Settings of s3ap-lint that differ from the defaults; `s3ap-lint config show` prints all in force.

[code-map]
# Where code lies that the templates do not say: S3 keys or logical ids, and folders.
"packages/thumbnails.zip" = "services/thumbnails"  # the folder of that name with index.py and handler() in it
"packages/mail.zip" = "services/mail_sender"  # the folder of that name with index.py and handler() in it
"""
    assert text == (project / ".s3ap-lint.toml").read_text()
    assert "joined 2 of 3 functions" in cli.lint().out
    assert ".s3ap-lint.toml is as it should be\n" in twice(cli).out


def test_two_folders_that_may_be_meant_are_no_answer(cli: Cli, write: Write, project: Path):
    template = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n'
    write({"infra/template.yaml": template + FUNCTION.replace("ID", "Mail").replace("KEY", "mail.zip")})
    write({"services/mail_a/index.py": HANDLER, "services/mail_b/index.py": HANDLER})
    assert "no configuration is needed" in cli("init").out


def test_what_several_applications_import_is_told(cli: Cli, write: Write, project: Path):
    uses = "import shared.names\n\n\n" + HANDLER
    template = SAM.replace("CodeUri: code", "CodeUri: ../")
    for name in ("one", "two"):
        write({f"{name}/template.yaml": template.replace("index", f"{name}.index"), f"{name}/index.py": uses})
    write({"shared/names.py": ""})
    ran = cli("init", "--agents")
    assert "shared/ is shared: 2 applications import from it\n" in ran.out
    assert "- Several applications import from `shared/`: after" in (project / "AGENTS.md").read_text()


def test_the_configuration_adds_only_what_the_halves_of_pairs_differ_in(cli: Cli, library: Path, project: Path):
    """A code map would have to be explained. And the rules can still fire."""
    shutil.copytree(library, project / "library")
    before = cli.listed(cwd="library")
    assert 0 == cli("init", cwd="library").status
    after = cli.listed(cwd="library")
    assert before == [line for line in after if " S3AP701 " not in line]
    assert len(before) < len(after)
    assert 0 == cli("selftest", cwd="library").status


# -- where it is written -------------------------------------------------------------------------------


def test_an_existing_pyproject_gets_a_table_and_keeps_all_it_has(cli: Cli, write: Write, project: Path):
    pyproject = '# ours\r\n[project]\r\nname = "a"  # so it is called\r\n'
    write({**TWINS, "pyproject.toml": pyproject})
    assert "added to pyproject.toml\n" in cli("init").out
    data = (project / "pyproject.toml").read_bytes().decode()
    assert data.startswith(pyproject)
    assert data.count("\n") == data.count("\r\n")
    assert [{"source": "app/template-deploy.yaml", "generated": "app/template.yaml"}] == settings(
        project, "pyproject.toml"
    )["pairs"]
    twice(cli)


def test_a_pyproject_that_cannot_take_a_table_is_left_alone(cli: Cli, write: Write, project: Path):
    write({**TWINS, "pyproject.toml": "tool = {}\n"})
    assert "wrote .s3ap-lint.toml\n" in cli("init").out
    assert "tool = {}\n" == (project / "pyproject.toml").read_text()


def test_an_existing_configuration_is_never_changed_but_told_what_it_lacks(cli: Cli, write: Write, project: Path):
    write({**TWINS, ".s3ap-lint.toml": "strict = true\n"})
    expected = """\
.s3ap-lint.toml: is left as it is; what it does not have yet:
    to the list `pairs`:
    { source = "app/template-deploy.yaml", generated = "app/template.yaml" },
"""
    assert expected in twice(cli).out
    assert "strict = true\n" == (project / ".s3ap-lint.toml").read_text()


def test_a_pair_that_is_configured_the_other_way_round_stays_so(cli: Cli, write: Write):
    pair = 'pairs = [{ source = "app/template.yaml", generated = "app/template-deploy.yaml" }]\n'
    write({**TWINS, ".s3ap-lint.toml": pair})
    assert ".s3ap-lint.toml is as it should be\n" in twice(cli).out


def test_it_is_written_where_the_repository_begins_or_where_somebody_says(
    cli: Cli, write: Write, git: Git, project: Path
):
    write({f"below/{path}": text for path, text in TWINS.items()})
    git(project, "init", "--quiet")
    assert "would write ../../.s3ap-lint.toml\n" in cli("init", "--diff", cwd="below/app").err
    assert "wrote below/.s3ap-lint.toml\n" in cli("init", "below").out
    assert not (project / ".s3ap-lint.toml").exists()
    ran = cli("init", "nowhere")
    assert (2, "s3ap-lint: there is no folder nowhere\n") == (ran.status, ran.err)


def test_a_dry_run_prints_a_patch_that_git_applies(cli: Cli, write: Write, git: Git, project: Path):
    """And afterwards there is nothing left to do."""
    write({**TWINS, ".pre-commit-config.yaml": "repos: []\n", "AGENTS.md": "# Agents\n"})
    git(project, "init", "--quiet")
    ran = cli("init", "--diff", "--github", "--agents")
    assert (1, True) == (ran.status, "would write AGENTS.md\n" in ran.err)
    assert not (project / ".s3ap-lint.toml").exists()
    subprocess.run(["git", "apply"], input=ran.out.encode(), cwd=project, check=True)
    assert (0, "") == ((again := cli("init", "--diff", "--github", "--agents")).status, again.out)


def test_a_patch_for_files_above_says_where_it_is_to_be_applied(cli: Cli, write: Write, git: Git, project: Path):
    write(TWINS)
    git(project, "init", "--quiet")
    ran = cli("init", "--diff", "--agents", cwd="app")
    told = f"s3ap-lint: the paths of this patch are relative to {project}; apply it with `git -C {project} apply`\n"
    assert (1, True) == (ran.status, told in ran.err)
    subprocess.run(["git", "-C", project, "apply"], input=ran.out.encode(), cwd=project / "app", check=True)
    assert (0, "") == ((again := cli("init", "--diff", "--agents", cwd="app")).status, again.out)


def test_a_file_that_cannot_be_written_is_told_with_those_that_were(cli: Cli, write: Write, project: Path):
    write({**TWINS, ".github": "no folder"})
    ran = cli("init", "--github", "--pre-commit")
    file = project / ".github/workflows/s3ap-lint.yml"
    why = "cannot be written: not a directory; written before that: .s3ap-lint.toml and .pre-commit-config.yaml"
    assert (2, "", f"s3ap-lint: {file} {why}\n") == (ran.status, ran.out, ran.err)


# -- the hook ------------------------------------------------------------------------------------------

HOOKS = """\
# our hooks
repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks  # the usual ones
    rev: v5.0.0
    hooks:
      - id: check-yaml
        args: [--allow-multiple-documents]  # 文書
  # the end
default_stages: [pre-commit]
"""
OURS = """\
  - repo: local
    hooks:
      - id: s3ap-lint
        name: s3ap-lint
        entry: s3ap-lint --allow-empty --force-exclude
        args: ["--"]  # the name of a file is never an option
        language: python
        additional_dependencies: [s3ap-lint==0.1.0]
        types: [text]
        files: (?i)\\.(ya?ml|json|template|cfn|cform|py|toml|sh|bash|md|markdown)$|(^|/)samconfig[^/]*\\.toml
        require_serial: true  # one run looks at all files of a commit, over all processors
"""


def test_the_hook_is_the_one_that_is_published(cli: Cli, write: Write, project: Path):
    write({**TWINS})
    cli("init", "--pre-commit")
    ours = yaml.safe_load((project / ".pre-commit-config.yaml").read_bytes())["repos"][0]["hooks"][0]
    published = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_bytes())[0]
    told = {"description", "minimum_pre_commit_version", "additional_dependencies"}
    assert {k: v for k, v in published.items() if k not in told} == {k: v for k, v in ours.items() if k not in told}


def test_the_hook_comes_behind_the_others_and_every_comment_stays(cli: Cli, write: Write, project: Path):
    write({**TWINS, ".pre-commit-config.yaml": HOOKS})
    cli("init", "--pre-commit")
    expected = HOOKS.replace("  # the end\n", f"{OURS}  # the end\n")
    assert expected == (project / ".pre-commit-config.yaml").read_text()
    command = [sys.executable, "-m", "pre_commit", "validate-config"]
    assert 0 == subprocess.run(command, cwd=project, capture_output=True, check=False).returncode
    twice(cli, "--pre-commit")


@pytest.mark.parametrize(
    "before", [None, "", "repos:\n- repo: meta\n  hooks:\n  - id: identity", HOOKS.replace("\n", "\r\n")]
)
def test_the_hook_is_the_last_of_the_repositories(cli: Cli, write: Write, project: Path, before: str | None):
    write({**TWINS, **({} if before is None else {".pre-commit-config.yaml": before})})
    cli("init", "--pre-commit")
    data = (project / ".pre-commit-config.yaml").read_bytes().decode()
    assert "s3ap-lint" == yaml.safe_load(data)["repos"][-1]["hooks"][0]["id"]
    assert data.count("\n") == data.count("\r\n") or "\r" not in data


@pytest.mark.parametrize("before", ["{repos: []}\n", "repos: [{repo: meta, hooks: [{id: identity}]}]\n", "a: [\n"])
def test_a_file_in_a_style_of_its_own_is_left_to_people(cli: Cli, write: Write, project: Path, before: str):
    write({**TWINS, ".pre-commit-config.yaml": before})
    ran = cli("init", "--pre-commit")
    assert (2, True) == (ran.status, "add this below `repos:`:\n    - repo: local\n      hooks:\n" in ran.out)
    assert before == (project / ".pre-commit-config.yaml").read_text()


@pytest.mark.parametrize(
    ("before", "head"),
    [
        ("# nothing yet\n", "# nothing yet\nrepos:\n"),
        ("# nothing yet", "# nothing yet\nrepos:\n"),
        ("repos: []  # none yet\n", "repos:  # none yet\n"),
        ("repos: null\n", "repos:\n"),
        ("repos:\n", "repos:\n"),
        ("# a\nrepos: []", "# a\nrepos:\n"),
    ],
)
def test_a_file_without_repositories_gets_its_first(cli: Cli, write: Write, project: Path, before: str, head: str):
    write({**TWINS, ".pre-commit-config.yaml": before})
    assert 0 == cli("init", "--pre-commit").status
    assert head + HOOK == (project / ".pre-commit-config.yaml").read_text()


def test_what_stands_below_empty_repositories_stays_there(cli: Cli, write: Write, project: Path):
    write({**TWINS, ".pre-commit-config.yaml": "repos: []\r\nfail_fast: true\r\n"})
    cli("init", "--pre-commit")
    expected = f"repos:\n{HOOK}fail_fast: true\n".replace("\n", "\r\n")
    assert expected.encode() == (project / ".pre-commit-config.yaml").read_bytes()


def test_a_hook_of_ours_that_is_there_is_not_added_again(cli: Cli, write: Write, project: Path):
    before = "repos:\n  - repo: https://example.org/s3ap-lint\n    rev: v0.1.0\n    hooks: [{id: s3ap-lint}]\n"
    write({**TWINS, ".pre-commit-config.yaml": before})
    twice(cli, "--pre-commit")
    assert before == (project / ".pre-commit-config.yaml").read_text()


# -- the workflow --------------------------------------------------------------------------------------


def test_the_workflow_checks_what_a_pull_request_changes_and_all_of_a_push(
    cli: Cli, write: Write, git: Git, project: Path
):
    write(TWINS)
    git(project, "init", "--quiet", "--initial-branch", "trunk")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "first")
    git(project, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(project, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    cli("init", "--github")
    workflow = yaml.safe_load((project / ".github/workflows/s3ap-lint.yml").read_text())
    steps = workflow["jobs"]["s3ap-lint"]["steps"]
    assert ["trunk"] == workflow[True]["push"]["branches"]
    assert 0 == steps[0]["with"]["fetch-depth"]
    assert all(len(step["uses"].partition("@")[2]) == 40 for step in steps if "uses" in step)
    assert [
        "pip install s3ap-lint==0.1.0",
        "s3ap-lint --changed --format github",
        "s3ap-lint --format github",
    ] == [step["run"] for step in steps if "run" in step]
    kept = {step["with"]["path"] for step in steps if "path" in step.get("with", {})}
    used = {step["env"]["S3AP_LINT_CACHE_DIR"] for step in steps if step.get("run", "").startswith("s3ap-lint")}
    assert {"${{ runner.temp }}/s3ap-lint-cache"} == kept == used  # actions/cache takes no path with `..`
    twice(cli, "--github")


def test_the_branch_of_a_repository_without_main_is_the_one_that_is_there(
    cli: Cli, write: Write, git: Git, project: Path
):
    write(TWINS)
    git(project, "init", "--quiet", "--initial-branch", "trunk")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "first")
    ran = cli("init", "--github")
    workflow = yaml.safe_load((project / ".github/workflows/s3ap-lint.yml").read_text())
    told = "wrote .github/workflows/s3ap-lint.yml, for pull requests and pushes to trunk\n"
    assert (["trunk"], True) == (workflow[True]["push"]["branches"], told in ran.out)


def test_a_workflow_of_that_name_that_is_something_else_is_left_alone(cli: Cli, write: Write, project: Path):
    write({**TWINS, ".github/workflows/s3ap-lint.yml": "on: push\njobs: {}\n"})
    assert "is there already and does not run s3ap-lint; write this to another file:\n" in cli("init", "--github").out
    assert "on: push\njobs: {}\n" == (project / ".github/workflows/s3ap-lint.yml").read_text()


# -- the block for agents --------------------------------------------------------------------------------


def test_the_block_for_agents_is_replaced_and_nothing_else(cli: Cli, write: Write, project: Path):
    write({**TWINS, "AGENTS.md": "# Agents\n\nBe kind.\n"})
    cli("init", "--agents")
    text = (project / "AGENTS.md").read_text()
    assert text.startswith("# Agents\n\nBe kind.\n\n<!-- s3ap-lint: begin -->\n## s3ap-lint\n")
    twice(cli, "--agents")
    old = text.replace("Run it after every change", "Never run it").replace("Be kind.", "Be brief.") + "\nLast words.\n"
    write({"AGENTS.md": old})
    cli("init", "--agents")
    assert text.replace("Be kind.", "Be brief.") + "\nLast words.\n" == (project / "AGENTS.md").read_text()


def test_a_mark_without_the_other_is_for_people(cli: Cli, write: Write, project: Path):
    write({**TWINS, "AGENTS.md": "<!-- s3ap-lint: begin -->\nours\n"})
    assert "mend that first" in cli("init", "--agents").out
    assert "<!-- s3ap-lint: begin -->\nours\n" == (project / "AGENTS.md").read_text()


def test_what_the_block_tells_agents_to_run_can_be_run(cli: Cli, write: Write, git: Git, project: Path):
    """Every option and every key of the JSON that it names is there."""
    write({"template.yaml": SAM, "code/index.py": HANDLER + "import os\n"})
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "all")
    cli("init", "--agents")
    text = (project / "AGENTS.md").read_text()
    (command,) = (line.split()[1:] for line in text.splitlines() if line.startswith("    s3ap-lint"))
    write({"code/index.py": HANDLER + "import sys\n"})
    ran = cli(*command)
    assert 1 == ran.status
    for name in ("findings", "code", "severity", "scenario", "related", "fix", "safety", "unchecked", "added_ignores"):
        assert f"`{name}`" in text or f"`{name}" in text
        assert f'"{name}":' in ran.out


def test_a_file_that_is_no_text_is_told(cli: Cli, write: Write, project: Path):
    write({**TWINS, "AGENTS.md": b"\xff\xfe"})
    ran = cli("init", "--agents")
    assert (2, "", f"s3ap-lint: {project / 'AGENTS.md'} is not UTF-8; nothing was written\n") == (
        ran.status,
        ran.out,
        ran.err,
    )
