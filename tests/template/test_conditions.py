"""The search over scenarios, against truth tables written out in full."""

from __future__ import annotations

import itertools
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3ap_lint.source import Source
from s3ap_lint.template.conditions import Space
from s3ap_lint.template.document import parse
from s3ap_lint.template.scenarios import verdict
from s3ap_lint.template.worlds import TooManyWorlds, World

LITERALS = ["", "a", "b"]
OTHERS = ["x1", "x2", "x3"]  # as many unlike values as there are parameters
NAMES = ["P", "Q", "R"]
EXAMPLES = int(os.environ.get("S3AP_LINT_EXAMPLES", "1000"))  # docs/evaluation.md was made with 10,000


def space_of(template: dict[str, Any]) -> Space:
    top = parse(Source("template.json", json.dumps(template).encode())).top
    assert top is not None
    return Space(top)


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        entry: dict[str, Any] = {"Type": "String"}
        if draw(st.booleans()):
            entry["AllowedValues"] = draw(st.lists(st.sampled_from([*LITERALS, "c"]), min_size=1, unique=True))
            if draw(st.booleans()):
                entry["Default"] = draw(st.sampled_from(entry["AllowedValues"]))
        elif draw(st.booleans()):
            entry["Default"] = draw(st.sampled_from(LITERALS))
        elif draw(st.booleans()):
            entry["MinLength"] = 1
        out[name] = entry
    return out


operands = st.one_of(st.sampled_from(LITERALS), st.sampled_from(NAMES).map(lambda name: {"Ref": name}))
equals = st.tuples(operands, operands).map(lambda pair: {"Fn::Equals": list(pair)})


def formulas(known: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    leaf = equals if not known else st.one_of(equals, st.sampled_from(known).map(lambda name: {"Condition": name}))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(lambda x: {"Fn::Not": [x]}),
            st.lists(inner, min_size=2, max_size=3).map(lambda xs: {"Fn::And": xs}),
            st.lists(inner, min_size=2, max_size=3).map(lambda xs: {"Fn::Or": xs}),
        ),
        max_leaves=4,
    )


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for name in ("C1", "C2", "C3"):
        conditions[name] = draw(formulas(list(conditions)))
    template = {"Parameters": draw(parameters()), "Conditions": conditions, "Resources": {}}
    if draw(st.integers(0, 3)) == 0:
        template["Rules"] = {"R": {"Assertions": [{"Assert": draw(formulas([]))}]}}
    return template


def source(node: Any, conditions: dict[str, Any]) -> str:
    """A formula as the Python expression that it means; written out, so that a table of it is quick."""
    (name, argument), *_ = node.items()
    if name == "Condition":
        return source(conditions[argument], conditions)
    if name == "Fn::Not":
        return f"(not {source(argument[0], conditions)})"
    if name in {"Fn::And", "Fn::Or"}:
        return "(" + f" {name[4:].lower()} ".join(source(item, conditions) for item in argument) + ")"
    left, right = (f"v[{item['Ref']!r}]" if isinstance(item, dict) else repr(item) for item in argument)
    return f"({left} == {right})"


def compared_with_empty(template: dict[str, Any]) -> set[str]:
    """Parameters that something compares with "", directly or through parameters compared with each other."""
    pairs: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "Fn::Equals":
                    pairs.append((value[0], value[1]))
                walk(value)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk({"c": template["Conditions"], "r": template.get("Rules", {})})
    linked = {name: {name} for name in NAMES}
    for left, right in pairs:
        if isinstance(left, dict) and isinstance(right, dict):
            both = linked[left["Ref"]] | linked[right["Ref"]]
            for name in both:
                linked[name] = both
    touched: set[str] = set()
    for left, right in [*pairs, *((b, a) for a, b in pairs)]:
        if isinstance(left, dict) and right == "":
            touched |= linked[left["Ref"]]
    for name in NAMES:
        entry = template["Parameters"][name]
        if entry.get("Default") == "" or "" in entry.get("AllowedValues", []):
            touched |= linked[name]
    return touched


def table(template: dict[str, Any]) -> list[tuple[dict[str, str], dict[str, bool]]]:
    """Every choice of values that the template allows, with the truth of its conditions."""
    empty = compared_with_empty(template)
    domains = []
    for name in NAMES:
        entry = template["Parameters"][name]
        values = entry.get("AllowedValues") or [*LITERALS, "c", *OTHERS]
        if "AllowedValues" not in entry and (name not in empty or entry.get("MinLength")):
            values = [value for value in values if value]
        domains.append(values)
    conditions = template["Conditions"]
    asserted = [item["Assert"] for rule in template.get("Rules", {}).values() for item in rule["Assertions"]]
    allowed = eval("lambda v: " + " and ".join(["True", *(source(node, conditions) for node in asserted)]))
    truths = eval("lambda v: {" + ", ".join(f"{n!r}: {source(c, conditions)}" for n, c in conditions.items()) + "}")
    choices = (dict(zip(NAMES, choice, strict=True)) for choice in itertools.product(*domains))
    return [(values, truths(values)) for values in choices if allowed(values)]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(templates())
