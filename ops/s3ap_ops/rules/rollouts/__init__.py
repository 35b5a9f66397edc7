"""Live rules about what is about to be deployed."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.rollouts.stateful_loss import stateful_loss

RULES: tuple[Rule | Detector, ...] = (stateful_loss,)
