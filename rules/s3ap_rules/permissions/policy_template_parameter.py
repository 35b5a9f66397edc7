"""S3AP403: a SAM policy template without the parameters it takes."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from s3ap_lint.api import (
    Finding,
    Fix,
    Node,
    Resource,
    Severity,
    Template,
    bad,
    edits,
    good,
    offer,
    rule,
    sam_policy_templates,
)

HEAD = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Archive: {Type: String, Default: "false"}
    Conditions:
      WithArchive: !Equals [!Ref Archive, "true"]
    Resources:
      Notify:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: index.handler
          InlineCode: "def handler(event, context): pass"
          Policies:
"""

OWNERS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::Serverless::WebFunction")

_VERSION = re.compile(r"_v\d+$")  # a newer SAM may have a newer version of a template

# What people write for a parameter that takes a name, and the other way round.
ENDINGS = ("Name", "Arn", "Id", "Url", "")


@rule(
    code="S3AP403",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "the ARN where the name is taken",
            HEAD
            + """
            - SNSPublishMessagePolicy:
                TopicArn: !GetAtt Alerts.TopicName  # <- S3AP403
      Alerts:
        Type: AWS::SNS::Topic
""",
            fixed=HEAD
            + """
            - SNSPublishMessagePolicy:
                TopicName: !GetAtt Alerts.TopicName
      Alerts:
        Type: AWS::SNS::Topic
""",
        ),
        bad(
            "an ARN, which no other key makes a name",
            HEAD
            + """
            - SNSPublishMessagePolicy:
                TopicArn: !Ref Alerts  # <- S3AP403
      Alerts:
        Type: AWS::SNS::Topic
""",
        ),
        bad(
            "nothing where a parameter is taken, also under a condition that never holds",
            HEAD
            + """
            - !If
              - WithArchive
              - S3CrudPolicy: {}  # <- S3AP403
              - !Ref AWS::NoValue
""",
        ),
        bad(
            "no mapping where there are no parameters",
            HEAD
            + """
            - VPCAccessPolicy:  # <- S3AP403
""",
        ),
        bad(
            "one of two is missing",
            HEAD
            + """
            - DynamoDBStreamReadPolicy:  # <- S3AP403
                TableName: orders
""",
        ),
        bad(
            "the template's name is misspelt",
            HEAD
            + """
            - SQSSendMessagesPolicy:  # <- S3AP403
                QueueName: jobs
""",
            fixed=HEAD
            + """
            - SQSSendMessagePolicy:
                QueueName: jobs
""",
        ),
        bad(
            "the parameters stand beside the name, or the name stands alone",
            HEAD
            + """
            - SQSPollerPolicy:  # <- S3AP403
              QueueName: jobs
            - AMIDescribePolicy  # <- S3AP403
""",
        ),
        good(
            "what each takes",
            HEAD
            + """
            - SNSPublishMessagePolicy:
                TopicName: !GetAtt Alerts.TopicName
            - VPCAccessPolicy: {}
            - !If
              - WithArchive
              - S3CrudPolicy:
                  BucketName: !Ref Archive
              - !Ref AWS::NoValue
      Alerts:
        Type: AWS::SNS::Topic
""",
        ),
        good(
            "documents, managed policies, and what a newer SAM may know",
            HEAD
            + """
            - AWSLambdaBasicExecutionRole
            - !Ref Shared
            - QuantumLedgerReadPolicy:
                LedgerName: orders
            - SQSPollerPolicy_v2:
                QueueName: jobs
            - Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action: sns:Publish
                  Resource: "*"
      Shared:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          PolicyDocument: {Version: "2012-10-17", Statement: []}
""",
        ),
        good(
            "parameters that a function decides",
            HEAD
            + """
            - S3ReadPolicy: !If
                - WithArchive
                - {BucketName: archive}
                - {BucketName: reports}
""",
        ),
    ],
)
def policy_template_parameter(template: Template) -> Iterator[Finding]:
    """
    A SAM policy template is not given the parameters it takes.

    SAM refuses the whole template before anything is deployed, under a condition that does not hold too. The
    parameters are easily taken for others: `SNSPublishMessagePolicy` and `SQSSendMessagePolicy` take a name, not an ARN
    or a URL; a template without parameters takes `{}`.

    Write the parameter that the template takes. A name that this version of s3ap-lint does not know is not reported,
    unless it is nearly one that it knows.
    """
    if not template.is_sam:
        return
    for resource in template.of_type(*OWNERS):
        for item in _items(resource.properties["Policies"]):
            yield from _checked(item, resource, template)


