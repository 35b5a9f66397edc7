"""S3AP704: an account id that is written out."""

import ast
import re
from collections.abc import Iterator

from s3ap_lint.api import (
    DeployInput,
    Finding,
    Node,
    Options,
    PythonFile,
    Severity,
    Template,
    account_ids,
    bad,
    detects,
    good,
    is_somebodys,
    may_have_account_ids,
    rule,
)
from s3ap_rules.deploy.deploy_example import TEMPLATE

POLICY = """
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          KmsMasterKeyId: alias/aws/sns
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Topic]
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  AWS: "arn:aws:iam::487236510948:root"  # <- S3AP704
                Action: sns:Publish
                Resource: !Ref Topic
              - Effect: Allow
                Principal: {Service: events.amazonaws.com}
                Action: sns:Publish
                Resource: !Ref Topic
                Condition:
                  StringEquals:
                    aws:SourceAccount: "487236510948"  # <- S3AP704
    """
PUBLISHED = """
    Mappings:
      Logging:
        us-east-1: {AccountId: "487236510948"}
    Resources:
      Function:
        Type: AWS::Lambda::Function
        Properties:
          Handler: index.handler
          Runtime: python3.12
          Description: writes as 487236510948
          Role: arn:aws:iam::123456789012:role/writer
          Code: {ZipFile: "def handler(event, context): pass"}
          Layers:
            - arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:7
            - arn:aws:lambda:us-east-1:487236510948:layer:of-a-vendor:1
          Environment:
            Variables:
              MAX_BYTES: "109951162778"
              STARTED: "202403011530"
      Logs:
        Type: AWS::S3::BucketPolicy
        Properties:
          Bucket: logs
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal: {AWS: arn:aws:iam::582318560864:root}
                Action: s3:PutObject
                Resource: arn:aws:s3:::logs/*
    """
CODE = """
    QUEUE = "https://sqs.ap-northeast-1.amazonaws.com/487236510948/jobs"  # <- S3AP704
    EXAMPLE = "arn:aws:iam::111122223333:role/reader"


    def where():
        \"\"\"Such as arn:aws:iam::487236510948:role/reader.\"\"\"
        return QUEUE
    """
SCRIPT = """
    #!/bin/bash
    aws sts assume-role --role-arn arn:aws:iam::487236510948:role/deployer --role-session-name s  # <- S3AP704
    """
KEYS = frozenset(
    ("accountid", "account", "accountids", "awsaccountid", "aws:sourceaccount", "aws:principalaccount", "aws")
)
PROSE = frozenset(("Description", "Metadata", "AllowedPattern", "ConstraintDescription", "Comment", "ZipFile"))
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")


@rule(
    code="S3AP704",
    subject=Template,
    severity=Severity.WARNING,
    since="0.1.0",
    security=3.0,
    options={"allow": []},
    examples=[
        bad("a policy that admits one account", POLICY),
        good(
            "an account that is allowed here", POLICY.replace("  # <- S3AP704", ""), options={"allow": ["487236510948"]}
        ),
        good("ids of the documentation, of AWS, of whoever publishes a layer; other long numbers", PUBLISHED),
    ],
)
def literal_account_id(template: Template, options: Options) -> Iterator[Finding]:
    """
    The number of an AWS account is written out in a template, a script or code.

    What is deployed into another account still means the first one: requests go where they may not, and the policy
    admits whoever has that account. In a public repository the number itself is given away.

    Use `${AWS::AccountId}`, a parameter, or an environment variable. Accounts of AWS and of the publishers of layers,
    and the numbers that documentation uses, are none; `allow` lists others that may stand here. Tests invent accounts,
    and are not looked at.

    No report shows the number: only its place, and where in a text it stands.
    """
    if not may_have_account_ids(template.source.data) or _is_test(template.path):
        return
    for node in _texts(template.top):
        for digits, what in _found(node):
            if digits not in options["allow"] and not _by_region(node):
                yield Finding(_message(what), at=node.at)
                break


@detects(
    "S3AP704",
    subject=DeployInput,
    examples=[bad("a script", {"template.yaml": TEMPLATE, "deploy.sh": SCRIPT})],
)
def account_id_in_script(file: DeployInput, options: Options) -> Iterator[Finding]:
    """Scripts; configurations and parameter files are where an account's own values belong."""
    if not file.is_script or not may_have_account_ids(file.source.data) or _is_test(file.path):
        return
    for literal in file.literals:
        what = next((what for digits, what in account_ids(literal.text) if digits not in options["allow"]), "")
        if what:
            yield Finding(_message(what), at=literal.at)


@detects(
    "S3AP704",
    subject=PythonFile,
    examples=[
        bad("code that knows its queue", {"app/handler.py": CODE}),
        good("tests, which invent their accounts", {"tests/test_handler.py": CODE.replace("  # <- S3AP704", "")}),
    ],
)
def account_id_in_code(file: PythonFile, options: Options) -> Iterator[Finding]:
    """Texts of the code that are no documentation; tests invent their accounts."""
    source, tree = file.module.source, file.module.tree
    if tree is None or file.vendored or not may_have_account_ids(source.data) or _is_test(file.path):
        return
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.Expr) or not isinstance(child, ast.Constant) or not isinstance(child.value, str):
                continue
            if any(digits not in options["allow"] for digits, _ in account_ids(child.value)):
                what = next(what for digits, what in account_ids(child.value) if digits not in options["allow"])
                yield Finding(_message(what), at=file.module.at(child))


def _message(what: str) -> str:
    return f"an account id is written out in {what}; deployed into another account it still means this one"


def _is_test(path: str) -> bool:
    return any(
        part in ("test", "testing", "tests") or part.startswith(("test_", "conftest")) for part in path.split("/")
    )


def _texts(top: Node) -> Iterator[Node]:
    """The texts of a template that are no prose."""
    stack = [top]
    while stack:
        node = stack.pop()
        if node.is_text:
            yield node
        stack += [child for child in reversed(node.children()) if child.key not in PROSE]


def _found(node: Node) -> Iterator[tuple[str, str]]:
    text = node.text
    yield from account_ids(text)
    if re.fullmatch(r"\d{12}", text) and is_somebodys(text):
        key = node.key if not node.key.isdigit() or node.parent is None else node.parent.key
        owner = node.path[1] if node.path[:1] == ("Parameters",) and len(node.path) == 3 and key == "Default" else ""
        if key.lower() in KEYS or owner.lower().endswith(("accountid", "account")):
            yield text, f"{owner or key}"


def _by_region(node: Node) -> bool:
    """Whether it is one of the ids that somebody publishes region by region."""
    return node.path[:1] == ("Mappings",) and any(REGION.fullmatch(part) for part in node.path)
