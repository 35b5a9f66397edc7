"""S3AP106: an access point's policy with an action that access points refuse."""

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import (
    Finding,
    Fix,
    Node,
    Severity,
    Statement,
    Template,
    World,
    bad,
    edits,
    good,
    offer,
    rule,
    statements,
)

# What PutAccessPointPolicy answers with MalformedPolicy, without saying which action it means
# (measured on FSx for ONTAP access points; AWS lists the supported ones under "Access point compatibility").
REFUSED = {
    "s3:getbucketlocation",
    "s3:putbucketpolicy",
    "s3:deletebucketpolicy",
    "s3:getbucketversioning",
    "s3:putbucketversioning",
    "s3:putbucketnotification",
    "s3:putaccesspointpolicy",
}

HEAD = """
    Resources:
      Point:
        Type: AWS::S3::AccessPoint
        Properties:
          Bucket: example
          Policy:
            Statement:
    """


@rule(
    code="S3AP106",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a bucket's action in the policy of an access point",
            HEAD
            + """
              - Effect: Allow
                Principal: {AWS: "*"}
                Action:
                  - s3:GetObject
                  - s3:GetBucketLocation  # リージョン  # <- S3AP106
                Resource: "*"
    """,
            fixed=HEAD
            + """
              - Effect: Allow
                Principal: {AWS: "*"}
                Action:
                  - s3:GetObject
                Resource: "*"
    """,
        ),
        good(
            "the actions that access points know",
            HEAD
            + """
              - Effect: Allow
                Principal: {AWS: "*"}
                Action: [s3:GetObject, s3:ListBucket]
                Resource: "*"
    """,
        ),
        good(
            "a role may have it",
            """
            Resources:
              Reader:
                Type: AWS::IAM::Role
                Properties:
                  Policies:
                    - PolicyName: Locate
                      PolicyDocument:
                        Statement:
                          - {Effect: Allow, Action: "s3:GetBucketLocation", Resource: "arn:aws:s3:*:*:accesspoint/*"}
            """,
        ),
    ],
)
def access_point_policy_action(template: Template) -> Iterator[Finding]:
    """
    The policy of an access point contains an action that access points refuse.

    The deployment fails with MalformedPolicy, and the message does not name the action.

    Grant it in the role instead, if anything needs it.
    """
    for resource in template.of_type(
        "AWS::S3::AccessPoint", "AWS::S3::AccessPointPolicy", "AWS::FSx::S3AccessPointAttachment"
    ):
        found: dict[tuple[str, ...], tuple[str, Node]] = {}
        for policy in (resource.properties["Policy"], resource.properties["S3AccessPoint"]["Policy"]):
            for outcome in template.outcomes(partial(_all_statements, policy)):
                for statement in outcome.answer:
                    for leaf in statement.actions:
                        if leaf.text.lower() in REFUSED:
                            found.setdefault(leaf.node.path, (leaf.text, leaf.node))
        for action, node in found.values():
            yield Finding(
                f"{action} is refused in the policy of an access point; the deployment fails with MalformedPolicy",
                at=node.at,
                related=(resource.at.noted("the access point"),),
                fix=_fix(node, template),
            )


def _fix(action: Node, template: Template) -> Fix | None:
    """The list without the action, if others are left."""
    listed = action.parent
    if listed is None or listed.key != "Action" or all(item.text.lower() in REFUSED for item in listed):
        return None
    return offer("Remove the action", edits.remove(action, template.source))


def _all_statements(policy: Node, world: World) -> tuple[Statement, ...]:
    return tuple(statements(policy, world))
