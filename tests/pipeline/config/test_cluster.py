"""The section `cluster`: resources of nodes, and a word about machines that are not known."""

import pytest

from data_prep.config_base import parse
from data_prep.errors import InputError
from pipeline.config.cluster import ClusterConfig, NodeResources

B200 = {"machine": "a4-highgpu-8g", "accelerator": "NVIDIA_B200", "accelerators": 8}


def test_a_known_machine_gives_the_limits_and_nothing_is_said_beside_it():
    assert NodeResources(machine="n1-standard-8").limits == (8.0, 30.0)
    with pytest.raises(InputError, match=r"^cpu: got 2, allowed: nothing beside machine n1-stan"):
        NodeResources(machine="n1-standard-8", cpu=2)


def test_an_unknown_machine_has_limits_of_its_own():
    assert NodeResources(**B200).limits == (4.0, 15.0)
    assert NodeResources(**B200, cpu=100, memory_gib=2000).limits == (100, 2000)


def test_unknown_machines_are_named_and_known_ones_are_not():
    nodes = {"Trainer": B200, "Tuner": {"machine": "n1-standard-8"}}
    cluster = parse(ClusterConfig, {"nodes": nodes, "dataflow": {"machine": "c3-standard-8"}})
    trainer, dataflow = cluster.warnings()
    assert trainer == (
        "cluster.nodes.Trainer.machine: a4-highgpu-8g is not in pipeline/config/machines.py; "
        "cpu and memory_gib limit its container, to 4 CPUs and 15 GiB"
    )
    assert dataflow.startswith("cluster.dataflow.machine: c3-standard-8 is not in")
    assert not list(ClusterConfig().warnings())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cpu": 300}, "cpu: got 300, allowed: 0.1 to 208 CPUs, or a machine"),
        ({"memory_gib": 0.1}, r"memory_gib: got 0\.1, allowed: 0\.5 to 2952, or a machine"),
        ({"accelerator": "NVIDIA_L4"}, "accelerator: .*nothing without a machine"),
        ({"accelerators": 1}, "accelerators: got 1, allowed: 0 without a machine"),
    ],
)
def test_resources_that_cannot_be(values, words):
    with pytest.raises(InputError, match=f"^{words}"):
        NodeResources(**values)
