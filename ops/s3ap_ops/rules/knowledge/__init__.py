"""Live rules about knowledge bases of Amazon Bedrock, and where they keep their vectors."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.knowledge.foreign_data_source import foreign_data_source
from s3ap_ops.rules.knowledge.shared_vector_store import shared_vector_store
from s3ap_ops.rules.knowledge.undeletable_vectors import undeletable_vectors

RULES: tuple[Rule | Detector, ...] = (
    foreign_data_source,
    shared_vector_store,
    undeletable_vectors,
)
