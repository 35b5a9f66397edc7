"""The application that examples of this family are about, in its two ways."""

from __future__ import annotations

from textwrap import dedent

DEPLOY = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  DeployBucket: {Type: String}
  DataAlias: {Type: String}
  Retention: {Type: Number, Default: 30}
Conditions:
  KeepsLong: !Equals [!Ref Retention, 365]
Resources:
  ReaderRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource:
                  - !Sub "arn:aws:s3:::${DataAlias}/*"
                  - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt ReaderRole.Arn
      Code: {S3Bucket: !Ref DeployBucket, S3Key: reader.zip}
      Timeout: 300
      Environment:
        Variables:
          DATA: !Ref DataAlias
          RETENTION: !Ref Retention
  Archive:
    Type: AWS::S3::Bucket
    Condition: KeepsLong
"""
SAM = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  DataAlias: {Type: String}
  Retention: {Type: Number, Default: 30}
Conditions:
  KeepsLong: !Equals [!Ref Retention, 365]
Globals:
  Function:
    Runtime: python3.12
Resources:
  ReaderRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource:
                  - !Sub "arn:aws:s3:::${DataAlias}/*"
                  - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/*"
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Role: !GetAtt ReaderRole.Arn
      CodeUri: functions/reader/
      Timeout: 300
      Environment:
        Variables:
          DATA: !Ref DataAlias
          RETENTION: !Ref Retention
  Archive:
    Type: AWS::S3::Bucket
    Condition: KeepsLong
"""
HANDLER = """
import os

import boto3


def handler(event, context):
    return boto3.client("s3").get_object(Bucket=os.environ["DATA"], Key=event["key"])["ContentLength"]
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    """A template with some of its text replaced."""
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def pair(deploy: str = DEPLOY, sam: str = SAM) -> dict[str, str]:
    """The two templates and the code that both deploy."""
    files = {"template-deploy.yaml": deploy, "template.yaml": sam, "functions/reader/index.py": HANDLER}
    return {path: dedent(text) for path, text in files.items()}
