"""S3AP306: a function names no code."""

from collections.abc import Iterator
from functools import partial

from s3ap_lint.api import FUNCTION_TYPES, Finding, Resource, Severity, Template, World, bad, choose, good, rule

PLAIN = """
    Resources:
      Ocr:  # <- S3AP306
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.13
          Handler: functions/ocr/handler.handler
          Role: !GetAtt OcrRole.Arn
      OcrRole:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
    """


@rule(
    code="S3AP306",
    subject=Template,
    severity=Severity.ERROR,
    since="0.1.0",
    merges=("E3003",),
    examples=[
        bad("no Code", PLAIN),
        bad(
            "no CodeUri: only a build with SAM knows where the code is",
            {
                "template.yaml": """
                    Transform: AWS::Serverless-2016-10-31
                    Globals:
                      Function:
                        Runtime: python3.13
                    Resources:
                      Ocr:  # <- S3AP306
                        Type: AWS::Serverless::Function
                        Properties:
                          Handler: functions.ocr.handler.handler
                    """,
                "functions/ocr/handler.py": """
                    def handler(event, context):
                        return event
                    """,
            },
        ),
        bad(
            "code in one scenario only",
            """
            Parameters:
              CodeBucket: {Type: String, Default: ""}
            Conditions:
              HasBucket: !Not [!Equals [!Ref CodeBucket, ""]]
            Resources:
              Ocr:  # <- S3AP306
                Type: AWS::Lambda::Function
                Properties:
                  Runtime: nodejs22.x
                  Handler: index.handler
                  Role: arn:aws:iam::123456789012:role/ocr
                  Code: !If [HasBucket, {S3Bucket: !Ref CodeBucket, S3Key: ocr.zip}, !Ref AWS::NoValue]
            """,
        ),
        good(
            "code in a bucket, in the template, in an image, in a folder",
            """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              FromBucket:
                Type: AWS::Lambda::Function
                Properties:
                  Code: {S3Bucket: packages, S3Key: ocr.zip}
              Inline:
                Type: AWS::Serverless::Function
                Properties:
                  InlineCode: "exports.handler = async () => 1"
              Image:
                Type: AWS::Serverless::Function
                Properties:
                  ImageUri: 123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/ocr:1
              Folder:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: functions/ocr/
            """,
        ),
        good(
            "Globals names the folder",
            """
            Transform: AWS::Serverless-2016-10-31
            Globals:
              Function:
                CodeUri: .
            Resources:
              Ocr:
                Type: AWS::Serverless::Function
                Properties:
                  Handler: functions.ocr.handler.handler
            """,
        ),
        good(
            "an image, or another thing, that `sam build` makes",
            """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Image:
                Type: AWS::Serverless::Function
                Properties:
                  PackageType: Image
                Metadata:
                  DockerContext: ./functions/ocr
              Made:
                Type: AWS::Serverless::Function
                Properties:
                  Handler: bootstrap
                  Runtime: provided.al2023
                Metadata:
                  BuildMethod: makefile
            """,
        ),
        good(
            "the function exists only where it has code, and another is written elsewhere",
            """
            Parameters:
              CodeBucket: {Type: String, Default: ""}
            Conditions:
              HasBucket: !Not [!Equals [!Ref CodeBucket, ""]]
            Resources:
              Ocr:
                Type: AWS::Lambda::Function
                Condition: HasBucket
                Properties:
                  Code: !If [HasBucket, {S3Bucket: !Ref CodeBucket, S3Key: ocr.zip}, !Ref AWS::NoValue]
              Elsewhere:
                Type: AWS::Lambda::Function
                Properties:
                  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://snippets/ocr.yaml}}
            """,
        ),
    ],
)
def function_without_code(template: Template) -> Iterator[Finding]:
    """
    A function names no code.

    CloudFormation refuses an `AWS::Lambda::Function` without `Code` before it creates anything
    (`AWS::EarlyValidation::PropertyValidation`). Under the SAM transform what packs it (`sam build`, `sam deploy`,
    `aws cloudformation package`) falls back to the whole folder of the template: the function works, with everything
    in that folder inside, and deployed as it is the template is refused.

    Say where the code is: `Code` with `S3Bucket` and `S3Key`, `ZipFile` or `ImageUri`, or `CodeUri`, which names the
    folder of this one function.
    """
    for function in template.of_type(*FUNCTION_TYPES):
        if _written_elsewhere(function):
            continue
        outcomes = template.outcomes(partial(_lacks_code, function))
        verdict = template.verdict(outcomes, bool)
        if verdict is None:
            continue
        yield Finding(
            f"{function.id} {_fact(function)}",
            at=function.at,
            severity=Severity.WARNING if template.is_sam or not verdict.in_defaults else None,
            scenario=verdict.scenario,
        )


def _written_elsewhere(function: Resource) -> bool:
    """Whether the code may come from what the template does not show: a macro, or a build that is set up for it."""
    properties = function.properties
    if properties.function is not None or any(key.startswith("Fn::") for key in properties.keys()):
        return True
    if not function.template.is_sam:
        return function.type == "AWS::Serverless::Function"
    metadata = function.node["Metadata"].keys()
    return function.property("PackageType").text == "Image" or any(
        key.startswith("Docker") or key == "BuildMethod" for key in metadata
    )


def _lacks_code(function: Resource, world: World) -> bool:
    if not function.exists(world):
        return False
    names = ("Code",) if function.type == "AWS::Lambda::Function" else ("CodeUri", "InlineCode", "ImageUri")
    return all(choose(function.property(name), world) is None for name in names)


def _fact(function: Resource) -> str:
    name = "Code" if function.type == "AWS::Lambda::Function" else "CodeUri"
    if function.template.is_sam:
        return f"has no {name}; what packs it, such as `sam build`, takes the template's whole folder as its code"
    also = "" if function.properties["Role"] else " and no Role"  # cfn-lint says both on one line
    return f"has no {name}{also}; the deployment fails"
