"""The small project that examples of this family are about."""

from __future__ import annotations

from textwrap import dedent

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  VpcId:
    Type: AWS::EC2::VPC::Id
  OutputBucketName:
    Type: String
    Default: ""
  LogLevel:
    Type: String
    Default: INFO
    AllowedValues: [INFO, DEBUG]
Conditions:
  CreatesBucket: !Equals [!Ref OutputBucketName, ""]
Resources:
  Output:
    Type: AWS::S3::Bucket
    Condition: CreatesBucket
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Ref LogLevel
      VpcId: !Ref VpcId
"""


def samconfig(*lines: str, extra: str = "") -> str:
    """A samconfig.toml that gives some parameters; a line may end in a marker."""
    items = "\n".join(f"    {line}" for line in lines)
    head = 'version = 0.1\n\n[default.deploy.parameters]\nstack_name = "app"\n'
    return f"{head}{dedent(extra)}parameter_overrides = [\n{items}\n]\n"


def project(name: str, text: str, template: str = TEMPLATE) -> dict[str, str]:
    """A template and one file beside it."""
    return {"template.yaml": template, name: text}
