"""Open-source Kubeflow Pipelines: the bare spec with its Kubernetes part, and their requests."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import yaml

from data_prep.config_base import Config, require
from data_prep.errors import InputError
from pipeline.cluster.compiled_spec import check_images, read_text
from pipeline.cluster.schedule import Schedule, kubeflow_cron
from pipeline.cluster.targets.base import Documents, NotCompiledError, Target
from pipeline.config.cloud_names import BUCKET, Form
from pipeline.config.cluster import ClusterConfig
from pipeline.config.machines import known_machine

if TYPE_CHECKING:
    from pipeline.cluster.compile import GraphCompiler

API = "/apis/v2beta1"
TIMEOUT = 60.0  # seconds
TOKEN = "KF_PIPELINES_TOKEN"
ENTRY = ("python", "-m", "components.kubeflow_entrypoint")
SCHEMES = ("gs://", "s3://")  # what TensorFlow and Beam in the containers read, too
GPU = "nvidia.com/gpu"  # the resource's name in Kubernetes
GPU_TYPE_LABEL = "cloud.google.com/gke-accelerator"
# A node's own daemons need a share of the machine that Vertex AI counts as the container's.
SHARE_OF_CPUS, SHARE_OF_MEMORY = 0.9, 0.85
_ADDRESS = Form(r"https?://[^ \n\r@]+", "an address, http://… or https://…")


@dataclasses.dataclass(frozen=True, kw_only=True)
class KubeflowDestination(Config):
    """An installation of Kubeflow Pipelines. A token, where it wants one, comes from the
    environment (KF_PIPELINES_TOKEN)."""

    host: Annotated[str, _ADDRESS]
    experiment: str = ""  # the id of an experiment there; empty: its default
    service_account: str = ""  # of Kubernetes


class KubeflowPipelines(Target):
    """The PipelineSpec and, where nodes have GPUs, its Kubernetes part, as YAML."""

    name, title, suffix = "kubeflow", "Kubeflow", ".yaml"
    destination = KubeflowDestination
    options = (
        click.option("--host", default="", metavar="URL", help="Run on this Kubeflow Pipelines."),
        click.option("--experiment", default="", help="The id of an experiment of Kubeflow's."),
    )
    key = "host"

    def compile(self, graph: GraphCompiler) -> Documents:
        if graph.config.train.warm_start:
            raise NotCompiledError(
                "train.warm_start needs a resolver of the latest blessed model, which Kubeflow "
                "Pipelines does not have"
            )
        cluster = graph.config.cluster
        spec = graph.compile(
            resources=lambda node: resource_limits(node, cluster), compare=False, command=ENTRY
        )["pipelineSpec"]
        return [spec, *filter(None, [platform_spec(cluster, spec)])]

    def dump(self, documents: Documents) -> str:
        return yaml.safe_dump_all(documents, sort_keys=True)

    def read(self, path: Path) -> Documents:
        text = read_text(path, self.suffix)
        try:
            documents = [document for document in yaml.safe_load_all(text) if document]
        except yaml.YAMLError as error:
            raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
        whole = len(documents) in (1, 2) and all(isinstance(each, dict) for each in documents)
        if not whole or "pipelineInfo" not in documents[0]:
            raise InputError(f"{path}: no compiled pipeline; `latentforge compile` makes one")
        return documents

    def run_request(
        self, documents: Documents, where: KubeflowDestination, values: Mapping[str, Any]
    ) -> Any:
        """Returns a V2beta1Run, named after the pipeline and the present."""
        import kfp_server_api

        name = documents[0]["pipelineInfo"]["name"]
        return kfp_server_api.V2beta1Run(
            display_name=f"{name}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}",
            **_common(documents, where, values),
        )

    def schedule_request(
        self, documents: Documents, where: KubeflowDestination, schedule: Schedule
    ) -> Any:
        """Returns a V2beta1RecurringRun.

        Its cron line begins with seconds and is in the time zone that Kubeflow Pipelines has for
        all of them (CRON_SCHEDULE_TIMEZONE), so that has to be the schedule's.
        """
        import kfp_server_api

        cron = kfp_server_api.V2beta1CronSchedule(cron=kubeflow_cron(schedule.cron))
        return kfp_server_api.V2beta1RecurringRun(
            display_name=schedule.name,
            mode=kfp_server_api.RecurringRunMode.ENABLE,
            trigger=kfp_server_api.V2beta1Trigger(cron_schedule=cron),
            max_concurrency=str(schedule.max_concurrent_runs),
            no_catchup=not schedule.catch_up,
            **_common(documents, where, schedule.parameters),
        )

    def describe(self, request: Any, where: KubeflowDestination) -> str:
        import kfp_server_api

        recurring = isinstance(request, kfp_server_api.V2beta1RecurringRun)
        body = kfp_server_api.ApiClient().sanitize_for_serialization(request)
        text = json.dumps(body, indent=2, sort_keys=True)
        path = "recurringruns" if recurring else "runs"
        return f"POST {where.host.rstrip('/')}{API}/{path}\n{text}"

    def send(self, request: Any, where: KubeflowDestination) -> str:
        import kfp_server_api

        configuration = kfp_server_api.Configuration(host=where.host.rstrip("/"))
        if token := os.environ.get(TOKEN):
            configuration.api_key["authorization"] = token
            configuration.api_key_prefix["authorization"] = "Bearer"
        with kfp_server_api.ApiClient(configuration) as client:
            if isinstance(request, kfp_server_api.V2beta1RecurringRun):
                service = kfp_server_api.RecurringRunServiceApi(client)
                return service.recurring_run_service_create_recurring_run(
                    recurring_run=request, _request_timeout=TIMEOUT
                ).recurring_run_id
            runs = kfp_server_api.RunServiceApi(client)
            return runs.run_service_create_run(run=request, _request_timeout=TIMEOUT).run_id


def _common(
    documents: Documents, where: KubeflowDestination, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the fields that a run and a recurring run share."""
    import kfp_server_api

    spec, *platform = documents
    root = spec["defaultPipelineRoot"]
    name = "cluster.root of the compiled pipeline"
    if root.startswith("gs://"):
        BUCKET.check(root, name)
    allowed = f"a folder in a bucket ({', '.join(SCHEMES)})"
    require(root.startswith(SCHEMES), name, root, allowed)
    check_images(spec)
    both = {"pipeline_spec": spec, "platform_spec": platform[0]} if platform else spec
    return {
        "pipeline_spec": both,  # as the SDK sends it: the spec alone, or with the platform's part
        "runtime_config": kfp_server_api.V2beta1RuntimeConfig(
            parameters=dict(values), pipeline_root=root
        ),
        "experiment_id": where.experiment or None,
        "service_account": where.service_account or None,
    }


