"""Places in the code that belong to a finding in a template, so that whoever changes only the code is told, too."""

from s3ap_lint.api import Function, Location, stand_ins


def code_of(function: Function) -> tuple[Location, ...]:
    """The handler's file; none where its code stands in the template."""
    closure = function.closure
    return () if closure is None or function.is_inline else (Location(closure.entry, note="its code"),)


def stand_ins_of(function: Function) -> tuple[Location, ...]:
    """The files that may be the handler's, which is not where it was."""
    name = function.handler.rpartition(".")[2]
    return tuple(Location(path, note=f"has a function {name!r}") for path in stand_ins(function))
