"""Two templates compared, in lines that a test can hold against what it expects."""

from __future__ import annotations

import json
from typing import Any

import yaml

from s3ap_lint.difference.comparison import Comparison, Views
from s3ap_lint.difference.differences import Difference
from s3ap_lint.difference.scope import Scope
from s3ap_lint.source import Source
from s3ap_lint.statemachine import definitions
from s3ap_lint.template import document
from s3ap_lint.template.template import Template

Data = Any

SHORT = {"Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::FindInMap"}


class _Dumper(yaml.SafeDumper):
    """YAML with short functions, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class _Short(dict[str, Any]):
    pass


def _represented(dumper: yaml.SafeDumper, data: _Short) -> yaml.Node:
    ((name, value),) = data.items()
    tag = f"!{name.removeprefix('Fn::')}"
    if isinstance(value, str):
        return dumper.represent_scalar(tag, value)
    if isinstance(value, list):
        return dumper.represent_sequence(tag, value)
    return dumper.represent_mapping(tag, value)


_Dumper.add_representer(_Short, _represented)


def shortened(data: Data) -> Data:
    """The same with functions that are to be written short."""
    if isinstance(data, list):
        return [shortened(item) for item in data]
    if not isinstance(data, dict):
        return data
    inner = {key: shortened(value) for key, value in data.items()}
    name = next(iter(data), "")
    return _Short(inner) if len(data) == 1 and (name in SHORT or name == "Ref") else inner


def as_yaml(data: Data, short: bool = True) -> str:
    """A template in YAML."""
    return yaml.dump(shortened(data) if short else data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def template(said: str | Data, path: str = "template.yaml") -> Template:
    """A template from its text, or from its data."""
    text = said if isinstance(said, str) else json.dumps(said)
    source = Source(path, text.encode())
    top = document.parse(source).top
    assert top is not None, text
    return Template(source, top)


def comparison(one: str | Data, other: str | Data, **how: bool) -> Comparison:
    """A comparison of two templates."""
    first, second = template(one, "one.yaml"), template(other, "other.yaml")
    return Comparison(
        first, second, Scope(first, second, **how), Views(lambda machine: definitions(machine, None, lambda path: None))
    )


def told(difference: Difference) -> str:
    """A difference in one line: what it is, what either template says, and when."""
    scenario = difference.verdict.scenario
    when = f" · {scenario.text}" if scenario is not None else ""
    return f"{difference.kind.value} {difference.name}: {difference.said[0] or '–'} | {difference.said[1] or '–'}{when}"


def found(one: str | Data, other: str | Data, **how: bool) -> list[str]:
    """The differences of two templates, each in one line."""
    return [told(difference) for difference in comparison(one, other, **how).differences()]


def placed(one: str, other: str, **how: bool) -> list[tuple[str, str, str]]:
    """The differences by name, each with the lines that a person is sent to in either text, without blanks around."""
    lines = [text.splitlines() for text in (one, other)]
    sides = template(one), template(other)
    out = []
    for difference in comparison(one, other, **how).differences():
        rows = [side.source.line_of(difference.at(i).span.start) for i, side in enumerate(sides)]
        out.append(
            (f"{difference.kind.value} {difference.name}", *(lines[i][row - 1].strip() for i, row in enumerate(rows)))
        )
    return out
