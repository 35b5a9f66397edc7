"""Results are used again exactly where a new run would say the same."""

from __future__ import annotations

import os
import pickle
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Cli, Write

from s3ap_lint import cache, storage
from s3ap_lint.config import load
from s3ap_lint.diagnostic import Report
from s3ap_lint.run import Run
from s3ap_lint.tasks import ApplicationTask

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: handler.handler
      Runtime: python3.13
      Environment:
        Variables: {INPUT: a}
"""
HANDLER = "import os\n\n\ndef handler(event, context):\n    return os.environ['INPUT']\n"
APPLICATION = {"template.yaml": TEMPLATE, "src/handler.py": HANDLER}
MISSPELT = HANDLER.replace("INPUT", "IMPUT")  # of the same length


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of runs in this process."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def settle() -> None:
    """Wait until files that were just written can be told by their times from what is written next."""
    time.sleep(0.12)


def files_of(folder: Path) -> list[Path]:
    """The files of the cache."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name in ("units", "runs"))


# -- the same as without -------------------------------------------------------------------------


def looked(folder: Path, *, caching: bool) -> tuple[Report, int]:
    """The report on a folder, and how many of its units were known."""
    config = replace(load([str(folder)], cwd=folder), engine="none", jobs=1, strict=True)
    run = Run([str(folder)], config, fixing=True, caching=caching)
    report = run.look()
    run.keep()
    return report, run.cache.hits if run.cache else 0


