"""What an editor shows under the pointer: the pages of findings, and facts that no single file tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from s3ap_lint.application import Application
from s3ap_lint.budget import GaveUp
from s3ap_lint.diagnostic import Diagnostic
from s3ap_lint.function import Function
from s3ap_lint.iam import Role
from s3ap_lint.model import Location, Safety
from s3ap_lint.permissions.account import Account
from s3ap_lint.permissions.report import NeededAction
from s3ap_lint.policies import Policies
from s3ap_lint.server import cursor
from s3ap_lint.server.diagnostics import page_uri
from s3ap_lint.server.documents import Document
from s3ap_lint.server.project import Project
from s3ap_lint.source import Source
from s3ap_lint.template.conditions import Outcome
from s3ap_lint.template.node import Node
from s3ap_lint.template.scenarios import scenario
from s3ap_lint.template.template import Template

T = TypeVar("T")

MOST = 12
"""Lines of one list; of more, only how many there are."""


def hover(document: Document, buffers: Mapping[str, bytes], offset: int) -> str:
    """Markdown for a byte offset of a document; "" when there is nothing to say."""
    project = document.project
    parts = [_page(project, finding) for finding in document.findings if _touches(finding, offset)]
    application = project.application(document.path, buffers)
    if application is not None:
        try:
            parts += list(_facts(application, document.path, offset, project))
        except GaveUp as gave_up:
            parts.append(f"*looking at this {gave_up}*")
    return "\n\n---\n\n".join(dict.fromkeys(part for part in parts if part))


def _touches(finding: Diagnostic, offset: int) -> bool:
    return finding.place.start <= offset <= finding.place.end


def _page(project: Project, finding: Diagnostic) -> str:
    """The page of a finding's rule, with the fix that there is."""
    rule = project.registry.rules.get(finding.code)
    uri = page_uri(finding.code) or project.hrefs.get(finding.code, "")
    name = f"{finding.code} {finding.name}" if finding.name != finding.code else finding.code
    lines = [f"**[{name}]({uri})**" if uri else f"**{name}**"]
    lines += [rule.doc.strip() if rule is not None else finding.message]
    fix = finding.fix
    if fix is not None:
        how = {Safety.SAFE: "", Safety.REVIEW: " (to be reviewed)", Safety.MANUAL: " (by hand)"}[fix.safety]
        lines.append(f"*Fix: {fix.title}{how}*")
    return "\n\n".join(lines)


def _facts(application: Application, path: str, offset: int, project: Project) -> Iterator[str]:
    template = cursor.template_of(application, path)
    if template is not None:
        yield from _facts_of_template(application, template, offset, project)
    else:
        yield from _facts_of_code(application, path, offset, project)


# -- templates ---------------------------------------------------------------------------------------


def _facts_of_template(application: Application, template: Template, offset: int, project: Project) -> Iterator[str]:
    node = cursor.node_at(template.top, offset)
    variable = cursor.variable_at(node)
    function = cursor.function_of(application, node)
    if variable is not None and function is not None and node is variable:
        yield _readers(function, variable.key, project)
    branch = next((one for one in list(cursor.above(node))[:3] if one.function and one.function[0] == "Fn::If"), None)
    if branch is not None and branch.function is not None:
        yield _ways(template, branch.function[1][0].text)
    elif node.parent is template.top["Conditions"]:
        yield _ways(template, node.key)
    role = _role_at(application, template, node)
    if role is not None:
        yield _granted(role)
    if function is not None and node.parent is template.top["Resources"]:
        yield _permissions(application, function, project)


def _readers(function: Function, name: str, project: Project) -> str:
    """Where a variable that a function sets is read."""
    places = [_shown(read.at, project) for read in function.environment_reads() if read.name == name]
    if places:
        return f"`{name}` is read in {_listed(places)}"
    if function.reads_by_name:
        return f"`{name}` is read nowhere in the code of {function.id}"
    return f"no read of `{name}` was found in the code of {function.id}, which may read it in ways that cannot be seen"


def _ways(template: Template, condition: str) -> str:
    """In which scenarios a condition is true, and in which false."""
    if condition not in template.space.conditions:
        return ""
    outcomes = template.outcomes(lambda world: world.holds(condition))
    lines = [f"- **{'true' if o.answer else 'false'}** {_when(template, o)}" for o in outcomes[:MOST]]
    more = [f"- … and {len(outcomes) - MOST} more"] if len(outcomes) > MOST else []
    return "\n".join([f"`{condition}` is", *lines, *more])


def _when(template: Template, outcome: Outcome[T]) -> str:
    if not outcome.world.chosen:
        return "always"
    return scenario(template.space, outcome.world, ()).text


def _role_at(application: Application, template: Template, node: Node) -> Role | None:
    """The role whose logical id, or a reference to which, stands there."""
    if node.parent is template.top["Resources"]:
        name = node.key
    else:
        found = next((one.function for one in list(cursor.above(node))[:2] if one.function), None)
        if found is None or found[0] not in ("Ref", "Fn::GetAtt"):
            return None
        name = found[1].text.partition(".")[0] or found[1][0].text
    resource = template.resources.get(name)
    if resource is None or (resource.type != "AWS::IAM::Role" and node.parent is not template.top["Resources"]):
        return None
    return next((role for role in application.roles if role.template is template and role.id == name), None)


