"""S3AP703: a value that somebody still has to fill in."""

import re
from collections.abc import Iterable, Iterator

from s3ap_lint.api import (
    DeployInput,
    Finding,
    Fix,
    Node,
    Severity,
    Template,
    bad,
    detects,
    edits,
    good,
    may_have_placeholders,
    of_this_account,
    offer,
    placeholders,
    rule,
)
from s3ap_rules.deploy.deploy_example import project, samconfig

REDACTED = """
    Resources:
      Reader:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          Description: Reads the models of <ACCOUNT_ID>
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource:
                  - "arn:aws:s3:::models-<ACCOUNT_ID>/*"  # 読み取り  # <- S3AP703
                  - !Sub "arn:aws:s3:${AWS::Region}:<ACCOUNT_ID>:accesspoint/data/object/*"  # <- S3AP703
    """
FILLED = (
    REDACTED.replace(
        '"arn:aws:s3:::models-<ACCOUNT_ID>/*"', '!Sub "arn:${AWS::Partition}:s3:::models-${AWS::AccountId}/*"'
    )
    .replace("${AWS::Region}:<ACCOUNT_ID>", "${AWS::Region}:${AWS::AccountId}")
    .replace("  # <- S3AP703", "")
)
DEFAULT = """
    Parameters:
      ModelUrl:
        Type: String
        Default: s3://models-<ACCOUNT_ID>/demo/model.tar.gz  # <- S3AP703
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Sub "${ModelUrl}"
    """
SAID = """
    Parameters:
      Bucket:
        Type: String
        Default: REPLACE_ME
        AllowedPattern: "^(?!<YOUR_BUCKET>).*$"
        Description: <YOUR_BUCKET>
    Conditions:
      HasBucket: !Not [!Equals [!Ref Bucket, REPLACE_ME]]
    Resources:
      Rule:
        Type: AWS::Events::Rule
        Properties:
          EventPattern: {source: [aws.ec2]}
          Targets:
            - Id: mail
              Arn: arn:aws:sns:ap-northeast-1:123456789012:mail
              InputTransformer:
                InputPathsMap: {id: $.detail.instance-id}
                InputTemplate: '"<INSTANCE_ID>"'
    Outputs:
      Mount:
        Condition: HasBucket
        Description: then
        Value: !Sub "s3://<YOUR_BUCKET>/${AWS::StackName}"
    """
SCRIPT = """
    #!/bin/bash
    # Empties the bucket <STACK>-output-<ACCOUNT_ID>
    DEPLOY_BUCKET="${DEPLOY_BUCKET:-app-deploy-<ACCOUNT_ID>}"  # <- S3AP703
    for bucket in app-logs-<ACCOUNT_ID>; do  # <- S3AP703
      aws s3 rm "s3://$bucket" --recursive
    done
    aws s3 rb "s3://app-<ACCOUNT_ID>"  # <- S3AP703
    """
CAREFUL = """
    #!/bin/bash
    ACCOUNT_ID="${ACCOUNT_ID:-$(aws sts get-caller-identity --query Account --output text)}"
    if [ "$ACCOUNT_ID" = "<ACCOUNT_ID>" ]; then
      echo "Set ACCOUNT_ID; it still is <ACCOUNT_ID>"
    fi
    VPC_ID="${VPC_ID:-<YOUR_VPC_ID>}"
    [[ "$VPC_ID" == "<YOUR_VPC_ID>" ]] && exit 1
    STACK="${1:?Usage: $0 <STACK_NAME>}"
    sed "s/<ACCOUNT_ID>/$ACCOUNT_ID/" template.yaml > out.yaml
    TEMP=$(mktemp -d /tmp/app.XXXXXX)
    cat <<EOF
    aws s3 ls s3://<YOUR_BUCKET>
    EOF
    aws s3 ls "s3://app-$ACCOUNT_ID" > "$TEMP/list"
    """
SKIPPED_SECTIONS = frozenset(("Conditions", "Description", "Metadata", "Outputs", "Rules"))
SKIPPED_KEYS = frozenset(
    ("AllowedPattern", "AllowedValues", "Comment", "ConstraintDescription", "Description", "InputTemplate", "Metadata")
)


