"""Training in a Vertex AI CustomJob, through TFX's extensions."""

from __future__ import annotations

from typing import Any

from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.extensions.google_cloud_ai_platform import constants
from tfx.extensions.google_cloud_ai_platform.trainer.executor import TRAINING_ARGS_KEY
from tfx.extensions.google_cloud_ai_platform.tuner.executor import TUNING_ARGS_KEY
from tfx.types.standard_component_specs import CUSTOM_CONFIG_KEY
from tfx.utils import json_utils

from components import DecoderTrainer, TrialsTuner
from components.decoder_trainer import vertex as vertex_trainer
from components.tuner import vertex as tuner_job
from data_prep.config_base import require
from pipeline.config.cluster import ClusterConfig
from pipeline.config.machines import smallest_machine

# component class -> (executor that starts the job, key of the job in custom_config)
_JOBS = (
    (DecoderTrainer, vertex_trainer.Executor, TRAINING_ARGS_KEY),
    (TrialsTuner, tuner_job.Executor, TUNING_ARGS_KEY),
)


def use_custom_job(node: BaseNode, cluster: ClusterConfig) -> None:
    """Lets a node that trains do so in a CustomJob, and leaves the others as they are."""
    for component, executor, key in _JOBS:
        if isinstance(node, component):
            config = json_utils.loads(node.exec_properties[CUSTOM_CONFIG_KEY]) or {}
            config |= {
                constants.ENABLE_VERTEX_KEY: True,
                constants.VERTEX_REGION_KEY: cluster.region,
                key: custom_job(node.id, cluster),
            }
            node.exec_properties[CUSTOM_CONFIG_KEY] = json_utils.dumps(config)
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
        machine |= {
            "accelerator_type": resources.accelerator,
            "accelerator_count": resources.accelerators,
        }
    job: dict[str, Any] = {
        "worker_pool_specs": [
            {
                "machine_spec": machine,
                "replica_count": 1,
                "container_spec": {"image_uri": cluster.image_for(node)},
            }
        ]
    }
    if cluster.service_account:
        job["service_account"] = cluster.service_account
    return {"project": cluster.project, "job_spec": job}
