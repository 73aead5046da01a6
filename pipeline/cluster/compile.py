"""The graph as a pipeline spec, by TFX's compiler. What differs between targets is theirs."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.kubeflow.v2.pipeline_builder import DEFAULT_IMAGE_PATH_KEY

from components.example_preparation.component import relative_to_common_folder
from data_prep.config import PrepConfig
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.manifest import read_manifest
from pipeline.cluster.compiled_spec import containers
from pipeline.config.cluster import DATAFLOW, ClusterConfig
from pipeline.config.pipeline import PipelineConfig
from pipeline.dag import node_ids
from pipeline.dag.example_nodes import IN_PROCESS
from pipeline.dag.raw_inputs import raw_inputs
from pipeline.pipeline import create_pipeline, serving_directory
from trainer.config.hyperparameters import RUNTIME

# A preset may name nodes that this one's data or tuning does without.
OPTIONAL_NODES = (
    node_ids.EXAMPLE_PREPARATION,
    node_ids.PREPARED_EXAMPLES,
    node_ids.TUNER,
    node_ids.SPAN_DRIFT,
)


class GraphCompiler:
    """Compiles the graph of a config for its section `cluster`, for one target after another."""

    def __init__(self, config: PipelineConfig) -> None:
        """Raises InputError for a name or data that the cluster cannot have."""
        self.config = dataclasses.replace(config, name=pipeline_name(config))
        self._root = cluster_root(config)
        self._inputs, self._prep_config = _inputs(config, self._root)

    def compile(
        self,
        *,
        resources: Callable[[str], dict[str, Any]],
        adapt: Callable[[BaseNode], None] = lambda node: None,
        compare: bool = True,
        command: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Returns the graph as a PipelineJob, which holds the PipelineSpec.

        resources: returns the limits of the container of a node, given its id.
        adapt: may change a node before it is compiled.
        compare: whether the service finds the latest blessed model.
        command: of every container; None: TFX's own.
        """
        parameters = _parameters(self.config, self._root, self._inputs, self._prep_config)
        dag = create_pipeline(
            self.config,
            root=self._root,
            inputs=self._inputs,
            prep_config=self._prep_config,
            runtime=parameters,
            compare=compare,
        )
        cluster = self.config.cluster
        nodes = {node.id: node for node in dag.components}
        _check_names(cluster, nodes)
        for node in nodes.values():
            if isinstance(node.executor_spec, BeamExecutorSpec):
                node.with_beam_pipeline_args(beam_args(cluster, self._root, node.id))
            adapt(node)
        images = {name: cluster.image_for(name) for name in nodes}
        runner = KubeflowV2DagRunner(
            KubeflowV2DagRunnerConfig(
                default_image={**images, DEFAULT_IMAGE_PATH_KEY: cluster.image},
                default_commands=command and list(command),
                # Vertex AI takes 2.0.0 and 2.1.0, Kubeflow Pipelines 2.1.0 alone. And TFX's entry
                # point reads what a file-based ExampleGen's driver has found in 2.1.0 alone.
                use_pipeline_spec_2_1=True,
            )
        )
        job = runner.run(dag, write_out=False)
        spec = job["pipelineSpec"]
        _add_resources(spec, resources, cluster.retries)
        _add_defaults(spec, parameters)
        spec["defaultPipelineRoot"] = dag.pipeline_info.pipeline_root
        check_spec(spec)
        return job


def cluster_root(config: PipelineConfig) -> str:
    """Returns the root of the runs; without a bucket, that of a local run."""
    root = config.cluster.root.rstrip("/")
    if "://" in root:
        return root
    return os.path.abspath(root or os.path.join("runs", config.name))


def pipeline_name(config: PipelineConfig) -> str:
    """Returns the name as Kubeflow wants it: lower case, digits and dashes."""
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
    inputs, prep_config = raw_inputs(config.data, Path(root))
    for path in [*inputs, *(prep_config.lists if prep_config else ())]:
        if remote and "://" not in path:
            raise InputError(
                f"data: got {path!r}, allowed: a path that the cluster can read, such as gs://…"
            )
    if prep_config is None:
        _check_readable(inputs[0])
    return inputs, prep_config


def _check_readable(directory: str) -> None:
    """Refuses prepared data whose manifest cannot be read from this machine."""
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


def _check_names(cluster: ClusterConfig, nodes: Collection[str]) -> None:
    """Refuses names of nodes that no graph has."""
    allowed = ", ".join(sorted(nodes))
    for name in cluster.nodes:
        known = name in nodes and name != node_ids.LATEST_BLESSED_MODEL
        require(known or name in OPTIONAL_NODES, "cluster.nodes", name, allowed)


def beam_args(cluster: ClusterConfig, root: str, node: str) -> list[str]:
    """Returns the Beam options of a node's container."""
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


def _add_resources(
    spec: dict[str, Any], resources: Callable[[str], dict[str, Any]], retries: int
) -> None:
    """Adds limits to every container and retries to its task.

    TFX's own platform_config would not do: its compiler forgets it for file-based ExampleGens.
    """
    nodes = containers(spec)
    for task in spec["root"]["dag"]["tasks"].values():
        name = task["componentRef"]["name"]
        if name not in nodes:
            continue
        nodes[name]["resources"] = resources(name)
        if retries:
            task["retryPolicy"] = {
                "maxRetryCount": retries,
                "backoffDuration": "60s",
                "backoffFactor": 2.0,
                "backoffMaxDuration": "3600s",
            }


def _parameters(
    config: PipelineConfig, root: str, inputs: Sequence[str], prep_config: PrepConfig | None
) -> dict[str, RuntimeParameter]:
    """Returns the parameters that may be given anew for each run, by name: the data, the
    hyper-parameters of `RUNTIME`, the destination of the push. The config has their defaults."""
    if prep_config is None:
        data, description = inputs[0], "The prepared data set, a directory."
    else:
        data, patterns = relative_to_common_folder([*inputs, *prep_config.lists])
        description = f"The folder of the raw files, which holds {', '.join(patterns)}."
    parameters = [RuntimeParameter("data_input", str, data, description)]
    for name, entry in RUNTIME.items():
        default = entry.kind(entry.value_in(config))
        parameters.append(RuntimeParameter(name, entry.kind, default, entry.description))
    words = "Gets the decoders that pass."
    parameters.append(RuntimeParameter("push_destination", str, serving_directory(root), words))
    return {parameter.name: parameter for parameter in parameters}


def _add_defaults(spec: dict[str, Any], parameters: Mapping[str, RuntimeParameter]) -> None:
    """Adds defaults, which TFX does not write: a run without values would not start."""
    definitions = spec["root"]["inputDefinitions"]["parameters"]
    for name, parameter in parameters.items():
        definitions[name] |= {
            "defaultValue": parameter.default,
            "description": parameter.description,
            "isOptional": True,
        }


def check_spec(spec: dict[str, Any]) -> pipeline_spec_pb2.PipelineSpec:
    """Returns the spec as kfp's message; json_format.ParseError for a field that this lacks."""
    message = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
    json_format.ParseDict(spec["deploymentSpec"], deployment)
    return message
