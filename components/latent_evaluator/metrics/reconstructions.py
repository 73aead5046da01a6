"""The quality of reconstructions, at the mean of each image's posterior."""

from __future__ import annotations

import numpy as np

from components.latent_evaluator.metrics.context import EvaluatedModel
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


@metric(
    "psnr",
    Row(
        title="PSNR",
        form=".2f",
        unit="dB",
        better=HIGH,
        words="peak signal to noise",
        headline=True,
        sliced=True,
    ),
    group=RECONSTRUCTIONS,
)
def psnr(model: EvaluatedModel) -> Measurement:
    return Measurement(model.scores["psnr"])


@metric(
    "mse",
    Row(title="mean squared error", form=".5f", better=LOW, words="of pixels in 0 to 1"),
    group=RECONSTRUCTIONS,
)
def mse(model: EvaluatedModel) -> Measurement:
    size = int(np.prod(model.images.shape[1:]))
    interval = model.mean_interval(model.columns["squared_error"] / size)
    return Measurement(model.scores["mse"], interval)


@metric(
    "ssim",
    Row(
        title="SSIM",
        form=".3f",
        better=HIGH,
        words="structural similarity, at most 1",
        sliced=True,
    ),
    group=RECONSTRUCTIONS,
)
def ssim(model: EvaluatedModel) -> Measurement:
    return Measurement(model.scores["ssim"], model.mean_interval(model.columns["ssim"]))


@metric(
    "unexplained",
    Row(
        title="unexplained",
        form=".1%",
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
def unexplained(model: EvaluatedModel) -> Measurement:
    return Measurement(model.scores["unexplained"])


@metric("mean_image", group=RECONSTRUCTIONS)
def mean_image(model: EvaluatedModel) -> Measurement:
    """Measures what the constant mean image of the split would score, for comparison."""
    return Measurement(model.scores["mean_image"])


@metric(
    "cfid_reconstructions",
    Row(
        title="cFID",
        form=".2f",
        better=LOW,
        words="Frechet distance by the eye of the extractor below",
    ),
    group=RECONSTRUCTIONS,
    needs=("extractor",),
)
def cfid_reconstructions(model: EvaluatedModel) -> Measurement:
    return feature_distance(model, model.features.reconstructed)


@metric(
    "sliced_wasserstein_reconstruction",
    Row(
        title="sliced Wasserstein",
        form=".4f",
        better=LOW,
        words="distance of the images' distributions, no extractor",
    ),
    group=RECONSTRUCTIONS,
)
def sliced_wasserstein_reconstruction(model: EvaluatedModel) -> Measurement:
    return model.once(pixel_distances).reconstructed
