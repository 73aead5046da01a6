"""The optional node of the Trainer's hyper-parameters: a search, or an earlier one's result."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, NamedTuple

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from components import TrialsTuner
from data_prep.config_base import to_dict
from data_prep.errors import InputError
from pipeline.dag import node_ids
from pipeline.dag.code_version import code_version, udf_path
from trainer.config import CODE_VERSION, SETTINGS, TrainerConfig
from trainer.data.training_inputs import tuned
from trainer.tuning.config import TunerConfig

KEY = "tuner.best_hyperparameters"


class SearchNode(NamedTuple):
    """A search, or the importer of the result of an earlier one, and its output channels."""

    node: BaseNode
    best_hyperparameters: Any
    trials: Any = None  # None where the search was another run's


def search_node(
    config: TunerConfig,
    trainer_config: TrainerConfig,
    examples: Any,
    transform: BaseNode,
    root: str,
) -> SearchNode | None:
    """Returns the node that the config asks for, or None where the Trainer's values are configured.
    The trials of a search lie below `root`. InputError for values that the trainer's config cannot
    take."""
    if config.best_hyperparameters:
        node = _import(config, trainer_config)
        return SearchNode(node, node.outputs["result"])
    if not config.enabled:
        return None
    # It takes seconds to load, which a run without a search need not wait for.
    from trainer.tuner_fn import TRIALS_ROOT, TUNER, tuner_fn

    node = TrialsTuner(
        examples=examples,
        transform_graph=transform.outputs["transform_graph"],
        tuner_fn=udf_path(tuner_fn),
        custom_config={
            SETTINGS: trainer_config.to_json(),
            TUNER: json.dumps(to_dict(config), sort_keys=True),
            # What trials are made by: an edit begins a new search.
            CODE_VERSION: code_version(tuner_fn.__module__, "trainer.tuning.trial", by_name=True),
            "component_code_version": code_version("components.tuner.executor"),
            TRIALS_ROOT: os.path.join(root, "trials"),
        },
        parallel_trials=config.parallel_trials,
    ).with_id(node_ids.TUNER)
    return SearchNode(node, node.outputs["best_hyperparameters"], node.outputs["trials"])


def _import(config: TunerConfig, trainer_config: TrainerConfig) -> BaseNode:
    uri = config.best_hyperparameters
    properties = {}
    if "://" not in uri:
        uri = os.path.abspath(uri)
        content, values = _read(uri)
        tuned(trainer_config, values, config.overrides.as_dict())
        properties = {"sha256": hashlib.sha256(content).hexdigest()}  # other contents, other key
    return tfx.dsl.Importer(
        source_uri=uri,
        artifact_type=tfx.types.standard_artifacts.HyperParameters,
        custom_properties=properties,
    ).with_id(node_ids.BEST_HYPERPARAMETERS)


def _read(directory: str) -> tuple[bytes, Any]:
    """Returns the contents of the one file in a directory, as bytes and parsed."""
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    if len(names) != 1:
        raise InputError(
            f"{KEY}: got {directory!r}, allowed: the directory that a Tuner wrote, which holds "
            "one file; summary.json names it"
        )
    with open(os.path.join(directory, names[0]), "rb") as file:
        content = file.read()
    try:
        return content, json.loads(content)
    except ValueError as error:
        raise InputError(f"{KEY}: no JSON in {directory} ({error})") from None
