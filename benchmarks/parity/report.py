"""docs/parity.md and its figures, from what has been trained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from data import Images, load
from figures import curves
from models import measured, networks
from rows import ROWS
from training import Runs, finished

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "images" / "parity"
TEMPLATE = Path(__file__).with_name("page.md.j2")
# The source's log of epochs 1 to 10: 2000 times the mean squared error, and the KL.
CELEBA = (
    (93.5636, 11.6132), (56.6759, 14.6037), (51.7447, 15.7101), (49.6772, 16.1794),
    (48.6232, 16.4578), (47.6826, 16.7174), (46.9021, 16.9450), (46.4441, 17.1151),
    (46.1584, 17.1952), (45.9138, 17.2897),
)  # fmt: skip
CELEBA_STEPS = 1583  # of an epoch of the source's
VAE_TARGET, CVAE_TARGET, STRIDED_TARGET = 150.30, 130.36, 146.95


def write_report(folder: Path) -> Path:
    """Writes the page about every row that has been trained; the others are named as missing."""
    every = {name: finished(row, folder) for name, row in ROWS.items()}
    runs = {name: each for name, each in every.items() if each.histories}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        numbers=list(_numbers(runs, folder)),
        curves=_mnist_curves(runs),
        celeba=_celeba(runs["celeba_vae"]) if "celeba_vae" in runs else None,
        networks=list(networks(runs, folder)),
        **measured(runs, folder, FIGURES),
        missing=[name for name in ROWS if name not in runs],
    )
    page = DOCS / "parity.md"
    page.write_text(text, encoding="utf-8")
    return page


def _numbers(runs: dict[str, Runs], folder: Path) -> Iterator[dict[str, str]]:
    if "mnist_vae" in runs:
        each = runs["mnist_vae"]
        yield _line(
            each,
            "dense VAE of MNIST, latent 2, 100 epochs",
            f"{VAE_TARGET:.2f}, KL 6.39 (validation)",
            f"{_spread(each.at('val_loss'))}, KL {_spread(each.at('val_kl_loss'))}",
            _verdict(each.at("val_loss"), VAE_TARGET),
        )
    if "mnist_cvae" in runs:
        each = runs["mnist_cvae"]
        reached = [_first_epoch(run["epochs"], CVAE_TARGET) for run in each.histories]
        at_50, at_100 = (_spread(each.at("val_loss", epoch)) for epoch in (50, 100))
        yield _line(
            each,
            "dense CVAE of MNIST, latent 2",
            f"{CVAE_TARGET}, KL 4.86 at epoch 50 of a run that began on a trained model: its "
            "epoch 1 stood at 130.73",
            f"{at_50} at epoch 50, {at_100} at 100; first epoch at {CVAE_TARGET} or less: "
            f"{', '.join(reached)}",
            "; ".join(
                f"at {epoch}: {_verdict(each.at('val_loss', epoch), CVAE_TARGET)}"
                for epoch in (50, 100)
            ),
        )
    if "mnist_strided" in runs:
        each = runs["mnist_strided"]
        ours = [
            f"{run['loss']:.2f} = {run['reconstruction_loss']:.2f} + {run['kl_loss']:.2f}, "
            f"{run['active_units']:.0f} of 2 dimensions in use"
            for run in (history["epochs"][-1] for history in each.histories)
        ]
        yield _line(
            each,
            "conv VAE of MNIST (Keras documentation), latent 2, 30 epochs",
            f"{STRIDED_TARGET} = 140.15 + 6.80 (training, 70,000 digits)",
            "; ".join(ours),
            _verdict(each.at("loss").min(keepdims=True), STRIDED_TARGET) + " by the best seed",
        )
    for name, recipe, published in (
        ("cats_ae", "two-branch autoencoder of cats", "0.2534 a pixel, 104,721 drawings"),
        ("words_ae", "the same of several words", "0.2249 a pixel, 102,000 drawings of 12 animals"),
    ):
        if name in runs:
            each = runs[name]
            held_out = load(each.row.data, folder / "data").held_out
            pixels = held_out.images[0].size
            yield _line(
                each,
                f"{recipe}, {len(each.epochs)} epochs",
                published,
                f"{_spread(each.at('val_reconstruction_loss') / pixels, 4)} a pixel, "
                f"{each.histories[0]['images']:,} bitmaps, whose mean image scores "
                f"{_mean_image_loss(held_out) / pixels:.4f}",
                "other drawings, not to be compared",
            )


def _mnist_curves(runs: dict[str, Runs]) -> bool:
    """Draws them, where both trainings are there."""
    names = {"mnist_vae": "VAE", "mnist_cvae": "CVAE"}
    if not names.keys() <= runs.keys():
        return False
    ours = {
        f"{title}, ours": [(epoch["epoch"], epoch["val_loss"]) for epoch in runs[name].epochs]
        for name, title in names.items()
    }
    published = {"VAE, published": [(100, VAE_TARGET)], "CVAE, published": [(50, CVAE_TARGET)]}
    axes = ("epoch", "validation loss, nats")
    curves(FIGURES / "mnist.png", ours, published, *axes, bottom=120, top=190)
    return True


def _celeba(each: Runs) -> dict[str, Any]:
    history = each.histories[0]
    steps = math.ceil(history["images"] / history["recipe"]["train"]["batch_size"])
    ours = [(epoch["epoch"] * steps, *as_published(epoch)) for epoch in each.epochs]
    taken, *last = ours[-1]
    unseen = {name.removeprefix("val_"): value for name, value in each.epochs[-1].items()
              if name.startswith("val_")}  # fmt: skip
    shown = sorted({max(1, len(ours) // 4), max(1, len(ours) // 2), len(ours)})
    theirs = [(epoch * CELEBA_STEPS, sum(pair)) for epoch, pair in enumerate(CELEBA, 1)]
    curves(
        FIGURES / "celeba.png",
        {"ours": [(step, r + kl) for step, r, kl in ours]},
        {"published, mean of the epoch": theirs},
        "steps",
        "total in the source's units",
        bottom=50,
        top=180,
        logarithmic=True,
    )
    return {
        "images": f"{history['images']:,}",
        "steps": steps,
        "taken": f"{taken:,}",
        "mean": f"{np.mean([sum(values) for _, *values in ours]):.1f}",
        "gap": f"{sum(last) - sum(CELEBA[-1]):.1f}",
        "lines": [
            *(_weighted(f"published, epoch {epoch}", epoch * CELEBA_STEPS, *CELEBA[epoch - 1])
              for epoch in (1, 2, 10)),
            *(_weighted(f"ours, epoch {epoch}", *ours[epoch - 1]) for epoch in shown),
            _weighted(f"ours, {history['held_out']} held-out faces", taken, *as_published(unseen)),
        ],
    }  # fmt: skip


def _weighted(name: str, steps: int, reconstruction: float, kl: float) -> dict[str, str]:
    total = f"{reconstruction + kl:.2f}"
    numbers = {"reconstruction": f"{reconstruction:.2f}", "kl": f"{kl:.2f}", "total": total}
    return {"name": name, "steps": f"{steps:,}", **numbers}


def _line(each: Runs, recipe: str, published: str, ours: str, verdict: str) -> dict[str, str]:
    count = len(each.histories)
    runs = f"{count} seeds of" if count > 1 else "1 run of"
    return {
        "recipe": recipe,
        "preset": each.row.preset,
        "published": published,
        "ours": ours,
        "runs": f"{runs} {each.minutes()} min",
        "verdict": verdict,
    }


def _verdict(values: np.ndarray, published: float) -> str:
    difference = float(values.mean()) / published - 1
    near = "within 0.5 %" if difference <= 0.005 else "not reached"
    word = "reached" if difference <= 0 else near
    return f"{word} ({difference:+.1%})"


def _spread(values: np.ndarray, places: int = 2) -> str:
    mean = f"{values.mean():.{places}f}"
    return f"{mean} ± {values.std(ddof=1):.{places}f}" if len(values) > 1 else mean


def _first_epoch(epochs: list[dict[str, float]], target: float) -> str:
    return next((str(epoch["epoch"]) for epoch in epochs if epoch["val_loss"] <= target), "none")


def as_published(epoch: dict[str, float], values: int = 64 * 64 * 3) -> tuple[float, float]:
    """(2000 times the mean squared error, KL) from a Gaussian loss with sigma 1."""
    squared = 2 * (epoch["reconstruction_loss"] - values / 2 * math.log(2 * math.pi))
    return 2000 * squared / values, epoch["kl_loss"]


def _mean_image_loss(images: Images) -> float:
    """Cross-entropy of the images with their own mean image, nats an image."""
    pixels = images.images.reshape(len(images.images), -1) / 255.0
    mean = pixels.mean(axis=0).clip(1e-7, 1 - 1e-7)
    return float(-(mean * np.log(mean) + (1 - mean) * np.log1p(-mean)).sum())
