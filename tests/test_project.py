"""The project as a whole: what the wheel holds, who imports whom, and that its pages speak of what exists."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import s3ap_lint
from s3ap_lint.arguments import COMMANDS, parser_for

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
STANDARD = frozenset(sys.stdlib_module_names)
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "dist", "build")


# -- the wheel ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that is built from a copy of the project, with the build tools that are installed."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(REPOSITORY, folder / "copy", ignore=LEFT_OUT)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder / "copy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    (built,) = (folder / "dist").iterdir()
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel: zipfile.ZipFile):
    """A folder called rules, tests or fixtures in site-packages would be everybody's."""
    metadata = f"s3ap_lint-{s3ap_lint.__version__}.dist-info"
    assert {"s3ap_lint", "s3ap_rules", metadata} == {name.split("/")[0] for name in wheel.namelist()}


def test_the_wheel_holds_every_module_and_table(wheel: zipfile.ZipFile):
    """And the mark that its types are to be used."""
    packages = {"s3ap_lint": REPOSITORY / "s3ap_lint", "s3ap_rules": REPOSITORY / "rules/s3ap_rules"}
    expected = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in packages.items()
        for path in folder.rglob("*")
        if path.suffix in (".py", ".json", ".typed") or path.name == "py.typed"
        if not {"__pycache__", ".mypy_cache", ".ruff_cache"} & set(path.parts)
    }
    assert "s3ap_lint/py.typed" in expected
    assert expected <= set(wheel.namelist())


def test_the_wheel_says_what_it_needs(wheel: zipfile.ZipFile):
    """The tools of developers are an extra."""
    metadata = wheel.read(f"s3ap_lint-{s3ap_lint.__version__}.dist-info/METADATA").decode()
    needed = {
        line.split()[1] for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra" not in line
    }
    assert len(PROJECT["project"]["dependencies"]) == len(needed)
    assert "boto3" not in metadata.lower()
    assert not any(name.startswith("pygls") for name in needed)


# -- who imports whom --------------------------------------------------------------------------------


@cache
def modules() -> dict[str, Path]:
    """Every module of both packages, by its dotted name."""
    found = {}
    for folder in (REPOSITORY / "s3ap_lint", REPOSITORY / "rules/s3ap_rules"):
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports(module: str, *, everywhere: bool = True) -> frozenset[str]:
    """The modules that a module imports, by full name; without `everywhere` not those imported inside of functions."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    return frozenset(_imported(tree, module, everywhere))


def _imported(tree: ast.AST, module: str, everywhere: bool) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert 0 == node.level, f"{module} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules() else node.module or ""
        elif everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _imported(node, module, everywhere)


@cache
def reached(module: str) -> frozenset[str]:
    """All of our own modules that a module leads to."""
    seen: set[str] = set()
    todo = [module]
    while todo:
        for name in imports(todo.pop()) & modules().keys():
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return frozenset(seen)


CHAIN = (
    ("s3ap_lint.model",),
    ("s3ap_lint.source",),
    ("s3ap_lint.template", "s3ap_lint.python"),
    ("s3ap_lint.arn", "s3ap_lint.iam", "s3ap_lint.access"),
    ("s3ap_lint.application",),
    ("s3ap_lint.permissions",),
    ("s3ap_lint.engine",),
    ("s3ap_lint.report", "s3ap_lint.run"),
    ("s3ap_lint.cli",),
)


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("level", range(len(CHAIN) - 1), ids=[" ".join(names) for names in CHAIN[:-1]])
def test_imports_go_one_way(level: int):
    """Nothing that a module of the chain leads to, whatever is in between, stands further up."""
    above = [name for names in CHAIN[level + 1 :] for name in names]
    assert [] == sorted(
        f"{module} leads to {name}"
        for module in modules()
        if inside(module, *CHAIN[level])
        for name in reached(module)
        if inside(name, *above)
    )


def test_templates_and_python_know_nothing_of_each_other():
    for one, other in (("s3ap_lint.template", "s3ap_lint.python"), ("s3ap_lint.python", "s3ap_lint.template")):
        assert [] == [m for m in modules() if inside(m, one) and any(inside(name, other) for name in reached(m))]


def test_no_modules_import_each_other():
    """graphlib raises CycleError, with the circle, where there is one."""
    ours = modules().keys()
    graph = {module: {name for name in imports(module, everywhere=False) & ours if name != module} for module in ours}
    assert len(ours) == len(list(TopologicalSorter(graph).static_order()))


def test_plugins_and_registry_know_only_the_nouns_and_the_settings():
    known = {"s3ap_lint.model", "s3ap_lint.offers", "s3ap_lint.errors", "s3ap_lint.config", "s3ap_lint.plugins"}
    for module in ("s3ap_lint.plugins", "s3ap_lint.registry"):
        assert set() == {name for name in imports(module) if name.startswith("s3ap")} - known
    assert not any(inside(name, *CHAIN[1]) for name in imports("s3ap_lint.model"))


def test_rules_import_the_api_and_the_standard_library():
    """What a plugin of somebody else's can do as well; the wrappers of other linters are exempt."""
    rules = [
        module for module in modules() if inside(module, "s3ap_rules") and not inside(module, "s3ap_rules.foreign")
    ]
    assert len(rules) > 10
    assert [] == sorted(
        f"{module} imports {name}"
        for module in rules
        for name in imports(module)
        if name != "s3ap_lint.api" and not inside(name, "s3ap_rules") and name.split(".")[0] not in STANDARD
    )


