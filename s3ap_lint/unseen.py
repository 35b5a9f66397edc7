"""What could not be looked at: images, what lies outside the project, code and definitions that are not to be had."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from posixpath import dirname

from s3ap_lint.application import Application
from s3ap_lint.diagnostic import Place
from s3ap_lint.function import Function, is_image
from s3ap_lint.model import Unchecked
from s3ap_lint.permissions.standing import permissions_of
from s3ap_lint.resolution import FUNCTION_TYPES, within
from s3ap_lint.settings import Pair
from s3ap_lint.source import Source
from s3ap_lint.template.template import Template
from s3ap_lint.twins import Twins, everywhere, halves
from s3ap_lint.workspace import Workspace


def declared_encoding(data: object) -> str:
    """The encoding, other than UTF-8, that a Python file says it is written in, and is."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0] if isinstance(data, bytes) else ""
        if not isinstance(data, bytes) or encoding.startswith("utf-8"):
            return ""
        data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return ""
    return encoding


def unseen(application: Application) -> Iterator[Unchecked]:
    """What an application deploys and nobody looks into: container images, and definitions that cannot be read."""
    for template in application.templates:
        for resource in template.of_type(*FUNCTION_TYPES):
            if is_image(resource):
                line = template.source.place(resource.at).line
                yield Unchecked(template.path, f"code of {resource.id}", "it is a container image", line)
    for machine in application.state_machines:
        told = machine.definition_path is None and machine.resource.property("DefinitionUri").is_text  # by `outside`
        if machine.definitions is None and not told:
            line = machine.template.source.place(machine.at).line
            reason = "it is not written out, or no JSON or YAML"
            yield Unchecked(machine.template.path, f"definition of {machine.id}", reason, line)


def unexpanded(template: Template) -> Iterator[Unchecked]:
    """The loops of a template that stay open, and the macros that may make another template of it."""
    for loop, reason in template.open_loops:
        yield Unchecked(template.path, "loop", reason, template.source.place(loop.at).line)
    for macro in template.unknown_macros:
        yield Unchecked(template.path, "template", f"the macro {macro} may rewrite it")


def unjoined(function: Function) -> Unchecked:
    """A function whose code is not known, and why."""
    reason = getattr(function.code, "reason", "")
    line = function.template.source.place(function.at).line
    return Unchecked(function.template.path, f"code of {function.id}", reason, line)


def unjudged(function: Function, workspace: Workspace) -> Iterator[Unchecked]:
    """The permissions of a function that could not be judged."""
    if function.template.unknown_macros:
        return
    for at, reason in permissions_of(function).unjudged:
        source = workspace.read(at.subject)
        place = source.place(at) if isinstance(source, Source) else Place(at.subject)
        yield Unchecked(place.path, f"permissions of {function.id}", reason, place.line)


def unpaired(
    templates: Sequence[Template], configured: Iterable[Pair], load: Callable[[str], Template | None]
) -> Iterator[Unchecked]:
    """The templates whose other half, by the settings, is not there or no template."""
    paths = {template.path for template in templates}
    for pair in configured:
        for folder in sorted(set(map(dirname, paths))):
            found = halves(pair, folder) or ()
            lone = [path for path in found if path not in paths]
            if len(lone) != 1 or everywhere(pair) or load(lone[0]) is not None:
                continue
            own = next(path for path in found if path in paths)
            reason = f"its other half in the setting pairs, {lone[0]}, is not there, or no template"
            yield Unchecked(own, "twin", reason)


def idle(configured: Iterable[Pair], templates: Collection[str], name: str) -> Iterator[Unchecked]:
    """The pairs of the settings, which stand in the file of that name, that no template is in."""
    folders = sorted(set(map(dirname, templates)))
    for pair in configured:
        found = [paths for folder in folders if (paths := halves(pair, folder))]
        both = all if everywhere(pair) else any
        if not any(both(path in templates for path in paths) for paths in found):
            where = "no folder has both" if everywhere(pair) else "there is neither"
            what = f"pair {pair.source} and {pair.generated}"
            yield Unchecked(name, what, f"{where} of these templates; is the setting pairs out of date?")


def undecided(twins: Twins) -> Iterator[Unchecked]:
    """What of a pair could not be compared, if somebody wanted to know in what its halves differ."""
    for node in twins.undecided if twins.compared else ():
        template = next(one for one in (twins.pair.source, twins.pair.generated) if one.path == node.subject)
        what = "/".join(node.path)
        reason = "there are too many scenarios to tell whether its twin says the same"
        yield Unchecked(template.path, what, reason, template.source.place(node.key_at).line)


def untried(template: Template) -> Iterator[Unchecked]:
    """The patterns of parameters that somebody wanted to try, and that might have taken for ever."""
    for parameter in template.space.parameters.values():
        if parameter.untried:
            at = parameter.node["AllowedPattern"].at
            reason = "trying it on what the parameter is compared with may take too many steps"
            yield Unchecked(
                template.path, f"AllowedPattern of {parameter.name}", reason, template.source.place(at).line
            )


def unproven(sources: Iterable[Source | None]) -> Iterator[Unchecked]:
    """The files of which some fixes were not worked out."""
    for source in sources:
        if source is not None and source.proven_enough:
            yield Unchecked(source.path, "fixes", "it has more findings than fixes can be proven for")


def outside(template: Template) -> Iterator[Unchecked]:
    """Layers and definitions that a template takes from outside the project, which is never read."""
    for resource in template.resources.values():
        for name in ("ContentUri", "DefinitionUri"):
            node = resource.properties[name]
            if node.is_text and "://" not in node.text and within(dirname(template.path), node.text) is None:
                line = template.source.place(node.at).line
                reason = f"its {name} {node.text!r} lies outside the project"
                yield Unchecked(template.path, f"{name} of {resource.id}", reason, line)
