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

    @property
    def train_records(self) -> int:
        return self.records["train"]

    @property
    def eval_records(self) -> int:
        return self.records["eval"]

    def source(self, transform: tft.TFTransformOutput, split: str) -> DataSplit:
        """Returns the `train` or the `eval` split as a source of a data set."""
        return DataSplit(
            patterns=self.patterns[split],
            records=self.records[split],
            image=self.config.image,
            transform=transform,
            features=_features(self.config),
        )


def check_inputs(fn_args: Any) -> TrainingInputs:
    """Reads the config and the manifest, and refuses a config that does not fit the data.

    Raises:
      InputError: naming the key, the value and what the data allows.
    """
    custom_config = fn_args.custom_config or {}
    config = tuned(
        TrainerConfig.from_json(custom_config.get(SETTINGS)),
        getattr(fn_args, "hyperparameters", None),
        custom_config.get(OVERRIDES),
    )
    for key in ("train_steps", "eval_steps"):
        require(
            not getattr(fn_args, key, None),
            key,
            getattr(fn_args, key, None),
            "unset; train.epochs says how long to train",
        )
    patterns = {"train": tuple(fn_args.train_files), "eval": tuple(fn_args.eval_files or ())}
    directory = os.path.dirname(os.path.dirname(patterns["train"][0]))
    manifest = read_manifest(directory)
    records = {side: _records(manifest, files) for side, files in patterns.items()}
    check_data(config, manifest, records)
    return TrainingInputs(
        config=dataclasses.replace(
            config, labels=tuple(manifest.labels), attributes=tuple(manifest.attributes)
        ),
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
      config: before the search.
      hyperparameters: the config of a keras_tuner.HyperParameters, as a Tuner writes it.
      overrides: values by the names in `trainer.config.hyperparameters.SEARCHED`.

    Raises:
      InputError: where they hold a value that the config cannot take.
    """
    values = (hyperparameters or {}).get("values")
    require(
        hyperparameters is None or isinstance(values, Mapping),
        "tuner.best_hyperparameters",
        hyperparameters,
        "what a Tuner writes: a mapping with values",
    )
    try:
        return with_values(config, {**(values or {}), **(overrides or {})})
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"tuner.best_hyperparameters: {error}") from None


def check_data(config: TrainerConfig, manifest: Manifest, records: dict[str, int]) -> None:
    """Refuses a config that the data cannot serve. `records` counts "train" and "eval"."""
    check_shape(config, DataShape.of_manifest(manifest))
    train = config.train
    if not records["train"]:
        raise InputError("examples: the train split is empty")
    require(
        train.batch_size <= records["train"],
        "train.batch_size",
        train.batch_size,
        f"at most the {records['train']} records of the train split",
    )
    require(
        not train.early_stopping_patience or records["eval"] > 0,
        "train.early_stopping_patience",
        train.early_stopping_patience,
        "0 where the eval split is empty",
    )


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


def _features(config: TrainerConfig) -> tuple[str, ...]:
    condition = CONDITION_FEATURES.get(config.model.condition)
    return (names.IMAGE,) if condition is None else (names.IMAGE, condition)


def _records(manifest: Manifest, patterns: tuple[str, ...]) -> int:
    """Counts the records of the manifest's shards in the folders that the patterns name."""
    folders = {os.path.basename(os.path.dirname(pattern)) for pattern in patterns}
    return sum(
        shard["records"]
        for shard in manifest.shards
        if os.path.basename(os.path.dirname(shard["path"])) in folders
    )
