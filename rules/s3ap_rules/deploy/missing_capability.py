"""S3AP708: a deployment does not acknowledge what its template needs."""

from collections.abc import Iterator
from posixpath import basename

from s3ap_lint.api import Capability, Deployment, Edit, Finding, Fix, Location, Resource, Severity, Template, bad, good, offer, rule
from s3ap_rules.deploy.deploy_example import project, samconfig

ROLE = """
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Writer:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: ec2.amazonaws.com}
            Action: sts:AssumeRole
"""
NAMED = ROLE.replace("    Properties:\n", "    Properties:\n      RoleName: !Sub \"${AWS::StackName}-writer\"\n")
SOMETIMES = NAMED.replace("Resources:", "Parameters:\n  Mode: {Type: String}\nConditions:\n  Writes: !Equals [!Ref Mode, w]\nResources:").replace(
    "    Type: AWS::IAM::Role\n", "    Type: AWS::IAM::Role\n    Condition: Writes\n"
)
MACRO = ROLE.replace("Resources:", "Transform: AWS::LanguageExtensions\nResources:")
SCRIPT = """
    aws cloudformation deploy --template-file template.yaml --stack-name app --no-fail-on-empty-changeset  # <- S3AP708
    """
CREATED = """
    aws cloudformation create-stack --stack-name app --template-body file://template.yaml \\
      --capabilities CAPABILITY_IAM  # <- S3AP708
    """
OPEN = """
    aws cloudformation deploy --template-file template.yaml --stack-name app --capabilities "$CAPABILITIES"
    sam deploy --guided --capabilities CAPABILITY_IAM
    """

# CloudFormation API reference, CreateStack, Capabilities
IAM_TYPES = (
    "AWS::IAM::AccessKey",
    "AWS::IAM::Group",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::UserToGroupAddition",
)
NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")
NAMED_TYPES = ("AWS::IAM::Group", "AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::User")


@rule(
    code="S3AP708",
    subject=Deployment,
    severity=Severity.ERROR,
    since="0.2.0",
    examples=[
        bad(
            "a role with a name",
            project("samconfig.toml", samconfig(extra='capabilities = "CAPABILITY_IAM"  # <- S3AP708\n'), NAMED),
            fixed={"samconfig.toml": samconfig(extra='capabilities = "CAPABILITY_NAMED_IAM"\n')},
        ),
        bad("a role, and nothing is acknowledged", project("deploy.sh", SCRIPT, ROLE)),
        bad("a transform, in an operation that makes no change set", project("deploy.sh", CREATED, MACRO)),
        good("a name of its own is acknowledged", project("samconfig.toml", samconfig(extra='capabilities = ["CAPABILITY_NAMED_IAM"]\n'), NAMED)),
        good("a role without a name", project("samconfig.toml", samconfig(extra='capabilities = "CAPABILITY_IAM"\n'), ROLE)),
        good("what only the shell knows, or a person is asked", project("deploy.sh", OPEN, NAMED)),
        good(
            "a role that this deployment may not have",
            project("samconfig.toml", samconfig('"Mode=r"', extra='capabilities = "CAPABILITY_IAM"\n'), SOMETIMES),
        ),
    ],
)
def missing_capability(deployment: Deployment) -> Iterator[Finding]:
    """
    A deployment does not acknowledge a capability that its template needs.

    It is refused with InsufficientCapabilitiesException. Resources of IAM, also those that SAM makes, need
    CAPABILITY_IAM; those with names of their own CAPABILITY_NAMED_IAM; nested applications, and transforms in operations
    without a change set, CAPABILITY_AUTO_EXPAND.

    Resources that depend on a condition are not counted: whether they need it hangs on parameters.

    Source: CloudFormation API reference, CreateStack, Capabilities.
    """
    given = deployment.capabilities
    if given is None:
        return
    names = {one.name for one in given}
    for wanted, why in _needed(deployment):
        if wanted in names or (wanted == "CAPABILITY_IAM" and "CAPABILITY_NAMED_IAM" in names):
            continue
        template = basename(deployment.template.path)
        yield Finding(
            f"{wanted} is not acknowledged, but {why.id} in {template} needs it; the deployment is refused",
            at=Location(deployment.path, given[0].span) if given else deployment.at,
            related=(why.at.noted("needs it"),),
            fix=_fix(deployment, wanted, given),
        )


def _needed(deployment: Deployment) -> Iterator[tuple[str, Resource]]:
    """The capabilities that are needed whatever the parameters are, each with a resource that does."""
    template = deployment.template
    named = [r for r in _certain(template, *NAMED_TYPES) if any(r.properties[name] for name in NAMES)]
    anonymous = list(_certain(template, *IAM_TYPES)) or _made_by_sam(template)
    if named:
        yield "CAPABILITY_NAMED_IAM", named[0]
    elif anonymous:
        yield "CAPABILITY_IAM", anonymous[0]
    nested = list(_certain(template, "AWS::Serverless::Application"))
    expanded = list(template.resources.values()) if template.transforms and deployment.is_direct else nested
    if expanded:
        yield "CAPABILITY_AUTO_EXPAND", expanded[0]


def _certain(template: Template, *types: str) -> Iterator[Resource]:
    return (resource for resource in template.of_type(*types) if not resource.condition)


def _made_by_sam(template: Template) -> list[Resource]:
    """The functions and state machines that SAM makes a role for."""
    owners = _certain(template, "AWS::Serverless::Function", "AWS::Serverless::StateMachine") if template.is_sam else ()
    return [owner for owner in owners if not owner.property("Role")]


def _fix(deployment: Deployment, wanted: str, given: tuple[Capability, ...]) -> Fix | None:
    """Name the stronger one of the two about IAM; the others are left to people."""
    weaker = next((one for one in given if one.name == "CAPABILITY_IAM"), None)
    if weaker is None or wanted != "CAPABILITY_NAMED_IAM":
        return None
    return offer(f"Acknowledge {wanted}", Edit(deployment.path, weaker.span, wanted))
