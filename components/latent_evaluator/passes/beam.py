"""The passes of a model over the shards of a split, on Beam: each image is encoded once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.utils import shared

from components.latent_evaluator.passes.moments import Moments
from components.latent_evaluator.passes.tally import ScoreAccumulator
from trainer.config import ImageShape
from trainer.data.records import Records, membership, noise_for, read_records
from trainer.export.loaded import LoadedModel


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scoring:
    """What every model of a run is measured on."""

    files: tuple[str, ...]  # gzip TFRecord shards
    image: ImageShape
    seed: int
    images_per_label: int
    max_images: int = 0  # of which everything is kept

    def of(self, model_dir: str) -> beam.PTransform:
        """Pipeline -> PCollection of one Tally."""
        empty = partial(ScoreAccumulator, self.images_per_label, self.max_images)
        work = partial(_tally_of, self, empty)
        return _Pass(self.files, self.image, model_dir, work, _TallyUp(empty))


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentMoments:
    """The moments of z_mean of every attribute and label at once."""

    files: tuple[str, ...]
    image: ImageShape
    attributes: tuple[str, ...]
    labels: tuple[str, ...]

    def of(self, model_dir: str) -> beam.PTransform:
        """Pipeline -> PCollection of one Moments | None (None without images).

        Its groups: the images with each attribute and label, then those without each.
        """
        work = partial(_moments_of, self)
        return _Pass(self.files, self.image, model_dir, work, _MergeMoments())


def _tally_of(
    scoring: Scoring,
    empty: Callable[[], ScoreAccumulator],
    model: LoadedModel,
    shard: Iterator[Records],
) -> ScoreAccumulator:
    tally = empty()
    for records in shard:
        noise = np.stack([noise_for(key, scoring.seed, model.latent_dim) for key in records.keys])
        tally.add(model.score(records, noise))
    return tally


def _moments_of(
    wanted: LatentMoments, model: LoadedModel, shard: Iterator[Records]
) -> Moments | None:
    found = None
    for records in shard:
        z_mean, _ = model.encode(records)
        member = membership(records, wanted.attributes, wanted.labels)
        found = _together(found, Moments.of(z_mean, np.concatenate([member, ~member], axis=1)))
    return found


def _together(one: Moments | None, other: Moments | None) -> Moments | None:
    return other if one is None else one if other is None else one.merge(other)


class _Pass(beam.PTransform):
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
    """Path of a shard -> what it amounts to. Few, large elements: TensorFlow reads records."""

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


class _TallyUp(beam.CombineFn):
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
        for tally in accumulators:
            merged.merge(tally)
        return merged

    def extract_output(self, accumulator: ScoreAccumulator) -> ScoreAccumulator:
        return accumulator


class _MergeMoments(beam.CombineFn):
    def create_accumulator(self) -> Moments | None:
        return None

    def add_input(self, accumulator: Moments | None, element: Moments | None) -> Moments | None:
        return _together(accumulator, element)

    def merge_accumulators(self, accumulators: list[Moments | None]) -> Moments | None:
        merged = None
        for each in accumulators:
            merged = _together(merged, each)
        return merged

    def extract_output(self, accumulator: Moments | None) -> Moments | None:
        return accumulator
