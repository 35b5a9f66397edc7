"""Knowledge bases of Bedrock and the collections that keep their vectors, torn down in a world over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slow_scenes import added, deployed, papers, reader, scripted, vectors
from wire import clean, dry_run, turned_to
from world_templates import arn

from s3ap_ops import journal
from s3ap_ops.testing import Fault, World

UPDATE, DELETE = "bedrock-agent:UpdateDataSource", "cloudformation:DeleteStack"
SOURCE, BASE = "bedrock-agent:DeleteDataSource", "bedrock-agent:DeleteKnowledgeBase"
LEFT = ("knowledge-bases", "data-sources", "collections", "search-policies", "roles")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """A world that this process works in."""
    monkeypatch.chdir(tmp_path)
    with World() as world, turned_to(world, monkeypatch, tmp_path):
        yield world


def whole(**more: Any) -> dict[str, Any]:
    """A collection and a knowledge base with a data source, in one stack."""
    return {**vectors(), **reader(arn("Vectors")), "Papers": papers(**more)}


def apart(world: World) -> tuple[Any, Any]:
    """The same in two stacks, of which nothing but Bedrock says that they belong together."""
    stores = deployed(world, "a-store", **vectors())
    store = world.search.collections[stores["Vectors"]]["arn"]
    base = reader(store)
    base["Access"]["Properties"]["Policy"]["Fn::Sub"] = base["Access"]["Properties"]["Policy"]["Fn::Sub"].replace(
        "${AWS::StackName}-vectors", "a-store-vectors"
    )
    return stores, deployed(world, "b-reader", **base, Papers=papers())


def writes(world: World) -> list[str]:
    return [str(request) for request in world.writes]


def left(world: World) -> dict[str, Any]:
    state = world.state()
    return {name: state[name] for name in LEFT if state[name]}


def hazards(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["code"], one["severity"], one["logical_id"]) for one in plan["findings"]]


# -- one stack


def test_without_a_plan_the_stack_fails_on_vectors_that_nobody_lets_it_delete(world: World) -> None:
    """The access policy goes first, because nothing needs it."""
    deployed(world, **whole())
    world.client("cloudformation").delete_stack(StackName="uc1")
    world.clock.advance(1000)
    failed = {row.logical: row.reason for row in world.stack("uc1").resources.values() if row.status == "DELETE_FAILED"}
    assert ["Papers"] == list(failed)
    assert "consider updating the dataDeletionPolicy of the data source to RETAIN" in failed["Papers"]


def test_vectors_that_go_with_their_collection_are_left_to_it(world: World) -> None:
    deployed(world, **whole())
    assert 0 == clean("uc1")
    assert [UPDATE, DELETE] == writes(world)
    assert {} == left(world)


def test_all_that_a_data_source_is_stays_but_its_policy(world: World) -> None:
    """What an update leaves out is taken away; the journal keeps what was."""
    names = deployed(world, **whole())
    base, _, source = names["Papers"].partition("|")
    before = world.client("bedrock-agent").get_data_source(knowledgeBaseId=base, dataSourceId=source)["dataSource"]
    clean("uc1", "--no-wait")
    (update,) = [one for one in world.writes if one.operation == "UpdateDataSource"]
    same = ("name", "dataSourceConfiguration", "vectorIngestionConfiguration")
    assert {name: before[name] for name in same} == {name: update.params[name] for name in same}
    assert "RETAIN" == update.params["dataDeletionPolicy"]
    begun = next(one for one in journal.records(journal.runs()[0]) if one["kind"] == "begun")
    assert "--data-deletion-policy DELETE" in begun["undo"]


def test_a_data_source_that_leaves_its_vectors_needs_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world, **whole(DataDeletionPolicy="RETAIN"))
    assert [] == hazards(dry_run(capsys, "uc1"))
    assert 0 == clean("uc1")
    assert [DELETE] == writes(world)


def test_a_stack_that_failed_so_before_is_torn_down(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world, **whole())
    world.client("cloudformation").delete_stack(StackName="uc1")
    world.clock.advance(1000)
    assert ("S3AP861", "error", "Papers") in hazards(dry_run(capsys, "uc1"))
    assert 0 == clean("uc1")
    assert [UPDATE, DELETE] == writes(world)
    assert {} == left(world)


@pytest.mark.parametrize("lost", ["Vectors", "Role"])
def test_what_deletes_the_vectors_is_gone(world: World, lost: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = deployed(world, **whole())
    if lost == "Vectors":
        world.search.collections.clear()
    else:
        world.client("iam").delete_role(RoleName=names["Role"])
    assert ("S3AP861", "error", "Papers") in hazards(dry_run(capsys, "uc1"))
    assert 0 == clean("uc1")
    assert [UPDATE, DELETE] == writes(world)
    assert {} == left(world)


def test_vectors_in_a_collection_that_stays_are_deleted_by_the_data_source(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is what its policy is for."""
    apart(world)
    assert [] == hazards(dry_run(capsys, "b-reader"))


def test_what_nobody_could_know_before_is_settled_in_the_same_run(world: World) -> None:
    """Role and collection are there, but the one is not let at the other: that shows only when it is tried."""
    apart(world)
    world.client("opensearchserverless").delete_access_policy(type="data", name="b-reader-access")
    assert 0 == clean("b-reader")
    assert [DELETE, UPDATE, DELETE] == writes(world)
    assert {"collections", "search-policies"} == set(left(world))


