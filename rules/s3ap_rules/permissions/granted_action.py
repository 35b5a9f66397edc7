"""What a role lacks for the calls of its code, as a fix: an action more in a statement, or a statement more."""

from s3ap_lint.api import (
    Fix,
    Function,
    Lack,
    lacking_statements,
    offer,
    permissions_of,
    statement_value,
    with_actions,
    with_statements,
)


def granted(function: Function, lacks: list[Lack]) -> Fix | None:
    """A fix that grants some actions on what the calls are made on, where that is known of all of them."""
    first = lacks[0].permissions[0]
    actions = {lack.action for lack in lacks}
    if function.guess or first.denial is not None:
        return None
    wanted = lacking_statements(permissions_of(function), actions)
    if not wanted:
        return None
    role, nearest = first.grants.role, first.nearest
    edit = with_actions(nearest, wanted[0], role) if nearest is not None and len(wanted) == 1 else None
    if edit is None:
        beside = nearest.node if nearest is not None else None
        edit = with_statements(role, [statement_value(one) for one in wanted], beside)
    return offer(f"Grant {', '.join(sorted(actions))}", edit)
