"""S3AP706: a deployment leaves out a parameter that has no Default."""

from collections.abc import Iterator
from posixpath import basename

from s3ap_lint.api import Deployment, Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_rules.deploy.deploy_example import TEMPLATE, project, samconfig

TWO = TEMPLATE.replace("  OutputBucketName:", "  SubnetIds:\n    Type: CommaDelimitedList\n  OutputBucketName:").replace(
    "      VpcId: !Ref VpcId\n", "      VpcId: !Ref VpcId\n      Tags: [{Key: subnets, Value: !Join ['+', !Ref SubnetIds]}]\n"
)
CREATED = """
    #!/bin/sh
    aws cloudformation create-stack --stack-name app --template-body file://template.yaml  # <- S3AP706
    """
SWITCHED = """
    To see more, deploy it once again:

    ```bash
    aws cloudformation deploy --template-file template.yaml --stack-name app --parameter-overrides LogLevel=DEBUG
    ```
    """
HALF = """
    ```bash
    aws cloudformation deploy --template-file template.yaml --stack-name app \\  # <- S3AP706
      --parameter-overrides VpcId=<VPC_ID> LogLevel=DEBUG
    ```
    """
OPEN = """
    #!/bin/bash
    params=("VpcId=$VPC_ID")
    aws cloudformation deploy --template-file template.yaml --stack-name app --parameter-overrides "${params[@]}"
    aws cloudformation create-stack --stack-name app --template-body file://template.yaml --parameters "$@"
    """


@rule(
    code="S3AP706",
    subject=Deployment,
    severity=Severity.WARNING,
    since="0.2.0",
    examples=[
        bad(
            "an environment that gives other parameters only",
            project(
                "samconfig.toml",
                samconfig('"LogLevel=DEBUG"').replace(
                    "[default.deploy.parameters]", "[default.deploy.parameters]  # <- S3AP706"
                ),
            ),
        ),
        bad("a guide that gives one of two", project("README.md", HALF, TWO)),
        bad("an operation that creates a stack and gives none", project("deploy.sh", CREATED)),
        good("every parameter without a Default", project("samconfig.toml", samconfig('"VpcId=vpc-1", "SubnetIds=a,b"'), TWO)),
        good("a command that switches something in a stack that is there", project("README.md", SWITCHED)),
        good("parameters that only the shell knows", project("deploy.sh", OPEN, TWO)),
        good(
            "a configuration that leaves the parameters to the command line",
            project("samconfig.toml", 'version = 0.1\n[default.deploy.parameters]\nstack_name = "app"\n'),
        ),
    ],
)
def missing_deploy_parameter(deployment: Deployment) -> Iterator[Finding]:
    """
    A parameter without a Default is given no value.

    The first deployment is refused ("Parameters: [X] must have values"). On a stack that exists `sam deploy` and
    `aws cloudformation deploy` keep the value that it has, so nobody notices until the application is
    deployed somewhere else.

    Where parameters may come from anywhere else (`--guided`, variables, another configuration) nothing is said; nor is
    it of a command that gives none of the parameters without a Default, because it changes a stack that is there.
    """
    if not deployment.is_complete:
        return
    parameters = deployment.template.space.parameters.values()
    required = [one for one in parameters if not one.node["Default"]]
    missing = [one for one in required if one.name not in deployment.names]
    if deployment.by == "a parameter file":  # secrets are given by hand
        missing = [one for one in missing if one.node["NoEcho"].text != "true"]
    if not missing or (deployment.may_change_only and len(missing) == len(required)):
        return
    names = [one.name for one in missing]
    have, are = ("has", "is") if len(names) == 1 else ("have", "are")
    yield Finding(
        f"{_listed(names)} {have} no Default in {basename(deployment.template.path)} and {are} not given; "
        "the first deployment is refused",
        at=deployment.at,
        related=tuple(one.node.key_at.noted("the parameter without a Default") for one in missing),
        fix=Fix(f"Give {_listed(names)} a value", (), Safety.MANUAL),
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