# -- who else is there


def test_a_data_source_of_somebody_is_left_alone_and_so_is_its_knowledge_base(world: World) -> None:
    names = deployed(world, **whole())
    other = added(world, names)
    assert 3 == clean("uc1", "--delete-data-source", "0123456789")
    assert [] == writes(world)
    assert 0 == clean("uc1", "--delete-data-source", other)
    assert [[SOURCE, UPDATE, UPDATE], DELETE] == [sorted(writes(world)[:3]), *writes(world)[3:]]
    assert {} == left(world)


def test_nothing_is_deleted_where_its_vectors_could_not_be_spared(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan says that they are left where they are; without the update they would not be."""
    names = deployed(world, **whole(DataDeletionPolicy="RETAIN"))
    other = added(world, names)
    world.fail(Fault("bedrock-agent", "UpdateDataSource", times=None, kind="access-denied"))
    assert 1 == clean("uc1", "--delete-data-source", other)
    assert {UPDATE} == set(writes(world))
    assert "not begun" in capsys.readouterr().out


def test_a_collection_is_kept_for_a_knowledge_base_that_a_script_made(world: World) -> None:
    names = deployed(world, **vectors())
    base = scripted(world, names)
    assert 3 == clean("uc1")
    assert [] == writes(world)
    assert 0 == clean("uc1", "--delete-knowledge-base", base)
    assert [UPDATE, SOURCE, UPDATE, SOURCE, BASE, DELETE] == writes(world)
    assert {"roles": {"scripted-kb": {"attached": [], "inline": []}}} == left(world)


def test_a_knowledge_base_of_another_stack_goes_first_when_that_stack_goes(world: World) -> None:
    """Its data source need not clear what goes right after it."""
    apart(world)
    assert 3 == clean("a-store")
    assert [] == writes(world)
    assert 0 == clean("a-store", "b-reader")
    stacks = [one.params["StackName"].split("/")[1] for one in world.writes if one.operation == "DeleteStack"]
    assert (UPDATE, ["b-reader", "a-store"]) == (writes(world)[0], stacks)
    assert {} == left(world)


def test_a_stack_that_is_refused_keeps_its_collection_in_the_other(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    apart(world)
    cloudformation = world.client("cloudformation")
    cloudformation.update_termination_protection(StackName="b-reader", EnableTerminationProtection=True)
    assert 3 == clean("a-store", "b-reader", "--keep-going")
    assert [] == writes(world)
    assert "b-reader has to go before a-store" in capsys.readouterr().out


def test_a_collection_that_is_searched_only_asks_nobody_about_knowledge_bases(world: World) -> None:
    """Who has no permission for Bedrock, and no use for it, can tear it down."""
    store = vectors()
    store["Vectors"]["Properties"]["Type"] = "SEARCH"
    deployed(world, **store)
    assert 0 == clean("uc1")
    assert [] == [one for one in world.requests if one.service == "bedrock-agent"]


def test_a_collection_and_a_policy_that_are_retained_keep_their_names(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(world, **{name: {**one, "DeletionPolicy": "Retain"} for name, one in vectors().items()})
    told = [one["message"] for one in dry_run(capsys, "uc1")["findings"]]
    assert [True, True] == [one.endswith("; the next deployment fails, because the name is taken") for one in told]
    assert 0 == clean("uc1")
    assert {"collections": {"uc1-vectors": "ACTIVE"}, "search-policies": ["encryption/uc1-enc"]} == left(world)


def test_a_protected_collection_goes_with_the_option_for_that(world: World) -> None:
    names = deployed(world, **vectors())
    world.search.collections[names["Vectors"]]["deletionProtection"] = "ENABLED"
    assert 3 == clean("uc1")
    assert 0 == clean("uc1", "--disable-deletion-protection")
    assert ["opensearchserverless:UpdateCollection", DELETE] == writes(world)


def test_who_may_not_ask_bedrock_is_told_what_to_allow(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """What keeps its vectors in the collection is not known, so it is not deleted."""
    deployed(world, **vectors())
    world.fail(Fault("bedrock-agent", "ListKnowledgeBases", times=None, kind="access-denied"))
    assert 3 == clean("uc1")
    assert [] == writes(world)
    assert "Allow bedrock:ListKnowledgeBases" in capsys.readouterr().out


def test_what_could_not_be_deleted_is_not_taken_for_gone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Bedrock takes the request; only the status afterwards tells."""
    names = deployed(world, **vectors())
    base = scripted(world, names)
    first = next(source for (owner, source) in world.knowledge.sources if owner == base)
    world.knowledge.purge = lambda base, source: bool(  # type: ignore[method-assign]
        source.update(status="DELETE_UNSUCCESSFUL", failureReasons=["The vector store is busy"])
    )
    assert 1 == clean("uc1", "--delete-knowledge-base", base)
    assert [UPDATE, SOURCE] == writes(world)
    reason = f"the request was taken, but the data source {first} is DELETE_UNSUCCESSFUL: The vector store is busy"
    assert reason in capsys.readouterr().out
