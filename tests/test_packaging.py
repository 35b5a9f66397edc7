"""What recipes copy, what requirements provide, and which imports are left over."""

from textwrap import dedent

import pytest

from s3ap_lint import distributions, recipes
from s3ap_lint.distributions import Requirements
from s3ap_lint.python.module import parse
from s3ap_lint.python.needed import circumstances
from s3ap_lint.source import Source


def made(commands: str) -> recipes.Recipe:
    """The recipe of some commands."""
    lines = "".join(f"\t{line}\n" for line in commands.splitlines())
    found = recipes.recipe(f"all:\n\tmake\n\nbuild-Shared:\n{lines}\nclean:\n\trm -rf build\n", "build-Shared")
    assert found is not None
    return found


SHARED, DEEP = ("shared/a.py", "python/shared/a.py"), ("shared/deep/b.py", "python/shared/deep/b.py")


@pytest.mark.parametrize(
    ("commands", "shared", "deep"),
    [
        ('cp -r shared "$(ARTIFACTS_DIR)/python/"', True, True),
        ("cp -r shared/. $(ARTIFACTS_DIR)/python/shared/", True, True),
        ("cp -r shared/* $(ARTIFACTS_DIR)/python/shared", True, True),
        ("cp shared/*.py $(ARTIFACTS_DIR)/python/shared", True, False),
        ("cp -r shared/*.py $(ARTIFACTS_DIR)/python/shared", True, False),
        ("cp -r shared/deep ${ARTIFACTS_DIR}/python/shared/ 2>/dev/null || true", False, False),
        ("cp -r shared/. $(ARTIFACTS_DIR)/python/shared/\nrm -rf $(ARTIFACTS_DIR)/python/shared/deep", True, False),
        ("cp -r shared/. $(ARTIFACTS_DIR)/python/", False, False),
    ],
)
def test_a_recipe_puts_files_where_modules_are_looked_for(commands: str, shared: bool, deep: bool) -> None:
    recipe = made(commands.replace("${ARTIFACTS_DIR}/python/shared/ 2", "$(OTHER)/x 2"))
    assert (shared, deep) == (recipe.has(*SHARED), recipe.has(*DEEP))


@pytest.mark.parametrize(
    "commands", ["python stage.py", "cp -r shared $(TMP)/x", "cd a && cp -r b $(ARTIFACTS_DIR)/python"]
)
def test_a_recipe_that_does_something_else_is_not_read(commands: str) -> None:
    assert not made(commands).readable


def test_there_may_be_no_such_recipe() -> None:
    assert recipes.recipe("build-Other:\n\ttrue\n", "build-Shared") is None


def required(text: str) -> Requirements:
    """The requirements of one file."""
    found = Requirements()
    assert found.read("requirements.txt", lambda path: text if path == "requirements.txt" else None)
    return found


@pytest.mark.parametrize(
    ("text", "top", "answer"),
    [
        ("PyYAML==6.0.2  # for the report", "yaml", True),
        ("requests", "urllib3", True),
        ("requests", "yaml", False),
        ("", "yaml", False),
        ("some-tool", "yaml", None),
        ("some-tool", "some_tool", True),
        ("aws-lambda-powertools[parser]", "pydantic", None),
        ("-r other.txt", "yaml", None),
        ("git+https://example.com/a.git", "a", None),
    ],
)
def test_requirements_provide_what_they_name_and_what_that_brings(text: str, top: str, answer: bool | None) -> None:
    assert answer is required(text).provide(top)


def test_the_standard_library_is_that_of_the_declared_runtime() -> None:
    assert (True, False) == tuple(distributions.in_standard_library("cgi", (3, minor)) for minor in (12, 13))
    assert (False, True) == tuple(distributions.in_standard_library("tomllib", (3, minor)) for minor in (10, 11))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import a", ()),
        ("try:\n import a\nexcept ImportError:\n a = None", ("expected", "answered")),
        ("try:\n import a\nexcept ImportError:\n raise SystemExit", ("answered",)),
        ("try:\n import a\nexcept Exception:\n a = None", ("optional",)),
        ("try:\n import a\n if a: a.b()\nexcept Exception:\n pass", ()),
        ("with suppress(ImportError):\n import a", ("expected", "answered")),
        ("if sys.version_info < (3, 11):\n import a", ("tested", "versions")),
        ("if b:\n import a", ("tested",)),
        ("def f():\n import a", ()),
    ],
)
def test_somebody_may_be_ready_to_do_without(code: str, told: tuple[str, ...]) -> None:
    module = parse(Source("a.py", dedent(code).encode()))
    found = circumstances(module, module.imports[0])
    assert told == tuple(
        name for name in ("expected", "answered", "optional", "tested", "versions") if getattr(found, name)
    )
