"""Loops are templates too: what they make is looked at like anything else."""

from __future__ import annotations

from s3ap_lint.source import Source
from s3ap_lint.template.document import parse
from s3ap_lint.template.template import Template

LOOPS = """
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Topics:
    - Name
    - [Alerts, Reports]
    - ${Name}Topic:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Ref Name
          DisplayName: !Sub "${AWS::StackName} of &{Name}"
      Fn::ForEach::Queues:
        - Kind
        - [Fast, Slow]
        - ${Name}${Kind}:
            Type: AWS::SQS::Queue
"""


def template(text: str) -> Template:
    source = Source("template.yaml", text.encode())
    top = parse(source).top
    assert top is not None
    return Template(source, top)


def test_a_loop_makes_its_resources_and_so_does_the_loop_inside_it() -> None:
    """Names, references and texts carry the value of the turn."""
    made = template(LOOPS)
    assert ["AlertsTopic", "AlertsFast", "AlertsSlow", "ReportsTopic", "ReportsFast", "ReportsSlow"] == list(
        made.resources
    )
    assert {"TopicName": "Alerts", "DisplayName": {"Fn::Sub": "${AWS::StackName} of Alerts"}} == (
        made.resources["AlertsTopic"].properties.data()
    )
    assert made.resources["ReportsTopic"].properties["TopicName"].shared


def test_a_loop_over_a_parameter_is_left_and_told() -> None:
    """Nobody knows what it makes."""
    made = template(LOOPS.replace("[Alerts, Reports]", "!Ref Names"))
    assert [] == list(made.resources)
    assert 1 == len(made.open_loops)


def test_what_no_loop_touches_stays_what_it_was() -> None:
    """The same values at the same places."""
    plain = template("Resources:\n  A: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: \"1\", FifoTopic: true}}\n")
    looped = template(LOOPS + "  A: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: \"1\", FifoTopic: true}}\n")
    assert plain.resources["A"].node.data() == looped.resources["A"].node.data()
    node = looped.resources["A"].properties["FifoTopic"]
    assert b"true" == looped.source.data[node.span.start : node.span.end]
