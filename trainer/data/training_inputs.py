"""What the trainer is given, checked against the settings before anything else happens."""

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
    """Settings and splits that fit each other."""

    settings: TrainerConfig  # with the names of the data's labels and attributes
    patterns: dict[str, tuple[str, ...]]  # "train", "eval" -> file patterns
    records: dict[str, int]
    data_version: str  # changes with the contents of the data
    spans: tuple[dict[str, Any], ...] = ()  # as the manifest has them

    @property
    def train_records(self) -> int:
        return self.records["train"]

    @property
    def eval_records(self) -> int:
        return self.records["eval"]

    def source(self, transform: tft.TFTransformOutput, split: str) -> DataSplit:
        """The `train` or the `eval` side as a data set source."""
        return DataSplit(
            patterns=self.patterns[split],
            records=self.records[split],
            image=self.settings.image,
            transform=transform,
            features=_features(self.settings),
        )


def check_inputs(fn_args: Any) -> TrainingInputs:
    """Reads the settings and the manifest, and refuses what does not fit.

    Raises:
      InputError: naming the key, the value and what the data allows.
    """
    config = fn_args.custom_config or {}
    settings = tuned(
        TrainerConfig.from_json(config.get(SETTINGS)),
        getattr(fn_args, "hyperparameters", None),
        config.get(OVERRIDES),
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
    check_settings(settings, manifest, records)
    return TrainingInputs(
        settings=dataclasses.replace(
            settings, labels=tuple(manifest.labels), attributes=tuple(manifest.attributes)
        ),
        patterns=patterns,
        records=records,
        data_version=manifest_sha256(directory),
        spans=manifest.spans,
    )


def tuned(
    settings: TrainerConfig,
    hyperparameters: Mapping[str, Any] | None,
    overrides: Mapping[str, Any] | None,
) -> TrainerConfig:
    """The settings with what a search found on top, and the overrides on top of that.

    Args:
      settings: as configured.
      hyperparameters: the config of a keras_tuner.HyperParameters, as a Tuner writes it.
      overrides: values by the names in `trainer.config.hyperparameters.SEARCHED`.

    Raises:
      InputError: where they hold a value that these settings cannot take.
    """
    found = (hyperparameters or {}).get("values")
    require(
        hyperparameters is None or isinstance(found, Mapping),
        "tuner.best_hyperparameters",
        hyperparameters,
        "what a Tuner writes: a mapping with values",
    )
    try:
        return with_values(settings, {**(found or {}), **(overrides or {})})
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"tuner.best_hyperparameters: {error}") from None


def check_settings(settings: TrainerConfig, manifest: Manifest, records: dict[str, int]) -> None:
    """Refuses settings that the data cannot serve. `records` counts "train" and "eval"."""
    check_shape(settings, DataShape.of_manifest(manifest))
    train = settings.train
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


def check_vocabulary(settings: TrainerConfig, transform: tft.TFTransformOutput) -> None:
    """Refuses data whose train split lacks words: their numbers would be other words'.

    `settings` name the data's labels.
    """
    from_data = transform.vocabulary_file_by_name(names.LABEL) is not None
    if settings.model.condition != "label" or not from_data:
        return
    known = {word.decode() for word in transform.vocabulary_by_name(names.LABEL)}
    missing = [word for word in settings.labels if word not in known]
    if missing:
        raise InputError(
            f"examples: no image of {', '.join(missing)} in the train split, which a model with "
            "model.condition label has to learn"
        )


def _features(settings: TrainerConfig) -> tuple[str, ...]:
    condition = CONDITION_FEATURES.get(settings.model.condition)
    return (names.IMAGE,) if condition is None else (names.IMAGE, condition)


def _records(manifest: Manifest, patterns: tuple[str, ...]) -> int:
    """Records in the split folders that the patterns name, by the manifest's shards."""
    folders = {os.path.basename(os.path.dirname(pattern)) for pattern in patterns}
    return sum(
        shard["records"]
        for shard in manifest.shards
        if os.path.basename(os.path.dirname(shard["path"])) in folders
    )
