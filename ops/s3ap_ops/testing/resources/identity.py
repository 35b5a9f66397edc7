"""IAM and keys: roles, policies, profiles, KMS keys, secrets."""

import json
from typing import Any

from botocore.exceptions import ClientError

from s3ap_ops.testing.resources.kinds import Kind, Made, Site, is_gone, kind, pick


@kind("AWS::IAM::Role")
class Role(Kind):
    def create(self, site: Site) -> Made:
        iam, given, name = site.aws("iam"), site.properties, site.name("RoleName")
        made = iam.create_role(
            RoleName=name,
            Path=given.get("Path", "/"),
            AssumeRolePolicyDocument=json.dumps(given["AssumeRolePolicyDocument"], default=str),
            Tags=site.tag_list,
        )["Role"]
        for arn in given.get("ManagedPolicyArns", []):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in given.get("Policies", []):
            document = json.dumps(policy["PolicyDocument"], default=str)
            iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)
        return Made(name, {"Arn": made["Arn"], "RoleId": made["RoleId"]})

    def is_there(self, site: Site, name: str) -> bool:
        return any(role.name == name for role in site.backend("iam").roles.values())

    def delete(self, site: Site) -> None:
        """CloudFormation takes away what the template put there; anything else is a DeleteConflict."""
        iam, given, name = site.aws("iam"), site.properties, site.physical
        for arn in given.get("ManagedPolicyArns", []):
            _quiet(iam.detach_role_policy, RoleName=name, PolicyArn=arn)
        for policy in given.get("Policies", []):
            _quiet(iam.delete_role_policy, RoleName=name, PolicyName=policy["PolicyName"])
        iam.delete_role(RoleName=name)


def _quiet(call: Any, **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if not is_gone(error):
            raise


@kind("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
class Policy(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties
        for role in given.get("Roles", []) or [given["RoleName"]]:
            site.aws("iam").put_role_policy(
                RoleName=role,
                PolicyName=given["PolicyName"],
                PolicyDocument=json.dumps(given["PolicyDocument"], default=str),
            )
        return Made(site.name())

    def delete(self, site: Site) -> None:
        given = site.properties
        for role in given.get("Roles", []) or [given["RoleName"]]:
            _quiet(site.aws("iam").delete_role_policy, RoleName=role, PolicyName=given["PolicyName"])


@kind("AWS::IAM::ManagedPolicy")
class ManagedPolicy(Kind):
    def create(self, site: Site) -> Made:
        given, iam = site.properties, site.aws("iam")
        made = iam.create_policy(
            PolicyName=site.name("ManagedPolicyName"), PolicyDocument=json.dumps(given["PolicyDocument"], default=str)
        )["Policy"]
        for role in given.get("Roles", []):
            iam.attach_role_policy(RoleName=role, PolicyArn=made["Arn"])
        return Made(made["Arn"], {"PolicyArn": made["Arn"]})

    def delete(self, site: Site) -> None:
        iam = site.aws("iam")
        for role in site.properties.get("Roles", []):
            _quiet(iam.detach_role_policy, RoleName=role, PolicyArn=site.physical)
        iam.delete_policy(PolicyArn=site.physical)


@kind("AWS::IAM::InstanceProfile")
class InstanceProfile(Kind):
    def create(self, site: Site) -> Made:
        iam, name = site.aws("iam"), site.name("InstanceProfileName")
        made = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        for role in site.properties.get("Roles", []):
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return Made(name, {"Arn": made["Arn"]})

    def delete(self, site: Site) -> None:
        iam, name = site.aws("iam"), site.physical
        for role in site.properties.get("Roles", []):
            _quiet(iam.remove_role_from_instance_profile, InstanceProfileName=name, RoleName=role)
        iam.delete_instance_profile(InstanceProfileName=name)


@kind("AWS::KMS::Key")
class Key(Kind):
    def create(self, site: Site) -> Made:
        made = site.aws("kms").create_key(
            Description=site.properties.get("Description", ""),
            Tags=[{"TagKey": key, "TagValue": value} for key, value in site.tags.items()],
        )["KeyMetadata"]
        return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})

    def delete(self, site: Site) -> None:
        site.aws("kms").schedule_key_deletion(
            KeyId=site.physical, PendingWindowInDays=site.properties.get("PendingWindowInDays", 30)
        )


@kind("AWS::KMS::Alias")
class Alias(Kind):
    def create(self, site: Site) -> Made:
        given = pick(site.properties, "AliasName", "TargetKeyId")
        site.aws("kms").create_alias(**given)
        return Made(given["AliasName"])

    def delete(self, site: Site) -> None:
        site.aws("kms").delete_alias(AliasName=site.physical)


@kind("AWS::SecretsManager::Secret")
class Secret(Kind):
    def create(self, site: Site) -> Made:
        given = site.properties
        wanted = {
            "Name": site.name("Name"),
            "SecretString": given.get("SecretString", "generated"),
            "Tags": site.tag_list,
        }
        made = site.aws("secretsmanager").create_secret(**wanted)
        return Made(made["ARN"], {"Id": made["ARN"]})

    def delete(self, site: Site) -> None:
        site.aws("secretsmanager").delete_secret(SecretId=site.physical, ForceDeleteWithoutRecovery=True)
