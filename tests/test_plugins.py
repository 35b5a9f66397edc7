"""Plugins are found, named and left out; what is wrong with one is said; the checked project is never one.

The plugin in plugins/acme is installed for these tests as pip installs any. Hooks are tested one by one.
"""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from s3ap_lint.errors import PluginError
from s3ap_lint.plugins import HOOKS, Hooks, Manager, hookimpl, make_manager
from s3ap_lint.registry import load

if TYPE_CHECKING:
    from conftest import Cli, Ran, Write

    Acme = Callable[..., Ran]

ACME = Path(__file__).parent / "plugins" / "acme"
TEMPLATE = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with acme's distribution installed in it."""
    source = tmp_path_factory.mktemp("source") / "acme"
    shutil.copytree(ACME, source)
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--target", str(target), str(source)], capture_output=True, encoding="utf-8", check=False
    )
    assert 0 == done.returncode, done.stderr
    return target


@pytest.fixture
def acme(cli: Cli, installed: Path) -> Acme:
    """The program where acme's plugin is installed."""
    return lambda *arguments, **how: cli(*arguments, env={"PYTHONPATH": str(installed)}, **how)


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a plugin of one file, outside of the project."""

    def write_plugin(text: str, name: str = "my_plugin") -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    return write_plugin


# -- a plugin that is installed ----------------------------------------------------------------------


def test_an_installed_plugin_is_found_and_its_rule_fires(acme: Acme, write: Write):
    write({"template.yaml": TEMPLATE})
    ran = acme("--engine", "none", "--format", "concise", ".")
    assert "template.yaml:2:3: ACME001 no tag cost-centre; nobody pays for it" in ran.out
    assert 1 == ran.status


def test_its_detector_for_another_subject_speaks_under_the_same_code(acme: Acme, write: Write):
    write({"make.py": "import boto3\n\nboto3.client('sns').create_topic(Name='a')\n"})
    ran = acme("--engine", "none", "--format", "concise", "make.py")
    assert "make.py:3:21: ACME001 a topic is made without tags" in ran.out


def test_its_rule_is_configured_explained_and_tried_like_any(acme: Acme, write: Write):
    write({"template.yaml": TEMPLATE, ".s3ap-lint.toml": '[rules.untagged-topic]\ntag = "team"\n'})
    assert "no tag team" in acme("--engine", "none", "--format", "concise", ".").out
    assert "What it costs is then paid" in acme("explain", "untagged-topic").out
    assert "fires        ACME001   untagged-topic" in acme("selftest").out
    listed = {entry["code"]: entry for entry in json.loads(acme("rules", "--format", "json").out)}
    assert ("acme", "shouting") == (listed["ACME001"]["plugin"], listed["Q001"]["plugin"])


def test_its_format_and_its_engine_are_used(acme: Acme, write: Write):
    write({"make.py": "# TODO\n"})
    assert "1 findings\n" == acme("--format", "acme-count", ".").out
    assert "make.py:1:1: Q001 it shouts" in acme("--format", "concise", ".").out
    assert "shouting 3.0" in acme("--version").out


def test_a_plugin_can_be_left_out_by_name(acme: Acme, write: Write):
    write({"template.yaml": TEMPLATE})
    ran = acme("--engine", "none", "--no-plugin", "acme", ".")
    assert 0 == ran.status
    assert "ACME001" not in acme("rules", "--no-plugin", "acme").out


def test_a_built_in_family_can_be_left_out_too(cli: Cli, write: Write):
    write({"template.yaml": TEMPLATE})
    assert "S3AP101" not in cli("rules", "--no-plugin", "access-points").out
    ran = cli("--no-plugin", "cfn-lint", "--format", "json", ".")
    assert 0 == ran.status


def test_a_plugin_that_is_none_cannot_be_left_out(cli: Cli):
    ran = cli("rules", "--no-plugin", "acmee")
    assert 2 == ran.status
    assert "no plugin is called 'acmee'; there are access-points, " in ran.err


def test_the_example_harness_holds_an_installed_plugin_to_its_examples(installed: Path, tmp_path: Path):
    code = (
        "from acme_rules.untagged_topic import untagged_topic; from s3ap_lint.testing import assert_rule, example_cases"
    )
    code += "; assert_rule(untagged_topic); print([c for c in example_cases() if c.rule.code == 'ACME001'] != [])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ("True\n", 0) == (done.stdout, done.returncode), done.stderr


# -- what may be wrong with a plugin ------------------------------------------------------------------

IMPORTS = "from s3ap_lint.api import *\nfrom s3ap_lint.api import hookimpl\n"
RULE = """
@rule(code={code!r}, name={name!r}, subject=Template, severity=Severity.ERROR, since="1.0", examples=[])
def my_rule(template):
    '''Something.'''
    return ()

