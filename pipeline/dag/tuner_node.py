"""The optional part of the DAG where the Trainer's hyper-parameters come from."""

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
from pipeline.dag.code_version import code_version, udf_path
from trainer.config import CODE_VERSION, SETTINGS, TrainerConfig
from trainer.data.training_inputs import tuned
from trainer.tuning.config import TunerConfig

KEY = "tuner.best_hyperparameters"
SHA256 = "sha256"


class SearchNode(NamedTuple):
    """node: a search, or the importer of what one found before."""

    node: BaseNode
    best_hyperparameters: Any  # the channel
    trials: Any = None  # the channel; None where the search was another run's


def search_node(
    config: TunerConfig,
    settings: TrainerConfig,
    examples: Any,
    transform: BaseNode,
    trials_root: str,
) -> SearchNode | None:
    """The node that the config asks for; None where the Trainer's values are the configured ones.

    Raises:
      InputError: where best_hyperparameters names nothing that these settings can take.
    """
    if config.best_hyperparameters:
        node = _import(config, settings)
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
            SETTINGS: settings.to_json(),
            TUNER: json.dumps(to_dict(config), sort_keys=True),
            # What trials are made by: an edit begins a new search.
            CODE_VERSION: code_version(tuner_fn.__module__, "trainer.tuning.trial"),
            "component_code_version": code_version("components.tuner.executor"),
            TRIALS_ROOT: trials_root,
        },
        parallel_trials=config.parallel_trials,
    ).with_id("Tuner")
    return SearchNode(node, node.outputs["best_hyperparameters"], node.outputs["trials"])


def _import(config: TunerConfig, settings: TrainerConfig) -> BaseNode:
    uri = config.best_hyperparameters
    properties = {}
    if "://" not in uri:
        uri = os.path.abspath(uri)
        content = _read(uri)
        tuned(settings, _parsed(content, uri), config.overrides.given())
        properties = {SHA256: hashlib.sha256(content).hexdigest()}  # other contents, other key
    return tfx.dsl.Importer(
        source_uri=uri,
        artifact_type=tfx.types.standard_artifacts.HyperParameters,
        custom_properties=properties,
    ).with_id("BestHyperparameters")


def _read(directory: str) -> bytes:
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    if len(names) != 1:
        raise InputError(
            f"{KEY}: got {directory!r}, allowed: the directory that a Tuner wrote, which holds "
            "one file; summary.json names it"
        )
    with open(os.path.join(directory, names[0]), "rb") as file:
        return file.read()


def _parsed(content: bytes, directory: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise InputError(f"{KEY}: no JSON in {directory} ({error})") from None
