"""S3AP830: jobs and crawlers of AWS Glue that run while their stack is torn down."""

from __future__ import annotations

from collections.abc import Iterator

from s3ap_lint.api import Finding, Fix, Severity, bad, good, rule
from s3ap_ops.api import LiveResource, Phase, Risk, call, count

FLAG = "--stop-executions"


@rule(
    code="S3AP830",
    subject=LiveResource,
    severity=Severity.WARNING,
    since="0.1.0",
    examples=[
        bad(
            "a job that runs, and a crawler that cannot be deleted while it does",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Crawler:  # <- S3AP830
                    Type: AWS::Glue::Crawler
                    PhysicalId: uc1-demo-crawler
                    Facts: {exists: true, state: RUNNING}
                  Job:  # <- S3AP830
                    Type: AWS::Glue::Job
                    PhysicalId: uc1-demo-etl
                    Facts: {exists: true, running: [jr_1, jr_2]}
                """
            },
            fixed={
                "calls": """
                aws glue stop-crawler --name uc1-demo-crawler
                aws glue batch-stop-job-run --job-name uc1-demo-etl --job-run-ids jr_1 jr_2
                """
            },
        ),
        good(
            "nothing runs",
            {
                "stack.yaml": """
                Stack: uc1-demo
                Resources:
                  Crawler:
                    Type: AWS::Glue::Crawler
                    Facts: {exists: true, state: READY}
                  Job:
                    Type: AWS::Glue::Job
                    Facts: {exists: true, running: []}
                """
            },
        ),
    ],
)
def running_glue_job(resource: LiveResource) -> Iterator[Finding]:
    """
    A Glue job or crawler of the stack runs.

    A crawler cannot be deleted meanwhile (CrawlerRunningException), so its stack's deletion fails. A job is deleted,
    but what runs of it goes on, is paid for, and writes into buckets that are being emptied. `s3ap-ops clean` stops
    both when --stop-executions is given, and refuses a stack whose crawler runs without it.
    """
    if not resource.goes:
        return
    name = resource.physical_id
    if resource.type == "AWS::Glue::Crawler" and resource.fact("state") in ("RUNNING", "STOPPING"):
        # https://docs.aws.amazon.com/glue/latest/webapi/API_DeleteCrawler.html
        gone = ("EntityNotFoundException", "CrawlerNotRunningException", "CrawlerStoppingException")
        stop = call(resource, "glue", "stop_crawler", Name=name, phase=Phase.QUIESCE, flag=FLAG, done=gone)
        yield Finding(
            f"the crawler {name} runs, and cannot be deleted until it has ended",
            at=resource.at,
            severity=Severity.ERROR,
            fix=Fix(f"Stop {name}, or wait until it has ended", (stop,)),
        )
    running = resource.fact("running", []) if resource.type == "AWS::Glue::Job" else []
    if running:
        said = count(len(running), "run")
        stop = call(
            resource,
            "glue",
            "batch_stop_job_run",
            JobName=name,
            JobRunIds=running,
            phase=Phase.QUIESCE,
            risk=Risk.DATA_LOSS,
            destroys=f"the rest of {said}",
            flag=FLAG,
            done=("EntityNotFoundException",),
        )
        yield Finding(
            f"{said} of the job {name} {'goes' if len(running) == 1 else 'go'} on after it is deleted",
            at=resource.at,
            fix=Fix(f"Stop what runs of {name}", (stop,)),
        )