def _items(node: Node) -> Iterator[Node]:
    """The policies of a list, those of every arm of an `!If`; SAM looks at them all."""
    function = node.function
    if function is not None:
        if function[0] == "Fn::If":
            for arm in (function[1][1], function[1][2]):
                yield from _items(arm)
        return
    if not node.is_sequence:
        yield from [node] if node else []
        return
    for item in node:
        yield from _items(item)


def _checked(item: Node, resource: Resource, template: Template) -> Iterator[Finding]:
    known = sam_policy_templates()
    if item.is_text and item.text in known:
        shape = "{" + ", ".join(f"{name}: …" for name in known[item.text]) + "}"
        yield Finding(
            f"{item.text} is a policy template; as a text it means a managed policy of that name, and there is none; "
            f"write {item.text}: {shape}",
            at=item.at,
        )
        return
    if not item.is_mapping or "Statement" in item:
        return
    named = [name for name in item.keys() if name in known]
    if len(item) > 1:
        if named:
            yield Finding(
                f"{named[0]} is not alone in its item ({', '.join(item.keys())}), so SAM does not take it for a policy "
                "template and refuses the list; indent its parameters under it, and give each template an item",
                at=item[named[0]].key_at,
            )
        return
    for name, given in item.items():
        if name in known:
            yield from _parameters(name, known[name], given, template)
            continue
        near = get_close_matches(name, known, 1, 0.85)
        if near and not _VERSION.search(name) and not resource.property("Role"):
            yield Finding(
                f"{name} is no policy template of SAM, which refuses it; did you mean {near[0]}?",
                at=given.key_at,
                fix=_renamed(given, near[0], template),
            )


def _parameters(name: str, taken: tuple[str, ...], given: Node, template: Template) -> Iterator[Finding]:
    """What is wrong with the parameters of a known template."""
    if given.function is not None:
        return  # which ones there are is decided elsewhere
    missing = [parameter for parameter in taken if parameter not in given]
    if not given.is_mapping:
        shape = ", ".join(taken) if taken else "none, which is written {}"
        yield Finding(f"{name} has no mapping of parameters, so SAM refuses it; it takes {shape}", at=given.key_at)
        return
    other = [parameter for parameter in given.keys() if parameter not in taken]
    meant = _meant(other, missing)
    for wrong, right in meant.items():
        yield Finding(
            f"{name} takes {right}, not {wrong}, so SAM refuses the template",
            at=given[wrong].key_at,
            fix=_renamed(given[wrong], right, template) if _fits(wrong, given[wrong], right) else None,
        )
    left = [parameter for parameter in missing if parameter not in meant.values()]
    if left:
        has = f", and has only {', '.join(given.keys())}" if len(given) else ""
        yield Finding(f"{name} takes {', '.join(left)}{has}; SAM refuses the template", at=given.key_at)
    for parameter in other:
        if parameter not in meant:
            yield Finding(
                f"{name} takes no {parameter}; its value is dropped",
                at=given[parameter].key_at,
                severity=Severity.WARNING,
            )


def _meant(given: list[str], missing: list[str]) -> Mapping[str, str]:
    """The parameter that each unknown one is meant to be, where that is plain."""
    if len(given) == len(missing) == 1:
        return {given[0]: missing[0]}
    out: dict[str, str] = {}
    for name in given:
        near = [one for one in missing if _stem(one) == _stem(name)] or get_close_matches(name, missing, 1, 0.7)
        if near and near[0] not in out.values():
            out[name] = near[0]
    return out


def _stem(name: str) -> str:
    """A parameter's name in lower case, without what says in which form the thing is given."""
    return name.removesuffix(_ending(name)).lower()


def _ending(name: str) -> str:
    return next(ending for ending in ENDINGS if name.endswith(ending))


def _fits(wrong: str, value: Node, right: str) -> bool:
    """Whether a value given as one parameter will do for the other: an ARN is no name."""
    if _ending(wrong) == _ending(right):
        return True
    function = value.function
    if function is None:
        return value.is_text and not {":", "/"} & set(value.text)
    return function[0] == "Fn::GetAtt" and (function[1].text or function[1][1].text).endswith(_ending(right))


def _renamed(node: Node, name: str, template: Template) -> Fix | None:
    """Another key for a node."""
    return offer(f"Write {name}", edits.rename(node, template.source, name))
