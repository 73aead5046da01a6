"""Limits of containers on Kubeflow, whose nodes' own daemons need a share of a machine."""

import pytest

from pipeline.cluster.targets.kubeflow import resource_limits
from pipeline.config.cluster import ClusterConfig, NodeResources


@pytest.mark.parametrize(
    ("resources", "limits"),
    [
        ({"machine": "n1-standard-8"}, (7.2, 25.5)),  # 90% and 85% of it
        ({"cpu": 8, "memory_gib": 30}, (8, 30)),
        ({"machine": "c3-standard-8", "cpu": 7, "memory_gib": 28}, (7, 28)),
        ({"machine": "c3-standard-8"}, (4, 15)),
    ],
)
def test_only_a_known_machine_is_shared_with_the_daemons(resources, limits):
    cluster = ClusterConfig(nodes={"Trainer": NodeResources(**resources)})
    found = resource_limits("Trainer", cluster)
    assert (found["cpuLimit"], found["memoryLimit"]) == limits
