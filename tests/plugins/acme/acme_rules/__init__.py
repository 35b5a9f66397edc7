"""Somebody else's rules, in a distribution of their own: one use of every hook."""

from collections.abc import Iterable, Iterator, Mapping

from acme_rules.untagged_topic import untagged_topic
from s3ap_lint.api import Detector, Finding, Location, PythonFile, Rule, Span, detects, hookimpl
from s3ap_lint.diagnostic import Report
from s3ap_lint.model import Severity
from s3ap_lint.offers import Catalogued, Engine, EngineUnit, Renderer, RenderOptions


@detects("ACME001", subject=PythonFile)
def topic_made_in_code(file: PythonFile) -> Iterator[Finding]:
    """The other half of the rule: topics that code makes."""
    at = file.module.source.data.find(b"create_topic(")
    if at >= 0 and b"Tags=" not in file.module.source.data:
        yield Finding("a topic is made without tags", Location(file.module.path, Span(at, at + len("create_topic"))))


class Shouting:
    """A foreign linter that dislikes words in capitals."""

    name = "shouting"
    kind = "python"
    version = "3.0"

    def catalogue(self) -> Iterable[Catalogued]:
        """Its one code."""
        return [Catalogued("Q001", "shouted-word", Severity.INFO, "A comment shouts.", "https://example.invalid/Q001")]

    def check(self, unit: EngineUnit) -> Iterable[Finding]:
        """The first shout."""
        at = unit.data.find(b"# TODO")
        if at >= 0:
            yield Finding("it shouts", Location(unit.path, Span(at, at + 6)), code="Q001", severity=Severity.INFO)


def _counted(report: Report, rules: Mapping[str, Rule | Catalogued], options: RenderOptions) -> str:
    return f"{len(report.findings)} findings\n"


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """Its rule, and a detector for another kind of subject."""
    return [untagged_topic, topic_made_in_code]


@hookimpl
def s3ap_engines() -> Iterable[Engine]:
    """Its linter."""
    return [Shouting()]


@hookimpl
def s3ap_renderers() -> Iterable[Renderer]:
    """Its format."""
    return [Renderer("acme-count", "how many findings there are", _counted)]


@hookimpl
def s3ap_loaders() -> Iterable[object]:
    """A loader, for whoever asks for one."""
    return ["a loader"]


@hookimpl
def s3ap_appliers() -> Iterable[object]:
    """An applier, for whoever asks for one."""
    return ["an applier"]