def test_satisfiable_combinations_are_those_of_the_truth_table(template: dict[str, Any]) -> None:
    """No combination of the conditions is invented, and none is missed, also among the defaults."""
    space = space_of(template)

    def question(world: World) -> tuple[bool, ...]:
        return tuple(world.holds(name) for name in template["Conditions"])

    outcomes = space.outcomes(question)
    rows = table(template)
    defaults = {name: e["Default"] for name, e in template["Parameters"].items() if "Default" in e}
    default_rows = [truths for values, truths in rows if all(values[n] == v for n, v in defaults.items())]
    assert {tuple(truths.values()) for _, truths in rows} == {outcome.answer for outcome in outcomes}
    assert {tuple(truths.values()) for truths in default_rows} == {o.answer for o in outcomes if o.is_default}


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(templates())
def test_a_witness_is_a_scenario_in_which_the_fault_holds_whatever_else_is_chosen(template: dict[str, Any]) -> None:
    """Every row of the truth table that agrees with the witness has the fault."""
    space = space_of(template)
    outcomes = space.outcomes(lambda world: world.holds("C1") and not world.holds("C2"))
    found = verdict(space, outcomes, bool)
    rows = [(values, truths["C1"] and not truths["C2"]) for values, truths in table(template)]
    assert (found is not None) == any(fault for _, fault in rows)
    if found is None:
        return
    assert found.always == all(fault for _, fault in rows)
    if found.scenario is not None:
        fixed = {n: v for n, v in found.scenario.parameters if v != "any other value"}
        conditions = dict(found.scenario.conditions)
        agreeing = [
            fault
            for (values, truths), (_, fault) in zip(table(template), rows, strict=True)
            if all(values[n] == v for n, v in fixed.items())
            and all(truths[n] == t for n, t in conditions.items())
            and all(values[n] in OTHERS for n, v in found.scenario.parameters if v == "any other value")
        ]
        assert any(agreeing)


def test_values_that_nothing_asks_about_count_once() -> None:
    """Forty instance types are two worlds, not forty."""
    types = [f"t{n}.micro" for n in range(40)]
    space = space_of(
        {
            "Parameters": {"Type": {"Type": "String", "AllowedValues": types, "Default": "t7.micro"}},
            "Conditions": {"Small": {"Fn::Equals": [{"Ref": "Type"}, "t1.micro"]}},
        }
    )
    assert [("t7.micro", False), ("t1.micro", True)] == [
        (o.world.chosen["Type"], o.answer) for o in space.outcomes(lambda world: world.holds("Small"))
    ]


@pytest.mark.parametrize(
    ("declaration", "possible"),
    [
        ({"Type": "String"}, True),
        ({"Type": "String", "MinLength": 1}, False),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, False),
        ({"Type": "String", "AllowedPattern": "^$|^[a-z]+$"}, True),
        ({"Type": "String", "AllowedPattern": "^(on|off)$"}, False),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, False),
        ({"Type": "AWS::EC2::VPC::Id"}, False),
        ({"Type": "Number"}, False),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/key"}, True),
    ],
)
def test_a_parameter_is_possibly_empty_as_its_declaration_allows(declaration: dict[str, Any], possible: bool) -> None:
    """Something compares it with "", so only the declaration can exclude it."""
    space = space_of({"Parameters": {"P": declaration}, "Conditions": {"Empty": {"Fn::Equals": [{"Ref": "P"}, ""]}}})
    assert possible == space.may_be_empty("P")


def test_a_parameter_that_nothing_compares_with_the_empty_string_is_not_empty() -> None:
    """Otherwise every stranger's bucket name would be suspect."""
    assert not space_of({"Parameters": {"P": {"Type": "String"}}}).may_be_empty("P")


def test_a_mapping_decides_by_the_keys_it_has() -> None:
    """A stage without an entry cannot be deployed, so it is no scenario."""
    space = space_of(
        {
            "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod", "old"]}},
            "Mappings": {"Stages": {"dev": {"Big": "no"}, "prod": {"Big": "yes"}}},
            "Conditions": {"Big": {"Fn::Equals": [{"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "Big"]}, "yes"]}},
        }
    )
    found = {(o.world.chosen["Stage"], o.answer) for o in space.outcomes(lambda world: world.holds("Big"))}
    assert {("dev", False), ("prod", True)} == found


def test_texts_put_together_are_compared_by_what_they_can_read() -> None:
    """`prefix-${P}` is never "other", and empty only together with its parts."""
    space = space_of(
        {
            "Parameters": {"P": {"Type": "String", "Default": ""}, "L": {"Type": "CommaDelimitedList", "Default": ""}},
            "Conditions": {
                "Never": {"Fn::Equals": [{"Fn::Sub": "prefix-${P}"}, "other"]},
                "NoList": {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "L"}]}, ""]},
            },
        }
    )
    assert {False} == {o.answer for o in space.outcomes(lambda world: world.holds("Never"))}
    assert {("", True)} == {
        (o.world.chosen["L"], o.answer) for o in space.outcomes(lambda world: world.holds("NoList")) if o.is_default
    }


def test_conditions_that_define_themselves_or_nothing_may_be_either() -> None:
    """The analysis cannot tell, and does not hang."""
    space = space_of({"Conditions": {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}}})
    assert {True, False} == {o.answer for o in space.outcomes(lambda world: world.holds("A"))}
    assert {True, False} == {o.answer for o in space.outcomes(lambda world: world.holds("Nowhere"))}


def test_a_question_about_too_much_is_given_up_and_said_so() -> None:
    """Thirty independent switches are a thousand million worlds."""
    names = [f"S{n}" for n in range(30)]
    space = space_of(
        {
            "Parameters": {name: {"Type": "String", "AllowedValues": ["on", "off"]} for name in names},
            "Conditions": {name + "On": {"Fn::Equals": [{"Ref": name}, "on"]} for name in names},
        }
    )
    with pytest.raises(TooManyWorlds):
        space.outcomes(lambda world: [world.holds(name + "On") for name in names])
    assert 2 == len(space.outcomes(lambda world: world.holds("S7On")))
