"""The graph as a pipeline spec: for Vertex AI, and for open-source Kubeflow Pipelines."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.kubeflow.v2.pipeline_builder import DEFAULT_IMAGE_PATH_KEY

from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.manifest import read_manifest
from pipeline.cluster import custom_jobs, resources
from pipeline.cluster.parameters import Parameter, parameters, runtime_parameters
from pipeline.config.cluster import DATAFLOW, VERTEX, ClusterConfig
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag import node_ids
from pipeline.dag.example_nodes import IN_PROCESS
from pipeline.dag.raw_inputs import raw_inputs
from pipeline.pipeline import create_pipeline

# Vertex AI takes 2.0.0 and 2.1.0, Kubeflow Pipelines 2.1.0 alone. And TFX's entry point reads
# what a file-based ExampleGen's driver has found (span, patterns) in form 2.1.0 alone.
SCHEMA_VERSION = "2.1.0"
KUBEFLOW_ENTRY = ("python", "-m", "components.kubeflow_entrypoint")


@dataclasses.dataclass(frozen=True)
class Compiled:
    """The two forms of one graph.

    vertex: a PipelineJob, i.e. the spec in a job with labels and runtime config.
    kubeflow: the bare PipelineSpec and its Kubernetes part; None where `why_not` says why.
    """

    vertex: dict[str, Any]
    kubeflow: tuple[dict[str, Any], dict[str, Any]] | None
    why_not: str = ""


def compile_config(config: PipelineConfig) -> Compiled:
    """Compiles the graph of a config for its section `cluster`.

    Raises:
      InputError: for nodes that do not exist, data that the cluster cannot reach, ….
    """
    root = cluster_root(config)
    inputs, options = _inputs(config, root)
    vertex = _compile(config, root, inputs, options, for_vertex=True)
    if config.train.warm_start:
        return Compiled(vertex, None, "train.warm_start needs a resolver of the latest blessed "
                        "model, which Kubeflow Pipelines does not have")  # fmt: skip
    spec = _compile(config, root, inputs, options, for_vertex=False)["pipelineSpec"]
    return Compiled(vertex, (spec, resources.platform_spec(config.cluster, spec)))


def cluster_root(config: PipelineConfig) -> str:
    """Where the runs leave everything; without a bucket, where a local run does."""
    root = config.cluster.root.rstrip("/")
    if "://" in root:
        return root
    return os.path.abspath(root or os.path.join("runs", config.name))


def pipeline_name(config: PipelineConfig) -> str:
    """As Kubeflow wants it: lower case, digits and dashes."""
    name = config.name.lower().replace("_", "-")
    require(name[0].isalnum() and len(name) <= 128, "name", config.name, "a letter or digit first")
    return name


def _inputs(config: PipelineConfig, root: str) -> tuple[list[str], PrepConfig | None]:
    remote = "://" in root
    if config.data.generated_source and remote:
        raise InputError(
            f"data.source: got {config.data.source!r}, allowed with a root in a bucket: files that "
            "the cluster can read. `latentforge prep sample` makes a data set to copy there; then "
            "data.source=prepared data.input=gs://…"
        )
    inputs, options = raw_inputs(config.data, Path(root))
    for path in [*inputs, *(options.lists if options else ())]:
        if remote and "://" not in path:
            raise InputError(
                f"data: got {path!r}, allowed: a path that the cluster can read, such as gs://…"
            )
    if options is None:
        _check_readable(inputs[0])
    return inputs, options


def _check_readable(directory: str) -> None:
    """The manifest of prepared data is read here, before the graph is built."""
    try:
        read_manifest(directory)
    except InputError:
        raise
    except Exception as error:  # every filesystem raises its own kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"data.input: {directory} cannot be read from here, which a prepared data set must be "
            f"when its graph is compiled ({reason[:200]})"
        ) from error


def _compile(
    config: PipelineConfig,
    root: str,
    inputs: list[str],
    options: PrepConfig | None,
    *,
    for_vertex: bool,
) -> dict[str, Any]:
    cluster = config.cluster
    found = parameters(config, root, inputs, options)
    dag = create_pipeline(
        dataclasses.replace(config, name=pipeline_name(config)),
        root=root,
        inputs=inputs,
        options=options,
        open_values=runtime_parameters(found),
        compare=for_vertex,
    )
    nodes = {node.id: node for node in dag.components}
    allowed = ", ".join(sorted(nodes))
    for name in cluster.nodes:
        known = name in nodes and name != node_ids.LATEST_BLESSED_MODEL
        # a preset may name nodes that this one's data or tuning does without
        require(known or name in resources.OPTIONAL_NODES, "cluster.nodes", name, allowed)
    for node in nodes.values():
        if isinstance(node.executor_spec, BeamExecutorSpec):
            node.with_beam_pipeline_args(beam_args(cluster, root, node.id))
        if for_vertex and cluster.trainer == VERTEX:
            custom_jobs.use_custom_job(node, cluster)
    job = _run_compiler(cluster, dag, nodes, for_vertex)
    spec = job["pipelineSpec"]
    resources.add_resources(spec, cluster, for_vertex=for_vertex)
    _add_defaults(spec, found)
    spec["defaultPipelineRoot"] = dag.pipeline_info.pipeline_root
    check_spec(spec)
    return job


def _run_compiler(
    cluster: ClusterConfig, dag: tfx.dsl.Pipeline, nodes: dict[str, BaseNode], for_vertex: bool
) -> dict[str, Any]:
    images = {name: cluster.image_for(name) for name in nodes}
    config = KubeflowV2DagRunnerConfig(
        default_image={**images, DEFAULT_IMAGE_PATH_KEY: cluster.image},
        default_commands=None if for_vertex else list(KUBEFLOW_ENTRY),
        use_pipeline_spec_2_1=True,
    )
    return KubeflowV2DagRunner(config).run(dag, write_out=False)


def beam_args(cluster: ClusterConfig, root: str, node: str) -> list[str]:
    """The Beam options of a node's container."""
    if cluster.beam_runner == DATAFLOW:
        args = [
            "--runner=DataflowRunner",
            f"--project={cluster.project}",
            f"--region={cluster.region}",
            f"--temp_location={root}/beam",
            f"--sdk_container_image={cluster.image}",
            "--sdk_location=container",
            f"--worker_machine_type={cluster.dataflow.machine}",
            f"--max_num_workers={cluster.dataflow.max_workers}",
        ]
        if cluster.service_account:
            args.append(f"--service_account_email={cluster.service_account}")
        return args
    cpus = int(cluster.resources(node).limits[0])
    if node == node_ids.EXAMPLE_PREPARATION and cpus > 1:  # TFX's own nodes stay in one process
        parallel = [f"--direct_num_workers={cpus}", "--direct_running_mode=multi_processing"]
        return [*IN_PROCESS, *parallel]
    return list(IN_PROCESS)


def _add_defaults(spec: dict[str, Any], found: tuple[Parameter, ...]) -> None:
    """TFX writes no defaults, and a run that is given no values would not start."""
    definitions = spec["root"]["inputDefinitions"]["parameters"]
    for parameter in found:
        definitions[parameter.name] |= {
            "defaultValue": parameter.default,
            "description": parameter.description,
            "isOptional": True,
        }


def check_spec(spec: dict[str, Any]) -> pipeline_spec_pb2.PipelineSpec:
    """The spec as kfp's message; raises json_format.ParseError for a field that it lacks."""
    message = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
    json_format.ParseDict(spec["deploymentSpec"], deployment)
    return message
