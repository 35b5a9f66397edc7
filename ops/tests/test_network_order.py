"""Which stacks go first because of what others of them have in their networks."""

from s3ap_ops import snapshot
from s3ap_ops.order import before, circle
from s3ap_ops.stack import LiveStacks


def stacks(*texts: str) -> LiveStacks:
    return LiveStacks(tuple(stack for text in texts for stack in snapshot.read(text, "stacks.yaml")))


def owner(name: str, type_: str, facts: str) -> str:
    """A stack with something that others may use, and a function of its own."""
    return f"""
Stack: {name}
Resources:
  Shared: {{Type: "{type_}", PhysicalId: {name}-shared, Facts: {{{facts}}}}}
  Function: {{Type: "AWS::Lambda::Function", PhysicalId: {name}-function}}
  Endpoint: {{Type: "AWS::EC2::VPCEndpoint", PhysicalId: vpce-{name}}}
"""


def test_a_stack_with_a_function_in_the_group_of_another_goes_first() -> None:
    group = owner("uc1", "AWS::EC2::SecurityGroup", "functions: [{function: uc7-function, stack: uc7}]")
    assert {"uc1": ("uc7",), "uc7": ()} == before(stacks(group, owner("uc7", "AWS::S3::Bucket", "")))


def test_a_stack_with_an_endpoint_in_the_subnet_of_another_goes_first() -> None:
    told = '{id: eni-1, instance: "", description: "VPC Endpoint Interface vpce-uc7"}'
    subnet = owner("uc1", "AWS::EC2::Subnet", f"interfaces: [{told}]")
    assert {"uc1": ("uc7",), "uc7": ()} == before(stacks(subnet, owner("uc7", "AWS::S3::Bucket", "")))


def test_a_function_of_a_nested_stack_counts_for_the_stack_that_goes() -> None:
    used = owner("uc1", "AWS::EC2::VPCEndpoint", "victims: [{function: uc7-function, stack: uc7-Nested-1ABC}]")
    assert {"uc1": ("uc7",), "uc7": ()} == before(stacks(used, owner("uc7", "AWS::S3::Bucket", "")))


def test_two_stacks_that_use_the_endpoints_of_each_other_are_no_circle() -> None:
    """Both go, so neither is cut off for long; one goes first."""
    one = owner("uc1", "AWS::EC2::VPCEndpoint", "victims: [{function: uc7-function, stack: uc7}]")
    other = owner("uc7", "AWS::EC2::VPCEndpoint", "victims: [{function: uc1-function, stack: uc1}]")
    assert () == circle(stacks(one, other))
    assert {"uc1": ("uc7",), "uc7": ()} == before(stacks(one, other))


def test_two_stacks_with_functions_in_the_groups_of_each_other_are_a_circle() -> None:
    one = owner("uc1", "AWS::EC2::SecurityGroup", "functions: [{function: uc7-function, stack: uc7}]")
    other = owner("uc7", "AWS::EC2::SecurityGroup", "functions: [{function: uc1-function, stack: uc1}]")
    assert {"uc1", "uc7"} == set(circle(stacks(one, other)))
