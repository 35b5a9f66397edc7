"""The harness notices what an author may get wrong, and says it in words that help."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from s3ap_lint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Resource,
    Rule,
    Safety,
    Severity,
    Span,
    Template,
    bad,
    good,
    rule,
)
from s3ap_lint.testing import assert_rule, check_examples, example_cases

TOPIC = """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          Tags: []
          DisplayName: TODO  # <- ACME001
          TopicName: alerts
    """
NAMED = TOPIC.replace("TODO  # <- ACME001", '"alerts"')

Check = Callable[[Resource], Iterator[Finding]]


def made(check: Check, fixed: str | None = NAMED, text: str = TOPIC) -> Rule:
    """A rule about topics that is right in everything but the check, which is given each topic."""

    @rule(
        code="ACME001",
        name="placeholder-name",
        subject=Template,
        severity=Severity.WARNING,
        since="1.0",
        examples=[bad("a placeholder", text, fixed=fixed), good("a real name", NAMED)],
    )
    def placeholder_name(template: Template) -> Iterator[Finding]:
        """
        A topic is called TODO.

        Nobody knows what its messages are about.
        """
        for topic in template.of_type("AWS::SNS::Topic"):
            yield from check(topic)

    return placeholder_name


def finding(topic: Resource, edit: Edit | None = None, at: Location | None = None) -> Finding:
    """The right finding, with the right fix unless another is given."""
    name = topic.properties["DisplayName"]
    edit = edit or Edit(name.subject, name.span, '"alerts"')
    return Finding("called TODO", at or name.at, fix=Fix("Call it alerts", (edit,), Safety.SAFE))


def placeholder(topic: Resource) -> bool:
    """Whether the rule is right to speak."""
    return topic.properties["DisplayName"].text == "TODO"


def right(topic: Resource) -> Iterator[Finding]:
    """The check as it should be."""
    if placeholder(topic):
        yield finding(topic)


def wrong(rule: Rule) -> str:
    """What the harness says."""
    return "\n".join(check_examples(rule))


def test_a_rule_that_is_right_has_nothing_said_about_it():
    assert [] == check_examples(made(right))
    assert_rule(made(right))


def test_every_property_of_every_example_is_a_case_of_its_own():
    names = [str(case) for case in example_cases([made(right)])]
    assert "ACME001-description" == names[0]
    assert "ACME001-marked lines-a placeholder" in names
    assert 1 + 2 * 7 == len(names)


def test_a_rule_that_never_fires_is_noticed_by_name_and_line():
    said = wrong(made(lambda topic: iter(())))
    assert 'ACME001 placeholder-name, example "a placeholder": marked lines' in said
    assert "template.yaml:6 is marked, but ACME001 does not report it: DisplayName: TODO" in said


def test_a_finding_at_another_line_is_noticed_with_what_it_says():
    def check(topic: Resource) -> Iterator[Finding]:
        if placeholder(topic):
            yield finding(topic, at=topic.at)

    assert "template.yaml:2 is not marked, but reported: template.yaml:2:3: ACME001 called TODO" in wrong(made(check))


def test_a_good_example_that_is_reported_is_noticed():
    def check(topic: Resource) -> Iterator[Finding]:
        yield finding(topic)

    said = wrong(made(check))
    assert 'example "a real name": marked lines' in said
    assert "`fixed` is not clean: template.yaml:6:20: ACME001 called TODO" in said


def test_a_fix_that_makes_something_else_is_shown_as_a_difference():
    def check(topic: Resource) -> Iterator[Finding]:
        if placeholder(topic):
            name = topic.properties["DisplayName"]
            yield finding(topic, Edit(name.subject, name.span, '"notices"'))

    said = wrong(made(check))
    assert '-      DisplayName: "alerts"' in said
    assert '+      DisplayName: "notices"' in said


def test_a_fix_that_does_not_keep_line_endings_is_noticed_under_crlf():
    def check(topic: Resource) -> Iterator[Finding]:
        name = topic.properties["DisplayName"]
        if placeholder(topic):
            yield finding(topic, Edit(name.subject, name.span, '"alerts"\n      KmsMasterKeyId: key'))

    cases = made(check, NAMED.replace('"alerts"', '"alerts"\n          KmsMasterKeyId: key'))
    failing = [str(case) for case in example_cases([cases]) if case.problems()]
    assert "ACME001-CRLF-a placeholder" in failing
    assert "ACME001-fixed-a placeholder" not in failing


def test_a_fix_that_takes_a_comment_with_it_is_allowed_and_one_that_lands_behind_it_is_not():
    def check(topic: Resource) -> Iterator[Finding]:
        name, source = topic.properties["DisplayName"], topic.template.source
        end = source.line_start(source.line_of(name.span.end) + 1) - 1
        if placeholder(topic):
            yield finding(topic, Edit(name.subject, Span(name.span.start if takes else end, end), '"alerts"'))

    takes = True
    assert [] == [case for case in example_cases([made(check)]) if case.property == "comments" and case.problems()]
    takes = False
    assert [] != [case for case in example_cases([made(check)]) if case.property == "comments" and case.problems()]


def test_a_crash_on_a_wrong_shape_is_noticed_with_the_shape(monkeypatch: pytest.MonkeyPatch):
    def check(topic: Resource) -> Iterator[Finding]:
        if (
            topic.properties["DisplayName"].scalar is not None
            and topic.properties["DisplayName"].scalar.lower() == "todo"
        ):
            yield finding(topic)

    monkeypatch.setattr("s3ap_lint.properties.SHAPES", 1000)  # all there are, and not a choice of them
    said = wrong(made(check))
    assert "Resources/Topic/Properties/DisplayName replaced by a number: ACME001 crashed on template.yaml" in said
    assert "AttributeError" in said


def test_a_fix_that_breaks_the_file_is_noticed():
    def check(topic: Resource) -> Iterator[Finding]:
        if placeholder(topic):
            name = topic.properties["DisplayName"]
            yield finding(topic, Edit(name.subject, name.span, "[: {"))

    assert "the fix of this finding breaks the file" in wrong(made(check))


def test_fixes_that_undo_each_other_are_noticed():
    def check(topic: Resource) -> Iterator[Finding]:
        name = topic.properties["DisplayName"]
        if name.text in ("TODO", "todo"):
            yield finding(topic, Edit(name.subject, name.span, name.text.swapcase()))

    assert "they undo each other's work" in wrong(made(check))


@pytest.mark.parametrize(
    ("reach", "what"),
    [
        (lambda: Path(os.devnull).read_text(), "open"),
        (lambda: list(Path().iterdir()), "os.listdir"),
        (lambda: subprocess.run(["true"], check=False), "subprocess.Popen"),
    ],
)
def test_reaching_outside_is_noticed_even_where_the_rule_hides_it(reach: Callable[[], object], what: str):
    def check(topic: Resource) -> Iterator[Finding]:
        try:
            reach()
        except Exception:
            return
        yield from right(topic)

    failing = [case for case in example_cases([made(check)]) if case.property == "purity"]
    assert any(f"the check reaches outside: {what}" in problem for case in failing for problem in case.problems())


def test_two_runs_that_differ_are_noticed():
    def check(topic: Resource) -> Iterator[Finding]:
        if placeholder(topic):
            yield replace(finding(topic), message=f"called TODO {random.random()}")

    assert "two runs on the same files do not agree" in wrong(made(check))


def test_a_rule_that_goes_by_the_spelling_of_yaml_is_noticed_in_json():
    def check(topic: Resource) -> Iterator[Finding]:
        if placeholder(topic) and not topic.properties["DisplayName"].style:
            yield finding(topic)

    assert "in YAML ACME001 is reported at Resources/Topic/Properties/DisplayName, in JSON it is not" in wrong(
        made(check)
    )


def test_a_rule_that_goes_by_ascii_is_noticed_under_comments():
    def check(topic: Resource) -> Iterator[Finding]:
        if placeholder(topic) and topic.template.source.data.isascii():
            yield finding(topic)

    assert any(case.property == "comments" and case.problems() for case in example_cases([made(check)]))


def test_a_fix_that_no_example_shows_is_noticed():
    assert 'fixes the example "a placeholder"; show with fixed= what comes out' in wrong(made(right, fixed=None))


def test_a_marker_that_is_none_is_noticed():
    said = wrong(made(right, text=TOPIC.replace("# <- ACME001", "# <- ACME001 because")))
    assert "'# <- ACME001 because' in template.yaml is no marker" in said


def test_a_bad_example_without_a_marker_is_noticed():
    assert "a bad example has no line marked `# <- ACME001`" in wrong(
        made(right, text=TOPIC.replace("# <- ACME001", ""))
    )


def test_an_example_that_no_rule_would_ever_see_is_noticed():
    said = wrong(made(right, text=TOPIC.replace("Type: AWS::SNS::Topic", "Kind: topic")))
    assert "nothing in the example is a template or Python file" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "acme1"}, "is not capitals and digits"),
        ({"name": "Placeholder"}, "is not two or more words in kebab case"),
        ({"name": "check-placeholder"}, "is an instruction; it must read well after 'allow'"),
        ({"name": "alias-only-grant"}, "is that of S3AP101, too"),
        ({"doc": ""}, "there is no docstring"),
        ({"doc": "A topic is called TODO"}, "does not end with a full stop"),
        ({"doc": "A topic is called TODO."}, "stops after the summary"),
        ({"since": "soon"}, "since is 'soon'"),
        ({"security": 11.0}, "goes from 0.1 to 10.0"),
        ({"detectors": ()}, "nothing detects it"),
    ],
)
def test_what_describes_a_rule_is_looked_at(change: dict[str, object], said: str):
    assert said in wrong(replace(made(right), **change))


def test_a_rule_needs_a_bad_and_a_good_example():
    ours = made(right)
    (detector,) = ours.detectors
    none = replace(ours, detectors=(replace(detector, examples=()),))
    assert "there is no bad example" in wrong(none)
    assert "there is no good example" in wrong(none)


def test_failing_is_an_assertion_error_that_names_the_rule():
    with pytest.raises(AssertionError, match="ACME001 placeholder-name"):
        assert_rule(made(lambda topic: iter(())))
