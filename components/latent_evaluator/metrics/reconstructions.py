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
from components.latent_evaluator.metrics.samples import (
    feature_distance,
    kernel_distances,
    kernel_measurement,
    patch_distances,
)

scored(
    "psnr",
    Row("PSNR", ".2f", HIGH, "peak signal to noise", unit="dB", headline=True, sliced=True),
    group=RECONSTRUCTIONS,
)

scored(
    "mse",
    Row("mean squared error", ".5f", LOW, "of pixels in 0 to 1"),
    group=RECONSTRUCTIONS,
    values=lambda model: model.columns["squared_error"] / np.prod(model.images.shape[1:]),
)

scored(
    "ssim",
    Row("SSIM", ".3f", HIGH, "structural similarity, at most 1", sliced=True),
    group=RECONSTRUCTIONS,
    values=lambda model: model.columns["ssim"],
)

scored(
    "unexplained",
    Row("unexplained", ".1%", LOW, "error left of a constant mean image's", headline=True),
    group=RECONSTRUCTIONS,
    threshold=at_most(
        "max_unexplained",
        "reconstructions leave {value:.1%} of a constant mean image's error (at most {limit:.1%})",
        gate="error left in reconstructions",
    ),
)

scored("mean_image", group=RECONSTRUCTIONS)


@metric(
    "cfid_reconstructions",
    Row("cFID", ".2f", LOW, "Frechet distance by the eye of the extractor below"),
    group=RECONSTRUCTIONS,
    needs=("extractor",),
)
def cfid_reconstructions(model: EvaluatedModel) -> Measurement:
    return feature_distance(model, model.features.reconstructed, model.counts)


@metric(
    "kid_reconstructions",
    Row("KID", ".4f", LOW, "kernel distance of features; 0: they look like real images"),
    group=RECONSTRUCTIONS,
    needs=("extractor",),
)
def kid_reconstructions(model: EvaluatedModel) -> Measurement:
    distances = model.once(kernel_distances)
    return kernel_measurement(distances.reconstructed) if distances else Measurement(None)


@metric("kid_reconstructions_standard_error", group=RECONSTRUCTIONS, needs=("extractor",))
def kid_reconstructions_standard_error(model: EvaluatedModel) -> Measurement:
    distances = model.once(kernel_distances)
    return Measurement(distances.reconstructed.standard_error if distances else None)


@metric(
    "sliced_wasserstein_reconstruction",
    Row("patches", ".4f", LOW, "sliced Wasserstein distance of patches, coarse to fine"),
    group=RECONSTRUCTIONS,
)
def sliced_wasserstein_reconstruction(model: EvaluatedModel) -> Measurement:
    return model.once(patch_distances)[1]
