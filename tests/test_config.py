"""Where settings come from, what they may be, and what is said when they are not."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3ap_lint import __version__
from s3ap_lint.config import Config, Selection, load
from s3ap_lint.diagnostic import Paths
from s3ap_lint.errors import ConfigError, UsageError
from s3ap_lint.gitignore import pattern_of
from s3ap_lint.model import Severity
from s3ap_lint.settings import KEYS, Pair, PerPath, Require


def project(folder: Path, files: dict[str, str]) -> Path:
    """Write files; a name that ends with a slash is a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(text, encoding="utf-8")
    return folder


def configured(tmp_path: Path, text: str, **options: Any) -> Config:
    project(tmp_path, {".s3ap-lint.toml": text})
    return load(["."], cwd=tmp_path, overrides=options)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as error:
        configured(tmp_path, text)
    return str(error.value)


# -- the file -----------------------------------------------------------------------------------------


def test_without_a_file_everything_has_its_default(tmp_path: Path):
    assert Config(root=tmp_path, cwd=tmp_path, top=tmp_path) == load(["."], cwd=tmp_path)


def test_every_setting_arrives(tmp_path: Path):
    text = """
        select = ["S3AP1", "alias-only-grant"]
        extend-select = ["S3AP109"]
        ignore = ["F401"]
        strict = true
        exclude = ["legacy/", "!cdk.out/"]
        required-version = ">=0.1"
        no-plugin = ["cfn-lint"]
        fail-on = "error"
        engine = "none"
        engine-timeout = 10
        jobs = 2
        access-points = "fsx"
        package-name = "{application}-{function}.zip"
        runtime = "python3.13"
        pairs = [{ source = "template.yaml", generated = "template-deploy.yaml" }]
        require = { templates = 81, functions_joined = 199, rules = ["S3AP101"] }

        [per-path."tests/**"]
        ignore = ["F401"]
        severity = "info"

        [rules.S3AP109]
        paths = ["functions/**"]

        [code-map]
        "lambda/*.zip" = "functions"
        Writer = "functions/writer"
    """
    expected = Config(
        root=tmp_path,
        cwd=tmp_path,
        top=tmp_path,
        file=tmp_path / ".s3ap-lint.toml",
        select=("S3AP1", "alias-only-grant"),
        extend_select=("S3AP109",),
        ignore=("F401",),
        strict=True,
        exclude=("legacy/", "!cdk.out/"),
        per_path=(PerPath("tests/**", ignore=("F401",), severity=Severity.INFO),),
        rules={"S3AP109": {"paths": ["functions/**"]}},
        code_map=(("lambda/*.zip", "functions"), ("Writer", "functions/writer")),
        pairs=(Pair("template.yaml", "template-deploy.yaml"),),
        require=Require(templates=81, functions_joined=199, rules=("S3AP101",)),
        required_version=">=0.1",
        no_plugin=("cfn-lint",),
        fail_on=Severity.ERROR,
        engine="none",
        engine_timeout=10.0,
        jobs=2,
        access_points="fsx",
        package_name="{application}-{function}.zip",
        runtime="python3.13",
    )
    assert expected == configured(tmp_path, text)


def test_pyproject_holds_the_same_settings_in_its_tool_table(tmp_path: Path):
    project(tmp_path, {"pyproject.toml": '[tool.s3ap-lint]\nignore = ["F401"]\n[tool.s3ap-lint.code-map]\nA = "a"\n'})
    config = load(["."], cwd=tmp_path)
    assert (("F401",), (("A", "a"),), tmp_path / "pyproject.toml") == (config.ignore, config.code_map, config.file)


def test_a_pyproject_without_our_table_is_not_ours(tmp_path: Path):
    project(tmp_path, {"pyproject.toml": '[project]\ndependencies = ["s3ap-lint"]\n'})
    assert load(["."], cwd=tmp_path).file is None


