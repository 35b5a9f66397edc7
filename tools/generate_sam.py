"""Writes sam_policy_templates.json and sam_resources.json from the SAM translator.

    python tools/generate_sam.py [FOLDER]

What SAM generates is not read from its source but observed: each probe is translated, and the logical
ids that come out are turned into patterns.
"""

import copy
import json
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

import sam_probes
from sam_probes import COMPANIONS, CONDITION, EVENT, GIVEN, PROBES, SMALLEST, SOURCE, Probe
from table import folder_from_command_line, source, write

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"  # the translator asks boto3 for the partition
logging.disable(logging.WARNING)

from samtranslator.model import SamResourceMacro, sam_resources  # noqa: E402
from samtranslator.plugins.globals.globals import CUSTOM_STRATEGIES, GlobalProperties, Globals  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

PLACEHOLDERS = {
    "{id}": "the logical id the author wrote",
    "{event}": "the name of the event under Events",
    "{alias}": "AutoPublishAlias, with D for - and U for _",
    "{stage}": "StageName",
    "{authorizer}": "the name under Auth.Authorizers",
    "{route}": "the route key without $, its first letter upper case and the others lower case",
    "{path}": "an item of Domain.BasePath, letters and digits only",
    "{permission}": "an item of Permissions",
    "{key}": "the name under ApiKeys",
    "{source}": "the name under DataSources",
    "{function}": "the name under Functions",
    "{hash}": "ten hexadecimal digits that change with the content",
}

Resources = dict[str, dict[str, Any]]


def main() -> None:
    """Write both tables."""
    folder = folder_from_command_line()
    origin = source("aws-sam-translator", __file__)
    write("sam_policy_templates.json", origin, {"templates": policy_templates()}, folder)
    write(
        "sam_resources.json",
        origin,
        {
            "globals": global_sections(),
            "merge": merge_operations(),
            "placeholders": PLACEHOLDERS,
            "resources": resources(),
            "roles": roles(),
            "connectors": connectors(),
        },
        folder,
    )


def policy_templates() -> dict[str, Any]:
    """Template name → its parameters and statements; in a statement, Ref always names a parameter."""
    published = upstream("policy_templates_data/policy_templates.json")["Templates"]
    for name, template in published.items():
        strays = set(refs(template["Definition"])) - template["Parameters"].keys()
        if strays:
            raise SystemExit(f"{name} refers to {sorted(strays)}, which are not its parameters")
    return {
        name: {
            "description": template["Description"],
            "parameters": {key: value["Description"] for key, value in template["Parameters"].items()},
            "statements": template["Definition"]["Statement"],
        }
        for name, template in sorted(published.items())
    }


def global_sections() -> dict[str, Any]:
    """Globals section → resource type, properties, and those that do not merge by their kind."""
    prefix = Globals._RESOURCE_PREFIX
    return {
        type_.removeprefix(prefix): {
            "type": type_,
            "properties": sorted(properties),
            "custom": {
                path.partition(".")[2]: operation.value
                for path, operation in sorted(CUSTOM_STRATEGIES.items())
                if path.partition(".")[0] == type_.removeprefix(prefix)
            },
        }
        for type_, properties in sorted(Globals.supported_properties.items())
    }


def merge_operations() -> dict[str, str]:
    """Kind of value → how a global and a local one become one."""
    return {
        "mapping": merge_operation({"a": {"x": 1}, "b": 1}, {"a": {"y": 2}, "b": 2}),
        "list": merge_operation(["a"], ["b"]),
        "scalar": merge_operation("a", "b"),
        "intrinsic": merge_operation({"Ref": "A"}, {"Fn::Sub": "b"}),
        "intrinsic and mapping": merge_operation({"Fn::If": ["c", {}, {}]}, {"a": 1}),
        "list and scalar": merge_operation(["a"], "b"),
    }


def merge_operation(ours: Any, theirs: Any) -> str:
    """The translator's name for what it makes of a global value and a local one."""
    merged = GlobalProperties({"P": ours}).merge({"P": theirs})["P"]
    if merged == theirs:
        return "replace"
    if isinstance(ours, list) and merged == ours + theirs:
        return "concatenate"
    if merged == {"a": {"x": 1, "y": 2}, "b": 2}:
        return "deep_merge"
    raise SystemExit(f"{ours} and {theirs} became {merged}, which has no name here yet")


def resources() -> dict[str, Any]:
    """SAM type → the type it becomes, what Ref may follow with a dot, and what else is generated."""
    referable = {macro.resource_type: dict(sorted(macro.referable_properties.items())) for macro in macros()}
    return {
        type_: {
            **becomes(type_),
            "references": referable[type_],
            "generated": generated(type_),
        }
        for type_ in sorted(SMALLEST)
    }


