"""Which modules a handler brings along, and which imports lead nowhere."""

from __future__ import annotations

from project import closure

from s3ap_lint.python.closure import Closure


def missing(project: Closure) -> list[str]:
    """The unresolved imports in one line each."""
    found = []
    for problem in project.unresolved:
        words = [f"{problem.name}.{problem.attribute}" if problem.attribute else problem.name]
        words += ["optional"] if problem.optional else []
        words += ["lazy"] if problem.lazy else []
        found.append(" ".join(words))
    return found


def test_packages_namespace_packages_and_modules():
    project = closure(
        {
            "handler.py": "import alone\nfrom package.inner import f\nimport space.deep.module\n",
            "alone.py": "",
            "package/__init__.py": "",
            "package/inner.py": "from . import sibling\nfrom .sibling import x\n",
            "package/sibling.py": "x = 1\n",
            "space/deep/module.py": "",
            "unrelated.py": "",
        }
    )
    assert (
        "handler.py",
        "alone.py",
        "package/__init__.py",
        "package/inner.py",
        "package/sibling.py",
        "space/deep/module.py",
    ) == project.paths
    assert ["package.inner.f"] == missing(project)


def test_a_submodule_taken_from_a_package():
    project = closure(
        {
            "handler.py": "from shared import helper, CONSTANT\n",
            "shared/__init__.py": "CONSTANT = 1\n",
            "shared/helper.py": "",
        }
    )
    assert ("handler.py", "shared/__init__.py", "shared/helper.py") == project.paths
    assert [] == missing(project)


def test_an_attribute_that_the_package_does_not_have():
    project = closure({"handler.py": "from shared import absent\n", "shared/__init__.py": ""})
    assert ["shared.absent"] == missing(project)


def test_a_module_that_makes_its_names_as_it_goes_may_have_any():
    for code in ("def __getattr__(name): ...\n", "globals()['absent'] = 1\n", "from elsewhere import *\n"):
        project = closure({"handler.py": "from shared import absent\n", "shared/__init__.py": code})
        assert not any("absent" in name for name in missing(project))


def test_a_part_of_a_package_that_is_not_there():
    project = closure({"handler.py": "from shared.gone.deeper import f\n", "shared/__init__.py": ""})
    assert ["shared.gone"] == missing(project)
    assert ("handler.py", "shared/__init__.py") == project.paths


def test_folders_are_searched_in_order():
    files = {
        "functions/f/handler.py": "import common, only_in_layer\n",
        "functions/f/common.py": "",
        "layers/base/python/common.py": "",
        "layers/base/python/only_in_layer.py": "",
    }
    project = closure(files, "functions/f/handler.py", ("functions/f", "layers/base/python"))
    assert ("functions/f/handler.py", "functions/f/common.py", "layers/base/python/only_in_layer.py") == project.paths


def test_a_handler_in_a_package_may_import_its_siblings():
    files = {"src/app/__init__.py": "", "src/app/handler.py": "from .. import x\nfrom . import y\n", "src/app/y.py": ""}
    project = closure(files, "src/app/handler.py", ("src",))
    assert ("src/app/handler.py", "src/app/__init__.py", "src/app/y.py") == project.paths
    assert [
        "..",
    ] == missing(project)


def test_a_relative_import_without_a_package():
    """Lambda imports handler.py by its bare name: it has no package to start from."""
    project = closure({"handler.py": "from .helper import f\n", "helper.py": "def f(): ...\n"})
    assert [".helper"] == missing(project)
    assert project.unresolved[0].relative


def test_optional_and_lazy_imports_are_marked():
    project = closure(
        {
            "handler.py": """
                import json
                try:
                    import orjson
                except ImportError:
                    orjson = None
                def handler(event, context):
                    import pandas
                    with contextlib.suppress(ImportError):
                        import numpy
                if TYPE_CHECKING:
                    import mypy_boto3_s3
                if __name__ == "__main__":
                    import pytest
                """
        }
    )
    assert ["json", "orjson optional", "pandas lazy", "numpy optional lazy"] == missing(project)


