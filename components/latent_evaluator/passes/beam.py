"""The passes of a model over the shards of a split, on Beam: each image is encoded once."""

from __future__ import annotations

import dataclasses
import functools
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.transforms.core import CallableWrapperCombineFn
from apache_beam.utils import shared
from tfx.utils import io_utils

from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.passes.score_accumulator import ScoreAccumulator
from components.latent_evaluator.passes.scoring import score
from trainer.config import ImageShape
from trainer.data.records import Records, membership, read_records
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
        return _Pass(self.files, _Shard(self.image, model_dir, self._score), self._merge)

    def _score(self, model: LoadedModel, shard: Iterator[Records]) -> ScoreAccumulator:
        accumulator = self._merge([])
        for records in shard:
            accumulator.add(score(model, records, self.seed))
        return accumulator

    def _merge(self, accumulators: Iterable[ScoreAccumulator]) -> ScoreAccumulator:
        merged = ScoreAccumulator(self.images_per_label, self.max_images)
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged


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
        return _Pass(self.files, _Shard(self.image, model_dir, self._moments), _merged)

    def _moments(self, model: LoadedModel, shard: Iterator[Records]) -> Moments | None:
        moments = None
        for records in shard:
            member = membership(records, self.attributes, self.labels)
            groups = np.concatenate([member, ~member], axis=1)
            moments = _merged([moments, Moments.of(model.encode(records)[0], groups)])
        return moments


def _merged(parts: Iterable[Moments | None]) -> Moments | None:
    known = [part for part in parts if part is not None]
    return functools.reduce(Moments.merge, known) if known else None


def run_passes(
    make_pipeline: Callable[[], beam.Pipeline],
    folder: str,
    scoring: Scoring,
    latents: LatentMoments,
    models: Mapping[str, str],
) -> tuple[dict[str, ScoreAccumulator], Moments | None]:
    """Scores every model, and takes the moments of `candidate`, in one Beam job.

    Args:
      make_pipeline: returns an empty pipeline.
      folder: a temporary one, in which the job leaves its results.
      models: name -> directory of the full model.

    Returns:
      The accumulators by the model's name, and the moments, which are None without attributes and
      labels, and without images.
    """
    results: dict[str, beam.PCollection] = {}
    with make_pipeline() as pipeline:
        for name, directory in models.items():
            results[name] = pipeline | f"Score[{name}]" >> scoring.of(directory)
        if latents.attributes or latents.labels:
            results[MOMENTS] = pipeline | "Latents" >> latents.of(models["candidate"])
        paths = {name: os.path.join(folder, f"{name}.pickle") for name in results}
        for name, result in results.items():
            _ = result | f"Write[{name}]" >> beam.Map(_write_pickle, paths[name])
    values = {name: pickle.loads(io_utils.read_bytes_file(paths[name])) for name in paths}
    return {name: values[name] for name in models}, values.get(MOMENTS)


def _write_pickle(value: Any, path: str) -> None:
    io_utils.write_bytes_file(path, pickle.dumps(value))


class _Pass(beam.PTransform):
    """A pass over shards: `work` on each, then `merge` of the results."""

    def __init__(
        self, files: tuple[str, ...], work: _Shard, merge: Callable[[Iterable[Any]], Any]
    ) -> None:
        super().__init__()
        self._files, self._work, self._merge = files, work, merge

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | "ListShards" >> beam.Create(self._files)
            | "SpreadShards" >> beam.Reshuffle()
            | "ReadShards" >> beam.ParDo(self._work)
            # A buffer of one: accumulators are large.
            | "Merge" >> beam.CombineGlobally(CallableWrapperCombineFn(self._merge, 1))
        )


class _Shard(beam.DoFn):
    """The work on one shard, path -> result: few, large elements, as TensorFlow reads records."""

    def __init__(
        self,
        image: ImageShape,
        model_dir: str,
        work: Callable[[LoadedModel, Iterator[Records]], Any],
    ) -> None:
        self._image, self._model_dir, self._work = image, model_dir, work
        self._shared = shared.Shared()
        self._model: LoadedModel | None = None

    def setup(self) -> None:
        self._model = self._shared.acquire(lambda: LoadedModel(self._model_dir))

    def process(self, path: str) -> Iterator[Any]:
        assert self._model is not None
        yield self._work(self._model, read_records([path], self._image.as_tuple))
