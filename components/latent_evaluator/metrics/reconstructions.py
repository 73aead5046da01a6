"""The quality of reconstructions, at the mean of each image's posterior."""

from __future__ import annotations

import numpy as np

from components.latent_evaluator.metrics.context import EvaluatedModel, scored
from components.latent_evaluator.metrics.registry import (
    HIGH,
    LOW,
    RECONSTRUCTIONS,
    Measurement,
    Row,
    at_most,
    metric,
)
from components.latent_evaluator.metrics.set_distances import feature_distance, pixel_distances


def _mean_squared_errors(model: EvaluatedModel) -> np.ndarray:
    return model.columns["squared_error"] / np.prod(model.images.shape[1:])


scored(
    "psnr",
    Row(
        "PSNR",
        ".2f",
        unit="dB",
        better=HIGH,
        words="peak signal to noise",
        headline=True,
        sliced=True,
    ),
    group=RECONSTRUCTIONS,
)

scored(
    "mse",
    Row("mean squared error", ".5f", better=LOW, words="of pixels in 0 to 1"),
    group=RECONSTRUCTIONS,
    values=_mean_squared_errors,
)

scored(
    "ssim",
    Row("SSIM", ".3f", better=HIGH, words="structural similarity, at most 1", sliced=True),
    group=RECONSTRUCTIONS,
    values=lambda model: model.columns["ssim"],
)

scored(
    "unexplained",
    Row(
        "unexplained",
        ".1%",
        better=LOW,
        words="error left of a constant mean image's",
        headline=True,
    ),
    group=RECONSTRUCTIONS,
    threshold=at_most(
        "max_unexplained",
        "reconstructions leave {value:.1%} of a constant mean image's error (at most {limit:.1%})",
    ),
)

scored("mean_image", group=RECONSTRUCTIONS)


@metric(
    "cfid_reconstructions",
    Row("cFID", ".2f", better=LOW, words="Frechet distance by the eye of the extractor below"),
    group=RECONSTRUCTIONS,
    needs=("extractor",),
)
def cfid_reconstructions(model: EvaluatedModel) -> Measurement:
    return feature_distance(model, model.features.reconstructed)


@metric(
    "sliced_wasserstein_reconstruction",
    Row(
        "sliced Wasserstein",
        ".4f",
        better=LOW,
        words="distance of the images' distributions, no extractor",
    ),
    group=RECONSTRUCTIONS,
)
def sliced_wasserstein_reconstruction(model: EvaluatedModel) -> Measurement:
    return model.once(pixel_distances).reconstructed