def test_a_broken_pyproject_that_does_not_mention_us_is_not_our_business(tmp_path: Path):
    project(tmp_path, {"pyproject.toml": "[tool.other\n"})
    assert load(["."], cwd=tmp_path).file is None


def test_two_files_beside_each_other_are_refused_because_one_would_be_dead(tmp_path: Path):
    project(tmp_path, {".s3ap-lint.toml": "", "pyproject.toml": "[tool.s3ap-lint]\n"})
    with pytest.raises(ConfigError) as error:
        load(["."], cwd=tmp_path)
    message = ".s3ap-lint.toml and [tool.s3ap-lint] in pyproject.toml beside it both configure this project"
    assert f"{message}; keep one of them" == str(error.value)


# -- what is wrong with it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ignroe = []", "there is no setting 'ignroe'; is 'ignore' meant?"),
        ("extend_select = []", "there is no setting 'extend_select'; is 'extend-select' meant?"),
        ("per-file-ignores = {}", "there is no setting 'per-file-ignores'; is 'per-path' meant?"),
        ("zzz = 1", f"there is no setting 'zzz'; the settings are {', '.join(sorted(KEYS))}"),
        ('strict = "yes"', 'strict must be true or false, not "yes" (a string)'),
        ('select = "S3AP1"', 'select must be a list of codes, prefixes or rule names, not "S3AP1" (a string)'),
        ("select = [1]", "select[0] must be a code, the beginning of one, or a rule's name, not 1 (an integer)"),
        (
            'ignore = ["A", "*"]',
            'ignore[1] must be a code, the beginning of one, or a rule\'s name, not "*" (a string)',
        ),
        ('exclude = ["# x"]', 'exclude[0] must be a gitignore-style pattern, not "# x" (a string)'),
        ("jobs = true", "jobs must be an integer, 0 or more, not true"),
        ("jobs = -1", "jobs must be an integer, 0 or more, not -1 (an integer)"),
        ("engine-timeout = 0", "engine-timeout must be a number of seconds above 0, not 0 (an integer)"),
        ("engine-timeout = nan", "engine-timeout must be a number of seconds above 0, not nan (a number)"),
        ('fail-on = "fatal"', 'fail-on must be "error", "warning" or "info", not "fatal" (a string)'),
        ('access-points = "s3"', 'access-points must be "auto" or "fsx", not "s3" (a string)'),
        ("runtime = 3.13", "runtime must be a string, not 3.13 (a number)"),
        ("runtime = 2026-01-01", "runtime must be a string, not 2026-01-01 (a date or time)"),
        ("rules = []", "rules must be a table of rules and their options, not a list"),
        ("rules = {S3AP101 = 1}", 'rules."S3AP101" must be a table of the rule\'s options, not 1 (an integer)'),
        ('code-map = {a = "/etc"}', 'code-map."a" must be a path below the project root, not "/etc" (a string)'),
        ('code-map = {a = "a/../.."}', 'code-map."a" must be a path below the project root, not "a/../.." (a string)'),
        ('pairs = [{source = "a"}]', "pairs[0] must be a table with source and generated, not a table"),
        ("require = {template = 1}", "require: there is no setting 'template'; is 'templates' meant?"),
        ('require = {templates = "1"}', 'require.templates must be an integer, 0 or more, not "1" (a string)'),
        (
            '[per-path."a"]\nignor = []',
            "per-path.\"a\": there is no setting 'ignor'; is 'ignore' meant?",
        ),
        (
            '[per-path."!a"]',
            'per-path."!a" must be a pattern that does not begin with !, not "!a" (a string)',
        ),
        (
            'required-version = "new"',
            'required-version must be a version requirement such as ">=0.1,<1", not "new" (a string)',
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected_and_what_was_found(tmp_path: Path, text: str, message: str):
    assert f".s3ap-lint.toml: {message}" == refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = = 2\n", ".s3ap-lint.toml:2:5: not TOML: invalid value"),
        ("a = 1\nb = [\n", ".s3ap-lint.toml:2: not TOML: invalid value"),
        ("a = 1\na = 2\n", ".s3ap-lint.toml:2:6: not TOML: cannot overwrite a value"),
    ],
)
def test_what_is_not_toml_is_named_with_its_line(tmp_path: Path, text: str, message: str):
    assert message == refused(tmp_path, text)


