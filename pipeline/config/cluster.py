"""The section `cluster` of a config: where the graph runs, and on which machines."""

from __future__ import annotations

import dataclasses

from data_prep.config_base import require
from pipeline.config import cloud_names
from pipeline.config.machines import MACHINES, check_pair

CONTAINER, VERTEX = "container", "vertex"
LOCAL, DATAFLOW = "local", "dataflow"


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeResources:
    """What one node runs on: a machine type with its accelerators, or CPUs and memory.

    machine: a machine type of Vertex AI. Its CPUs and memory are the container's limits.
    accelerator, accelerators: type and number, such as NVIDIA_TESLA_T4 and 1.
    cpu, memory_gib: limits of the container, without a machine; 0: 4 CPUs, 15 GiB.
    """

    machine: str = ""
    accelerator: str = ""
    accelerators: int = 0
    cpu: float = 0
    memory_gib: float = 0

    def __post_init__(self) -> None:
        if self.machine:
            check_pair(self.machine, self.accelerator, self.accelerators)
            for name in ("cpu", "memory_gib"):
                value = getattr(self, name)
                require(not value, name, value, f"nothing beside machine {self.machine}")
            return
        require(not self.accelerator, "accelerator", self.accelerator, "nothing without a machine")
        require(not self.accelerators, "accelerators", self.accelerators, "0 without a machine")
        cpus, memory = self.limits
        require(0.1 <= cpus <= 208, "cpu", self.cpu, "0.1 to 208 CPUs, or a machine")
        require(0.5 <= memory <= 2952, "memory_gib", self.memory_gib, "0.5 to 2952, or a machine")

    @property
    def limits(self) -> tuple[float, float]:
        """(CPUs, GiB)."""
        if not self.machine:
            return self.cpu or 4.0, self.memory_gib or 15.0
        found = MACHINES[self.machine]
        return float(found.cpus), float(found.memory_gib)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataflowConfig:
    """Workers of the nodes that run on Beam, with beam_runner `dataflow`."""

    machine: str = "n1-standard-4"
    max_workers: int = 20

    def __post_init__(self) -> None:
        check_pair(self.machine, "", 0)
        require(1 <= self.max_workers <= 4000, "max_workers", self.max_workers, "1 to 4000")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """Of a graph that is compiled for Kubeflow Pipelines and Vertex AI.

    project, region: of Google Cloud; needed by Vertex AI and Dataflow.
    root: holds everything the runs leave behind, gs://BUCKET/FOLDER; empty: as a local run's.
    image, gpu_image: of the containers; gpu_image where a node has an accelerator (empty: image).
    service_account: under which the nodes run on Google Cloud; empty: the project's default.
    trainer: where Trainer and Tuner train. `container`: in the node's own container, with the
      accelerator that `nodes` gives it. `vertex`: in a Vertex AI CustomJob on that machine, which
      the node's container starts and waits for.
    beam_runner: of the nodes that run on Beam: `local`, in their container, or `dataflow`.
    retries: of a node that fails; the trainer goes on from its last epoch.
    default: of the nodes that `nodes` does not name.
    nodes: by node, e.g. Trainer: {machine: n1-standard-8, accelerator: NVIDIA_TESLA_T4,
      accelerators: 1}.
    """

    project: str = ""
    region: str = "us-central1"
    root: str = ""
    image: str = "latentforge:0.1.0"
    gpu_image: str = ""
    service_account: str = ""
    trainer: str = CONTAINER
    beam_runner: str = LOCAL
    dataflow: DataflowConfig = dataclasses.field(default_factory=DataflowConfig)
    retries: int = 1
    default: NodeResources = NodeResources()
    nodes: dict[str, NodeResources] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        cloud_names.check_region(self.region)
        cloud_names.check_image(self.image)
        if self.gpu_image:
            cloud_names.check_image(self.gpu_image, "gpu_image")
        if self.project:
            cloud_names.check_project(self.project)
        if self.root.startswith("gs:"):
            cloud_names.check_bucket(self.root)
        if self.service_account:
            cloud_names.check_service_account(self.service_account)
        require(
            self.trainer in (CONTAINER, VERTEX), "trainer", self.trainer, f"{CONTAINER}, {VERTEX}"
        )
        runners = f"{LOCAL}, {DATAFLOW}"
        require(self.beam_runner in (LOCAL, DATAFLOW), "beam_runner", self.beam_runner, runners)
        for used, where in (
            (self.trainer == VERTEX, f"trainer {VERTEX}"),
            (self.beam_runner == DATAFLOW, f"beam_runner {DATAFLOW}"),
        ):
            if used:
                require(bool(self.project), "project", self.project, f"a project with {where}")
                cloud_names.check_bucket(self.root)
        require(0 <= self.retries <= 10, "retries", self.retries, "0 to 10")

    def resources(self, node: str) -> NodeResources:
        return self.nodes.get(node, self.default)

    def image_for(self, node: str) -> str:
        """The image of a node's container."""
        return self.gpu_image if self.resources(node).accelerator and self.gpu_image else self.image
