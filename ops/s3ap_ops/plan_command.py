"""`s3ap-ops plan`: what would be done, and what stands in the way. Reads only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from s3ap_lint.api import Severity
from s3ap_lint.diagnostic import Place
from s3ap_ops import desk as desks
from s3ap_ops import output_file
from s3ap_ops.belonging import likeliest, of_stack, of_template
from s3ap_ops.local import LocalProject
from s3ap_ops.plan import Plan
from s3ap_ops.policy import policy
from s3ap_ops.render import plan_json, plan_sarif, plan_text

DONE, HAZARDS = 0, 1


def run(options: argparse.Namespace) -> int:
    """0: nothing stands in the way; 1: hazards."""
    if options.from_:
        desk, stacks = desks.offline(options)
    else:
        desk = desks.opened(options)
        stacks = desk.stacks(desks.names_of(desk))
    desk.check_wishes(stacks)
    plan = desk.planned(stacks)
    if options.iam_policy:
        text = policy(plan, desk.pin, desk.look.asked)
    else:
        text = rendered(plan, desk, options.format, verbose=options.verbose)
    write(text, options.output)
    if options.output and options.format == "text" and not options.iam_policy:
        print(plan_text.render(plan, desk.pin, verbose=options.verbose), end="")
    return status(plan)


def rendered(plan: Plan, desk: desks.Desk, form: str, *, verbose: bool = False) -> str:
    """The plan in one of the formats."""
    if form == "json":
        return plan_json.render(plan, desk.pin, desk.wishes)
    if form == "sarif":
        project = LocalProject()
        return plan_sarif.render(plan, desk.registry, project.report_paths, _places(plan, project))
    return plan_text.render(plan, desk.pin, verbose=verbose)


def _places(plan: Plan, project: LocalProject) -> Mapping[tuple[str, str], Place]:
    """Where the resources of a plan's stacks stand in the templates that these were made of, as far as the project has
    them."""
    templates = {template.path: template for template in project.templates()}
    own = {path: of_template(template) for path, template in templates.items()}
    found: dict[tuple[str, str], Place] = {}
    for stack in plan.stacks:
        paths = likeliest(of_stack((one.logical_id, one.type) for one in stack.resources if not one.is_gone), own)
        for path in paths[:1]:
            template = templates[path]
            found[stack.subject, ""] = Place(path)
            for name, resource in template.resources.items():
                line = template.source.line_of((resource.at.span or resource.node.span).start)
                found[stack.subject, name] = Place(path, line, end_line=line)
    return found


def write(text: str, output: str | None) -> None:
    """Text to a file, or where the program writes. Raises OpsError when the file cannot be written, or holds something
    else."""
    if output:
        output_file.write(output, text)
    else:
        sys.stdout.write(text)


def status(plan: Plan) -> int:
    """The exit status of a plan that was only looked at: 1 for every hazard that is worth a word."""
    return HAZARDS if any(one.severity is not Severity.INFO and one.ignored is None for one in plan.hazards) else DONE