def test_the_host_does_not_know_its_plugins():
    """Neither the rules that come with it nor what other programs of the family need."""
    assert [] == sorted(
        f"{module} imports {name}"
        for module in modules()
        if inside(module, "s3ap_lint")
        for name in imports(module)
        if name.split(".")[0] in {"s3ap_rules", "s3ap_ops", "boto3", "botocore"}
    )


def test_only_the_server_speaks_the_protocol_of_editors():
    """Its library is an extra: everything else works without, and nothing but the command imports the server."""
    library = {"attrs", "cattrs", "lsprotocol", "pygls"}
    server = {module for module in modules() if inside(module, "s3ap_lint.server")}
    assert len(server) > 10
    assert [] == [m for m in modules().keys() - server if {name.split(".")[0] for name in imports(m)} & library]
    assert ["s3ap_lint.cli"] == sorted(m for m in modules().keys() - server if imports(m) & server)
    assert [] == [m for m in modules() if imports(m, everywhere=False) & server and m not in server]


def test_other_linters_are_imported_where_they_are_used():
    """A run that does not ask them does not pay for them."""
    assert [] == sorted(
        f"{module} imports {name}"
        for module in modules()
        if inside(module, "s3ap_lint")
        for name in imports(module, everywhere=False)
        if name.split(".")[0] in {"cfnlint", "libcst", "pyflakes", "cfn_flip"}
    )


def test_the_command_line_starts_without_parsers_and_linters():
    """In a process of its own: `--help` must not wait for anything."""
    code = "import json, sys, s3ap_lint.cli; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "s3ap_lint.cli" in loaded
    assert set() == loaded & {"yaml", "cfnlint", "libcst", "pyflakes", "cfn_flip", "s3ap_rules", "s3ap_lint.engine"}


# -- pages, settings and names -----------------------------------------------------------------------


def test_every_family_of_rules_is_a_plugin():
    """A folder of rules that no entry point names would never run; foreign linters have one each."""
    points = PROJECT["project"]["entry-points"]["s3ap_lint"]
    folder = REPOSITORY / "rules/s3ap_rules"
    families = {path.parent.name for path in folder.glob("*/__init__.py")} - {"foreign"}
    assert {f"s3ap_rules.{family}" for family in families} <= set(points.values())
    assert {name: value for name, value in points.items() if "foreign" not in value} == {
        family.replace("_", "-"): f"s3ap_rules.{family}" for family in families
    }
    engines = {path.stem for path in (folder / "foreign").glob("*.py") if "s3ap_engines" in path.read_text("utf-8")}
    assert {f"s3ap_rules.foreign.{engine}" for engine in engines} == {v for v in points.values() if "foreign" in v}


def test_every_rule_stands_in_a_file_of_its_name():
    """Who reads S3AP302 unset-variable in a report finds unset_variable.py."""
    from s3ap_lint.testing import installed

    folders = (REPOSITORY / "rules/s3ap_rules", REPOSITORY / "ops/s3ap_ops/rules")
    files = {path.stem for folder in folders for path in folder.rglob("*.py")}
    ours = [rule for code, rule in installed().rules.items() if code.startswith("S3AP")]
    assert [] == [rule.name for rule in ours if rule.name.replace("-", "_") not in files]


