"""What has to be done to the generated half, section by section and resource by resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from s3ap_lint.application import Application
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.plain import RENAMED
from s3ap_lint.difference.states import DEFINING
from s3ap_lint.sync.halves import BUCKET, Packaging, has_code, mentioned
from s3ap_lint.sync.operations import Insert, Operation, Remove, Replace, entries_of, in_mapping, operations
from s3ap_lint.sync.translation import CODE_KEYS, Refusal, Translator
from s3ap_lint.sync.wanted import Group, Made, Wanted
from s3ap_lint.template.loops import LOOP
from s3ap_lint.template.node import Node
from s3ap_lint.template.template import SAM_TRANSFORM, Resource, Template

SECTIONS = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")
_SECTION_OF = {
    Kind.PARAMETER: "Parameters",
    Kind.DEFAULT: "Parameters",
    Kind.CONDITION: "Conditions",
    Kind.MAPPING: "Mappings",
    Kind.RULE: "Rules",
    Kind.OUTPUT: "Outputs",
}
_BUCKET = {"Type": "String", "Description": "S3 bucket that holds the packages of the functions"}


@dataclass
class Plan:
    """The steps that bring the generated half in step with the source.

    `fresh`: the generated half is nothing but a copy of the source yet, and all of it has to be translated.
    """

    source: Template
    target: Template
    application: Application
    by_hand: bool
    fresh: bool = False
    refusals: list[Refusal] = field(default_factory=list, init=False)
    translator: Translator = field(init=False, repr=False, compare=False)  # one for each time that steps are asked for

    @cached_property
    def packaging(self) -> Packaging:
        return Packaging(self.source, self.target, self.application, self.by_hand, self.fresh)

    def steps(self, differences: Iterable[Difference]) -> list[Operation]:
        """The operations; `refusals` tell afterwards what stands in their way."""
        self.refusals = list(self._unknowable)
        self.translator = Translator(self.packaging, self.refusals)
        if self.refusals:
            return []
        if self.fresh:
            return list(self._everything())
        found = tuple(differences)
        return [*self._missing_transform(), *(step for section in SECTIONS for step in self._section(section, found))]

    # -- refusals --------------------------------------------------------------------------------

    @cached_property
    def _unknowable(self) -> tuple[Refusal, ...]:
        """What nobody can tell of the halves, whatever is to be carried over."""
        return tuple(dict.fromkeys(self._unknown()))

    def _unknown(self) -> Iterator[Refusal]:
        for half in (self.source,) if self.fresh else (self.source, self.target):
            for name in half.unknown_macros:
                at = half.top["Transform"].at
                yield Refusal(name, "what this macro makes of the template cannot be told", at)
        for node in self.source.top.walk():
            found = node.function
            if found is not None and found[0] == "Fn::Transform" and found[1]["Name"].text != "AWS::Include":
                yield Refusal(found[1]["Name"].text or "Fn::Transform", "what this macro makes cannot be told", node.at)
        for half in (self.source, self.target):
            if LOOP.encode() in half.source.data:
                yield Refusal("Fn::ForEach", "loops are not carried over; write the resources out", half.top.at)
        made = self.source.generated if self.by_hand else {}
        gone = made.keys() - self.source.resources.keys()
        places = {name: node for name, node in (mentioned(self.source) if gone else ()) if name in gone}
        for name, node in places.items():
            yield Refusal(name, "SAM makes this resource, and the other half would not have it", node.at)

    # -- a half that is new ----------------------------------------------------------------------

    def _everything(self) -> Iterator[Operation]:
        entries: dict[str, Wanted] = {}
        for key, node in self.source.top.items():
            if key == "Transform":
                transform = self._transform(node)
                if transform is not None:
                    entries[key] = transform
            elif key == "Resources":
                entries[key] = Group(self._resources(frozenset(self.source.resources)))
                if not (self.by_hand or "Transform" in self.source.top):
                    entries["Transform"] = Made(SAM_TRANSFORM)
            elif key == "Parameters":
                entries |= {key: Group(found)} if (found := self._parameters()) else {}
            elif not (key == "Globals" and self.by_hand):
                entries[key] = node
        if "Parameters" not in entries and (found := self._parameters()):
            entries["Parameters"] = Group(found)
        yield from in_mapping(self.target.top, _in_usual_order(entries))

    def _transform(self, node: Node) -> Wanted | None:
        """The transforms of the generated half: the source's, with SAM's or without."""
        others = [name for name in self.source.transforms if name != SAM_TRANSFORM]
        names = others if self.by_hand else [*others, SAM_TRANSFORM]
        if names == list(self.source.transforms):
            return node
        return Made(names if len(names) > 1 else names[0]) if names else None

    # -- a half that is there --------------------------------------------------------------------

    def _missing_transform(self) -> Iterator[Operation]:
        """SAM's transform where resources of SAM are and it is not: without it none of them can be deployed."""
        if not self.by_hand and "Transform" not in self.target.top and self._of_sam:
            version = self.target.top["AWSTemplateFormatVersion"]
            new = (("Transform", Made(SAM_TRANSFORM)),)
            yield Insert(self.target.top, version if version else None, new)

    @property
    def _of_sam(self) -> list[Resource]:
        """The resources of SAM in the generated half."""
        return [one for one in self.target.resources.values() if one.of_sam]

    def _section(self, section: str, differences: tuple[Difference, ...]) -> Iterator[Operation]:
        if section == "Resources":
            yield from self._in_resources(differences)
            return
        names = frozenset(d.name.partition(".")[0] for d in differences if _SECTION_OF.get(d.kind) == section)
        entries: Mapping[str, Wanted] = dict(self.source.top[section].items())
        if section == "Parameters":
            entries = self._parameters()
            names |= {name for name in entries if name not in self.target.top[section]} & {self.packaging.bucket}
        if names:
            yield from self._entries(section, entries, names)

    def _entries(self, section: str, entries: Mapping[str, Wanted], names: frozenset[str]) -> Iterator[Operation]:
        node = self.target.top[section]
        if not entries and node:
            yield Remove(node)
        elif node.is_mapping and len(node):
            yield from in_mapping(node, dict(entries), names)
        elif node and entries:
            yield Replace(node, Group(entries))
        elif entries:
            before = [key for key in self.source.top.keys() if key in self.target.top]
            at = self.source.top.keys().index(section) if section in self.source.top else 0
            earlier = [key for key in self.source.top.keys()[:at] if key in before]
            anchor = self.target.top[earlier[-1]] if earlier else self.target.top.children()[-1]
            yield Insert(self.target.top, anchor, ((section, Group(entries)),))

    def _parameters(self) -> dict[str, Wanted]:
        """The parameters: those of the source without its packaging, and the packaging of this half."""
        out: dict[str, Wanted] = {}
        theirs, ours = self.packaging.parameters
        for name in self.target.top["Parameters"].keys():
            if name in ours and not self.fresh:
                out[name] = self.target.top["Parameters"][name]
        if self.packaging.needs_bucket and self.packaging.bucket not in out:
            out[BUCKET] = Made(_BUCKET)
        out |= {name: node for name, node in self.source.top["Parameters"].items() if name not in theirs}
        return out

    # -- resources -------------------------------------------------------------------------------

    def _resources(self, names: frozenset[str]) -> dict[str, Wanted]:
        """The resources of the source in this half's words; those that are not asked for stay as they are."""
        out: dict[str, Wanted] = {}
        for name, resource in self.source.resources.items():
            existing = None if self.fresh else self.target.resources.get(name)
            if name not in names:
                out[name] = existing.node if existing is not None else resource.node
                continue
            piece = self.translator.resource(resource, existing)
            if piece is not None:
                out[name] = piece
        return out

    def _in_resources(self, differences: tuple[Difference, ...]) -> Iterator[Operation]:
        touched = Touched()
        for difference in differences:
            touched.add(difference)
        touched.whole.update(self._without_code())
        if self.by_hand and not self.target.is_sam:  # without the transform nobody can deploy them
            touched.whole.update(one.id for one in self._of_sam if one.id in self.source.resources)
        yield from self._without_globals(touched)
        self.translator.recoded = touched.recoded
        names = touched.whole | touched.parts.keys()
        entries = self._resources(frozenset(names))
        whole = {name for name in touched.whole if name not in self.target.resources or name not in entries}
        yield from self._entries("Resources", entries, frozenset(whole))
        for name in sorted(names - whole & entries.keys()):  # what is not among them was refused
            yield from self._in_resource(self.target.resources[name], entries[name], touched, name)

    def _without_code(self) -> Iterator[str]:
        """Functions of a half for SAM that do not say where their code lies, so that SAM finds none."""
        if self.target.is_sam and not self.by_hand:
            found = (one for one in self.target.of_type("AWS::Lambda::Function") if not has_code(one))
            yield from (one.id for one in found if one.id in self.source.resources)

    def _in_resource(self, existing: Resource, piece: Wanted, touched: Touched, name: str) -> Iterator[Operation]:
        entries = entries_of(piece)
        if entries is None or name in touched.whole:
            yield from operations(existing.node, piece)
            return
        parts = touched.parts[name]
        attributes = frozenset(part for part in parts if not part.startswith("."))
        yield from in_mapping(existing.node, entries, attributes)
        properties = entries_of(entries["Properties"]) if "Properties" in entries else {}
        asked = frozenset(part[1:] for part in parts if part.startswith("."))
        if not asked or properties is None:
            return
        if existing.properties.is_mapping and len(existing.properties):
            yield from in_mapping(existing.properties, properties, asked)
        elif existing.properties:
            yield Replace(existing.properties, Group(properties))
        else:
            yield from in_mapping(existing.node, entries, frozenset({"Properties"}))

    def _without_globals(self, touched: Touched) -> Iterator[Operation]:
        """What Globals says otherwise than the source goes there, and is said in each resource."""
        for section in self.target.top["Globals"].children():
            kind = f"AWS::Serverless::{section.key}"
            ids = [resource.id for resource in self.target.of_type(kind) if resource.id in self.source.resources]
            gone = {
                key
                for key in section.keys()
                for name in ids
                if name in touched.whole or f".{key}" in touched.parts.get(name, ())
            }
            for name in ids:
                touched.parts.setdefault(name, set()).update(f".{key}" for key in gone)
            if gone and len(gone) == len(section):
                yield Remove(section if len(self.target.top["Globals"]) > 1 else self.target.top["Globals"])
                continue
            yield from (Remove(section[key]) for key in sorted(gone))


