"""The truth about handlers' permissions is well formed, and what is scored against it is counted right."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # the bench is no part of the package

from bench.permissions import autopilot, choose, closure, compare, linter, truth  # noqa: E402

FOLDER = REPOSITORY / "bench" / "permissions"
TRUTHS = [FOLDER / "truth.jsonl", FOLDER / "truth-held-out.jsonl"]


def entry(needed: str, dependent: str = "") -> truth.Entry:
    return truth.Entry("c", "a.py:h", "F", "t.yaml", frozenset(needed.split()), frozenset(dependent.split()), ("a.py",))


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_every_action_is_shown_in_a_file_that_the_handler_reaches(path: Path) -> None:
    for record in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        shown = [place.rpartition(":") for places in record["needed"].values() for place in places]
        assert all(file in record["files"] and line.isdigit() for file, _, line in shown), record["handler"]
        assert not set(record["needed"]) & set(record["dependent"]), record["handler"]
        assert record["files"][0] == record["handler"].rpartition(":")[0]


def test_the_truths_have_no_handler_in_common() -> None:
    first, second = ({each.corpus + each.handler for each in truth.read(path)} for path in TRUTHS)
    assert (len(first), len(second)) == (40, 20)
    assert not first & second


def test_what_is_missed_named_too_much_and_not_scored() -> None:
    handler = entry("s3:GetObject sns:Publish", "kms:Decrypt")
    named = frozenset({"s3:getobject", "kms:Decrypt", "ec2:DescribeVolumes"})
    assert compare.missed(handler, named) == ["sns:Publish"]
    assert compare.surplus(handler, named) == ["ec2:DescribeVolumes"]
    assert compare.score(handler, named) == compare.Score(right=1, needed=2, named=2)


def test_a_function_that_the_tool_leaves_out_counts_as_nothing_named() -> None:
    told = list(compare.report("a tool", [entry("s3:GetObject")], {}))
    assert "- all: recall 0/1 = 0.000, precision 0/0" in told
    assert "- not answered at all: c/t.yaml:F" in told


def test_the_actions_of_extracted_operations() -> None:
    operations = [("s3", "head_object"), ("bedrock-runtime", "converse"), ("fsx", "describe_volumes")]
    assert autopilot.actions(operations) == {"s3:GetObject", "bedrock:InvokeModel", "fsx:DescribeVolumes"}


def test_the_output_of_the_linter_is_read_with_and_without_a_frame() -> None:
    functions = [{"template": "./t.yaml", "function": "F", "needed": [{"action": "s3:GetObject", "calls": ["a.py:3"]}]}]
    read = {("t.yaml", "F"): frozenset({"s3:GetObject"})}
    assert linter.needed(json.dumps(functions)) == read
    assert linter.needed(json.dumps({"functions": functions})) == read


def test_the_same_seed_draws_the_same_handlers(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
        (tmp_path / name / "template.yaml").write_text(
            "Globals: {Function: {Runtime: python3.12}}\n"
            "Resources:\n"
            "  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: app.handler, Role: !Ref R}}\n"
            "  Other: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: gone.handler}}\n",
            encoding="utf-8",
        )
    found = list(choose.candidates(tmp_path, within=None))
    assert [each.handler for each in found] == [f"{name}/app.py:handler" for name in "abcd"]
    assert choose.draw(found, 7, 2) == choose.draw(found[::-1], 7, 2)
    assert len(choose.draw(found, 7, 9)) == 4


def test_imported_files_are_followed_through_packages(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").write_text("from .deep import thing\n", encoding="utf-8")
    (tmp_path / "shared" / "deep.py").write_text("import json\n", encoding="utf-8")
    (tmp_path / "shared" / "other.py").write_text("", encoding="utf-8")
    (tmp_path / "app.py").write_text("import shared\n", encoding="utf-8")
    names = [file.relative_to(tmp_path).as_posix() for file in closure.files(tmp_path / "app.py", [tmp_path])]
    assert sorted(names) == ["app.py", "shared/__init__.py", "shared/deep.py"]