def test_what_is_not_utf8_is_named_with_its_line(tmp_path: Path):
    (tmp_path / ".s3ap-lint.toml").write_bytes(b"# ok\n# \x93\n")
    with pytest.raises(ConfigError) as error:
        load(["."], cwd=tmp_path)
    assert ".s3ap-lint.toml:2: not UTF-8" == str(error.value)


def test_the_file_is_named_from_the_working_directory(tmp_path: Path):
    project(tmp_path, {"app/.s3ap-lint.toml": "x = 1"})
    with pytest.raises(ConfigError, match=r"^app/\.s3ap-lint\.toml: "):
        load(["app"], cwd=tmp_path)


# -- versions -----------------------------------------------------------------------------------------


def test_another_version_than_the_required_one_is_refused_before_anything_else_is_judged(tmp_path: Path):
    message = f".s3ap-lint.toml: required-version is >=9, but this is s3ap-lint {__version__}"
    assert message == refused(tmp_path, 'setting-of-the-future = 1\nrequired-version = ">=9"')


@pytest.mark.parametrize(
    ("requirement", "versions"),
    [
        ("0.2", "0.2 0.2.0"),
        ("==0.2.0", "0.2 0.2.0"),
        ("!=0.2", "0.1 0.2.1 1.0 1.0rc1"),
        (">=0.2", "0.2 0.2.0 0.2.1 1.0 1.0rc1"),
        (">= 0.2, < 1", "0.2 0.2.0 0.2.1"),
        (">0.2", "0.2.1 1.0 1.0rc1"),
        ("<=0.2", "0.1 0.2 0.2.0"),
        ("~=0.2", "0.2 0.2.0 0.2.1"),
        ("~=0.2.1", "0.2.1"),
        ("==0.2.*", "0.2 0.2.0 0.2.1"),
        ("!=0.2.*", "0.1 1.0 1.0rc1"),
    ],
)
def test_a_requirement_is_met_by_some_versions(requirement: str, versions: str):
    from s3ap_lint.requirement import satisfied, valid

    assert valid(requirement)
    all_of_them = ["0.1", "0.2", "0.2.0", "0.2.1", "1.0", "1.0rc1"]
    assert versions.split() == [version for version in all_of_them if satisfied(requirement, version)]


@pytest.mark.parametrize("text", ["", ">=", "~=1", ">=1.*", "0.2 0.3", "latest", "===1", ">=1;"])
def test_other_text_is_no_requirement(text: str):
    from s3ap_lint.requirement import valid

    assert not valid(text)


# -- plugins ------------------------------------------------------------------------------------------


def test_a_configuration_that_was_found_may_not_name_code_to_run(tmp_path: Path):
    assert (
        ".s3ap-lint.toml: plugin-path would run code of the project being checked; "
        "name the file with --config .s3ap-lint.toml to trust it, or give --plugin-path"
    ) == refused(tmp_path, 'plugin-path = ["rules.py"]')


def test_a_configuration_that_was_named_may(tmp_path: Path):
    project(tmp_path, {"app/.s3ap-lint.toml": 'plugin-path = ["rules.py"]'})
    config = load(["app"], explicit=Path("app/.s3ap-lint.toml"), cwd=tmp_path, overrides={"plugin-path": ["more.py"]})
    assert (str(tmp_path / "app/rules.py"), str(tmp_path / "more.py")) == config.plugin_path


# -- the root -----------------------------------------------------------------------------------------

