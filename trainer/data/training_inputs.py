"""The inputs of a training: its config and its data, checked against each other."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import tensorflow_transform as tft

from data_prep import features as names
from data_prep.config_base import require
from data_prep.errors import InputError
from data_prep.manifest import Manifest, manifest_sha256, read_manifest
from trainer.config import CONDITION_FEATURES, OVERRIDES, SETTINGS, TrainerConfig
from trainer.config.hyperparameters import with_values
from trainer.data.dataset import DataSplit
from trainer.data.shape import DataShape, check_shape


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingInputs:
    """A config and splits that fit each other."""

    config: TrainerConfig  # with the names of the data's labels and attributes
    patterns: dict[str, tuple[str, ...]]  # "train", "eval" -> file patterns
    records: dict[str, int]
    data_version: str  # changes with the contents of the data
    spans: tuple[dict[str, Any], ...] = ()  # from the manifest

    def source(self, transform: tft.TFTransformOutput, split: str) -> DataSplit:
        """Returns the `train` or the `eval` split as a source of a data set."""
        condition = CONDITION_FEATURES.get(self.config.model.condition)
        return DataSplit(
            patterns=self.patterns[split],
            records=self.records[split],
            image=self.config.image,
            transform=transform,
            features=(names.IMAGE, condition) if condition else (names.IMAGE,),
        )


def check_inputs(fn_args: Any) -> TrainingInputs:
    """Reads the config and the manifest, and refuses a config that does not fit the data."""
    custom_config = fn_args.custom_config or {}
    config = tuned(
        TrainerConfig.from_json(custom_config.get(SETTINGS)),
        getattr(fn_args, "hyperparameters", None),
        custom_config.get(OVERRIDES),
    )
    for key in ("train_steps", "eval_steps"):
        steps = getattr(fn_args, key, None)
        require(not steps, key, steps, "unset; train.epochs says how long to train")
    patterns = {"train": tuple(fn_args.train_files), "eval": tuple(fn_args.eval_files or ())}
    directory = os.path.dirname(os.path.dirname(patterns["train"][0]))
    manifest = read_manifest(directory)
    records = {side: _records(manifest, files) for side, files in patterns.items()}
    check_data(config, manifest, records)
    labels, attributes = tuple(manifest.labels), tuple(manifest.attributes)
    return TrainingInputs(
        config=dataclasses.replace(config, labels=labels, attributes=attributes),
        patterns=patterns,
        records=records,
        data_version=manifest_sha256(directory),
        spans=manifest.spans,
    )


def tuned(
    config: TrainerConfig,
    hyperparameters: Mapping[str, Any] | None,
    overrides: Mapping[str, Any] | None,
) -> TrainerConfig:
    """Returns the config with the values of a search put in, and then the overrides.

    Args:
      hyperparameters: the config of a keras_tuner.HyperParameters, as a Tuner writes it.
      overrides: values by the names in `trainer.config.hyperparameters.SEARCHED`.
    """
    key, values = "tuner.best_hyperparameters", (hyperparameters or {}).get("values")
    found = hyperparameters is None or isinstance(values, Mapping)
    require(found, key, hyperparameters, "what a Tuner writes: a mapping with values")
    try:
        return with_values(config, {**(values or {}), **(overrides or {})})
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"{key}: {error}") from None


def check_data(config: TrainerConfig, manifest: Manifest, records: dict[str, int]) -> None:
    """Refuses a config that the data cannot serve. `records` counts "train" and "eval"."""
    check_shape(config, DataShape.of_manifest(manifest))
    if not records["train"]:
        raise InputError("examples: the train split is empty")
    size, patience = config.train.batch_size, config.train.early_stopping_patience
    words = f"at most the {records['train']} records of the train split"
    require(size <= records["train"], "train.batch_size", size, words)
    words = "0 where the eval split is empty"
    require(not patience or records["eval"] > 0, "train.early_stopping_patience", patience, words)


def check_vocabulary(config: TrainerConfig, transform: tft.TFTransformOutput) -> None:
    """Refuses data whose train split lacks words: their numbers would be other words'.

    `config` names the data's labels.
    """
    from_data = transform.vocabulary_file_by_name(names.LABEL) is not None
    if config.model.condition != "label" or not from_data:
        return
    known = {word.decode() for word in transform.vocabulary_by_name(names.LABEL)}
    missing = [word for word in config.labels if word not in known]
    if missing:
        raise InputError(
            f"examples: no image of {', '.join(missing)} in the train split, which a model with "
            "model.condition label has to learn"
        )


def _records(manifest: Manifest, patterns: tuple[str, ...]) -> int:
    """Counts the records of the manifest's shards in the folders that the patterns name."""
    folders = {os.path.basename(os.path.dirname(pattern)) for pattern in patterns}
    return sum(
        shard["records"]
        for shard in manifest.shards
        if os.path.basename(os.path.dirname(shard["path"])) in folders
    )
