"""S3AP709: a deployment gives a parameter a value that its declaration does not take."""

from collections.abc import Iterator

from s3ap_lint.api import (
    Deployment,
    Edit,
    Finding,
    Fix,
    GivenParameter,
    Safety,
    Severity,
    bad,
    good,
    offer,
    placeholders,
    rule,
)
from s3ap_rules.deploy.deploy_example import project, samconfig

FILE_SYSTEM = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  FileSystemId:
    Type: String
    AllowedPattern: ^fs-[0-9a-f]{17}$
  Retention:
    Type: Number
    Default: 30
    MinValue: 1
    MaxValue: 365
  Encrypted:
    Type: String
    Default: "true"
    AllowedValues: ["true", "false"]
  Stage:
    Type: String
    Default: dev
    MaxLength: 8
  Key:
    Type: AWS::SSM::Parameter::Value<String>
    Default: /keys/reports
    AllowedPattern: ^/keys/.*$
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Sub "${FileSystemId} ${Retention} ${Encrypted} ${Stage} ${Key}"
"""
SCRIPT = """
    #!/bin/bash
    aws cloudformation deploy --template-file template.yaml --stack-name app \\
      --parameter-overrides FileSystemId="$FS" \\
        Retention=0 \\  # <- S3AP709
        Encrypted=yes  # <- S3AP709
    """
GIVEN = '"FileSystemId=fs-0123456789abcdef0",'


@rule(
    code="S3AP709",
    subject=Deployment,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "none of the AllowedValues, only spelled otherwise",
            project("samconfig.toml", samconfig('"VpcId=vpc-1",', '"LogLevel=debug"  # <- S3AP709')),
            fixed={"samconfig.toml": samconfig('"VpcId=vpc-1",', '"LogLevel=DEBUG"')},
        ),
        bad(
            "what the AllowedPattern does not match, and a text that is too long",
            project(
                "samconfig.toml.example",
                samconfig('"FileSystemId=vol-0123456789abcdef0",  # <- S3AP709', '"Stage=production"  # <- S3AP709'),
                FILE_SYSTEM,
            ),
        ),
        bad("a number out of its range, and a word for a choice", project("deploy.sh", SCRIPT, FILE_SYSTEM)),
        good(
            "what they take",
            project("samconfig.toml", samconfig(GIVEN, '"Retention=365", "Encrypted=false"'), FILE_SYSTEM),
        ),
        good(
            "a placeholder, which is somebody else's to fill in, and an empty value, which has a rule of its own",
            project("samconfig.toml.example", samconfig('"FileSystemId=<FILE_SYSTEM_ID>", "Stage="'), FILE_SYSTEM),
        ),
        good(
            "the name of a value in Parameter Store",
            project("samconfig.toml", samconfig(GIVEN, '"Key=reports"'), FILE_SYSTEM),
        ),
    ],
)
def refused_deploy_parameter(deployment: Deployment) -> Iterator[Finding]:
    """
    A parameter gets a value that its declaration in the template does not take.

    AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue and MaxValue are checked by CloudFormation before it
    looks at anything else, letter by letter: "yes" is not "true", and "debug" not "DEBUG". The deployment is refused
    with a message that often does not say which value would do.

    Give a value that the declaration takes. Values that only the shell knows are not looked at.
    """
    parameters = deployment.template.space.parameters
    for one in deployment.given:
        if not one.value or one.name not in parameters or any(placeholders(one.value)):
            continue
        parameter = parameters[one.name]
        reason = parameter.objection(one.value)
        if reason:
            allowed = f" ({', '.join(parameter.allowed[:8])})" if parameter.allowed else ""
            yield Finding(
                f"{one.name} is {one.value!r}, but {reason}{allowed}; the deployment is refused",
                at=one.at,
                related=(parameter.node.key_at.noted("its declaration"),),
                fix=_fix(one, parameter.allowed or ()),
            )


def _fix(one: GivenParameter, allowed: tuple[str, ...]) -> Fix:
    """The allowed value that is the same in other letters; between others a person chooses."""
    alike = [value for value in allowed if value.lower() == (one.value or "").lower()]
    if len(alike) == 1:
        found = offer(f"Give {alike[0]}", Edit(one.at.subject, one.value_span, alike[0]))
        if found is not None:
            return found
    return Fix(f"Give {one.name} a value that its declaration takes", (), Safety.MANUAL)
