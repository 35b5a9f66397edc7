"""What the examples of this family share."""

TEMPLATE = """
    Parameters:
      BedrockModelId:
        Type: String
        Default: MODEL
    Resources:
      Report:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: report.handler
          Role: !GetAtt ReportRole.Arn
          Code: functions/
          Environment:
            Variables:
              BEDROCK_MODEL_ID: !Ref BedrockModelId
      ReportRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal: {Service: lambda.amazonaws.com}
                Action: sts:AssumeRole
          Policies:
            - PolicyName: Models
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action: bedrock:InvokeModel
                    Resource:
                      - arn:aws:bedrock:*::foundation-model/*
                      - !Sub "arn:aws:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"
"""

HANDLER = """
    import os

    import boto3

    MODEL_ID = os.environ["BEDROCK_MODEL_ID"]

    def handler(event, context):
        messages = [{"role": "user", "content": [{"text": event["text"]}]}]
        return boto3.client("bedrock-runtime").converse(modelId=MODEL_ID, messages=messages)["output"]
"""


def template(model: str, mark: str = "") -> str:
    """A function whose model is the Default of a parameter, and a role that may call any model and profile."""
    return TEMPLATE.replace("MODEL", f'"{model}"' + (f"  # <- {mark}" if mark else ""), 1)


def project(model: str, mark: str = "", handler: str = HANDLER) -> dict[str, str]:
    """The same with a handler."""
    return {"template.yaml": template(model, mark), "functions/report.py": handler}