def change(folder: Path, original: Path, chance: random.Random) -> None:
    """Do to a project what people do: edit, remove, add, move, take back, replace a folder by a link."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    path = chance.choice([file for file in files if file.suffix in (".py", ".yaml", ".json", ".toml", ".sh")])
    lines = path.read_bytes().split(b"\n")
    at = chance.randrange(len(lines))
    match chance.randrange(8):
        case 0:
            path.unlink()
        case 1:
            (path.parent / f"added{chance.randrange(9)}.py").write_bytes(b"import os\n\nprint(name)\n")
        case 2:
            back = chance.choice(sorted(file for file in original.rglob("*") if file.is_file()))
            target = folder / back.relative_to(original)
            if not target.exists() and target.parent.is_dir():
                shutil.copyfile(back, target)
        case 3:
            moved = path.with_name(f"moved_{path.name}")
            path.rename(moved)
        case 4:
            (path.parent / chance.choice(["boto3", "requests", "shared", "util"])).mkdir(exist_ok=True)
        case 5:
            elsewhere = path.with_name(f"{path.name}.real")
            path.rename(elsewhere)
            path.symlink_to(elsewhere.name)
        case _:
            lines[at : at + 1] = chance.choice([[], [lines[at], lines[at]], [b"import os  # spare", lines[at]]])
            path.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_results_with_a_cache_are_those_without(
    library: Path, tmp_path: Path, kept: Path, seed: int
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(library, folder)
    chance = random.Random(seed)
    used = 0
    for _ in range(8):
        report, hits = looked(folder, caching=True)
        assert looked(folder, caching=False)[0] == report
        used += hits
        for _ in range(chance.randrange(1, 4)):
            change(folder, library, chance)
    assert used > 0


def test_what_was_said_before_is_said_again_and_what_is_changed_is_seen(cli: Cli, write: Write) -> None:
    write(APPLICATION)
    settle()
    first = cli.lint()
    assert 0 == first.status
    assert first == cli.lint()
    write({"src/handler.py": MISSPELT})
    second = cli.lint()
    assert 1 == second.status
    assert "S3AP302" in second.out
    assert second == cli.lint("--no-cache")
    write({"src/handler.py": HANDLER})
    assert first == cli.lint()


def test_a_change_within_one_tick_of_the_clock_is_seen(cli: Cli, write: Write) -> None:
    write(APPLICATION)
    for now in (HANDLER, MISSPELT) * 4:
        write({"src/handler.py": now})
        assert (now == MISSPELT) == ("S3AP302" in cli.lint().out)


def test_a_change_that_leaves_size_and_time_alone_is_seen(cli: Cli, write: Write, project: Path) -> None:
    write(APPLICATION)
    settle()
    cli.lint()
    cli.lint()
    before = (project / "src/handler.py").stat()
    write({"src/handler.py": MISSPELT})
    os.utime(project / "src/handler.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "S3AP302" in cli.lint().out


def test_a_fresh_checkout_of_the_same_files_is_known(library: Path, tmp_path: Path, kept: Path) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(library, folder)
    first, hits = looked(folder, caching=True)
    shutil.rmtree(folder)
    shutil.copytree(library, folder, copy_function=shutil.copyfile)
    again, known = looked(folder, caching=True)
    assert (first, 0) == (again, hits)
    assert known > 20


def test_an_answer_that_was_remembered_rests_on_what_it_rested_on(write: Write) -> None:
    template = TEMPLATE.replace("CodeUri: src", "CodeUri: ../common")
    handler = "import boto3, util.deep, absent.inner, package.one\n\n\ndef handler(event, context):\n    return 1\n"
    folder = write({"one/template.yaml": template, "two/template.yaml": template, "common/handler.py": handler})
    write(
        {"common/util/notes.txt": "", "common/package/__init__.py": "", "common/package/one.py": "from . import two\n"}
    )
    run = Run([str(folder)], replace(load([str(folder)], cwd=folder), engine="none", jobs=1), caching=True)
    run.look()
    one, two = (run._results[task].basis for task in run._tasks if isinstance(task, ApplicationTask))
    assert one is not None
    assert two is not None
    about = [{path for path in basis.folders if path.startswith("common")} for basis in (one, two)]
    assert "common/util" in about[0]
    assert about[0] == about[1]
    assert [] == [path for path in about[0] if not one.folders[path][1].items() <= two.folders[path][1].items()]
    shared = {path for path in (*one.contents, *two.contents) if path.startswith("common")}
    assert {path: one.contents.get(path) for path in shared} == {path: two.contents.get(path) for path in shared}


# -- what is not a file of the project counts, too ------------------------------------------------------

SURROUNDINGS = {
    "a configuration": {".s3ap-lint.toml": 'ignore = ["S3AP302"]\n'},
    "a section of pyproject.toml": {"pyproject.toml": '[tool.s3ap-lint]\nignore = ["S3AP302"]\n'},
    "an ignore file": {".gitignore": "src/\ntemplate.yaml\n"},
    "a module that was missing": {"src/handler/__init__.py": HANDLER},
    "another template beside it": {"other.yaml": TEMPLATE.replace("Reader", "Other")},
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_what_appears_around_a_file_is_seen(cli: Cli, write: Write, name: str) -> None:
    write({**APPLICATION, "src/handler.py": MISSPELT, "fine.py": "x = 1\n"})
    settle()
    before = cli.lint()
    assert before == cli.lint()
    write(SURROUNDINGS[name])
    after = cli.lint()
    assert after == cli.lint("--no-cache")
    assert before != after


def test_an_edited_configuration_baseline_or_plugin_is_seen(cli: Cli, write: Write) -> None:
    plugin = "from s3ap_lint.api import hookimpl\n\n\n@hookimpl\ndef s3ap_rules():\n    return []\n"
    write({**APPLICATION, "src/handler.py": MISSPELT, ".s3ap-lint.toml": "", "acme.py": plugin})
    settle()
    told = ["--plugin-path", "acme.py"]
    assert 1 == cli.lint(*told).status
    assert 1 == cli.lint(*told).status
    write({"acme.py": plugin.replace("return []", "return 1 / 0")})
    assert "ZeroDivisionError" in cli.lint(*told).err
    write({"acme.py": plugin})
    cli("baseline", "write", "known.json", "--engine", "none", "--select", "S3AP")
    settle()
    accepted = ["--baseline", "known.json", "--select", "S3AP"]
    assert [0, 0] == [cli.lint(*accepted).status for _ in range(2)]
    write({"known.json": '{"version": 1, "entries": []}'})
    assert 1 == cli.lint(*accepted).status
    write({".s3ap-lint.toml": 'ignore = ["S3AP302"]\n'})
    assert "S3AP302" not in cli.lint("--select", "S3AP").out


def test_a_configuration_of_cfn_lint_and_a_nested_template_are_seen(cli: Cli, write: Write) -> None:
    nested = (
        "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: child.yaml\n"
        "      Parameters: {Name: a}\n"
    )
    child = "Parameters:\n  Name: {Type: String}\nResources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n"
    write({"template.yaml": nested, "child.yaml": child})
    settle()
    asked = ("--ignore", "W3002", "template.yaml")
    assert [0, 0] == [cli(*asked).status for _ in range(2)]
    write({"child.yaml": child.replace("Name", "Other")})
    assert "E3043" in cli(*asked).out
    write({".cfnlintrc": "ignore_checks: [E3043]\n"})
    assert 0 == cli(*asked).status


# -- nothing is imported that is not needed ------------------------------------------------------------


def imported(cli: Cli, *arguments: str) -> set[str]:
    """The modules that a run imports, without those that the interpreter itself starts with."""
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "pass"], capture_output=True, text=True, check=True
    )
    program = "import sys; from s3ap_lint.cli import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, *arguments],
        cwd=cli.folder,
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    names = [{line.rpartition("|")[2].strip() for line in one.stderr.splitlines()} for one in (ran, bare)]
    return {name for name in names[0] - names[1] if not name.startswith("encodings")}


def test_a_run_without_changes_imports_next_to_nothing(cli: Cli, write: Write) -> None:
    write(APPLICATION)
    settle()
    asked = ("--engine", "none", ".")
    assert {"yaml", "pyflakes.checker", "argparse"} <= imported(cli, *asked)
    own = {"s3ap_lint", *(f"s3ap_lint.{name}" for name in ("cli", "errors", "facts", "recall", "storage"))}
    assert own | {"zlib"} >= imported(cli, *asked) - {"__future__"}
    assert own | {"zlib"} >= imported(cli, "--version") - {"__future__"}


# -- whatever happens to the cache -----------------------------------------------------------------------


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A file after a crash, a full disk or somebody's editor."""
    at = chance.randrange(len(data))
    match chance.randrange(5):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        case 2:
            return bytes(len(data))
        case 3:
            return chance.randbytes(len(data))
        case _:
            return data[:at] + chance.randbytes(9) + data[at:]


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_cache_is_no_cache(cli: Cli, write: Write, seed: int) -> None:
    write({**APPLICATION, "src/handler.py": MISSPELT})
    settle()
    right = cli.lint()
    chance = random.Random(seed)
    for file in files_of(cli.home):
        file.write_bytes(damaged(file.read_bytes(), chance))
    assert right == cli.lint()
    assert right == cli.lint()


