"""What the author of a rule may import; everything here keeps its promise between versions."""

from s3ap_lint.access import Access, S3Grant, Standing, s3_outcomes, standing
from s3ap_lint.application import STATE_MACHINE_TYPES, Application, StateMachine, runtime_sets
from s3ap_lint.arn import ACCESS_POINT_ACTIONS, Level, S3Resource, Target, level_of, matches, s3_resource
from s3ap_lint.bedrock import Model as BedrockModel
from s3ap_lint.bedrock import Use as BedrockUse
from s3ap_lint.bedrock import allowed as allowed_models
from s3ap_lint.bedrock import uses as model_uses
from s3ap_lint.copying import copied
from s3ap_lint.dependencies import can_name, can_stand, is_plain_text
from s3ap_lint.directives import Directive
from s3ap_lint.entries import appended, renamed, taken_out
from s3ap_lint.entrypoints import entry_functions, entry_points, folders_alike, modules_alike
from s3ap_lint.function import Function
from s3ap_lint.iam import Role
from s3ap_lint.incidents import Unparsable
from s3ap_lint.integrations import Wanted as WantedByState
from s3ap_lint.integrations import wanted as wanted_by_states
from s3ap_lint.layering import layers_bringing
from s3ap_lint.missing import MissingImport
from s3ap_lint.model import (
    Detector,
    Edit,
    Example,
    Finding,
    Fix,
    Location,
    Options,
    Rule,
    Safety,
    Scenario,
    Severity,
    Span,
    bad,
    detects,
    good,
    offer,
    rule,
)
from s3ap_lint.patterns import Covers
from s3ap_lint.permissions.configured_lacks import ConfiguredLack, configured_lacks
from s3ap_lint.permissions.granting import lacking_statements, needed_statements, with_actions, with_statements
from s3ap_lint.permissions.grants import Grants
from s3ap_lint.permissions.least_privilege import LeastStatement
from s3ap_lint.permissions.least_privilege import value_of as statement_value
from s3ap_lint.permissions.needs import Given
from s3ap_lint.permissions.resource_policies import admitted
from s3ap_lint.permissions.role_uses import RoleUse, role_uses
from s3ap_lint.permissions.standing import Lack, Permission, Permissions, permissions_of
from s3ap_lint.permissions.unused import Unused, unused_grants
from s3ap_lint.plugins import hookimpl
from s3ap_lint.policies import Policies, Statement, aws_managed, sam_policy_templates, statements
from s3ap_lint.project import PythonFile
from s3ap_lint.python.attributes import UnknownAttribute
from s3ap_lint.python.calls import SdkCall
from s3ap_lint.python.floats import Floats
from s3ap_lint.python.handlers import Answer
from s3ap_lint.python.interpolation import Inserted
from s3ap_lint.python.module import Module
from s3ap_lint.python.patches import MissingPatch
from s3ap_lint.python.reach import ReachedRead
from s3ap_lint.python.returns import Returned
from s3ap_lint.python.signature import Signature
from s3ap_lint.python.sinks import Sink
from s3ap_lint.python.versions import Newer
from s3ap_lint.python.worth import FromEnvironment, Traced
from s3ap_lint.resolution import FUNCTION_TYPES, code_key
from s3ap_lint.statemachine import Definition, State, Task
from s3ap_lint.template import edits
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import Value
from s3ap_lint.template.numbers import number
from s3ap_lint.template.references import Reference, guards, mentioned, references
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Filler, Hole, Leaf, Values, choose, listed, text, texts
from s3ap_lint.template.way import way
from s3ap_lint.template.worlds import World
from s3ap_lint.upgrade import can_run_on

__all__ = [
    "ACCESS_POINT_ACTIONS",
    "FUNCTION_TYPES",
    "STATE_MACHINE_TYPES",
    "Access",
    "Answer",
    "Application",
    "BedrockModel",
    "BedrockUse",
    "ConfiguredLack",
    "Covers",
    "Definition",
    "Detector",
    "Directive",
    "Edit",
    "Example",
    "Filler",
    "Finding",
    "Fix",
    "Floats",
    "FromEnvironment",
    "Function",
    "Given",
    "Grants",
    "Hole",
    "Inserted",
    "Lack",
    "Leaf",
    "LeastStatement",
    "Level",
    "Location",
    "MissingImport",
    "MissingPatch",
    "Module",
    "Newer",
    "Node",
    "Options",
    "Outcome",
    "Permission",
    "Permissions",
    "Policies",
    "PythonFile",
    "ReachedRead",
    "Reference",
    "Resource",
    "Returned",
    "Role",
    "RoleUse",
    "Rule",
    "S3Grant",
    "S3Resource",
    "Safety",
    "Scenario",
    "SdkCall",
    "Severity",
    "Signature",
    "Sink",
    "Span",
    "Standing",
    "State",
    "StateMachine",
    "Statement",
    "Target",
    "Task",
    "Template",
    "Traced",
    "UnknownAttribute",
    "Unparsable",
    "Unused",
    "Value",
    "Values",
    "Verdict",
    "WantedByState",
    "World",
    "admitted",
    "allowed_models",
    "appended",
    "aws_managed",
    "bad",
    "can_name",
    "can_run_on",
    "can_stand",
    "choose",
    "code_key",
    "configured_lacks",
    "copied",
    "detects",
    "edits",
    "entry_functions",
    "entry_points",
    "folders_alike",
    "good",
    "guards",
    "hookimpl",
    "is_plain_text",
    "lacking_statements",
    "layers_bringing",
    "level_of",
    "listed",
    "matches",
    "mentioned",
    "model_uses",
    "modules_alike",
    "needed_statements",
    "number",
    "offer",
    "permissions_of",
    "references",
    "renamed",
    "role_uses",
    "rule",
    "runtime_sets",
    "s3_outcomes",
    "s3_resource",
    "sam_policy_templates",
    "standing",
    "statement_value",
    "statements",
    "taken_out",
    "text",
    "texts",
    "unused_grants",
    "wanted_by_states",
    "way",
    "with_actions",
    "with_statements",
]
