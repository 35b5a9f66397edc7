"""`s3ap-ops record`: what `plan` looks at, as a file; a fault can be reproduced from it without credentials.

Parameters are in it, because names are made of them; CloudFormation itself masks those that are declared NoEcho.
"""

from __future__ import annotations

import argparse
import json
import sys

from s3ap_ops import desk as desks
from s3ap_ops import snapshot
from s3ap_ops.errors import OpsError
from s3ap_ops.plan_command import write
from s3ap_ops.stack import ABSENT
from s3ap_ops.wording import count


def run(options: argparse.Namespace) -> int:
    """0 when it is written. Raises OpsError when one of the stacks does not exist."""
    desk = desks.opened(options)
    stacks = desk.stacks(desks.names_of(desk))
    missing = [stack.name for stack in stacks if stack.status == ABSENT]
    if missing:
        raise OpsError(f"there is no stack {missing[0]!r} in {desk.pin.place}; nothing was written")
    data = snapshot.written(stacks)
    write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n", options.output)
    resources = sum(len(stack.resources) for stack in stacks)
    print(f"{count(len(stacks), 'stack')} with {count(resources, 'resource')} in {options.output}", file=sys.stderr)
    return 0
