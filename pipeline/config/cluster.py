"""The section `cluster` of a config: where the graph runs, and on which machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated

from data_prep.config_base import Between, Config, OneOf, require
from pipeline.config.cloud_names import BUCKET, IMAGE, PROJECT, REGION, SERVICE_ACCOUNT
from pipeline.config.machines import DEFAULT_LIMITS, check_machine, known_machine

CONTAINER, VERTEX = "container", "vertex"
LOCAL, DATAFLOW = "local", "dataflow"


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeResources(Config):
    """The resources of one node: a machine type with its accelerators, or CPUs and memory.

    machine: a machine type of Vertex AI. Its CPUs and memory are the container's limits.
    accelerator, accelerators: type and number, such as NVIDIA_TESLA_T4 and 1.
    cpu, memory_gib: limits of the container, without a machine whose CPUs and memory are known;
      0: 4 CPUs, 15 GiB.
    """

    machine: str = ""
    accelerator: str = ""
    accelerators: int = 0
    cpu: float = 0
    memory_gib: float = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.machine:
            check_machine(self.machine, self.accelerator, self.accelerators)
        else:
            allowed = "nothing without a machine"
            require(not self.accelerator, "accelerator", self.accelerator, allowed)
            require(not self.accelerators, "accelerators", self.accelerators, "0 without a machine")
        if known_machine(self.machine):
            for name in ("cpu", "memory_gib"):
                value = getattr(self, name)
                require(not value, name, value, f"nothing beside machine {self.machine}")
            return
        cpus, memory = self.limits
        require(0.1 <= cpus <= 208, "cpu", self.cpu, "0.1 to 208 CPUs, or a machine")
        require(0.5 <= memory <= 2952, "memory_gib", self.memory_gib, "0.5 to 2952, or a machine")

    @property
    def limits(self) -> tuple[float, float]:
        """(CPUs, GiB) that the node's container may use."""
        known = known_machine(self.machine)
        if known:
            return float(known.cpus), float(known.memory_gib)
        cpus, memory = DEFAULT_LIMITS
        return self.cpu or cpus, self.memory_gib or memory


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataflowConfig(Config):
    """The workers of the nodes that run on Beam, with beam_runner `dataflow`."""

    machine: str = "n1-standard-4"
    max_workers: Annotated[int, Between(1, 4000)] = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        check_machine(self.machine)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterConfig(Config):
    """The settings of a graph that is compiled for Kubeflow Pipelines and Vertex AI.

    project, region: of Google Cloud; needed by Vertex AI and Dataflow.
    root: the folder of everything that the runs leave behind, gs://BUCKET/FOLDER; empty: as a
      local run's.
    image, gpu_image: of the containers; gpu_image where a node has an accelerator (empty: image).
    service_account: the account that the nodes act under on Google Cloud; empty: the project's
      default.
    trainer: where Trainer and Tuner train. `container`: in the node's own container, with the
      accelerator that `nodes` gives it. `vertex`: in a Vertex AI CustomJob on that machine, which
      the node's container starts and waits for.
    beam_runner: of the nodes that run on Beam: `local`, in their container, or `dataflow`.
    retries: of a node that fails; the trainer goes on from its last epoch.
    default: resources of the nodes that `nodes` does not name.
    nodes: resources by node, e.g. Trainer: {machine: n1-standard-8, accelerator:
      NVIDIA_TESLA_T4, accelerators: 1}.
    """

    project: Annotated[str, PROJECT.or_empty()] = ""
    region: Annotated[str, REGION] = "us-central1"
    root: str = ""
    image: Annotated[str, IMAGE] = "latentforge:0.1.0"
    gpu_image: Annotated[str, IMAGE.or_empty()] = ""
    service_account: Annotated[str, SERVICE_ACCOUNT.or_empty()] = ""
    trainer: Annotated[str, OneOf((CONTAINER, VERTEX))] = CONTAINER
    beam_runner: Annotated[str, OneOf((LOCAL, DATAFLOW))] = LOCAL
    dataflow: DataflowConfig = dataclasses.field(default_factory=DataflowConfig)
    retries: Annotated[int, Between(0, 10)] = 1
    default: NodeResources = NodeResources()
    nodes: dict[str, NodeResources] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.root.startswith("gs:"):
            BUCKET.check(self.root, "root")
        for key, value in (("trainer", VERTEX), ("beam_runner", DATAFLOW)):
            if getattr(self, key) == value:
                allowed = f"a project with {key} {value}"
                require(bool(self.project), "project", self.project, allowed)
                BUCKET.check(self.root, "root")

    def resources(self, node: str) -> NodeResources:
        return self.nodes.get(node, self.default)

    def image_for(self, node: str) -> str:
        """Returns the image of a node's container."""
        return self.gpu_image if self.resources(node).accelerator and self.gpu_image else self.image

    def warnings(self) -> Iterator[str]:
        """Yields a line for each machine type whose CPUs and memory are not known here."""
        resources = {"default": self.default}
        resources |= {f"nodes.{name}": node for name, node in self.nodes.items()}
        for key, node in resources.items():
            if node.machine and not known_machine(node.machine):
                cpus, memory = node.limits
                yield (
                    f"cluster.{key}.machine: {node.machine} is not in pipeline/config/machines.py; "
                    f"cpu and memory_gib limit its container, to {cpus:g} CPUs and {memory:g} GiB"
                )
        machine = self.dataflow.machine
        if not known_machine(machine):
            yield f"cluster.dataflow.machine: {machine} is not in pipeline/config/machines.py"
