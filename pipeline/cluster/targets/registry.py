"""The targets by name. A new one is a module beside this one, and a line here."""

from __future__ import annotations

from pipeline.cluster.targets.base import Target
from pipeline.cluster.targets.kubeflow import KubeflowPipelines
from pipeline.cluster.targets.vertex import VertexAI

TARGETS: dict[str, Target] = {}


def register(target: Target) -> Target:
    """Adds a target to those that `latentforge compile` writes and the scripts send to."""
    TARGETS[target.name] = target
    return target


register(VertexAI())
register(KubeflowPipelines())