def becomes(type_: str) -> dict[str, Any]:
    """The CloudFormation type of the resource itself, and whether it keeps the author's logical id."""
    if type_ == sam_probes.CONNECTOR:
        return {"becomes": None, "keeps_id": False}
    probe = next(probe for probe in PROBES if probe.type == type_)
    made = patterns(probe, translated(probe))
    return {"becomes": (made.get("{id}") or made["{id}{hash}"])["Type"], "keeps_id": "{id}" in made}


def generated(type_: str) -> list[dict[str, Any]]:
    """Everything generated for a SAM type: id pattern, type, when, and whether it has its source's condition."""
    probes = [probe for probe in PROBES if probe.type == type_]
    made = {id(probe): patterns(probe, translated(probe)) for probe in probes}
    found: list[dict[str, Any]] = []
    for probe in probes:
        missing = {
            path: made[id(probe)].keys() - patterns(probe, translated(probe, path)).keys() for path in probe.unless
        }
        for id_, resource in made[id(probe)].items():
            if id_ == "{id}" or ("value" not in probe.when and id_ in depending_on_value(probes, made)):
                continue
            entry = {
                "id": id_,
                "type": resource["Type"],
                "when": when(probe, [path for path, gone in missing.items() if id_ in gone]),
                "condition": condition(probe, id_, resource),
            }
            if not any(explained(entry, earlier) for earlier in found):
                found.append(entry)
    return sorted(together(found), key=lambda entry: json.dumps(entry["when"]) + entry["id"])