@rule(
    code="S3AP703",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad("an account id that was taken out before publishing", REDACTED, fixed=FILLED),
        bad("a Default, which nobody can work out", DEFAULT),
        good("prose, patterns, a value that a condition looks for, and a template of EventBridge", SAID),
    ],
)
def placeholder_value(template: Template) -> Iterator[Finding]:
    """
    A placeholder such as `<ACCOUNT_ID>`, `YOUR_BUCKET` or `vpc-xxxxxxxx` stands where a value is used.

    It often comes from taking private values out before publishing, and nothing tells that the text is not yet what it
    must be: the bucket of that name does not exist, the policy grants nothing, the clean-up cleans nothing.

    Use `${AWS::AccountId}` and `${AWS::Region}` in templates, `aws sts get-caller-identity` in scripts, and parameters
    without a Default for what only the reader knows. Comments, descriptions, outputs, guides and files that call
    themselves an example are not looked at.
    """
    if not may_have_placeholders(template.source.data):
        return
    sentinels = {node.text for node in template.top["Conditions"].walk() if node.is_text}
    for node in _values(template.top):
        found = list(dict.fromkeys(placeholders(node.text)))
        if not found or node.text in sentinels or node.text.isspace():
            continue
        yield Finding(_message(found), at=node.at, fix=_fix(node, template))


@detects(
    "S3AP703",
    subject=DeployInput,
    examples=[
        bad("a script that nobody but its author could run", project("clean.sh", SCRIPT)),
        bad(
            "a configuration that was copied, but not filled in",
            project("samconfig.toml", samconfig('"VpcId=<YOUR_VPC_ID>"  # <- S3AP703')),
        ),
        good(
            "an example, which is to be filled in",
            project("samconfig.toml.example", samconfig('"VpcId=<YOUR_VPC_ID>"')),
        ),
        good("a script that says, refuses and replaces them", project("deploy.sh", CAREFUL)),
    ],
)
def placeholder_in_input(file: DeployInput) -> Iterator[Finding]:
    """What is deployed with, and what scripts do."""
    if file.is_example or not may_have_placeholders(file.source.data):
        return
    for literal in file.literals:
        found = list(dict.fromkeys(placeholders(literal.text)))
        if found:
            yield Finding(_message(found, literal.fallback_of), at=literal.at)


def _message(found: list[str], fallback_of: str = "") -> str:
    verb = "is a placeholder" if len(found) == 1 else "are placeholders"
    if fallback_of:
        return f"{' and '.join(found)} {verb}, and {fallback_of} falls back to it; used as it stands unless it is set"
    return f"{' and '.join(found)} {verb}, and this is a value; it is used as it stands"


def _values(top: Node) -> Iterable[Node]:
    """The texts of a template that are used as values."""
    stack = [node for name, node in reversed(top.items()) if name not in SKIPPED_SECTIONS]
    while stack:
        node = stack.pop()
        if node.is_text:
            yield node
        else:
            stack += [child for child in reversed(node.children()) if child.key not in SKIPPED_KEYS]


def _fix(node: Node, template: Template) -> Fix | None:
    """Name the account or region in which the stack is deployed, where a template may do that."""
    if node.path[0] != "Resources" or "Properties" not in node.path:
        return None
    filled = of_this_account(node.text)
    if filled is None:
        return None
    inside = node.path[-1] == "Fn::Sub" or (node.path[-1] == "0" and node.path[-2] == "Fn::Sub")
    if inside:
        return offer("Name the account and region of the stack", edits.replace_text(node, template.source, filled))
    if "${" in node.text or any(part.startswith("Fn::") and part != "Fn::If" for part in node.path):
        return None
    named = re.sub(r"^arn:aws:", "arn:${AWS::Partition}:", filled)  # what is filled in goes on to work elsewhere
    return offer("Name the account and region of the stack", edits.replace(node, template.source, edits.sub(named)))
