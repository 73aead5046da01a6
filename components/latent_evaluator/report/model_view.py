"""The evaluated model as figures need it, with the images that the report shows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.latent_evaluator.report.inputs import ReportInputs
from trainer.export.loaded import LoadedDecoder, encode_condition
from trainer.figures import latent_walks
from trainer.figures.compose import Starts


class ModelView:
    """A model, the images it is shown, and the unit of its latent dimensions.

    It serves `trainer.figures.compose` as the view of the model.

    picks: positions of the shown images, labels taking turns.
    order: dimensions by falling `sizes`, which are KL in nats, or the variance of z_mean where
      there is no KL.
    prior: mean and standard deviation of codes, [latent_dim] each; those of the shown images
      where the model has no prior.
    """

    def __init__(self, inputs: ReportInputs) -> None:
        self.inputs, self.shown = inputs, inputs.shown
        self.model = LoadedDecoder(inputs.decoder, inputs.description)
        self.conditions, self.by_label = self.model.conditions, self.model.by_label
        self.decode = self.model.decode
        self.shown_conditions = encode_condition(
            self.model.metadata, self.shown.labels, self.shown.attributes
        )
        codes = np.asarray(self.shown.z_mean, np.float64)
        known = inputs.candidate.get("kl_per_dimension")
        self.has_kl = bool(known) and self.model.has_prior
        self.sizes = np.asarray(known, np.float64) if self.has_kl else codes.var(axis=0)
        self.order = latent_walks.argsort_descending(np.nan_to_num(self.sizes))
        self.prior = np.zeros(codes.shape[1]), np.ones(codes.shape[1])
        if not self.model.has_prior:
            self.prior = codes.mean(axis=0), codes.std(axis=0)
        self.picks = latent_walks.round_robin(self.shown.labels, len(self.shown.labels))

    def sample(self, count: int, condition: np.ndarray | None = None) -> np.ndarray:
        return self.model.sample(count, self.inputs.seed, condition)

    def starts(self, positions: Sequence[int]) -> Starts:
        """Returns the codes of shown images."""
        shown, conditions, rows = self.shown, self.shown_conditions, list(positions)
        return Starts(
            shown.z_mean[rows],
            None if conditions is None else conditions[rows],
            shown.images[rows],
            [shown.labels[row] for row in rows],
        )

    def size_note(self, dimension: int) -> str:
        """Returns the KL or the variance of a dimension in words."""
        return f"{'KL' if self.has_kl else 'variance'} {self.sizes[dimension]:.2f}"