TREE = {
    "repo/.git/": "",
    "repo/app/.s3ap-lint.toml": "",
    "repo/app/functions/x/handler.py": "",
    "repo/lib/util.py": "",
    "plain/a/x.py": "",
    "plain/b/y.py": "",
    "worktree/.git": "gitdir: ../repo/.git",
    "worktree/src/z.py": "",
    ".s3ap-lint.toml": "",
}


@pytest.mark.parametrize(
    ("cwd", "paths", "root", "top"),
    [
        ("repo", ["app/functions/x/handler.py"], "repo/app", "repo"),
        ("repo", ["app"], "repo/app", "repo"),
        ("repo", ["app/functions/gone.py"], "repo/app", "repo"),
        ("repo", ["app/functions/**/*.py"], "repo/app", "repo"),
        ("repo", ["lib"], "repo", "repo"),
        ("repo", ["lib/util.py", "app/functions"], "repo", "repo"),
        ("repo/app/functions/x", [], "repo/app", "repo"),
        ("repo/app", ["../lib"], "repo", "repo"),
        ("worktree/src", ["."], "worktree", "worktree"),
        ("repo", ["../worktree/src/z.py"], "worktree", "worktree"),
    ],
)
def test_the_root_is_the_nearest_configuration_or_the_git_top_level(
    tmp_path: Path, cwd: str, paths: list[str], root: str, top: str
):
    project(tmp_path, TREE)
    config = load(paths, cwd=tmp_path / cwd)
    assert (tmp_path / root, tmp_path / top) == (config.root, config.top)


@pytest.mark.parametrize(
    ("cwd", "paths", "root"),
    [
        ("plain", ["a"], "plain"),
        ("plain", ["a/x.py", "b/y.py"], "plain"),
        ("plain/a", ["."], "plain/a"),
        ("plain/a", ["../b"], "plain/b"),
        ("plain/a", ["../b/y.py"], "plain/b"),
        ("plain/a", [".."], "plain"),
        ("plain/a", ["x.py", "../b"], "plain"),
    ],
)
def test_without_either_it_is_the_working_directory_or_the_paths_folder(
    tmp_path: Path, cwd: str, paths: list[str], root: str
):
    project(tmp_path, {name: text for name, text in TREE.items() if name.startswith("plain")})
    assert tmp_path / root == load(paths, cwd=tmp_path / cwd).root


def test_the_search_ends_at_the_git_top_level(tmp_path: Path):
    project(tmp_path, TREE)
    assert None is load(["lib"], cwd=tmp_path / "repo").file
    assert tmp_path / ".s3ap-lint.toml" == load(["a"], cwd=tmp_path / "plain").file


def test_links_are_resolved(tmp_path: Path):
    project(tmp_path, TREE)
    (tmp_path / "link").symlink_to(tmp_path / "repo/app")
    config = load(["../link/functions"], cwd=tmp_path / "plain")
    assert tmp_path / "repo/app" == config.root
    assert Paths(str(tmp_path / "repo/app"), str(tmp_path / "plain"), str(tmp_path / "repo")) == config.paths


def test_paths_without_anything_in_common_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="no project in common"):
        load(["/proc/version", str(tmp_path)], cwd=tmp_path)


def test_a_configuration_named_above_the_paths_gives_the_root(tmp_path: Path):
    project(tmp_path, {**TREE, "repo/strict.toml": "strict = true"})
    config = load(["app"], explicit=Path("strict.toml"), cwd=tmp_path / "repo")
    assert (tmp_path / "repo", True) == (config.root, config.strict)


@pytest.mark.parametrize("where", ["repo/ci/strict.toml", "strict.toml"])
def test_a_configuration_named_elsewhere_leaves_the_root_where_it_is(tmp_path: Path, where: str):
    project(tmp_path, {**TREE, where: "strict = true"})
    config = load(["app"], explicit=tmp_path / where, cwd=tmp_path / "repo")
    assert (tmp_path / "repo/app", True, tmp_path / where) == (config.root, config.strict, config.file)


