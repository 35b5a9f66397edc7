"""Live rules about groups, interfaces, endpoints and functions in a network."""

from __future__ import annotations

from s3ap_lint.api import Detector, Rule
from s3ap_ops.rules.network.dead_custom_resource import dead_custom_resource
from s3ap_ops.rules.network.foreign_network_interface import foreign_network_interface
from s3ap_ops.rules.network.foreign_security_group_edge import foreign_security_group_edge
from s3ap_ops.rules.network.lambda_network_interface import lambda_network_interface
from s3ap_ops.rules.network.shared_endpoint_owner import shared_endpoint_owner

RULES: tuple[Rule | Detector, ...] = (
    dead_custom_resource,
    lambda_network_interface,
    foreign_network_interface,
    shared_endpoint_owner,
    foreign_security_group_edge,
)
