"""What is measured on trained models, a run at a time, and kept among the results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from claims import accuracy, classifier, encode, probe_codes, quality, quality_of_means, style
from data import Data, Images, load
from figures import digits
from results import Results, keep, of_history, read
from rows import NETWORKS, ROWS, Row
from training import is_trained, result_files, trained

PROBED = ("mnist_vae", "mnist_cvae", "mnist_cvae_blog", "mnist_cvae_conv", "mnist_vae_gan")
JUDGED = ("mnist_cvae_conv", "mnist_cvae_conv_beta", "mnist_vae_gan", "mnist_vae_gan_source",
          "gan_gamma_0.1", "gan_gamma_1", "gan_gamma_10", "gan_cross_entropy")  # fmt: skip
HELD_AGAINST_MEAN = ("cats_ae", "words_ae")
DRAWN = {  # on one picture
    "mnist_cvae_conv": "CVAE",
    "mnist_cvae_conv_beta": "CVAE, beta 0.1",
    "mnist_vae_gan": "VAE-GAN (paper)",
    "mnist_vae_gan_source": "VAE-GAN (source)",
}
# The measures of a run.
QUALITY, PROBE, STYLE = "quality", "probe", "style"
MEANS, REAL, MEAN_IMAGE = "means", "real", "mean_image"


def collect(row: Row, folder: Path) -> Results:
    """Takes every run of the row that is in `folder` into the results, with its measures.

    A run that is there already is left as it is.
    """
    kept, data = read(row), load(row.data, folder / "data")
    classify: Callable[[Any], Any] | None = None
    for seed in row.seeds:
        if not is_trained(row, seed, data, folder):
            continue
        run = of_history(json.loads(result_files(folder, row, seed)[0].read_text()))
        if same_run(run, kept.runs.get(seed)):
            continue
        model = trained(row, seed, data, folder)
        if row.name in JUDGED and classify is None:
            classify = classifier(data)
        kept.runs[seed] = run | _measures(row, model, data, classify)
        keep(kept)
        print(f"measured: {row.name}, seed {seed}", flush=True)
    return kept


def same_run(run: dict[str, Any], kept: dict[str, Any] | None) -> bool:
    """Returns true where the kept run is this one: of the same recipe, epoch by epoch."""
    return kept is not None and all(run[name] == kept.get(name) for name in run)


def _measures(row: Row, model: Any, data: Data, classify: Any) -> dict[str, Any]:
    measures: dict[str, dict[str, float]] = {}
    if row.name in PROBED:
        codes = encode(model, data.held_out)
        probe = probe_codes(codes, data.held_out.labels)
        measures[PROBE] = {
            name: getattr(probe, name) for name in ("linear", "neighbours", "chance")
        }
        if model.condition_dim:
            measures[STYLE] = style(model, data)._asdict()
    if row.name in JUDGED:
        measures[QUALITY] = quality(model, classify, data)._asdict()
        measures[MEANS] = quality_of_means(classify, data)._asdict()
        measures[REAL] = {"accuracy": accuracy(classify, data.held_out)}
    if row.name in HELD_AGAINST_MEAN:
        measures[MEAN_IMAGE] = {"reconstruction_loss": mean_image_loss(data.held_out)}
    found: dict[str, Any] = {"measures": measures} if measures else {}
    if row.name in NETWORKS:
        networks = {"encoder": model.encoder, "decoder": model.decoder}
        found["parameters"] = {name: each.count_params() for name, each in networks.items()}
    return found


def mean_image_loss(images: Images) -> float:
    """Returns the cross-entropy of the images with their own mean image, nats an image."""
    pixels = images.images.reshape(len(images.images), -1) / 255.0
    mean = pixels.mean(axis=0).clip(1e-7, 1 - 1e-7)
    return float(-(mean * np.log(mean) + (1 - mean) * np.log1p(-mean)).sum())


def draw_digits(folder: Path, path: Path) -> None:
    """Draws digits of the models of DRAWN, where all of them are in `folder`."""
    data = load("mnist", folder / "data")
    rows = {name: ROWS[name] for name in DRAWN}
    if all(is_trained(row, row.seeds[0], data, folder) for row in rows.values()):
        models = {DRAWN[name]: trained(row, row.seeds[0], data, folder)
                  for name, row in rows.items()}  # fmt: skip
        digits(path, models, data)
