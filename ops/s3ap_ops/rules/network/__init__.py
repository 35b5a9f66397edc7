"""Live rules about groups, interfaces, endpoints and functions in a network."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule

RULES: tuple[Rule | Detector, ...] = ()
