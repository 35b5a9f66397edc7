"""Live rules about other services, retained resources, and whose a resource is."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.services.nonempty_workgroup import nonempty_workgroup

RULES: tuple[Rule | Detector, ...] = (nonempty_workgroup,)