def resource_limits(node: str, cluster: ClusterConfig) -> dict[str, Any]:
    """Returns CPUs, memory and accelerators of a node's container, in both of kfp's notations."""
    resources = cluster.resources(node)
    cpus, memory_gib = resources.limits
    if known_machine(resources.machine):
        cpus = round(cpus * SHARE_OF_CPUS, 1)
        memory_gib = round(memory_gib * SHARE_OF_MEMORY, 1)
    limits: dict[str, Any] = {
        "cpuLimit": cpus,
        "memoryLimit": memory_gib,
        "resourceCpuLimit": f"{cpus:g}",
        "resourceMemoryLimit": f"{round(memory_gib * 1024)}Mi",
    }
    if resources.accelerator:
        count = str(resources.accelerators)
        limits["accelerator"] = {
            "type": GPU, "count": count, "resourceType": GPU, "resourceCount": count
        }  # fmt: skip
    return limits


def platform_spec(cluster: ClusterConfig, spec: dict[str, Any]) -> dict[str, Any]:
    """Returns the Kubernetes part: the kind of GPU that a node's machine must have."""
    executors = {}
    for name, resources in cluster.nodes.items():
        if name in spec["components"] and resources.accelerator:
            label = spec["components"][name]["executorLabel"]
            # as GKE labels its machines: nvidia-tesla-t4
            labels = {GPU_TYPE_LABEL: resources.accelerator.lower().replace("_", "-")}
            executors[label] = {"nodeSelector": {"labels": labels}}
    if not executors:
        return {}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
