"""S3AP705: a deployment gives a parameter that its template does not have."""

from collections.abc import Iterator
from posixpath import basename

from s3ap_lint.api import (
    Deployment,
    Edit,
    Finding,
    Fix,
    GivenParameter,
    Location,
    Severity,
    bad,
    good,
    offer,
    rule,
)
from s3ap_rules.deploy.deploy_example import project, samconfig

GUIDE = """
    # Deploy

    ```bash
    aws cloudformation deploy --template-file template.yaml --stack-name app \\
      --parameter-overrides \\
        VpcId=<VPC_ID> \\
        Retention=7 \\  # <- S3AP705
        LogLevel=DEBUG
    ```
    """
SCRIPT = """
    #!/bin/bash
    aws cloudformation create-stack --stack-name app --template-body file://template.yaml \\
      --parameters ParameterKey=VpcId,ParameterValue="$VPC" "ParameterKey=OutputBucket,ParameterValue=$B"  # <- S3AP705
    """
OTHER_FOLDER = """
    ```bash
    cd ../another-application
    sam deploy --parameter-overrides Retention=7
    ```
    """
LISTED = """
    [
      {"ParameterKey": "VpcId", "ParameterValue": "vpc-0123456789abcdef0"},
      {"ParameterKey": "Retention", "ParameterValue": "7"}  # <- S3AP705
    ]
    """


@rule(
    code="S3AP705",
    subject=Deployment,
    severity=Severity.ERROR,
    since="0.2.0",
    examples=[
        bad(
            "a name that the template once had",
            project(
                "samconfig.toml",
                samconfig(
                    '"VpcId=vpc-0123456789abcdef0",',
                    '"OutputBucket=reports",  # 出力先  # <- S3AP705',
                    '"LogLevel=DEBUG",',
                ),
            ),
            fixed={
                "samconfig.toml": samconfig(
                    '"VpcId=vpc-0123456789abcdef0",', '"OutputBucketName=reports",  # 出力先', '"LogLevel=DEBUG",'
                )
            },
        ),
        bad(
            "one that is like no other",
            project(
                "samconfig.toml.example",
                samconfig('"VpcId=<YOUR_VPC_ID>",', '"Retention=7",  # <- S3AP705', '"LogLevel=DEBUG",'),
            ),
            fixed={"samconfig.toml.example": samconfig('"VpcId=<YOUR_VPC_ID>",', '"LogLevel=DEBUG",')},
        ),
        bad(
            "a guide",
            project("README.md", GUIDE),
            fixed={"README.md": GUIDE.replace("        Retention=7 \\  # <- S3AP705\n", "")},
        ),
        bad(
            "an operation of CloudFormation, which refuses it",
            project("deploy.sh", SCRIPT),
            fixed={"deploy.sh": SCRIPT.replace("OutputBucket,", "OutputBucketName,").replace("  # <- S3AP705", "")},
        ),
        good(
            "parameters that the template has, in another environment as one text",
            project(
                "samconfig.toml",
                samconfig('"VpcId=vpc-0123456789abcdef0"')
                + '\n[prod.deploy.parameters]\nparameter_overrides = "VpcId=vpc-1 LogLevel=\\"INFO\\""\n',
            ),
        ),
        good("a deployment of another folder's template, which is not there", project("docs/guide.md", OTHER_FOLDER)),
        good("a comment", project("samconfig.toml", samconfig('"VpcId=vpc-1",', '# "Retention=7",'))),
    ],
)
def unknown_deploy_parameter(deployment: Deployment) -> Iterator[Finding]:
    """
    A deployment gives a parameter that its template does not declare.

    CloudFormation refuses it ("Parameters: [X] do not exist in the template"). `sam deploy` and `aws cloudformation
    deploy` do not even ask: they send a value for each parameter of the template, and leave out what is left over.
    The deployment succeeds, and what was meant to be set keeps its Default.

    Use the name that the template has; a parameter that it no longer has goes.
    """
    declared = deployment.template.space.parameters
    for one in deployment.given:
        if one.name in declared:
            continue
        template = deployment.template.path
        outcome = (
            f"{deployment.by} leaves it out, so the value never arrives"
            if deployment.drops_unknown
            else "the deployment is refused"
        )
        near = _near(one.name, deployment)
        related = (declared[near].node.key_at.noted("the parameter that is not given"),) if near else ()
        parameters = deployment.template.top["Parameters"]
        yield Finding(
            f"{one.name} is no parameter of {basename(template)}; {outcome}",
            at=one.at,
            related=related or (_of_template(parameters.key_at, template),),
            fix=_fix(one, near),
        )


def _of_template(at: Location, path: str) -> Location:
    return Location(path, at.span, at.path, "the parameters that there are")


def _near(name: str, deployment: Deployment) -> str:
    """The one parameter of the template that is meant, if it is not given; "" when there is none, or more."""
    wanted = name.lower()
    found = [
        other
        for other in deployment.template.space.parameters
        if other not in deployment.names and _alike(wanted, other.lower())
    ]
    return found[0] if len(found) == 1 else ""


def _alike(one: str, other: str) -> bool:
    """Whether two names differ in case, in a word at an end, or in a letter or two."""
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 6 and (longer.startswith(shorter) or longer.endswith(shorter)):
        return True
    return len(shorter) >= 6 and _distance(one, other) <= 2


def _distance(one: str, other: str) -> int:
    """How many letters must be changed, added or taken away to make one of the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


def _fix(one: GivenParameter, near: str) -> Fix | None:
    if near:
        return offer(f"Give {near} instead", Edit(one.at.subject, one.name_span, near))
    return offer(f"Take {one.name} out", one.removal())
