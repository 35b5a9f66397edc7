"""ACME001: a topic without the tags that acme's invoices go by."""

from collections.abc import Iterator

from s3ap_lint.api import Finding, Options, Severity, Template, bad, good, rule

UNTAGGED = """
    Resources:
      Topic:  # <- ACME001
        Type: AWS::SNS::Topic
        Properties:
          DisplayName: 通知
    """
TAGGED = """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          DisplayName: 通知
          Tags:
            - {Key: cost-centre, Value: "4711"}
    """


@rule(
    code="ACME001",
    subject=Template,
    severity=Severity.WARNING,
    since="1.0.0",
    options={"tag": "cost-centre"},
    examples=[
        bad("no tags at all", UNTAGGED),
        bad("other tags", TAGGED.replace("Topic:\n", "Topic:  # <- ACME001\n", 1), options={"tag": "team"}),
        good("the tag is there", TAGGED),
    ],
)
def untagged_topic(template: Template, options: Options) -> Iterator[Finding]:
    """
    A topic does not have the tag that invoices go by.

    What it costs is then paid by whoever is found last.
    """
    for topic in template.of_type("AWS::SNS::Topic"):
        if not any(tag["Key"].text == options["tag"] for tag in topic.properties["Tags"]):
            yield Finding(f"no tag {options['tag']}; nobody pays for it", at=topic.at)
