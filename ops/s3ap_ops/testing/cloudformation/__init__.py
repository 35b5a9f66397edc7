"""CloudFormation's semantics: stacks, their events and resources, over virtual time."""
