"""SAM templates against what AWS's own translator makes of them: what both can say must be the same.

    python -m bench.twins.oracle FOLDER… [--show REASON]

Needs aws-sam-translator. Each template, with packages for its folders of code, is translated in memory and compared
with the translation. Beside the resources that SAM makes, which only the translation has, every difference is counted
under the reason why there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from s3ap_lint.difference.comparison import Comparison, Views
from s3ap_lint.difference.differences import Difference, Kind
from s3ap_lint.difference.plain import OWN, PLAIN_TYPES
from s3ap_lint.difference.scope import Scope
from s3ap_lint.difference.states import DEFINING
from s3ap_lint.source import Source
from s3ap_lint.statemachine import definitions
from s3ap_lint.template import document
from s3ap_lint.template.template import SAM_TRANSFORM, Resource, Template

LAYER = "AWS::Serverless::LayerVersion"
_HASHED = "[0-9a-f]{10}"


def translated(text: str) -> str:
    """What SAM makes of a template, as JSON; raises what the translator raises."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    import boto3  # type: ignore[import-not-found]
    from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]
    from samtranslator.translator.translator import Translator  # type: ignore[import-not-found]
    from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-not-found]

    session = boto3.session.Session(region_name="us-east-1")
    made = Translator(_Managed(), Parser(), boto_session=session).translate(yaml_parse(text), {})
    return json.dumps(_plain(made), default=str, indent=1)  # dates as CloudFormation reads them


class _Managed(dict[str, str]):
    """AWS's managed policies by name, without asking AWS for them."""

    def get(self, name: str, default: object = None) -> str:  # type: ignore[override]
        return f"arn:aws:iam::aws:policy/{name}"

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and ":" not in name


def _plain(value: Any) -> Any:
    """The translator's own kinds of mappings and lists as those of JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


_LOCAL = re.compile(
    r"""^(?P<key>[ -]*(?:Code|Content|Definition)Uri:[ ]++)(?!["']?s3:|[!{#])(?P<path>[^#\n]+?)[ ]*(?:#.*)?$""",
    re.MULTILINE,
)


_AROUND = "./\"'"


def deployed(text: str) -> str:
    """A template in YAML as it is handed to SAM: folders beside it are packages in S3."""
    text = _LOCAL.sub(lambda match: f"{match['key']}s3://packages/{match['path'].strip(_AROUND) or 'all'}", text)
    return text if re.search(r"^Transform:", text, re.MULTILINE) else f"Transform: {SAM_TRANSFORM}\n{text}"


def template(path: str, text: str) -> Template:
    """A template from its text. Raises ValueError where it cannot be read."""
    source = Source(path, text.encode())
    top = document.parse(source).top
    if top is None:
        raise ValueError(path)
    return Template(source, top)


def named_again(one: Template, text: str) -> str:
    """The translation with the names of layers that the source has, without the hashes that SAM puts behind them."""
    for layer in one.of_type(LAYER):
        text = re.sub(rf'"{layer.id}{_HASHED}"', f'"{layer.id}"', text)
    return text


def compared(path: str, text: str, made: str) -> Iterator[tuple[str, Difference]]:
    """The differences of a template and its translation, each with the reason, but for what SAM makes beside."""
    one = template(path, text)
    other = template("translated.json", named_again(one, made))
    views = Views(lambda machine: definitions(machine, None, lambda path: None))
    for difference in Comparison(one, other, Scope(one, other, by_name=True), views).differences():
        name = re.split(r"[.:]", difference.name)[0]
        resource = one.resources.get(name)
        if difference.kind is Kind.CONDITION and difference.only_in_other:
            continue
        if resource is None and difference.kind not in (Kind.OUTPUT, Kind.PARAMETER, Kind.DEFAULT, Kind.MAPPING):
            continue
        yield reason(difference, resource, other), difference


def reason(difference: Difference, resource: Resource | None, other: Template) -> str:
    """Why a template and its translation are not the same in something."""
    if resource is None:
        return "a name that SAM gives to what it makes" if _names_made(difference) else "other"
    parts = difference.name.split(".")
    first = parts[1].partition(":")[0] if len(parts) > 1 else ""
    kind = resource.type
    if kind.startswith("AWS::Serverless::") and kind not in PLAIN_TYPES:
        return f"SAM's own: {kind}"
    if kind not in PLAIN_TYPES:
        return "SAM changes another resource for an event source or connector"
    if resource.id not in other.resources:
        return f"SAM makes it otherwise: {kind}"
    if difference.kind is Kind.RESOURCE and first == "Type":
        return "SAM makes it otherwise: a reserved name"
    if first in OWN.get(kind, ()):
        return f"SAM's own: {first}"
    if first in ("Role", "RoleArn") and difference.only_in_other:
        return "SAM makes a role"
    if first == "DependsOn" and difference.only_in_other:
        return "SAM makes it wait for what it makes"
    if first == "Description" and resource.property("AutoPublishCodeSha256"):
        return "SAM's own: AutoPublishCodeSha256"
    if (kind == LAYER or first == "TracingConfig") and "${" in difference.said[0]:
        return "SAM puts in what parameters are"
    if {*difference.said} == {"4", "4.0"}:
        return "a number that the translator writes in its own way"
    if first in DEFINING and resource.property("Definition") and not resource.property("Definition")["States"]:
        return "a state machine without states"
    return "a name that SAM gives to what it makes" if _names_made(difference) else "other"


def _names_made(difference: Difference) -> bool:
    """Whether only the names of resources that SAM makes are not the same."""
    texts = [re.sub(r"[.]|Alias\w*|" + _HASHED, "", text) for text in difference.said]
    return all("${" in text for text in difference.said) and texts[0] != "" != texts[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--show", default="", help="tell each difference with this reason")
    arguments = parser.parse_args()
    tally, by_reason = Counter[str](), defaultdict[str, list[str]](list)
    for path in sorted(path for folder in arguments.folders for path in Path(folder).rglob("*.y*ml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "AWS::Serverless::" not in text:
            continue
        tally["templates"] += 1
        try:
            made = translated(deployed(text))
        except Exception as error:  # whatever the translator does not take is nothing to compare with
            tally[f"refused ({type(error).__name__})"] += 1
            continue
        found = list(compared(str(path), deployed(text), made))
        tally["translated"] += 1
        tally[
            "the same" if not found else "unlike for a reason" if all(r != "other" for r, _ in found) else "other"
        ] += 1
        for why in {why for why, _ in found}:
            tally[f"– {why}"] += 1
        for why, difference in found:
            by_reason[why].append(f"{path.name}: {difference.name}: {difference.said[0]} | {difference.said[1]}")
    for what, count in tally.most_common():
        print(f"{count:5} {what}")
    print("\n".join(by_reason[arguments.show]))


if __name__ == "__main__":
    main()
