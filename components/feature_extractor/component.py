"""The component that trains the feature network of the evaluator, once for each data set."""

from __future__ import annotations

from typing import Any

import numpy as np
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter

from components.artifacts import Artifacts, Extractor, split_files
from components.configured_node import ConfiguredSpec, read_config
from data_prep.config_base import to_dict
from data_prep.errors import InputError
from data_prep.manifest import Manifest, manifest_sha256, read_manifest
from trainer.config import FeatureNetworkConfig
from trainer.data.records import concatenate, read_records
from trainer.measures.feature_network import (
    ATTRIBUTES,
    FEATURES,
    LABEL,
    Task,
    choose_task,
    export_feature_network,
    train_feature_network,
)

EXAMPLES, EXTRACTOR = "examples", "extractor"
SPLIT = "train"


class Executor(base_executor.BaseExecutor):
    """Trains the network and writes it as `components.artifacts.Extractor` describes."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        config = read_config(FeatureNetworkConfig, exec_properties, "evaluation.extractor")
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES])
        manifest = read_manifest(examples.uri)
        task = _task(split_files(examples, SPLIT), manifest, config.images)
        model = train_feature_network(task, config)
        names = {LABEL: manifest.labels, ATTRIBUTES: manifest.attributes}
        facts = {
            "kind": task.kind,
            "names": list(names.get(task.kind, ())),
            "features": FEATURES,
            "images": len(task.images),
            "split": SPLIT,
            "data": manifest_sha256(examples.uri),
            "config": to_dict(config),
        }
        extractor = artifact_utils.get_single_instance(output_dict[EXTRACTOR])
        export_feature_network(model, extractor.uri, facts)


def _task(files: tuple[str, ...], manifest: Manifest, limit: int) -> Task:
    """Returns the task of up to `limit` images of a split."""
    records = concatenate(read_records(files, manifest.image.shape, limit=limit))
    if records is None:
        raise InputError(f"evaluation.extractor: the {SPLIT} split has no images to learn from")
    positions = {name: position for position, name in enumerate(manifest.labels)}
    index = np.array([positions.get(label, -1) for label in records.labels])
    return choose_task(records.images, index, len(manifest.labels), records.attributes)


class FeatureExtractorSpec(ConfiguredSpec):
    """The input and the output of `FeatureExtractor`."""

    INPUTS = {EXAMPLES: ChannelParameter(type=standard_artifacts.Examples)}  # noqa: RUF012
    OUTPUTS = {EXTRACTOR: ChannelParameter(type=Extractor)}  # noqa: RUF012


class FeatureExtractor(base_component.BaseComponent):
    """A node of the DAG that runs again only when the data or its own config changes."""

    SPEC_CLASS = FeatureExtractorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self, *, examples: types.BaseChannel, config: FeatureNetworkConfig, code_version: str
    ) -> None:
        """Args:
        examples: a prepared data set, its manifest included.
        config: of the training.
        code_version: changes whenever the code that trains it does.
        """
        super().__init__(
            spec=FeatureExtractorSpec(config=config, code_version=code_version, examples=examples)
        )
