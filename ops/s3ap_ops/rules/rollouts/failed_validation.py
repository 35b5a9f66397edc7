"""S3AP849: CloudFormation's own validation of a change set."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Safety, Severity, bad, good, rule
from s3ap_ops.api import Rollout


@rule(
    code="S3AP849",
    subject=Rollout,
    severity=Severity.ERROR,
    since="0.1.0",
    examples=[
        bad(
            "a name that is taken, and a full bucket that is to go",
            {
                "rollout.yaml": """
                Stack: uc1-demo  # <- S3AP849
                Template:
                  Resources:
                    Letters: {Type: "AWS::SQS::Queue"}  # <- S3AP849
                Facts:
                  validations:
                    - id: Letters
                      type: AWS::SQS::Queue
                      name: NAME_CONFLICT_VALIDATION
                      mode: FAIL
                      why: uc1-letters already exists
                      path: /Resources/Letters/Properties
                    - id: ""
                      type: ""
                      name: BUCKET_EMPTINESS_VALIDATION
                      mode: WARN
                      why: The bucket uc1-output is not empty.
                      path: ""
                """
            },
        ),
        good("nothing was found", {"rollout.yaml": "Stack: uc1-demo\nTemplate: {}\nFacts: {validations: []}\n"}),
    ],
)
def failed_validation(rollout: Rollout) -> Iterator[Finding]:
    """
    CloudFormation has looked at the change set before carrying it out, and something in it fails.

    What it calls FAIL keeps the change set from being made; what it calls WARN would fail on the way, or leave
    something behind. The change set itself names only the check, so the events of the validation are read; with an
    older boto3, which cannot ask for them, nothing is reported.
    """
    for one in rollout.fact("validations", []):
        fails = one["mode"] != "WARN"
        where = f" at {one['path']}" if one["path"] else ""
        then = "so CloudFormation does not make the change set" if fails else "so the update may fail, or leave it"
        yield Finding(
            f"{one['name']}{where}: {one['why'].rstrip('.')}, {then}",
            at=rollout.place(one["id"]) if one["id"] else rollout.at,
            severity=Severity.ERROR if fails else Severity.WARNING,
            fix=Fix("Mend what it names, and deploy again", (), Safety.MANUAL),
        )