def test_a_fallback_is_followed_only_when_it_is_needed():
    code = """
        try:
            from shared.helper import f
        except ImportError:
            from helper import f
        """
    staged = closure({"handler.py": code, "shared/helper.py": "def f(): ...", "helper.py": "def f(): ..."})
    assert ("handler.py", "shared/helper.py") == staged.paths
    flat = closure({"handler.py": code, "helper.py": "def f(): ..."})
    assert ("handler.py", "helper.py") == flat.paths
    assert ["shared optional"] == missing(flat)


def test_a_handler_that_raises_again_makes_nothing_optional():
    code = """
        try:
            import shared
        except ImportError as error:
            raise RuntimeError("no layer") from error
        """
    assert ["shared"] == missing(closure({"handler.py": code}))


def test_imports_by_name():
    project = closure(
        {"handler.py": "import importlib\nplugin = importlib.import_module('plugins.one')\n", "plugins/one.py": ""}
    )
    assert ("handler.py", "plugins/one.py") == project.paths


def test_a_folder_is_not_the_standard_library():
    """Without __init__.py it comes last, after every real module."""
    project = closure({"handler.py": "import json, helpers\n", "json/x.py": "", "helpers/y.py": ""})
    assert ["json"] == missing(project)


def test_folders_added_to_the_path_count_inside_the_code():
    files = {
        "functions/f/handler.py": """
            import sys, os
            from pathlib import Path
            sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
            sys.path.append(str(Path(__file__).parent.parent.parent / "shared"))
            import inside
            import outside
            """,
        "functions/f/lib/inside.py": "",
        "shared/outside.py": "",
    }
    project = closure(files, "functions/f/handler.py", ("functions/f",))
    assert ("functions/f/handler.py", "functions/f/lib/inside.py") == project.paths
    assert ["sys", "os", "pathlib", "outside"] == missing(project)


def test_a_cycle_ends():
    project = closure({"handler.py": "import a", "a.py": "from b import *", "b.py": "from a import *\nfrom a import x"})
    assert ("handler.py", "a.py", "b.py") == project.paths


def test_a_module_that_does_not_parse_is_in_the_closure():
    project = closure({"handler.py": "import broken", "broken.py": "def ("})
    assert ("handler.py", "broken.py") == project.paths
    assert not project.complete


def test_what_a_closure_mentions():
    """A docstring tells about a variable, it does not read it."""
    project = closure(
        {"handler.py": '"""Needs "A" and\nB."""\nimport helper\n', "helper.py": 'NAME = "C"\n\ndef f():\n    "D"\n'}
    )
    assert [False, False, True, False] == [project.mentions(name) for name in "ABCD"]


def test_a_closure_serves_other_folders_where_every_import_leads_to_the_same():
    files = {"a/handler.py": "import boto3, shared.x\n", "shared/__init__.py": "", "shared/x.py": "import yaml\n"}
    project = closure(files, "a/handler.py", ("a", "", "b"))
    assert project.serves(("a", "", "b"))
    assert project.serves(("a", "b", ""))
    assert not project.serves(("a", "b"))
    assert not project.serves(("", "a", "b"))


def test_a_closure_serves_no_folders_in_which_a_shared_module_finds_something_else():
    files = {"a/handler.py": "import x\n", "x.py": "import yaml\n", "b/x.py": "", "c/yaml.py": ""}
    project = closure(files, "a/handler.py", ("a", "", "b"))
    assert not project.serves(("a", "b", ""))
    assert not project.serves(("a", "", "c"))


def test_a_closure_that_adds_folders_serves_no_others():
    files = {"a/handler.py": "import sys\nsys.path.insert(0, 'lib')\nimport x\n", "a/lib/x.py": ""}
    project = closure(files, "a/handler.py", ("a", "b"))
    assert project.added_folders == ("a/lib",)
    assert project.serves(("a", "b"))
    assert not project.serves(("a", "", "b"))
