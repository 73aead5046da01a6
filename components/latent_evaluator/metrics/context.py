"""The subjects of an evaluation: what all its models share, and each model with its outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from components.latent_evaluator.config import EvaluationConfig
from components.latent_evaluator.metrics.bootstrap import (
    Interval,
    mean_interval,
    percentile_interval,
    resample_counts,
    resampled_means,
)
from components.latent_evaluator.metrics.memorisation import TrainingNeighbours
from components.latent_evaluator.metrics.registry import Condition, Measurement, Row, metric
from components.latent_evaluator.passes.score_accumulator import ScoreAccumulator, split_scores
from trainer.data.records import Records
from trainer.export.loaded import LoadedDecoder, LoadedModel, encode_condition
from trainer.measures.feature_network import FeatureNetwork, Features

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class EvaluationContext:
    """The settings and data that every model of a run is evaluated with.

    attributes: the data's attributes, by name.
    extractor: the network that features come from; None: nothing is measured by features.
    factors: rows as `factors.read_factor_table` returns them; None where they are unknown.
    """

    config: EvaluationConfig
    attributes: tuple[str, ...]
    extractor: FeatureNetwork | None
    factors: dict[bytes, tuple[str, ...]] | None


class ImageFeatures(NamedTuple):
    """Features of real images, of samples of the prior and of reconstructions."""

    real: Features
    sampled: Features
    reconstructed: Features


@dataclasses.dataclass
class EvaluatedModel:
    """A model with its outputs on the split: what every metric is a function of.

    accumulator: sums over all images of the split, and columns of some of them.
    model: the full model.
    samples: images of the prior, uint8 [m, height, width, channels].
    sample_conditions: float32 [m, names], the samples' conditions; None of a model without.
    neighbours: of the samples among training and held-out images; None before they are searched,
      and where there are too few of either.
    train_nats: the cost of training images, float64 [n], as `nats`; None before they are scored,
      and where there are none.
    metrics: the values of metrics.json, once they are measured.
    draws: metrics under each resample of the images, by key, float64 [resamples], for paired
      comparisons with another model of the run.
    """

    context: EvaluationContext
    accumulator: ScoreAccumulator
    model: LoadedModel
    samples: np.ndarray
    sample_conditions: np.ndarray | None
    neighbours: TrainingNeighbours | None = None
    train_nats: np.ndarray | None = None
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)
    draws: dict[str, np.ndarray] = dataclasses.field(default_factory=dict, repr=False)
    _results: dict[Any, Any] = dataclasses.field(default_factory=dict, repr=False)

    @classmethod
    def sampled(
        cls,
        context: EvaluationContext,
        accumulator: ScoreAccumulator,
        model: LoadedModel,
        decoder: LoadedDecoder,
    ) -> EvaluatedModel:
        """Draws samples of the prior from the decoder.

        A conditional model takes the conditions of images of the split in turn, so that its
        samples are of what real images are.
        """
        config = context.config
        records = records_of(accumulator.sample.columns())
        conditions = encode_condition(model.metadata, records.labels, records.attributes)
        if conditions is not None:
            conditions = conditions[np.arange(config.samples) % len(conditions)]
        samples = decoder.sample(config.samples, config.seed, conditions)
        return cls(context, accumulator, model, samples, conditions)

    def once(self, compute: Callable[[EvaluatedModel], T]) -> T:
        """Returns `compute` of this model, computed once, for metrics that share its result."""
        if compute not in self._results:
            self._results[compute] = compute(self)
        return self._results[compute]

    @property
    def config(self) -> EvaluationConfig:
        return self.context.config

    @property
    def extractor(self) -> FeatureNetwork | None:
        return self.context.extractor

    @property
    def metadata(self) -> dict[str, Any]:
        return self.model.metadata

    @property
    def condition(self) -> dict[str, Any] | None:
        """The kind and the names of the condition; None of an unconditional model."""
        return self.metadata.get("condition")

    @property
    def has_posterior(self) -> bool:
        return "z_log_var" in self.columns

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """Columns of the images that are measured one by one; see `columns_of`."""
        return self.accumulator.sample.columns()

    @property
    def images(self) -> np.ndarray:
        """Real images of the split, uint8 [n, height, width, channels]."""
        return self.columns["image"]

    @property
    def reconstructions(self) -> np.ndarray:
        """Reconstructions of `images`, uint8 [n, height, width, channels]."""
        return self.columns["reconstruction"]

    @property
    def z_mean(self) -> np.ndarray:
        """Codes of `images`, float32 [n, latent_dim]."""
        return self.columns["z_mean"]

    @property
    def nats(self) -> np.ndarray:
        """The cost of each image, float64 [n]: the negative ELBO, or the reconstruction loss of
        a model without a posterior."""
        return self.columns["reconstruction_loss"] + self.columns["kl_loss"]

    @cached_property
    def records(self) -> Records:
        """The images in the form in which models take them."""
        return records_of(self.columns)

    @cached_property
    def conditions(self) -> np.ndarray | None:
        """Conditions of `images`, float32 [n, names]; None of an unconditional model."""
        return encode_condition(self.metadata, self.records.labels, self.records.attributes)

    @cached_property
    def scores(self) -> dict[str, Any]:
        """The numbers that are sums over all images of the split; see `split_scores`."""
        return split_scores(
            self.accumulator,
            likelihood=self.metadata["reconstruction"],
            sigma=self.metadata["sigma"],
            posterior=self.model.has_prior,
        )

    @cached_property
    def counts(self) -> np.ndarray:
        """Resamples of `images`, float32 [resamples, n]."""
        return self.resamples(len(self.images))

    @cached_property
    def sample_counts(self) -> np.ndarray:
        """Resamples of `samples`, float32 [resamples, m]."""
        return self.resamples(len(self.samples), 1)

    def resamples(self, size: int, stream: int = 0) -> np.ndarray:
        """Returns resamples of a set of images, float32 [resamples, size].

        All models of a run share them, so that comparisons are paired.

        Args:
          stream: another number for another set of images.
        """
        return resample_counts(size, self.config.resamples, self.config.seed + stream)

    def mean_interval(self, values: np.ndarray) -> Interval:
        """Returns the interval of the mean of one value an image, of any set of images."""
        return mean_interval(values, self.resamples(len(values)))

    def mean(self, value: Any, values: np.ndarray | None) -> Measurement:
        """Returns the measurement of a mean over the split, with interval and draws by one value
        for each of `images`, [n]; without where there are none."""
        if values is None:
            return Measurement(value)
        draws = resampled_means(values, self.counts)
        return Measurement(value, percentile_interval(draws), draws)

    @cached_property
    def features(self) -> ImageFeatures:
        """Features of all images by the extractor, which there must be."""
        assert self.extractor is not None
        sets = (self.images, self.samples, self.reconstructions)
        return ImageFeatures(*map(self.extractor, sets))


def scored(
    key: str,
    *rows: Row,
    group: str,
    values: Callable[[EvaluatedModel], np.ndarray] | None = None,
    needs: Sequence[str] = (),
    threshold: Condition | Sequence[Condition] | None = None,
) -> None:
    """Registers a score of `split_scores` as the metric of the same key; see `metric`.

    Interval and draws are added where it is the mean of `values`, one value an image, [n].
    """

    def compute(model: EvaluatedModel) -> Measurement:
        return model.mean(model.scores[key], values(model) if values else None)

    metric(key, *rows, group=group, needs=needs, threshold=threshold)(compute)


def records_of(columns: dict[str, np.ndarray]) -> Records:
    """Returns the images of `columns` in the form in which models take them."""
    images = columns["image"]
    return Records(
        keys=list(columns["key"]),
        labels=list(columns["label"]),
        images=images,
        attributes=columns.get("attributes", np.zeros((len(images), 0), np.int8)),
    )
