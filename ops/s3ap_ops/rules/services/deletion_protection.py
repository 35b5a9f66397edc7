"""S3AP831: resources that their service was told not to delete."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import LiveResource
from s3ap_ops.protections import SWITCHES


@rule(
    code="S3AP831",
    subject=LiveResource,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a table, a database and a log group",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Table:  # <- S3AP831
                    Type: AWS::DynamoDB::Table
                    PhysicalId: uc1-demo-history
                    Facts: {exists: true, deletion_protection: true}
                  Database:  # <- S3AP831
                    Type: AWS::RDS::DBInstance
                    PhysicalId: uc1-demo-db
                    Facts: {exists: true, deletion_protection: true}
                  Logs:  # <- S3AP831
                    Type: AWS::Logs::LogGroup
                    PhysicalId: /aws/lambda/uc1-demo-discovery
                    Facts: {exists: true, deletion_protection: true}
                """
            },
            fixed={
                "calls": """
                aws rds modify-db-instance --db-instance-identifier uc1-demo-db --no-deletion-protection
                aws logs put-log-group-deletion-protection --log-group-identifier /aws/lambda/uc1-demo-discovery --no-deletion-protection-enabled
                aws dynamodb update-table --table-name uc1-demo-history --no-deletion-protection-enabled
                """  # noqa: E501
            },
        ),
        bad(
            "an instance and a load balancer",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Balancer:  # <- S3AP831
                    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
                    PhysicalId: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/uc1/1
                    Facts: {exists: true, deletion_protection: true}
                  Host:  # <- S3AP831
                    Type: AWS::EC2::Instance
                    PhysicalId: i-0123456789abcdef0
                    Facts: {exists: true, deletion_protection: true}
                """
            },
            fixed={
                "calls": """
                aws elbv2 modify-load-balancer-attributes --load-balancer-arn arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/uc1/1 --attributes '[{"Key": "deletion_protection.enabled", "Value": "false"}]'
                aws ec2 modify-instance-attribute --instance-id i-0123456789abcdef0 --disable-api-termination '{"Value": false}'
                """  # noqa: E501
            },
        ),
        bad(
            "a user pool, whose other settings an update has to repeat",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Users:  # <- S3AP831
                    Type: AWS::Cognito::UserPool
                    PhysicalId: ap-northeast-1_Abc
                    Facts: {exists: true, deletion_protection: true, settings: {MfaConfiguration: "ON"}}
                """
            },
            fixed={
                "calls": "aws cognito-idp update-user-pool --user-pool-id ap-northeast-1_Abc --mfa-configuration ON"
                " --deletion-protection INACTIVE\n",
            },
        ),
        good(
            "unprotected, or retained",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Table:
                    Type: AWS::DynamoDB::Table
                    Facts: {exists: true, deletion_protection: false}
                  Kept:
                    Type: AWS::DynamoDB::Table
                    DeletionPolicy: Retain
                    Facts: {exists: true, deletion_protection: true}
                """
            },
        ),
    ],
)
def deletion_protection(resource: LiveResource) -> Iterator[Finding]:
    """
    A resource is protected against deletion by its service.

    CloudFormation's deletion of it fails, after others of the stack are gone already. Somebody protected it to prevent
    just this, so `s3ap-ops clean` refuses the stack unless --disable-deletion-protection is given; then the protection
    is taken away before anything else is done, and put back if the run is undone.
    """
    switch = SWITCHES.get(resource.type)
    if switch is None or not resource.goes or resource.fact("deletion_protection") is not True:
        return
    yield Finding(
        f"{resource.physical_id} is protected against deletion, so its stack cannot delete it",
        at=resource.at,
        fix=Fix(f"Take the deletion protection from {resource.physical_id}", (switch.call(resource),)),
    )
