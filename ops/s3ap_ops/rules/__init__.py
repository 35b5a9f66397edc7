"""What runs in an account: the rules, and the live halves of the linter's, with who reads for them.

Offered through the same hooks as the linter's own; nothing here imports boto3 before somebody looks at an account.
"""

from collections.abc import Iterable
from typing import Any

from s3ap_lint.api import Detector, Rule, hookimpl
from s3ap_ops.rules import buckets, functions, knowledge, network, rollouts, services, stacks


@hookimpl
def s3ap_rules() -> Iterable[Rule | Detector]:
    """The rules about live stacks, what runs in them, and what is about to be deployed."""
    families = (stacks, buckets, network, services, knowledge, functions, rollouts)
    return [rule for family in families for rule in family.RULES]


@hookimpl
def s3ap_loaders() -> Iterable[Any]:
    """The readers of resource types."""
    from s3ap_ops.reads import READERS

    return READERS