def test_a_named_pyproject_must_have_our_table(tmp_path: Path):
    project(tmp_path, {"pyproject.toml": "[project]\n", "other.toml": "[tool.s3ap-lint]\nstrict = true\n"})
    with pytest.raises(ConfigError, match=r"^--config pyproject.toml: it has no \[tool.s3ap-lint\] table$"):
        load(["."], explicit=Path("pyproject.toml"), cwd=tmp_path)
    assert load(["."], explicit=Path("other.toml"), cwd=tmp_path).strict


def test_a_named_file_must_exist(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"^--config none.toml: there is no such file$"):
        load(["."], explicit=Path("none.toml"), cwd=tmp_path)


# -- the command line ---------------------------------------------------------------------------------

FILE = """
    select = ["S3AP1"]
    extend-select = ["S3AP2"]
    ignore = ["S3AP101"]
    fail-on = "error"
    [per-path.tests]
    extend-select = ["S3AP3"]
    ignore = ["F4"]
"""


def test_select_on_the_command_line_takes_the_place_of_all_the_file_selects(tmp_path: Path):
    config = configured(tmp_path, FILE, select=["F"])
    assert Selection(("F",), (), ("S3AP101",)) == config.selection
    assert Selection(("F",), (), ("S3AP101", "F4")) == config.at("tests/x.py")


def test_other_lists_of_the_command_line_add_to_the_files(tmp_path: Path):
    config = configured(tmp_path, FILE, **{"extend-select": ["F"], "ignore": ["E3"], "exclude": ["x"]})
    assert (("S3AP2", "F"), ("S3AP101", "E3"), ("x",)) == (config.extend_select, config.ignore, config.exclude)


def test_single_values_of_the_command_line_win_unless_they_are_none(tmp_path: Path):
    config = configured(tmp_path, FILE, **{"fail-on": "info", "strict": True, "jobs": None})
    assert (Severity.INFO, True, 0) == (config.fail_on, config.strict, config.jobs)


def test_a_wrong_option_is_named_as_one(tmp_path: Path):
    with pytest.raises(ConfigError, match=r'^--fail-on must be "error", "warning" or "info", not "x" \(a string\)$'):
        configured(tmp_path, "", **{"fail-on": "x"})


# -- per path -----------------------------------------------------------------------------------------

PER_PATH = """
    extend-select = ["S3AP109"]
    ignore = ["S3AP3"]
    [per-path."tests/"]
    ignore = ["F401"]
    [per-path."**/legacy_*.py"]
    severity = "info"
    [per-path."/prod/**"]
    select = ["S3AP1"]
    ignore = ["S3AP108"]
    severity = "error"
"""


@pytest.mark.parametrize(
    ("path", "selection"),
    [
        ("a.py", Selection(None, ("S3AP109",), ("S3AP3",))),
        ("tests/a.py", Selection(None, ("S3AP109",), ("S3AP3", "F401"))),
        ("app/tests/b/a.py", Selection(None, ("S3AP109",), ("S3AP3", "F401"))),
        ("legacy_x.py", Selection(None, ("S3AP109",), ("S3AP3",), severity=Severity.INFO)),
        ("app/prod/x.py", Selection(None, ("S3AP109",), ("S3AP3",))),
        ("prod/x.py", Selection(("S3AP1",), (), ("S3AP3", "S3AP108"), severity=Severity.ERROR)),
        ("prod/tests/legacy_a.py", Selection(("S3AP1",), (), ("S3AP3", "F401", "S3AP108"), severity=Severity.ERROR)),
    ],
)
def test_what_is_said_of_a_path_adds_up_in_order(tmp_path: Path, path: str, selection: Selection):
    assert selection == configured(tmp_path, PER_PATH).at(path)


