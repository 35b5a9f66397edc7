"""`--fix` changes what it may and nothing else, `--diff` shows it, and both say what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Cli, Git, Ran, Write

PLUGIN = Path(__file__).parent / "plugins" / "fixers.py"

TEMPLATE = """
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: 通知
"""


def fix(cli: Cli, *arguments: str | Path, select: str = "FIX", **how: object) -> Ran:
    """Run the program with the rules that find words."""
    options = ("--plugin-path", PLUGIN, "--select", select, "--color", "never")
    return cli.lint(*options, *arguments, **how)  # type: ignore[arg-type]


def test_safe_fixes_are_applied_and_what_is_left_is_told(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "teh = 1\nx = teh\ngonna = 2\n", "b.py": "the = 1\n"})
    ran = fix(cli, "--fix")
    assert "the = 1\nx = the\ngonna = 2\n" == (folder / "a.py").read_text()
    assert (1, "") == (ran.status, ran.err)
    expected = """\
a.py:3:1 warning FIX002 informal-word
  gonna is no word
     3 | gonna = 2
       | ^^^^^
  fix to review: Write going_to

fixed 2 findings in 1 file
1 warning in 1 file
fixable: 1 with --unsafe-fixes (to be reviewed)
checked 0 templates, 2 Python files, 0 applications
"""
    assert expected == ran.out[: len(expected)]


def test_when_everything_is_fixed_the_exit_status_is_0(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "teh = gonna = 1\n"})
    ran = fix(cli, "--fix", "--unsafe-fixes")
    assert "the = going_to = 1\n" == (folder / "a.py").read_text()
    assert 0 == ran.status
    assert "fixed 2 findings in 1 file\nno findings\n" in ran.out


def test_verbose_names_each_fix(cli: Cli, write: Write) -> None:
    write({"a.py": "teh = 1\n"})
    assert "\n  fixed: a.py:1:1 FIX001 misspelt-word: Write the\n" in f"\n{fix(cli, '--fix', '-v').out}"


def test_fixing_again_changes_nothing(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "teh = gonna\n"})
    fix(cli, "--fix")
    before = (folder / "a.py").stat()
    ran = fix(cli, "--fix")
    after = (folder / "a.py").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert "fixed" not in ran.out


def test_what_a_person_must_do_is_never_done(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "wrong = 1\n"})
    ran = fix(cli, "--fix", "--unsafe-fixes")
    assert "wrong = 1\n" == (folder / "a.py").read_text()
    assert "\n  fix by hand: Write right\n" in ran.out
    assert "\nfixable: 1 by hand\n" in ran.out


def test_unsafe_fixes_alone_are_a_question(cli: Cli, write: Write) -> None:
    write({"a.py": "gonna = 1\n"})
    ran = fix(cli, "--unsafe-fixes")
    assert (2, "") == (ran.status, ran.out)
    assert "s3ap-lint: --unsafe-fixes goes with --fix, which applies them, or --diff, which shows them\n" == ran.err


def test_what_is_ignored_or_accepted_is_not_fixed(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "teh = 1  # s3ap-lint: ignore[FIX001] dialect\n", "b.py": "teh = 2\n"})
    known = cli(
        "baseline", "write", "known.json", "b.py", "--plugin-path", PLUGIN, "--select", "FIX", "--engine", "none"
    )
    assert 0 == known.status
    ran = fix(cli, "--fix", "--baseline", "known.json")
    assert (0, "teh = 2\n") == (ran.status, (folder / "b.py").read_text())
    assert "teh = 1  # s3ap-lint: ignore[FIX001] dialect\n" == (folder / "a.py").read_text()


def test_json_lists_what_was_fixed(cli: Cli, write: Write) -> None:
    write({"a.py": "teh = 1\n"})
    ran = fix(cli, "--fix", "--format", "json")
    document = json.loads(ran.out)
    assert ([], ["FIX001"]) == (document["findings"], [entry["code"] for entry in document["fixed"]])
    assert "s3ap-lint: fixed 1 finding in 1 file\n" == ran.err


# -- the patch -----------------------------------------------------------------------------------


def test_diff_prints_a_patch_changes_nothing_and_exits_with_1(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "x = 1\nteh = 1\n"})
    ran = fix(cli, "--diff")
    assert "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n x = 1\n-teh = 1\n+the = 1\n" == ran.out
    assert (1, "s3ap-lint: would fix 1 finding in 1 file\n") == (ran.status, ran.err)
    assert "x = 1\nteh = 1\n" == (folder / "a.py").read_text()


def test_diff_without_changes_exits_with_0(cli: Cli, write: Write) -> None:
    write({"a.py": "gonna = 1\n"})
    ran = fix(cli, "--diff")
    assert (0, "") == (ran.status, ran.out)
    assert "s3ap-lint: nothing to fix; fixable: 1 with --unsafe-fixes (to be reviewed)\n" == ran.err


def test_diff_of_a_folder_without_anything_to_check_fails(cli: Cli, write: Write) -> None:
    write({"empty/notes.txt": ""})
    ran = fix(cli, "--diff", "empty")
    assert (2, "") == (ran.status, ran.out)
    assert ran.err.startswith("s3ap-lint: S3AP906: nothing to check in empty")


@pytest.mark.parametrize("where", ["", "sub"])
def test_git_applies_the_patch_and_the_result_is_what_fix_makes(
    cli: Cli, write: Write, git: Git, tmp_path: Path, where: str
) -> None:
    names = ["sub/a.py", "sub/with blank.py", "sub/日本.py", "sub/deep/crlf.py", 'sub/quo"te\\.py']
    texts = ["teh = 1", "x = 1\nteh = 1\n", "x = '\x0c\u2028'\nteh = '名'\n", "teh = 1\r\nx = 2\r\n", "teh = 1\n\n"]
    folder = write(dict(zip(names, texts, strict=True)))
    git(folder, "init", "-q")
    git(folder, "config", "core.autocrlf", "false")
    patch = tmp_path / "fixes.patch"
    ran = fix(cli, "--diff", "--output", patch, cwd=where)
    assert 1 == ran.status
    git(folder / where, "apply", str(patch))
    applied = {name: (folder / name).read_bytes() for name in names}
    write(dict(zip(names, texts, strict=True)))
    fix(cli, "--fix", cwd=where)
    assert {name: (folder / name).read_bytes() for name in names} == applied
    assert applied == {name: text.replace("teh", "the").encode() for name, text in zip(names, texts, strict=True)}


def test_a_patch_for_files_above_says_where_to_apply_it(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "teh = 1\n", "sub/b.py": "", "s3ap-lint.toml": ""})
    ran = fix(cli, "--diff", "..", cwd="sub")
    assert ran.out.startswith("--- a/a.py\n")
    assert f"s3ap-lint: the paths of this patch are relative to {folder}\n" in ran.err


def test_a_patch_has_no_format(cli: Cli, write: Write) -> None:
    write({"a.py": "teh = 1\n"})
    ran = fix(cli, "--diff", "--format", "sarif")
    assert (2, "s3ap-lint: --diff prints a patch; --format sarif cannot be had with it\n") == (ran.status, ran.err)


# -- standard input ------------------------------------------------------------------------------


def test_a_buffer_is_fixed_to_standard_output(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "on_disk = 1\n"})
    ran = fix(cli, "--fix", "-", "--stdin-filename", "a.py", stdin="teh = gonna\r\n")
    assert ("the = gonna\r\n", 1) == (ran.out, ran.status)
    assert "fixed 1 finding in 1 file" in ran.err
    assert "on_disk = 1\n" == (folder / "a.py").read_text()


def test_a_fix_beyond_the_buffer_is_left(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "", "other.py": "both = 1\n"})
    ran = fix(cli, "--fix", "-", "--stdin-filename", "a.py", stdin="both = 1\n")
    assert ("both = 1\n", 1) == (ran.out, ran.status)
    assert "both = 1\n" == (folder / "other.py").read_text()


# -- files ---------------------------------------------------------------------------------------


def test_only_named_files_are_changed(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "both = 1\n", "other.py": "both = 2\n"})
    assert 1 == fix(cli, "--fix", "a.py").status
    assert "both = 1\n" == (folder / "a.py").read_text()
    assert 0 == fix(cli, "--fix").status
    assert ("one = 1\n", "one = 2\n") == ((folder / "a.py").read_text(), (folder / "other.py").read_text())


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(cli: Cli, write: Write) -> None:
    folder = write({"real/a.py": "teh = 1\n"})
    (folder / "real/a.py").chmod(0o751)
    (folder / "link.py").symlink_to("real/a.py")
    assert 0 == fix(cli, "--fix", "link.py").status
    assert (folder / "link.py").is_symlink()
    assert ("the = 1\n", 0o751) == ((folder / "real/a.py").read_text(), (folder / "real/a.py").stat().st_mode & 0o7777)
    assert ["a.py"] == [path.name for path in (folder / "real").iterdir()]


def test_a_file_with_two_names_is_changed_once(cli: Cli, write: Write, git: Git) -> None:
    folder = write({"a.py": "teh = 1\n"})
    (folder / "link.py").symlink_to("a.py")
    git(folder, "init", "-q")
    (folder / "fixes.patch").write_text(fix(cli, "--diff", "link.py", "a.py").out)
    git(folder, "apply", "--check", "fixes.patch")
    assert 0 == fix(cli, "--fix", "link.py", "a.py").status
    assert "the = 1\n" == (folder / "a.py").read_text()
    assert (folder / "link.py").is_symlink()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "teh = 1\n"})
    os.chown(folder / "a.py", 1234, 2345)
    (folder / "a.py").chmod(0o4640)
    fix(cli, "--fix")
    status = (folder / "a.py").stat()
    assert ("the = 1\n", 1234, 2345) == ((folder / "a.py").read_text(), status.st_uid, status.st_gid)
    assert 0o4640 == status.st_mode & 0o7777


def test_a_file_that_changed_meanwhile_is_left_alone(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "busy = teh\n", "b.py": "teh = 1\n"})
    ran = fix(cli, "--fix", "--jobs", "1")
    assert "# saved meanwhile\n" == (folder / "a.py").read_text()
    assert "the = 1\n" == (folder / "b.py").read_text()
    assert (2, "s3ap-lint: a.py was not fixed: it changed on disk meanwhile; run again\n") == (ran.status, ran.err)
    assert "fixed 1 finding in 1 file\n" in ran.out


def test_what_one_fix_changes_together_is_written_together_or_not_at_all(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "busy = both\n", "other.py": "both = 2\nteh = 1\n"})
    ran = fix(cli, "--fix", "--jobs", "1")
    assert "both = 2\nteh = 1\n" == (folder / "other.py").read_text()
    told = [
        "a.py was not fixed: it changed on disk meanwhile; run again",
        "other.py was not fixed: it goes together with a.py",
    ]
    assert (2, sorted(f"s3ap-lint: {line}" for line in told)) == (ran.status, sorted(ran.err.splitlines()))


def test_killed_at_any_moment_a_file_is_old_or_new(cli: Cli, write: Write) -> None:
    old, new = (f"{word} = 1\n" * 3000 for word in ("teh", "the"))
    arguments = cli.command("--engine", "none", "--plugin-path", PLUGIN, "--select", "FIX001", "--fix", "-q")
    seen = set()
    for delay in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.3, 30.0):
        folder = write({f"m{number}.py": old for number in range(4)})
        process = subprocess.Popen(arguments, cwd=folder, env=cli.environment(), stdout=subprocess.DEVNULL)
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for path in folder.glob("*.py"):
            assert path.read_text() in (old, new), path
            seen.add(path.read_text() == new)
    assert True in seen


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_fix_leaves_nothing_beside_the_files(cli: Cli, write: Write, end: signal.Signals) -> None:
    """Stopped as soon as the first file is new: there are others to write."""
    folder = write({f"m{number:03}.py": "teh = 1\n" for number in range(300)})
    arguments = cli.command("--engine", "none", "--plugin-path", PLUGIN, "--select", "FIX001", "--fix", "-q")
    process = subprocess.Popen(arguments, cwd=folder, env=cli.environment(), stderr=subprocess.PIPE)
    while process.poll() is None and "teh" in (folder / "m000.py").read_text():
        time.sleep(0.001)
    process.send_signal(end)
    _, err = process.communicate(timeout=30)
    assert 300 == len(list(folder.iterdir()))
    assert {"teh = 1\n", "the = 1\n"} >= {path.read_text() for path in folder.iterdir()}
    assert b"Traceback" not in err


# -- faults of rules -----------------------------------------------------------------------------


def test_a_fix_that_would_break_its_file_is_not_applied_and_its_rule_is_named(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "broken = teh\n"})
    ran = fix(cli, "--fix")
    assert "broken = the\n" == (folder / "a.py").read_text()
    line = "a.py:1:1: the fix of FIX003 would break the file and was not applied; this is a fault of the rule"
    assert (1, f"s3ap-lint: {line}\n") == (ran.status, ran.err)


def test_rules_that_undo_each_others_work_are_named_and_the_others_go_on(cli: Cli, write: Write) -> None:
    folder = write({"a.py": "ping = teh\n"})
    ran = fix(cli, "--fix")
    assert "ping = the\n" == (folder / "a.py").read_text()
    assert "s3ap-lint: fixes of FIX005, FIX006 undo each other's work, so none of theirs was applied" in ran.err


def test_what_many_functions_have_in_common_is_fixed_for_all_at_once(cli: Cli, write: Write) -> None:
    """More of them than there are rounds."""
    properties = "{CodeUri: ., Handler: handler.handler, Runtime: python3.13, MemorySize: 128}"
    functions = (f"  F{n}:\n    Type: AWS::Serverless::Function\n    Properties: {properties}\n" for n in range(12))
    text = f"Transform: AWS::Serverless-2016-10-31\nResources:\n{''.join(functions)}"
    folder = write({"template.yaml": text, "handler.py": "def handler(event, context):\n    return event\n"})
    ran = fix(cli, "--fix", select="FIX009")
    assert (0, "") == (ran.status, ran.err)
    assert text.replace("128", "256") == (folder / "template.yaml").read_text()


# -- real rules ----------------------------------------------------------------------------------


def test_a_template_is_fixed_where_it_stands(cli: Cli, write: Write) -> None:
    text = TEMPLATE.replace("通知", "通知  # s3ap-lint: ignore[S3AP901] stood twice")
    folder = write({"template.yaml": text})
    assert 0 == cli.lint("--fix").status
    assert TEMPLATE == (folder / "template.yaml").read_text()


def test_the_schema_engine_has_the_last_word(cli: Cli, write: Write) -> None:
    """An ignore of an engine's code is unused only when the engine has looked."""
    text = TEMPLATE.replace("通知", "通知  # s3ap-lint: ignore[E3002] not any more")
    folder = write({"template.yaml": text})
    ran = cli("--fix")
    assert (0, TEMPLATE) == (ran.status, (folder / "template.yaml").read_text())
