"""The typed configuration of a run: presets, YAML files and `--set` overrides.

Standard library, PyYAML and the light modules of the packages below only, so that a wrong
key is refused in milliseconds, before TensorFlow is loaded.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml

from components.latent_evaluator.config import EvaluationConfig
from components.span_drift.config import DriftConfig
from data_prep.config import ImageSide, PrepConfig, SampleConfig
from data_prep.config_base import AtLeast, Config, OneOf, parse, require
from data_prep.errors import InputError
from data_prep.source_registry import GeneratedSource, source_names, sources
from data_prep.span_patterns import MOST_SPANS, check_patterns, has_span
from pipeline.config.cloud_names import Form
from pipeline.config.cluster import ClusterConfig
from trainer.config import ImageShape, ModelConfig, TrainConfig, TrainerConfig
from trainer.data.shape import DataShape, check_shape
from trainer.tuning.config import TunerConfig, check_tuner

T = TypeVar("T")
PRESETS = Path(__file__).parents[1] / "presets"
PREPARED = "prepared"
_NAME = Form(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]+", "letters, digits, - and _")


def data_sources() -> tuple[str, ...]:
    """Returns the names that `data.source` may have."""
    return *source_names(), PREPARED


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataConfig(PrepConfig):
    """The data of a run: the config of the preparation, and

    source: one of the preparation's, or `prepared`: a directory made by `latentforge prep`.
    input: globs on any filesystem Beam reads; for `prepared` that one directory; empty for
      `sample`. Relative paths are relative to the working directory.
    window: the number of newest spans to train on, where the input holds {SPAN} or a date.
    workers: processes of the preparation; 0: one for each core. Shapes no data.
    """

    source: Annotated[str, OneOf(data_sources)]
    input: tuple[str, ...] = ()
    image_size: ImageSide = 32
    window: int = 1
    workers: Annotated[int, AtLeast(0, "0 (one for each core) or more")] = 0
    sample: SampleConfig = dataclasses.field(default_factory=SampleConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_spans()
        if self.source == PREPARED:
            require(len(self.input) == 1, "input", list(self.input), "one prepared directory")
            self._refuse_prep_fields()
        elif self.generated_source:
            allowed = f"nothing with source {self.source}"
            require(not self.input, "input", list(self.input), allowed)
        else:
            allowed = f"one or more globs with source {self.source}, "
            allowed += "e.g. --set data.input='drawings/*.bin'"
            require(bool(self.input) and all(self.input), "input", list(self.input), allowed)

    @property
    def generated_source(self) -> GeneratedSource | None:
        """The source, where its files are written here."""
        source = sources().get(self.source)
        return source if isinstance(source, GeneratedSource) else None

    @property
    def has_spans(self) -> bool:
        """True where the input grows by spans."""
        return any(has_span(path) for path in (*self.input, *self.lists))

    def _check_spans(self) -> None:
        allowed = f"1 to {MOST_SPANS}" if self.has_spans else "1 without {SPAN} in data.input"
        most = MOST_SPANS if self.has_spans else 1
        require(1 <= self.window <= most, "window", self.window, allowed)
        if self.has_spans:
            allowed = f"raw files; no {{SPAN}} with source {PREPARED}"
            require(self.source != PREPARED, "input", list(self.input), allowed)
            check_patterns([*self.input, *self.lists])

    def _refuse_prep_fields(self) -> None:
        for field in dataclasses.fields(PrepConfig):
            value = getattr(self, field.name)
            default = type(self).__dataclass_fields__[field.name].default
            if field.name != "source" and value != default:
                raise InputError(
                    f"{field.name}: got {value!r}, allowed: nothing with source {PREPARED}, "
                    "whose data set is made already"
                )

    def prep_config(self) -> PrepConfig:
        """Returns the part that shapes the prepared data."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(PrepConfig)}
        return PrepConfig(**values).with_absolute_lists()

    @property
    def own_size(self) -> bool:
        """True where the images have a size of their own, which only the files tell."""
        return self.source == PREPARED or sources()[self.source].own_size

    def image_shape(self) -> ImageShape:
        """Returns the shape of the prepared images, as far as the config has it."""
        height, width, channels = sources()[self.source].image_shape(self)
        return ImageShape(height=height, width=width, channels=channels)

    def worker_processes(self) -> int:
        """Returns the number of processes of the preparation."""
        return self.workers or len(os.sched_getaffinity(0))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PipelineConfig(Config):
    """The config of a run: its data, model, training, and the conditions for a push."""

    name: Annotated[str, _NAME]
    data: DataConfig
    description: str = ""
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    evaluation: EvaluationConfig = dataclasses.field(default_factory=EvaluationConfig)
    tuner: TunerConfig = dataclasses.field(default_factory=TunerConfig)
    drift: DriftConfig = dataclasses.field(default_factory=DriftConfig)
    cluster: ClusterConfig = dataclasses.field(default_factory=ClusterConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data.own_size:
            try:
                trainer = self.trainer_config(self.data.image_shape())
            except InputError as error:
                raise InputError(f"data.image_size: {error}") from None
            check_tuner(self.tuner, trainer)

    def trainer_config(self, image: ImageShape) -> TrainerConfig:
        """Returns the trainer's part; InputError where images of that shape do not fit it."""
        return TrainerConfig(image=image, model=self.model, train=self.train)


def check_against_data(config: PipelineConfig, shape: DataShape) -> TrainerConfig:
    """Refuses a config that the data cannot serve, before any node runs; returns the trainer's
    config for its images.

    What the config alone tells was refused when it was loaded. What only reading the data tells
    (an empty split, a label without images) is refused by the trainer's first statement.
    """
    trainer = config.trainer_config(shape.image)
    check_shape(trainer, shape)
    check_tuner(config.tuner, trainer, shape)
    if shape.labels is not None:
        config.evaluation.check_names(shape.attributes, shape.labels)
    return trainer


def preset_names() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def load_config(name_or_path: str, overrides: Sequence[str] = ()) -> PipelineConfig:
    """Reads a preset or a YAML file and applies "key.sub=value" overrides, whose values are YAML.

    Raises:
      InputError: naming the file, key or value, and what is allowed.
    """
    values = _read(name_or_path)
    for override in overrides:
        _override(values, override)
    data = values.get("data")
    if isinstance(data, dict) and isinstance(data.get("input"), str):
        data["input"] = [data["input"]]
    return parse(PipelineConfig, values)


def _read(name_or_path: str) -> dict[str, Any]:
    preset = PRESETS / f"{name_or_path}.yaml"
    path = preset if name_or_path in preset_names() else Path(name_or_path)
    if not path.is_file():
        raise InputError(
            f"config: got {name_or_path!r}, allowed: {', '.join(preset_names())}, "
            "or the path of a YAML file"
        )
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping at the top, got {type(values).__name__}")
    values.setdefault("name", path.stem)
    return values


def read_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None


def parse_file(cls: type[T], path: Path) -> T:
    """Reads a config from a YAML file; InputError names the file, the key and what is allowed."""
    values = read_yaml(path)
    try:
        return parse(cls, values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        raise InputError(f"--set: got {override!r}, allowed: key.sub=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text  # a glob may begin with *, which is an alias to YAML
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise InputError(f"--set: {key}: {parent} holds no keys")
    values[last] = value