def test_a_file_of_the_cache_builds_nothing_but_results(cli: Cli, write: Write, tmp_path: Path) -> None:
    write(APPLICATION)
    cli.lint()
    (file,) = [file for file in files_of(cli.home) if file.parent.name == "units"]

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "built"),)

    assert storage.write(str(file), pickle.dumps((1, {}, {}, Evil())))
    assert 0 == cli.lint("--verbose").status
    assert not (tmp_path / "built").exists()


def test_a_cache_that_cannot_be_written_is_done_without(cli: Cli, write: Write, tmp_path: Path) -> None:
    write({**APPLICATION, "src/handler.py": MISSPELT})
    right = cli.lint("--no-cache")

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    assert right == cli.lint(preexec_fn=full)
    assert [] == files_of(cli.home)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("mine")
    for folder in (in_the_way, "/proc/nowhere", "", "a\0b"[:1]):
        assert right == cli.lint(env={storage.VARIABLE: str(folder)})
    assert "mine" == in_the_way.read_text()
    assert right == cli.lint(env={"HOME": "/nonexistent"})


def test_runs_at_the_same_time_say_the_same_and_leave_a_cache_that_is_whole(cli: Cli, write: Write) -> None:
    write({f"app{n}/{path}": text for n in range(4) for path, text in APPLICATION.items()})
    settle()
    asked = [[f"app{n}"] for n in range(4)] + [["."], ["--jobs", "1"]]
    with ThreadPoolExecutor(6) as together:
        ran = list(together.map(lambda paths: cli.lint(*paths), asked))
    assert [0] * 6 == [one.status for one in ran]
    assert ran == [cli.lint(*paths) for paths in asked]
    assert [] == [file for file in files_of(cli.home) if not storage.read(str(file))]