def test_the_selections_of_a_run_are_all_that_a_path_may_want(tmp_path: Path):
    assert (
        Selection(None, ("S3AP109",), ("S3AP3",)),
        Selection(None, ("S3AP109",), ("S3AP3", "F401")),
        Selection(None, ("S3AP109",), ("S3AP3",), severity=Severity.INFO),
        Selection(("S3AP1",), (), ("S3AP3", "S3AP108"), severity=Severity.ERROR),
    ) == configured(tmp_path, PER_PATH).selections()


# -- showing it ---------------------------------------------------------------------------------------


def test_the_settings_are_shown_as_a_file_that_says_the_same(tmp_path: Path):
    project(tmp_path, {"pyproject.toml": '[tool.s3ap-lint]\nignore = ["F401"]\n[tool.s3ap-lint.per-path."tests/**"]\n'})
    text = load(["."], cwd=tmp_path).as_toml()
    assert (
        f"""\
# configuration file: pyproject.toml
# project root: {tmp_path}

extend-select = []
ignore = ["F401"]
strict = false
exclude = []
pairs = []
plugin-path = []
no-plugin = []
fail-on = "warning"
engine = "cfn-lint"
engine-timeout = 60.0
jobs = 0
access-points = "auto"

[per-path]
"tests/**" = {{}}
"""
        == text
    )


def test_every_setting_has_its_place_in_the_configuration():
    assert {key.field for key in KEYS.values()} == {f.name for f in fields(Config)} - {"root", "cwd", "top", "file"}


def test_a_configuration_crosses_a_process_boundary(tmp_path: Path):
    config = configured(tmp_path, PER_PATH)
    assert config == pickle.loads(pickle.dumps(config))


names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
patterns = words.filter(lambda text: pattern_of(text) is not None and not text.startswith("!"))
paths = words.filter(
    lambda text: ".." not in text and ":" not in text and not text.startswith("/") and "\n" not in text
)
lists = st.lists(names, max_size=3).map(tuple)
plain = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.builds(
        Config,
        root=st.just(Path("/")),
        cwd=st.just(Path("/")),
        top=st.just(Path("/")),
        file=st.none(),
        select=st.none() | lists,
        extend_select=lists,
        ignore=lists,
        strict=st.booleans(),
        exclude=st.lists(patterns, max_size=3).map(tuple),
        per_path=st.lists(
            st.builds(PerPath, patterns, st.none() | lists, lists, lists, st.none() | st.sampled_from(Severity)),
            max_size=3,
            unique_by=lambda entry: entry.pattern,
        ).map(tuple),
        rules=st.dictionaries(names, st.dictionaries(words, plain, max_size=3), max_size=3),
        code_map=st.dictionaries(words, paths, max_size=3).map(lambda table: tuple(table.items())),
        pairs=st.lists(st.builds(Pair, paths, paths), max_size=2).map(tuple),
        require=st.builds(Require, templates=st.none() | st.integers(0), rules=lists),
        required_version=st.sampled_from(["", ">=0.1", "==0.1.*,!=9"]),
        plugin_path=st.just(()),
        no_plugin=st.lists(words, max_size=2).map(tuple),
        fail_on=st.sampled_from(Severity),
        engine=st.sampled_from(["cfn-lint", "none"]),
        engine_timeout=st.floats(0.1, 1e9),
        jobs=st.integers(0, 99),
        access_points=st.sampled_from(["auto", "fsx"]),
        package_name=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
        runtime=st.just(""),
    )
)
def test_what_is_shown_can_be_read_back(tmp_path_factory: pytest.TempPathFactory, config: Config):
    folder = tmp_path_factory.mktemp("shown")
    (folder / ".s3ap-lint.toml").write_text(config.as_toml(), encoding="utf-8", newline="")
    again = load(["."], cwd=folder)
    assert config == replace(again, root=config.root, cwd=config.cwd, top=config.top, file=None)
