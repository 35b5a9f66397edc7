"""A world to test stack operations in: real HTTP, CloudFormation's semantics, faults, a recorder and a virtual clock.

with World() as world:
    world.deploy("demo", template)
    boto3.client("cloudformation", endpoint_url=world.endpoint).delete_stack(StackName="demo")
    assert ["DeleteStack"] == [request.operation for request in world.writes]
"""

from s3ap_ops.testing.clock import Clock
from s3ap_ops.testing.faults import Fault
from s3ap_ops.testing.pace import Pace
from s3ap_ops.testing.requests import Request
from s3ap_ops.testing.world import ACCOUNT, World

__all__ = ["ACCOUNT", "Clock", "Fault", "Pace", "Request", "World"]
