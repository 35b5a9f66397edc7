"""The table of types and the readers say the same."""

from collections import Counter

import pytest

from s3ap_ops.reads import READERS
from s3ap_ops.types import PLAIN, READ, is_known

READ_BY_MODULE = {
    module: {type_ for reader in READERS if reader.read.__module__.endswith(f".{module}") for type_ in reader.types}
    for module in {reader.read.__module__.rpartition(".")[2] for reader in READERS}
}


@pytest.mark.parametrize("module", sorted(READ_BY_MODULE))
def test_the_table_lists_exactly_the_types_that_a_module_reads(module: str) -> None:
    assert set(READ[module]) == READ_BY_MODULE[module]


def test_no_plain_type_has_a_reader() -> None:
    read = {type_ for types in READ.values() for type_ in types}
    assert set() == read & {type_ for types in PLAIN.values() for type_ in types}


def test_a_plain_type_stands_once() -> None:
    told = Counter(type_ for types in PLAIN.values() for type_ in types)
    assert [] == [type_ for type_, times in told.items() if times > 1]


@pytest.mark.parametrize(("type_", "known"), [("Custom::VpcEndpointSgRule", True), ("AWS::QLDB::Ledger", False)])
def test_a_custom_type_is_known_and_a_new_one_is_not(type_: str, known: bool) -> None:
    assert known is is_known(type_)
