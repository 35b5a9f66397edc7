"""The templates that the examples of S3AP401 share: a function with a role of its own, and with the one SAM makes."""

ROLE = """
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
      Customers:
        Type: AWS::DynamoDB::Table
      IntakeRole:
        Type: AWS::IAM::Role
        Properties:
          Policies:
            - PolicyName: Intake
              PolicyDocument:
                Statement:
                  - Effect: Allow
                    Action: dynamodb:GetItem
                    Resource: !GetAtt Orders.Arn
      Intake:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          Role: !GetAtt IntakeRole.Arn
          Code: functions/intake/
          Environment:
            Variables:
              TABLE: !Ref Orders
              CUSTOMERS: !Ref Customers
    """
FIRST = """
                    Action: dynamodb:GetItem
                    Resource: !GetAtt Orders.Arn
"""
SECOND = """\
                  - Effect: Allow
                    Action: dynamodb:GetItem
                    Resource: !GetAtt Customers.Arn
"""
LABELS = """
            - Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action: rekognition:DetectLabels
                  Resource: "*\""""
SAM = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Reports:
        Type: AWS::S3::Bucket
      Orders:
        Type: AWS::DynamoDB::Table
      Intake:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: handler.handler
          CodeUri: functions/intake/
          Environment:
            Variables:
              BUCKET: !Ref Reports
              TABLE: !Ref Orders
          Policies:
            - {policy}
    """


def sam(policy: str) -> str:
    """The SAM template with one policy; a finding about the generated role stands at the function."""
    return SAM.replace("{policy}", policy)
