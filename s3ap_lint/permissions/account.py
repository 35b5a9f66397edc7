"""The account of an application's permissions: every function that was asked about, and what could not be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint import sdk
from s3ap_lint.application import Application
from s3ap_lint.budget import GaveUp
from s3ap_lint.function import QUIET_PACKAGES, Function
from s3ap_lint.iam import Role
from s3ap_lint.model import Location
from s3ap_lint.permissions.every_call import tells_every_call
from s3ap_lint.permissions.least_privilege import Grant, statements, written
from s3ap_lint.permissions.report import FunctionPermissions, NeededAction
from s3ap_lint.permissions.role_uses import RoleUse, role_uses
from s3ap_lint.permissions.standing import permissions_of
from s3ap_lint.permissions.table import Table
from s3ap_lint.permissions.unused import unused_grants
from s3ap_lint.resolution import Unjoined
from s3ap_lint.source import Source


@dataclass(frozen=True)
class Account:
    """What there is to say of the functions of one application."""

    application: Application
    read: Callable[[str], Source | None]

    def functions(self, asked: Callable[[Function], bool]) -> Iterator[FunctionPermissions]:
        """Each function that is asked about, in order."""
        yield from (self._function(one) for one in self.application.functions if asked(one))

    @cached_property
    def _uses(self) -> Mapping[Role, RoleUse]:
        return {use.role: use for use in role_uses(self.application)}

    def _function(self, function: Function) -> FunctionPermissions:
        table = self._table(function)
        role = table.permissions.role
        fellows = [one for one in self.application.functions if role is not None and one.role == role]
        untold: list[str] = []
        rows: tuple[NeededAction, ...] = ()
        text = ""
        try:
            untold += self._untold(function)
            rows = table.rows_of_code()
            rows, text = table.rows(), self._statements(function, fellows or [function])
        except GaveUp as gave_up:
            untold.append(f"looking at it {gave_up}")
        return FunctionPermissions(
            template=function.template.path,
            function=function.id,
            line=self._line(function.at),
            role=_called(function, role),
            needed=rows,
            unused=self._unused(role),
            untold=tuple(dict.fromkeys(untold)),
            statements=text,
            shared=tuple(one.id for one in fellows if one is not function),
        )

    def _table(self, function: Function) -> Table:
        return Table(permissions_of(function), self._line)

    def _line(self, at: Location) -> int:
        source = self.read(at.subject)
        return source.place(at).line if source is not None else 0

    def _shown(self, at: Location) -> str:
        return f"{at.subject}:{self._line(at)}"

    # -- statements ------------------------------------------------------------------------------

    def _statements(self, function: Function, users: Iterable[Function]) -> str:
        tables = [self._table(one) for one in users]
        grants: set[Grant] = {grant for table in tables for grant in table.grants()}
        sure = {grant.action for grant in grants}
        doubtful = sorted({action for table in tables for action in (*table.doubtful(), *table.of_keys())} - sure)
        return written(
            statements(grants), list(_head(function, [one.permissions.function.id for one in tables], doubtful))
        )

    def _unused(self, role: Role | None) -> tuple[str, ...] | None:
        use = self._uses.get(role) if role is not None else None
        try:
            if use is None or not use.told:
                return None
            return tuple(dict.fromkeys(one.what for one in unused_grants(use)))
        except GaveUp:
            return None

    # -- what could not be looked at -------------------------------------------------------------

    def _untold(self, function: Function) -> Iterator[str]:
        if function.template.unknown_macros:
            yield f"the macro {', '.join(function.template.unknown_macros)} may rewrite the template"
        yield from self._untold_role(permissions_of(function).role)
        if isinstance(function.code, Unjoined):
            yield f"its code was not found: {function.code.reason}"
            return
        closure = function.closure
        if closure is None:
            yield "its code cannot be read"
            return
        for node in closure.nodes:
            if node.path and (node.module is None or not node.module.complete):
                yield f"{node.path}: this file cannot be read to its end"
        calls = function.sdk_calls()
        for call in calls:
            if sdk.operation(call.service, call.operation) is None:
                yield f"{self._shown(call.at)}: what {call.service}.{call.operation} needs is not known"
            elif call.own_credentials is None:
                yield f"{self._shown(call.at)}: whose credentials {call.service}.{call.operation} uses cannot be told"
        for at in function.untold_calls():
            yield f"{self._shown(at)}: which operation of AWS is called cannot be told"
        if not tells_every_call(function) and not function.untold_calls():
            missing = sorted({one.top for one in closure.unresolved} - QUIET_PACKAGES)
            because = f": {', '.join(missing)} cannot be looked into" if missing else ""
            yield f"it may call AWS in ways that cannot be seen{because}"

    def _untold_role(self, role: Role | None) -> Iterator[str]:
        if role is None:
            return
        try:
            outcomes = role.template.outcomes(lambda world: role.policies(world).unread)
        except GaveUp:
            return
        for at in dict.fromkeys(at for outcome in outcomes for at in outcome.answer):
            yield f"{self._shown(at)}: this policy cannot be read"


def _called(function: Function, role: Role | None) -> str:
    """The role's logical id, "made by SAM", or why it cannot be read."""
    if role is not None:
        return "made by SAM" if role.is_implicit else role.id
    written = function.resource.property("Role")
    return "not in this template" if written else "none"


def _head(function: Function, users: list[str], doubtful: list[str]) -> Iterator[str]:
    """What somebody who pastes the statements has to know."""
    if len(users) > 1:
        yield f"for {' and '.join((', '.join(users[:-1]), users[-1]))}, which share the role"
    own = ["AWSLambdaBasicExecutionRole (logs)"]
    if function.resource.property("VpcConfig"):
        own.append("AWSLambdaVPCAccessExecutionRole (VpcConfig)")
    if function.resource.property("Tracing") or function.resource.property("TracingConfig"):
        own.append("AWSXRayDaemonWriteAccess (tracing)")
    yield f"besides what Lambda itself does with the role: {', '.join(own)}; and what its event sources need"
    if doubtful:
        yield f"granted today, and needed only in circumstances that the code does not tell: {', '.join(doubtful)}"
