"""CPUs, memory, accelerators and retries of the nodes, put into a compiled spec.

Not through TFX's platform_config, which its compiler forgets for file-based ExampleGens.
"""

from __future__ import annotations

from typing import Any

from pipeline.config.cluster import VERTEX, ClusterConfig
from pipeline.config.machines import MACHINES
from pipeline.dag import node_ids

GPU = "nvidia.com/gpu"  # the resource's name in Kubernetes
GPU_TYPE_LABEL = "cloud.google.com/gke-accelerator"
TRAINING = (node_ids.TRAINER, node_ids.TUNER)
# Nodes that only some graphs have: naming one elsewhere is no mistake.
OPTIONAL_NODES = (
    node_ids.EXAMPLE_PREPARATION,
    node_ids.PREPARED_EXAMPLES,
    node_ids.TUNER,
    node_ids.SPAN_DRIFT,
)
# A node's own daemons need a share of the machine that Vertex AI counts as the container's.
KUBERNETES_CPUS, KUBERNETES_MEMORY = 0.9, 0.85


def add_resources(spec: dict[str, Any], cluster: ClusterConfig, *, for_vertex: bool) -> None:
    """Limits for every container, retries for every task that has one."""
    for task in spec["root"]["dag"]["tasks"].values():
        name = task["componentRef"]["name"]
        label = spec["components"][name]["executorLabel"]
        container = spec["deploymentSpec"]["executors"][label].get("container")
        if container is None:
            continue
        container["resources"] = _limits(name, cluster, for_vertex)
        if cluster.retries:
            task["retryPolicy"] = {
                "maxRetryCount": cluster.retries,
                "backoffDuration": "60s",
                "backoffFactor": 2.0,
                "backoffMaxDuration": "3600s",
            }


def _limits(node: str, cluster: ClusterConfig, for_vertex: bool) -> dict[str, Any]:
    if for_vertex and cluster.trainer == VERTEX and node in TRAINING:
        # The container only starts the CustomJob that has the machine, and waits for it.
        return {"cpuLimit": 1.0, "memoryLimit": 4.0}
    wanted = cluster.resources(node)
    cpus, memory = wanted.limits
    if for_vertex:
        limits: dict[str, Any] = {"cpuLimit": cpus, "memoryLimit": memory}
    else:
        if wanted.machine:
            cpus, memory = round(cpus * KUBERNETES_CPUS, 1), round(memory * KUBERNETES_MEMORY, 1)
        limits = {
            "cpuLimit": cpus,
            "memoryLimit": memory,
            "resourceCpuLimit": f"{cpus:g}",
            "resourceMemoryLimit": f"{round(memory * 1024)}Mi",
        }
    if wanted.accelerator:
        count = str(wanted.accelerators)
        limits["accelerator"] = (
            {"type": wanted.accelerator, "count": count}
            if for_vertex
            else {"type": GPU, "count": count, "resourceType": GPU, "resourceCount": count}
        )
    return limits


def platform_spec(cluster: ClusterConfig, spec: dict[str, Any]) -> dict[str, Any]:
    """The Kubernetes part of the Kubeflow form: which GPU a node's machine must have."""
    executors = {}
    for name, wanted in cluster.nodes.items():
        if name in spec["components"] and wanted.accelerator:
            label = spec["components"][name]["executorLabel"]
            labels = {GPU_TYPE_LABEL: gke_name(wanted.accelerator)}
            executors[label] = {"nodeSelector": {"labels": labels}}
    if not executors:
        return {}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def gke_name(accelerator: str) -> str:
    """NVIDIA_TESLA_T4 -> nvidia-tesla-t4, as GKE labels its machines."""
    return accelerator.lower().replace("_", "-")


def machine_of(node: str, cluster: ClusterConfig) -> str:
    """The machine type that a node is billed as: its own, or the smallest that has its limits."""
    wanted = cluster.resources(node)
    if wanted.machine:
        return wanted.machine
    cpus, memory = wanted.limits
    fitting = [
        (machine.cpus, machine.memory_gib, name)
        for name, machine in MACHINES.items()
        if name.startswith(("e2-", "n1-")) and machine.cpus >= cpus and machine.memory_gib >= memory
    ]
    return min(fitting)[2] if fitting else "a2-megagpu-16g"
