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

from data_prep.config_base import Config, require
from data_prep.errors import InputError
from pipeline.cluster.compiled_spec import check_images, definitions, read_text
from pipeline.cluster.schedule import Schedule, check_cron
from pipeline.cluster.targets.base import Documents, Target
from pipeline.config.cloud_names import BUCKET, PROJECT, REGION, SERVICE_ACCOUNT
from pipeline.config.cluster import VERTEX, ClusterConfig
from pipeline.config.machines import smallest_machine
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
        """Returns a request that names the run after `now`, by default the present."""
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
        root = job["runtimeConfig"]["gcsOutputDirectory"]
        BUCKET.check(root, "cluster.root of the compiled pipeline")
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
        kind = "Schedule" if scheduled else "Pipeline"
        client_class = getattr(aiplatform_v1, f"{kind}ServiceClient")
        rest = client_class.get_transport_class("rest")
        host = {"host": f"{where.region}-aiplatform.googleapis.com"}
        client = client_class(transport=rest(**(transport or host)))
        create = client.create_schedule if scheduled else client.create_pipeline_job
        return create(request=request, timeout=TIMEOUT).name


def use_custom_job(node: BaseNode, cluster: ClusterConfig) -> None:
    """Lets a node that trains do so in a CustomJob, through TFX's extensions, and leaves the others
    as they are."""
    from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
    from tfx.extensions.google_cloud_ai_platform import constants
    from tfx.extensions.google_cloud_ai_platform.trainer.executor import TRAINING_ARGS_KEY
    from tfx.extensions.google_cloud_ai_platform.tuner.executor import TUNING_ARGS_KEY
    from tfx.utils import json_utils

    from components import DecoderTrainer, TrialsTuner
    from components.decoder_trainer import vertex as trainer_job
    from components.tuner import vertex as tuner_job

    for component, executor, key in (
        (DecoderTrainer, trainer_job.Executor, TRAINING_ARGS_KEY),
        (TrialsTuner, tuner_job.Executor, TUNING_ARGS_KEY),
    ):
        if isinstance(node, component):
            config = json_utils.loads(node.exec_properties["custom_config"]) or {}
            config |= {
                constants.ENABLE_VERTEX_KEY: True,
                constants.VERTEX_REGION_KEY: cluster.region,
                key: custom_job(node.id, cluster),
            }
            node.exec_properties["custom_config"] = json_utils.dumps(config)
            node.executor_spec = ExecutorClassSpec(executor)


def custom_job(node: str, cluster: ClusterConfig) -> dict[str, Any]:
    """Returns a CustomJob and its project, which TFX's extension calls the training args."""
    resources = cluster.resources(node)
    cpus, memory_gib = resources.limits
    name = resources.machine or smallest_machine(cpus, memory_gib)
    allowed = f"a machine: no known type has {cpus:g} CPUs and {memory_gib:g} GiB"
    require(bool(name), f"cluster.nodes.{node}.machine", "", allowed)
    machine: dict[str, Any] = {"machine_type": name}
    if resources.accelerator:
        machine["accelerator_type"] = resources.accelerator
        machine["accelerator_count"] = resources.accelerators
    container = {"image_uri": cluster.image_for(node)}
    pool = {"machine_spec": machine, "replica_count": 1, "container_spec": container}
    job: dict[str, Any] = {"worker_pool_specs": [pool]}
    if cluster.service_account:
        job["service_account"] = cluster.service_account
    return {"project": cluster.project, "job_spec": job}


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
