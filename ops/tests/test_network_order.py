"""Which stacks go first because of what others of them have in their networks."""

from s3ap_ops import snapshot
from s3ap_ops.order import before, circle, needed
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


def test_what_is_retained_waits_for_nobody() -> None:
    """CloudFormation does not ask for the end of a custom resource that stays, and takes no group from its users."""
    custom = 'Custom: {Type: "Custom::Rule", DeletionPolicy: Retain, Facts: {provider: uc7-function}}'
    group = owner("uc1", "AWS::EC2::SecurityGroup", "functions: [{function: uc7-function, stack: uc7}]")
    kept = group.replace("PhysicalId: uc1-shared", "PhysicalId: uc1-shared, DeletionPolicy: Retain")
    both = stacks(f"{kept}  {custom}\n", owner("uc7", "AWS::S3::Bucket", ""))
    assert {"uc1": (), "uc7": ()} == before(both)


def test_a_role_with_the_name_of_a_function_is_not_taken_for_it() -> None:
    group = owner("uc1", "AWS::EC2::SecurityGroup", "functions: [{function: uc7-function, stack: uc7}]")
    role = "Stack: uc0\nResources: {Role: {Type: AWS::IAM::Role, PhysicalId: uc7-function}}\n"
    assert {"uc0": (), "uc1": ("uc7",), "uc7": ()} == before(stacks(role, group, owner("uc7", "AWS::S3::Bucket", "")))


def test_a_stack_whose_queries_have_their_results_in_a_bucket_goes_first_though_it_need_not() -> None:
    bucket = owner("uc1", "AWS::S3::Bucket", "result_workgroups: [uc7-queries]")
    queries = "Stack: uc7\nResources: {Queries: {Type: AWS::Athena::WorkGroup, PhysicalId: uc7-queries}}\n"
    assert ("uc7",) == before(stacks(bucket, queries))["uc1"]
    assert () == needed(stacks(bucket, queries))["uc1"]
