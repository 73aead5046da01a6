"""The passes of a model over the shards of a split, on Beam: each image is encoded once."""

from __future__ import annotations

import dataclasses
import functools
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.utils import shared
from tfx.dsl.io import fileio

from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.passes.score_accumulator import ScoreAccumulator
from trainer.config import ImageShape
from trainer.data.records import Records, membership, noise_for, read_records
from trainer.export.loaded import LoadedModel

MOMENTS = "moments"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scoring:
    """The pass that scores the images of a split by a model.

    files: gzip TFRecord shards of the split.
    seed: of the latent noise, which is a function of it and of an image's key.
    images_per_label, max_images: see `ScoreAccumulator`.
    """

    files: tuple[str, ...]
    image: ImageShape
    seed: int
    images_per_label: int
    max_images: int = 0

    def of(self, model_dir: str) -> beam.PTransform:
        """Returns Pipeline -> PCollection of one ScoreAccumulator."""
        empty = functools.partial(ScoreAccumulator, self.images_per_label, self.max_images)
        work = functools.partial(_score, self, empty)
        return _Pass(self.files, self.image, model_dir, work, _MergeScores(empty))


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentMoments:
    """The pass that takes the moments of z_mean of every attribute and label at once."""

    files: tuple[str, ...]
    image: ImageShape
    attributes: tuple[str, ...]
    labels: tuple[str, ...]

    def of(self, model_dir: str) -> beam.PTransform:
        """Returns Pipeline -> PCollection of one Moments | None (None without images).

        The groups of the moments are the images with each attribute and label, then those
        without each.
        """
        work = functools.partial(_moments_of, self)
        return _Pass(self.files, self.image, model_dir, work, _MergeMoments())


class Passes(NamedTuple):
    """The outcome of all passes: accumulators by the model's name, and the candidate's moments,
    which are None without attributes and labels, and without images."""

    accumulators: dict[str, ScoreAccumulator]
    moments: Moments | None


def run_passes(
    make_pipeline: Callable[[], beam.Pipeline],
    folder: str,
    scoring: Scoring,
    latents: LatentMoments,
    models: Mapping[str, str],
) -> Passes:
    """Scores every model, and takes the moments of `candidate`, in one Beam job.

    Args:
      make_pipeline: returns an empty pipeline.
      folder: a temporary one, in which the job leaves its results.
      models: name -> directory of the full model.
    """
    fileio.makedirs(folder)
    results: dict[str, beam.PCollection] = {}
    with make_pipeline() as pipeline:
        for name, directory in models.items():
            results[name] = pipeline | f"Score[{name}]" >> scoring.of(directory)
        if latents.attributes or latents.labels:
            results[MOMENTS] = pipeline | "Latents" >> latents.of(models["candidate"])
        for name, result in results.items():
            _ = result | f"Write[{name}]" >> beam.Map(_write_pickle, _pickle_path(folder, name))
    values = {name: _read_pickle(_pickle_path(folder, name)) for name in results}
    return Passes({name: values[name] for name in models}, values.get(MOMENTS))


def _pickle_path(folder: str, name: str) -> str:
    return os.path.join(folder, f"{name}.pickle")


def _write_pickle(value: Any, path: str) -> None:
    with fileio.open(path, "wb") as file:
        file.write(pickle.dumps(value))


def _read_pickle(path: str) -> Any:
    """Reads what this very run wrote to its own temporary folder."""
    with fileio.open(path, "rb") as file:
        return pickle.loads(file.read())


def _score(
    scoring: Scoring,
    empty: Callable[[], ScoreAccumulator],
    model: LoadedModel,
    shard: Iterator[Records],
) -> ScoreAccumulator:
    accumulator = empty()
    for records in shard:
        noise = np.stack([noise_for(key, scoring.seed, model.latent_dim) for key in records.keys])
        accumulator.add(model.score(records, noise))
    return accumulator


def _moments_of(
    latents: LatentMoments, model: LoadedModel, shard: Iterator[Records]
) -> Moments | None:
    moments = None
    for records in shard:
        z_mean, _ = model.encode(records)
        member = membership(records, latents.attributes, latents.labels)
        groups = np.concatenate([member, ~member], axis=1)
        moments = _merged(moments, Moments.of(z_mean, groups))
    return moments


def _merged(one: Moments | None, other: Moments | None) -> Moments | None:
    return other if one is None else one if other is None else one.merge(other)


class _Pass(beam.PTransform):
    """A pass of a model over shards: `work` on each, then `merge` of the results."""

    def __init__(
        self,
        files: tuple[str, ...],
        image: ImageShape,
        model_dir: str,
        work: Callable[[LoadedModel, Iterator[Records]], Any],
        merge: beam.CombineFn,
    ) -> None:
        super().__init__()
        self._files, self._merge = files, merge
        self._do_fn = _Shard(image, model_dir, work)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | "ListShards" >> beam.Create(self._files)
            | "SpreadShards" >> beam.Reshuffle()
            | "ReadShards" >> beam.ParDo(self._do_fn)
            | "Merge" >> beam.CombineGlobally(self._merge)
        )


class _Shard(beam.DoFn):
    """The work on one shard, path -> result: few, large elements, as TensorFlow reads records."""

    def __init__(
        self,
        image: ImageShape,
        model_dir: str,
        work: Callable[[LoadedModel, Iterator[Records]], Any],
    ) -> None:
        self._image = image
        self._model_dir = model_dir
        self._work = work
        self._shared = shared.Shared()
        self._model: LoadedModel | None = None

    def setup(self) -> None:
        self._model = self._shared.acquire(lambda: LoadedModel(self._model_dir))

    def process(self, path: str) -> Iterator[Any]:
        assert self._model is not None
        yield self._work(self._model, read_records([path], self._image.as_tuple))


class _MergeScores(beam.CombineFn):
    def __init__(self, empty: Callable[[], ScoreAccumulator]) -> None:
        super().__init__()
        self._empty = empty

    def create_accumulator(self) -> ScoreAccumulator:
        return self._empty()

    def add_input(
        self, accumulator: ScoreAccumulator, element: ScoreAccumulator
    ) -> ScoreAccumulator:
        accumulator.merge(element)
        return accumulator

    def merge_accumulators(self, accumulators: list[ScoreAccumulator]) -> ScoreAccumulator:
        merged = self._empty()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: ScoreAccumulator) -> ScoreAccumulator:
        return accumulator


class _MergeMoments(beam.CombineFn):
    def create_accumulator(self) -> Moments | None:
        return None

    def add_input(self, accumulator: Moments | None, element: Moments | None) -> Moments | None:
        return _merged(accumulator, element)

    def merge_accumulators(self, accumulators: list[Moments | None]) -> Moments | None:
        return functools.reduce(_merged, accumulators, None)

    def extract_output(self, accumulator: Moments | None) -> Moments | None:
        return accumulator
