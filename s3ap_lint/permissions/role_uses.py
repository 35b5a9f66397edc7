"""A role, and everything that runs under it: what all of its functions need together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from s3ap_lint.application import Application
from s3ap_lint.arn import matches
from s3ap_lint.iam import Role
from s3ap_lint.permissions.every_call import tells_every_call
from s3ap_lint.permissions.needs import Needed
from s3ap_lint.permissions.standing import Permissions, permissions_of
from s3ap_lint.policies import Statement
from s3ap_lint.python.worth import UNREAD, FromEnvironment, Piece
from s3ap_lint.template.references import references


@dataclass(frozen=True)
class RoleUse:
    """A role of an application, and all that its functions need."""

    role: Role
    permissions: tuple[Permissions, ...]

    @cached_property
    def told(self) -> bool:
        """Whether whoever may use the role was looked into, and every AWS call in their code is known."""
        alone = len(self.permissions) == len(self.role.users) and not _used_otherwise(self.role)
        return alone and all(tells_every_call(one.function) for one in self.permissions)

    @cached_property
    def needed(self) -> tuple[Needed, ...]:
        """What some function needs, uncertain needs included."""
        return tuple(one for permissions in self.permissions for one in permissions.needed)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement of the role, in whichever scenario. Raises TooManyWorlds."""
        outcomes = self.role.template.outcomes(lambda world: self.role.policies(world).statements)
        found = {statement.node: statement for outcome in outcomes for statement in outcome.answer}
        return tuple(found.values())

    def target(self, one: Needed) -> str:
        """What a call is made on, as a policy writes it; "" unless that is known. Raises TooManyWorlds."""
        if one.call.service == "bedrock-runtime":
            return self._models(one)
        answers = (outcome.answer for permissions in self.permissions for outcome in permissions.outcomes)
        permissions = (found for answer in answers for found in answer or ())
        return next((found.target for found in permissions if found.needed is one and found.is_known), "")

    def _models(self, one: Needed) -> str:
        """The models of a call, of which the table does not say what they are authorised on."""
        variables = {name for permissions in self.permissions for name in permissions.function.variables}

        def shown(piece: Piece) -> str:
            if not isinstance(piece, FromEnvironment):
                return str(piece)
            return f"<value of {piece}>" if not variables.isdisjoint(piece.names) else piece.default or str(UNREAD)

        models = ["".join(map(shown, model.pieces)) for model in one.call.texts("modelId")]
        return "" if any(str(UNREAD) in model for model in models) else ", ".join(models)

    def may_need(self, pattern: str) -> bool:
        """Whether an action pattern of a policy covers something that is, or may be, needed."""
        return any(matches(pattern, action) for one in self.permissions for action in one.perhaps_needed)

    def needs(self, pattern: str) -> bool:
        """Whether an action pattern of a policy covers something that is needed."""
        return any(matches(pattern, one.action) for one in self.needed)


def role_uses(application: Application) -> Iterator[RoleUse]:
    """The roles of an application that functions run under."""
    for role in application.roles:
        users = {user.id for user in role.users}
        mine = [f for f in application.functions if f.template is role.template and f.id in users]
        if not mine or role.template.unknown_macros:
            continue
        yield RoleUse(role, tuple(map(permissions_of, mine)))


def _used_otherwise(role: Role) -> bool:
    """Whether something may assume the role besides its functions, by its trust policy or by being named elsewhere."""
    trust = role.owner.properties["AssumeRolePolicyDocument"]
    principals = {node.text for node in trust.walk() if node.text.endswith(".amazonaws.com")}
    if not role.is_implicit and principals != {"lambda.amazonaws.com"}:
        return True
    if role.is_implicit:
        return False
    users = ("Role", "Roles", "RoleName")
    return any(found.name == role.id and found.node.key not in users for found in references(role.template))
