"""S3AP833: roles and policies that others have changed since their stack made them."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import ApiCall, LiveResource, LiveStack, LiveStacks, Risk, call, listed
from s3ap_ops.intent import entries, unmatched
from s3ap_ops.stack import Json

FLAG = "--detach-policies"
GONE = ("NoSuchEntity",)


@rule(
    code="S3AP833",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a managed policy, an inline one and an instance profile that the template does not have",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  DiscoveryRole:  # <- S3AP833
                    Type: AWS::IAM::Role
                    PhysicalId: uc1-demo-discovery
                    Properties:
                      ManagedPolicyArns:
                        - {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/LambdaVpc"}
                      Policies:
                        - PolicyName: ReadVolume
                    Facts:
                      exists: true
                      attached:
                        - arn:aws:iam::aws:policy/ReadOnlyAccess
                        - arn:aws:iam::aws:policy/service-role/LambdaVpc
                      inline: {ReadVolume: "{}", debug: '{"Version": "2012-10-17", "Statement": []}'}
                      instance_profiles: [jump-host]
                """
            },
            fixed={
                "calls": """
                aws iam detach-role-policy --role-name uc1-demo-discovery --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess
                aws iam delete-role-policy --role-name uc1-demo-discovery --policy-name debug
                aws iam remove-role-from-instance-profile --instance-profile-name jump-host --role-name uc1-demo-discovery
                """  # noqa: E501
            },
        ),
        bad(
            "a policy of the stack that is attached to somebody else's role",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  ReadVolume:  # <- S3AP833
                    Type: AWS::IAM::ManagedPolicy
                    PhysicalId: arn:aws:iam::123456789012:policy/uc1-demo-ReadVolume
                    Facts: {exists: true, roles: [uc1-demo-discovery, notebook], users: [], groups: [storage]}
                  DiscoveryRole:
                    Type: AWS::IAM::Role
                    PhysicalId: uc1-demo-discovery
                    Properties:
                      ManagedPolicyArns: [{Ref: ReadVolume}]
                    Facts:
                      exists: true
                      attached: ["arn:aws:iam::123456789012:policy/uc1-demo-ReadVolume"]
                """
            },
            fixed={
                "calls": """
                aws iam detach-role-policy --role-name notebook --policy-arn arn:aws:iam::123456789012:policy/uc1-demo-ReadVolume
                aws iam detach-group-policy --group-name storage --policy-arn arn:aws:iam::123456789012:policy/uc1-demo-ReadVolume
                """  # noqa: E501
            },
        ),
        bad(
            "a policy that bounds the permissions of somebody else",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Boundary:  # <- S3AP833
                    Type: AWS::IAM::ManagedPolicy
                    PhysicalId: arn:aws:iam::123456789012:policy/uc1-demo-Boundary
                    Facts: {exists: true, roles: [], users: [], groups: [], boundary_of: [contractor]}
                """
            },
            fixed={"calls": ""},
        ),
        good(
            "as deployed, by the role itself, by a policy of the stack, and by a name that is computed",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Parameters: {Prefix: uc1}
                Resources:
                  DiscoveryRole:
                    Type: AWS::IAM::Role
                    PhysicalId: uc1-demo-discovery
                    Properties:
                      ManagedPolicyArns:
                        Fn::If: [InVpc, ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"], []]
                      Policies:
                        - Fn::If: [Traced, {PolicyName: Trace}, {Ref: "AWS::NoValue"}]
                        - PolicyName: {"Fn::Sub": "${Prefix}-read"}
                        - PolicyName: {"Fn::ImportValue": Other}
                    Facts:
                      exists: true
                      attached: ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"]
                      inline: {Trace: "{}", uc1-read: "{}", imported: "{}", Beside: "{}"}
                      instance_profiles: [uc1-demo-profile]
                  Policy:
                    Type: AWS::IAM::Policy
                    Properties: {PolicyName: Beside, Roles: [{Ref: DiscoveryRole}]}
                  Profile:
                    Type: AWS::IAM::InstanceProfile
                    PhysicalId: uc1-demo-profile
                """
            },
        ),
    ],
)
def changed_role(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A role has policies that its template does not have, or others use a policy of the stack.

    IAM deletes neither while that is so (DeleteConflict, "must detach all policies first"), and the stack's deletion
    fails. `s3ap-ops clean` refuses the stack unless --detach-policies is given; then exactly these attachments are
    taken away, and the record of the run says how to put each back. A name that the template computes counts as its
    own.
    """
    for stack in stacks.stacks:
        for one in stack.of_type("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
            if one.goes:
                yield from _role(one, stack, stacks) if one.type == "AWS::IAM::Role" else _policy(one, stacks)


def _role(role: LiveResource, stack: LiveStack, stacks: LiveStacks) -> Iterator[Finding]:
    name = role.physical_id
    beside = [one for one in stack.of_type("AWS::IAM::ManagedPolicy") if _is_given_to(one, role, stack)]
    arns = [*entries(role.properties.get("ManagedPolicyArns")), *(one.physical_id for one in beside)]
    attached = unmatched(role.fact("attached", ()), arns, stack, role)
    inline = unmatched(role.fact("inline", {}), list(_inline(role, stack)), stack, role)
    ours = stacks.names_going("AWS::IAM::InstanceProfile")
    profiles = [one for one in role.fact("instance_profiles", ()) if one not in ours]
    calls = (
        *(_detached(role, "role", name, arn) for arn in attached),
        *(_deleted(role, policy) for policy in inline),
        *(_removed(role, profile) for profile in profiles),
    )
    if not calls:
        return
    said = listed(
        [*(arn.rpartition("/")[2] for arn in attached), *inline, *(f"instance profile {one}" for one in profiles)], 5
    )
    yield Finding(
        f"{name} has what its template does not give it ({said}), so its stack cannot delete it",
        at=role.at,
        fix=Fix(f"Take from {name} what others gave it", calls),
    )


def _policy(policy: LiveResource, stacks: LiveStacks) -> Iterator[Finding]:
    arn = policy.physical_id
    ours = {kind: stacks.names_going(f"AWS::IAM::{kind.title()}") for kind in ("role", "user", "group")}
    bounded = [name for name in policy.fact("boundary_of", ()) if name not in ours["role"] | ours["user"]]
    if bounded:
        yield Finding(
            f"{arn} bounds the permissions of {listed(bounded)}, so its stack cannot delete it",
            at=policy.at,
            fix=Fix(
                f"Give {listed(bounded)} another permissions boundary first: taking it away would widen what they may",
                (),
                Safety.MANUAL,
            ),
        )
    users = [(kind, name) for kind, those in ours.items() for name in policy.fact(f"{kind}s", ()) if name not in those]
    if users:
        said = listed([f"the {kind} {name}" for kind, name in users])
        yield Finding(
            f"{arn} is attached to {said}, so its stack cannot delete it",
            at=policy.at,
            fix=Fix(f"Detach it from {said}", tuple(_detached(policy, kind, name, arn) for kind, name in users)),
        )


def _inline(role: LiveResource, stack: LiveStack) -> Iterator[object]:
    """The names of the policies that the stack writes into a role, as the template has them."""
    for policy in entries(role.properties.get("Policies")):
        yield policy.get("PolicyName") if isinstance(policy, dict) else None
    for one in stack.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy"):
        if _is_given_to(one, role, stack):
            yield one.properties.get("PolicyName")


def _is_given_to(policy: LiveResource, role: LiveResource, stack: LiveStack) -> bool:
    """Whether a policy of the stack says that it goes to a role, or may say so."""
    given = [*entries(policy.properties.get("Roles")), *entries(policy.properties.get("RoleName"))]
    return not unmatched([role.physical_id], given, stack, policy)


def _detached(resource: LiveResource, kind: str, name: str, arn: str) -> ApiCall:
    params: dict[str, Json] = {f"{kind.title()}Name": name, "PolicyArn": arn}
    target = name if resource.physical_id == arn else resource.physical_id
    undo = call(resource, "iam", f"attach_{kind}_policy", target=target, risk=Risk.REVERSIBLE, **params)
    return call(resource, "iam", f"detach_{kind}_policy", target=target, flag=FLAG, undo=undo, done=GONE, **params)


def _deleted(role: LiveResource, policy: str) -> ApiCall:
    params: dict[str, Json] = {"RoleName": role.physical_id, "PolicyName": policy}
    document = role.fact("inline")[policy]
    undo = call(role, "iam", "put_role_policy", **params, PolicyDocument=document)
    return call(role, "iam", "delete_role_policy", flag=FLAG, undo=undo, done=GONE, **params)


def _removed(role: LiveResource, profile: str) -> ApiCall:
    params: dict[str, Json] = {"InstanceProfileName": profile, "RoleName": role.physical_id}
    undo = call(role, "iam", "add_role_to_instance_profile", target=profile, **params)
    return call(
        role, "iam", "remove_role_from_instance_profile", target=profile, flag=FLAG, undo=undo, done=GONE, **params
    )
