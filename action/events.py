"""What an event means for a run: whether its token may upload, and which commit the lines are compared with."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner import Refused

OF_ANOTHER_COMMIT = frozenset({"pull_request_target", "workflow_run", "issue_comment"})


def why_no_upload(name: str, event: Mapping[str, Any], actor: str) -> str:
    """Why results of this event cannot or must not go to code scanning; "" if they can."""
    if name in OF_ANOTHER_COMMIT:
        return f"results of {name} would count as those of the default branch"
    if actor == "dependabot[bot]":
        return "the token of a run that Dependabot starts is read-only"
    if name.startswith("pull_request") and _of_fork(event):
        return "the token of a pull request from a fork is read-only"
    return ""


def _of_fork(event: Mapping[str, Any]) -> bool:
    head = _at(event, "pull_request", "head", "repo")  # null when the fork is gone
    return head is None or _at(head, "full_name") != _at(event, "repository", "full_name")


def _at(value: Any, *keys: str) -> Any:
    """What stands at some keys. Raises Refused where it does not."""
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            raise Refused(f"the event has no {'.'.join(keys)}; is it of another server than GitHub?")
        value = value[key]
    return value


def base(name: str, event: Mapping[str, Any], parents: Sequence[str]) -> str:
    """The commit that a pull request or merge queue changes; "" where everything counts, as on a push to a branch.

    `parents` are those of the merge that GitHub made for a pull request, if that is checked out: the first one is the
    base as it is now, which the event, being older, need not know.
    """
    if name.startswith("pull_request"):
        return parents[0] if parents else str(_at(event, "pull_request", "base", "sha"))
    if name == "merge_group":
        return str(_at(event, "merge_group", "base_sha"))
    return ""
