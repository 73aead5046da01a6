"""A model with the images it is shown, and the parts of the page that are made with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from components.latent_evaluator.report.data_uri import Picture
from components.latent_evaluator.report.inputs import ReportInputs
from trainer.export.loaded import LoadedDecoder, encode_condition
from trainer.figures import latent_walks


@dataclasses.dataclass(frozen=True)
class Strip:
    """A picture of images side by side, and what stands beside it."""

    picture: Picture
    name: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Panel:
    """Strips under each other. cells: images side by side; columns: a name for each."""

    strips: list[Strip]
    cells: int
    columns: Sequence[str] = ()
    title: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Walk:
    """Frames of a slider, one below the other in one picture."""

    name: str
    note: str
    picture: Picture
    cells: int
    strengths: Sequence[float]


class ModelView:
    """A model, the images it is shown, and the unit of its latent dimensions.

    order: dimensions by falling `sizes`, which are KL in nats, or the variance of z_mean where
      there is no KL.
    centre, spread: [latent_dim], of the prior, or of the images' codes where there is none.
    """

    def __init__(self, inputs: ReportInputs) -> None:
        self.inputs, self.shown = inputs, inputs.shown
        self.model = LoadedDecoder(inputs.decoder, inputs.description)
        self.told = encode_condition(self.model.metadata, self.shown.labels, self.shown.attributes)
        codes = np.asarray(self.shown.z_mean, np.float64)
        known = inputs.candidate.get("kl_per_dimension")
        self.has_kl = bool(known) and self.model.has_prior
        self.sizes = np.asarray(known, np.float64) if self.has_kl else codes.var(axis=0)
        self.order = latent_walks.argsort_descending(np.nan_to_num(self.sizes))
        self.centre, self.spread = np.zeros(codes.shape[1]), np.ones(codes.shape[1])
        if not self.model.has_prior:
            self.centre, self.spread = codes.mean(axis=0), codes.std(axis=0)
        self.picks = latent_walks.round_robin(self.shown.labels, len(self.shown.labels))

    def decode(self, codes: np.ndarray, told: np.ndarray | None = None) -> np.ndarray:
        """`told` [k] is one condition for all, [n, k] one each."""
        if told is not None and told.ndim == 1:
            told = np.tile(told, (len(codes), 1))
        return self.model.decode(codes, told)

    def own(self, position: int) -> np.ndarray | None:
        return None if self.told is None else self.told[position]

    def size_note(self, dimension: int) -> str:
        return f"{'KL' if self.has_kl else 'variance'} {self.sizes[dimension]:.2f}"