@hookimpl
def s3ap_rules():
    return [my_rule]
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module", "plugin 'my_plugin' does not import (ModuleNotFoundError: No module named"),
        ("def f(:", "plugin 'my_plugin' does not import (SyntaxError:"),
        ("raise SystemExit(0)", "plugin 'my_plugin' does not import (SystemExit: 0)"),
        (
            "raise RuntimeError('no licence')",
            "(RuntimeError: no licence); repair or reinstall it, or run with --no-plugin",
        ),
        (
            IMPORTS + "@hookimpl\ndef s3ap_rule():\n    return []\n",
            "plugin 'my_plugin' implements an unknown hook 's3ap_rule'; the hooks are s3ap_rules, s3ap_loaders",
        ),
        (IMPORTS + "@hookimpl\ndef s3ap_rules(config):\n    return []\n", "plugin 'my_plugin'"),
        (
            IMPORTS + "@hookimpl\ndef s3ap_rules():\n    1 / 0\n",
            "plugin 'my_plugin' failed in s3ap_rules: ZeroDivisionError",
        ),
        (
            IMPORTS + "@hookimpl\ndef s3ap_rules():\n    return None\n",
            "plugin 'my_plugin' failed in s3ap_rules: TypeError",
        ),
        (
            IMPORTS + "@hookimpl\ndef s3ap_rules():\n    return ['a rule']\n",
            "plugin 'my_plugin' offers 'a rule' as a rule",
        ),
        (
            IMPORTS + RULE.format(code="S3AP101", name="my-rule"),
            "S3AP101 is defined by both 'access-points' and 'my_plugin'; disable one with --no-plugin",
        ),
    ],
)
def test_what_is_wrong_with_a_plugin_is_said_in_one_line(
    cli: Cli, plugin: Callable[[str], Path], write: Write, text: str, said: str
):
    write({"template.yaml": TEMPLATE})
    ran = cli("--engine", "none", "--plugin-path", plugin(text))
    assert 2 == ran.status
    assert said in ran.err
    assert 1 == ran.err.count("\n")
    assert "" == ran.out


@pytest.mark.parametrize("command", ["rules", "selftest"])
@pytest.mark.parametrize("text", ["import no_such_module", IMPORTS + RULE.format(code="S3AP101", name="my-rule")])
def test_other_commands_say_what_is_wrong_with_a_plugin_as_a_check_does(
    cli: Cli, plugin: Callable[[str], Path], write: Write, text: str, command: str
):
    write({"template.yaml": TEMPLATE})
    path = plugin(text)
    assert cli("--engine", "none", "--plugin-path", path) == cli(command, "--plugin-path", path)


def test_a_broken_plugin_that_is_installed_can_be_left_out(cli: Cli, installed: Path, tmp_path: Path):
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    (site / "acme_rules" / "__init__.py").write_text("import gone_with_the_upgrade\n")
    there = {"PYTHONPATH": str(site)}
    broken = cli("rules", env=there)
    assert (2, "") == (broken.status, broken.out)
    assert "plugin 'acme' does not import (ModuleNotFoundError" in broken.err
    assert "--no-plugin acme" in broken.err
    assert 0 == cli("rules", "--no-plugin", "acme", env=there).status


def test_a_plugin_path_that_is_not_there_is_said(cli: Cli):
    ran = cli("rules", "--plugin-path", "gone.py")
    assert 2 == ran.status
    assert "gone.py: no such file or folder" in ran.err


def test_a_package_can_be_a_plugin_path(cli: Cli, plugin: Callable[[str], Path], tmp_path: Path):
    folder = tmp_path / "my_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(IMPORTS + "from my_package.rules import s3ap_rules\n")
    (folder / "rules.py").write_text(IMPORTS + RULE.format(code="ACME007", name="my-rule"))
    ran = cli("rules", "--plugin-path", folder)
    assert "ACME0xx (plugin my_package)\n  ACME007   my-rule" in ran.out


# -- the checked project -----------------------------------------------------------------------------

TREE = ("sitecustomize", "usercustomize", "conftest", "setup", "s3ap_lint", "s3ap_rules", "yaml", "pluggy", "cfnlint")
TREE += ("json", "re", "ast", "pickle", "signal", "socket", "threading", "tempfile", "acme_rules", "template")
EVIL = "import os\nos.write(2, b'CODE OF THE CHECKED PROJECT RAN')\n"
EVIL_PYPROJECT = """
[project]
name = "innocent"
version = "1"
[project.entry-points.s3ap_lint]
innocent = "acme_rules"
"""


