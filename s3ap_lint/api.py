"""What the author of a rule may import; everything here keeps its promise between versions."""

from s3ap_lint.access import Access, S3Grant, Standing, s3_outcomes, standing
from s3ap_lint.accounts import account_ids, is_somebodys, may_have_account_ids
from s3ap_lint.application import STATE_MACHINE_TYPES, Application, StateMachine, runtime_sets
from s3ap_lint.arn import ACCESS_POINT_ACTIONS, Level, S3Resource, Target, level_of, matches, s3_resource
from s3ap_lint.bedrock import Lack as BedrockLack
from s3ap_lint.bedrock import Mismatch as RequestMismatch
from s3ap_lint.bedrock import Model as BedrockModel
from s3ap_lint.bedrock import Use as BedrockUse
from s3ap_lint.bedrock import allowed as allowed_models
from s3ap_lint.bedrock import called_from, prefix_for
from s3ap_lint.bedrock import lack as bedrock_lack
from s3ap_lint.bedrock import measured as models_measured
from s3ap_lint.bedrock import mismatch as request_mismatch
from s3ap_lint.bedrock import model as bedrock_model
from s3ap_lint.bedrock import uses as model_uses
from s3ap_lint.dependencies import can_name, can_stand, is_plain_text
from s3ap_lint.deploy.emptiness import Denied, Hollow, denied, hollow, refused
from s3ap_lint.deploy.model import Capability, DeployInput, Deployment
from s3ap_lint.deploy.model import Given as GivenParameter
from s3ap_lint.difference.differences import Difference
from s3ap_lint.difference.differences import Kind as DifferenceKind
from s3ap_lint.directives import Directive
from s3ap_lint.entrypoints import entry_functions, entry_points, folders_alike, modules_alike, stand_ins
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
    Group,
    Location,
    Options,
    Rule,
    Safety,
    Scenario,
    Severity,
    Span,
    Unimport,
    bad,
    detects,
    good,
    offer,
    rule,
)
from s3ap_lint.model_ids import CALLING as MODEL_CALLS
from s3ap_lint.model_ids import Mention as ModelMention
from s3ap_lint.model_ids import is_called as is_called_model
from s3ap_lint.model_ids import meant as meant_model
from s3ap_lint.model_ids import mentions as model_mentions
from s3ap_lint.model_ids import mentions_in as model_mentions_in
from s3ap_lint.model_ids import mentions_in_states as model_mentions_in_states
from s3ap_lint.model_ids import tells_models_apart
from s3ap_lint.patterns import Covers
from s3ap_lint.permissions.access_point_name import ARNS as ACCESS_POINT_ARNS
from s3ap_lint.permissions.access_point_name import name_beside
from s3ap_lint.permissions.configured_lacks import ConfiguredLack, configured_lacks
from s3ap_lint.permissions.granting import lacking_statements, needed_statements, with_actions, with_statements
from s3ap_lint.permissions.grants import Grants, grants_of
from s3ap_lint.permissions.guards import given_when
from s3ap_lint.permissions.least_privilege import LeastStatement
from s3ap_lint.permissions.least_privilege import value_of as statement_value
from s3ap_lint.permissions.needs import Given
from s3ap_lint.permissions.resource_policies import admitted
from s3ap_lint.permissions.role_uses import RoleUse, role_uses
from s3ap_lint.permissions.standing import Lack, Permission, Permissions, permissions_of
from s3ap_lint.permissions.unused import Unused, unused_grants
from s3ap_lint.placeholders import may_have_placeholders, of_this_account, placeholders
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
from s3ap_lint.python.payloads import Payload, payload
from s3ap_lint.python.reach import ReachedRead
from s3ap_lint.python.returns import Returned
from s3ap_lint.python.signature import Signature
from s3ap_lint.python.sinks import Sink
from s3ap_lint.python.versions import Newer
from s3ap_lint.python.worth import FromEnvironment, Traced
from s3ap_lint.resolution import FUNCTION_TYPES, code_key
from s3ap_lint.statemachine import Definition, State, Task
from s3ap_lint.template import edits, rewrites
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.node import Node
from s3ap_lint.template.notation import NO_VALUE, Value, get_att, if_, ref, sub, value_of
from s3ap_lint.template.numbers import number
from s3ap_lint.template.references import Reference, guards, mentioned, references
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Filler, Hole, Leaf, Values, choose, listed, text, texts
from s3ap_lint.template.way import way
from s3ap_lint.template.worlds import World
from s3ap_lint.twin_report import MendedInOne, TwinReport
from s3ap_lint.twins import Told, TwinPair, Twins
from s3ap_lint.upgrade import can_run_on

__all__ = [
    "ACCESS_POINT_ACTIONS",
    "ACCESS_POINT_ARNS",
    "FUNCTION_TYPES",
    "MODEL_CALLS",
    "NO_VALUE",
    "STATE_MACHINE_TYPES",
    "Access",
    "Answer",
    "Application",
    "BedrockLack",
    "BedrockModel",
    "BedrockUse",
    "Capability",
    "ConfiguredLack",
    "Covers",
    "Definition",
    "Denied",
    "DeployInput",
    "Deployment",
    "Detector",
    "Difference",
    "DifferenceKind",
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
    "GivenParameter",
    "Grants",
    "Group",
    "Hole",
    "Hollow",
    "Inserted",
    "Lack",
    "Leaf",
    "LeastStatement",
    "Level",
    "Location",
    "MendedInOne",
    "MissingImport",
    "MissingPatch",
    "ModelMention",
    "Module",
    "Newer",
    "Node",
    "Options",
    "Outcome",
    "Payload",
    "Permission",
    "Permissions",
    "Policies",
    "PythonFile",
    "ReachedRead",
    "Reference",
    "RequestMismatch",
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
    "Told",
    "Traced",
    "TwinPair",
    "TwinReport",
    "Twins",
    "Unimport",
    "UnknownAttribute",
    "Unparsable",
    "Unused",
    "Value",
    "Values",
    "Verdict",
    "WantedByState",
    "World",
    "account_ids",
    "admitted",
    "allowed_models",
    "aws_managed",
    "bad",
    "bedrock_lack",
    "bedrock_model",
    "called_from",
    "can_name",
    "can_run_on",
    "can_stand",
    "choose",
    "code_key",
    "configured_lacks",
    "denied",
    "detects",
    "edits",
    "entry_functions",
    "entry_points",
    "folders_alike",
    "get_att",
    "given_when",
    "good",
    "grants_of",
    "guards",
    "hollow",
    "hookimpl",
    "if_",
    "is_called_model",
    "is_plain_text",
    "is_somebodys",
    "lacking_statements",
    "layers_bringing",
    "level_of",
    "listed",
    "matches",
    "may_have_account_ids",
    "may_have_placeholders",
    "meant_model",
    "mentioned",
    "model_mentions",
    "model_mentions_in",
    "model_mentions_in_states",
    "model_uses",
    "models_measured",
    "modules_alike",
    "name_beside",
    "needed_statements",
    "number",
    "of_this_account",
    "offer",
    "payload",
    "permissions_of",
    "placeholders",
    "prefix_for",
    "ref",
    "references",
    "refused",
    "request_mismatch",
    "rewrites",
    "role_uses",
    "rule",
    "runtime_sets",
    "s3_outcomes",
    "s3_resource",
    "sam_policy_templates",
    "stand_ins",
    "standing",
    "statement_value",
    "statements",
    "sub",
    "tells_models_apart",
    "text",
    "texts",
    "unused_grants",
    "value_of",
    "wanted_by_states",
    "way",
    "with_actions",
    "with_statements",
]
