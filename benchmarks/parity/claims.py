"""The claims of the sources about their models, measured on ours, MNIST throughout."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from data import Data, Images
from scipy import ndimage, stats

from components.latent_evaluator.metrics.class_coverage import label_fidelity
from components.latent_evaluator.metrics.probes import Probe, probe_labels
from trainer.config import FeatureNetworkConfig
from trainer.figures.latent_walks import draw_codes
from trainer.measures.feature_network import LABEL, Task, train_feature_network

SAMPLES = 2000
BATCH = 500
INK = 64  # grey level from which a pixel belongs to a stroke


class Quality(NamedTuple):
    """sharpness: of samples, as a share of real digits' (mean variance of the Laplacian).
    fidelity: share of samples that a classifier of real digits sees the wanted label in.
    mse: of reconstructions at z_mean, pixels in [0, 1]; reconstruction_sharpness as above."""

    sharpness: float
    fidelity: float
    mse: float
    reconstruction_sharpness: float


class Style(NamedTuple):
    """Correlations over digits between the digit itself and what is decoded from its code under
    another label, averaged over all pairs of labels."""

    slant: float
    thickness: float


def classifier(data: Data) -> Any:
    """Trained on real digits; float images in [0, 1] -> {"scores": logits}."""
    config = FeatureNetworkConfig(steps=1400, batch_size=128, images=60_000)
    task = Task(data.train.images, LABEL, data.train.labels, len(data.labels))
    model = train_feature_network(task, config)
    return lambda images: _scores(model, images)


def accuracy(classify: Any, held_out: Images) -> float:
    return float((classify(held_out.images).argmax(axis=1) == held_out.labels).mean())


def quality(model: Any, classify: Any, data: Data) -> Quality:
    """Measures a model whose condition is the label."""
    wanted = np.arange(SAMPLES) % len(data.labels)
    codes = draw_codes(SAMPLES, model.config.model.latent_dim, seed=0)
    held_out = _first(data.held_out)
    again = decode(model, encode(model, held_out), held_out.labels)
    return _quality(Images(decode(model, codes, wanted), wanted), again, classify, data)


def quality_of_means(classify: Any, data: Data) -> Quality:
    """Measures the mean training image of the label, shown always, which needs no code."""
    names = range(len(data.labels))
    means = [data.train.images[data.train.labels == label].mean(axis=0) for label in names]
    labels = _first(data.held_out).labels
    made = np.rint(np.stack(means)).astype(np.uint8)[labels]
    return _quality(Images(made, labels), made, classify, data)


def _quality(made: Images, again: np.ndarray, classify: Any, data: Data) -> Quality:
    """made: samples and the labels asked for; again: the first held-out images, reconstructed."""
    found, _ = label_fidelity(made.labels, classify(made.images), data.labels)
    images = _first(data.held_out).images
    error = (again.astype(np.float64) - images) / 255
    real = sharpness(images)
    return Quality(
        sharpness(made.images) / real,
        float(found.mean()),
        float((error**2).mean()),
        sharpness(again) / real,
    )


def _first(images: Images) -> Images:
    return Images(images.images[:SAMPLES], images.labels[:SAMPLES])


def probe_codes(codes: np.ndarray, labels: np.ndarray) -> Probe:
    """Measures how well codes [n, d] tell labels, as the evaluator does."""
    probe = probe_labels(codes, labels)
    assert probe is not None, "one label only"
    return probe


def style(model: Any, data: Data, digits: int = 100) -> Style:
    """Codes of `digits` held-out images of each label, decoded under every other label."""
    found = []
    names = range(len(data.labels))
    for label in names:
        rows = np.flatnonzero(data.held_out.labels == label)[:digits]
        images = Images(data.held_out.images[rows], data.held_out.labels[rows])
        real, codes = _look(images.images), encode(model, images)
        for other in names:
            if other != label:
                made = _look(decode(model, codes, np.full(len(rows), other)))
                found.append([stats.pearsonr(*pair)[0] for pair in zip(real, made, strict=True)])
    return Style(*np.mean(found, axis=0).tolist())


def sharpness(images: np.ndarray) -> float:
    """Mean variance of the Laplacian (Pech-Pacheco et al. 2000), of uint8 [n, h, w, 1]."""
    return float(np.mean([cv2.Laplacian(image, cv2.CV_64F).var() for image in images]))


def slant(image: np.ndarray) -> float:
    """Columns that the ink moves to the right in a row downwards, by second moments."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    weight = image.astype(np.float64) / max(image.sum(), 1)
    dx, dy = x - (weight * x).sum(), y - (weight * y).sum()
    return float((weight * dx * dy).sum() / max((weight * dy * dy).sum(), 1e-9))


def thickness(image: np.ndarray) -> float:
    """Mean width of the strokes in pixels: twice the mean distance to the paper along ridges."""
    distance = ndimage.distance_transform_edt(image >= INK)
    ridge = (distance > 0) & (distance == ndimage.maximum_filter(distance, size=3))
    return float(2 * distance[ridge].mean() - 1) if ridge.any() else 0.0


def encode(model: Any, images: Images) -> np.ndarray:
    """z_mean, float32 [n, latent_dim]."""
    found = []
    for i in range(0, len(images.images), BATCH):
        batch = {
            "image": images.images[i : i + BATCH],
            "label_index": images.labels[i : i + BATCH],
        }
        pixels = model.scale(batch["image"])
        found.append(np.asarray(model.encode(pixels, model.condition_of(batch))[0]))
    return np.concatenate(found)


def decode(model: Any, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """uint8 [n, height, width, channels]."""
    made = []
    for i in range(0, len(codes), BATCH):
        condition = model.condition_of({"label_index": labels[i : i + BATCH]})
        made.append(np.asarray(model.decode(codes[i : i + BATCH], condition)))
    return np.rint(np.concatenate(made) * 255).astype(np.uint8)


def _look(images: np.ndarray) -> tuple[list[float], list[float]]:
    return [slant(each[..., 0]) for each in images], [thickness(each[..., 0]) for each in images]


def _scores(model: Any, images: np.ndarray) -> np.ndarray:
    pixels = images.astype(np.float32) / 255
    parts = [
        np.asarray(model(pixels[i : i + BATCH])["scores"]) for i in range(0, len(pixels), BATCH)
    ]
    return np.concatenate(parts)
