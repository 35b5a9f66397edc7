"""One application as both halves of a pair: what people edit for CloudFormation, and what SAM builds."""

from __future__ import annotations

RAW = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Reads scanned receipts and writes what they add up to.

Parameters:
  DeployBucket:
    Type: String
    Description: Where the packages lie

  # The volume's access point.
  AccessPointAlias:
    Type: String

  AccessPointName:
    Type: String
    Default: ""

Conditions:
  HasName: !Not [!Equals [!Ref AccessPointName, ""]]

Resources:
  # -- the function -------------------------------------------------
  AddUpRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: AddUp
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Sid: Read
                Effect: Allow
                Action:
                  - s3:GetObject
                  - s3:ListBucket
                Resource: !If
                  - HasName
                  - - !Sub "arn:aws:s3:::${AccessPointAlias}/*"
                    - !Sub "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${AccessPointName}/*"
                  - - !Sub "arn:aws:s3:::${AccessPointAlias}/*"
              - Sid: Logs # the group is made elsewhere
                Effect: Allow
                Action: logs:PutLogEvents
                Resource: "*"

  AddUpFunction:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-add-up"
      Runtime: python3.13
      Handler: handler.handler
      Code:
        S3Bucket: !Ref DeployBucket
        S3Key: lambda/receipts-add_up.zip
      MemorySize: 512
      Timeout: 60
      Role: !GetAtt AddUpRole.Arn
      TracingConfig:
        Mode: Active
      Environment:
        Variables:
          ACCESS_POINT: !Ref AccessPointAlias # never the name
          CURRENCY: EUR
      Tags:
        - Key: Team
          Value: receipts
        - Key: Stage
          Value: "2"

  Receipts:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt AddUpRole.Arn
      DefinitionString: !Sub |
        {
          "StartAt": "AddUp",
          "States": {
            "AddUp": {"Type": "Task", "Resource": "${AddUpFunction.Arn}", "End": true}
          }
        }

Outputs:
  MachineArn:
    Value: !Ref Receipts
"""

SAM = (
    RAW.replace("Description: Reads", "Transform: AWS::Serverless-2016-10-31\nDescription: Reads", 1)
    .replace(
        """\
  DeployBucket:
    Type: String
    Description: Where the packages lie

""",
        "",
    )
    .replace("    Type: AWS::Lambda::Function", "    Type: AWS::Serverless::Function")
    .replace(
        """\
      Code:
        S3Bucket: !Ref DeployBucket
        S3Key: lambda/receipts-add_up.zip
""",
        "      CodeUri: functions/add_up/\n",
    )
    .replace(
        """\
      TracingConfig:
        Mode: Active
""",
        "      Tracing: Active\n",
    )
    .replace(
        """\
        - Key: Team
          Value: receipts
        - Key: Stage
          Value: "2"
""",
        '        Team: receipts\n        Stage: "2"\n',
    )
)

HANDLER = """\
def handler(event, context):
    return {"total": sum(event["amounts"])}
"""

FILES = {"receipts/functions/add_up/handler.py": HANDLER}
"""The code that both halves deploy."""

PAIR = '[{source = "template-deploy.yaml", generated = "template.yaml"}]'
