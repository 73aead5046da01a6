"""What the trainer is given, checked against the settings before anything else happens."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import tensorflow_transform as tft

from data_prep import features as names
from data_prep.errors import InputError
from data_prep.manifest import Manifest, manifest_sha256, read_manifest
from data_prep.settings import require
from trainer.dataset import RAW_FEATURES, Source
from trainer.hparams import SETTINGS, TrainerSettings
from trainer.models import MODELS
from trainer.preprocessing import LABEL_INDEX, LABEL_ONEHOT


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingInputs:
    """Settings and splits that fit each other."""

    settings: TrainerSettings
    labels: tuple[str, ...]  # sorted words of the data, empty where it has none
    patterns: dict[str, tuple[str, ...]]  # "train", "eval" -> file patterns
    records: dict[str, int]
    data_version: str  # changes with the contents of the data

    @property
    def train_records(self) -> int:
        return self.records["train"]

    @property
    def eval_records(self) -> int:
        return self.records["eval"]

    def source(self, transform: tft.TFTransformOutput, split: str) -> Source:
        """The `train` or the `eval` side as a data set source."""
        return Source(
            patterns=self.patterns[split],
            records=self.records[split],
            image=self.settings.image,
            transform=transform,
            features=(names.IMAGE, *MODELS[self.settings.model.family].features),
        )


def check_inputs(fn_args: Any) -> TrainingInputs:
    """Reads the settings and the manifest, and refuses what does not fit.

    Raises:
      InputError: naming the key, the value and what the data allows.
    """
    settings = TrainerSettings.from_json((fn_args.custom_config or {}).get(SETTINGS))
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
        settings=settings,
        labels=tuple(manifest.labels),
        patterns=patterns,
        records=records,
        data_version=manifest_sha256(directory),
    )


def check_settings(settings: TrainerSettings, manifest: Manifest, records: dict[str, int]) -> None:
    """Refuses settings that the data cannot serve. `records` counts "train" and "eval"."""
    for name in ("height", "width", "channels"):
        wanted, found = getattr(settings.image, name), getattr(manifest.image, name)
        require(wanted == found, f"image.{name}", wanted, f"{found}, as the data was prepared")
    require(
        not settings.labels or settings.labels == tuple(manifest.labels),
        "labels",
        settings.labels,
        f"the words of the data: {', '.join(manifest.labels) or 'none'}",
    )
    needs = set(MODELS[settings.model.family].features)
    for feature, found in {
        LABEL_INDEX: manifest.labels,
        LABEL_ONEHOT: manifest.labels,
        names.ATTRIBUTES: manifest.attributes,
    }.items():
        require(
            feature not in needs or bool(found),
            "model.family",
            settings.model.family,
            f"a family that needs no {RAW_FEATURES[feature]}: the data has none",
        )
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


def _records(manifest: Manifest, patterns: tuple[str, ...]) -> int:
    """Records in the split folders that the patterns name, by the manifest's shards."""
    folders = {os.path.basename(os.path.dirname(pattern)) for pattern in patterns}
    return sum(
        shard["records"]
        for shard in manifest.shards
        if os.path.basename(os.path.dirname(shard["path"])) in folders
    )
