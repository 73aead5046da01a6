"""Vertex AI Pipelines: the PipelineJob, and the requests that run it."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
from google.protobuf import json_format

from data_prep.config_base import Config
from data_prep.errors import InputError
from pipeline.cluster.compiled_spec import check_images, definitions, read_text
from pipeline.cluster.cron import check_cron
from pipeline.cluster.schedule import Schedule
from pipeline.cluster.targets.base import Documents, Target
from pipeline.config.cloud_names import BUCKET, PROJECT, REGION, SERVICE_ACCOUNT
from pipeline.config.cluster import VERTEX, ClusterConfig
from pipeline.dag import node_ids

if TYPE_CHECKING:
    from google.cloud import aiplatform_v1
    from tfx.dsl.components.base.base_node import BaseNode

    from pipeline.cluster.compile import GraphCompiler

API = "https://{region}-aiplatform.googleapis.com"
TIMEOUT = 60.0  # seconds
TRAINING = (node_ids.TRAINER, node_ids.TUNER)


@dataclasses.dataclass(frozen=True, kw_only=True)
class VertexDestination(Config):
    """A project of Google Cloud.

    service_account: the account that the runs act under; empty: the project's default.
    """

    project: Annotated[str, PROJECT]
    region: Annotated[str, REGION]
    service_account: Annotated[str, SERVICE_ACCOUNT.or_empty()] = ""

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"


class VertexAI(Target):
    """The spec in a job with labels and runtime config, as JSON."""

    name, title, suffix = "vertex", "Vertex AI", ".json"
    destination = VertexDestination
    options = (
        click.option("--project", default="", help="Run on Vertex AI, in this project."),
        click.option(
            "--region", default="us-central1", show_default=True, help="The region on Vertex AI."
        ),
    )
    key = "project"
    priced = True

    def compile(self, graph: GraphCompiler) -> Documents:
        from pipeline.cluster.targets.custom_jobs import use_custom_job

        cluster = graph.config.cluster

        def adapt(node: BaseNode) -> None:
            if cluster.trainer == VERTEX:
                use_custom_job(node, cluster)

        return [graph.compile(resources=lambda node: resource_limits(node, cluster), adapt=adapt)]

    def dump(self, documents: Documents) -> str:
        return json.dumps(documents[0], indent=2, sort_keys=True) + "\n"

    def read(self, path: Path) -> Documents:
        text = read_text(path, self.suffix)
        try:
            job = json.loads(text)
        except ValueError as error:
            raise InputError(f"{path}: not JSON ({error})") from None
        if not isinstance(job, dict) or "pipelineSpec" not in job:
            raise InputError(f"{path}: no compiled pipeline; `latentforge compile` makes one")
        return [job]

    def spec(self, documents: Documents) -> dict[str, Any]:
        return documents[0]["pipelineSpec"]

    def run_request(
        self,
        documents: Documents,
        where: VertexDestination,
        values: Mapping[str, Any],
        now: datetime.datetime | None = None,
    ) -> aiplatform_v1.CreatePipelineJobRequest:
        """Returns a request that names the run after `now`, by default the present.

        Raises:
          InputError: for a root outside of any bucket, or an image that Vertex AI cannot fetch.
        """
        moment = now or datetime.datetime.now(datetime.UTC)
        request = self._request(documents, where, values)
        name = self.spec(documents)["pipelineInfo"]["name"]
        request.pipeline_job_id = f"{name}-{moment:%Y%m%d-%H%M%S}"[-128:].lstrip("-")
        return request

    def schedule_request(
        self, documents: Documents, where: VertexDestination, schedule: Schedule
    ) -> aiplatform_v1.CreateScheduleRequest:
        from google.cloud import aiplatform_v1

        return aiplatform_v1.CreateScheduleRequest(
            parent=where.parent,
            schedule=aiplatform_v1.Schedule(
                display_name=schedule.name,
                cron=f"TZ={schedule.timezone} {check_cron(schedule.cron)}",
                max_concurrent_run_count=schedule.max_concurrent_runs,
                create_pipeline_job_request=self._request(documents, where, schedule.parameters),
            ),
        )

    def _request(
        self, documents: Documents, where: VertexDestination, values: Mapping[str, Any]
    ) -> aiplatform_v1.CreatePipelineJobRequest:
        from google.cloud import aiplatform_v1

        (job,) = copy.deepcopy(documents)
        BUCKET.check(
            job["runtimeConfig"]["gcsOutputDirectory"], "cluster.root of the compiled pipeline"
        )
        check_images(job["pipelineSpec"])
        compiled = definitions(job["pipelineSpec"])
        job["runtimeConfig"]["parameterValues"] = {
            **{name: definition["defaultValue"] for name, definition in compiled.items()},
            **values,
        }
        message = aiplatform_v1.PipelineJob()
        json_format.ParseDict(job, message._pb)
        message.service_account = where.service_account
        return aiplatform_v1.CreatePipelineJobRequest(parent=where.parent, pipeline_job=message)

    def describe(self, request: Any, where: VertexDestination) -> str:
        from google.cloud import aiplatform_v1

        if isinstance(request, aiplatform_v1.CreateScheduleRequest):
            path, body = "schedules", request.schedule
        else:
            path = f"pipelineJobs?pipelineJobId={request.pipeline_job_id}"
            body = request.pipeline_job
        text = json.dumps(json_format.MessageToDict(body._pb), indent=2, sort_keys=True)
        return f"POST {API.format(region=where.region)}/v1/{request.parent}/{path}\n{text}"

    def send(
        self, request: Any, where: VertexDestination, *, transport: dict[str, Any] | None = None
    ) -> str:
        """Sends a request by the service's own client.

        transport: of the client, in place of the region's endpoint and the user's credentials.
        """
        from google.cloud import aiplatform_v1

        scheduled = isinstance(request, aiplatform_v1.CreateScheduleRequest)
        client_class: Any = (
            aiplatform_v1.ScheduleServiceClient
            if scheduled
            else aiplatform_v1.PipelineServiceClient
        )
        rest = client_class.get_transport_class("rest")
        host = {"host": f"{where.region}-aiplatform.googleapis.com"}
        client = client_class(transport=rest(**(transport or host)))
        create = client.create_schedule if scheduled else client.create_pipeline_job
        return create(request=request, timeout=TIMEOUT).name


def resource_limits(node: str, cluster: ClusterConfig) -> dict[str, Any]:
    """Returns CPUs, memory in GiB and accelerators of a node's container."""
    if cluster.trainer == VERTEX and node in TRAINING:
        # The container only starts the CustomJob that has the machine, and waits for it.
        return {"cpuLimit": 1.0, "memoryLimit": 4.0}
    resources = cluster.resources(node)
    cpus, memory_gib = resources.limits
    limits: dict[str, Any] = {"cpuLimit": cpus, "memoryLimit": memory_gib}
    if resources.accelerator:
        count = str(resources.accelerators)
        limits["accelerator"] = {"type": resources.accelerator, "count": count}
    return limits