def spoken_of(page: str) -> list[list[str]]:
    """The commands that a page shows in its blocks and in running text, without comments."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    lines = re.findall(r"^\s*(?:- run: |\$ )?(?:\.venv/bin/)?s3ap-lint(?: (.*))?$", text, re.MULTILINE)
    inline = re.findall(r"`s3ap-lint ([^`]*)`", text)
    return [re.sub(r"\s+#.*", "", line).split() for line in (*lines, *inline)]


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in sorted((REPOSITORY / "docs").glob("*.md")))])
def test_the_commands_that_a_page_shows_exist(page: str):
    """With their options; the parser refuses what it does not know."""
    for words in spoken_of(page):
        command = words.pop(0) if words and words[0] in COMMANDS else "check"
        parser_for(command).parse_intermixed_args(words)


def test_the_readme_shows_commands():
    assert len(spoken_of("README.md")) >= 8


def test_the_changelog_has_an_entry_for_this_version():
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(rf"^## {re.escape(s3ap_lint.__version__)}\b.*$", changelog, re.MULTILINE)
    assert heading
    entry = changelog[heading.end() :].partition("\n## ")[0]
    assert entry.count("\n- ") >= 1


def test_the_pre_commit_hooks_run_a_command_that_exists():
    """`--allow-empty`, because pre-commit passes files that are none of ours."""
    import yaml

    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [("s3ap-lint", False), ("s3ap-lint-fix", True)] == [(hook["id"], "--fix" in hook["entry"]) for hook in hooks]
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        assert ("s3ap-lint", "python") == (program, hook["language"])
        assert program in PROJECT["project"]["scripts"]
        files = ["template.yaml", "functions/reader/handler.py"]
        assert parser_for("check").parse_intermixed_args([*arguments, *files]).allow_empty
        assert hook["require_serial"] is True
        assert ["--"] == hook["args"]


def test_the_hooks_ask_for_every_name_that_may_be_ours_and_leave_binaries_and_texts_alone():
    import yaml

    ours = ["template.yaml", "a/b.YML", "stack.template", "x.cfn", "x.cform", "a/b.asl.json", "handler.py", "pack.sh"]
    ours += ["README.md", "samconfig.toml", "a/samconfig.toml.example", ".s3ap-lint.toml"]
    others = ["x.txt", "yaml", "x.py.orig", "x.pyc", "Makefile", "my-samconfig.txt", "a.toml/x", "x.ts"]
    for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        wanted = re.compile(hook["files"]).search  # as pre-commit does
        assert ours == [name for name in (*ours, *others) if wanted(name)]


def test_no_path_of_a_machine_is_in_the_project():
    """Neither a home folder nor a temporary one: such a line works in one place only."""
    machine = re.compile(r"(?<![\w.])/(?:home|Users|root/(?!\{)|mnt|work)/?[a-z][\w.-]*/[\w./-]+")
    found = []
    for path in _texts():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            found += [f"{path.relative_to(REPOSITORY)}:{number}: {hit[0]}" for hit in machine.finditer(line)]
    assert [] == found


def _texts() -> Iterator[Path]:
    """The files of the project that people wrote."""
    for folder in ("s3ap_lint", "rules", "tests", "docs", "tools", "bench", "fixtures", ".ci", ".github"):
        for path in sorted((REPOSITORY / folder).rglob("*")):
            hidden = {part for part in path.relative_to(REPOSITORY).parts[1:] if part.startswith(".")}
            if path.is_file() and not hidden and "__pycache__" not in path.parts and path != Path(__file__).resolve():
                yield path
    yield from (path for path in sorted(REPOSITORY.glob("*")) if path.is_file())


def test_no_two_test_files_share_a_name() -> None:
    """Without packages, pytest imports a test file by its base name: the second of a name is not collected."""
    names = [path.name for tests in ("tests", "ops/tests") for path in (REPOSITORY / tests).rglob("*.py")]
    assert [] == sorted({name for name in names if names.count(name) > 1 and name != "conftest.py"})
