"""Requests to Vertex AI, made and checked here, sent elsewhere."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from pipeline.cluster.submit.compiled_spec import check_images, check_root, with_values
from pipeline.cluster.submit.cron import check_cron
from pipeline.cluster.submit.schedule import Schedule, VertexTarget

if TYPE_CHECKING:
    from google.cloud import aiplatform_v1

API = "https://{region}-aiplatform.googleapis.com"


def run_request(
    job: Mapping[str, Any],
    target: VertexTarget,
    values: Mapping[str, Any],
    now: datetime.datetime | None = None,
) -> aiplatform_v1.CreatePipelineJobRequest:
    """One run of a compiled pipeline.

    Args:
      job: of compiled.read_job.
      target: where.
      values: runtime parameters; the others are the compiled ones.
      now: names the run; the present by default.

    Raises:
      InputError: for a root outside of any bucket, or an image that Vertex AI cannot fetch.
    """
    moment = now or datetime.datetime.now(datetime.UTC)
    request = _request(job, target, values)
    name = job["pipelineSpec"]["pipelineInfo"]["name"]
    request.pipeline_job_id = f"{name}-{moment:%Y%m%d-%H%M%S}"[-128:].lstrip("-")
    return request


def schedule_request(
    job: Mapping[str, Any], target: VertexTarget, schedule: Schedule
) -> aiplatform_v1.CreateScheduleRequest:
    """Runs of a compiled pipeline at the times of a cron line."""
    from google.cloud import aiplatform_v1

    return aiplatform_v1.CreateScheduleRequest(
        parent=target.parent,
        schedule=aiplatform_v1.Schedule(
            display_name=schedule.name,
            cron=f"TZ={schedule.timezone} {check_cron(schedule.cron)}",
            max_concurrent_run_count=schedule.max_concurrent_runs,
            create_pipeline_job_request=_request(job, target, schedule.parameters),
        ),
    )


def _request(
    job: Mapping[str, Any], target: VertexTarget, values: Mapping[str, Any]
) -> aiplatform_v1.CreatePipelineJobRequest:
    from google.cloud import aiplatform_v1

    check_root(job["runtimeConfig"]["gcsOutputDirectory"])
    check_images(job["pipelineSpec"])
    message = aiplatform_v1.PipelineJob()
    json_format.ParseDict(with_values(job, values), message._pb)
    message.service_account = target.service_account
    return aiplatform_v1.CreatePipelineJobRequest(parent=target.parent, pipeline_job=message)


def shown(request: Any, target: VertexTarget) -> str:
    """What goes over the wire: method, address and body."""
    from google.cloud import aiplatform_v1

    address = API.format(region=target.region) + f"/v1/{request.parent}"
    if isinstance(request, aiplatform_v1.CreateScheduleRequest):
        return _shown(f"{address}/schedules", request.schedule)
    identity = request.pipeline_job_id
    return _shown(f"{address}/pipelineJobs?pipelineJobId={identity}", request.pipeline_job)


def _shown(address: str, body: Any) -> str:
    return f"POST {address}\n{json.dumps(as_json(body), indent=2, sort_keys=True)}"


def as_json(message: Any) -> dict[str, Any]:
    """A message as the JSON that the client sends."""
    return json_format.MessageToDict(message._pb)