def test_a_killed_run_leaves_no_harm(cli: Cli, write: Write) -> None:
    write({**APPLICATION, "src/handler.py": MISSPELT})
    right = cli.lint("--no-cache")
    for delay in (0.05, 0.2, 0.4, 0.6):
        process = subprocess.Popen(
            cli.command("--engine", "none"), cwd=cli.folder, env=cli.environment(), stdout=subprocess.DEVNULL
        )
        time.sleep(delay)
        process.kill()
        process.wait()
        assert right == cli.lint()


# -- how large it gets, and getting rid of it --------------------------------------------------------------


def test_results_that_nobody_asks_for_are_dropped_and_the_rest_is_bounded(
    library: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(library, caching=True)
    (file,) = files_of(kept / "units")
    whole = file.stat().st_size
    monkeypatch.setattr(cache, "LARGEST", whole // 3)
    looked(library, caching=True)
    (library / "radio-playlist/extra.py").write_text("x = 1\n")
    looked(library, caching=True)
    (library / "radio-playlist/extra.py").unlink()
    assert 0 < file.stat().st_size < whole * 0.6
    monkeypatch.setattr(cache, "MONTH", -1)
    _, hits = looked(library, caching=True)
    assert 0 < hits
    _, hits = looked(library, caching=True)
    assert 0 == hits


def test_of_many_files_those_that_were_not_written_for_long_go(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LARGEST", 3000)
    for n in range(6):
        assert storage.write(str(kept / "runs" / f"{n:08}"), bytes(900))
        os.utime(kept / "runs" / f"{n:08}", (n, n))
    assert storage.write(str(kept / "runs" / "00000006"), bytes(900))
    assert ["00000004", "00000005", "00000006"] == [file.name for file in files_of(kept)]


def test_clean_removes_it_all_and_nothing_else(cli: Cli, write: Write, tmp_path: Path) -> None:
    write(APPLICATION)
    where = tmp_path / "mine"
    (where / "other").mkdir(parents=True)
    environment = {storage.VARIABLE: str(where)}
    settle()
    cli.lint(env=environment)
    shown = cli("cache", "show", env=environment).out
    assert re.fullmatch(rf"{re.escape(str(where))}: 2 files, 0\.[01] MB\n", shown)
    assert shown.replace("MB", "MB removed") == cli("cache", "clean", env=environment).out
    assert {"other", ".gitignore", "CACHEDIR.TAG"} == {path.name for path in where.iterdir()}
    assert f"{where}: 0 files, 0.0 MB removed\n" == cli("cache", "clean", env=environment).out
    assert "there is no cache" in cli("cache", "show", env={storage.VARIABLE: ""}).out


def test_without_a_cache_nothing_is_written(cli: Cli, write: Write) -> None:
    write(APPLICATION)
    cli.lint("--no-cache")
    cli.lint(env={storage.VARIABLE: ""})
    assert [] == files_of(cli.home)


# -- how an answer is given ---------------------------------------------------------------------------------


def test_a_file_that_was_asked_for_is_written_again(cli: Cli, write: Write, project: Path, tmp_path: Path) -> None:
    write({**APPLICATION, "src/handler.py": MISSPELT})
    target = tmp_path / "report.json"
    settle()
    ran = cli.lint("--format", "json", "--output", target)
    first = target.read_bytes()
    target.write_text("something else")
    assert ran == cli.lint("--format", "json", "--output", target)
    assert first == target.read_bytes()
    (tmp_path / "gone").mkdir()
    lost = tmp_path / "gone" / "report.json"
    assert 1 == cli.lint("--format", "json", "--output", lost).status
    (tmp_path / "gone" / "report.json").unlink()
    (tmp_path / "gone").rmdir()
    ran = cli.lint("--format", "json", "--output", lost)
    assert (2, f"s3ap-lint: --output {lost}: no such file or directory\n") == (ran.status, ran.err)


def test_a_reader_that_goes_away_is_no_reason_to_start_over(cli: Cli, write: Write) -> None:
    write({f"many{n}.py": "import os\n" * 30 for n in range(60)})
    settle()
    cli.lint("--exit-zero", ".")
    shell = f"{cli.command()[0]} --engine none --exit-zero . | head -1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", shell], cwd=cli.folder, env=cli.environment(), capture_output=True, text=True, check=True
    )
    assert "" == ran.stderr
    assert ran.stdout.splitlines()[-1] in ("0", "141")


def test_a_run_that_could_not_do_its_job_is_made_again(cli: Cli, write: Write, project: Path) -> None:
    write({"notes.txt": "nothing to check\n"})
    settle()
    assert [2, 2] == [cli.lint().status for _ in range(2)]
    assert [] == [file for file in files_of(cli.home) if file.parent.name == "runs"]


# -- what fell through once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".s3ap-lint.toml", "known.json"])
def test_a_linked_configuration_or_baseline_counts_by_its_content(
    cli: Cli, write: Write, project: Path, tmp_path: Path, name: str
) -> None:
    write({**APPLICATION, "src/handler.py": MISSPELT})
    real = tmp_path / "elsewhere"
    accepting = {".s3ap-lint.toml": 'ignore = ["S3AP302"]\n', "known.json": '{"version": 1, "entries": []}'}
    real.write_text(accepting[name])
    (project / name).symlink_to(real)
    settle()
    asked = ("--select", "S3AP302", *(["--baseline", name] if name == "known.json" else []))
    before = [cli.lint(*asked).status for _ in range(2)]
    real.write_text({".s3ap-lint.toml": "", "known.json": '{"version": 1, "entries": [], "more": '}[name])
    assert [before[0]] * 2 == before
    assert cli.lint(*asked, "--no-cache") == cli.lint(*asked)
    assert before[0] != cli.lint(*asked).status


def test_code_and_data_beside_a_plugin_count(cli: Cli, write: Write) -> None:
    plugin = (
        "import helper\nfrom s3ap_lint.api import hookimpl\n\n\n@hookimpl\ndef s3ap_rules():\n    return helper.RULES\n"
    )
    write({**APPLICATION, "acme.py": plugin, "helper.py": "RULES = []\n"})
    settle()
    told = ("--plugin-path", "acme.py", "template.yaml")
    assert [0, 0] == [cli.lint(*told).status for _ in range(2)]
    write({"helper.py": "RULES = 1 / 0\n"})
    assert "ZeroDivisionError" in cli.lint(*told).err


def test_a_file_that_changes_while_a_run_looks_around_is_not_taken_for_known(write: Write, kept: Path) -> None:
    folder = write({**APPLICATION, "src/handler.py": MISSPELT})
    config = replace(load([str(folder)], cwd=folder), engine="none", jobs=1)
    settle()
    run = Run([str(folder)], config, caching=True)
    write({"template.yaml": TEMPLATE.replace("INPUT", "IMPUT")})
    settle()
    run.look()
    run.keep()
    again = Run([str(folder)], config, caching=True)
    assert Run([str(folder)], config).look() == again.look()


def test_nothing_is_removed_that_the_cache_did_not_make(cli: Cli, write: Write, tmp_path: Path) -> None:
    write(APPLICATION)
    where = tmp_path / "shared"
    (where / "runs/folder").mkdir(parents=True)
    (where / "runs/model.pt").write_text("mine")
    (where / "runs/0123abcd").write_text("mine, too")
    settle()
    cli.lint(env={storage.VARIABLE: str(where)})
    assert "2 files" in cli("cache", "clean", env={storage.VARIABLE: str(where)}).out
    assert {"folder", "model.pt", "0123abcd"} == {path.name for path in (where / "runs").iterdir()}


def test_the_interpreters_settings_count(cli: Cli, write: Write) -> None:
    write({"big.py": f"x = {'9' * 5000}\n"})
    settle()
    assert 0 == cli.lint("big.py", env={"PYTHONINTMAXSTRDIGITS": "0"}).status
    assert 1 == cli.lint("big.py").status


def test_the_names_of_units_do_not_depend_on_the_order_of_sets(cli: Cli, write: Write) -> None:
    write({**APPLICATION, **{f"src/{name}.py": "x = 1\n" for name in "abcd"}})
    asked = [f"src/{name}.py" for name in ("handler", *"abcd")]
    for seed in range(1, 5):
        cli.lint(*asked, env={"PYTHONHASHSEED": str(seed)})
    (file,) = [file for file in files_of(cli.home) if file.parent.name == "units"]
    kept = pickle.loads(storage.read(str(file)), fix_imports=False)[3]
    assert 1 == len([name for name in kept if "ApplicationTask" in name])
