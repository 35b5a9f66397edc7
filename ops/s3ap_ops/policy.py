"""The permissions that a plan needs, as an IAM policy."""

from __future__ import annotations

import json

from s3ap_ops.identity import Pin
from s3ap_ops.plan import Plan


def policy(plan: Plan, pin: Pin) -> str:
    """A policy document as JSON."""
    del plan, pin
    return json.dumps({"Version": "2012-10-17", "Statement": []}, indent=2) + "\n"
