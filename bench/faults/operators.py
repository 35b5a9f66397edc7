"""All operators: what each is called, and which findings count as catching its breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.faults import in_code, in_policies, in_templates
from bench.faults.application import Application
from bench.faults.damage import Break


@dataclass(frozen=True)
class Operator:
    """A way to break an application. The rule that is meant is the first of `codes`; each of them counts.

    `harmless`: nothing is broken by it, and what counts is that none of them is found.
    """

    find: Callable[[Application], Iterator[Break]]
    codes: tuple[str, ...]
    harmless: bool = False

    @property
    def name(self) -> str:
        return self.find.__name__.replace("_", "-")


OPERATORS = (
    Operator(in_templates.drop_variable, ("S3AP302",)),
    Operator(in_templates.rename_variable, ("S3AP302", "S3AP304")),
    Operator(in_code.misspell_read, ("S3AP302", "S3AP304")),
    Operator(in_code.rename_handler, ("S3AP301",)),
    Operator(in_code.move_file, ("S3AP301",)),
    Operator(in_code.async_handler, ("S3AP317",)),
    Operator(in_code.one_argument, ("S3AP317",)),
    Operator(in_code.newer_syntax, ("S3AP318",)),
    Operator(in_code.newer_module, ("S3AP318", "S3AP307")),
    Operator(in_code.remove_import, ("F821",)),
    Operator(in_templates.remove_layer, ("S3AP307",)),
    Operator(in_templates.zero_concurrency, ("S3AP309",)),
    Operator(in_code.rename_helper_method, ("S3AP311",)),
    Operator(in_code.float_into_table, ("S3AP314",)),
    Operator(in_templates.drop_condition_guard, ("S3AP202",)),
    Operator(in_templates.drop_access_point_arn, ("S3AP101", "S3AP102")),
    Operator(in_policies.remove_needed_action, ("S3AP401",)),
    Operator(in_policies.remove_unneeded_action, ("S3AP401",), harmless=True),
)
