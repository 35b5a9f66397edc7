"""Chooses the handlers whose IAM actions are written down by hand: by lot, and by the text of the templates alone.

    python -m bench.permissions.choose CORPUS --seed 7 --most 20 [--within 1] [--without TRUTH.jsonl ...]

A template is a YAML or JSON file that names a Lambda function type. Of each function only plain text counts: a Python
runtime, a `Handler` of two parts or more, a `CodeUri` or `Code` that is a folder (no bucket, no code in the template),
and the handler's file there. Of each application (the template's folder, or the first `--within` parts of its path)
the lot takes one function, then it takes `--most` of the applications. Nothing of the linter is used: what it fails to
find must be able to be drawn.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
SUFFIXES = frozenset({".yaml", ".yml", ".json", ".template"})
SKIPPED = frozenset({".git", "node_modules", "cdk.out", ".aws-sam", "__pycache__"})
LARGEST = 2_000_000


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A function of a template whose handler's file is there."""

    application: str
    template: str
    function: str
    handler: str


class _Plain(yaml.SafeLoader):
    """YAML whose tags (`!Sub`, `!Ref`) are dropped: what they hold is all that is looked at."""


def _untagged(loader: _Plain, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {"tagged": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {"tagged": loader.construct_sequence(node, deep=True)}
    return {"tagged": loader.construct_mapping(node, deep=True)} if isinstance(node, yaml.MappingNode) else None


_Plain.add_multi_constructor("!", _untagged)


def candidates(corpus: Path, within: int | None) -> Iterator[Candidate]:
    """Every function of the corpus that can be drawn."""
    for path in sorted(corpus.rglob("*")):
        inside = path.relative_to(corpus)
        if path.suffix not in SUFFIXES or SKIPPED & set(inside.parts) or not path.is_file():
            continue
        template = _template(path)
        folder = inside.parent
        application = folder.as_posix() if within is None else PurePosixPath(*folder.parts[:within]).as_posix()
        for function, handler in _functions(template, path.parent):
            yield Candidate(application, inside.as_posix(), function, _relative(handler, corpus))


def _relative(handler: tuple[Path, str], corpus: Path) -> str:
    file, name = handler
    return f"{file.resolve().relative_to(corpus.resolve()).as_posix()}:{name}"


def _template(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST:
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    if not any(kind in text for kind in TYPES):
        return {}
    try:
        read = yaml.load(text, Loader=_Plain)
    except (yaml.YAMLError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _functions(template: dict[str, Any], folder: Path) -> Iterator[tuple[str, tuple[Path, str]]]:
    for name, resource in _mapping(template.get("Resources")).items():
        kind = _mapping(resource).get("Type")
        if kind not in TYPES:
            continue
        own = _mapping(_mapping(resource).get("Properties"))
        shared = _mapping(_mapping(template.get("Globals")).get("Function")) if kind == TYPES[0] else {}
        handler = _handler({**shared, **own}, folder)
        if handler is not None:
            yield str(name), handler


def _handler(properties: dict[str, Any], folder: Path) -> tuple[Path, str] | None:
    runtime, handler = properties.get("Runtime"), properties.get("Handler")
    code = properties.get("CodeUri", properties.get("Code"))
    if not (isinstance(handler, str) and isinstance(code, str) and "." in handler) or "://" in code:
        return None
    if not (isinstance(runtime, str) and runtime.startswith("python")):
        return None
    module, _, name = handler.rpartition(".")
    file = folder / code / (module.replace(".", "/") + ".py")
    return (file, name) if file.is_file() else None


def draw(found: list[Candidate], seed: int, most: int) -> list[Candidate]:
    """One function of each application, then some of the applications: the same ones for the same seed."""
    lot = random.Random(seed)
    applications: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(set(found)):
        applications[candidate.application].append(candidate)
    one_each = [lot.choice(applications[name]) for name in sorted(applications)]
    return lot.sample(one_each, min(most, len(one_each)))


def _drawn_before(truths: list[Path]) -> set[str]:
    lines = [line for truth in truths for line in truth.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {json.loads(line)["handler"] for line in lines}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--most", type=int, default=20)
    parser.add_argument("--within", type=int, help="an application is the first N parts of a template's path")
    parser.add_argument("--without", type=Path, action="append", default=[], help="leave out handlers of this truth")
    options = parser.parse_args()
    before = _drawn_before(options.without)
    found = [each for each in candidates(options.corpus, options.within) if each.handler not in before]
    for each in draw(found, options.seed, options.most):
        print(json.dumps({"handler": each.handler, "function": each.function, "template": each.template}))


if __name__ == "__main__":
    main()
