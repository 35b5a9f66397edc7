"""Glue's request that moto lacks: stopping runs of jobs."""

from typing import TYPE_CHECKING, Any

from s3ap_ops.testing.requests import Call
from s3ap_ops.testing.services import before

if TYPE_CHECKING:
    from s3ap_ops.testing.world import World


@before("glue", "BatchStopJobRun")
def stop_runs(world: "World", call: Call) -> dict[str, Any]:
    """Which runs are stopped, and which there are not; one that has ended is refused, inside an answer that is a
    success."""
    name = call.params["JobName"]
    job = world.backend("glue", call.region).jobs.get(name)
    runs = {run.job_run_id: run for run in (job.job_runs if job else ())}
    answer: dict[str, Any] = {"SuccessfulSubmissions": [], "Errors": []}
    for id_ in call.params["JobRunIds"]:
        run = runs.get(id_)
        if run is not None and run.status in ("STARTING", "RUNNING", "WAITING"):
            run.status = "STOPPED"
            answer["SuccessfulSubmissions"].append({"JobName": name, "JobRunId": id_})
            continue
        code = "EntityNotFoundException" if run is None else "IllegalSessionStateException"
        detail = {"ErrorCode": code, "ErrorMessage": f"the job run {id_} cannot be stopped"}
        answer["Errors"].append({"JobName": name, "JobRunId": id_, "ErrorDetail": detail})
    return answer