def explained(entry: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Whether the earlier entry already says that this one is there: an author who did this also did that."""
    this, that = entry["when"], earlier["when"]
    done = [*this.get("present", []), *this.get("equals", {})]
    return (
        all(entry[key] == earlier[key] for key in ("id", "type", "condition"))
        and that.get("event", this.get("event")) == this.get("event")
        and that.get("connector") == this.get("connector")
        and that.get("value", this.get("value")) == this.get("value")
        and that.get("equals", {}).items() <= this.get("equals", {}).items()
        and all(any(f"{path}.".startswith(f"{wanted}.") for path in done) for wanted in that.get("present", []))
    )


def depending_on_value(probes: Iterable[Probe], made: Mapping[int, Resources]) -> set[str]:
    """The id patterns that come with some kinds of value of a property and not with others."""
    kinds = [set(made[id(probe)]) for probe in probes if "value" in probe.when]
    if not kinds:
        return set()
    return kinds[0].union(*kinds) - kinds[0].intersection(*kinds)


def together(entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries, those that differ only in the event made one."""
    alike: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        alike[json.dumps(entry | {"when": entry["when"] | {"event": bool(entry["when"].get("event"))}})].append(entry)
    for first, *others in alike.values():
        events = [*first["when"].get("event", []), *(event for other in others for event in other["when"]["event"])]
        yield first | {"when": first["when"] | ({"event": sorted(events)} if events else {})}


def when(probe: Probe, unless: list[str]) -> dict[str, Any]:
    """What the author did and left undone, as the table says it."""
    absent = [renamed(probe, path) for path in unless if probe.unless[path] is not False]
    differs = {renamed(probe, path): False for path in unless if probe.unless[path] is False}
    return {
        **probe.when,
        **({"event": [probe.event]} if probe.event else {}),
        **({"absent": absent} if absent else {}),
        **({"not_equals": differs} if differs else {}),
    }


def condition(probe: Probe, id_: str, resource: Mapping[str, Any]) -> str:
    """inherited: as its source; shared: while any source is there; arbitrary: as some source; none: always."""
    if "Condition" not in resource:
        return "none"
    if "{id}" in id_:
        return "inherited"
    return shared_condition(probe, resource["Type"])


def shared_condition(probe: Probe, type_: str) -> str:
    """What becomes of the conditions when two sources, each with its own, generate the same resource."""
    properties = filled(copy.deepcopy({**SMALLEST[probe.type], **probe.properties}))
    others = json.loads(json.dumps(properties).replace('"/x"', '"/y"').replace('"orders"', '"parcels"'))
    template = translate_template(
        {
            SOURCE: {"Type": probe.type, "Condition": CONDITION, "Properties": properties},
            f"Other{SOURCE}": {"Type": probe.type, "Condition": f"Other{CONDITION}", "Properties": others},
        }
    )
    (name,) = (
        made["Condition"] for id_, made in template["Resources"].items() if made["Type"] == type_ and SOURCE not in id_
    )
    parts = {part["Condition"] for part in template["Conditions"][name].get("Fn::Or", [])}
    return "shared" if parts == {CONDITION, f"Other{CONDITION}"} else "arbitrary"


def roles() -> dict[str, Any]:
    """SAM type → what its own role, `{id}Role`, may do and why; resources stand as the property they come from."""
    return {type_: entries for type_ in sorted(SMALLEST) if (entries := role_entries(type_))}


def role_entries(type_: str) -> list[dict[str, Any]]:
    """What the generated role may do whatever the author did, then what each thing the author did adds."""
    base, *others = (probe for probe in PROBES if probe.type == type_)
    always = policies(base)
    if always is None:
        return []
    entries = [role_entry(when(base, []), always)] if always else []
    for probe in others:
        brought = policies(probe) or set()
        unless = [path for path in probe.unless if not brought - always <= (policies(probe, path) or set())]
        if brought - always:
            entries.append(role_entry(when(probe, unless), brought - always))
    return [*together(entries)]


def role_entry(reason: Mapping[str, Any], found: set[str]) -> dict[str, Any]:
    """One line of the table of roles."""
    read = [json.loads(policy) for policy in sorted(found)]
    return {
        "when": reason,
        "managed": [policy for policy in read if isinstance(policy, str)],
        "statements": [policy for policy in read if isinstance(policy, dict)],
    }


def policies(probe: Probe, unless: str = "") -> set[str] | None:
    """The policies of the probe's role as JSON: managed ones as the ARN after `:policy`, inline ones as statements."""
    role = translated(probe, unless).get(f"{SOURCE}Role")
    if role is None:
        return None
    managed = [arn.partition(":policy")[2] for arn in role["Properties"].get("ManagedPolicyArns", [])]
    inline = [policy["PolicyDocument"]["Statement"] for policy in role["Properties"].get("Policies", [])]
    statements = [statement for document in inline for statement in document]
    return {renamed(probe, json.dumps(policy)) for policy in (*managed, *statements)}


def connectors() -> dict[str, Any]:
    """Source type → destination type → how a connector grants, to whom, and what Read and Write mean."""
    published = upstream("model/connector_profiles/profiles.json")["Permissions"]
    return {
        source_type: {
            destination: {
                "connector": profile["Type"],
                "granted_to": "source" if profile["Properties"]["SourcePolicy"] else "destination",
                "access": profile["Properties"]["AccessCategories"],
            }
            for destination, profile in sorted(destinations.items())
        }
        for source_type, destinations in sorted(published.items())
    }


def translated(probe: Probe, unless: str = "") -> Resources:
    """The resources that a probe becomes, without its companions."""
    properties = copy.deepcopy({**SMALLEST[probe.type], **probe.properties})
    if unless:
        place = properties["Events"][EVENT]["Properties"] if probe.event else properties
        *way, last = unless.split(".")
        for step in way:
            place = place[step]
        place[last] = probe.unless[unless]
    resource = {"Type": probe.type, "Condition": CONDITION, "Properties": filled(properties)}
    companions = {name: dict(COMPANIONS[name]) for name in COMPANIONS.keys() & set(refs(properties))}
    made = translate({SOURCE: resource} | companions)
    return {id_: made[id_] for id_ in made if not id_.startswith(tuple(companions))}


def translate(written: Mapping[str, Any]) -> Resources:
    """The resources that CloudFormation gets to see."""
    made: Resources = translate_template(written)["Resources"]
    return made


def translate_template(written: Mapping[str, Any]) -> dict[str, Any]:
    """The template that CloudFormation gets to see, for these resources."""
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {
            CONDITION: {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
            f"Other{CONDITION}": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        },
        "Resources": copy.deepcopy(dict(written)),
    }
    made: dict[str, Any] = transform(template, {}, None)
    return made


def filled(value: Any, path: tuple[str, ...] = ()) -> Any:
    """The value with every GIVEN replaced by the path of the property that holds it."""
    if value == GIVEN:
        inner = path[3:] if path[:2] == ("Events", EVENT) else path
        return "{" + ".".join(inner) + "}"
    if isinstance(value, dict):
        return {key: filled(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, path) for item in value]
    return value


def patterns(probe: Probe, made: Resources) -> Resources:
    """The same resources under their id patterns."""
    return {pattern(probe, id_): resource for id_, resource in made.items()}


def pattern(probe: Probe, id_: str) -> str:
    """A generated logical id with placeholders for what varies."""
    return re.sub(r"[0-9a-f]{10}$", "{hash}", renamed(probe, id_))


def renamed(probe: Probe, text: str) -> str:
    """The text with placeholders for the names that the probe chose."""
    for word, placeholder in {SOURCE: "{id}", EVENT: "{event}", **probe.names}.items():
        text = text.replace(word, placeholder)
    return text


def refs(value: Any) -> Iterator[str]:
    """Every name that a Ref inside the value mentions."""
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            yield value["Ref"]
        for item in value.values():
            yield from refs(item)
    if isinstance(value, list):
        for item in value:
            yield from refs(item)


def macros() -> Iterator[Any]:
    """Every SAM resource class of the translator."""
    for macro in vars(sam_resources).values():
        if isinstance(macro, type) and issubclass(macro, SamResourceMacro) and macro is not SamResourceMacro:
            yield macro


def upstream(path: str) -> Any:
    """A JSON file of the translator."""
    return json.loads(files("samtranslator").joinpath(path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
