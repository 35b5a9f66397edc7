"""A checkout is only read: nothing of it runs, nothing outside of it is opened, and no network or account is needed."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Cli, Ran, Write

# Runs in every Python process of a test, before anything else. What is merely opened is written down; what must
# never happen is written down and ends the process.
WATCH = """\
import os
import sys

LOG = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
TREES = tuple(os.environ["WATCH_TREES"].split(os.pathsep))
FORBIDDEN = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "urllib.Request",
)
CHANGES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod")


def below(name):
    name = os.fsdecode(name)
    path = os.path.abspath(name)
    return path if path.startswith(TREES) and not name.startswith("<") else None


def tell(*words):
    os.write(LOG, (" ".join(words).replace("\\n", " ") + "\\n").encode("utf-8", "surrogateescape"))


def hook(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes)):
        path = below(arguments[0])
        if path:
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            tell("write" if writes else "open", path)
    elif event in CHANGES and isinstance(arguments[0], (str, bytes)) and below(arguments[0]):
        tell("write", below(arguments[0]))
    elif event == "exec":
        path = below(arguments[0].co_filename)
        if path:
            tell("forbidden: executed", path)
            os._exit(97)
    elif event in FORBIDDEN:
        tell("forbidden:", event, repr(arguments[:2]))
        os._exit(98)


sys.addaudithook(hook)
"""

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: reader/
      Handler: handler.handler
      Runtime: python3.12
"""
READER = "import os\n\nopen('executed', 'w')\n\n\ndef handler(event, context):\n    return os.environ['OUTPUT']\n"
REQUIRED = "OUTPUT is required here, but Reader does not set it, so the events that come this way fail"
FOUND = f"reader/handler.py:7:12: S3AP302 {REQUIRED}"
TRAP = "open('executed', 'w')\nimport os\nos.abort()\n"


FAST = pytest.mark.skipif(
    importlib.util.find_spec("cloudformation_validate") is None and not os.environ.get("CI"),
    reason="the optional engine is not installed",
)


class Watch:
    """The environment in which every process is watched, and what was seen."""

    def __init__(self, folder: Path, *trees: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
        self.log = folder / "log.txt"
        self.log.touch()
        self.environment = {
            "PYTHONPATH": str(folder),
            "WATCH_LOG": str(self.log),
            "WATCH_TREES": ":".join(str(tree.resolve()) for tree in trees),
        }

    @property
    def forbidden(self) -> list[str]:
        return [line for line in self._lines() if line.startswith("forbidden")]

    def seen(self, what: str, tree: Path) -> set[str]:
        """What was opened or written below a folder, relative to it."""
        paths = [Path(line.partition(" ")[2]) for line in self._lines() if line.startswith(f"{what} ")]
        below = tree.resolve()
        return {path.relative_to(below).as_posix() for path in paths if path.is_relative_to(below)}

    def _lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


@pytest.fixture
def watch(tmp_path: Path, project: Path) -> Watch:
    """A watch over the project and what lies beside it."""
    (tmp_path / "outside").mkdir()
    return Watch(tmp_path / "watch", project, tmp_path / "outside")


@pytest.fixture
def hostile(write: Write) -> Path:
    """An application among files with which a checkout might get its code run."""
    return write(
        {
            "template.yaml": TEMPLATE,
            "reader/handler.py": READER,
            "reader/__init__.py": TRAP,
            # modules that the program or its libraries import, in the working directory
            **{f"{name}.py": TRAP for name in ("yaml", "json", "ast", "signal", "socket", "sitecustomize", "pathspec")},
            **{
                f"{name}/__init__.py": TRAP
                for name in (
                    "multiprocessing",
                    "cfnlint",
                    "cloudformation_validate",
                    "pyflakes",
                    "s3ap_rules",
                    "concurrent",
                )
            },
            "usercustomize.py": TRAP,
            "conftest.py": TRAP,
            "setup.py": TRAP,
            # settings of other tools, and plugins that nobody trusts
            ".cfnlintrc": "append_rules: [rules]\noverride_spec: spec.json\nregistry_schemas: [schemas]\n",
            "rules/MyRule.py": TRAP,
            "rules/__init__.py": TRAP,
            "spec.json": "{}",
            "schemas/aws-sns-topic.json": "{}",
            "acme.egg-info/entry_points.txt": "[s3ap_lint]\nacme = rules\n",
            "acme.egg-info/PKG-INFO": "Metadata-Version: 2.1\nName: acme\nVersion: 1\n",
            ".git/config": "[core]\n\tfsmonitor = touch executed\n",
            ".git/hooks/post-index-change": "#!/bin/sh\ntouch executed\n",
        }
    )


@pytest.mark.parametrize("event", ["import handler", "import socket; socket.create_connection(('localhost', 9))"])
def test_the_watch_notices(watch: Watch, project: Path, write: Write, event: str):
    """A process that runs a file of the project, or asks for the network, ends there and then."""
    write({"handler.py": "import os\n"})
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, '.'); {event}"]
    done = subprocess.run(command, cwd=project, env=watch.environment, check=False)
    assert done.returncode in (97, 98)
    assert 1 == len(watch.forbidden)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--engine", "none"], id="alone"),
        pytest.param(["--engine", "none", "--jobs", "4"], id="over processes"),
        pytest.param([], id="with cfn-lint"),
        pytest.param(["--jobs", "1", "--engine-timeout", "30"], id="with cfn-lint in one process"),
        pytest.param(["--engine", "cfn-validate"], id="with cfn-validate", marks=FAST),
        pytest.param(["reader/handler.py", "template.yaml"], id="by name"),
    ],
)
def test_nothing_of_a_checkout_is_run_or_changed(cli: Cli, hostile: Path, watch: Watch, arguments: list[str]):
    """In the folder itself, with modules in it that are called like those of the program."""
    ran = cli("--format", "concise", "--select", "S3AP302,S3AP902,E,W", *arguments, env=watch.environment)
    assert ([], set()) == (watch.forbidden, watch.seen("write", hostile))
    assert (1, f"{FOUND}\n", "") == (ran.status, ran.out, ran.err)
    assert {"template.yaml", "reader/handler.py"} <= watch.seen("open", hostile)
    assert not list(hostile.rglob("executed"))


