"""S3AP902: a rule that raised an exception. The host reports it; there is no file that could show it."""

from s3ap_lint.api import Rule, Severity

rule_crashed = Rule(
    code="S3AP902",
    name="rule-crashed",
    severity=Severity.ERROR,
    since="0.1.0",
    doc="""\
A rule failed while it looked at something.

What the rule would have said is unknown, so the run ends with exit status 2 whatever else it found. The other
rules went on. The message names the rule, what it was looking at, and the line of the rule that failed;
`--debug` shows more.

It cannot be ignored. Take the rule out with `--ignore CODE` until its author has mended it, and send them the
message: with the harness (`s3ap_lint.testing`) the case becomes an example.
""",
)
