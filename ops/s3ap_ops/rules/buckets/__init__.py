"""Live rules about buckets and what is in them."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule

RULES: tuple[Rule | Detector, ...] = ()
