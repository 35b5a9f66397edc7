"""S3AP905: something that could not be looked at. The host reports it from what every run counts as unchecked."""

from s3ap_lint.api import Rule, Severity

analysis_incomplete = Rule(
    code="S3AP905",
    name="analysis-incomplete",
    severity=Severity.WARNING,
    since="0.1.0",
    strict=True,
    doc="""\
Something could not be looked at, or not to the end.

A run that finds nothing says nothing about these places: code whose folder cannot be told, a template that a macro
may rewrite, a file too large to read, a question with too many scenarios or too many steps, a schema engine that took
too long. The budgets are counts, so the same is left out on every machine; only a schema engine has a clock.

Every run counts them in its summary, and `-v` and `--format json` list them under `unchecked`; they do not
change the exit status. Select this rule, or give `--strict`, and each becomes a finding that can fail a gate.
`[require]` in the configuration is the other way: it says how much must have been looked at.
""",
)