@pytest.fixture
def hostile(write: Write) -> Path:
    """A project full of modules that would be imported, if any were."""
    files = {f"{name}.py": EVIL for name in TREE}
    files |= {f"function{number}/handler.py": EVIL for number in range(30)}
    egg = "innocent.egg-info"
    files |= {
        f"{egg}/PKG-INFO": "Name: innocent\nVersion: 1\n",
        f"{egg}/entry_points.txt": "[s3ap_lint]\nevil = acme_rules\n",
    }
    return write({**files, "pyproject.toml": EVIL_PYPROJECT, "template.yaml": TEMPLATE, "s3ap_rules/__init__.py": EVIL})


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_code_of_the_checked_project_is_never_run(cli: Cli, hostile: Path, jobs: str):
    ran = cli("--jobs", jobs, "--ignore", "F", ".")
    assert "" == ran.err
    assert 0 == ran.status, ran.out


def test_nor_by_the_commands_that_check_nothing(cli: Cli, hostile: Path):
    for command in (["rules"], ["selftest"], ["config", "show"], ["explain", "S3AP101"]):
        ran = cli(*command)
        assert ("", 0) == (ran.err, ran.status)


STARTED = """
import sys
from s3ap_lint import cli, parallel
parallel.start_method = lambda: sys.argv[1]
if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_nor_in_processes_that_are_started_rather_than_forked(cli: Cli, hostile: Path, tmp_path: Path, method: str):
    script = tmp_path / "started.py"
    script.write_text(STARTED)
    done = subprocess.run(
        [sys.executable, str(script), method, "--jobs", "2", "--engine", "none", "--ignore", "F", "."],
        cwd=hostile,
        env=cli.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ("", 0) == (done.stderr, done.returncode)


def test_a_configuration_that_names_plugins_is_refused_unless_it_is_named_itself(cli: Cli, write: Write):
    write({"acme_rules.py": EVIL, "template.yaml": TEMPLATE, ".s3ap-lint.toml": 'plugin-path = ["acme_rules.py"]\n'})
    ran = cli(".")
    assert (2, "") == (ran.status, ran.out)
    assert "plugin-path would run code of the project being checked" in ran.err
    assert "CODE OF THE CHECKED PROJECT RAN" not in ran.err
    assert "CODE OF THE CHECKED PROJECT RAN" in cli("--config", ".s3ap-lint.toml", ".").err


# -- hooks -------------------------------------------------------------------------------------------


def offered(**hooks: Callable[[], object]) -> Manager:
    """A manager with one plugin called "mine" that has these hooks."""
    module = type("Plugin", (), {})()
    for name, function in hooks.items():
        function.__name__ = name
        setattr(module, name, hookimpl(function))
    manager = Manager()
    manager.register(module, "mine")
    return manager


def test_every_hook_is_documented_typed_and_tested():
    defined = [name for name in vars(Hooks) if name.startswith("s3ap_")]
    assert list(HOOKS) == defined
    for name in defined:
        hook = getattr(Hooks, name)
        assert (inspect.getdoc(hook) or "").startswith("Return "), name
        assert (inspect.getdoc(hook) or "").endswith("."), name
        assert "return" in typing.get_type_hints(hook), name
        assert f"test_hook_{name}" in globals(), f"there is no test_hook_{name}"


def test_hook_s3ap_rules():
    assert [("mine", "a rule")] == offered(s3ap_rules=lambda: ["a rule"]).call("s3ap_rules")


def test_hook_s3ap_loaders():
    assert [("mine", "a loader")] == offered(s3ap_loaders=lambda: ("a loader",)).call("s3ap_loaders")


def test_hook_s3ap_appliers():
    assert [("mine", "an applier")] == offered(s3ap_appliers=lambda: iter(["an applier"])).call("s3ap_appliers")


def test_hook_s3ap_renderers():
    assert [("mine", "a format")] == offered(s3ap_renderers=lambda: ["a format"]).call("s3ap_renderers")


def test_hook_s3ap_engines():
    assert [("mine", "a linter")] == offered(s3ap_engines=lambda: ["a linter"]).call("s3ap_engines")


def test_a_hook_that_a_plugin_does_not_have_gives_nothing():
    assert [] == offered(s3ap_rules=lambda: ["a rule"]).call("s3ap_engines")


def test_two_plugins_of_one_name_are_refused():
    manager = offered(s3ap_rules=lambda: ["a rule"])
    with pytest.raises(PluginError, match="two plugins are called 'mine'; disable one with --no-plugin mine"):
        manager.register(object(), "mine")


def test_every_manager_is_fresh():
    first, second = make_manager(disabled=["references"]), make_manager()
    assert "references" not in first.names()
    assert "references" in second.names()
    assert {"S3AP201"} <= load(second).rules.keys() - load(first).rules.keys()
