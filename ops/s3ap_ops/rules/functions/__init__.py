"""Live halves of the linter's rules about functions: what runs, against the local code that it runs."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.functions.missing_permission import missing_permission
from s3ap_ops.rules.functions.unset_variable import unset_variable
from s3ap_ops.rules.functions.zero_concurrency import zero_concurrency

RULES: tuple[Rule | Detector, ...] = (unset_variable, zero_concurrency, missing_permission)
