"""docs/parity.md and its curves, from the results that the repository keeps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import adversarial
import jinja2
import networks
import numpy as np
from figures import curves
from measure import MEAN_IMAGE
from models import claims
from results import Results, epoch_of, read_all
from rows import ROWS
from verdicts import spread, verdict

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
# Recipes whose source trained on other drawings: what they are, and the published loss.
DRAWINGS = {
    "cats_ae": ("two-branch autoencoder of cats", "0.2534 a pixel, 104,721 drawings"),
    "words_ae": ("the same of several words", "0.2249 a pixel, 102,000 drawings of 12 animals"),
}


def write_report() -> Path:
    """Writes the page and the curves about every row that has results."""
    results = read_all()
    draw_curves(results)
    page = DOCS / "parity.md"
    page.write_text(render(results), encoding="utf-8")
    return page


def render(results: Mapping[str, Results]) -> str:
    """Returns the page; rows without any run are named at its end."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        numbers=list(_numbers(results)),
        celeba=_celeba(results["celeba_vae"]) if "celeba_vae" in results else None,
        networks=networks.table(results),
        gan=adversarial.table(results),
        changes=adversarial.changes(results),
        claims=list(claims(results)),
        missing=[name for name in ROWS if name not in results],
    )


def _numbers(results: Mapping[str, Results]) -> Iterator[dict[str, str]]:
    if "mnist_vae" in results:
        each = results["mnist_vae"]
        yield _line(
            each,
            "dense VAE of MNIST, latent 2, 100 epochs",
            f"{VAE_TARGET:.2f}, KL 6.39 (validation)",
            f"{spread(each.at('val_loss'))}, KL {spread(each.at('val_kl_loss'))}",
            verdict(each.at("val_loss"), VAE_TARGET, each.missing),
        )
    if "mnist_cvae" in results:
        each = results["mnist_cvae"]
        at = {epoch: each.at("val_loss", epoch) for epoch in (50, 100)}
        yield _line(
            each,
            "dense CVAE of MNIST, latent 2",
            f"{CVAE_TARGET}, KL 4.86 at epoch 50 of a run that began on a trained model: its "
            "epoch 1 stood at 130.73",
            f"{spread(at[50])} at epoch 50, {spread(at[100])} at 100",
            "; ".join(
                f"at {epoch}: {verdict(values, CVAE_TARGET, each.missing)}"
                for epoch, values in at.items()
            ),
        )
    if "mnist_strided" in results:
        each = results["mnist_strided"]
        parts = [each.at(name) for name in ("loss", "reconstruction_loss", "kl_loss")]
        in_use = ", ".join(f"{count:.0f}" for count in each.at("active_units"))
        yield _line(
            each,
            "conv VAE of MNIST (Keras documentation), latent 2, 30 epochs",
            f"{STRIDED_TARGET} = 140.15 + 6.80 (training, 70,000 digits)",
            f"{' = '.join((spread(parts[0]), ' + '.join(map(spread, parts[1:]))))}; dimensions in "
            f"use, of 2, by seed: {in_use}",
            verdict(parts[0], STRIDED_TARGET, each.missing),
        )
    for name, (recipe, published) in DRAWINGS.items():
        if name in results:
            each = results[name]
            pixels = math.prod(each.recipe["image"].values())
            loss = spread(each.at("val_reconstruction_loss") / pixels, ".4f")
            mean_image = each.measured(MEAN_IMAGE)[0]["reconstruction_loss"] / pixels
            yield _line(
                each,
                f"{recipe}, {each.epochs} epochs",
                published,
                f"{loss} a pixel, {each.each[0]['images']:,} bitmaps, whose mean image scores "
                f"{mean_image:.4f}",
                "other drawings, not to be compared",
            )


