"""Count what the pairs of a library differ in: `python -m bench.twins.count ROOT [--list]`.

Plain PyYAML on plain dictionaries, nothing of the package. `!Ref`, `Fn::Sub` and `Fn::Join` are written as one text, an
`Fn::If` stays as it is written; of a role all (action, resource) pairs that any arm of any `Fn::If` grants are one set.
No scenario is looked at, so that what two templates mean in the same cases may be counted as a difference, and what
lies under one condition in one half and under another in the other may be missed.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import yaml

NAMES = ("template-deploy.yaml", "template.yaml")
PACKAGING = {"DeployBucket", "CodeBucket", "LambdaCodeBucket"}
TYPES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
}
CAP = 50  # pairs of one role that are counted
MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")

Found = tuple[str, str, str]
"""Kind, name, and which half has it: "one", "other" or "both"."""


class Loader(yaml.SafeLoader):
    """YAML with the short forms of functions, in the long form."""


def _tagged(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        value = value.split(".", 1) if suffix == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _tagged)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def plain(value: Any) -> Any:
    """A value with Ref, GetAtt, Sub and Join as texts, and numbers as they would be sent."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if name == "Ref":
            return "${" + str(inner) + "}"
        if name == "Fn::GetAtt":
            return "${" + (inner if isinstance(inner, str) else ".".join(map(str, inner))) + "}"
        if name == "Fn::Sub" and isinstance(inner, str):
            return inner
        if name == "Fn::Join" and isinstance(inner[1], list):
            parts = [plain(one) for one in inner[1]]
            if all(isinstance(part, str) for part in parts):
                return str(inner[0]).join(parts)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def arms(value: Any) -> Iterator[Any]:
    """Everything that a value, or an item of it, may be."""
    if isinstance(value, dict) and set(value) == {"Fn::If"}:
        for arm in value["Fn::If"][1:]:
            yield from arms(arm)
    elif isinstance(value, list):
        for item in value:
            yield from arms(item)
    elif value not in (None, {"Ref": "AWS::NoValue"}):
        yield value


def texts(value: Any) -> Iterator[str]:
    """What an action or a resource may be: one text for each arm of each local variable of an `Fn::Sub`."""
    if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), list):
        text, local = value["Fn::Sub"]
        for chosen in product(*(list(arms(one)) for one in local.values())):
            said = {name: str(plain(one)) for name, one in zip(local, chosen, strict=True)}
            yield re.sub(r"\$\{(\w+)\}", lambda match, said=said: said.get(match[1], match[0]), text)  # type: ignore[misc]
        return
    said_plainly = plain(value)
    yield said_plainly if isinstance(said_plainly, str) else json.dumps(said_plainly)


def pairs(statements: Any) -> set[str]:
    """The (action, resource) pairs of some statements, those denied marked."""
    out: set[str] = set()
    for statement in arms(statements):
        if not isinstance(statement, dict) or "Action" not in statement:
            continue
        effect = "" if statement.get("Effect") == "Allow" else "Deny "
        actions, resources = (
            [text for one in arms(statement.get(key)) for text in texts(one)] for key in ("Action", "Resource")
        )
        out |= {f"{effect}{action} on {resource}" for action, resource in product(actions, resources)}
    return out


def granted(resources: dict[str, Any]) -> dict[str, set[str]]:
    """The pairs of each role, its own policies and those that are attached to it."""
    out: dict[str, set[str]] = {}
    for name, resource in resources.items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") == "AWS::IAM::Role":
            own = [policy.get("PolicyDocument", {}) for policy in arms(properties.get("Policies"))]
            out.setdefault(name, set()).update(*(pairs(document.get("Statement")) for document in own))
        if resource.get("Type") in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for role in arms(properties.get("Roles")):
                found = pairs(properties.get("PolicyDocument", {}).get("Statement"))
                out.setdefault(str(plain(role)).strip("${}"), set()).update(found)
    return out


def variables(template: dict[str, Any]) -> dict[str, Any]:
    """The variables of all functions by "Function.NAME", those of Globals in SAM's functions too."""
    out: dict[str, Any] = {}
    common = ((template.get("Globals") or {}).get("Function") or {}).get("Environment") or {}
    for name, resource in template["Resources"].items():
        if TYPES.get(resource.get("Type"), resource.get("Type")) != "AWS::Lambda::Function":
            continue
        environment = dict(common.get("Variables") or {}) if resource["Type"] != "AWS::Lambda::Function" else {}
        environment |= ((resource.get("Properties") or {}).get("Environment") or {}).get("Variables") or {}
        out |= {f"{name}.{variable}": plain(value) for variable, value in environment.items()}
    return out


