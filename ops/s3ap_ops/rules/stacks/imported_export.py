"""S3AP803: a stack whose outputs others import."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import LiveStacks, listed
from s3ap_ops.order import circle, edges


@rule(
    code="S3AP803",
    subject=LiveStacks,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "an importer that stays",
            {"stack.yaml": "Stack: network  # <- S3AP803\nExports: {network-vpc: [uc1-demo, uc2-demo]}\n"},
        ),
        bad(
            "two stacks that import from each other",
            {
                "stack.yaml": """
                - Stack: one  # <- S3AP803
                  Exports: {one-topic: [two]}
                - Stack: two
                  Exports: {two-topic: [one]}
                """
            },
        ),
        good(
            "the importer goes, too",
            {
                "stack.yaml": """
                - Stack: network
                  Exports: {network-vpc: [uc1-demo]}
                - Stack: uc1-demo
                """
            },
        ),
        good("nobody imports it", {"stack.yaml": "Stack: network\nExports: {network-vpc: []}\n"}),
    ],
)
def imported_export(stacks: LiveStacks) -> Iterator[Finding]:
    """
    A stack outside of those to be deleted imports what one of these exports, or they go round in a circle.

    CloudFormation deletes no stack whose exports are imported. `s3ap-ops clean` deletes importers first where both are
    given, and touches nothing of a stack that somebody else still imports from.
    """
    for stack in stacks.stacks:
        if stack.is_gone:
            continue
        outside = {name: [one for one in using if one not in stacks.by_name] for name, using in stack.exports.items()}
        outside = {name: using for name, using in outside.items() if using}
        if not outside:
            continue
        importers = sorted({one for using in outside.values() for one in using})
        names = " ".join([stack.name, *importers])
        yield Finding(
            f"{listed(importers)} {'imports' if len(importers) == 1 else 'import'} {listed(sorted(outside))} from "
            f"{stack.name}, which therefore cannot be deleted",
            at=stack.at,
            fix=Fix(f"Delete them together (`s3ap-ops plan {names}`), or end the imports first", (), Safety.MANUAL),
        )
    yield from _circle(stacks)


def _circle(stacks: LiveStacks) -> Iterator[Finding]:
    names = circle(stacks)
    if not names:
        return
    reasons = [edge for edge in edges(stacks) if edge.first in names and edge.then in names]
    said = "; ".join(f"{edge.first} {edge.why} of {edge.then}" for edge in reasons)
    first = sorted(names)[0]
    yield Finding(
        f"no order deletes {listed(sorted(names), 8)}: {said}",
        at=stacks.by_name[first].at,
        related=tuple(stacks.by_name[name].at for name in sorted(names)[1:]),
        fix=Fix("End one of these uses by an update of its stack, then plan again", (), Safety.MANUAL),
    )