def draw_curves(results: Mapping[str, Results]) -> None:
    """Draws the figures of which every epoch was kept; the others stay as they are."""
    names = {"mnist_vae": "VAE", "mnist_cvae": "CVAE"}
    if all(name in results and _whole(results[name]) for name in names):
        ours = {
            f"{title}, ours, seed {seed}": _curve(run, "val_loss")
            for name, title in names.items()
            for seed, run in results[name].runs.items()
        }
        published = {"VAE, published": [(100, VAE_TARGET)], "CVAE, published": [(50, CVAE_TARGET)]}
        axes = ("epoch", "validation loss, nats")
        curves(FIGURES / "mnist.png", ours, published, *axes, bottom=120, top=190)
    faces = results.get("celeba_vae")
    if faces is not None and _whole(faces):
        lines = {
            f"ours, seed {seed}": [
                (epoch["epoch"] * faces.steps_an_epoch, sum(as_published(epoch)))
                for epoch in run["epochs"]
            ]
            for seed, run in faces.runs.items()
        }
        theirs = [(epoch * CELEBA_STEPS, sum(pair)) for epoch, pair in enumerate(CELEBA, 1)]
        axes = ("steps", "total in the source's units")
        marks = {"published, mean of the epoch": theirs}
        curves(FIGURES / "celeba.png", lines, marks, *axes, bottom=50, top=180, logarithmic=True)


def _curve(run: Mapping[str, Any], metric: str) -> list[tuple[float, float]]:
    return [(epoch["epoch"], epoch[metric]) for epoch in run["epochs"]]


def _whole(each: Results) -> bool:
    """Returns true where every epoch of every run was kept."""
    return all(len(run["epochs"]) == run["epochs"][-1]["epoch"] for run in each.each)


def _celeba(each: Results) -> dict[str, Any]:
    steps, last = each.steps_an_epoch, each.epochs
    shown = sorted({max(1, last // 4), max(1, last // 2), last})
    ours = {
        epoch: np.array([as_published(epoch_of(run, epoch)) for run in each.each])
        for epoch in shown
    }
    unseen = [
        {name.removeprefix("val_"): value for name, value in run["epochs"][-1].items()
         if name.startswith("val_")}
        for run in each.each
    ]  # fmt: skip
    held_out, taken = each.each[0]["held_out"], last * steps
    gap = float(ours[last].sum(axis=1).mean() - sum(CELEBA[-1]))
    return {
        "images": f"{each.each[0]['images']:,}",
        "steps": steps,
        "taken": f"{taken:,}",
        "gap": f"{gap:.1f}",
        "seeds": each.seeds(),
        "lines": [
            *(_weighted(f"published, epoch {epoch}", epoch * CELEBA_STEPS,
                        np.array([CELEBA[epoch - 1]])) for epoch in (1, 2, 10)),
            *(_weighted(f"ours, epoch {epoch}", epoch * steps, values)
              for epoch, values in ours.items()),
            _weighted(f"ours, {held_out} held-out faces", taken,
                      np.array([as_published(epoch) for epoch in unseen])),
        ],
    }  # fmt: skip


def _weighted(name: str, steps: int, parts: np.ndarray) -> dict[str, str]:
    """Returns a line of (reconstruction, KL) pairs, [runs, 2]."""
    columns = {"reconstruction": parts[:, 0], "kl": parts[:, 1], "total": parts.sum(axis=1)}
    return {"name": name, "steps": f"{steps:,}", **{n: spread(v) for n, v in columns.items()}}


def _line(each: Results, recipe: str, published: str, ours: str, verdict: str) -> dict[str, str]:
    return {
        "recipe": recipe,
        "preset": each.row.preset,
        "published": published,
        "ours": ours,
        "runs": f"{each.seeds()}, {each.minutes()} each",
        "verdict": verdict,
    }


def as_published(epoch: Mapping[str, float], values: int = 64 * 64 * 3) -> tuple[float, float]:
    """(2000 times the mean squared error, KL) from a Gaussian loss with sigma 1."""
    squared = 2 * (epoch["reconstruction_loss"] - values / 2 * math.log(2 * math.pi))
    return 2000 * squared / values, epoch["kl_loss"]