def states(template: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The states of all machines by "Machine.State", variables of the definition replaced by what they stand for."""
    out: dict[str, Any] = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") not in MACHINES:
            continue
        top, local = _definition(properties, folder), properties.get("DefinitionSubstitutions") or {}
        values = {key: plain(value) for key, value in local.items()}
        todo = [top] if isinstance(top, dict) else []
        while todo:
            machine = todo.pop()
            for state, fields in (machine.get("States") or {}).items():
                inner = [fields.get("Iterator"), fields.get("ItemProcessor"), *(fields.get("Branches") or [])]
                todo += [one for one in inner if isinstance(one, dict)]
                shallow = {
                    k: v for k, v in fields.items() if k not in ("Iterator", "ItemProcessor", "Branches", "Comment")
                }
                out[f"{name}.{state}"] = _filled(plain(shallow), values)
    return out


def _definition(properties: dict[str, Any], folder: Path) -> Any:
    uri, text = properties.get("DefinitionUri"), properties.get("DefinitionString")
    if isinstance(uri, str):
        text = (folder / uri).read_text("utf-8") if (folder / uri).is_file() else ""
    if isinstance(text, dict):
        text = plain(text)
    if isinstance(text, str):
        try:
            return json.loads(re.sub(r"(:\s*)(\$\{[^}]*\})(\s*[,}\n])", r'\1"\2"\3', text))
        except ValueError:
            return yaml.load(text, Loader)
    return properties.get("Definition")


def _filled(value: Any, values: dict[str, Any]) -> Any:
    text = json.dumps(value, sort_keys=True)
    return re.sub(r"\$\{(\w+)\}", lambda match: str(values.get(match[1], match[0])), text)


def unlike(kind: str, one: dict[str, Any], other: dict[str, Any]) -> Iterator[Found]:
    """The keys that two mappings do not have in common, and those with other values."""
    for key in sorted(one.keys() | other.keys()):
        if key not in one or key not in other:
            yield kind, key, "one" if key in one else "other"
        elif one[key] != other[key]:
            yield kind, key, "both"


def compared(one: Path, other: Path) -> list[Found]:
    """What two templates differ in."""
    templates = [yaml.load(path.read_text("utf-8"), Loader) for path in (one, other)]
    a, b = templates
    found: list[Found] = []
    declared = [{k: v for k, v in (t.get("Parameters") or {}).items() if k not in PACKAGING} for t in templates]
    found += unlike("parameter", *(dict.fromkeys(half, "") for half in declared))
    both = declared[0].keys() & declared[1].keys()
    found += unlike(
        "default", *({n: plain(half[n]["Default"]) for n in both if "Default" in half[n]} for half in declared)
    )
    found += unlike("condition", *(plain(t.get("Conditions") or {}) for t in templates))
    kept = [{n: TYPES.get(r.get("Type"), r.get("Type")) for n, r in t["Resources"].items()} for t in templates]
    found += unlike("resource", *kept)
    common = kept[0].keys() & kept[1].keys()
    found += [
        ("resource", f"{name}.Condition", "both")
        for name in sorted(common)
        if a["Resources"][name].get("Condition") != b["Resources"][name].get("Condition")
    ]
    shared = [{k: v for k, v in variables(t).items() if k.split(".")[0] in common} for t in templates]
    found += unlike("variable", *shared)
    grants = [granted(t["Resources"]) for t in templates]
    for role in sorted(grants[0].keys() & grants[1].keys() & common):
        mine, theirs = grants[0][role], grants[1][role]
        listed = [("grant", f"{role}: {pair}", "one" if pair in mine else "other") for pair in sorted(mine ^ theirs)]
        found += listed[:CAP]
    machines = [states(t, path.parent) for t, path in zip(templates, (one, other), strict=True)]
    found += unlike("state", *({k: v for k, v in half.items() if k.split(".")[0] in common} for half in machines))
    return found


def main() -> None:
    """Print how many differences of each kind there are, and with `--list` each of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--list", action="store_true", help="print each difference")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    found_pairs = 0
    for one in sorted(options.root.rglob(NAMES[0])):
        other = one.with_name(NAMES[1])
        if not other.is_file():
            continue
        found_pairs += 1
        for kind, name, side in compared(one, other):
            counts[kind] += 1
            if options.list:
                print(f"{one.parent.relative_to(options.root).as_posix()}\t{kind}\t{name}\t{side}")
    print(f"{found_pairs} pairs, {sum(counts.values())} differences: {dict(counts)}")


if __name__ == "__main__":
    main()
