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
    Safety,
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
    since="0.1.0",
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
        alike = _alike_and_open(one.name, deployment)
        related = tuple(declared[name].node.key_at.noted("a parameter that is not given") for name in alike)
        parameters = deployment.template.top["Parameters"]
        yield Finding(
            f"{one.name} is no parameter of {basename(template)}; {outcome}",
            at=one.at,
            related=related or (_of_template(parameters.key_at, template),),
            fix=_fix(one, alike, deployment),
        )


def _of_template(at: Location, path: str) -> Location:
    return Location(path, at.span, at.path, "the parameters that there are")


def _alike_and_open(name: str, deployment: Deployment) -> list[str]:
    """The parameters of the template that may be meant and are not given; of several, one that must be given."""
    space, wanted = deployment.template.space, name.lower()
    found = [other for other in space.parameters if other not in deployment.names and _alike(wanted, other.lower())]
    required = [other for other in found if not space.parameters[other].node["Default"]]
    return required if len(required) == 1 else found


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


def _fix(one: GivenParameter, alike: list[str], deployment: Deployment) -> Fix | None:
    """Give the one parameter that is meant, or nothing where none can be; between several a person chooses."""
    if len(alike) > 1:
        return Fix(f"Give {', '.join(alike[:-1])} or {alike[-1]} instead", (), Safety.MANUAL)
    if alike:
        return offer(f"Give {alike[0]} instead", Edit(one.at.subject, one.name_span, alike[0]))
    declared = deployment.template.space.parameters
    open_ones = [name for name in declared if name not in deployment.names and not declared[name].node["Default"]]
    if open_ones:
        return Fix(f"Give {open_ones[0]}, or take {one.name} out", (), Safety.MANUAL)
    return offer(f"Take {one.name} out", one.removal())
