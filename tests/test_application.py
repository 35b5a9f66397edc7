"""What is asked about a function: its variables, what it reads, the code that is not there."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from posixpath import dirname

import pytest

from s3ap_lint.application import Application
from s3ap_lint.function import Function
from s3ap_lint.memory import Memory
from s3ap_lint.project import Project
from s3ap_lint.python.module import Module, parse
from s3ap_lint.resolution import Unjoined, is_build_product
from s3ap_lint.runtimes import Runtimes
from s3ap_lint.source import Source
from s3ap_lint.template import document
from s3ap_lint.template.numbers import number
from s3ap_lint.template.template import Template

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Conditions: {IsArchived: !Equals [!Ref AWS::Region, x]}
    Globals:
      Function:
        Runtime: python3.12
        Environment: {Variables: {SHARED: all}}
    Resources:
      Discovery:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: functions/discovery/
          Handler: handler.handler
          Environment:
            Variables:
              OWN: mine
              ARCHIVE: !If [IsArchived, archive, !Ref AWS::NoValue]
    """
READS = """
    import os

    def handler(event, context):
        return os.environ["OWN"]
    """


def application(files: Mapping[str, str]) -> Application:
    """An application of the templates in the top folder."""
    data = {path: textwrap.dedent(text).encode() for path, text in files.items()}
    workspace = Memory(data)

    def load(path: str) -> Module | None:
        source = workspace.read(path)
        return parse(source) if isinstance(source, Source) else None

    templates = [_template(Source(path, text)) for path, text in data.items() if path.endswith(".yaml")]
    return Application("", tuple(t for t in templates if dirname(t.path) == ""), Project(workspace, load))


def _template(source: Source) -> Template:
    top = document.parse(source).top
    assert top is not None
    return Template(source, top)


def function(handler: str, template: str = TEMPLATE, **more: str) -> Function:
    """The one function of a template, with the code of its handler."""
    files = {"template.yaml": template, "functions/discovery/handler.py": handler, **more}
    (found,) = application(files).functions
    return found


def test_the_variables_are_those_of_any_scenario():
    """Globals and the arms of conditions included."""
    assert {"SHARED", "OWN", "ARCHIVE"} == set(function(READS).variables)


def test_a_computed_environment_may_hold_any_variable():
    """And one that is written out may not."""
    computed = TEMPLATE.replace("OWN: mine", "Fn::Transform: {Name: Macro}")
    assert function(READS).names_every_variable
    assert not function(READS, computed).names_every_variable


@pytest.mark.parametrize(
    "handler",
    [
        "import os\ndef handler(event, context): return dict(os.environ)",
        "import os\ndef handler(event, context): return os.environ[event['name']]",
        "import os, subprocess\ndef handler(event, context): return subprocess.run(['scan'])",
        "import scanner\ndef handler(event, context): return scanner.scan()",
        "from pydantic import BaseSettings\nclass Settings(BaseSettings): own: str\nhandler = Settings",
    ],
    ids=["passed on", "computed", "a program", "a package", "settings"],
)
def test_any_variable_may_be_read(handler: str):
    """By whoever is given the environment."""
    assert not function(handler).reads_by_name


def test_the_variables_that_are_read_are_named():
    """Through a function of the project, too."""
    assert function(READS).reads_by_name
    through = "import os\ndef env(name): return os.environ[name]\ndef handler(event, context): return env('OWN')"
    assert function(through).reads_by_name


def test_the_folder_or_the_file_is_missing():
    """A build product is not."""
    assert Unjoined("its code 'functions/discover/' is not in the repository", "folder", "functions/discover") == (
        function(READS, TEMPLATE.replace("functions/discovery/", "functions/discover/")).missing_code
    )
    missing = function(READS, TEMPLATE.replace("handler.handler", "index.handler")).missing_code
    assert missing is not None
    assert ("file", "functions/discovery") == (missing.lacks, missing.folder)
    assert function(READS, TEMPLATE.replace("functions/discovery/", "dist/discovery.zip")).missing_code is None
    assert function(READS).missing_code is None


@pytest.mark.parametrize("path", ["dist/app.zip", "build/app", ".aws-sam/build/App", "app.jar", "{{ code }}", "<code>"])
def test_a_build_product(path: str):
    """By its folder, its ending, or because it is no path yet."""
    assert is_build_product(path)


def test_a_folder_of_sources_is_no_build_product():
    """Although it holds what is built."""
    assert not is_build_product("functions/discovery")


def test_a_number_is_written_out_or_the_value_of_a_parameter():
    """An import cannot be told."""
    text = b"""
Parameters: {Size: {Type: Number, Default: 256}}
A: 128
B: !Ref Size
C: !ImportValue Size
"""
    template = _template(Source("template.yaml", text))

    def default(key: str) -> int | None:
        found = template.outcomes(lambda world: number(template.top[key], world, 3))
        (answer,) = {outcome.answer for outcome in found if outcome.is_default}
        return answer

    assert [128, 256, None, 3] == [default(key) for key in "ABCD"]


def test_the_runtimes_of_a_project_are_counted_in_all_of_its_templates():
    """Those of installed packages are not its own."""
    text = b"Resources:\n  A:\n    Properties:\n      Runtime: python3.12\n"
    files = {"a/template.yaml": text, "b/template.yml": text, "node_modules/c/template.yaml": text}
    assert {"python3.12": 2} == dict(Runtimes(Memory(files)).counts)