def _granted(role: Role) -> str:
    """What a role grants: in every scenario, and besides in some."""
    template = role.template
    outcomes = [
        o for o in template.outcomes(lambda world: _lines_of(role, role.policies(world))) if o.answer is not None
    ]
    if not outcomes:
        return ""
    always = [line for line in outcomes[0].answer if all(line in outcome.answer for outcome in outcomes)]
    parts = [f"**{role.id} grants**", *(_bullets(always) or ["nothing in every scenario"])]
    for outcome in outcomes[:MOST] if len(outcomes) > 1 else ():
        besides = [line for line in outcome.answer if line not in always]
        if besides:
            parts += [f"\n*{_when(template, outcome)}* also", *_bullets(besides)]
    return "\n".join(parts)


def _lines_of(role: Role, policies: Policies) -> tuple[str, ...]:
    lines = []
    for one in policies.statements:
        actions = ", ".join(f"`{text}`" for text in one.actions.texts) or "what is not named in NotAction"
        if not one.complete:
            actions = f"{actions} and what cannot be told"
        targets = ", ".join(f"`{leaf.text}`" for leaf in one.resources.leaves) or "what is not named in NotResource"
        effect = "" if one.allows else "**denies** "
        narrowed = ", under a Condition" if one.conditional else ""
        lines.append(f"{effect}{actions} on {targets}{narrowed}")
    lines += [f"what the policy `{grant.policy}` grants" for grant in policies.grants]
    lines += ["a policy that cannot be read"] if policies.unread else []
    return tuple(dict.fromkeys(lines))


def _permissions(application: Application, function: Function, project: Project) -> str:
    """What a function needs, and how that stands."""
    account = next(iter(Account(application, project.source).functions(lambda one: one is function)), None)
    if account is None:
        return ""
    title = f"**{function.id}** runs under {account.role}"
    rows = [_row(row) for row in account.needed]
    return "\n".join([title, *_bullets(rows)])


def _row(row: NeededAction) -> str:
    resources = ", ".join(f"`{resource}`" for resource in row.resources)
    return f"`{row.action}`{' on ' + resources if resources else ''}: {row.standing.value} {row.scenario}".rstrip()


# -- code --------------------------------------------------------------------------------------------


def _facts_of_code(application: Application, path: str, offset: int, project: Project) -> Iterator[str]:
    reads = cursor.reads_at(application, path, offset)
    if reads:
        yield _setters(application, reads[0][1].name, [function for function, _ in reads], project)
    calls = cursor.calls_at(application, path, offset)
    if calls:
        yield _standings(application, path, offset, [function for function, _ in calls], project)
    handlers = cursor.handlers_at(application, path, offset)
    if handlers:
        yield f"the handler of {_listed(_named(function, project) for function in handlers)}"


def _setters(application: Application, name: str, functions: Iterable[Function], project: Project) -> str:
    """What the functions that run a read set the variable to."""
    lines = []
    for function in functions:
        node = function.variables.get(name)
        source = project.source(function.template.path)
        if node is None or source is None:
            lines.append(f"not set by {_named(function, project)}")
            continue
        value = " ".join(source.data[node.span.start : node.span.end].decode("utf-8", "replace").split())
        lines.append(f"`{value}` in {_named(function, project)}" if value else f"empty in {_named(function, project)}")
    return "\n".join([f"`{name}` is", *_bullets(list(dict.fromkeys(lines)))])


def _standings(
    application: Application, path: str, offset: int, functions: Iterable[Function], project: Project
) -> str:
    """Which permissions a call needs, and whether the roles of the functions that make it have them."""
    source = project.source(path)
    line = source.line_of(offset) if source is not None else 0
    lines = []
    asked = set(map(id, functions))
    for account in Account(application, project.source).functions(lambda one: id(one) in asked):
        rows = [row for row in account.needed if any(c.path == path and c.line == line for c in row.calls)]
        lines += [f"{_row(row)} to {account.function} ({account.template}:{account.line})" for row in rows]
    return "\n".join(["this call needs", *_bullets(list(dict.fromkeys(lines)))]) if lines else ""


# -- words -------------------------------------------------------------------------------------------


def _named(function: Function, project: Project) -> str:
    return f"{function.id} ({_shown(function.at, project)})"


def _shown(at: Location, project: Project) -> str:
    source: Source | None = project.source(at.subject)
    return f"{at.subject}:{source.place(at).line}" if source is not None else at.subject


def _listed(items: Iterable[str]) -> str:
    every = list(dict.fromkeys(items))
    more = f" and {len(every) - MOST} more places" if len(every) > MOST else ""
    return ", ".join(every[:MOST]) + more


def _bullets(lines: list[str]) -> list[str]:
    more = [f"- … and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return [*(f"- {line}" for line in lines[:MOST]), *more]