@dataclass
class Touched:
    """The resources that have to change: as a whole, or in some parts (attributes, and ".Property")."""

    whole: set[str] = field(default_factory=set)
    parts: dict[str, set[str]] = field(default_factory=dict)
    recoded: set[str] = field(default_factory=set)

    def add(self, difference: Difference) -> None:
        """Take in a difference."""
        kind, name = difference.kind, difference.name
        if kind in _SECTION_OF:
            return
        logical_id, _, rest = name.partition(".")
        if kind is Kind.STATE:  # its place may be in a file beside the template
            names = (*DEFINING, "DefinitionUri")
            self.parts.setdefault(logical_id, set()).update(f".{one}" for one in names)
            return
        if kind is Kind.GRANT:
            for node in difference.nodes:
                self._place(node.path)
            return
        if kind is Kind.RESOURCE and rest in ("", "Type"):
            self.whole.add(logical_id)
        elif kind is Kind.RESOURCE:
            self.parts.setdefault(logical_id, set()).add(rest)
        elif kind is Kind.CODE:
            self.recoded.add(logical_id)
            self.parts.setdefault(logical_id, set()).update(f".{key}" for key in CODE_KEYS)
        else:
            first = "Environment" if kind is Kind.VARIABLE else rest
            self.parts.setdefault(logical_id, set()).update(f".{key}" for key in _keys(first))

    def _place(self, path: tuple[str, ...]) -> None:
        if path[:1] != ("Resources",) or len(path) < 2:
            return
        parts = self.parts.setdefault(path[1], set())
        if len(path) > 3:
            parts.add(f".{path[3]}")
        else:
            parts.update((".Policies", ".ManagedPolicyArns"))


def _keys(dotted: str) -> set[str]:
    """The keys under which either half may have a property, from its name in CloudFormation."""
    first = dotted.partition(".")[0]
    return {first} | {
        ours.partition(".")[0]
        for names in RENAMED.values()
        for ours, theirs in names.items()
        if theirs.partition(".")[0] == first
    }


def _in_usual_order(entries: Mapping[str, Wanted]) -> dict[str, Wanted]:
    """The sections as the source has them; a new Transform behind the version, new parameters before the resources."""
    out = dict(entries)
    if "Transform" in out and isinstance(out["Transform"], Made):
        transform = out.pop("Transform")
        head = {key: out.pop(key) for key in ("AWSTemplateFormatVersion",) if key in out}
        out = {**head, "Transform": transform, **out}
    if isinstance(out.get("Parameters"), Group) and list(out).index("Parameters") > list(out).index("Resources"):
        parameters = out.pop("Parameters")
        at = list(out).index("Resources")
        items = list(out.items())
        out = dict([*items[:at], ("Parameters", parameters), *items[at:]])
    return out
