"""Trains the extractor that the evaluator compares images by, once for each data set."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from components.artifacts import Extractor, split_files
from data_prep.config_base import parse, to_dict
from data_prep.errors import InputError
from data_prep.manifest import Manifest, manifest_sha256, read_manifest
from trainer.config_parts import ExtractorConfig
from trainer.data.records import concatenate, read_records
from trainer.measures.feature_network import (
    ATTRIBUTES,
    AUTOENCODER,
    FACTS,
    FEATURES,
    LABEL,
    MODEL,
    export_extractor,
    extractor_hash,
    train_extractor,
)

EXAMPLES, EXTRACTOR = "examples", "extractor"
CONFIG, CODE_VERSION = "config", "code_version"
SPLIT = "train"


class Executor(base_executor.BaseExecutor):
    """See `components.artifacts.Extractor` for what is written."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        config = parse(ExtractorConfig, json.loads(exec_properties[CONFIG]), "evaluation.extractor")
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES])
        manifest = read_manifest(examples.uri)
        images, targets = _load(split_files(examples, SPLIT), manifest, config.images)
        kind, names = kind_of(manifest)
        model = train_extractor(images, targets, kind, len(names), config)
        extractor = artifact_utils.get_single_instance(output_dict[EXTRACTOR])
        export_extractor(model, os.path.join(extractor.uri, MODEL))
        facts = {
            "hash": extractor_hash(model),
            "kind": kind,
            "names": list(names),
            "features": FEATURES,
            "images": len(images),
            "split": SPLIT,
            "data": manifest_sha256(examples.uri),
            "config": to_dict(config),
        }
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        io_utils.write_string_file(os.path.join(extractor.uri, FACTS), text + "\n")


def kind_of(manifest: Manifest) -> tuple[str, tuple[str, ...]]:
    """What the extractor learns of this data: labels, else attributes, else the images."""
    if len(manifest.labels) > 1:
        return LABEL, manifest.labels
    if manifest.attributes:
        return ATTRIBUTES, manifest.attributes
    return AUTOENCODER, ()


def _load(
    files: tuple[str, ...], manifest: Manifest, limit: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Up to `limit` images, and what is to be learned of them."""
    records = concatenate(read_records(files, manifest.image.shape, limit=limit))
    if records is None:
        raise InputError(f"evaluation.extractor: the {SPLIT} split has no images to learn from")
    kind, names = kind_of(manifest)
    if kind == AUTOENCODER:
        return records.images, None
    if kind == ATTRIBUTES:
        return records.images, records.attributes
    index = {name: position for position, name in enumerate(names)}
    known = np.array([label in index for label in records.labels])
    targets = np.array([index[label] for label in records.labels if label in index])
    return records.images[known], targets


class FeatureExtractorSpec(ComponentSpec):
    """Inputs, outputs and properties of `FeatureExtractor`."""

    PARAMETERS = {  # noqa: RUF012
        CONFIG: ExecutionParameter(type=str),
        CODE_VERSION: ExecutionParameter(type=str),
    }
    INPUTS = {  # noqa: RUF012
        EXAMPLES: ChannelParameter(type=standard_artifacts.Examples)
    }
    OUTPUTS = {EXTRACTOR: ChannelParameter(type=Extractor)}  # noqa: RUF012


class FeatureExtractor(base_component.BaseComponent):
    """A node of the DAG: runs again only when the data or its own settings change."""

    SPEC_CLASS = FeatureExtractorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self, *, examples: types.BaseChannel, config: ExtractorConfig, code_version: str
    ) -> None:
        """Args:
        examples: a prepared data set, its manifest included.
        config: how it is trained.
        code_version: changes whenever the code that trains it does.
        """
        super().__init__(
            spec=FeatureExtractorSpec(
                **{
                    EXAMPLES: examples,
                    CONFIG: json.dumps(to_dict(config), sort_keys=True),
                    CODE_VERSION: code_version,
                    EXTRACTOR: types.Channel(type=Extractor),
                }
            )
        )
