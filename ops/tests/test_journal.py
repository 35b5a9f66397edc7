"""A journal: what is in it after a sudden end, who may write it, and how changes are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from s3ap_ops import changes, journal
from s3ap_ops.calls import ApiCall, DeleteReturned, DeleteStack, EmptyBucket, Phase, Risk
from s3ap_ops.errors import OpsError

UNDO = ApiCall("stack:uc1", "dynamodb", "update_table", {"TableName": "t", "DeletionProtectionEnabled": True}, "t")
CHANGES = (
    ApiCall(
        "stack:uc1", "dynamodb", "update_table", {"TableName": "t"}, "t", Risk.PROTECTION, done=("Gone",), undo=UNDO
    ),
    EmptyBucket("stack:uc1", "shelf", "ap-northeast-1", "123456789012", phase=Phase.AFTER),
    DeleteStack("stack:uc1", "arn:1", "uc1", "ap-northeast-1", retain=("Table",)),
    DeleteReturned("stack:uc1", "/aws/lambda/uc1", "ap-northeast-1"),
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A run with two records."""
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path))
    with closing(journal.begin()) as book:
        book.write("run", stacks={})
        book.write("plan", actions=[])
    yield book.run


def kinds(run: str) -> list[str]:
    """The kinds of its records."""
    return [record["kind"] for record in journal.records(run)]


def test_half_a_line_at_the_end_is_no_record(run: str) -> None:
    with journal.path_of(run).open("ab") as file:
        file.write(b'{"kind": "beg')
    assert ["run", "plan"] == kinds(run)


def test_what_is_written_after_half_a_line_is_a_line_of_its_own(run: str) -> None:
    with journal.path_of(run).open("ab") as file:
        file.write(b'{"kind": "beg')
    with closing(journal.again(run)) as book:
        book.write("resumed")
    assert ["run", "plan", "resumed"] == kinds(run)


def test_a_line_that_is_damaged_in_the_middle_is_said_so(run: str) -> None:
    path = journal.path_of(run)
    path.write_bytes(b"{nothing}\n" + path.read_bytes())
    with pytest.raises(OpsError, match=r"line 1 of .* is damaged; plan and clean the stacks anew"):
        kinds(run)


def test_only_one_writes(run: str) -> None:
    with closing(journal.again(run)), pytest.raises(OpsError, match="is going on in another process"):
        journal.again(run)


def test_a_run_that_never_was_is_answered_with_those_that_were(run: str) -> None:
    with pytest.raises(OpsError, match=f"the latest are: {run}"):
        journal.again("20260101-000000-abcdef")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_a_change_comes_back_as_it_was_written(run: str, change: object) -> None:
    with closing(journal.again(run)) as book:
        book.write("plan", actions=[changes.written(change)])
    *_, last = journal.records(run)
    assert change == changes.read(last["actions"][0], [type(one) for one in CHANGES])


def test_a_change_of_a_plugin_that_is_gone_is_known_by_nobody() -> None:
    with pytest.raises(KeyError):
        changes.read(changes.written(CHANGES[0]), [EmptyBucket])
