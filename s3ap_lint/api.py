"""What the author of a rule may import; everything here keeps its promise between versions."""

from s3ap_lint.access import Access, S3Grant, Standing, s3_outcomes, standing
from s3ap_lint.application import Application, Function, PythonFile, StateMachine, runtime_sets
from s3ap_lint.arn import ACCESS_POINT_ACTIONS, Level, S3Resource, Target, level_of, matches, s3_resource
from s3ap_lint.directives import Directive
from s3ap_lint.iam import Policies, Role, Statement, statements
from s3ap_lint.incidents import Unparsable
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
    rule,
)
from s3ap_lint.plugins import hookimpl
from s3ap_lint.python.calls import SdkCall
from s3ap_lint.python.handlers import Answer
from s3ap_lint.python.reach import ReachedRead
from s3ap_lint.python.worth import FromEnvironment, Traced
from s3ap_lint.resolution import FUNCTION_TYPES, code_key
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.node import Node
from s3ap_lint.template.numbers import number
from s3ap_lint.template.references import Reference, references
from s3ap_lint.template.scenarios import Verdict
from s3ap_lint.template.template import Resource, Template
from s3ap_lint.template.values import Filler, Hole, Leaf, Values, choose, listed, texts
from s3ap_lint.template.worlds import World

__all__ = [
    "ACCESS_POINT_ACTIONS",
    "FUNCTION_TYPES",
    "Access",
    "Answer",
    "Application",
    "Detector",
    "Directive",
    "Edit",
    "Example",
    "Filler",
    "Finding",
    "Fix",
    "FromEnvironment",
    "Function",
    "Hole",
    "Leaf",
    "Level",
    "Location",
    "Node",
    "Options",
    "Outcome",
    "Policies",
    "PythonFile",
    "ReachedRead",
    "Reference",
    "Resource",
    "Role",
    "Rule",
    "S3Grant",
    "S3Resource",
    "Safety",
    "Scenario",
    "SdkCall",
    "Severity",
    "Span",
    "Standing",
    "StateMachine",
    "Statement",
    "Target",
    "Template",
    "Traced",
    "Unparsable",
    "Values",
    "Verdict",
    "World",
    "bad",
    "choose",
    "code_key",
    "detects",
    "good",
    "hookimpl",
    "level_of",
    "listed",
    "matches",
    "number",
    "references",
    "rule",
    "runtime_sets",
    "s3_outcomes",
    "s3_resource",
    "standing",
    "statements",
    "texts",
]
