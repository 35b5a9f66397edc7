"""S3AP906: a run that had nothing to do. The host reports it; there is no file that could show it."""

from s3ap_lint.api import Rule, Severity

nothing_checked = Rule(
    code="S3AP906",
    name="nothing-checked",
    severity=Severity.ERROR,
    since="0.1.0",
    doc="""\
There was nothing to check.

A gate that looks at nothing is green for ever, so the run ends with exit status 2: a folder on the command line
holds neither a template nor a Python file, or none of the files that were named is one.

The usual causes are a wrong path, a folder that .gitignore or `exclude` leaves out, and a checkout without its
submodules. Where a list of files may well contain nothing for this tool, as in a commit hook, say
`--allow-empty`.
""",
)