@pytest.mark.parametrize("options", [[], ["-P"]], ids=["as it comes", "safe path"])
def test_the_module_runs_nothing_of_a_checkout_either(cli: Cli, hostile: Path, watch: Watch, options: list[str]):
    """`python -m` puts the working directory before everything else, unless it is told not to."""
    arguments = ["--engine", "none", "--select", "S3AP302", "--format", "concise"]
    command = [sys.executable, *options, "-m", "s3ap_lint", *arguments]
    env = cli.environment(watch.environment)
    done = subprocess.run(command, cwd=hostile, env=env, capture_output=True, text=True, check=False)
    assert (1, f"{FOUND}\n", []) == (done.returncode, done.stdout, watch.forbidden)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_are_not_forked_run_nothing_of_a_checkout(
    cli: Cli, hostile: Path, watch: Watch, tmp_path: Path, method: str
):
    """As on a Mac or inside of an editor: a new interpreter starts in the working directory."""
    starter = tmp_path / "starter.py"
    starter.write_text(
        "from s3ap_lint import cli, parallel\n"
        f"parallel.start_method = lambda: {method!r}\n"
        "if __name__ == '__main__':\n"
        "    raise SystemExit(cli.main())\n",
        encoding="utf-8",
    )
    env = cli.environment(watch.environment)
    talking = ('"os.posix_spawn", ', '"socket.connect", ', '"socket.bind", ')  # how such processes find each other
    code = functools.reduce(lambda text, event: text.replace(event, ""), talking, WATCH)
    (tmp_path / "watch/sitecustomize.py").write_text(code, encoding="utf-8")
    command = [sys.executable, starter, "--jobs", "2", "--engine", "none", "--select", "S3AP302", "--format", "concise"]
    done = subprocess.run(command, cwd=hostile, env=env, capture_output=True, text=True, check=False)
    assert (1, f"{FOUND}\n", "", []) == (done.returncode, done.stdout, done.stderr, watch.forbidden)


def test_nothing_but_the_checkout_is_needed(cli: Cli, write: Write):
    """No variable at all, no home, no PATH."""
    project = write({"template.yaml": TEMPLATE, "reader/handler.py": READER})
    command = [*cli.command("--format", "concise", "--select", "S3AP302")]
    done = subprocess.run(command, cwd=project, env={}, capture_output=True, text=True, check=False)
    assert (1, f"{FOUND}\n", "") == (done.returncode, done.stdout, done.stderr)


