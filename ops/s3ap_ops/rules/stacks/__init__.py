"""Live rules about a stack as a whole, and what it is to others."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule

RULES: tuple[Rule | Detector, ...] = ()