# -- nothing outside of the project is read ----------------------------------------------------------

OUTSIDE = {
    "handler.py": "import os\n\n\ndef handler(event, context):\n    return os.environ['SECRET']\n",
    "shared/__init__.py": "import os\n\nSECRET = os.environ['SECRET']\n",
    "python/helper.py": "import os\n\nSECRET = os.environ['SECRET']\n",
    "machine.asl.json": '{"StartAt": "Nowhere", "States": {}}',
    "template.yaml": TEMPLATE,
}
LEAVING = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: handler.handler}}
Resources:
  Above:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ../outside/}
  Absolute:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: "%s"}
  Linked:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: linked/}
  HandlerLinked:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code/}
  HandlerAbove:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: reader/, Handler: ../../outside/handler.handler}
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: ../outside/}
  Layered:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: reader/, Layers: [!Ref Layer]}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: ../outside/machine.asl.json}
"""


@pytest.fixture
def leaving(write: Write, tmp_path: Path, watch: Watch) -> Path:
    """A project that points out of itself in every way."""
    outside = tmp_path / "outside"
    for name, text in OUTSIDE.items():
        (outside / name).parent.mkdir(exist_ok=True)
        (outside / name).write_text(text, encoding="utf-8")
    project = write(
        {
            "template.yaml": LEAVING % outside,
            "reader/handler.py": "import helper\nimport shared\n\n\ndef handler(*_):\n    return helper, shared\n",
            "code/other.py": "",
        }
    )
    (project / "linked").symlink_to(outside)
    (project / "code/handler.py").symlink_to(outside / "handler.py")
    (project / "reader/shared").symlink_to(outside / "shared")
    (project / "other").mkdir()
    (project / "other/template.yaml").symlink_to(outside / "template.yaml")
    return project


def test_what_leads_out_of_the_project_is_told_and_not_read(cli: Cli, leaving: Path, watch: Watch, tmp_path: Path):
    """Neither by a path in a template nor by a link; an engine sees as little."""
    ran = cli("--format", "json", "--select", "S3AP3,E,W,F", env=watch.environment)
    assert ("", []) == (ran.err, watch.forbidden)
    assert set() == watch.seen("open", tmp_path / "outside")
    assert "SECRET" not in ran.out
    assert {
        ("code/handler.py", "file", "lies outside the project"),
        ("other/template.yaml", "file", "lies outside the project"),
        ("template.yaml", "code of Above", "its code '../outside/' lies outside the project"),
        ("template.yaml", "code of Absolute", f"its code '{tmp_path}/outside' lies outside the project"),
        ("template.yaml", "code of HandlerAbove", "'reader/' has no file for the handler '../../outside/handler'"),
        ("template.yaml", "code of HandlerLinked", "'code/' has no file for the handler 'handler'"),
        ("template.yaml", "code of Linked", "its code 'linked/' is not in the repository"),
        ("template.yaml", "ContentUri of Layer", "its ContentUri '../outside/' lies outside the project"),
        (
            "template.yaml",
            "DefinitionUri of Machine",
            "its DefinitionUri '../outside/machine.asl.json' lies outside the project",
        ),
    } == _unchecked(ran)


def _unchecked(ran: Ran) -> set[tuple[str, str, str]]:
    entries: list[Mapping[str, str]] = json.loads(ran.out)["unchecked"]
    return {(entry["path"], entry["what"], entry["reason"]) for entry in entries}


def test_a_folder_outside_of_the_project_is_read_when_it_is_named(
    cli: Cli, leaving: Path, watch: Watch, tmp_path: Path
):
    """As a project of its own."""
    (tmp_path / "outside/reader").mkdir()
    (tmp_path / "outside/reader/handler.py").write_text("def handler(event, context):\n    pass\n", encoding="utf-8")
    ran = cli.lint("--format", "concise", tmp_path / "outside", env=watch.environment)
    assert (0, "", "") == (ran.status, ran.out, ran.err)
    assert "template.yaml" in watch.seen("open", tmp_path / "outside")
    assert set() == watch.seen("open", leaving)
